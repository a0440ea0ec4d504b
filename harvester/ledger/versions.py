"""Room: the versions of records by the number of the change that published them.

In: positions and numbers of changes. Out: where each record of a source stood at a position, and the triples
of a version, which never change but may be forgotten. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import and_, func, select

from harvester.ledger.ledger import Ledger
from harvester.ledger.packing import unpack
from harvester.ledger.tables import changes, runs

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Version:
    """How a record stood at a position: its last change until then, and the first it ever had.

    `triples` is None when it was withdrawn, `reason` says why; `at` is the end of the run of that change.
    """

    ref: str
    change: int
    first: int
    at: datetime
    triples: bytes | None
    reason: str | None


def standing(ledger: Ledger, source: str, *, after: int, upto: int) -> Iterator[Version]:
    """The records of a source that changed after a position, as they stood at another; in no order."""
    mine = and_(changes.c.source == source, changes.c.id <= upto)
    newest = select(func.max(changes.c.id)).where(mine, changes.c.id > after).group_by(changes.c.ref)
    earlier = changes.alias("earlier")
    first = select(func.min(earlier.c.id)).where(
        earlier.c.source == changes.c.source, earlier.c.ref == changes.c.ref
    )
    query = (
        select(changes, first.scalar_subquery().label("first"), runs.c.ended_at)
        .join(runs, runs.c.id == changes.c.run)
        .where(changes.c.id.in_(newest))
    )
    with ledger.reading() as connection:
        for row in connection.execution_options(yield_per=1000).execute(query):
            triples = unpack(row.triples) if row.triples is not None else None
            yield Version(row.ref, row.id, row.first, row.ended_at, triples, row.reason)


def versions(ledger: Ledger, numbers: Sequence[int]) -> Mapping[int, bytes]:
    """The triples of versions by the number of their change; those forgotten are left out."""
    found: dict[int, bytes] = {}
    waiting = iter(numbers)
    with ledger.reading() as connection:
        while some := list(islice(waiting, _AT_ONCE)):
            query = select(changes.c.id, changes.c.triples).where(changes.c.id.in_(some))
            told = connection.execute(query.where(changes.c.triples.is_not(None)))
            found.update((row.id, unpack(row.triples)) for row in told)
    return found
