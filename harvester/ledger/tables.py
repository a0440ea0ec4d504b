"""Room: the tables of the ledger, in portable SQL (SQLite today, PostgreSQL later).

`records` says where each record ever seen stands; `changes` is append-only and numbered, and is
both the way to every projection and the public feed; `runs` is the diary. `changes.prior` chains
the changes of one record, newest to oldest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

SCHEMA_VERSION = 3


class Moment(TypeDecorator[datetime]):
    """An aware UTC time, kept without offset because SQLite has no other way."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Aware in, naive UTC in the database."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Naive UTC in the database, aware out."""
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("id", String, primary_key=True),
    Column("description", JSON, nullable=False),  # what pages and prov say of it, kept when the table goes
    Column("described_at", Moment, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=False),
    Column("outcome", String, nullable=False),
    Column("message", Text),
    Column("cause", String),  # why it did not succeed; NULL when it did
    Column("recipe", String),
    Column("since", Moment),  # a run that asked only for what changed after it; NULL when it asked for all
    Column(
        "answers", JSON(none_as_null=True)
    ),  # answers of the listing with their validators, when it was read to its end
    Column("counts", JSON, nullable=False),
    Column("findings", JSON, nullable=False),  # findings by severity and code, fields and categories not used
    Index("runs_by_source", "source", "id"),
    sqlite_autoincrement=True,
)

changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", Integer, ForeignKey("runs.id"), nullable=False),
    Column("source", String, nullable=False),
    Column("ref", String, nullable=False),
    Column("operation", String, nullable=False),  # create, update, withdraw
    Column("prior", Integer),
    Column("triples", LargeBinary),  # compressed canonical N-Triples; NULL when withdrawn
    Column("reason", Text),  # why it was withdrawn
    Index("changes_by_source", "source", "id"),
    Index("changes_by_record", "source", "ref", "id"),
    Index("changes_by_run", "run"),
    sqlite_autoincrement=True,
)

records = Table(
    "records",
    metadata,
    Column("source", String, primary_key=True),
    Column("ref", String, primary_key=True),
    Column("judged", LargeBinary),  # hash of content and recipe last judged
    Column("state", String, nullable=False),
    Column("live", Boolean, nullable=False),  # its last change is a published version
    Column("change", Integer),  # its last change, whatever it did
    Column("digest", LargeBinary),  # hash of the triples of that change
    Column("name", Text),
    Column("page", Text),
    Column("findings", JSON(none_as_null=True)),
    Column("reason", Text),
    Column("place", String),  # its commune or point, to know it again under another ref
    Column("ends", Moment),  # when an event is over
    Column("first_seen", Moment, nullable=False),
    Column("missing_since", Moment),
    Column("run", Integer, nullable=False),  # the run that last judged it
    Index("records_by_page", "page"),
    sqlite_with_rowid=False,
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", String, nullable=False),
    Column("action", String, nullable=False),
    Column("source", String, nullable=False),
    Column("ref", String),
    Column("field", String),
    Column("run", Integer),  # the held run decided on, or the run that carried the decision out
    Column("reason", Text, nullable=False),
    Index("decisions_by_source", "source", "id"),
    sqlite_autoincrement=True,
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("hash", String, primary_key=True),  # of source and ref: the list itself tells nothing
    Column("field", String, primary_key=True),  # "" for the whole record
    Column("at", Moment, nullable=False),
)

alarms = Table(
    "alarms",
    metadata,
    Column("source", String, primary_key=True),  # "" for the house itself
    Column("alarm", String, primary_key=True),
    Column("since", Moment, nullable=False),
)

staging = MetaData()

seen = Table(
    "seen",
    staging,
    Column("ref", String, primary_key=True),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)

buried = Table(
    "buried",
    staging,
    Column("ref", String, primary_key=True),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)

staged = Table(
    "staged",
    staging,
    Column("ref", String, primary_key=True),
    Column("judged", LargeBinary),
    Column("state", String, nullable=False),
    Column("digest", LargeBinary),
    Column("triples", LargeBinary),
    Column("name", Text),
    Column("page", Text),
    Column("findings", JSON(none_as_null=True)),
    Column("reason", Text),
    Column("place", String),
    Column("ends", Moment),
    Column("missing_since", Moment),
    prefixes=["TEMPORARY"],
)
