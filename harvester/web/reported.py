"""Room: what the ledger says of a source -> its report, for the people who write its records.

One value goes out, from which the page, JSON, CSV and Turtle are told: what to mend first, each record with
what it lacks, what drifted, the load we caused. It is bounded: one page of records, the next is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Row

from harvester import iri, vocab
from harvester.cleaning import text
from harvester.ledger import Ledger
from harvester.ledger.faults import (
    Fault,
    faulty,
    faulty_count,
    finding,
    load,
    ranking,
    shown_name,
    states,
    unaligned,
)
from harvester.ledger.freshness import freshness
from harvester.model import Finding, Outcome
from harvester.profile import credit
from harvester.web import texts
from harvester.web.expected import expected, item_fields, value_found
from harvester.web.negotiation import LANGUAGES
from harvester.web.pages import safe_address

LIMIT = 100
"""Records of one page, when nothing is asked."""

MOST = 1000
"""Records of one page, at most."""

DAYS = 30
"""Nights over which the load is summed."""

RUNS = 30
"""Runs shown."""

_REMARKS = 100
"""Findings told of one record; a hostile one may have any number."""

Said = Mapping[str, str]
"""A sentence by language."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding of one record; `value` is None when there is none, or when it may hold a contact."""

    severity: str
    code: str
    field: str
    source_fields: Sequence[str]
    value: str | None
    expected: Said
    message: Said


@dataclass(frozen=True, slots=True)
class Told:
    """One record; `page` is where it can be mended, `more` counts the remarks that are left out."""

    ref: str
    iri: str
    name: str | None
    page: str | None
    state: str
    live: bool
    reason: str | None
    remarks: Sequence[Remark]
    more: int


@dataclass(frozen=True, slots=True)
class First:
    """What to mend, and what it brings: `gained` records taken in, `times` remarks fewer."""

    severity: str
    code: str
    field: str
    source_fields: Sequence[str]
    expected: Said
    message: Said
    times: int
    records: int
    rejected: int
    gained: int


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked for: a source; its records with a finding of this code, or all; `limit` from `offset`."""

    source: str
    code: str | None = None
    limit: int = LIMIT
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a source. `withheld` when its records may not be shown; then `records` is empty."""

    source: str
    address: str
    title: str
    credit: str
    withheld: bool
    last_success: datetime | None
    stale_since: datetime | None
    counts: Mapping[str, int]
    first: Sequence[First]
    records: Sequence[Told]
    part: Part
    total: int
    drift: Sequence[Mapping[str, Any]]
    unaligned: Sequence[Mapping[str, Any]]
    unmapped: Mapping[str, int]
    issues: Sequence[str]
    load: Mapping[str, float]
    days: int
    runs: Sequence[Mapping[str, Any]]

    @property
    def next(self) -> int | None:
        """The offset of the next page; None on the last one."""
        after = self.part.offset + self.part.limit
        return after if after < self.total else None

    def plain(self) -> dict[str, Any]:
        """The same as plain values, for JSON; times as ISO 8601."""
        told: dict[str, Any] = _plain({**asdict(self), "next": self.next})
        return told


def report(ledger: Ledger, base: str, part: Part, *, now: datetime, public: bool = True) -> Report | None:
    """The report of a source; None when it was never described.

    `public` withholds the records of a source without a known licence.
    """
    source = part.source
    described = ledger.sources().get(source)
    if described is None:
        return None
    withheld = public and not vocab.licences()[described["licence"]].publishable
    runs = ledger.runs(source, limit=RUNS)
    read = [run for run in runs if Outcome(run.outcome).succeeded and run.findings]
    judged = read[0].findings if read else {}
    fresh = freshness(ledger, source, described)
    fields = described.get("fields", {})
    rows = [] if withheld else faulty(ledger, source, code=part.code, limit=part.limit, offset=part.offset)
    return Report(
        source=source,
        address=iri.source(base, source),
        title=described["title"],
        credit=credit(described),
        withheld=withheld,
        last_success=fresh.last_success,
        stale_since=fresh.stale_since(now),
        counts=states(ledger, source),
        first=[_first(one, fields) for one in _ranked(ledger, source, ledger.last_run())],
        records=[_told(row, iri.record(base, source, row.ref), fields) for row in rows],
        part=part,
        total=0 if withheld else faulty_count(ledger, source, code=part.code),
        drift=[{"at": run.ended_at, **run.findings["drift"]} for run in read if _drifted(run)],
        unaligned=[{"scheme": scheme, "category": name, "records": n} for scheme, name, n in unaligned(read)],
        unmapped=judged.get("unmapped", {}),
        issues=() if withheld else unquoted(judged),
        load=dict(load(ledger, source, now - timedelta(days=DAYS))),
        days=DAYS,
        runs=[_run(run) for run in runs],
    )


def unquoted(findings: Mapping[str, Any]) -> list[str]:
    """Why records were rejected, in a run's own words: they may quote one, but no contact in it."""
    return [text.scrub(one)[0] for one in findings.get("issues", ())]


def sentences(one: Finding) -> Said:
    """What a finding tells the author of the record, in every language."""
    return {language: texts.finding(one, language) for language in LANGUAGES}


@lru_cache(maxsize=64)
def _ranked(ledger: Ledger, source: str, _run: int) -> Sequence[Fault]:
    """The ranking, worked out once for each run: it reads every finding of the source."""
    return ranking(ledger, source)


def _first(one: Fault, fields: Mapping[str, Sequence[str]]) -> First:
    return First(
        severity=one.severity,
        code=one.code,
        field=one.field,
        source_fields=_source_fields(one, fields),
        expected=_expected(one),
        message=sentences(Finding(one.severity, one.code, one.field)),
        times=one.times,
        records=one.records,
        rejected=one.rejected,
        gained=one.gained,
    )


def _told(row: Row[Any], address: str, fields: Mapping[str, Sequence[str]]) -> Told:
    found = [finding(told) for told in row.findings[:_REMARKS]]
    return Told(
        ref=row.ref,
        iri=address,
        name=shown_name(row),
        page=safe_address(row.page),
        state=row.state,
        live=row.live,
        reason=row.reason,
        remarks=[_remark(one, fields) for one in found],
        more=max(0, len(row.findings) - _REMARKS),
    )


def _remark(one: Finding, fields: Mapping[str, Sequence[str]]) -> Remark:
    return Remark(
        severity=one.severity,
        code=one.code,
        field=one.field,
        source_fields=_source_fields(one, fields),
        value=value_found(one),
        expected=_expected(one),
        message=sentences(one),
    )


def _expected(one: Finding | Fault) -> Said:
    return {language: expected(one.code, one.field, language) for language in LANGUAGES}


def _source_fields(one: Finding | Fault, fields: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The partner's own fields behind a finding; none when our mapping takes them from nowhere."""
    return list(
        dict.fromkeys(path for name in item_fields(one.code, one.field) for path in fields.get(name, ()))
    )


def _drifted(run: Row[Any]) -> bool:
    drift = run.findings.get("drift") or {}
    return any(drift.values())


def _run(run: Row[Any]) -> Mapping[str, Any]:
    names = ("id", "started_at", "ended_at", "outcome", "cause", "message", "counts")
    return {name: getattr(run, name) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
