"""RDF bytes become things: whole, in order, without a blank node, without the network, without harm."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester import vocab
from harvester.errors import SourceChanged
from harvester.rdf import Left, Literal, Thing, Value, by_graph, serialisation, things
from harvester.rdf.contexts import DEEPEST, bundled
from harvester.rdf.grouping import MOST
from harvester.rdf.reading import LONGEST

BASE = "https://e.org/doc"
E = "https://e.org/"
TURTLE = "text/turtle"
JSON = "application/ld+json"
XML = "application/rdf+xml"


def read(content: str | bytes, media_type: str = TURTLE, **asked) -> list[Thing]:
    raw = content.encode() if isinstance(content, str) else content
    return list(things(raw, media_type, base=BASE, **asked))


def said(thing: Thing, term: str) -> list[object]:
    """What a thing says under a term of the example vocabulary, texts as plain text."""
    return [one.text if isinstance(one, Literal) else one for one in thing.said.get(E + term, ())]


def nodes(thing: Thing) -> Iterator[Thing]:
    """A thing and all that stands inside it."""
    yield thing
    for values in thing.said.values():
        for value in values:
            if isinstance(value, Thing):
                yield from nodes(value)


# Serialisations

SAME = {
    "text/turtle": '<a> a <C> ; <p> "x"@fr , <b> ; <q> [ <r> 3 ] .',
    "application/trig": 'GRAPH <g> { <a> a <C> ; <p> "x"@fr , <b> . } <a> <q> [ <r> 3 ] .',
    "application/n-triples": f"""<{E}a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{E}C> .
        <{E}a> <{E}p> "x"@fr .
        <{E}a> <{E}p> <{E}b> .
        <{E}a> <{E}q> _:n .
        _:n <{E}r> "3"^^<http://www.w3.org/2001/XMLSchema#integer> .""",
    "application/n-quads": f"""<{E}a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{E}C> <{E}g> .
        <{E}a> <{E}p> "x"@fr <{E}g> .
        <{E}a> <{E}p> <{E}b> <{E}h> .
        <{E}a> <{E}q> _:n .
        _:n <{E}r> "3"^^<http://www.w3.org/2001/XMLSchema#integer> .""",
    "application/rdf+xml": f"""<?xml version="1.0" encoding="UTF-8"?>
        <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="{E}"><C rdf:about="a">
        <p xml:lang="fr">x</p><p rdf:resource="b"/><q rdf:parseType="Resource">
        <r rdf:datatype="http://www.w3.org/2001/XMLSchema#integer">3</r></q></C></rdf:RDF>""",
    "application/ld+json": json.dumps(
        {
            "@context": {"@vocab": E},
            "@id": "a",
            "@type": "C",
            "p": [{"@value": "x", "@language": "fr"}, {"@id": "b"}],
            "q": {"r": 3},
        }
    ),
}


@pytest.mark.parametrize("media_type", SAME)
def test_the_same_is_read_from_every_serialisation(media_type):
    (thing,) = read(SAME[media_type], media_type)

    integer = Literal("3", datatype="http://www.w3.org/2001/XMLSchema#integer")
    assert thing == Thing(
        E + "a",
        (E + "C",),
        {
            E + "p": (Literal("x", "fr"), E + "b"),
            E + "q": (Thing(None, (), {E + "r": (integer,)}),),
        },
    )


@pytest.mark.parametrize(
    ("media_type", "address", "known"),
    [
        ("text/turtle; charset=utf-8", "", "text/turtle"),
        ("application/x-turtle", "", "text/turtle"),
        ("Text/RDF+N3", "", "text/turtle"),
        ('application/ld+json; profile="https://www.w3.org/ns/activitystreams"', "", "application/ld+json"),
        ("application/json", "", "application/ld+json"),
        ("application/xml", "", "application/rdf+xml"),
        ("text/plain", "https://e.org/dump.nt?v=1", "application/n-triples"),
        ("application/octet-stream", "https://e.org/dump.NQ", "application/n-quads"),
        ("", "https://e.org/void.ttl", "text/turtle"),
        ("text/plain", "https://e.org/readme", None),
        ("text/html", "https://e.org/page.ttl", None),
    ],
)
def test_a_serialisation_is_told_by_its_media_type_and_else_by_the_address(media_type, address, known):
    assert serialisation(media_type, address) == known


