"""Room: the values that travel through the house, frozen and typed.

What comes in and goes out of each step: a source, an answer, a record, an item, a finding, an
outcome. No function here reads, writes or decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, NewType

IRI = NewType("IRI", str)
"""An absolute IRI, without angle brackets, safe to write in N-Triples."""

Raw = Any
"""A value as the platform gave it: str, int, float, bool, None, list or dict of these."""


class Outcome(StrEnum):
    """How a run ended: one word, the same in code, logs, PROV and pages."""

    DONE = "done"
    DONE_ISSUES = "done-issues"
    UNCHANGED = "unchanged"
    DEFERRED = "deferred"
    HELD = "held"
    FAILED = "failed"

    @property
    def succeeded(self) -> bool:
        """True when the whole listing was read and judged."""
        return self in (Outcome.DONE, Outcome.DONE_ISSUES, Outcome.UNCHANGED)


class Listing(StrEnum):
    """What a connector's listing proves: `full` alone can make a record missing."""

    FULL = "full"
    WINDOW = "window"
    DELTA = "delta"


class State(StrEnum):
    """Where a record stands in the ledger; each exit has its name."""

    PUBLISHED = "published"
    PAST = "past"
    """An event that left the listing after its end; it stays published."""
    MISSING = "missing"
    REJECTED = "rejected"
    IGNORED = "ignored"
    GONE = "gone"
    """Never published, and no longer in the listing."""
    WITHDRAWN = "withdrawn"


class Cause(StrEnum):
    """Why a run did not succeed."""

    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    CHANGED = "changed"
    GUARD = "guard"
    FAULT = "fault"


class Action(StrEnum):
    """What a person decided."""

    RELEASE = "release"
    DISCARD = "discard"
    REMOVE = "remove"
    WITHDRAW = "withdraw"
    REINSTATE = "reinstate"


class Severity(StrEnum):
    """SHACL severities; only a violation keeps a record out."""

    VIOLATION = "Violation"
    WARNING = "Warning"
    INFO = "Info"


@dataclass(frozen=True, slots=True)
class Publisher:
    """The partner organisation that publishes a source."""

    name: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """A value read from the environment at the moment it is used, never stored or logged."""

    env: str


@dataclass(frozen=True, slots=True)
class Expect:
    """The guards of a source: fewer records, or a larger share missing, hold the run."""

    min_records: int = 1
    max_shrink: float = 0.1


@dataclass(frozen=True, slots=True)
class Only:
    """Which records of the listing are ours: those whose value at `path` is one of `values`."""

    path: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """One line of `corrections/SOURCE.csv`: an item field mended while the source still says what was `seen`.

    An empty `seen` is a field the source leaves empty, an empty `value` one that is taken out.
    """

    file: str
    line: int
    ref: str
    field: str
    seen: str
    value: str
    who: str
    when: date
    why: str

    @property
    def where(self) -> str:
        """The line, as messages name it."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Source:
    """One declared feed of one partner: one `[source.ID]` table.

    `map` and `options` are plain data, already checked for shape; `schedule` is a five-field
    cron line in `timezone`; `delay` and `timeout` concern one request.
    """

    id: str
    title: str
    connector: str
    urls: tuple[str, ...]
    licence: str
    publisher: Publisher | None = None
    kind: str = "initiative"
    enabled: bool = True
    schedule: str = "0 2 * * *"
    timezone: str = "Europe/Paris"
    language: str | None = None
    crs: str | None = None
    permission: str | None = None
    expect: Expect = Expect()
    grace: timedelta = timedelta(days=7)
    full_every: timedelta = timedelta(days=7)
    delay: timedelta = timedelta(seconds=1)
    timeout: timedelta = timedelta(seconds=30)
    attempts: int = 3
    max_bytes: int = 1 << 30
    allow_private: bool = False
    robots_ignored: str | None = None
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    only: Only | None = None
    was: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    map: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    corrections: tuple[Correction, ...] = ()

    @property
    def url(self) -> str:
        """The first address; most sources have one only."""
        return self.urls[0]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a source or a record, when and why; `run` is the run it concerns."""

    action: Action
    source: str
    who: str
    reason: str
    at: datetime
    ref: str | None = None
    field: str | None = None
    run: int | None = None


@dataclass(frozen=True, slots=True)
class RemoteStore:
    """A triple store that mirrors ours, by its addresses; `auth` holds `user:password`."""

    query: str
    update: str
    graph_store: str
    auth: Secret | None = None


@dataclass(frozen=True, slots=True)
class Federation:
    """The `[federation]` table: what every source shares."""

    title: str = "Archipel"
    base: str = "http://localhost:8000/"
    contact: str | None = None
    timezone: str = "Europe/Paris"
    schedule: str = "0 2 * * *"
    checkpoints: int = 3
    keep_raw: timedelta = timedelta(days=30)
    keep_runs: timedelta = timedelta(days=365)
    webhook: str | Secret | None = None
    mirror: RemoteStore | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as received and kept: enough to replay it, and to ask again conditionally.

    `body` is the SHA-256 (hex) of the bytes under `store/raw/`, after content decoding; `status`
    is what the partner said (304 when it confirmed the body we hold); times are aware UTC. `headers` holds
    those that tell of a listing and its pages (`HEADERS`), by name in lower case; empty for most.
    """

    url: str
    status: int
    body: str
    media_type: str
    charset: str | None
    etag: str | None
    last_modified: str | None
    fetched_at: datetime
    size: int
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)


HEADERS = ("cache-control", "link", "x-total-count", "x-wp-total", "x-wp-totalpages")
"""The response headers kept with an answer: its next page, how much there is in all, if it is for good."""


def posted(url: str, content: bytes) -> str:
    """The address of the answer to a POST: one for each question."""
    return f"{url}#{sha256(content).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing as the platform gave it. `ref` is its raw identifier inside the source."""

    ref: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record the connector could not read; `ref` is None when it has no identifier."""

    ref: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A tombstone: the source itself says that this record is no longer there."""

    ref: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that is in the listing and could not be read tonight: its last version stays."""

    ref: str
    reason: str


Listed = Record | Rejected | Gone | Kept
"""What a connector yields of a listing."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing as the profile understands it: `values` holds typed item fields by name.

    A field that holds many values is a tuple; absent fields are absent, never None or empty.
    """

    kind: str
    ref: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of what checking found about a record.

    `code` is the name of the shape or of the cleaner that speaks; `field` the item field or
    property; `value` is None when it must not be repeated (personal data).
    """

    severity: Severity
    code: str
    field: str
    value: str | None = None
