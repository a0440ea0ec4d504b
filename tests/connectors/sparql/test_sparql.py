"""What is special to sparql."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import Any

import pyoxigraph as ox
import pytest
from connectors.sparql.endpoint import URL, Endpoint, kind
from looks import Looks, page, seen
from shelf import HTML, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.connectors._recognition import Seen
from harvester.connectors._sparql import request
from harvester.connectors._sparql_service import CLASSES, SD
from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.fetch import Client, RawStore
from harvester.mapping import compile_mapping
from harvester.model import Record, Rejected

GARDENS = "".join(
    f':j{n} a pair:Organization ; pair:label "Jardin {n}"@fr ; schema:keywords "eau", "sol" ; '
    f'schema:address [ schema:postalCode "34150" ; schema:addressLocality "Aniane" ] .\n'
    for n in range(5)
)
FIVE = [f"j{n}" for n in range(5)]


def feed(**options: Any):
    """A source of organisations, unless told otherwise."""
    if not {"subjects", "select"} & options.keys():
        options.setdefault("classes", ("pair:Organization",))
    return source("sparql", options.pop("url", URL), **options)


def read(turtle: str, **options: Any):
    return harvested(feed(**options), Endpoint(turtle))


def one(turtle: str, **options: Any) -> dict[str, Any]:
    """The one record of a store."""
    found = read(turtle, **options)
    assert reasons(found) == []
    (value,) = values(found)
    return dict(value)


def cut(asked: str, keep: int):
    """An endpoint that cuts the rows of one kind of answer without a word."""

    def fault(query, found):
        if kind(query) == asked:
            del found["results"]["bindings"][keep:]
        return found

    return fault


def shuffled(query, found):  # noqa: ARG001  as any fault
    """An endpoint that tells rows in another order each time, and calls blank nodes as it likes."""
    rows = found["results"]["bindings"]
    random.shuffle(rows)
    mark = str(random.random())
    for term in (term for row in rows for term in row.values() if term["type"] == "bnode"):
        term["value"] = f"nodeID://{mark}/{term['value']}"
    return found


# --- the recording -----------------------------------------------------------------------------------


def test_sparql_recording_becomes_items_of_three_kinds_without_a_rest():
    declared, shelf = recorded("sparql")
    mapper, problems = compile_mapping(declared, connectors.load("sparql").mapping)
    found = [mapper.item(each) for each in harvested(declared, shelf) if isinstance(each, Record)]
    assert problems == []
    assert [findings for _, findings in found if findings] == []
    assert dict(mapper.coverage.unmapped) == {}
    assert [(item.kind, item.ref) for item, _ in found] == [
        ("event", "evenement-1"),
        ("event", "evenement-2"),
        ("organisation", "organisation-1"),
        ("organisation", "organisation-2"),
        ("organisation", "organisation-3"),
        ("project", "projet-1"),
    ]
    told = {item.ref: item.values for item, _ in found}
    assert [text.lang for text in told["organisation-1"]["name"]] == ["fr", "en"]
    assert told["organisation-1"]["description"].text.count("\n") == 1
    assert told["evenement-1"]["venue"].values["city"] == "Aniane"
    assert told["evenement-2"]["venue"].values["city"] == "Lodève"
    assert told["organisation-3"]["name"].text == "L’Épicerie “Ô Vrac” 🌱"


def test_sparql_persons_of_the_recording_reach_no_record():
    assert "Prénom Nom" not in json.dumps(values(harvested(*recorded("sparql"))), ensure_ascii=False)


# --- pages -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 4, 5, 500])
def test_sparql_pages_go_on_after_the_last_key_and_never_by_offset(size):
    endpoint = Endpoint(GARDENS)
    assert refs(harvested(feed(page_size=size), endpoint)) == FIVE
    assert not any("OFFSET" in query for query in endpoint.queries)
    pages = [query for query in endpoint.queries if kind(query) == "keys"]
    assert len(pages) == -(-5 // size)
    assert all(f"LIMIT {size}" in query and "ORDER BY STR(?subject)" in query for query in pages)
    assert all('STR(?subject) > "https://e.example/j' in query for query in pages[1:])
    assert len(endpoint.asked) == len(set(endpoint.asked))


def test_sparql_record_is_the_same_whatever_page_it_comes_in():
    turtle = (
        GARDENS + ':fete a schema:Event ; schema:name "Fête" ; schema:organizer :j1 ; schema:location :j2 .'
    )
    told = [
        read(turtle, classes=("pair:Organization", "schema:Event"), page_size=size) for size in (1, 2, 3, 500)
    ]
    assert told[0] == told[1] == told[2] == told[3]


def test_sparql_order_of_rows_and_names_of_blank_nodes_change_no_record():
    turtle = (
        GARDENS + ':j9 a pair:Organization ; pair:label "A", "B" ; schema:address [ schema:postalCode "1" ],'
    )
    turtle += (
        ' [ schema:postalCode "2" ; schema:addressLocality "Deux" ], [ schema:addressLocality "Trois" ] .'
    )
    told = [harvested(feed(), Endpoint(turtle, fault=shuffled)) for _ in range(4)]
    assert told[0] == told[1] == told[2] == told[3]
    assert len(values(told[0])) == 6


def test_sparql_endpoint_that_caps_pages_of_keys_is_asked_until_the_count_is_reached():
    endpoint = Endpoint(GARDENS, fault=cut("keys", 2))
    assert refs(harvested(feed(), endpoint)) == FIVE
    assert [kind(query) for query in endpoint.queries].count("keys") == 3


def test_sparql_endpoint_that_cuts_what_it_says_of_records_fails():
    with pytest.raises(
        SourceChanged, match=r"2 rows of '.*', which has 6: it cuts its answers; lower `page_size`"
    ):
        harvested(feed(), Endpoint(GARDENS, fault=cut("rows", 20)))
    smaller = feed(page_size=3)
    assert refs(harvested(smaller, Endpoint(GARDENS, fault=cut("rows", 20)))) == FIVE


def test_sparql_answer_that_would_be_long_is_asked_for_in_parts():
    many = "".join(f':v a pair:Organization ; schema:keywords "m{n}" .' for n in range(5100))
    endpoint = Endpoint(GARDENS + many)
    assert refs(harvested(feed(), endpoint)) == [*FIVE, "v"]
    assert [kind(query) for query in endpoint.queries] == ["count", "keys", "rows", "rows", "count"]


def test_sparql_endpoint_that_keeps_a_record_back_fails():
    def fault(query, found):
        if kind(query) == "keys":
            rows = found["results"]["bindings"]
            found["results"]["bindings"] = [row for row in rows if not row["subject"]["value"].endswith("j2")]
        return found

    with pytest.raises(SourceChanged, match="4 records listed of the 5 it counts; ask the partner"):
        harvested(feed(), Endpoint(GARDENS, fault=fault))


def test_sparql_records_that_change_while_they_are_read_defer_the_run():
    endpoint = Endpoint(GARDENS)

    def fault(query, found):
        if kind(query) == "rows":
            endpoint.store.update(
                "INSERT DATA { <https://e.example/a> a <http://virtual-assembly.org/ontologies/pair#Organization> }"
            )
        return found

    endpoint.fault = fault
    with pytest.raises(SourceUnavailable, match="5 records before they were read, 6 after"):
        harvested(feed(), endpoint)


def test_sparql_endpoint_that_does_not_go_on_after_a_key_fails():
    pages: list[dict[str, Any]] = []

    def fault(query, found):
        if kind(query) == "keys":
            pages.append(found)
        return pages[0] if kind(query) == "keys" else found

    with pytest.raises(SourceChanged, match="it does not sort; ask the partner"):
        harvested(feed(page_size=2), Endpoint(GARDENS, fault=fault))


def test_sparql_store_without_a_record_is_empty_not_broken():
    endpoint = Endpoint("")
    assert harvested(feed(), endpoint) == []
    assert [kind(query) for query in endpoint.queries] == ["count", "count"]


@pytest.mark.parametrize("lost", range(5))
def test_sparql_answer_that_was_promised_and_not_kept_fails_the_source(lost):
    endpoint, connector = Endpoint(GARDENS), connectors.load("sparql")
    kept = list(connector.answers(feed(page_size=4), endpoint, endpoint))
    assert len(kept) == 6
    with pytest.raises(SourceChanged, match="no answer kept"):
        list(connector.records(feed(page_size=4), kept[:lost] + kept[lost + 1 :], endpoint))


def test_sparql_page_that_fails_lets_its_error_through():
    def fault(query, _found):
        if kind(query) == "rows":
            raise SourceChanged("answered 206")

    with pytest.raises(SourceChanged, match="206"):
        harvested(feed(), Endpoint(GARDENS, fault=fault))


# --- what is said of a record ------------------------------------------------------------------------


def test_sparql_values_without_a_name_are_told_two_levels_deep():
    turtle = (
        ':e a schema:Event ; schema:name "Fête" ; schema:location [ a schema:Place ; schema:name "MJC" ; '
    )
    turtle += 'schema:address [ schema:addressLocality "Alès" ] ] .'
    assert one(turtle, classes=("schema:Event",))["venue"] == {"name": "MJC", "city": "Alès"}


@pytest.mark.parametrize("size", [1, 500])
def test_sparql_fragment_of_a_record_is_a_part_of_it_also_on_another_page(size):
    turtle = ':v a pair:Organization ; pair:label "V" ; pair:documentedBy <https://e.example/v#film> . '
    turtle += '<https://e.example/v#film> a schema:VideoObject ; schema:name "Film" .'
    found = read(turtle, classes=("pair:Organization", "schema:VideoObject"), page_size=size)
    assert refs(found) == ["v"]
    assert values(found)[0]["videos"]["name"] == "Film"


def test_sparql_fragment_that_nothing_leads_to_is_a_record():
    turtle = '<https://e.example/page#asso> a pair:Organization ; pair:label "Asso" .'
    assert refs(read(turtle)) == ["page#asso"]
    turtle += (
        ' :page a pair:Organization ; pair:label "P" ; pair:partnerOf <https://e.example/page#bureau> . '
    )
    turtle += '<https://e.example/page#bureau> a pair:Organization ; pair:label "Bureau" .'
    assert refs(read(turtle)) == ["page", "page#asso"]


def test_sparql_values_with_a_name_are_told_where_parts_wants_them():
    turtle = ':e a schema:Event ; schema:name "Fête" ; schema:location :mjc . '
    turtle += ':mjc a schema:Place ; schema:name "MJC" ; schema:address [ schema:addressLocality "Alès" ] .'
    plain = one(turtle, classes=("schema:Event",))
    assert "venue" not in plain
    told = one(turtle, classes=("schema:Event",), parts=("schema:location",))
    assert told["venue"] == {"name": "MJC", "city": "Alès"}


def test_sparql_persons_are_neither_records_nor_values_and_leave_the_listing_complete():
    turtle = ':a a pair:Organization, foaf:Person ; foaf:name "Prénom Nom" . '
    turtle += ':b a pair:Organization ; pair:label "B" ; schema:founder [ a foaf:Person ; foaf:name "Prénom Nom" ] .'
    found = read(turtle)
    assert (refs(found), reasons(found)) == (["b"], [])
    assert "Prénom" not in str(found)


def test_sparql_classes_are_told_apart_by_kinds():
    turtle = ':a a <https://e.example/ns#Cafe> ; schema:name "A" . :b a schema:Recipe ; schema:name "B" .'
    classes = ("https://e.example/ns#Cafe", "schema:Recipe")
    found = read(turtle, classes=classes, kinds={"https://e.example/ns#Cafe": "place"})
    assert [(record.ref, record.value["kind"]) for record in found if isinstance(record, Record)] == [
        ("a", "place")
    ]
    assert reasons(found) == ["no kind for schema:Recipe; say which in the source's `kinds`"]


def test_sparql_pattern_may_say_what_the_records_are():
    turtle = GARDENS + ":j3 schema:publicAccess true . :j4 schema:publicAccess false ."
    found = read(turtle, subjects="?subject a pair:Organization ; schema:publicAccess true # ouverts")
    assert refs(found) == ["j3"]


def test_sparql_one_graph_is_asked_when_it_is_named():
    turtle = ':g { :a a pair:Organization ; pair:label "A" } :h { :b a pair:Organization ; pair:label "B" }'
    assert refs(read(turtle, graph="https://e.example/h")) == ["b"]
    assert refs(read(turtle)) == []


def test_sparql_namespace_of_the_records_shortens_their_refs():
    turtle = '<https://id.example/x/1> a pair:Organization ; pair:label "A" .'
    assert refs(read(turtle)) == ["https://id.example/x/1"]
    assert refs(read(turtle, namespace="https://id.example/x/")) == ["1"]


def test_sparql_records_without_an_iri_are_counted_and_told_once():
    turtle = GARDENS + '[] a pair:Organization ; pair:label "A" . [] a pair:Organization ; pair:label "B" .'
    found = read(turtle)
    assert refs(found) == FIVE
    assert [one.ref for one in found if isinstance(one, Rejected)] == [None]
    assert "2 records without an IRI" in reasons(found)[0]


def renamed(key: str, term: dict[str, Any]):
    """An endpoint that tells a term otherwise: what stores hold that we could not load into ours."""

    def fault(_query, found):
        for row in found["results"]["bindings"]:
            row.update({name: {**one, **term} for name, one in row.items() if one["value"] == key})
        return found

    return fault


@pytest.mark.parametrize(
    "iri", ["https://e.example/j0 bis", 'https://e.example/j0"', "https://e.example/j0}", "j0"]
)
def test_sparql_iri_that_no_query_can_hold_is_rejected_alone(iri):
    found = harvested(feed(), Endpoint(GARDENS, fault=renamed("https://e.example/j0", {"value": iri})))
    assert (refs(found), reasons(found)) == (FIVE[1:], ["its IRI cannot be asked for"])


@pytest.mark.parametrize(
    "term",
    [{"xml:lang": "fr_FR"}, {"xml:lang": "pas une langue"}, {"type": "uri", "value": "https://x.example/a>b c"},
     {"type": "literal", "datatype": "pas un type", "value": "x"}, {"value": "\x00\ud83c"}],
)  # fmt: skip
def test_sparql_term_that_is_badly_written_spoils_nothing(term):
    found = harvested(feed(), Endpoint(GARDENS, fault=renamed("Jardin 0", term)))
    assert refs(found) == FIVE


def test_sparql_value_of_a_kind_that_we_do_not_read_rejects_its_record_alone():
    found = harvested(feed(), Endpoint(GARDENS, fault=renamed("Jardin 0", {"type": "triple", "value": {}})))
    assert (refs(found), len(reasons(found))) == (FIVE[1:], 1)
    assert "kind 'triple'" in reasons(found)[0]


# --- a SELECT ----------------------------------------------------------------------------------------

SELECT = """# Jardins
prefix create: <http://virtual-assembly.org/ontologies/pair#>
SELECT ?ref ?name ?keywords ?page WHERE {
  ?ref a create:Organization ; create:label ?name ; schema:keywords ?keywords .
  OPTIONAL { ?ref schema:url ?page } } # fin"""


