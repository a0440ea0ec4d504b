"""Room: findings -> the report of a source as triples: counts by shape, and each violation on its own.

Warnings and infos are counted only: there may be several for each record. A value that may hold a
contact was left out of the finding long before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b

from harvester import canonical, iri, shapes
from harvester.model import IRI, Finding
from harvester.profile.writing import FIELDS, full, predicate, typed_as

Counts = Mapping[tuple[str, str, str], int]
"""(severity, code, field) -> how often it was found."""

Messages = Mapping[str, Mapping[str, str]]
"""Code of a finding -> language -> what it tells the author of the record."""


def report_triples(
    base: str,
    source: str,
    counts: Counts,
    found: Iterable[tuple[str, Finding]],
    said: Messages | None = None,
) -> list[str]:
    """The last report of a source. Empty when nothing was found.

    `found` are (ref, finding), each a result of its own. `said` gives the messages of what is no shape too;
    without it, those of the shapes are told.
    """
    if not counts:
        return []
    owner = iri.source(base, source)
    report = iri.fragment(owner, "rapport")
    clean = not any(severity == "Violation" for severity, _, _ in counts)
    out = [
        f"<{report}>{typed_as('sh:ValidationReport')}",
        f"<{report}>{predicate('schema:about')}<{owner}> .",
        f"<{report}>{predicate('sh:conforms')}{canonical.boolean(clean)} .",
    ]
    for (severity, code, field), times in counts.items():
        count = iri.fragment(owner, f"constat-{severity}-{code}-{field}".replace(":", "-"))
        out.append(f"<{report}>{predicate('archipel:findingCount')}<{count}> .")
        out.append(f"<{count}>{typed_as('archipel:FindingCount')}")
        out.append(f"<{count}>{predicate('schema:about')}<{owner}> .")
        out.append(f"<{count}>{predicate('archipel:findings')}{canonical.integer(times)} .")
        out += (f"<{count}>{tail}" for tail in _found(severity, code, field, said))
    for ref, finding in found:
        out += _result(report, iri.record(base, source, ref), finding, said)
    return out


def _result(report: IRI, record: IRI, finding: Finding, said: Messages | None) -> Iterator[str]:
    """One sh:ValidationResult, named by what it says so that it is the same each night."""
    told = f"{record} {finding.code} {finding.field} {finding.value}"
    name = f"{report}-{blake2b(told.encode(), digest_size=8).hexdigest()}"
    yield f"<{report}>{predicate('sh:result')}<{name}> ."
    yield f"<{name}>{typed_as('sh:ValidationResult')}"
    yield f"<{name}>{predicate('sh:focusNode')}<{record}> ."
    for tail in _found(finding.severity, finding.code, finding.field, said):
        yield f"<{name}>{tail}"
    if finding.value is not None:
        yield f"<{name}>{predicate('sh:value')}{canonical.string(finding.value)} ."


def _found(severity: str, code: str, field: str, messages: Messages | None) -> Iterator[str]:
    """What counts and results have in common: severity, shape, path, and what it tells the author."""
    yield f"{predicate('sh:resultSeverity')}<{full('sh:' + severity)}> ."
    yield f"{predicate('archipel:field')}{canonical.string(field)} ."
    if code in shapes.messages():
        yield f"{predicate('sh:sourceShape')}<{iri.SHAPES}{code}> ."
    for language, text in (messages or shapes.messages()).get(code, {}).items():
        yield f"{predicate('sh:resultMessage')}{canonical.string(text, language)} ."
    if path := shapes.paths().get(code) or (full(FIELDS[field][0][0]) if field in FIELDS else None):
        yield f"{predicate('sh:resultPath')}<{path}> ."
