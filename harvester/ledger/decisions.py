"""Room: what people decided: held runs released or discarded, sources removed, records withdrawn.

Decisions are kept for good. Suppressions name what is withdrawn on request by a hash, so that the list itself
tells nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Row, delete, insert, select

from harvester.ledger.ledger import Ledger
from harvester.ledger.tables import decisions, runs, suppressions
from harvester.model import Action, Decision, Outcome

WHOLE = ""
"""The field of a suppression that concerns the whole record."""


def decide(ledger: Ledger, decision: Decision) -> int:
    """Write down a decision; returns its number."""
    with ledger.writing() as connection:
        done = connection.execute(insert(decisions).values(**asdict(decision)).returning(decisions.c.id))
        return int(done.scalar_one())


def decided(ledger: Ledger, source: str, ref: str | None = None) -> list[Row[Any]]:
    """The decisions about a source, or about one of its records, newest first."""
    query = select(decisions).where(decisions.c.source == source)
    if ref is not None:
        query = query.where(decisions.c.ref == ref)
    with ledger.reading() as connection:
        return list(connection.execute(query.order_by(decisions.c.id.desc())))


def held(ledger: Ledger, source: str) -> Row[Any] | None:
    """The held run that waits for a person: the newest, unless a later run succeeded or it was decided on."""
    ended = (*(one for one in Outcome if one.succeeded), Outcome.HELD)
    query = select(runs).where(runs.c.source == source, runs.c.outcome.in_(ended))
    with ledger.reading() as connection:
        last = connection.execute(query.order_by(runs.c.id.desc()).limit(1)).first()
        if last is None or last.outcome != Outcome.HELD:
            return None
        about = select(decisions.c.id).where(decisions.c.run == last.id, decisions.c.action == Action.DISCARD)
        return None if connection.execute(about).first() else last


def suppress(ledger: Ledger, source: str, ref: str, field: str, at: datetime) -> None:
    """Put a record, or one of its fields, on the list; twice is once."""
    lift(ledger, source, ref, field)
    with ledger.writing() as connection:
        connection.execute(insert(suppressions).values(hash=fingerprint(source, ref), field=field, at=at))


def lift(ledger: Ledger, source: str, ref: str, field: str) -> bool:
    """Take a record or a field off the list; True when it was on it."""
    mine = delete(suppressions).where(
        suppressions.c.hash == fingerprint(source, ref), suppressions.c.field == field
    )
    with ledger.writing() as connection:
        return connection.execute(mine).rowcount > 0


def suppressed(ledger: Ledger) -> Mapping[str, Sequence[str]]:
    """The fields that are suppressed, by fingerprint; `WHOLE` for the whole record."""
    found: dict[str, list[str]] = defaultdict(list)
    with ledger.reading() as connection:
        for row in connection.execute(select(suppressions).order_by(suppressions.c.field)):
            found[row.hash].append(row.field)
    return found


def fingerprint(source: str, ref: str) -> str:
    """What names a record on the list."""
    return blake2b(f"{source}\0{ref}".encode(), digest_size=16).hexdigest()
