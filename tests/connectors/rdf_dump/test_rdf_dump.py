"""What is special to rdf_dump."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from shelf import Shelf, harvested, reasons, recorded, refs, source, values

from demo.conversation import HOST, Listener, Seen
from demo.reply import Reply
from harvester import connectors
from harvester.connectors.rdf_dump import united
from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.fetch import Client, RawStore
from harvester.mapping import compile_mapping
from harvester.model import IRI, Gone
from harvester.rdf import Thing

BASE = "https://d.example/"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
ORG = "http://www.w3.org/ns/org#Organization"
PREFIXES = (
    f"@base <{BASE}> . @prefix org: <http://www.w3.org/ns/org#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . "
    "@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix pair: <http://virtual-assembly.org/ontologies/pair#> . "
    "@prefix wgs: <http://www.w3.org/2003/01/geo/wgs84_pos#> . @prefix as: <https://www.w3.org/ns/activitystreams#> .\n"
)
TRIPLES = f'<{BASE}a> <{TYPE}> <{ORG}> .\n<{BASE}a> <{LABEL}> "Le a" .\n'
QUADS = TRIPLES.replace(" .\n", f" <{BASE}g> .\n")
JSON_LD = json.dumps({"@id": f"{BASE}a", "@type": ORG, LABEL: "Le a"})
XML = f"""<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:org="http://www.w3.org/ns/org#" xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#">
  <org:Organization rdf:about="{BASE}a"><rdfs:label>Le a</rdfs:label></org:Organization></rdf:RDF>"""
TURTLE = PREFIXES + '<a> a org:Organization ; rdfs:label "Le a" .'
FORMS = {
    "turtle": ("text/turtle", "ttl", TURTLE),
    "trig": (
        "application/trig",
        "trig",
        f"{PREFIXES} GRAPH <g> {{ <a> a org:Organization ; rdfs:label 'Le a' }}",
    ),
    "n-triples": ("application/n-triples", "nt", TRIPLES),
    "n-quads": ("application/n-quads", "nq", QUADS),
    "rdf-xml": ("application/rdf+xml", "rdf", XML),
    "json-ld": ("application/ld+json", "jsonld", JSON_LD),
}
ALL = pytest.mark.parametrize("form", FORMS)
A = {"kind": "organisation", "name": "Le a", "page": f"{BASE}a", "derived_from": [f"{BASE}a"]}


def dump(*names: str, **options: Any):
    return source("rdf_dump", [BASE + name for name in names or ("dump.ttl",)], **options)


def shelf(labels: dict[str, str] | None = None, **bodies: str | bytes) -> Shelf:
    """Files by name, `_` standing for a dot; labels are media types by name."""
    said = {name.replace("_", "."): body for name, body in bodies.items()}
    return Shelf(
        {BASE + name: body if isinstance(body, bytes) else body.encode() for name, body in said.items()},
        {BASE + name: {"media_type": (labels or {}).get(name, "")} for name in said},
    )


def turtle(text: str, **options: Any) -> list:
    """What is read of one Turtle file."""
    return harvested(dump(**options), shelf(dump_ttl=PREFIXES + text))


def read(body: bytes | str, media_type: str = "", name: str = "dump.ttl", **options: Any) -> list:
    return harvested(dump(name, **options), shelf({name: media_type}, **{name: body}))


# --- syntaxes ----------------------------------------------------------------------------------------


@ALL
def test_rdf_dump_says_the_same_in_every_syntax_by_label_by_name_or_as_told(form):
    media_type, suffix, text = FORMS[form]
    told = [
        read(text, media_type, "export?what=all"),
        read(text, "application/octet-stream", f"dump.{suffix}"),
        read(text, "text/html", f"dump.{suffix}"),  # servers that do not know the suffix
        read(text, "text/plain", "export", format=form),
    ]
    assert [[dict(value) for value in values(found)] for found in told] == [[A]] * 4


def test_rdf_dump_that_neither_label_nor_name_tells_says_what_it_got():
    with pytest.raises(
        SourceChanged, match=r"rdf_dump 'test': https://.*'text/csv' starting with 'a;b' is no RDF"
    ):
        read("a;b\n", "text/csv", "dump.csv")


@pytest.mark.parametrize("body", ["", " \n", "\ufeff"])
def test_rdf_dump_that_is_empty_is_a_changed_shape(body):
    with pytest.raises(SourceChanged, match="rdf_dump 'test': https://"):
        harvested(dump(), shelf({"dump.ttl": "application/json"}, dump_ttl=body))


def test_rdf_dump_of_a_part_without_things_is_read_beside_the_others():
    files = shelf(a_ttl=TURTLE, b_ttl=PREFIXES)
    assert refs(harvested(dump("a.ttl", "b.ttl"), files)) == ["a"]


def test_rdf_dump_is_utf_8_whatever_its_label_says_unless_it_is_not():
    text = TURTLE.replace("Le a", "Forêt")
    for encoding in ("utf-8", "latin-1"):
        files = Shelf(
            {f"{BASE}dump.ttl": text.encode(encoding)},
            {f"{BASE}dump.ttl": {"media_type": "text/turtle", "charset": "iso-8859-1"}},
        )
        assert values(harvested(dump(), files))[0]["name"] == "Forêt"


# --- gzip --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["application/gzip", "application/x-gzip", "", "application/n-triples"])
def test_rdf_dump_is_unpacked_whatever_its_label(label):
    packed = gzip.compress(TRIPLES[:60].encode()) + gzip.compress(TRIPLES[60:].encode())
    assert [dict(value) for value in values(read(packed, label, "dump.nt.gz"))] == [A]


def test_rdf_dump_that_the_client_unpacked_already_is_read_as_it_is():
    assert refs(read(TRIPLES, "application/gzip", "dump.nt.gz")) == ["a"]


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.99])
def test_rdf_dump_whose_packed_file_is_cut_is_no_dump(kept):
    packed = gzip.compress(TRIPLES.encode())
    with pytest.raises(SourceChanged, match=r"rdf_dump 'test': https://.*gzipped file is cut or damaged"):
        read(packed[: int(len(packed) * kept)], name="dump.nt.gz")


def test_rdf_dump_whose_packed_file_is_damaged_is_no_dump():
    packed = bytearray(gzip.compress(TRIPLES.encode()))
    packed[-5] ^= 1
    with pytest.raises(SourceChanged, match="cut or damaged"):
        read(bytes(packed), name="dump.nt.gz")


def test_rdf_dump_that_unpacks_to_more_than_the_source_may_give_is_refused():
    bomb = gzip.compress(b"#" * (8 << 20))
    with pytest.raises(SourceChanged, match="more than 1048576 bytes of RDF; split it"):
        read(bomb, name="dump.nt.gz", max_bytes=1 << 20)


def test_rdf_dump_is_bounded_by_what_can_be_held_whatever_the_source_may_give():
    bomb = gzip.compress(b"#" * (1 << 20)) * 300
    with pytest.raises(SourceChanged, match="more than 268435456 bytes of RDF; split it"):
        read(bomb, name="dump.nt.gz", max_bytes=1 << 30)


def test_rdf_dump_is_bounded_over_all_its_files():
    files = shelf(a_nt=TRIPLES, b_nt=TRIPLES.replace("/a>", "/b>"))
    size = len(TRIPLES.encode())
    assert refs(harvested(dump("a.nt", "b.nt", max_bytes=2 * size), files)) == ["a", "b"]
    with pytest.raises(SourceChanged, match=rf"b\.nt: more than {size - 1} bytes"):
        harvested(dump("a.nt", "b.nt", max_bytes=2 * size - 1), files)


def test_rdf_dump_of_more_things_than_can_be_held_is_refused():
    one, two = (Thing(IRI(BASE + name), (), {}) for name in "ab")
    assert united([one, two, one], place="x", most=2) == [one, two]
    with pytest.raises(SourceChanged, match="x: describes more than 1 things; harvest its files one by one"):
        united([one, two], place="x", most=1)


# --- whole or not ------------------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize("less", [3, 15, 40])
def test_rdf_dump_that_is_cut_inside_a_statement_is_no_dump(form, less):
    media_type, suffix, text = FORMS[form]
    with pytest.raises(SourceChanged, match=r"rdf_dump 'test': https://d\.example/dump.*: cannot be read"):
        read(text.rstrip()[:-less], media_type, f"dump.{suffix}")


def test_rdf_dump_that_is_cut_between_statements_is_told_by_its_end():
    whole = TRIPLES + "# fin\n"
    assert refs(read(whole, name="dump.nt", end="# fin")) == ["a"]
    with pytest.raises(SourceChanged, match=r"does not end with '# fin': it is cut"):
        read(TRIPLES, name="dump.nt", end="# fin")


class Cutting:
    """A server that announces the whole file and hangs up half-way, between two lines."""

    def __init__(self, body: bytes) -> None:
        self.stopping = threading.Event()
        self.body = body
        self.requests: list[Seen] = []

    def reply(self, path: str) -> Reply:
        found = path == "/dump.nt"
        return Reply(200 if found else 404, self.body, "application/n-triples", cut=found)

    def keep(self, seen: Seen) -> None:
        self.requests.append(seen)

    def misbehave(self, path: str, fault: str, *, times: int | None = None) -> None:
        raise NotImplementedError(path, fault, times)

    def behave(self) -> None:
        raise NotImplementedError


def test_rdf_dump_that_breaks_off_between_two_lines_defers_the_run(tmp_path: Path):
    half = TRIPLES.encode()
    site = Cutting(half + half.replace(b"/a>", b"/b>"))
    server = Listener(site, 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        address = f"http://{HOST}:{server.server_port}/dump.nt"
        feed = source("rdf_dump", address, allow_private=True, attempts=2)
        raw = RawStore(tmp_path)
        with (
            Client(feed, raw, agent="Test", backoff=0.01) as client,
            pytest.raises(SourceUnavailable, match="broke off its answer"),
        ):
            list(connectors.load("rdf_dump").answers(feed, client, raw))
    finally:
        site.stopping.set()
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join()
    assert len([seen for seen in site.requests if seen.path == "/dump.nt"]) == 2


def test_rdf_dump_of_which_one_file_fails_lets_the_error_through():
    files = shelf(a_ttl=TURTLE)
    files.failing = {f"{BASE}b.ttl": SourceUnavailable("answered 503")}
    with pytest.raises(SourceUnavailable, match="503"):
        harvested(dump("a.ttl", "b.ttl"), files)


# --- one dataset in several files --------------------------------------------------------------------


def test_rdf_dump_puts_together_what_several_files_say_of_one_thing():
    files = shelf(
        a_ttl=PREFIXES + '<a> a org:Organization ; rdfs:label "Le a" ; pair:hasLocation <lieu> .',
        b_ttl=PREFIXES + '<a> a pair:Organization ; foaf:homepage <https://a.example/> ; rdfs:label "Le a" .',
        c_ttl=PREFIXES + '<lieu> a pair:Place ; rdfs:label "Ici" ; wgs:lat "43.6" ; wgs:long "3.8" .',
    )
    found = harvested(dump("a.ttl", "b.ttl", "c.ttl"), files)
    assert refs(found) == ["a", "lieu"]
    told = {"name": "Le a", "homepage": "https://a.example/", "lat": "43.6", "lon": "3.8"}
    assert values(found)[0] == A | told | {"pair:hasLocation/rdfs:label": "Ici"}


def test_rdf_dump_that_answers_the_same_file_to_two_addresses_is_not_whole():
    with pytest.raises(SourceChanged, match=r"b\.ttl: the same answer as 'https://d\.example/a\.ttl'"):
        harvested(dump("a.ttl", "b.ttl"), shelf(a_ttl=TURTLE, b_ttl=TURTLE))


def test_rdf_dump_never_takes_the_blank_nodes_of_two_files_for_one():
    one = '<{0}> a org:Organization ; rdfs:label "{0}" ; pair:hasLocation _:b0 . _:b0 pair:addressLocality "{1}" .'
    files = shelf(a_ttl=PREFIXES + one.format("a", "Aniane"), b_ttl=PREFIXES + one.format("b", "Gignac"))
    found = values(harvested(dump("a.ttl", "b.ttl"), files))
    assert [value["city"] for value in found] == ["Aniane", "Gignac"]


def test_rdf_dump_order_of_its_statements_changes_nothing():
    said = [
        "a org:Organization",
        "a pair:Organization",
        'rdfs:label "B"',
        'rdfs:label "A"',
        "pair:uses <x>, <b>",
    ]
    one, two = ("<a> " + " ; ".join(told) + " ." for told in (said, [*said[:-1][::-1], "pair:uses <b>, <x>"]))
    assert json.dumps(dict(values(turtle(one))[0])) == json.dumps(dict(values(turtle(two))[0]))


# --- which things are records ------------------------------------------------------------------------


def test_rdf_dump_refs_follow_the_host_of_the_file_and_other_iris_stay_whole():
    found = turtle(f'<orga/a> a org:Organization ; rdfs:label "A" ; pair:partOf <b> .\n{OTHER}')
    assert refs(found) == ["orga/a", "https://ailleurs.example/id/c"]
    assert values(found)[0]["part_of"] == "b"


OTHER = '<https://ailleurs.example/id/c> a org:Organization ; rdfs:label "C" ; pair:partOf <https://ailleurs.example/id/d> .'


def test_rdf_dump_namespace_says_which_things_are_records_and_where_their_refs_begin():
    found = turtle(
        f'<a> a org:Organization ; rdfs:label "A" .\n{OTHER}', namespace="https://ailleurs.example/id/"
    )
    assert refs(found) == ["c"]
    assert values(found)[0]["part_of"] == "d"


def test_rdf_dump_classes_choose_by_prefixed_name_or_iri_and_tombstones_pass():
    text = """<a> a org:Organization ; rdfs:label "A" . <b> a <ns#Drole> ; rdfs:label "B" .
      <c> a pair:Event ; rdfs:label "C" . <z> a as:Tombstone ; as:formerType pair:Event ."""
    assert reasons(turtle(text)) == [f"no kind for {BASE}ns#Drole; say which in the source's `kinds`"]
    chosen = turtle(text, classes=["pair:Event", f"{BASE}ns#Drole"], kinds={f"{BASE}ns#Drole": "group"})
    assert [one.ref for one in chosen] == ["b", "c", "z"]
    assert chosen[2] == Gone("z")
    assert reasons(chosen) == []


def test_rdf_dump_graphs_choose_what_is_read():
    text = (
        PREFIXES
        + """<a> a org:Organization ; rdfs:label "A" .
      GRAPH <g> { <a> foaf:homepage <https://a.example/> . } GRAPH <h> { <b> a org:Organization ; rdfs:label "B" }"""
    )
    found = {
        graphs: refs(read(text, name="dump.trig", graphs=list(graphs)))
        for graphs in [(), ("default",), ("default", f"{BASE}g"), (f"{BASE}h",)]
    }
    assert list(found.values()) == [["a", "b"], ["a"], ["a"], ["b"]]
    (value,) = values(read(text, name="dump.trig", graphs=["default", f"{BASE}g"]))
    assert value["homepage"] == "https://a.example/"