@pytest.mark.parametrize("size", [1, 2, 500])
def test_sparql_select_makes_records_of_its_variables(size):
    turtle = GARDENS + ':j0 schema:url <https://j0.example/> . :j1 pair:label "Garden"@en .'
    found = read(turtle, select=SELECT, page_size=size)
    assert refs(found) == [f"https://e.example/{ref}" for ref in FIVE]
    first, second, *_ = values(found)
    assert first == {
        "name": {"@value": "Jardin 0", "@language": "fr"},
        "keywords": ["eau", "sol"],
        "page": "https://j0.example/",
    }
    assert [told["@language"] for told in second["name"]] == ["en", "fr"]
    assert "page" not in second


def test_sparql_select_is_mapped_as_any_record():
    endpoint = Endpoint(GARDENS)
    declared = feed(select=SELECT, map={"description": "keywords"}, namespace="https://e.example/")
    mapper, problems = compile_mapping(declared, connectors.load("sparql").mapping)
    item, _ = mapper.item(harvested(declared, endpoint)[0])
    assert (problems, item.ref, item.values["name"].text) == ([], "j0", "Jardin 0")


def test_sparql_select_may_group_and_call_its_records_by_texts():
    select = (
        'SELECT (CONCAT("l\'\\"été\\" ", STR(?x)) AS ?ref) (MIN(?k) AS ?keywords) '
        "{ ?x a pair:Organization ; schema:keywords ?k } GROUP BY ?x"
    )
    found = read(GARDENS, select=select, page_size=2)
    assert refs(found)[4] == 'l\'"été" https://e.example/j4'
    assert [dict(value) for value in values(found)] == [{"keywords": "eau"}] * 5


