"""Room: which alarms somebody was told of, so that nobody is told twice.

An alarm concerns a source, or the house itself under the id `HOUSE`. What is written here was heard: it is
written after the message was accepted, never before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, insert, select

from harvester.ledger.ledger import Ledger
from harvester.ledger.tables import alarms

HOUSE = ""


class Alarm(StrEnum):
    """What needs a person."""

    HELD = "held"
    FAILING = "failing"
    STALE = "stale"
    DISK = "disk"


def told(ledger: Ledger) -> Mapping[str, Mapping[Alarm, datetime]]:
    """The alarms that somebody was told of and that are not over, by source, with when (aware UTC)."""
    found: dict[str, dict[Alarm, datetime]] = defaultdict(dict)
    with ledger.reading() as connection:
        for row in connection.execute(select(alarms)):
            found[row.source][Alarm(row.alarm)] = row.since
    return found


def remember(ledger: Ledger, source: str, now_on: Collection[Alarm], now: datetime) -> None:
    """Note which alarms of a source are on; those that were keep their time."""
    mine = alarms.c.source == source
    with ledger.writing() as connection:
        known = set(connection.scalars(select(alarms.c.alarm).where(mine)))
        connection.execute(delete(alarms).where(mine, alarms.c.alarm.not_in(now_on)))
        if fresh := [one for one in now_on if one not in known]:
            rows = [{"source": source, "alarm": one, "since": now} for one in fresh]
            connection.execute(insert(alarms), rows)
