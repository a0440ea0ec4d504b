"""Room: the ledger -> the index, brought up beside the checkpoint, whole or not at all.

In: the sources that are published, and the position up to which the checkpoint shows them. Only the holder of
the writer's lock brings it up, in one transaction. An index of another version, made before the ledger forgot
something, ahead of the ledger or damaged is made anew in a file of its own, and the old one goes.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection
from contextlib import closing, suppress
from pathlib import Path

from harvester.errors import DiskError
from harvester.index.pen import Pen
from harvester.index.tables import SCHEMA, VERSION, connected, current
from harvester.ledger import Ledger
from harvester.ledger.versions import standing


class Index:
    """The index of one federation, for whoever publishes."""

    def __init__(self, folder: Path, ledger: Ledger, base: str) -> None:
        self._folder = folder
        self._base = base
        self._ledger = ledger

    def stands(self, redactions: int) -> bool:
        """True when there is an index that can be brought up, made since the ledger last forgot something."""
        path = current(self._folder)
        return path is not None and _stamp(path) == _wanted(redactions)

    def bring_up(self, sources: Collection[str], *, upto: int, redactions: int) -> None:
        """Bring the index to a position of the ledger; sources that are not named leave it.

        Raises:
            DiskError: the disk refuses; readers keep the index as it was.
        """
        try:
            path = current(self._folder)
            if path is None or not self.stands(redactions) or not self._brought_up(path, sources, upto):
                self._make(sources, upto, redactions)
        except (OSError, sqlite3.Error) as error:
            raise DiskError(
                f"{self._folder}: {error}; nothing committed is lost; look at this disk"
            ) from error

    def _brought_up(self, path: Path, sources: Collection[str], upto: int) -> bool:
        """False when the file is ahead of the ledger, or damaged."""
        try:
            with closing(connected(path)) as database:
                if _position(database) > upto:
                    return False
                self._write(database, sources, upto)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # the disk, not the file
                raise
            return False
        return True

    def _make(self, sources: Collection[str], upto: int, redactions: int) -> None:
        """A new file, which readers see when it is whole."""
        self._folder.mkdir(parents=True, exist_ok=True)
        before = [path for path in self._folder.iterdir() if path.name.split(".")[0].isdigit()]
        number = max((int(path.name.split(".")[0]) for path in before), default=0) + 1
        fresh = self._folder / f"{number:08d}.sqlite"
        with closing(connected(fresh)) as database:
            database.executescript(SCHEMA)
            database.executemany("INSERT INTO meta VALUES (?, ?)", _wanted(redactions).items())
            self._write(database, sources, upto)
        _point(self._folder, fresh)
        for path in before:
            path.unlink(missing_ok=True)

    def _write(self, database: sqlite3.Connection, sources: Collection[str], upto: int) -> None:
        held = dict(database.execute("SELECT source, change FROM positions"))
        if held == dict.fromkeys(sources, upto) and _position(database) == upto:
            return
        database.execute("BEGIN IMMEDIATE")
        try:
            pen = Pen(database, self._base)
            for source in sources:
                pen.put(source, standing(self._ledger, source, after=held.get(source, 0), upto=upto))
            for source in held.keys() - set(sources):
                pen.close(source, self._ledger.position(source))
            database.execute("DELETE FROM positions")
            database.executemany("INSERT INTO positions VALUES (?, ?)", [(one, upto) for one in sources])
            database.execute("INSERT OR REPLACE INTO meta VALUES ('position', ?)", (str(upto),))
            database.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                database.execute("ROLLBACK")
            raise


def _wanted(redactions: int) -> dict[str, str]:
    return {"version": str(VERSION), "redactions": str(redactions)}


def _stamp(path: Path) -> dict[str, str]:
    """What the file says of how it was made; nothing when it cannot be read."""
    try:
        with closing(connected(path)) as database:
            asked = "SELECT key, value FROM meta WHERE key IN ('version', 'redactions')"
            return dict(database.execute(asked))
    except sqlite3.Error:
        return {}


def _position(database: sqlite3.Connection) -> int:
    row = database.execute("SELECT value FROM meta WHERE key = 'position'").fetchone()
    return int(row[0]) if row else 0


def _point(folder: Path, path: Path) -> None:
    """Make a file the one that readers open."""
    pointer = folder / "current.new"
    with pointer.open("w", encoding="utf-8") as file:
        file.write(path.name)
        file.flush()
        os.fsync(file.fileno())
    pointer.replace(folder / "current")