def test_sparql_rows_of_a_select_that_are_cut_fail_the_source():
    with pytest.raises(SourceChanged, match="it cuts its answers"):
        harvested(feed(select=SELECT), Endpoint(GARDENS, fault=cut("rows", 9)))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "one of `classes`, `subjects` and `select` is needed"),
        ({"classes": ("pair:Project",), "select": SELECT}, "one of `classes`, `subjects` and `select` is needed"),
        ({"classes": ("Project",)}, "the class 'Project' has no prefix"),
        ({"classes": ("piar:Project",)}, "'piar:Project' is no IRI, and its prefix is not known"),
        ({"classes": ("https://x.example/a b",)}, "is no IRI"),
        ({"classes": ("pair:Project",), "parts": ("location",)}, "has no prefix"),
        ({"classes": ("pair:Project",), "graph": "acteurs"}, "graph"),
        ({"subjects": "?s a pair:Project"}, "subjects"),
        ({"select": "SELECT ?name { ?x pair:label ?name }"}, "select"),
        ({"select": "DESCRIBE ?ref { ?ref a pair:Project }"}, "`select` is no SELECT"),
        ({"select": SELECT, "parts": ("schema:location",)}, "are for what is adopted"),
        ({"classes": ("pair:Project",), "kinds": {"pair:Project": "projet"}}, "no kind 'projet'"),
        ({"classes": ("pair:Project",), "method": "put"}, "method"),
        ({"classes": ("pair:Project",), "page_size": 0}, "page_size"),
    ],
)  # fmt: skip
def test_sparql_options_that_cannot_be_asked_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        connectors.load("sparql").options(**options)


