"""Room: the published records of a source, read some at a time, so that a slow reader holds nothing.

A reader that held a snapshot for minutes would keep the ledger from being written anew after a withdrawal.
What is read may be of two states when a run is committed meanwhile: who needs one compares positions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from harvester.ledger.ledger import Ledger
from harvester.ledger.packing import unpack
from harvester.ledger.tables import changes, records, runs

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Live:
    """A published record: its triples, and the end of the run that last changed them (aware)."""

    ref: str
    triples: bytes
    changed: datetime


def live(ledger: Ledger, source: str, *, ref: str | None = None) -> Iterator[Live]:
    """The published records of a source, or the one of this ref, by ref."""
    query = (
        select(records.c.ref, changes.c.triples, runs.c.ended_at)
        .join(changes, changes.c.id == records.c.change)
        .join(runs, runs.c.id == changes.c.run)
        .where(records.c.source == source, records.c.live)
        .order_by(records.c.ref)
        .limit(AT_ONCE)
    )
    later = query if ref is None else query.where(records.c.ref == ref)
    while True:
        with ledger.reading() as connection:
            rows = connection.execute(later).all()
        yield from (Live(row.ref, unpack(row.triples), row.ended_at) for row in rows)
        if len(rows) < AT_ONCE or ref is not None:
            return
        later = query.where(records.c.ref > rows[-1].ref)
