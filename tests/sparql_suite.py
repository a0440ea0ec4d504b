"""The W3C SPARQL 1.1 suite, read from its manifests; answers compared as the suite says: by content, in any order."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyoxigraph as ox
from conftest import ROOT

SUITE = ROOT / "tests" / "conformance" / "sparql11"
WHERE = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RESULTS = {
    ".srx": ox.QueryResultsFormat.XML, ".srj": ox.QueryResultsFormat.JSON, ".tsv": ox.QueryResultsFormat.TSV,
}  # fmt: skip
DATA = {".ttl": ox.RdfFormat.TURTLE, ".rdf": ox.RdfFormat.RDF_XML, ".nt": ox.RdfFormat.N_TRIPLES}


class Case(NamedTuple):
    """One test; `default` and `named` are the graphs of its dataset, files of the suite."""

    name: str
    kind: str
    query: Path | None
    default: tuple[Path, ...] = ()
    named: tuple[Path, ...] = ()
    result: Path | None = None

    @property
    def text(self) -> str:
        """The query, its relative IRIs resolved where it stands."""
        assert self.query
        return f"BASE <{iri(self.query)}>\n{self.query.read_text(encoding='utf-8')}"


def iri(file: Path) -> str:
    return WHERE + file.relative_to(SUITE).as_posix()


def file(node) -> Path:
    return SUITE / node.value.removeprefix(WHERE)


@cache
def manifest(folder: str) -> ox.Store:
    store = ox.Store()
    path = SUITE / folder / "manifest.ttl"
    store.load(path=path, format=ox.RdfFormat.TURTLE, base_iri=iri(path))
    return store


def objects(store: ox.Store, subject, predicate: str):
    return [quad.object for quad in store.quads_for_pattern(subject, ox.NamedNode(predicate), None)]


def items(store: ox.Store, node) -> Iterator:
    """The members of a list."""
    while node.value != RDF + "nil":
        yield objects(store, node, RDF + "first")[0]
        (node,) = objects(store, node, RDF + "rest")


@cache
def cases() -> dict[str, Case]:
    return {
        case.name: case
        for folder in sorted(SUITE.iterdir())
        if folder.is_dir()
        for case in listed(folder.name)
    }


def listed(folder: str) -> Iterator[Case]:
    store = manifest(folder)
    (entries,) = (quad.object for quad in store.quads_for_pattern(None, ox.NamedNode(MF + "entries"), None))
    for node in items(store, entries):
        kind = next(one.value.removeprefix(MF) for one in objects(store, node, RDF + "type"))
        name = f"{folder}/{node.value.rpartition('#')[2]}"
        actions = objects(store, node, MF + "action")
        if kind.endswith("SyntaxTest11"):
            yield Case(name, kind, file(actions[0]))
        elif kind in ("QueryEvaluationTest", "CSVResultFormatTest"):
            (action,) = actions
            graphs = (tuple(map(file, objects(store, action, QT + term))) for term in ("data", "graphData"))
            (query,), (result,) = objects(store, action, QT + "query"), objects(store, node, MF + "result")
            yield Case(name, kind, file(query), *graphs, file(result))
        else:
            yield Case(name, kind, None)


def quads() -> bytes:
    """Every file of data that a test names, each in the graph named by its address."""
    told = cases().values()
    files = {one for case in told for one in (*case.default, *case.named)}
    return b"".join(loaded(one) for one in sorted(files))


def loaded(path: Path, graph: str | None = None) -> bytes:
    into = ox.NamedNode(graph or iri(path))
    parsed = ox.parse(path=path, format=DATA[path.suffix], base_iri=iri(path), rename_blank_nodes=True)
    quads = (ox.Quad(one.subject, one.predicate, one.object, into) for one in parsed)
    return ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""


# --- Answers ---


def expected(case: Case) -> Any:
    assert case.result
    if case.kind == "CSVResultFormatTest":
        return table(case.result.read_bytes())
    if case.result.suffix in RESULTS:
        return found(ox.parse_query_results(path=case.result, format=RESULTS[case.result.suffix]))
    return graph(ox.parse(path=case.result, format=DATA[case.result.suffix], base_iri=iri(case.result)))


def found(results) -> Any:
    """What an answer says: yes or no, rows whatever their order, or triples whatever their blank nodes."""
    if isinstance(results, ox.QueryBoolean):
        return bool(results)
    if not isinstance(results, ox.QuerySolutions):
        return graph(ox.Quad(*one) for one in results)
    names = [variable.value for variable in results.variables]
    rows = list(results)
    return sorted(names), canonical(cells(rows, names)), len(rows)


def cells(rows, names: list[str]) -> Iterator[ox.Quad]:
    """Each solution as a node that has its values, so that blank nodes may be compared."""
    for row in rows:
        node = ox.BlankNode()
        yield ox.Quad(node, ox.NamedNode(RDF + "type"), ox.NamedNode(MF + "row"))
        for name in names:
            if row[name] is not None:
                yield ox.Quad(node, ox.NamedNode(f"urn:variable:{name}"), row[name])


def graph(triples) -> Any:
    return canonical(ox.Quad(one.subject, one.predicate, one.object) for one in triples)


def canonical(quads) -> Counter[str]:
    store = ox.Store()  # writes literals its own way, on both sides
    store.extend(quads)
    told = ox.Dataset(store)
    told.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return Counter(map(str, told))


def table(body: bytes) -> Any:
    """CSV, its columns by name; blank nodes are alike."""
    head, *rows = csv.reader(io.StringIO(body.decode(), newline=""))
    plain = (["_:" if cell.startswith("_:") else cell for cell in row] for row in rows)
    return Counter(tuple(sorted(zip(head, row, strict=True))) for row in plain)