def test_what_is_no_rdf_is_refused_in_words():
    with pytest.raises(SourceChanged, match=r"https://e\.org/doc: 'text/html' is no RDF; expected Turtle"):
        read("<html>", "text/html")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ('<a> <b> "cut', TURTLE),
        ("<a> <b> <c> .\n<a> <b", "application/n-triples"),
        ('{"@id": "a"', JSON),
        ('"text"', JSON),
        ("<rdf:RDF", XML),
        ("<html><body>Erreur</body></html>", TURTLE),
        (b"\xff\xfe\xff", JSON),
        (b"\x80 <b> <c> .", TURTLE),
    ],
)
def test_a_document_that_cannot_be_read_whole_is_an_error_that_names_it(content, media_type):
    with pytest.raises(SourceChanged, match=r"^https://e\.org/doc: "):
        read(content, media_type)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1", "utf-16"])
@pytest.mark.parametrize(("media_type", "content"), [(TURTLE, '<a> <p> "é" .'), (XML, None), (JSON, None)])
def test_a_document_is_read_in_the_encoding_it_states(encoding, media_type, content):
    if media_type == XML:
        content = (
            f"<?xml version='1.0' encoding='{encoding.removesuffix('-sig')}'?><rdf:RDF xmlns:e='{E}' "
            "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about='a'>"
            "<e:p>é</e:p></rdf:Description></rdf:RDF>"
        )
    elif media_type == JSON:
        content = f'{{"@context": {{"@vocab": "{E}"}}, "@id": "a", "p": "é"}}'
    charset = "" if media_type == XML or "sig" in encoding else f"; charset={encoding}"

    (thing,) = read(content.encode(encoding), media_type + charset)

    assert said(thing, "p") == ["é"]


# Things: what stands inside, what stands beside


def test_things_come_in_the_order_of_the_document_and_their_values_too():
    found = read('<z> <p> "2", "1" . <a> <p> <z> . <m> <p> "3" . <z> <p> "0" .')

    assert [thing.iri for thing in found] == [E + "z", E + "a", E + "m"]
    assert said(found[0], "p") == ["2", "1", "0"]


def test_a_blank_node_is_inside_what_points_to_it_and_a_shared_one_inside_each():
    first, second = read('<a> <p> _:x . <b> <p> _:x . _:x <q> "in" .')

    assert [said(one.said[E + "p"][0], "q") for one in (first, second)] == [["in"], ["in"]]


def test_a_fragment_of_a_described_thing_is_inside_it_and_a_described_thing_stays_beside():
    place, other = f"{E}a#lieu", E + "b"
    first, second = read("<a> <p> <a#lieu> ; <q> <b> . <a#lieu> <r> 1 . <b> <p> <a#lieu> .")

    assert [one.iri for one in first.said[E + "p"]] == [place]
    assert first.said[E + "q"] == (other,)
    assert [one.iri for one in second.said[E + "p"]] == [place]


def test_fragments_of_an_address_that_is_not_described_are_things_of_their_own():
    found = read("<#a> <p> <#b> . <#b> <p> <#c> .")

    assert [(thing.iri, thing.said[E + "p"]) for thing in found] == [
        (f"{BASE}#a", (f"{BASE}#b",)),
        (f"{BASE}#b", (f"{BASE}#c",)),
    ]


@pytest.mark.parametrize(
    "page",
    [
        "<doc> a <http://xmlns.com/foaf/0.1/Document> ; <p> <doc#a> .",
        "<doc> a <https://schema.org/WebPage> ; <p> <doc#a> .",
        "<doc> <http://www.w3.org/ns/ldp#contains> <doc#a> .",
        "<doc> a <http://schema.org/ItemList> ; <http://schema.org/itemListElement> [ <http://schema.org/item> <doc#a> ] .",
    ],
)
def test_what_a_page_or_a_listing_is_about_stands_beside_it(page):
    found = read(page + ' <doc#a> <p> "x" .')

    assert f"{BASE}#a" in [thing.iri for thing in found]


def test_the_members_of_a_list_without_a_name_stand_beside_it():
    container = "<c> a <http://www.w3.org/ns/ldp#Container> ; <http://www.w3.org/ns/ldp#contains> [ <p> 1 ], [ <p> 2 ] ."
    found = read(container)

    assert sorted((thing.iri or "", *said(thing, "p")) for thing in found) == [
        ("", "1"),
        ("", "2"),
        (E + "c",),
    ]


