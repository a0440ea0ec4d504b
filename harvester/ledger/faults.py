"""Room: what is to be mended in the records of a source, and what each mending would bring.

It tells of the records that stand in the listing, published or rejected: nobody can mend one that left.
A value that may hold a contact is never told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, literal, select

from harvester.cleaning import text
from harvester.ledger.ledger import Ledger
from harvester.ledger.tables import records, runs
from harvester.model import Finding, Outcome, Severity, State
from harvester.shapes import concealing

LOAD = ("requests", "bytes", "not_modified", "waited_s")
"""What a run counts of the load it was: requests, bytes, answers not modified, seconds waited."""

_Key = tuple[str, str, str]

_PERSONAL = frozenset(("Person", "privacy-person", "privacy-name"))
"""Findings of records that are of a person, or name one."""

_LISTED = (State.PUBLISHED, State.REJECTED)


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding, wherever it was made in a source.

    `times` it was made, in so many `records`; of these, `rejected` are kept out, or stay as they were, and
    `gained` would be taken in if this alone were mended.
    """

    severity: Severity
    code: str
    field: str
    times: int
    records: int
    rejected: int
    gained: int


def finding(told: Mapping[str, Any]) -> Finding:
    """A finding as the ledger keeps it, without the value where that may hold a contact."""
    found = Finding(**{**told, "severity": Severity(told["severity"])})
    if found.value is None:
        return found
    return replace(found, value=None if found.code in concealing() else text.scrub(found.value)[0])


def shown_name(row: Row[Any]) -> str | None:
    """The name of a record, where it may be shown: not that of a person, nor a contact in it."""
    kept_quiet = any(one["code"] in _PERSONAL for one in row.findings or ())
    return None if row.name is None or kept_quiet else text.scrub(row.name)[0]


def ranking(ledger: Ledger, source: str) -> list[Fault]:
    """Every finding made in a source, the first to mend at the head: by records gained, then by gravity."""
    times: Counter[_Key] = Counter()
    made: Counter[_Key] = Counter()
    standing: Counter[_Key] = Counter()
    alone: Counter[_Key] = Counter()
    for keys, n in _alike(ledger, source).items():
        once = set(keys)
        grave = {key for key in once if key[0] == Severity.VIOLATION}
        for key in keys:
            times[key] += n
        for key in once:
            made[key] += n
            standing[key] += n if grave else 0
            alone[key] += n if grave == {key} else 0
    found = [
        Fault(Severity(key[0]), *key[1:], times[key], made[key], standing[key], alone[key]) for key in made
    ]
    order = list(Severity)
    return sorted(
        found, key=lambda one: (-one.gained, order.index(one.severity), -one.records, one.code, one.field)
    )


def faulty(ledger: Ledger, source: str, *, code: str | None, limit: int, offset: int) -> list[Row[Any]]:
    """Records with findings, the rejected first, then by ref.

    Rows of (ref, name, page, state, live, reason, findings); with `code`, those that have such a finding.
    """
    names = ("ref", "name", "page", "state", "live", "reason", "findings")
    order = case((records.c.state == State.REJECTED, 0), else_=1), records.c.ref
    query = select(*(records.c[name] for name in names)).where(_concerned(source, code))
    with ledger.reading() as connection:
        return list(connection.execute(query.order_by(*order).limit(limit).offset(offset)))


def faulty_count(ledger: Ledger, source: str, *, code: str | None) -> int:
    """How many records have findings, or a finding of this code."""
    with ledger.reading() as connection:
        query = select(func.count()).select_from(records).where(_concerned(source, code))
        return connection.execute(query).scalar() or 0


def states(ledger: Ledger, source: str) -> dict[str, int]:
    """How many records of a source stand where, in the order of the states."""
    query = select(records.c.state, func.count().label("n")).where(records.c.source == source)
    with ledger.reading() as connection:
        found = {row.state: row.n for row in connection.execute(query.group_by(records.c.state))}
    return {str(state): found[state] for state in State if state in found}


def load(ledger: Ledger, source: str, since: datetime) -> Counter[str]:
    """The load we were to the partner since a moment, and in how many `runs`."""
    query = select(runs.c.counts).where(runs.c.source == source, runs.c.started_at >= since)
    total: Counter[str] = Counter(dict.fromkeys(("runs", *LOAD), 0))
    with ledger.reading() as connection:
        for counts in connection.scalars(query):
            total["runs"] += 1
            total.update({name: counts.get(name, 0) for name in LOAD})
    return total


def unaligned(read: Sequence[Row[Any]]) -> list[tuple[str, str, int]]:
    """(scheme or alignment, category, records) that nobody aligned, the most frequent first.

    `read` are runs, newest first. A night judges what is new only, so that as many are looked at as it takes
    to find one that judged all it read.
    """
    found: dict[tuple[str, str], int] = {}
    for run in read:
        for scheme, category, n in run.findings.get("unaligned", ()):
            found[scheme, category] = max(n, found.get((scheme, category), 0))
        judged = run.counts.get("judged")
        if Outcome(run.outcome).succeeded and judged and judged >= run.counts.get("kept", 0):
            break
    return sorted(((*key, n) for key, n in found.items()), key=lambda one: (-one[2], one[:2]))


def _alike(ledger: Ledger, source: str) -> Counter[tuple[_Key, ...]]:
    """How many records have the same findings: there are few ways to fail."""
    query = select(records.c.findings).where(_concerned(source, None))
    with ledger.reading() as connection:
        told = connection.execution_options(yield_per=1000).scalars(query)
        return Counter(
            tuple((one["severity"], one["code"], one["field"]) for one in findings) for findings in told
        )


def _concerned(source: str, code: str | None) -> ColumnElement[bool]:
    mine = and_(records.c.source == source, records.c.state.in_(_LISTED), records.c.findings.is_not(None))
    if code is None:
        return mine
    one = func.json_each(records.c.findings).table_valued("value")
    named = select(literal(1)).select_from(one).where(func.json_extract(one.c.value, "$.code") == code)
    return and_(mine, named.correlate(records).exists())
