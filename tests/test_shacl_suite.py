"""Both engines pass the W3C SHACL test suite but for the failures listed: the gate for their upgrades.

Compared: the verdict, and of each result its focus node, path, component, severity, value and source
shape. Blank nodes count as one, and so do paths longer than one property.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pyoxigraph as ox
import pyshacl
import pytest
import shacl
from conftest import ROOT
from pyshacl.errors import ReportableRuntimeError
from rdflib import BNode, Graph, Literal, URIRef

from harvester.shapes.engines import spelling_kept

SUITE = ROOT / "tests" / "conformance" / "shacl"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
SH = "http://www.w3.org/ns/shacl#"
SHT = "http://www.w3.org/ns/shacl-test#"
TERMS = ("focusNode", "resultPath", "sourceConstraintComponent", "resultSeverity", "value", "sourceShape")

Report = tuple[bool, Counter[tuple[str, ...]]] | None
"""(conforms, results as in TERMS); None for a failure."""


class Case(NamedTuple):
    """One test of the suite."""

    name: str
    data: Path
    shapes: Path
    expected: Report


@lru_cache(maxsize=1)
def cases() -> dict[str, Case]:
    return {case.name: case for case in listed(SUITE / "manifest.ttl")}


def listed(manifest: Path) -> Iterator[Case]:
    """The cases of a manifest and of those it includes."""
    quads = ox.parse(path=manifest, format=ox.RdfFormat.TURTLE, base_iri=manifest.as_uri())
    graph = [quad.triple for quad in quads]  # no store: it would write literals its own way
    for path in sorted(file(one) for one in objects(graph, ox.NamedNode(manifest.as_uri()), MF + "include")):
        yield from listed(path)
    for test in [triple.subject for triple in graph if triple.object == ox.NamedNode(SHT + "Validate")]:
        (action,), (expected,) = (objects(graph, test, MF + term) for term in ("action", "result"))
        (data,), (shapes,) = (objects(graph, action, SHT + term) for term in ("dataGraph", "shapesGraph"))
        name = str(file(test).relative_to(SUITE))
        yield Case(name, file(data), file(shapes), report(graph, expected))


def objects(graph: list[ox.Triple], subject, predicate: str):
    return [one.object for one in graph if one.subject == subject and one.predicate.value == predicate]


def file(node) -> Path:
    return Path(unquote(urlsplit(node.value).path))


def report(graph: list[ox.Triple], node) -> Report:
    """A validation report written in RDF."""
    if node == ox.NamedNode(SHT + "Failure"):
        return None
    (conforms,) = objects(graph, node, SH + "conforms")
    rows = (tuple(told(graph, one, term) for term in TERMS) for one in objects(graph, node, SH + "result"))
    return conforms.value == "true", Counter(rows)


def told(graph: list[ox.Triple], result, term: str) -> str:
    return "".join(plain(str(value)) for value in objects(graph, result, SH + term))


def plain(text: str) -> str:
    """A term as N-Triples, all blank nodes alike."""
    return "_:" if text.startswith("_:") else text


def by_shacl(case: Case) -> Report:
    try:
        shapes = shacl.Shapes.from_turtle(case.shapes.read_text(), base=case.shapes.as_uri())
        found = shapes.validate_turtle(case.data.read_text(), base=case.data.as_uri())
    except ValueError:
        return None
    return found.conforms, Counter(row(result) for result in found.results)


def row(result: shacl.Result) -> tuple[str, ...]:
    path = result.path or ""
    return (
        plain(result.focus_node),
        path if re.fullmatch("<[^<>]*>|", path) else "_:",
        f"<{result.component_iri}>",
        f"<{result.severity_iri}>",
        plain(result.value or ""),
        plain(result.source_shape or ""),
    )


def by_pyshacl(case: Case) -> Report:
    with spelling_kept():
        data, shapes = (
            Graph().parse(path, format="turtle", publicID=path.as_uri()) for path in (case.data, case.shapes)
        )
        try:
            conforms, graph, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none")
        except (ReportableRuntimeError, NotImplementedError):
            return None
    if not isinstance(graph, Graph):
        return None
    rows = (
        tuple("".join(term(value) for value in graph.objects(result, URIRef(SH + name))) for name in TERMS)
        for result in graph.objects(None, URIRef(SH + "result"))
    )
    return conforms, Counter(rows)


def term(node) -> str:
    """A term of rdflib as N-Triples."""
    if isinstance(node, BNode):
        return "_:"
    if isinstance(node, Literal):
        datatype = ox.NamedNode(str(node.datatype)) if node.datatype else None
        return str(ox.Literal(str(node), language=node.language, datatype=datatype))
    return f"<{node}>"


ENGINES = {"shacl": by_shacl, "pyshacl": by_pyshacl}
LISTED = tomllib.loads((SUITE / "expected-failures.toml").read_text(encoding="utf-8")).get("failure", [])
EXPECTED = {(one["engine"], one["test"]): one["reason"] for one in LISTED}


def test_the_whole_suite_is_there():
    assert Counter(name.split("/")[0] for name in cases()) == {"core": 98, "sparql": 22}
    assert sum(case.expected is None for case in cases().values()) == 7


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", sorted(cases()))
def test_engine_does_what_the_suite_expects(engine, name):
    case = cases()[name]
    found = ENGINES[engine](case)
    if (engine, name) in EXPECTED:
        assert found != case.expected, f"{engine} passes {name} now: mend the list"
    else:
        assert found == case.expected


def test_every_expected_failure_is_a_test_and_says_why():
    assert [one for one in EXPECTED if one[0] not in ENGINES or one[1] not in cases()] == []
    assert all(reason.strip() for reason in EXPECTED.values())
    assert len(EXPECTED) == len(LISTED)
