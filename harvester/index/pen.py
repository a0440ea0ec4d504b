"""Room: records as they stand -> rows of the index, in a transaction that somebody else opened.

Versions come in, rows go out; a record that leaves keeps a row without keys, its tombstone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from harvester.index.keys import Keys, keys
from harvester.ledger.exits import Why, left
from harvester.ledger.versions import Version

_AT_ONCE = 1000


@dataclass(slots=True)
class _Rows:
    """Rows to be written at once: many at a time take a third of the time."""

    records: list[tuple[Any, ...]] = field(default_factory=list)
    uses: list[tuple[int, int]] = field(default_factory=list)
    places: list[tuple[int, float, float, float, float]] = field(default_factory=list)


class Pen:
    """Writes records into an open transaction; remembers the numbers of words."""

    def __init__(self, database: sqlite3.Connection, base: str) -> None:
        self._database, self._base = database, base
        self._words: dict[str, int] = dict(database.execute("SELECT word, id FROM words"))
        self._empty = database.execute("SELECT 1 FROM records LIMIT 1").fetchone() is None

    def put(self, source: str, versions: Iterable[Version]) -> None:
        """Write records as they stand."""
        waiting = iter(versions)
        while some := list(islice(waiting, _AT_ONCE)):
            if not self._empty:
                self._forget([one.first for one in some])
            self._write(self._rows(source, some))

    def close(self, source: str, position: int) -> None:
        """Make tombstones of the records of a source that is not published any more."""
        gone = self._database.execute(
            "SELECT id FROM records WHERE source = ? AND live", (source,)
        ).fetchall()
        self._forget([number for (number,) in gone])
        self._database.execute(
            "UPDATE records SET live = 0, reason = ?, lat = NULL, lon = NULL, words = '',"
            " change = max(change, ?) WHERE source = ? AND live",
            (Why.UNLICENSED, position, source),
        )

    def _rows(self, source: str, versions: Iterable[Version]) -> _Rows:
        rows = _Rows()
        for one in versions:
            found = keys(one.triples, self._base) if one.triples is not None else _NONE
            numbers = [self._number(word) for word in found.words]
            live = one.triples is not None
            stands = (live, None if live else left(one.reason or ""), found.lat, found.lon)
            told = (one.first, source, one.ref, one.change, one.at.timestamp(), *stands)
            rows.records.append((*told, " ".join(map(str, numbers))))
            rows.uses += [(number, one.first) for number in numbers]
            if found.lat is not None and found.lon is not None:
                rows.places.append((one.first, found.lat, found.lat, found.lon, found.lon))
        return rows

    def _write(self, rows: _Rows) -> None:
        add = self._database.executemany
        add("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows.records)
        add("INSERT INTO uses VALUES (?, ?)", sorted(rows.uses))
        add("INSERT INTO places VALUES (?, ?, ?, ?, ?)", rows.places)

    def _forget(self, numbers: Sequence[int]) -> None:
        """Take the keys of records out, of those that have any."""
        ask = self._database.execute
        found = (
            (number, ask("SELECT words FROM records WHERE id = ?", (number,)).fetchone())
            for number in numbers
        )
        old = [(int(word), number) for number, row in found if row for word in row[0].split()]
        self._database.executemany("DELETE FROM uses WHERE word = ? AND record = ?", old)
        self._database.executemany("DELETE FROM places WHERE id = ?", [(number,) for number in numbers])

    def _number(self, word: str) -> int:
        if word not in self._words:
            made = self._database.execute("INSERT INTO words (word) VALUES (?) RETURNING id", (word,))
            self._words[word] = int(made.fetchone()[0])
        return self._words[word]


_NONE = Keys(())
