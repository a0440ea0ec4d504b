"""Each known wrong answer of the engine: still wrong upstream, never given by the endpoint, well written up."""

from __future__ import annotations

import re
import time
from collections import Counter

import pyoxigraph as ox
import pytest
from conftest import ROOT
from queried import checkpoint

from harvester.errors import QueryError
from harvester.triplestore import Query, QueryPool
from harvester.triplestore.soundness import FAULTS, checked

PAGE = (ROOT / "docs/explanation/what-the-engine-gets-wrong.md").read_text(encoding="utf-8")
SECTIONS = {
    name: re.findall(r"```\w+\n(.*?)```", body, re.DOTALL)
    for name, body in re.findall(r"^## ([a-z-]+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
}
MENDED = {"group-concat"}
PREFIX = "PREFIX : <http://e/> "


def rows(csv):
    head, *lines = csv.replace('""', "").splitlines()
    return head, Counter(lines)


@pytest.fixture(scope="module")
def pools(tmp_path_factory):
    """A pool over the data of each section."""
    opened = {}
    for name, (trig, *_) in SECTIONS.items():
        nquads = ox.serialize(ox.parse(trig, format=ox.RdfFormat.TRIG), format=ox.RdfFormat.N_QUADS)
        opened[name] = QueryPool(checkpoint(tmp_path_factory.mktemp(name), nquads), workers=1)
    yield opened
    for pool in opened.values():
        pool.close()


def answer(pool, query):
    return rows(b"".join(pool.ask(Query(query, results="csv")).chunks).decode())


def test_every_fault_is_written_up():
    assert set(SECTIONS) == set(FAULTS) | MENDED


@pytest.mark.parametrize("name", SECTIONS)
def test_the_engine_alone_is_still_wrong(name):
    trig, query, expected, got, *_ = SECTIONS[name]
    store = ox.Store()
    store.load(trig, format=ox.RdfFormat.TRIG)
    told = store.query(query, use_default_graph_as_union=True).serialize(format=ox.QueryResultsFormat.CSV)
    assert rows(told.decode()) == rows(got)
    assert rows(got) != rows(expected)


@pytest.mark.parametrize("name", SECTIONS)
def test_the_endpoint_mends_it_or_refuses_and_what_it_advises_is_right(pools, name):
    _, query, expected, _, *advised = SECTIONS[name]
    if name in MENDED:
        assert rows(expected) == answer(pools[name], query)
        return
    with pytest.raises(QueryError) as caught:
        pools[name].ask(Query(query))
    assert (501, "wrong-answer", name) == (caught.value.status, caught.value.kind, caught.value.more["fault"])
    assert rows(expected) == answer(pools[name], advised[0])


WRONG = {
    "graph-subselect": [
        "SELECT * { GRAPH ?g { { SELECT ?s { ?s :p ?o } } } }",
        "SELECT * { GRAPH ?g { ?s :p ?o FILTER EXISTS { SELECT ?s { ?s :p ?x } } } }",
        "SELECT ?s { GRAPH $g { OPTIONAL { SELECT ?s { ?s :p ?o } } } }",
    ],
    "graph-unbound": [
        "SELECT * { GRAPH ?g { { ?s :p ?o } UNION { VALUES ?x { 1 } } } }",
        "SELECT * { GRAPH ?g { GRAPH :g1 { ?s ?p ?o } } }",
        "SELECT * { GRAPH ?g { {} VALUES ?x { 1 } } }",
        "SELECT * { GRAPH # a comment\n ?g { VALUES ?x { 1 } OPTIONAL { ?s :p ?x } } }",
        "ASK { FILTER(1 < 2 && EXISTS { GRAPH ?g { VALUES ?x { 1 } } }) }",
    ],
    "graph-minus": [
        "SELECT * { GRAPH ?g { { ?s :p ?o } MINUS { ?x :p :b } } }",
        "SELECT * { GRAPH ?g { MINUS { :a :p :b } } }",
        "SELECT * { GRAPH ?g { ?s :p ?o FILTER EXISTS { ?x :p ?y MINUS { ?z :p :b } } } }",
    ],
    "zero-length": [
        "SELECT * { ?x :p? :absent }", "SELECT * { ?x (:p|:q)* 5 }", "SELECT * { :absent :p*/:q? ?x }",
        "ASK { :absent :p* :absent }", "SELECT * { :b :q ?y ; ^:p* ?x . <http://e/absent> (:p?)+ ?y }",
        "SELECT * { GRAPH :g2 { :a :p* ?x } }", "SELECT * { GRAPH ?g { :a :p* ?x } }",
        "SELECT * FROM :g2 { :a :p* ?x }", 'SELECT * { ?s :p [ :q ( "absent"@fr [ :p* :absent ] ) ] }',
        "SELECT * { { SELECT * { FILTER NOT EXISTS { ?x :p* true } } } }",
        "SELECT * { :p :p* ?x }",
    ],
    "labelled-node": ["SELECT (BNODE(?s) AS ?b) { ?s :p ?o }", "SELECT * { FILTER(isBLANK(bnode ( # x\n 'a'))) }"],
}  # fmt: skip
RIGHT = [
    "SELECT * { GRAPH ?g { ?s :p ?o VALUES ?s { :a } } }",
    "SELECT * { GRAPH ?g { VALUES ?s { :a } ?s :p ?o } }",
    "SELECT * { GRAPH ?g { ?s :p ?o OPTIONAL { VALUES ?x { 1 } } } }",
    "SELECT * { GRAPH ?g { ?s :p ?o MINUS { ?s :q ?x } } }",
    "SELECT * { GRAPH ?g { ?s :p ?o FILTER NOT EXISTS { ?x :q ?y } } }",
    "SELECT * { GRAPH ?g { } }",
    "SELECT * { GRAPH ?g { BIND(1 AS ?x) } }",
    "SELECT * { GRAPH ?g { { ?s :p ?o } UNION { ?o :q ?s } } }",
    "SELECT * { GRAPH :g1 { VALUES ?x { 1 } } }",
    "SELECT * { GRAPH :g1 { SELECT ?s { ?s :p ?o } } }",
    "SELECT * { GRAPH ?g { ?s :p ?o } MINUS { ?x :p :b } }",
    "SELECT * { :a :p* ?x }",
    "SELECT * { ?x :p? :b }",
    "SELECT * { :absent :p+ ?x }",
    "SELECT * { :absent :p*/:q ?x }",
    "SELECT * { :absent !(:p|^:q) ?x }",
    "ASK { :a :p* :absent }",
    "SELECT * { ?x :p* ?y }",
    "SELECT * { GRAPH :g1 { :a :p* ?x } }",
    "SELECT * FROM :g1 { :a :p* ?x }",
    "SELECT (COUNT(*) * 2 AS ?n) { ?s ?p ?o }",
    "SELECT * { ?s ?p ?o FILTER(?o*2 > 1 || ?o = 'a* ?') }",
    "SELECT * { BIND(BNODE() AS ?x) ?s <http://e/BNODE(> ?o } # BNODE(1)",
]
TWO = b"""<http://e/a> <http://e/p> <http://e/b> <http://e/g1> .
<http://e/a> <http://e/q> "true" <http://e/g1> .
<http://e/e> <http://e/p> <http://e/f> <http://e/g2> .
"""


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    pool = QueryPool(checkpoint(tmp_path_factory.mktemp("two"), TWO), workers=1)
    yield pool
    pool.close()


@pytest.mark.parametrize(
    ("fault", "query"), [(fault, query) for fault, some in WRONG.items() for query in some]
)
def test_a_fault_is_found_wherever_it_hides(pool, fault, query):
    with pytest.raises(QueryError) as caught:
        pool.ask(Query(PREFIX + query))
    assert caught.value.more.get("fault") == fault, caught.value


@pytest.mark.parametrize("query", RIGHT)
def test_what_the_engine_answers_well_is_not_refused(pool, query):
    assert b"".join(pool.ask(Query(PREFIX + query, results="csv")).chunks) is not None


@pytest.mark.parametrize(
    "query", [query for query in RIGHT if "GRAPH ?g {" in query and "MINUS { ?x" not in query]
)
def test_a_graph_that_varies_is_answered_as_the_union_of_each(pool, query):
    """Section 18.6, literally: the same query of each graph, with the graph for the variable."""
    each = [query.replace("GRAPH ?g {", f"VALUES ?g {{ :g{n} }} GRAPH :g{n} {{") for n in (1, 2)]
    heads, counts = zip(*(answer(pool, PREFIX + one) for one in each), strict=True)
    columns = answer(pool, PREFIX + query)
    assert sorted(heads[0].split(",")) == sorted(columns[0].split(","))
    assert counted(columns) == counted((heads[0], counts[0])) + counted((heads[1], counts[1]))


def counted(table):
    """Rows by the names of their columns."""
    head, lines = table
    names = head.split(",")
    told = Counter()
    for line, times in lines.items():
        told[frozenset(zip(names, line.split(","), strict=True))] += times
    return told


@pytest.mark.parametrize(
    ("query", "mended"),
    [
        ("SELECT (GROUP_CONCAT(DISTINCT ?o ; separator=') GROUP_CONCAT(') AS ?x) { ?s ?p ?o }", 1),
        ("SELECT ?s { ?s ?p ?o } GROUP BY ?s HAVING(group_concat(?o) = 'x') ORDER BY GROUP_CONCAT(?o)", 2),
        ("# GROUP_CONCAT(\nSELECT ('GROUP_CONCAT(' AS ?x) { ?s <http://e/GROUP_CONCAT(x)> ?o }", 0),
    ],
)
def test_a_mended_query_is_still_one(pool, query, mended):
    assert checked(query).text.lower().count("str(group_concat(") == mended
    assert b"".join(pool.ask(Query(query, results="csv")).chunks)


def test_an_ordinary_query_pays_next_to_nothing():
    query = "PREFIX e: <http://e/> SELECT DISTINCT ?s (COUNT(*) AS ?n) { ?s e:p ?o ; e:q 'x' } GROUP BY ?s LIMIT 9"
    began = time.process_time()
    for number in range(1000):
        checked(query + f" OFFSET {number}")
    assert time.process_time() - began < 0.5  # seconds for a thousand
