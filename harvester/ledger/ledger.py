"""Room: the ledger, the durable record of what we hold; everything published derives from it.

Opens the database, tells what it knows (runs, records, changes) and hands out drafts, in which
one run is prepared and then committed in one transaction. It stores triples as bytes and never
reads them, never fetches, never touches the triple store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    ExceptionContext,
    Row,
    Select,
    Text,
    create_engine,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from harvester.errors import DiskError, StoreError, disk_error
from harvester.ledger import tables
from harvester.ledger.draft import WRITE, Draft
from harvester.ledger.packing import unpack
from harvester.ledger.reckoning import finding_counts
from harvester.ledger.tables import changes, meta, records, runs, sources
from harvester.ledger.upgrade import upgrade
from harvester.model import Outcome, Severity

_CACHE_KIB = 65536
"""Pages a connection may hold; the default of 2 MB spills a large commit to disk over and over."""


_KEPT = "nothing committed is lost; "
_REFUSALS = (
    ("disk is full", _KEPT + "free some space on this disk, then run it again"),
    ("disk I/O error", _KEPT + "look at this disk: it is full, or it fails"),
    ("readonly database", _KEPT + "let the user who runs the harvester write there"),
    ("unable to open", _KEPT + "let the user who runs the harvester write there"),
    ("is locked", _KEPT + "another process writes for very long; run it again"),
    ("malformed", "look at it with `harvester doctor`, restore it from a backup"),
    ("not a database", "restore it from a backup"),
    ("no such table", "restore it from a backup"),
)
"""What SQLite says when it is not our fault, and what to do about it."""


@dataclass(frozen=True, slots=True)
class NetChange:
    """What becomes of one record between two positions: old and new triples, None for nothing."""

    ref: str
    old: bytes | None
    new: bytes | None


class Ledger:
    """An open ledger. Any process may open it and commit; SQLite orders the writers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(begin=WRITE)

    @classmethod
    def open(cls, path: Path, *, base: str) -> Ledger:
        """Open or create the ledger of a store whose records are minted under `base`.

        Raises:
            StoreError: made by a newer version, made for another base, damaged or not writable.
        """
        engine = _engine(path)
        try:
            with engine.execution_options(begin=WRITE).begin() as connection:
                tables.metadata.create_all(connection)
                _check(connection, path, base)
        except DatabaseError as error:
            raise StoreError(
                f"{path}: cannot be opened as a ledger ({error.orig}); restore it from a backup"
            ) from error
        return cls(engine)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that reads one snapshot."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection that writes, all or nothing."""
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def draft(self, source: str) -> Iterator[Draft]:
        """A draft of one run of one source; what is not committed leaves no trace."""
        with self._engine.connect() as connection:
            yield Draft(connection, source)

    def describe(self, source: str, description: Mapping[str, Any], now: datetime) -> None:
        """Keep what pages and provenance say of a source; unchanged descriptions write nothing."""
        with self._writer.begin() as connection:
            held = connection.execute(select(sources.c.description).where(sources.c.id == source)).scalar()
            if held is None:
                connection.execute(
                    insert(sources).values(id=source, description=description, described_at=now)
                )
            elif held != description:
                connection.execute(
                    update(sources)
                    .where(sources.c.id == source)
                    .values(description=description, described_at=now)
                )

    def log(self, run: Mapping[str, Any]) -> int:
        """Write down a run that changes no record; returns its id."""
        with self._writer.begin() as connection:
            done = connection.execute(insert(runs).values(**run).returning(runs.c.id))
            return int(done.scalar_one())

    def sources(self) -> Mapping[str, Mapping[str, Any]]:
        """Every source ever described, by id."""
        return {row.id: row.description for row in self._rows(select(sources).order_by(sources.c.id))}

    def runs(self, source: str, *, limit: int = 30) -> list[Row[Any]]:
        """The last runs of a source, newest first."""
        return self._rows(select(runs).where(runs.c.source == source).order_by(runs.c.id.desc()).limit(limit))

    def run(self, number: int) -> Row[Any]:
        """One run, which must exist."""
        with self._engine.connect() as connection:
            return connection.execute(select(runs).where(runs.c.id == number)).one()

    def outcomes(self) -> Mapping[str, int]:
        """How many runs of sources ended in each word."""
        query = select(runs.c.outcome, func.count().label("n")).where(runs.c.source != "")
        return {row.outcome: row.n for row in self._rows(query.group_by(runs.c.outcome))}

    def last_run(self) -> int:
        """The number of the last run of any source; 0 before the first."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(runs.c.id))).scalar() or 0

    def last_complete(self, source: str, *, upto: int | None = None) -> Row[Any] | None:
        """The last run that read the whole listing and was accepted; its answers may be asked for again.

        The last up to run `upto`, when it is given.
        """
        query = self._accepted(source, upto).where(runs.c.answers.is_not(None), runs.c.since.is_(None))
        return self._first(query.limit(1))

    def later_readings(self, source: str, after: int, *, upto: int | None = None) -> list[Row[Any]]:
        """The accepted runs after run `after` that asked only for what had changed, newest first."""
        query = self._accepted(source, upto).where(runs.c.answers.is_not(None), runs.c.since.is_not(None))
        return self._rows(query.where(runs.c.id > after))

    def noted_runs(self, source: str, *, upto: int | None = None) -> list[int]:
        """The accepted runs whose records together are the listing, newest first; may be empty.

        The last that read the whole and changed something, before it those that read changes only.
        """
        found = []
        query = self._accepted(source, upto).where(runs.c.outcome != Outcome.UNCHANGED)
        for row in self._rows(query):
            if "limited" not in row.counts:
                found.append(row.id)
                if row.since is None:
                    return found
        return []

    def memory(self, source: str) -> Mapping[str, Any]:
        """What the last run that read records remembers of them, for the next; empty before the first."""
        query = self._accepted(source).where(runs.c.findings.cast(Text).contains('"fields"'))
        found = self._first(query.limit(1))
        return found.findings if found else {}

    def record(self, source: str, ref: str) -> Row[Any] | None:
        """What the ledger says of a record, or None when it was never seen."""
        return self._first(select(records).where(records.c.source == source, records.c.ref == ref))

    def records_of_page(self, page: str) -> list[Row[Any]]:
        """The records whose page at the partner is this address."""
        return self._rows(
            select(records).where(records.c.page == page).order_by(records.c.source, records.c.ref)
        )

    def history(self, source: str, ref: str) -> list[Row[Any]]:
        """The changes of a record with the time of their run, oldest first."""
        told = select(changes.c.id, changes.c.operation, changes.c.reason, runs.c.ended_at)
        query = told.join(runs, runs.c.id == changes.c.run)
        return self._rows(
            query.where(changes.c.source == source, changes.c.ref == ref).order_by(changes.c.id)
        )

    def triples(self, source: str, ref: str) -> bytes | None:
        """The published triples of a record; None when it is not published."""
        query = select(changes.c.triples).join(records, records.c.change == changes.c.id)
        row = self._first(query.where(records.c.source == source, records.c.ref == ref, records.c.live))
        return unpack(row.triples) if row else None

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Records by source and state, plus `live`: those published, missing and stale included."""
        query = select(
            records.c.source,
            records.c.state,
            func.count().label("n"),
            func.count().filter(records.c.live).label("live"),
        ).group_by(records.c.source, records.c.state)
        found: dict[str, dict[str, int]] = {}
        for row in self._rows(query):
            counts = found.setdefault(row.source, {"live": 0})
            counts[row.state] = row.n
            counts["live"] += row.live
        return found

    def finding_counts(self, source: str) -> Mapping[tuple[str, str, str], int]:
        """How often each (severity, code, field) was found in the records of a source."""
        with self.reading() as connection:
            return finding_counts(connection, source)

    def violations(self, source: str) -> list[Row[Any]]:
        """The (ref, findings) of the records of a source that a violation keeps out or stale, by ref."""
        query = select(records.c.ref, records.c.findings).where(
            records.c.source == source, records.c.findings.cast(Text).contains(f'"{Severity.VIOLATION}"')
        )
        return self._rows(query.order_by(records.c.ref))

    def position(self, source: str | None = None) -> int:
        """The number of the last change, of one source or of all; 0 when there is none."""
        query = select(func.max(changes.c.id))
        if source is not None:
            query = query.where(changes.c.source == source)
        with self._engine.connect() as connection:
            return connection.execute(query).scalar() or 0

    def net_changes(
        self, source: str, after: int, *, limit: int, upto: int | None = None
    ) -> tuple[int, list[NetChange]]:
        """The net effect, per record, of the next `limit` changes of a source after a position, up to `upto`.

        Returns the new position and the net changes, sorted by ref; ([same position], []) at the end.
        """
        first = changes.alias("first")
        later = (
            select(changes)
            .where(changes.c.source == source, changes.c.id > after)
            .order_by(changes.c.id)
            .limit(limit)
        )
        if upto is not None:
            later = later.where(changes.c.id <= upto)
        with self._engine.connect() as connection:
            rows = connection.execute(later).all()
            old_ids: dict[str, int | None] = {}
            new: dict[str, bytes | None] = {}
            for row in rows:
                old_ids.setdefault(row.ref, row.prior)
                new[row.ref] = row.triples
            ids = [prior for prior in old_ids.values() if prior is not None]
            held: dict[int, bytes | None] = {}
            for start in range(0, len(ids), 500):
                chunk = select(first.c.id, first.c.triples).where(first.c.id.in_(ids[start : start + 500]))
                held.update((row.id, row.triples) for row in connection.execute(chunk))
        net = [
            NetChange(ref, _unpacked(held.get(old_ids[ref] or 0)), _unpacked(new[ref])) for ref in sorted(new)
        ]
        return (rows[-1].id if rows else after), net

    def published(self, source: str) -> tuple[int, Iterator[bytes]]:
        """The position of a source, and the published triples of each of its records, from one snapshot."""
        connection = self._engine.connect()
        position = (
            connection.execute(select(func.max(changes.c.id)).where(changes.c.source == source)).scalar() or 0
        )
        query = (
            select(changes.c.triples)
            .join(records, records.c.change == changes.c.id)
            .where(records.c.source == source, records.c.live)
            .order_by(records.c.ref)
        )

        def payloads() -> Iterator[bytes]:
            with connection:
                for row in connection.execute(query.execution_options(yield_per=1000)):
                    yield unpack(row.triples)

        return position, payloads()

    def _accepted(self, source: str, upto: int | None = None) -> Select[Any]:
        """The runs of a source that succeeded, newest first."""
        succeeded = [outcome for outcome in Outcome if outcome.succeeded]
        query = select(runs).where(runs.c.source == source, runs.c.outcome.in_(succeeded))
        if upto is not None:
            query = query.where(runs.c.id <= upto)
        return query.order_by(runs.c.id.desc())

    def _rows(self, query: Select[Any]) -> list[Row[Any]]:
        with self._engine.connect() as connection:
            return list(connection.execute(query).all())

    def _first(self, query: Select[Any]) -> Row[Any] | None:
        with self._engine.connect() as connection:
            return connection.execute(query).first()


def _unpacked(triples: bytes | None) -> bytes | None:
    return None if triples is None else unpack(triples)


def _engine(path: Path) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error) from error
    # no pool: temporary tables of a draft must end with its connection
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 60}, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver would begin too late for a reader's snapshot
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")

    @event.listens_for(engine, "handle_error")
    def _say(context: ExceptionContext) -> None:
        said = str(context.original_exception)
        if remedy := next((text for words, text in _REFUSALS if words in said), ""):
            raise DiskError(f"{path}: {said}; {remedy}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine


def _check(connection: Connection, path: Path, base: str) -> None:
    """Stamp a new ledger; refuse one made by a newer version or for another base."""
    stamps = {row.key: row.value for row in connection.execute(select(meta))}
    if not stamps:
        connection.execute(
            insert(meta),
            [{"key": "schema", "value": str(tables.SCHEMA_VERSION)}, {"key": "base", "value": base}],
        )
        return
    upgrade(connection, path, int(stamps["schema"]))
    if stamps["base"] != base:
        raise StoreError(
            f"{path}: its records are minted under '{stamps['base']}', the configuration says '{base}'; "
            f"set federation.base back, or start an empty store with --store"
        )
