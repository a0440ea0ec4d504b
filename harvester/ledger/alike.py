"""Room: the same thing in other records: what a person is shown before one of them is withdrawn.

In: a record, and addresses it says it comes from. Out: the records that share its page, or its name at the
same place, or whose page is one of those addresses. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, false, or_, select

from harvester.ledger.ledger import Ledger
from harvester.ledger.tables import records


@dataclass(frozen=True, slots=True)
class Alike:
    """A record that may be the same thing, and why it may."""

    source: str
    ref: str
    name: str | None
    live: bool
    why: str


def elsewhere(ledger: Ledger, record: Row[Any], origins: Sequence[str] = ()) -> list[Alike]:
    """The other records that may be the same thing, by source and ref; may be empty."""
    page = records.c.page.in_([one for one in (record.page, *origins) if one])
    told = record.name and record.place
    named = and_(records.c.name == record.name, records.c.place == record.place) if told else false()
    other = or_(records.c.source != record.source, records.c.ref != record.ref)
    query = select(records).where(other, or_(page, named)).order_by(records.c.source, records.c.ref)
    with ledger.reading() as connection:
        rows = connection.execute(query).all()
    return [Alike(row.source, row.ref, row.name, row.live, _why(record, row)) for row in rows]


def _why(record: Row[Any], row: Row[Any]) -> str:
    if row.page and row.page == record.page:
        return "the same page"
    return "the same name and place" if row.name == record.name else "the page it comes from"
