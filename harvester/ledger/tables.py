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

SCHEMA_VERSION = 2


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
    Index("changes_by_source", "source", "id"),
    Index("changes_by_record", "source", "ref", "id"),
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
    Column("first_seen", Moment, nullable=False),
    Column("missing_since", Moment),
    Column("run", Integer, nullable=False),  # the run that last judged it
    Index("records_by_page", "page"),
    sqlite_with_rowid=False,
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
    Column("missing_since", Moment),
    prefixes=["TEMPORARY"],
)
