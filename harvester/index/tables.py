"""Room: the tables of the index, and how its file is opened.

A record has the number of its first change for an id: it never changes, also when the index is made anew. It
stays as a tombstone when it leaves, with the reason. A word is what a record may be asked for by:
`kind/event`, `theme/alimentation`, `territory/commune/34172`, `to/SOURCE/REF` for a record it points at.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harvester.errors import StoreError

VERSION = 1
"""Of the tables and of how triples become keys: an index of another version is made anew."""

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE positions (source TEXT PRIMARY KEY, change INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE records (
  id INTEGER PRIMARY KEY,  -- its first change
  source TEXT NOT NULL,
  ref TEXT NOT NULL,
  change INTEGER NOT NULL,  -- its last change
  at REAL NOT NULL,  -- when the run of that change ended, seconds since 1970
  live INTEGER NOT NULL,
  reason TEXT,  -- why it left; NULL while it is published
  lat REAL,
  lon REAL,
  words TEXT NOT NULL  -- numbers of its words, so that they are found again when it changes
);
CREATE UNIQUE INDEX records_by_ref ON records (source, ref);
CREATE INDEX records_by_change ON records (change, id);
CREATE INDEX records_by_time ON records (at, change);
CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
CREATE TABLE uses (word INTEGER NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (word, record)) WITHOUT ROWID;
CREATE VIRTUAL TABLE places USING rtree (id, south, north, west, east);
"""

_PATIENCE_S = 10


def current(folder: Path) -> Path | None:
    """The file that readers open; None before the first."""
    try:
        name = (folder / "current").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    path = folder / name
    return path if name and path.is_file() else None


def connected(path: Path) -> sqlite3.Connection:
    """A connection to an index, for whoever writes it; derived as it is, it need not wait for the disk."""
    database = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    return database


@contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that reads one state of the index; None before anything is published.

    Raises:
        StoreError: the index cannot be read; the next publication makes it anew.
    """
    path = current(folder)
    if path is None:
        yield None
        return
    try:
        database = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_S, isolation_level=None
        )
        database.row_factory = sqlite3.Row
        try:
            database.execute("BEGIN")
            yield database
        finally:
            database.close()
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}; the next publication makes it anew") from error


def words(folder: Path, start: str) -> set[str]:
    """The words of the index that begin so, without what they begin with; empty before the first."""
    with reading(folder) as database:
        if database is None:
            return set()
        found = database.execute("SELECT word FROM words WHERE substr(word, 1, ?) = ?", (len(start), start))
        return {row["word"].removeprefix(start) for row in found}
