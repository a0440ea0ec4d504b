"""Room: what people decided: held runs released or discarded, sources removed, records withdrawn.

Decisions are kept for good. Suppressions name what is withdrawn on request by its source and a hash, so that
the list itself tells nothing of it, and may go into a backup or to another installation.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from harvester.errors import StoreError
from harvester.ledger.ledger import Ledger
from harvester.ledger.tables import decisions, runs, suppressions
from harvester.model import Action, Decision, Outcome

WHOLE = ""
"""The field of a suppression that concerns the whole record."""

_FINGERPRINT = re.compile(r"[a-z0-9][a-z0-9-]*:[0-9a-f]{32}")


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


@dataclass(frozen=True, slots=True)
class Suppression:
    """A line of the list: a record by its fingerprint, a field or `WHOLE`, since when; why, if known."""

    hash: str
    field: str
    at: datetime
    reason: str | None = None


def suppress(connection: Connection, one: Suppression) -> bool:
    """Put a record, or one of its fields, on the list; False when it was there already."""
    there = select(suppressions.c.at).where(_named(one.hash, one.field))
    if connection.execute(there).first():
        return False
    connection.execute(insert(suppressions).values(hash=one.hash, field=one.field, at=one.at))
    return True


def lift(connection: Connection, hash_: str, field: str) -> bool:
    """Take a record or a field off the list; True when it was on it."""
    return connection.execute(delete(suppressions).where(_named(hash_, field))).rowcount > 0


def suppressed(ledger: Ledger) -> Mapping[str, Sequence[str]]:
    """The fields that are suppressed, by fingerprint; `WHOLE` for the whole record."""
    found: dict[str, list[str]] = defaultdict(list)
    with ledger.reading() as connection:
        for row in connection.execute(select(suppressions).order_by(suppressions.c.field)):
            found[row.hash].append(row.field)
    return found


def suppression_list(ledger: Ledger) -> list[Suppression]:
    """What is kept out and why, oldest first, without anything of it: what a person is shown."""
    with ledger.reading() as connection:
        told = connection.execute(
            select(decisions).where(decisions.c.action == Action.WITHDRAW).order_by(decisions.c.id)
        )
        reasons = {
            (fingerprint(row.source, row.ref), row.field or WHOLE): row.reason for row in told if row.ref
        }
        rows = connection.execute(select(suppressions).order_by(suppressions.c.at, suppressions.c.hash)).all()
    return [Suppression(row.hash, row.field, row.at, reasons.get((row.hash, row.field))) for row in rows]


def exported(ledger: Ledger) -> Iterator[str]:
    """The list as JSON lines, for a backup: `{"hash": …, "field": …, "at": …}`."""
    for one in suppression_list(ledger):
        yield json.dumps({"hash": one.hash, "field": one.field, "at": one.at.isoformat()}) + "\n"


def imported(lines: Iterable[str]) -> list[Suppression]:
    """What `exported` wrote; blank lines are passed over.

    Raises:
        StoreError: a line is not one of such a list.
    """
    return [_imported(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _imported(number: int, line: str) -> Suppression:
    try:
        told = json.loads(line)
        one = Suppression(str(told["hash"]), str(told["field"]), datetime.fromisoformat(told["at"]))
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(
            f"line {number} of the suppressions cannot be read; give the file a backup made"
        ) from error
    if one.at.tzinfo is None or not _FINGERPRINT.fullmatch(one.hash):
        raise StoreError(f"line {number} of the suppressions is not whole; give the file a backup made")
    return one


def fingerprint(source: str, ref: str) -> str:
    """What names a record on the list: its source, and a hash of both."""
    hashed = blake2b(f"{source}\0{ref}".encode(), digest_size=16)
    return f"{source}:{hashed.hexdigest()}"


def concerning(listed: Mapping[str, Sequence[str]], *sources: str) -> bool:
    """True when something of one of these sources is on the list."""
    return any(one.startswith(f"{source}:") for one in listed for source in sources)


def _named(hash_: str, field: str) -> Any:
    return (suppressions.c.hash == hash_) & (suppressions.c.field == field)
