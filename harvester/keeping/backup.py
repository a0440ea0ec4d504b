"""Room: a copy of a running instance, from which it can be made again elsewhere.

In: the ledger, its store, its configuration. Out: a folder with the ledger as it stood at one moment, the
answers and the diary that it refers to, what people wrote (sources.toml, corrections, alignments), the list
of what is withdrawn as a file of its own, and last a manifest. Projections are left out. Stops nobody.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from harvester import __version__, vocab
from harvester.errors import StoreError, disk_error
from harvester.fetch import RawStore
from harvester.keeping import manifest, retention
from harvester.keeping.manifest import Manifest
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.decisions import exported
from harvester.ledger.redaction import redactions
from harvester.ledger.tables import runs
from harvester.ledger.upgrade import keep_copy
from harvester.ledger.withdrawals import bodies
from harvester.triplestore import FileLock

SUPPRESSIONS = "suppressions.jsonl"
SOURCES = "sources.toml"
CORRECTIONS = "corrections"
ALIGNMENTS = "alignments"


@dataclass(frozen=True, slots=True)
class Instance:
    """What makes an instance: its configuration, its store and its open ledger."""

    config: Path
    base: str
    layout: Layout
    ledger: Ledger


def backup(instance: Instance, to: Path, now: datetime) -> Manifest:
    """Copy an instance into an empty folder.

    Raises:
        StoreError: the folder holds something, somebody forgets or withdraws meanwhile, or the disk refuses.
    """
    try:
        to.mkdir(parents=True, exist_ok=True, mode=0o700)  # answers may hold what is not published
        if any(to.iterdir()):
            raise StoreError(f"{to}: holds something already; give a new folder")
        with FileLock(instance.layout.source_lock(retention.LOCK)):
            return _made(instance, to, now)
    except OSError as error:
        raise disk_error(error, to) from error


def _made(instance: Instance, to: Path, now: datetime) -> Manifest:
    forgotten = redactions(instance.ledger)
    keep_copy(instance.layout.ledger, Layout(to).ledger)
    made, wanted, known = _told(instance, to, now)
    raw, kept = RawStore(instance.layout.raw), RawStore(Layout(to).raw)
    for digest in sorted(wanted):
        try:
            manifest.copy(raw.path(digest), kept.path(digest))
        except FileNotFoundError:  # its source asks again; nothing that is published hangs on it
            made.missing.append(digest)
    for path, name in _diary(instance.layout, known):
        with suppress(FileNotFoundError):  # of a run discarded meanwhile
            manifest.copy(path, to / name)
    for path, name in _written(instance.config):
        manifest.copy(path, to / name)
    (to / SUPPRESSIONS).write_text("".join(exported(instance.ledger)), encoding="utf-8")
    if redactions(instance.ledger) != forgotten:
        raise StoreError(f"{to}: still holds what was withdrawn meanwhile; drop this copy, make another")
    for path in sorted(path for path in to.rglob("*") if path.is_file()):
        made.add(to, path)
    made.write(to)
    return made


def _told(instance: Instance, to: Path, now: datetime) -> tuple[Manifest, set[str], set[tuple[str, int]]]:
    """What the copy of the ledger says: the head of the manifest, the answers it refers to, its runs."""
    path = Layout(to).ledger
    copied = Ledger.open(path, base=instance.base)
    try:
        with copied.reading() as connection:
            known = {(row.source, row.id) for row in connection.execute(select(runs.c.source, runs.c.id))}
        head = (now.isoformat(), __version__, instance.base, copied.last_run(), copied.position())
        return Manifest(*head), set(bodies(copied)), known
    finally:
        copied.close()
        with closing(sqlite3.connect(path)) as alone:
            alone.execute("PRAGMA journal_mode = DELETE")


def _diary(layout: Layout, known: set[tuple[str, int]]) -> Iterator[tuple[Path, str]]:
    """The files of the diary that tell of these runs, with their names in the backup."""
    for path in sorted(layout.runs.glob("*/*.json*")):
        run = path.name.partition(".")[0]
        if run.isdigit() and (path.parent.name, int(run)) in known and not path.name.endswith(".partial"):
            yield path, path.relative_to(layout.root).as_posix()


def _written(config: Path) -> Iterator[tuple[Path, str]]:
    """What people wrote, with its names in the backup."""
    yield config, SOURCES
    for path in sorted((config.parent / CORRECTIONS).glob("*.csv")):
        yield path, f"{CORRECTIONS}/{path.name}"
    for path in sorted((vocab.folder() / ALIGNMENTS).glob("*.ttl")):
        yield path, f"{ALIGNMENTS}/{path.name}"