@pytest.mark.parametrize(
    "leads",
    [
        "https://w3id.org/tree#relation",
        "http://www.w3.org/ns/dcat#dataset",
        "http://www.w3.org/ns/dcat#record",
    ],
)
def test_a_listing_of_more_nameless_nodes_than_a_thing_may_hold_gives_them_all(leads):
    found = read(f"<c> <{leads}> " + ", ".join(f"[ <p> {number} ]" for number in range(MOST + 5)) + " .")

    assert sum(1 for thing in found if said(thing, "p")) == MOST + 5


def test_graphs_that_say_different_things_of_one_node_are_read_apart():
    text = '<a> <p> "0" . <g> { <a> <p> "1" ; <q> [ <r> "in" ] } <h> { <a> <p> "2" } _:x { <a> <p> "3" }'
    found = by_graph(text.encode(), "application/trig", base=BASE)

    assert {name: [said(thing, "p") for thing in of] for name, of in found.items()} == {
        "": [["0", "3"]], E + "g": [["1"]], E + "h": [["2"]],
    }  # fmt: skip
    assert [said(one, "r") for one in nodes(found[E + "g"][0])] == [[], ["in"]]
    with pytest.raises(SourceChanged, match="is no RDF"):
        by_graph(b"<html>", "text/html", base=BASE)


@pytest.mark.parametrize(
    ("graphs", "expected"),
    [(None, ["0", "1", "2", "3"]), ([""], ["0", "3"]), ([E + "g", E + "h"], ["1", "2"])],
)
def test_only_the_named_graphs_that_are_asked_for_are_read(graphs, expected):
    text = '<a> <p> "0" . <g> { <a> <p> "1" } <h> { <a> <p> "2" } _:x { <a> <p> "3" }'
    (thing,) = read(text, "application/trig", graphs=graphs)

    assert said(thing, "p") == expected


def test_a_circle_is_cut_where_it_closes_and_nobody_is_lost():
    (pair,) = read('_:x <p> _:y . _:y <p> _:x ; <q> "end" .')
    (loop,) = read("<a> <p> _:x . _:x <p> _:x .")

    assert [said(one, "q") for one in nodes(pair)] == [[], ["end"]]
    assert [one.iri for one in nodes(loop)] == [E + "a", None]


def test_a_list_is_its_members_whatever_its_shape():
    (thing,) = read('<a> <p> ( "1" [ <q> "2" ] ( "3" ) () ) .')
    (endless,) = read("<a> <p> _:l . _:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> 1 ; "
                      "<http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:l .")  # fmt: skip

    assert [one.text if isinstance(one, Literal) else said(one, "q") for one in thing.said[E + "p"]] == [
        "1", ["2"], "3",
    ]  # fmt: skip
    assert said(endless, "p") == ["1"]


names = st.sampled_from([f"<{E}{name}>" for name in ("a", "b", "a#x", "a#y", "c#z")] + ["_:m", "_:n", "_:o"])
statements = st.tuples(names, st.sampled_from([f"<{E}p>", f"<{E}q>"]), names | st.just('"t"'))


@given(st.lists(statements, max_size=12))
def test_whatever_the_graph_every_named_node_is_found_and_no_blank_node_leaves(triples):
    text = "".join(f"{' '.join(triple)} .\n" for triple in triples)
    found = read(text, "application/n-triples")
    inside = [one for thing in found for one in nodes(thing)]

    described = {subject.strip("<>") for subject, _, _ in triples if subject.startswith("<")}
    assert described <= {one.iri for one in inside}
    assert not any(
        isinstance(value, str) and value.startswith("_:") for one in inside for value in values(one)
    )
    assert found == read(text, "application/n-triples")


def values(thing: Thing) -> Iterator[Value]:
    for held in thing.said.values():
        yield from held


# Guards


def test_an_iri_that_is_not_valid_is_mended_or_kept_as_text_and_spoils_nothing():
    (thing,) = read(f"<{E}a b> <{E}p> <{E}x y> .\n<{E}a b> <{E}p> <rel> .", "application/n-triples")

    assert thing.iri == f"{E}a%20b"
    assert thing.said[E + "p"] == (f"{E}x%20y", Literal("rel"))


def test_a_text_that_is_too_long_is_left_out_with_a_remark():
    (thing,) = read(f'<a> <p> "{"x" * (LONGEST + 1)}", "short" .')

    assert said(thing, "p") == ["short"]
    assert thing.left == (Left(E + "p", "a text of more than 100000 characters"),)


