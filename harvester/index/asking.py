"""Room: questions to the index -> entries, a part at a time.

What is asked comes in as values already checked, and a cursor; out go entries in the order of their first
change, or, when following, of their last. A cursor stays good while data changes and when the index is made
anew: it is made of numbers of changes. No triple is read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harvester.index.filters import Asked, fewest, filters
from harvester.index.tables import reading

UNMATCHED = "unmatched"
"""Why an entry is told that does not fit what is asked: an earlier version may have."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where to go on: `after` in a listing as of `position`; when following, after the change `position`."""

    position: int
    after: int = 0
    following: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: its last change and its time; `reason` when it left, or is not any more what was asked."""

    source: str
    ref: str
    change: int
    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """Some entries, the cursor to the next (None at the end), and the one to follow from after the last.

    `following` tells whether they are what changed since a cursor: only then are those that left among them.
    """

    entries: Sequence[Entry]
    next: Cursor | None
    follow: Cursor
    position: int
    following: bool = False


def part(folder: Path, asked: Asked, cursor: Cursor | datetime | None, limit: int) -> Part | None:
    """The next entries; a time begins to follow from there. None before anything is published.

    Raises:
        StoreError: the index cannot be read.
        LookupError: the cursor is ahead of what is published: the ledger was restored from a backup.
    """
    with reading(folder) as database:
        if database is None:
            return None
        position = _position(database)
        if isinstance(cursor, datetime):
            cursor = Cursor(_before(database, cursor, position), following=True)
        if cursor and cursor.position > position:
            raise LookupError(f"cursor of change {cursor.position}, published up to {position}")
        if cursor and cursor.following:
            return _followed(database, asked, cursor, limit, position)
        return _listed(database, asked, cursor or Cursor(position), limit, position)


def entry(folder: Path, source: str, ref: str) -> Entry | None:
    """The entry of one record; None when it was never published.

    Raises:
        StoreError: the index cannot be read.
    """
    with reading(folder) as database:
        if database is None:
            return None
        query = "SELECT * FROM records WHERE source = ? AND ref = ?"
        row = database.execute(query, (source, ref)).fetchone()
        return _entry(row) if row else None


def _listed(database: sqlite3.Connection, asked: Asked, cursor: Cursor, limit: int, position: int) -> Part:
    """Records of the time the listing began; those made since are told to who follows."""
    chosen = list(filters(asked))
    few = fewest(database, chosen)
    start = (
        f"(SELECT DISTINCT id AS hit FROM ({few.ids})) CROSS JOIN records r NOT INDEXED ON r.id = hit"
        if few
        else "records r NOT INDEXED"
    )
    wanted = " AND ".join(["r.live", "r.id > ?", "r.id <= ?", *(one.test for one in chosen)])
    values = [*(few.values if few else ()), cursor.after, cursor.position]
    values += [value for one in chosen for value in one.values]
    query = f"SELECT r.* FROM {start} WHERE {wanted} ORDER BY r.id LIMIT ?"
    rows = database.execute(query, (*values, limit + 1)).fetchall()
    follow = Cursor(cursor.position, following=True)
    more = Cursor(cursor.position, rows[limit - 1]["id"]) if len(rows) > limit else None
    return Part([_entry(row) for row in rows[:limit]], more, follow, position)


def _followed(database: sqlite3.Connection, asked: Asked, cursor: Cursor, limit: int, position: int) -> Part:
    """What changed since; what left, or does not fit any more, is told to who may hold it."""
    chosen = list(filters(asked))
    fits = " AND ".join(["r.live", *(one.test for one in chosen)])
    of_source = [one for one in chosen if one.test.startswith("r.source")]
    wanted = " AND ".join(["(r.change, r.id) > (?, ?)", *(one.test for one in of_source)])
    query = (
        f"SELECT * FROM (SELECT r.*, ({fits}) AS fits FROM records r INDEXED BY records_by_change"
        f" WHERE {wanted}) WHERE fits OR id <= ? ORDER BY change, id LIMIT ?"
    )
    values = [value for one in chosen for value in one.values]
    values += [cursor.position, cursor.after or _ALL, *(value for one in of_source for value in one.values)]
    rows = database.execute(query, (*values, cursor.position, limit + 1)).fetchall()
    told = [_entry(row, fits=bool(row["fits"])) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    more = Cursor(last["change"], last["id"], following=True) if last else None
    return Part(told, more, Cursor(position, following=True), position, following=True)


_ALL = 1 << 62
"""After every record of a change."""


def _position(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT value FROM meta WHERE key = 'position'").fetchone()[0])


def _before(database: sqlite3.Connection, since: datetime, position: int) -> int:
    """The change after which those of a time begin: as many as may have been made since, or a few more."""
    query = "SELECT min(change) FROM records WHERE at > ?"
    first = database.execute(query, (since.timestamp(),)).fetchone()[0]
    return position if first is None else int(first) - 1


def _entry(row: sqlite3.Row, *, fits: bool = True) -> Entry:
    reason = row["reason"] or (None if fits else UNMATCHED)
    return Entry(row["source"], row["ref"], row["change"], datetime.fromtimestamp(row["at"], UTC), reason)
