"""Room: the runs of a source -> how fresh what it published is, and what keeps it from being fresher.

Only a run that asked the partner and was accepted, or the release of one that had, makes a source fresh:
a night read again from what is kept, or the first records of a listing, tell nothing new of the partner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select

from harvester.ledger.ledger import Ledger
from harvester.ledger.tables import decisions, runs
from harvester.model import Action, Outcome

ROUNDS = 3
"""Scheduled runs without success after which a source is stale."""

LEAST = timedelta(days=3)
"""No source is stale before, however often it is scheduled."""

_SUCCEEDED = [outcome for outcome in Outcome if outcome.succeeded]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh a source is.

    `failures` are the runs since the last success; `stale_at` is when it becomes stale unless it succeeds
    before, None when it was never asked or is closed; `trouble` is its newest run, when that did not succeed.
    """

    last_success: datetime | None = None
    failures: int = 0
    stale_at: datetime | None = None
    trouble: Row[Any] | None = None

    def stale_since(self, now: datetime) -> datetime | None:
        """Since when the source is stale; None while it is fresh."""
        return self.stale_at if self.stale_at and self.stale_at <= now else None


def freshness(ledger: Ledger, source: str, told: Mapping[str, Any]) -> Freshness:
    """How fresh a source is; `told` is its description in the ledger."""
    mine = runs.c.source == source
    with ledger.reading() as connection:
        newest = connection.execute(select(runs).where(mine).order_by(runs.c.id.desc()).limit(1)).first()
        if newest is None:
            return Freshness()
        accepted = select(runs.c.id, runs.c.ended_at).where(mine, asked_and_accepted())
        good = connection.execute(accepted.order_by(runs.c.id.desc()).limit(1)).first()
        later = and_(mine, runs.c.id > (good.id if good else 0), runs.c.outcome.not_in(_SUCCEEDED))
        failures = connection.execute(select(func.count()).select_from(runs).where(later)).scalar() or 0
        first: datetime = connection.execute(select(func.min(runs.c.started_at)).where(mine)).scalar_one()
    last: datetime | None = good.ended_at if good else None
    stale_at = None if told.get("closed") else _stale_at(last or first, told)
    return Freshness(last, failures, stale_at, None if Outcome(newest.outcome).succeeded else newest)


def asked_and_accepted() -> ColumnElement[bool]:
    """The runs that tell something new of a partner; one of an older ledger does not say what it asked."""
    released = select(decisions.c.run).where(decisions.c.action == Action.RELEASE)
    asked = func.coalesce(runs.c.counts["requests"].as_integer(), 1) > 0
    whole = runs.c.counts["limited"].as_integer().is_(None)
    return and_(runs.c.outcome.in_(_SUCCEEDED), whole, or_(asked, runs.c.id.in_(released)))


def _stale_at(last: datetime, told: Mapping[str, Any]) -> datetime | None:
    """The third scheduled run after the last success, or three days after it if that is later."""
    third = _third(last, told["schedule"], told["timezone"]) if "schedule" in told else last
    return max(third, last + LEAST).astimezone(UTC) if third else None


@lru_cache(maxsize=1024)
def _third(last: datetime, schedule: str, timezone: str) -> datetime | None:
    """None when the schedule never comes round three times more."""
    from apscheduler.triggers.cron import CronTrigger

    cron = CronTrigger.from_crontab(schedule, timezone)
    fire: datetime | None = last
    for _ in range(ROUNDS):
        fire = fire and cron.get_next_fire_time(None, fire + timedelta(seconds=1))
    return fire
