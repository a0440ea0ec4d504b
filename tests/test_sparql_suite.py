"""The W3C SPARQL 1.1 suite over HTTP: the endpoint answers what the engine can, and never what it gets wrong.

The dataset of each test is named by the protocol, so that the union of the endpoint plays no part. What
the engine alone fails is listed in engine-failures.toml: the endpoint must mend it or refuse it, and a
failure that is one no longer is a failure of this test.
"""

from __future__ import annotations

import tomllib
from collections import Counter

import pyoxigraph as ox
import pytest
from queried import checkpoint, endpoint
from sparql_suite import RESULTS, SUITE, Case, cases, expected, found, graph, iri, quads, table

from harvester.triplestore import QueryPool
from harvester.triplestore.lexer import words

NOTHING = "http://e/nothing"
LISTED = tomllib.loads((SUITE.parent / "engine-failures.toml").read_text(encoding="utf-8"))["failure"]
FAILURES = {one["test"]: one for one in LISTED}
EVALUATED = [name for name, case in cases().items() if case.result]
SYNTAX = [name for name, case in cases().items() if case.kind.endswith("SyntaxTest11")]
SERVICE = {name for name in SYNTAX if name.startswith("syntax-fed/")}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return checkpoint(tmp_path_factory.mktemp("suite"), quads())


@pytest.fixture(scope="module")
def client(made, tmp_path_factory):
    pool = QueryPool(made, workers=1)
    with endpoint(pool, tmp_path_factory.mktemp("layout")) as client:
        yield client
    pool.close()


@pytest.fixture(scope="module")
def store(made):
    return ox.Store.read_only(str(made))


def addresses(case: Case):
    """The dataset of a test; none when the query itself names it."""
    if "FROM" in words(case.text):
        return [], []
    return [*map(iri, case.default)] or [NOTHING], [*map(iri, case.named)]


def asked(client, case: Case, accept: str):
    default, named = addresses(case)
    form = {"query": case.text, "default-graph-uri": default, "named-graph-uri": named}
    return client.post("/sparql", data=form, headers={"accept": accept})


def accepted(case: Case) -> str:
    """The format in which the suite expects the answer, so that each of ours is read back."""
    if case.kind == "CSVResultFormatTest":
        return "text/csv"
    rows = {".srx": "application/sparql-results+xml", ".tsv": "text/tab-separated-values"}
    return rows.get(case.result.suffix, "application/sparql-results+json") + ", application/n-triples"


def read(answer, case: Case):
    if case.kind == "CSVResultFormatTest":
        return table(answer.content)
    media = answer.headers["content-type"].partition(";")[0]
    if media == "application/n-triples":
        return graph(ox.parse(answer.content, format=ox.RdfFormat.N_TRIPLES))
    formats = {one.media_type.partition(";")[0]: one for one in RESULTS.values()}
    return found(ox.parse_query_results(answer.content, format=formats[media]))


@pytest.mark.parametrize("name", EVALUATED)
def test_a_query_is_answered_well_or_refused(client, name):
    case = cases()[name]
    answer = asked(client, case, accepted(case))
    if FAILURES.get(name, {}).get("endpoint") == "refuses":
        assert (501, "wrong-answer") == (answer.status_code, answer.json()["kind"])
    else:
        assert answer.status_code == 200, answer.text
        same = expected(case) == read(answer, case)
        assert same == (FAILURES.get(name, {}).get("endpoint") != "answers")


@pytest.mark.parametrize("name", FAILURES)
def test_the_engine_alone_still_fails(store, name):
    case = cases()[name]
    default, named = ([ox.NamedNode(one) for one in some] for some in addresses(case))
    results = store.query(case.text, default_graph=default, named_graphs=named)
    csv = case.kind == "CSVResultFormatTest"
    answer = table(results.serialize(format=ox.QueryResultsFormat.CSV)) if csv else found(results)
    assert expected(case) != answer, (
        f"the engine passes {name} now: mend the list, and look whether a query is refused in vain"
    )


@pytest.mark.parametrize("name", SYNTAX)
def test_the_grammar_is_that_of_the_suite(client, name):
    answer = asked(client, cases()[name], "*/*")
    if name in SERVICE:
        assert (403, "service") == (answer.status_code, answer.json()["kind"])
    elif cases()[name].kind == "NegativeSyntaxTest11":
        assert (400, "syntax") == (answer.status_code, answer.json()["kind"])
    else:
        assert answer.status_code == 200 or "custom function" in answer.json()["detail"], answer.text


def test_the_whole_suite_is_there():
    kinds = Counter(case.kind for case in cases().values())
    assert kinds == {
        "QueryEvaluationTest": 232, "CSVResultFormatTest": 3, "PositiveSyntaxTest11": 66, "NegativeSyntaxTest11": 40,
        "ProtocolTest": 34, "ServiceDescriptionTest": 3,
    }  # fmt: skip


def test_every_failure_of_the_engine_is_a_test_and_says_why():
    assert [name for name in FAILURES if name not in EVALUATED] == []
    assert all(one["reason"].strip() for one in LISTED)
    assert {one["endpoint"] for one in LISTED} <= {"refuses", "mends", "answers"}
    assert len(LISTED) == len(FAILURES)
