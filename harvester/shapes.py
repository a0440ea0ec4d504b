"""Room: N-Triples bytes -> findings, by the shapes of `shapes/`.

One contract, two engines: `shacl` where it has a wheel, `pyshacl` on the rdflib memory graph
everywhere else and as oracle in the tests. Messages are read from the shapes graph by shape IRI,
never from the engine, so that both speak alike. It sees one batch of records, never the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harvester import iri, vocab
from harvester.errors import RecordError
from harvester.model import IRI, Finding, Severity

_LONGEST_VALUE = 200
_SH = "http://www.w3.org/ns/shacl#"


@dataclass(frozen=True, slots=True)
class Result:
    """One SHACL validation result: IRIs in full, `value` as plain text."""

    focus: str
    severity: Severity
    shape: str
    path: str
    value: str | None


Engine = Callable[[bytes], list[Result]]


class Checker:
    """Checks batches of records. The shapes need no vocabulary beside them: they repeat the schemes."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or default_engine()

    def findings(self, batch: Sequence[tuple[IRI, bytes]]) -> Mapping[IRI, list[Finding]]:
        """Findings by record, each sorted; records without any are absent.

        A record that the engine cannot read at all gets one violation of its own; the others of
        the batch are checked without it.
        """
        found: dict[IRI, list[Finding]] = {}
        owners = {record: record for record, _ in batch}
        for result in self._results(batch, found):
            owner = owners.get(IRI(result.focus)) or IRI(result.focus.split("#", 1)[0])
            found.setdefault(owner, []).append(_finding(result))
        for findings in found.values():
            findings.sort(key=lambda f: (f.severity, f.code, f.field, f.value or ""))
        return found

    def _results(self, batch: Sequence[tuple[IRI, bytes]], found: dict[IRI, list[Finding]]) -> list[Result]:
        try:
            return self._engine(b"".join(triples for _, triples in batch))
        except RecordError as error:
            if len(batch) == 1:
                finding = Finding(Severity.VIOLATION, "unreadable", "record", str(error)[:_LONGEST_VALUE])
                found.setdefault(batch[0][0], []).append(finding)
                return []
            middle = len(batch) // 2
            return self._results(batch[:middle], found) + self._results(batch[middle:], found)


@cache
def _graph() -> Any:
    import pyoxigraph as ox

    store = ox.Store()
    store.bulk_load(shapes_turtle(), format=ox.RdfFormat.TURTLE)
    return store


@cache
def concealing() -> frozenset[str]:
    """Shapes whose findings never repeat the value, because it may hold a contact."""
    import pyoxigraph as ox

    quads = _graph().quads_for_pattern(None, ox.NamedNode(iri.term("concealsValue")), None)
    return frozenset(_local(quad.subject.value) for quad in quads if quad.object.value == "true")


@cache
def messages() -> Mapping[str, Mapping[str, str]]:
    """What each shape tells the author of a record: local name of the shape -> language -> text."""
    import pyoxigraph as ox

    found: dict[str, dict[str, str]] = {}
    for quad in _graph().quads_for_pattern(None, ox.NamedNode(_SH + "message"), None):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
            name = _local(quad.subject.value)
            found.setdefault(name, {})[quad.object.language or "en"] = quad.object.value
    return found


def message(finding: Finding, language: str = "en") -> str:
    """What a finding tells the author of the record; the code when its shape has no message."""
    said = messages().get(finding.code, {})
    return said.get(language) or said.get("en") or finding.code


@cache
def shapes_turtle() -> str:
    """All the shapes as one Turtle document."""
    return "\n".join(path.read_text(encoding="utf-8") for path in shape_files())


def shape_files() -> Iterable[Path]:
    """The shapes' files, in a fixed order."""
    return sorted(vocab.shapes_folder().glob("*.ttl"))


def default_engine() -> Engine:
    """`shacl` where it is installed, else `pyshacl`."""
    return shacl_engine() if find_spec("shacl") else pyshacl_engine()


def shacl_engine() -> Engine:
    """The fast engine (Rust); compiled once, deterministic order."""
    import shacl

    compiled = shacl.Shapes.from_turtle(shapes_turtle())

    def check(ntriples: bytes) -> list[Result]:
        try:
            report = compiled.validate_text(ntriples.decode(), format="ntriples")
        except ValueError as error:
            raise RecordError(f"the SHACL engine cannot read the batch: {error}") from error
        return [_shacl_result(result) for result in report.results]

    return check


def _shacl_result(result: Any) -> Result:
    return Result(
        focus=result.focus_node.strip("<>"),
        severity=Severity(result.severity),
        shape=_bare(result.root_shape or result.source_shape),
        path=_bare(result.path or ""),
        value=result.value_plain,
    )


def pyshacl_engine() -> Engine:
    """The pure Python engine, slow and on every platform; never on a store, never with inference."""
    import pyshacl
    from rdflib import Graph, URIRef
    from rdflib.namespace import SH

    shapes = Graph().parse(data=shapes_turtle(), format="turtle")

    def check(ntriples: bytes) -> list[Result]:
        data = Graph().parse(data=ntriples, format="nt")
        _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none")
        if not isinstance(report, Graph):
            raise RecordError(f"the SHACL engine cannot read the batch: {report}")
        results = []
        for node in report.subjects(SH.resultSeverity):
            values = [
                report.value(node, term) for term in (SH.focusNode, SH.sourceShape, SH.resultPath, SH.value)
            ]
            focus, shape, path, value = (None if one is None else str(one) for one in values)
            severity = Severity(_local(str(report.value(node, SH.resultSeverity))))
            path = path if isinstance(values[2], URIRef) else ""
            results.append(Result(focus or "", severity, shape or "", path or "", value))
        return results

    return check


def _finding(result: Result) -> Finding:
    code = _local(result.shape)
    silent = code in concealing() or result.value is None
    value = None if silent else str(result.value)[:_LONGEST_VALUE]
    return Finding(result.severity, code, _local(result.path), value)


def _bare(text: str) -> str:
    return text.strip("<>")


def _local(name: str) -> str:
    return name.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
