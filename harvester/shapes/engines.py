"""Room: N-Triples bytes -> SHACL results, by one of two engines.

`shacl` (Rust) where it has a wheel; `pyshacl` on the rdflib memory graph, never on a store and never
with inference, everywhere else and as oracle in the tests. What an engine cannot read is a
RecordError; nothing is said to people here.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any

import structlog

from harvester.errors import RecordError
from harvester.model import Severity
from harvester.shapes.graph import SH, local, shapes_turtle
from harvester.shapes.linter import refuse_faults

_STOPPED = (ArithmeticError, RuntimeError, TypeError, ValueError)
"""How pyshacl ends on literals that it cannot compare: "NaN"^^xsd:decimal, an ill-formed dateTime."""

_SEVERITIES = {str(severity): severity for severity in Severity}
_RESULT = ("focusNode", "resultSeverity", "sourceShape", "resultPath", "value")
_ONE_IRI = re.compile(r"<([^<>]*)>")


@dataclass(frozen=True, slots=True)
class Result:
    """One SHACL validation result.

    `focus` and `shape` are IRIs in full (a focus that is a literal is written as in N-Triples);
    `path` is the IRI of a property, empty for a longer path or none; `value` is plain text.
    """

    focus: str
    severity: Severity
    shape: str
    path: str
    value: str | None


Engine = Callable[[bytes], list[Result]]
"""Checks one batch of N-Triples. Raises RecordError when it cannot read it or come to an end with it."""


def default_engine() -> Engine:
    """`shacl` where it is installed, else `pyshacl`, which the log says once.

    Raises:
        ConfigError: the shapes have faults.
    """
    refuse_faults()
    if find_spec("shacl"):
        return shacl_engine()
    _say_slow()
    return pyshacl_engine()


@cache
def _say_slow() -> None:
    structlog.get_logger().warning("shapes are checked by the slow engine", engine="pyshacl", missing="shacl")


def shacl_engine(turtle: str | None = None) -> Engine:
    """The fast engine, over the house's shapes or others; compiled once, results in a fixed order."""
    import shacl

    compiled = shacl.Shapes.from_text(_silent(turtle), format="ntriples")

    def check(ntriples: bytes) -> list[Result]:
        try:
            report = compiled.validate_text(ntriples.decode(), format="ntriples")
        except ValueError as error:
            raise RecordError(f"the SHACL engine cannot read the batch: {error}") from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # Rust's, which no module lets us import
                raise
            raise RecordError(f"the SHACL engine stopped at the batch: {error}") from error
        return [_shacl_result(result) for result in report.results]

    return check


def _silent(turtle: str | None) -> str:
    """The shapes as N-Triples without their messages, which would be copied into every result to no end."""
    import pyoxigraph as ox

    text = shapes_turtle() if turtle is None else turtle
    quads = ox.parse(input=text, format=ox.RdfFormat.TURTLE)
    kept = (quad.triple for quad in quads if quad.predicate.value != SH + "message")
    ntriples = ox.serialize(kept, format=ox.RdfFormat.N_TRIPLES)
    assert ntriples is not None
    return ntriples.decode()


def _shacl_result(result: Any) -> Result:
    focus = result.focus_node
    return Result(
        focus=focus[1:-1] if focus.startswith("<") else focus,
        severity=_SEVERITIES[result.severity],
        shape=_iri(result.root_shape or result.source_shape),
        path=_iri(result.path or ""),
        value=result.value_plain,
    )


def pyshacl_engine(turtle: str | None = None) -> Engine:
    """The pure Python engine, over the house's shapes or others: slow, on every platform, in no order."""
    import pyshacl
    from rdflib import Graph
    from rdflib.exceptions import ParserError

    with spelling_kept():
        shapes = Graph().parse(data=_silent(turtle), format="nt")

    def check(ntriples: bytes) -> list[Result]:
        try:
            with spelling_kept():
                data = Graph().parse(data=ntriples, format="nt")
                _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none")
        except (ParserError, *_STOPPED) as error:
            raise RecordError(f"the SHACL engine cannot read the batch: {error}") from error
        if not isinstance(report, Graph):
            raise RecordError(f"the SHACL engine cannot read the batch: {report}")
        return [_pyshacl_result(report, node) for node in report.objects(None, _term("result"))]

    return check


@contextmanager
def spelling_kept() -> Iterator[None]:
    """Literals keep their spelling, and ill-formed ones are findings, not log lines; then all is as before.

    rdflib has one switch for the whole process; pyshacl turns it too, and leaves it on, not as it was.
    """
    import rdflib

    log = logging.getLogger("rdflib")
    before, level = rdflib.NORMALIZE_LITERALS, log.level
    rdflib.NORMALIZE_LITERALS = False
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        rdflib.NORMALIZE_LITERALS = before
        log.setLevel(level)


def _pyshacl_result(report: Any, node: Any) -> Result:
    from rdflib import URIRef

    focus, severity, shape, path, value = (report.value(node, _term(name)) for name in _RESULT)
    return Result(
        focus=_focus(focus),
        severity=_SEVERITIES[local(str(severity))],
        shape=str(shape),
        path=str(path) if isinstance(path, URIRef) else "",
        value=None if value is None else str(value),
    )


@cache
def _term(name: str) -> Any:
    from rdflib import URIRef

    return URIRef(SH + name)


def _focus(term: Any) -> str:
    """An IRI as it is, a literal as in N-Triples."""
    import pyoxigraph as ox
    from rdflib import Literal

    if not isinstance(term, Literal):
        return str(term)
    datatype = ox.NamedNode(str(term.datatype)) if term.datatype else None
    return str(ox.Literal(str(term), language=term.language, datatype=datatype))


@lru_cache(maxsize=4096)
def _iri(term: str) -> str:
    """The IRI of an N-Triples term or of a path; empty when it is anything else."""
    found = _ONE_IRI.fullmatch(term)
    return found[1] if found else ""