def test_rdf_dump_persons_are_nothing_and_leave_the_listing_whole():
    found = turtle(
        """<a> a org:Organization ; rdfs:label "A" ; pair:involves <camille>, <personnes/sacha> .
        <camille> a foaf:Person ; foaf:name "Camille" . <x> a as:Tombstone ; as:formerType as:Person .
        [] a foaf:Person, org:Organization ; foaf:name "Sacha" ."""
    )
    assert [one.ref for one in found] == ["a"]
    assert "Camille" not in repr(found)
    assert "acha" not in repr(found)


def test_rdf_dump_vocabularies_catalogues_and_addresses_are_no_records():
    found = turtle(
        """<ns#C> a <http://www.w3.org/2002/07/owl#Class> ; rdfs:label "Classe" .
        <jeu> a <http://rdfs.org/ns/void#Dataset> ; rdfs:label "Jeu" .
        <th/1> a <http://www.w3.org/2004/02/skos/core#Concept> ; rdfs:label "Thème" .
        <ad> a <http://schema.org/PostalAddress> ; <http://schema.org/addressLocality> "Aniane" ."""
    )
    assert found == []


def test_rdf_dump_page_is_made_for_iris_that_people_cannot_open():
    text = '<urn:uuid:1> a pair:Group ; rdfs:label "A" . <b> a pair:Group ; rdfs:label "B" .'
    found = turtle(text, page="https://front.example/{class}/{ref}")
    assert [value.get("page") for value in values(found)] == [None, "https://front.example/Group/b"]