def test_sparql_classes_may_be_whole_iris_and_names():
    assert connectors.load("sparql").options(classes=("urn:x:Projet", "https://x.example/P", "doap:Project"))


# --- how endpoints answer ----------------------------------------------------------------------------


def test_sparql_question_is_worded_as_the_protocol_wants():
    endpoint = Endpoint(GARDENS)
    harvested(feed(), endpoint)
    assert {"application/sparql-results+json" in accept for accept in endpoint.accepted} == {True}
    assert all(address.startswith(f"{URL}#") for address in endpoint.asked)


@pytest.mark.parametrize(
    "refused",
    [SourceChanged("answered 405"), SourceRefused("answered 403"), HTML],
    ids=["405", "403", "form"],
)
def test_sparql_endpoint_that_only_answers_get_is_asked_by_get(refused):
    endpoint = Endpoint(GARDENS, refuses={"post": refused})
    assert refs(harvested(feed(page_size=2), endpoint)) == FIVE
    assert [address.partition("#")[0] == URL for address in endpoint.asked] == [True] + [False] * 8
    assert all("format=json" in address for address in endpoint.asked[1:])


def test_sparql_endpoint_that_only_answers_post_is_asked_by_post():
    endpoint = Endpoint(GARDENS, refuses={"get": SourceChanged("answered 405")})
    assert refs(harvested(feed(), endpoint)) == FIVE
    with pytest.raises(SourceChanged, match="405"):
        harvested(feed(method="get"), endpoint)


