"""Room: why a record is not here, or not as its source has it now.

In: what the ledger holds of a record and of its source. Out: exits, each with its name, since when, and what
there is to say. The first five names are the public reasons; the others tell of a decision, or of the way
of things.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, and_, or_, select

from harvester import vocab
from harvester.ledger.decisions import WHOLE, fingerprint, held
from harvester.ledger.freshness import Freshness
from harvester.ledger.ledger import Ledger
from harvester.ledger.redaction import AGAIN, REQUESTED
from harvester.ledger.tables import records, suppressions
from harvester.model import Cause, Outcome, State

CLOSED = "source closed: "
"""How the reason of a record begins that went with its source."""

MOVED = "moved to "
"""How the reason of a record begins whose source has another id."""


_LEFT = (State.WITHDRAWN, State.GONE)


class Why(StrEnum):
    """Why a record is not here, or not as its source has it now."""

    REMOVED = "removed"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    PAST = "past"
    RENAMED = "renamed"
    MOVED = "moved"
    RETURNING = "returning"
    IGNORED = "ignored"
    CLOSED = "closed"
    ORPHANED = "orphaned"
    DISABLED = "disabled"
    HELD = "held"
    BROKEN = "broken"
    UNLICENSED = "unlicensed"


@dataclass(frozen=True, slots=True)
class Exit:
    """One reason; `said` is a new ref or source, a decision's reason or a run's message; may be None."""

    why: Why
    since: datetime | None = None
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What of a record was withdrawn on request: all of it (`whole`, since when), or some item fields."""

    whole: datetime | None
    fields: tuple[str, ...]


def requested(ledger: Ledger, source: str, ref: str) -> Request:
    """What the list of suppressions says of a record, under this id of its source or an earlier one."""
    names = (source, *ledger.sources().get(source, {}).get("was", ()))
    query = select(suppressions).where(suppressions.c.hash.in_([fingerprint(name, ref) for name in names]))
    with ledger.reading() as connection:
        listed = {row.field: row.at for row in connection.execute(query.order_by(suppressions.c.field))}
    return Request(listed.get(WHOLE), tuple(field for field in listed if field != WHOLE))


def of_record(ledger: Ledger, row: Row[Any], at: datetime) -> Iterator[Exit]:
    """Why this record is not here, or not as it was written; nothing while it is published and listed.

    `at` is when it came to its state.
    """
    reason = row.reason or ""
    if row.state in _LEFT and reason.startswith(CLOSED):
        yield Exit(Why.CLOSED, at, reason.removeprefix(CLOSED))
    elif row.state in _LEFT and reason.startswith(MOVED):
        yield Exit(Why.MOVED, at, reason.removeprefix(MOVED))
    elif row.state == State.WITHDRAWN and reason in (REQUESTED, AGAIN):
        yield Exit(Why.RETURNING, at)
    elif row.state in (State.MISSING, *_LEFT):
        if after := _successor(ledger, row):
            yield Exit(Why.RENAMED, after.first_seen, after.ref)
        yield Exit(Why.REMOVED, row.missing_since if row.state == State.MISSING else at)
    elif row.state == State.PAST:
        yield Exit(Why.PAST, row.ends)
    elif row.state == State.REJECTED:
        yield Exit(Why.REJECTED, at)
    elif row.state == State.IGNORED:
        yield Exit(Why.IGNORED, at)


def left(reason: str) -> Why:
    """The public reason why a record left, from the one that its last change gives."""
    known = {REQUESTED: Why.WITHDRAWN, AGAIN: Why.RETURNING}
    begun = {CLOSED: Why.CLOSED, MOVED: Why.MOVED}
    told = (why for start, why in begun.items() if reason.startswith(start))
    return known.get(reason) or next(told, Why.REMOVED)


def heir(ledger: Ledger, source: str) -> str | None:
    """The source that this one is called now; None when it has no other id."""
    return next((name for name, told in ledger.sources().items() if source in told.get("was", ())), None)


def of_source(ledger: Ledger, source: str, told: Mapping[str, Any], fresh: Freshness) -> Iterator[Exit]:
    """Why nothing new comes from this source, or nothing of it is published."""
    if not vocab.licences()[told["licence"]].publishable:
        yield Exit(Why.UNLICENSED)
    if told.get("closed"):
        yield Exit(Why.CLOSED, said=told["closed"])
    elif after := heir(ledger, source):
        yield Exit(Why.MOVED, said=after)
    elif not told.get("enabled", True):
        yield Exit(Why.DISABLED, fresh.last_success)
    elif fresh.trouble is not None:
        why = _trouble(fresh.trouble)
        if why is not Why.HELD or held(ledger, source):  # a discarded run waits for nobody
            since = fresh.trouble.ended_at if why is Why.HELD else fresh.last_success
            yield Exit(why, since, fresh.trouble.message)


def _trouble(run: Row[Any]) -> Why:
    """What kept the newest run of a source from success; one of an older ledger says no cause."""
    causes = {
        Cause.UNAVAILABLE: Why.UNREACHABLE,
        Cause.REFUSED: Why.REFUSED,
        Cause.GUARD: Why.HELD,
    }
    outcomes = {Outcome.DEFERRED: Why.UNREACHABLE, Outcome.HELD: Why.HELD}
    return causes.get(run.cause) or outcomes.get(run.outcome, Why.BROKEN)


def _successor(ledger: Ledger, row: Row[Any]) -> Row[Any] | None:
    """The record that took its place under another ref: same page, or same name at the same place."""
    alike = []
    if row.page:
        alike.append(records.c.page == row.page)
    if row.name and row.place:
        alike.append(and_(records.c.name == row.name, records.c.place == row.place))
    if not alike:
        return None
    later = records.c.first_seen >= (row.missing_since or row.first_seen)
    other = and_(records.c.source == row.source, records.c.ref != row.ref, records.c.live)
    query = select(records).where(other, later, or_(*alike)).order_by(records.c.first_seen, records.c.ref)
    with ledger.reading() as connection:
        return connection.execute(query.limit(1)).first()
