"""Room: one run of one source, by its number, as the diary of the ledger has it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from harvester.ledger.ledger import Ledger
from harvester.ledger.tables import runs


def run(ledger: Ledger, source: str, number: int) -> Row[Any] | None:
    """The run; None when it is forgotten, of another source, or never was."""
    query = select(runs).where(runs.c.id == number, runs.c.source == source)
    with ledger.reading() as connection:
        return connection.execute(query).first() if number < 1 << 62 else None