def test_rdf_dump_options_that_mean_nothing_are_refused():
    options = connectors.load("rdf_dump").options
    for wrong, told in [
        ({"classes": ["Event"]}, "the class 'Event' has no prefix"),
        ({"namespace": "ailleurs"}, "namespace"),
        ({"format": "csv"}, "format"),
        ({"kinds": {"pair:Place": "lieu"}}, "no kind 'lieu'"),
    ]:
        with pytest.raises(ValueError, match=told):
            options(**wrong)


# --- contexts ----------------------------------------------------------------------------------------

CONTEXT = json.dumps({"@context": {"Orga": ORG, "nom": LABEL, "id": "@id", "type": "@type"}})


def test_rdf_dump_contexts_are_asked_for_once_and_kept_also_for_packed_files():
    one = {"@context": ["https://schema.org", "ctx.json"], "id": "a", "type": "Orga", "nom": "Le a"}
    packed = gzip.compress(json.dumps(one).encode())
    files = shelf(a_jsonld_gz=packed, b_jsonld=json.dumps(one | {"id": "b"}), ctx_json=CONTEXT)
    assert refs(harvested(dump("a.jsonld.gz", "b.jsonld"), files)) == ["a", "b"]
    assert files.asked == [f"{BASE}{name}" for name in ("a.jsonld.gz", "ctx.json", "b.jsonld")]