def test_sparql_endpoint_that_answers_neither_says_why_the_first_failed():
    refuses = {"post": SourceRefused("answered 403"), "get": SourceChanged("answered 404")}
    with pytest.raises(SourceRefused, match="403"):
        harvested(feed(), Endpoint(GARDENS, refuses=refuses))


def test_sparql_address_of_a_get_stays_short_and_keeps_what_it_says():
    gardens = "".join(
        f':un-tres-long-nom-de-jardin-{n} a pair:Organization ; pair:label "{n}" .' for n in range(200)
    )
    endpoint = Endpoint(gardens)
    assert len(refs(harvested(feed(url=f"{URL}?cle=a%26b", method="get"), endpoint))) == 200
    assert max(map(len, endpoint.asked)) < 8000
    assert all(address.startswith(f"{URL}?cle=a%26b&") for address in endpoint.asked)


def test_sparql_results_in_xml_say_the_same():
    turtle = GARDENS + ':j0 pair:label "Garden"@en ; schema:name "  à l\'ouest <&>\\n" .'
    assert harvested(feed(), Endpoint(turtle, form=ox.QueryResultsFormat.XML)) == harvested(
        feed(), Endpoint(turtle)
    )


@pytest.mark.parametrize("label", ["text/html", "text/plain", "application/xml", "application/json", ""])
def test_sparql_label_of_an_answer_is_not_believed(label):
    endpoint = Endpoint(GARDENS)
    harvested(feed(), endpoint)
    labels = {address: {"media_type": label} for address in endpoint.asked}
    again = Endpoint(GARDENS)
    again.labels = labels
    assert refs(harvested(feed(), again)) == FIVE