def test_a_statement_about_a_statement_is_left_out_with_a_remark():
    (thing,) = read('<a> <p> <<( <a> <b> <c> )>> , "x" .')

    assert said(thing, "p") == ["x"]
    assert thing.left == (Left(E + "p", "a statement about a statement"),)


def test_nesting_is_bounded_in_depth_and_in_width():
    (deep,) = read("<a> <p> " + "[ <p> " * 3000 + "1" + " ]" * 3000 + " .")
    doubling = " ".join(f"_:n{i} <p> _:n{i + 1} ; <q> _:n{i + 1} ." for i in range(30))
    (wide,) = read(f'<a> <p> _:n0 . {doubling} _:n30 <p> "end" .')
    (lists,) = read("<a> <p> " + "( " * 3000 + "1" + " )" * 3000 + " .")

    for thing in (deep, wide, lists):
        assert 1 <= sum(1 for _ in nodes(thing)) <= MOST + 1
    assert any("nested too deep" in left.reason for one in nodes(deep) for left in one.left)
    assert any("nested too deep" in left.reason for one in nodes(wide) for left in one.left)


def test_json_that_is_nested_without_end_is_refused():
    with pytest.raises(SourceChanged, match="nested deeper than 100 levels"):
        read('{"p":' * (DEEPEST + 5) + "1" + "}" * (DEEPEST + 5), JSON)
    with pytest.raises(SourceChanged, match="not JSON"):
        read('{"p":' * 100_000, JSON)


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "lol"><!ENTITY b "&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY a PUBLIC "x" "http://127.0.0.1/">',
        '<!ENTITY % a "x"> %a;',
        "<!ENTITY a '&#60;!ENTITY b \"x\">'>",
    ],
)
def test_xml_entities_that_could_do_harm_are_refused(declared):
    with pytest.raises(SourceChanged, match="XML entities"):
        read(
            f'<!DOCTYPE rdf:RDF [{declared}]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
            XML,
        )


def test_xml_entities_that_swell_are_refused():
    body = "&a;" * 10_000
    with pytest.raises(SourceChanged, match="characters longer; not read"):
        read(f'<!DOCTYPE r [<!ENTITY a "{"x" * 1000}">]><r>{body}</r>', XML)


def test_short_names_for_addresses_are_read_as_wikis_write_them():
    (thing,) = read(
        f"""<?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE rdf:RDF[ <!ENTITY rdf 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'> <!ENTITY e '{E}'> ]>
        <rdf:RDF xmlns:rdf="&rdf;" xmlns:e="&e;"><rdf:Description rdf:about="&e;a"><e:p>x</e:p>
        </rdf:Description></rdf:RDF>""",
        XML,
    )

    assert (thing.iri, said(thing, "p")) == (E + "a", ["x"])


# JSON-LD contexts


def test_the_contexts_of_the_house_are_read_without_the_network():
    for name, addresses in vocab_index().items():
        for address in addresses:
            document = {
                "@context": f"https://{address.replace('*', 'any.example')}",
                "@id": "a",
                f"{E}p": "x",
            }
            assert said(read(json.dumps(document), JSON)[0], "p") == ["x"], name


def vocab_index() -> dict[str, list[str]]:
    import tomllib

    return tomllib.loads((vocab.folder() / "contexts" / "index.toml").read_text())


@pytest.mark.parametrize("path", sorted(vocab.folder().glob("contexts/*.jsonld")), ids=lambda path: path.name)
def test_every_term_of_a_bundled_context_is_an_iri_or_a_keyword(path):
    context = json.loads(path.read_text())["@context"]
    document = {"@context": context, "@id": "a"} | {
        term: "x" for term, meaning in context.items() if not str(meaning).startswith("@") and term[0] != "@"
    }

    parsed = ox.parse(json.dumps(document), format=ox.RdfFormat.JSON_LD, base_iri=BASE)
    assert all(quad.predicate.value.startswith("http") for quad in parsed)


@pytest.mark.parametrize(
    "context", ["https://schema.org", "http://schema.org/", "https://schema.org/docs/jsonldcontext.jsonld"]
)
def test_schema_org_is_one_vocabulary_whatever_address_a_page_gives_it(context):
    (event,) = read(
        json.dumps(
            {
                "@context": context,
                "@type": "Event",
                "name": "Fête",
                "url": "/fete",
                "eventStatus": "EventCancelled",
            }
        ),
        JSON,
    )

    schema = "http://schema.org/"
    assert event.classes == (schema + "Event",)
    assert event.said == {
        schema + "name": (Literal("Fête"),),
        schema + "url": (E + "fete",),
        schema + "eventStatus": (schema + "EventCancelled",),
    }


