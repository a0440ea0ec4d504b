"""The W3C suites of the SPARQL 1.1 Protocol and of the Service Description, request by request, over HTTP.

Requests that update are refused with a 4xx, whatever the suite expects of an endpoint that writes.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pyoxigraph as ox
import pytest
from queried import BASE, checkpoint, endpoint
from sparql_suite import MF, cases, file, items, loaded, manifest, objects

from harvester.triplestore import QueryPool

HT, CNT = "http://www.w3.org/2011/http#", "http://www.w3.org/2011/content#"
UT, LABEL = "http://www.w3.org/2009/sparql/tests/test-update#", "http://www.w3.org/2000/01/rdf-schema#label"
SD = "http://www.w3.org/ns/sparql-service-description#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
TESTS = [name for name, case in cases().items() if case.kind == "ProtocolTest"]
FORMATS = {
    "boolean": "application/sparql-results+(json|xml)", "tabular": "application/sparql-results+(json|xml)",
    "RDF": "text/turtle|application/(rdf+xml|n-triples|ld+json)",
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    told, data = manifest("protocol"), b""
    for node in {quad.object for quad in told.quads_for_pattern(None, ox.NamedNode(UT + "graphData"), None)}:
        (path,), (name,) = objects(told, node, UT + "graph"), objects(told, node, LABEL)
        data += loaded(file(path), name.value)
    folder = tmp_path_factory.mktemp("protocol")
    pool = QueryPool(checkpoint(folder, data), workers=1)
    with endpoint(pool, folder) as client:
        yield client
    pool.close()


def one(node, term):
    values = objects(manifest("protocol"), node, term)
    return values[0] if values else None


def requests(name):
    """The requests of a test, those of its `ht:requests` list in order."""
    told = manifest("protocol")
    (test,) = (quad.subject for quad in told.quads_for_pattern(None, ox.NamedNode(TYPE), ox.NamedNode(MF + "ProtocolTest"))
               if quad.subject.value.endswith("#" + name.partition("/")[2]))  # fmt: skip
    return list(items(told, one(one(test, MF + "action"), HT + "requests")))


def sent(client, node):
    told = manifest("protocol")
    path = urlsplit(one(node, HT + "absolutePath").value)
    headers = {"accept": "*/*"}
    for header in items(told, one(node, HT + "headers")) if one(node, HT + "headers") else ():
        headers[one(header, HT + "fieldName").value] = one(header, HT + "fieldValue").value
    body = one(node, HT + "body")
    content = None
    if body:
        charset = one(body, CNT + "characterEncoding")
        content = one(body, CNT + "chars").value.encode(charset.value if charset else "utf-8")
    url = "/sparql" + (f"?{path.query}" if path.query else "")
    return client.request(one(node, HT + "methodName").value, url, content=content, headers=headers)


def updates(node):
    """True for a request of an update: they are all refused here."""
    text = str(one(node, HT + "absolutePath")) + str(
        one(one(node, HT + "body"), CNT + "chars") if one(node, HT + "body") else ""
    )
    headers = (
        [str(one(each, HT + "fieldValue")) for each in items(manifest("protocol"), one(node, HT + "headers"))]
        if one(node, HT + "headers")
        else []
    )
    return "update=" in text or "sparql-update" in " ".join(headers)


@pytest.mark.parametrize("name", TESTS)
def test_the_protocol_is_kept_and_updates_are_refused(client, name):
    refused = False
    for node in requests(name):
        answer = sent(client, node)
        response = one(node, HT + "resp")
        if updates(node) or refused:
            refused = True  # what follows asks what the update has done
            assert answer.status_code < 500
            if updates(node):
                assert 400 <= answer.status_code
            continue
        wanted = [
            one_.value.rpartition("StatusCode")[2]
            for one_ in objects(manifest("protocol"), response, MF + "expectedStatus")
        ]
        assert any(re.fullmatch(each.replace("x", r"\d"), str(answer.status_code)) for each in wanted), (
            answer.text
        )
        format_, boolean = one(response, MF + "expectedFormat"), one(response, MF + "expectedBoolean")
        if format_ and answer.status_code == 200:
            assert re.match(FORMATS[format_.value].replace("+", r"\+"), answer.headers["content-type"])
        if boolean:
            assert answer.json()["boolean"] == (boolean.value == "true")


@pytest.fixture
def description(client):
    answer = client.get("/sparql", headers={"accept": "text/turtle"})
    assert (200, "text/turtle; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    return [quad.triple for quad in ox.parse(answer.content, format=ox.RdfFormat.TURTLE)]


def test_a_bare_get_returns_rdf(description):
    assert description


def test_the_description_names_its_endpoint(description):
    assert f"{BASE}sparql" in [
        one.object.value for one in description if one.predicate.value == SD + "endpoint"
    ]


def test_the_description_conforms_to_its_schema(description):
    """Every term used is one of the vocabulary, and stands where its domain and range say (section 3)."""
    classes = {one.subject: one.object.value for one in description if one.predicate.value == TYPE}
    used = {one.predicate.value.removeprefix(SD) for one in description if one.predicate.value.startswith(SD)}
    properties = {
        "endpoint", "feature", "defaultEntailmentRegime", "supportedLanguage", "languageExtension", "defaultDataset",
        "availableGraphs", "resultFormat", "inputFormat", "defaultGraph", "namedGraph", "name", "graph",
    }  # fmt: skip
    assert used <= properties
    for triple in description:
        term = triple.predicate.value.removeprefix(SD)
        if term in ("endpoint", "feature", "supportedLanguage", "defaultDataset", "resultFormat"):
            assert classes[triple.subject] == SD + "Service"
        if term == "namedGraph":
            assert (classes[triple.subject], classes[triple.object]) == (SD + "Dataset", SD + "NamedGraph")
    assert SD + "Service" in classes.values()
