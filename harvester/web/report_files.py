"""Room: a report -> files: CSV for a spreadsheet, Turtle for a program that reads SHACL.

A cell that a spreadsheet would take for a formula is made a text. No value is added to those of the report.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from harvester import canonical
from harvester.dumps.spreadsheets import neutral
from harvester.model import Finding, Severity
from harvester.profile import predicate, report_triples
from harvester.web.negotiation import LANGUAGES
from harvester.web.reported import Remark, Report, Told

COLUMNS = (
    "ref", "name", "state", "severity", "code", "field", "source_fields", "value",
    *(f"expected_{language}" for language in LANGUAGES), *(f"message_{language}" for language in LANGUAGES),
    "mend_at", "iri",
)  # fmt: skip
"""The columns of the CSV: one line for each finding of each record."""


def as_csv(report: Report) -> str:
    """One line for each finding of the records of this part, after a line of column names."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for told in report.records:
        for remark in told.remarks:
            rows.writerow([neutral(cell) for cell in _cells(told, remark)])
    return out.getvalue()


def as_ntriples(report: Report, base: str) -> bytes:
    """The report as SHACL validation results, with the page where each record is mended."""
    counts = {(one.severity, one.code, one.field): one.times for one in report.first}
    said = {one.code: one.message for one in report.first}
    found = ((told.ref, _finding(one)) for told in report.records for one in told.remarks)
    pages = (
        f"<{told.iri}>{predicate('dcterms:source')}<{told.page}> ." for told in report.records if told.page
    )
    return canonical.lines([*report_triples(base, report.source, counts, found, said), *pages])


def _cells(told: Told, remark: Remark) -> Iterator[str]:
    yield from (told.ref, told.name or "", told.state, remark.severity, remark.code, remark.field)
    yield from (" | ".join(remark.source_fields), remark.value or "")
    yield from _spoken(remark.expected)
    yield from _spoken(remark.message)
    yield from (told.page or "", told.iri)


def _spoken(said: Mapping[str, str]) -> Iterator[str]:
    return (said[language] for language in LANGUAGES)


def _finding(one: Remark) -> Finding:
    return Finding(Severity(one.severity), one.code, one.field, one.value)