def test_an_unknown_context_is_an_error_that_names_it():
    with pytest.raises(
        SourceChanged, match=r"no JSON-LD context 'https://autre\.example/ctx\.json' in vocab/contexts/"
    ):
        read('{"@context": "https://autre.example/ctx.json", "@id": "a"}', JSON)


def test_a_context_that_the_connector_kept_is_read_and_has_no_say_over_addresses():
    kept = {
        "https://e.org/ctx.json": b'{"@context": {"@base": "https://evil.example/", "p": "https://e.org/p"}}'
    }

    (thing,) = read('{"@context": "ctx.json", "@id": "a", "p": "x"}', JSON, contexts=kept)

    assert (thing.iri, said(thing, "p")) == (E + "a", ["x"])


def test_a_list_of_contexts_in_a_list_is_read_as_one():
    kept = {
        "https://e.org/ctx.json": b'{"@context": [{"p": "https://e.org/p"}, "more.json"]}',
        "https://e.org/more.json": b'{"@context": {"q": "https://e.org/q"}}',
    }

    (thing,) = read('{"@context": [{}, "ctx.json"], "@id": "a", "p": "x", "q": "y"}', JSON, contexts=kept)

    assert (said(thing, "p"), said(thing, "q")) == (["x"], ["y"])


def test_whether_the_house_has_a_context_is_known_before_it_is_asked_for():
    assert bundled("https://www.w3.org/ns/activitystreams")
    assert bundled("http://schema.org/")
    assert bundled("https://any.example/.well-known/context.jsonld")
    assert not bundled("https://any.example/context.json")


def test_contexts_that_lead_to_each_other_are_refused():
    kept = {"https://e.org/1": b'{"@context": "2"}', "https://e.org/2": b'{"@context": "1"}'}

    with pytest.raises(SourceChanged, match="without end"):
        read('{"@context": "1", "@id": "a"}', JSON, contexts=kept)


def test_a_key_that_no_context_defines_is_kept_under_its_own_name():
    (thing,) = read(
        json.dumps(
            {"@context": [{"@vocab": "_:"}, {"p": E + "p"}], "@id": "a", "p": "x", "Date de début": "lundi"}
        ),
        JSON,
    )

    assert said(thing, "p") == ["x"]
    assert thing.said["undefined:Date%20de%20début"] == (Literal("lundi"),)


def test_an_empty_text_is_no_address_of_the_document():
    (thing,) = read(
        json.dumps(
            {
                "@context": {"p": {"@id": E + "p", "@type": "@id"}, "q": E + "q"},
                "@id": "a",
                "p": ["", " "],
                "q": "y",
            }
        ),
        JSON,
    )

    assert thing.said == {E + "q": (Literal("y"),)}


def test_mistakes_met_in_the_field_spoil_nothing():
    (thing,) = read(
        json.dumps({"@context": {"p": {"@id": E + "p", "type": "@id"}, "id": "@id"}, "id": 42, "p": "x"}),
        JSON,
    )

    assert (thing.iri, said(thing, "p")) == (E + "42", ["x"])


@pytest.mark.parametrize("context", ['"http://["', '{"@import": "http://["}'])
def test_context_at_an_address_that_is_none_fails_the_document(context):
    document = f'{{"@context": [{context}, {{"name": "http://schema.org/name"}}], "@id": "http://e.example/a", "name": "A"}}'
    with pytest.raises(SourceChanged, match=r"has no address that can be read|context"):
        list(things(document.encode(), "application/ld+json", base="http://e.example/doc"))


@pytest.mark.parametrize("charset", ["undefined", "hex", "nowhere", "a\x00b"])
def test_label_that_is_no_encoding_fails_the_document_in_words(charset):
    with pytest.raises(SourceChanged, match="not readable as"):
        read(b"<http://a.example/1> <http://a.example/p> 'x' .", f"text/turtle; charset={charset}")


def test_subject_that_is_no_address_stands_for_the_document():
    (thing,) = read('<//[x> <https://e.org/name> "Jardin" .', "application/n-triples")

    assert (thing.iri, said(thing, "name")) == (BASE, ["Jardin"])
