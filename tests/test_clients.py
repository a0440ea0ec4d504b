"""Clients that people use, unmodified: what they ask is understood, what they get they can read."""

from __future__ import annotations

import subprocess
import warnings

import pytest
from queried import checkpoint, endpoint
from rdflib import URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, JSONLD, N3, POST, POSTDIRECTLY, RDFXML, TSV, TURTLE, XML, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

from harvester.triplestore import QueryPool

DATA = b'<http://e/a> <http://e/p> "un"@fr <http://e/g> .\n<http://e/b> <http://e/p> <http://e/a> <http://e/g> .\n'
ROWS = "SELECT ?s ?o WHERE { ?s <http://e/p> ?o } ORDER BY ?s"
TRIPLES = "CONSTRUCT WHERE { ?s ?p ?o }"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients")
    pool = QueryPool(checkpoint(folder, DATA), workers=2, timeout_s=20)
    with endpoint(pool, folder) as client:
        yield str(client.base_url.join("/sparql"))
    pool.close()


def wrapper(address, query, format_=None):
    asked = SPARQLWrapper(address)
    asked.setQuery(query)
    if format_:
        asked.setReturnFormat(format_)
    return asked


def test_sparqlwrapper_reads_rows(address):
    told = wrapper(address, ROWS, JSON).queryAndConvert()["results"]["bindings"]
    assert [row["s"]["value"] for row in told] == ["http://e/a", "http://e/b"]
    assert "http://e/b" in wrapper(address, ROWS, XML).queryAndConvert().toxml()
    assert b"http://e/b" in wrapper(address, ROWS, CSV).queryAndConvert()
    assert b"<http://e/b>" in wrapper(address, ROWS, TSV).queryAndConvert()
    assert wrapper(address, "ASK { ?s ?p ?o }", JSON).queryAndConvert()["boolean"] is True


@pytest.mark.parametrize("method", [POST, POSTDIRECTLY])
def test_sparqlwrapper_posts(address, method):
    asked = wrapper(address, ROWS, JSON)
    if method == POSTDIRECTLY:
        asked.setRequestMethod(POSTDIRECTLY)
    asked.setMethod(POST)
    asked.addDefaultGraph("http://e/g")
    assert len(asked.queryAndConvert()["results"]["bindings"]) == 2


@pytest.mark.parametrize("format_", [TURTLE, N3, RDFXML, JSONLD, XML])
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # by SPARQLWrapper 2.0 with rdflib 7
def test_sparqlwrapper_reads_triples(address, format_):
    told = wrapper(address, TRIPLES, format_).queryAndConvert()
    assert b"http://e/b" in told if isinstance(told, bytes) else len(told) == 2


def test_sparqlwrapper_hears_of_a_fault_of_syntax(address):
    with pytest.raises(QueryBadFormed, match="1:10"):
        wrapper(address, "SELECT * }", JSON).query()


def test_the_store_of_rdflib_reads_and_asks(address):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        store = SPARQLStore(address)
        assert len(list(store.triples((None, URIRef("http://e/p"), None)))) == 2
        assert {str(row[0]) for row in store.query(ROWS)} == {"http://e/a", "http://e/b"}
        assert bool(store.query("ASK { <http://e/b> ?p <http://e/a> }"))
        assert len(store) == 2


def test_curl_asks_unpacks_and_sees_what_is_broken(address):
    def curl(*words):
        return subprocess.run(
            ["curl", "-sS", "--noproxy", "*", *words], capture_output=True, text=True, check=False
        )

    assert (
        "http://e/b"
        in curl("--compressed", "-H", "Accept: text/csv", "--data-urlencode", f"query={ROWS}", address).stdout
    )
    assert "UnionDefaultGraph" in curl(address).stdout
    assert "HTTP/1.1 405" in curl("-i", "-X", "PUT", address).stdout
    assert '"kind":"update"' in curl("--data-urlencode", "update=DROP ALL", address).stdout
