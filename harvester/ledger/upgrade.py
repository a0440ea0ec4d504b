"""Room: a ledger made by an earlier version -> one that this version reads, after a copy of it was kept.

Each step is a list of statements, run in one transaction with the new version number: killed in the middle,
the old ledger is still there. A ledger made by a newer version is refused.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, update

from harvester.errors import DiskError, StoreError
from harvester.ledger.tables import SCHEMA_VERSION, meta

STEPS: Mapping[int, Sequence[str]] = {
    1: (
        "ALTER TABLE runs ADD COLUMN since DATETIME",
        "CREATE INDEX IF NOT EXISTS changes_by_record ON changes (source, ref, id)",
    ),
    2: (
        "ALTER TABLE runs ADD COLUMN cause VARCHAR",
        "ALTER TABLE changes ADD COLUMN reason TEXT",
        "CREATE INDEX IF NOT EXISTS changes_by_run ON changes (run)",
        "ALTER TABLE records ADD COLUMN place VARCHAR",
        "ALTER TABLE records ADD COLUMN ends DATETIME",
    ),
}
"""From a version to the next."""


def upgrade(connection: Connection, path: Path, version: int) -> None:
    """Bring the tables of an open write transaction from `version` to ours; nothing to do for our own.

    Raises:
        StoreError: made by a newer version.
    """
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: made by a newer version (schema {version}, this version knows {SCHEMA_VERSION}); "
            f"upgrade the harvester"
        )
    if version == SCHEMA_VERSION:
        return
    keep_copy(path, path.with_name(f"{path.stem}-schema-{version}{path.suffix}"))
    for step in range(version, SCHEMA_VERSION):
        for statement in STEPS[step]:
            connection.exec_driver_sql(statement)
    connection.execute(update(meta).where(meta.c.key == "schema").values(value=str(SCHEMA_VERSION)))


def keep_copy(path: Path, copy: Path) -> None:
    """A copy of the ledger as it stands at one moment, whatever is written meanwhile: whole, or not there.

    Raises:
        DiskError: it cannot be written, or what was written is damaged.
    """
    partial = copy.with_suffix(".partial")
    for left in copy.parent.glob(f"{partial.name}*"):  # by a process that was killed
        left.unlink()
    try:
        with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(partial)) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")  # one file
            said = new.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        partial.unlink(missing_ok=True)
        raise DiskError(f"{copy}: the ledger cannot be copied there ({error}); free some space") from error
    if said != "ok":
        raise DiskError(f"{path}: damaged ({said}); run `harvester doctor`, restore it from a backup")
    partial.replace(copy)