def test_sparql_json_is_read_as_endpoints_write_it():
    def fault(_query, found):
        text = json.dumps(found, ensure_ascii=False).replace("Jardin 0", "Jardin\t0")
        return b"\xef\xbb\xbf" + text.replace('"literal"', '"typed-literal"').encode()

    assert values(harvested(feed(), Endpoint(GARDENS, fault=fault)))[0]["name"]["@value"] == "Jardin\t0"


@pytest.mark.parametrize(
    "body",
    [
        b"Virtuoso S1T00 Error SR171: Transaction timed out",
        b"Virtuoso 42000 Error The estimated execution time 8417029 (sec) exceeds the limit of 400 (sec).",
        b'{"head":{"vars":[]},"results":{"bindings":[' + b"{}," * 9000 + b"The SPARQL operation has been cancelled",
        b"<html><body><h1>504 Gateway Time-out</h1></body></html>",
        b"java.util.concurrent.TimeoutException: query timed out",
    ],
    ids=["Virtuoso", "estimate", "Oxigraph", "proxy", "Blazegraph"],
)  # fmt: skip
@pytest.mark.parametrize("asked", ["count", "keys", "rows"])
def test_sparql_query_that_was_given_up_at_200_defers_the_run(body, asked):
    with pytest.raises(SourceUnavailable, match=r"sparql 'test': https://.*gave up \('"):
        harvested(feed(), Endpoint(GARDENS, fault=lambda query, _: body if kind(query) == asked else None))


@pytest.mark.parametrize("asked", ["count", "keys", "rows"])
@pytest.mark.parametrize(
    "body",
    [HTML, b"", b"null", b"[]", b"{}", b'{"results": {}}', b'{"head": {}, "boolean": true}',
     b'{"results": {"bindings": [1]}}', b'{"results": {"bindings": [{"x": {"value": "1"}}]}}',
     b'{"results": {"bindings": [{"x": {"type": "literal", "value": "1"}}]}}',
     b"subject\nhttps://e.example/j0\n", b"<sparql><boolean>true</boolean></sparql>",
     b'<!DOCTYPE s [<!ENTITY a "b">]><sparql><results/></sparql>', b"<sparql><results><result>"],
)  # fmt: skip
def test_sparql_answer_that_holds_no_rows_is_a_changed_shape(body, asked):
    with pytest.raises(SourceChanged, match="sparql 'test': https://"):
        harvested(feed(), Endpoint(GARDENS, fault=lambda query, _: body if kind(query) == asked else None))


# --- SPARQLWrapper -----------------------------------------------------------------------------------