@pytest.mark.parametrize("error", [SourceChanged("answered 404"), SourceRefused("a loopback address")])
def test_rdf_dump_context_that_cannot_be_had_is_named(error):
    files = shelf(a_jsonld=json.dumps({"@context": "http://localhost:3000/c.json", "id": "a"}))
    files.failing = {"http://localhost:3000/c.json": error}
    with pytest.raises(SourceChanged, match=r"no JSON-LD context 'http://localhost:3000/c\.json'"):
        harvested(dump("a.jsonld"), files)


def test_rdf_dump_recording_is_mapped_and_what_no_field_takes_is_told():
    feed, played = recorded("rdf_dump")
    connector = connectors.load("rdf_dump")
    mapper, problems = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    told = {record.ref: mapper.item(record)[0] for record in harvested(feed, played)}
    assert problems == []
    assert dict(mapper.coverage.unmapped) == {
        "pair:hasLocation/rdfs:label": 1,
        "https://donnees.reseau.example.org/ns#maison": 1,
    }
    assert [item.kind for item in told.values()] == [
        "organisation",
        "organisation",
        "event",
        "place",
        "document",
    ]
    assert told["organisation/la-filature"].values["lat"] == told["lieu/filature"].values["lat"]
    assert told["organisation/le-four-commun"].values["homepage"] == "https://four.example.org/"
    assert told["evenement/fete-du-pain"].values["venue"].values["name"] == "La grande salle"
    assert "Camille" not in repr(told)
