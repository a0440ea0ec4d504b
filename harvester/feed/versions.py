"""Room: the changes of a range of numbers -> versions of records, as far as they may be told.

A version that the ledger forgot is left out: a tombstone follows it. Of a source that is not published any
more every later change tells that its record is gone, and its new records are never told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from harvester import iri
from harvester.feed.timeline import Timeline
from harvester.feed.views import View
from harvester.ledger.packing import unpack
from harvester.ledger.tables import changes
from harvester.model import IRI
from harvester.rights import Rights, rights


@dataclass(frozen=True, slots=True)
class Version:
    """A record as one change left it; `triples` are None when it is gone. `at` is aware."""

    change: int
    record: IRI
    source: str
    operation: str
    at: datetime
    triples: bytes | None
    rights: Rights

    @property
    def deleted(self) -> bool:
        """True when the record is not published any more."""
        return self.triples is None


def versions(base: str, view: View, timeline: Timeline, first: int, last: int) -> Iterator[Version]:
    """The versions that the changes from `first` to `last` made, both included, in their order."""
    known = {source: rights(base, source, told) for source, told in view.ledger.sources().items()}
    within = changes.c.id.between(first, min(last, view.position))
    asked = select(changes).where(within).order_by(changes.c.id)
    if view.source is not None:
        asked = asked.where(changes.c.source == view.source)
    with view.ledger.reading() as connection:
        rows = connection.execute(asked).all()
    for row in rows:
        mine = known[row.source]
        operation = _operation(row, published=mine.licence.publishable)
        if operation:
            triples = unpack(row.triples) if operation != "withdraw" else None
            told = (row.id, iri.record(base, row.source, row.ref), row.source, operation)
            yield Version(*told, timeline.at(row.id), triples, mine)


def _operation(row: Row[Any], *, published: bool) -> str | None:
    """What a change is told as; None when it is not told."""
    if not published:
        return None if row.operation == "create" else "withdraw"
    if row.triples is None and row.operation != "withdraw":
        return None
    return str(row.operation)
