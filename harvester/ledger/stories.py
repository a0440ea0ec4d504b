"""Room: a record of the ledger -> its story: what happened to it, how far it came, why it is not here.

Of a record withdrawn on request it tells that it was, and nothing else. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, select

from harvester.ledger.exits import Exit, Why, heir, of_record, of_source, requested
from harvester.ledger.faults import finding, shown_name
from harvester.ledger.freshness import asked_and_accepted, freshness
from harvester.ledger.ledger import Ledger
from harvester.ledger.tables import runs
from harvester.model import Finding, Listing, State


class Step(StrEnum):
    """The way of a record, in order."""

    LISTED = "listed"
    READ = "read"
    MAPPED = "mapped"
    CHECKED = "checked"
    PUBLISHED = "published"


_STOPS = {"unread": Step.READ, "no-name": Step.MAPPED, "no-kind": Step.MAPPED}
"""Findings of a record that never came to the shapes -> the step it did not pass."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a record: its number, create, update or withdraw, and the end of its run (UTC)."""

    change: int
    operation: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to one record; `live` when a version of it is published, `history` oldest first.

    `last_seen` is when its source last listed it, as far as a complete listing proves it; `leaves` when a
    missing one will be withdrawn; `stale_since` since when the version published is not the newest. `passed`
    are the steps it passed. `exits` say why it is not here, or not as its source has it: first its own, then
    those of its source. `suppressed` are its fields withdrawn on request.
    """

    source: str
    ref: str
    name: str | None
    page: str | None
    state: State
    live: bool
    first_seen: datetime
    last_seen: datetime | None
    missing_since: datetime | None
    leaves: datetime | None
    stale_since: datetime | None
    reason: str | None
    passed: tuple[Step, ...]
    exits: tuple[Exit, ...]
    suppressed: tuple[str, ...]
    findings: tuple[Finding, ...]
    history: tuple[Change, ...]


def story(ledger: Ledger, source: str, ref: str, *, declared: Collection[str] | None = None) -> Story | None:
    """The story of one record; None when it was never seen."""
    row = ledger.record(source, ref)
    if row is not None:
        return told(ledger, row, declared)
    request = requested(ledger, source, ref)
    return _nothing_left(source, ref, request.whole) if request.whole else None


def told(ledger: Ledger, row: Row[Any], declared: Collection[str] | None) -> Story:
    """The story of the record of a row."""
    request = requested(ledger, row.source, row.ref)
    if request.whole:
        return _nothing_left(row.source, row.ref, request.whole)
    described = ledger.sources()[row.source]
    judged = _ended_at(ledger, row.run) or row.first_seen
    history = tuple(
        Change(one.id, one.operation, one.ended_at) for one in ledger.history(row.source, row.ref)
    )
    left = row.state in (State.WITHDRAWN, State.GONE)  # then what its source does is no news of it
    outside = source_exits(ledger, row.source, described, declared)
    stale = row.live and row.state == State.REJECTED
    at = history[-1].at if history and (stale or row.state == State.WITHDRAWN) else judged
    return Story(
        source=row.source,
        ref=row.ref,
        name=shown_name(row),
        page=row.page,
        state=State(row.state),
        live=row.live,
        first_seen=row.first_seen,
        last_seen=_last_seen(ledger, row, described, at),
        missing_since=row.missing_since,
        leaves=_leaves(row, described),
        stale_since=at if stale else None,
        reason=row.reason,
        passed=_passed(row),
        exits=tuple(of_record(ledger, row, at)) + (() if left else outside),
        suppressed=request.fields,
        findings=tuple(finding(one) for one in row.findings or ()),
        history=history,
    )


def source_exits(
    ledger: Ledger, source: str, described: Mapping[str, Any], declared: Collection[str] | None
) -> tuple[Exit, ...]:
    """Why nothing new comes from a source."""
    fresh = freshness(ledger, source, described)
    found = tuple(of_source(ledger, source, described, fresh))
    told_why = described.get("closed") or heir(ledger, source)
    lost = declared is not None and source not in declared and not told_why
    return (*found, Exit(Why.ORPHANED, fresh.last_success)) if lost else found


def _last_seen(ledger: Ledger, row: Row[Any], described: Mapping[str, Any], at: datetime) -> datetime:
    """The newest proof that its source listed it; `at` is when it came to its state.

    A window or a feed of changes proves only that a record was there when it was last judged.
    """
    listed = row.state in (State.PUBLISHED, State.REJECTED, State.IGNORED)
    asked = select(func.max(runs.c.ended_at)).where(runs.c.source == row.source, asked_and_accepted())
    complete = asked.where(runs.c.since.is_(None))
    proofs = [asked.where(runs.c.id == row.run)] if listed else []
    if described.get("listing", Listing.FULL) == Listing.FULL:
        left = row.missing_since or at
        proofs.append(complete if listed else complete.where(runs.c.ended_at < left))
    with ledger.reading() as connection:
        found: list[datetime | None] = [connection.execute(proof).scalar() for proof in proofs]
    newest: datetime = max(filter(None, [row.first_seen, *found]))
    return newest


def _leaves(row: Row[Any], described: Mapping[str, Any]) -> datetime | None:
    """When the grace of a missing record ends; an older ledger does not say."""
    if row.state != State.MISSING or "grace_s" not in described:
        return None
    ends: datetime = row.missing_since + timedelta(seconds=described["grace_s"])
    return ends


def _ended_at(ledger: Ledger, run: int) -> datetime | None:
    """When a run ended; None once it is forgotten."""
    with ledger.reading() as connection:
        ended: datetime | None = connection.execute(select(runs.c.ended_at).where(runs.c.id == run)).scalar()
    return ended


def _passed(row: Row[Any]) -> tuple[Step, ...]:
    """How far a record came; one that was published once passed every step, whatever became of it since."""
    way = list(Step)
    if row.state == State.IGNORED:
        return tuple(way[: way.index(Step.MAPPED)])
    if row.state == State.REJECTED:
        stops = (_STOPS[one["code"]] for one in row.findings or () if one["code"] in _STOPS)
        return tuple(way[: way.index(next(stops, Step.CHECKED))])
    return tuple(way) if row.change is not None else tuple(way[: way.index(Step.CHECKED)])


def _nothing_left(source: str, ref: str, at: datetime) -> Story:
    """All there is to tell of a record withdrawn on request."""
    gone = Exit(Why.WITHDRAWN, at)
    nothing = (None, None, None, None, None)
    return Story(source, ref, None, None, State.WITHDRAWN, False, at, *nothing, (), (gone,), (), (), ())