def test_sparql_is_asked_through_the_client_so_that_its_address_guard_holds(tmp_path):
    guarded = feed(url="http://127.0.0.1:9/sparql")
    raw = RawStore(tmp_path)
    with (
        Client(guarded, raw, agent="archipel") as client,
        pytest.raises(SourceRefused, match="allow_private"),
    ):
        list(connectors.load("sparql").answers(guarded, client, raw))


def test_sparqlwrapper_is_loaded_with_this_connector_only():
    code = (
        "import sys, harvester.cli; from harvester import connectors; connectors.load('table'); "
        "assert 'SPARQLWrapper' not in sys.modules; connectors.load('sparql'); assert 'SPARQLWrapper' in sys.modules"
    )
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")


# --- recognising -------------------------------------------------------------------------------------

FORM = page("https://e.example/", '<form action="/sparql"><textarea name="query">SELECT</textarea></form>')


def held(*classes: tuple[str, int, str]) -> Looks:
    """An endpoint that tells its classes: their IRI, how many instances, the first of these."""
    rows = [
        {
            name: {"type": "literal", "value": str(value)}
            for name, value in zip(("class", "records", "first"), one, strict=True)
        }
        for one in classes
    ]
    asked = request(URL, CLASSES, method="get", graph=None)
    return Looks({asked.url: {"head": {"vars": []}, "results": {"bindings": rows}}})


PAIR = "http://virtual-assembly.org/ontologies/pair#"


def test_sparql_endpoint_is_recognised_by_its_form_and_told_by_its_classes():
    look = held(
        ("https://schema.org/Event", 7, "https://id.example/e1"),
        (f"{PAIR}Organization", 3, "https://id.example/o1"),
        (f"{PAIR}Person", 9, "https://id.example/users/1"),
        ("http://schema.org/Place", 4, "https://id.example/p1"),
        ("http://www.w3.org/2004/02/skos/core#Concept", 50, "https://id.example/c1"),
    )
    found = connectors.load("sparql").recognised(FORM, look)
    assert found.url == URL
    assert found.keys == {
        "classes": ["https://schema.org/Event", "pair:Organization"],
        "namespace": "https://id.example/",
    }
    assert found.learned[0] == "class https://schema.org/Event: 7 of kind event"
    assert "Person" not in str(found)


def test_sparql_endpoint_is_recognised_by_what_it_says_of_itself():
    said = f"[] a <{SD}Service> ; <{SD}endpoint> <{URL}> ."
    described = Seen("https://e.example/", said.encode(), "text/turtle")
    found = connectors.load("sparql").recognised(
        described, held((f"{PAIR}Project", 3, "https://e.example/1"))
    )
    assert (found.url, found.count, found.keys) == (URL, 3, {"classes": ["pair:Project"]})


def test_sparql_endpoint_too_large_to_tell_its_classes_is_recognised_by_answering_at_all():
    asked = request(URL, "ASK {}", method="get", graph=None)
    found = connectors.load("sparql").recognised(FORM, Looks({asked.url: {"head": {}, "boolean": True}}))
    assert (found.url, found.keys) == (URL, {"classes": []})
    assert "name those" in found.unknown[0]
    assert connectors.load("sparql").recognised(FORM, Looks({asked.url: {"boolean": "true"}})) is None


def test_sparql_endpoint_of_unknown_classes_is_left_to_a_person():
    found = connectors.load("sparql").recognised(
        FORM, held(("https://x.example/ns#Jardin", 3, "https://e.example/1"))
    )
    assert found.keys == {"classes": []}
    assert "none that we know" in found.unknown[0]


@pytest.mark.parametrize(
    "met",
    [page("https://e.example/", "SPARQL <form><input name=q></form>"), page("https://e.example/", "un agenda"),
     seen("https://e.example/", {"results": []}), Seen("https://e.example/", b"<a> <b> <c> .", "text/turtle"),
     Seen("https://e.example/", SD.encode() + b" [", "text/turtle"), FORM],
)  # fmt: skip
def test_sparql_address_that_is_no_endpoint_is_not_recognised(met):
    assert connectors.load("sparql").recognised(met, Looks()) is None
