"""Room: the shape of sources.toml, table by table, as people write it.

Each class is one table; the descriptions are the reference documentation and the JSON Schema
for editors. Defaults that depend on the federation are filled in by `load`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from harvester import vocab
from harvester.errors import suggestion

_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|m|h|d|w|y)\s*$")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 365 * 86400}


def _duration(value: object) -> timedelta:
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('expected a duration such as "30s", "10m", "7d"')
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]])


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError('expected a time zone such as "Europe/Paris"') from error
    return value


def _cron(value: str) -> str:
    from apscheduler.triggers.cron import CronTrigger

    try:
        CronTrigger.from_crontab(value)
    except ValueError as error:
        raise ValueError(f'expected a five-field cron line such as "0 2 * * *" ({error})') from error
    return value


def _http(value: str) -> str:
    if not re.match(r"^https?://[^\s<>\"{}|\\^`]+$", value):
        raise ValueError("expected an address beginning with http:// or https://")
    return value


def _base(value: str) -> str:
    if not _http(value).endswith("/"):
        raise ValueError("expected an address that ends with '/'")
    return value


def _plain(value: str) -> str:
    if "@" in urlsplit(_http(value)).netloc:
        raise ValueError("an address holds no user or password; say `auth = { env = … }`")
    return value


def _store(value: object) -> object:
    if value != "embedded" and not isinstance(value, dict):
        raise ValueError('expected "embedded", or a table with query, update and graph_store')
    return value


def _licence(value: str) -> str:
    known = vocab.licences()
    if value not in known:
        raise ValueError(f"no licence of that name; {suggestion(value, known)}")
    return value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Duration = Annotated[
    timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": _DURATION.pattern})
]
Zone = Annotated[str, AfterValidator(_zone)]
Cron = Annotated[str, AfterValidator(_cron)]
Address = Annotated[str, AfterValidator(_http)]
PlainAddress = Annotated[str, AfterValidator(_plain)]
Addresses = Annotated[list[Address], BeforeValidator(_listed), Field(min_length=1)]
Entry = str | list[str] | dict[str, Any]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class SecretTable(_Table):
    """A value read from the environment, never written in the file."""

    env: str = Field(description="name of the environment variable")


class PublisherTable(_Table):
    """Who publishes the source."""

    name: str = Field(min_length=1, description="name of the organisation")
    url: Address | None = Field(None, description="its site")


class ExpectTable(_Table):
    """The guards of a source."""

    min_records: int = Field(
        1, ge=0, description="fewer records in a listing hold the run; 0 makes an empty list legal"
    )
    max_shrink: float = Field(
        0.1, ge=0, le=1, description="largest share of published records that may be missing"
    )


class OnlyTable(_Table):
    """Which records of the listing are ours."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    path: str = Field(description="path of the value looked at")
    values: list[str] = Field(alias="in", min_length=1, description="values that are ours")


class RobotsTable(_Table):
    """Not to obey robots.txt is a decision that is shown publicly."""

    ignore: str = Field(min_length=5, description="the reason, shown on the source's page")


class RetentionTable(_Table):
    """How long things are kept. The last complete reading of a source stays, and what waits for a person."""

    raw: Duration = Field(
        timedelta(days=30),
        description="answers as received and records noted; a night can be read again so long",
    )
    runs: Duration = Field(timedelta(days=365), description="how runs ended, and what was found in them")
    checkpoints: int = Field(3, ge=1, le=50, description="published states kept for rollback")


class NotifyTable(_Table):
    """Who is told when something needs a person: on change only."""

    webhook: Address | SecretTable = Field(
        description="where a message is sent by POST, as JSON; as `{ env = … }` when the address is a secret"
    )


class TriplestoreTable(_Table):
    """A triple store on another machine, to which all that is published is mirrored."""

    query: PlainAddress = Field(description="where it answers SPARQL queries")
    update: PlainAddress = Field(description="where it takes SPARQL 1.1 updates")
    graph_store: PlainAddress = Field(
        description="where it speaks the SPARQL 1.1 Graph Store Protocol; `?graph=` is added"
    )
    auth: SecretTable | None = Field(
        None, description="`{ env = … }`: the variable that holds `user:password`, for HTTP Digest or Basic"
    )


Triplestore = Annotated[Literal["embedded"] | TriplestoreTable, BeforeValidator(_store)]


class FederationTable(_Table):
    """The `[federation]` table: what every source shares."""

    title: str = Field("Archipel", min_length=1, description="name of this federation, shown on every page")
    base: Annotated[str, AfterValidator(_base)] = Field(
        "http://localhost:8000/", description="address under which records are minted; fixed at first harvest"
    )
    contact: str | None = Field(
        None,
        pattern=r"^(mailto:[^@\s]+@[^@\s]+|https?://\S+)$",
        description="goes into the User-Agent and every page",
    )
    timezone: Zone = Field(
        "Europe/Paris", description="time zone of the schedules and of times without offset"
    )
    schedule: Cron = Field("0 2 * * *", description="when sources are harvested, five-field cron line")
    retention: RetentionTable = Field(default_factory=RetentionTable, description="how long things are kept")
    notify: NotifyTable | None = Field(None, description="who is told when something needs a person")
    triplestore: Triplestore = Field(
        "embedded",
        description="`embedded`, or the table of a store to which all that is published is mirrored too",
    )


class SourceTable(_Table):
    """A `[source.ID]` table; keys not listed here are options of the connector."""

    model_config = ConfigDict(extra="allow", frozen=True)

    title: str = Field(min_length=1, description="name of the source, shown on every page")
    connector: str = Field(description="the platform's connector; see docs/connectors/")
    url: Addresses = Field(description="address of the platform, or list of addresses for tables")
    licence: Annotated[str, AfterValidator(_licence)] = Field(
        "unknown", description="notation of the licences scheme; `unknown` is harvested but not published"
    )
    permission: Address | None = Field(
        None, description='address of the written permission, with licence = "permission"'
    )
    publisher: PublisherTable | None = Field(None, description="who publishes the source")
    kind: str = Field("initiative", description="what its records are; see docs/reference/items.md")
    enabled: bool = Field(True, description="false: not harvested, what is published stays")
    schedule: Cron | None = Field(None, description="its own cron line")
    timezone: Zone | None = Field(None, description="time zone of its times without offset")
    language: str | None = Field(
        None, pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description="language tag of its texts"
    )
    crs: str | None = Field(
        None, pattern=r"^EPSG:\d{4,6}$", description='coordinate system of lat and lon, e.g. "EPSG:2154"'
    )
    expect: ExpectTable = Field(ExpectTable(), description="guards that hold a suspicious run")
    grace: Duration = Field(timedelta(days=7), description="how long a missing record stays published")
    full_every: Duration = Field(
        timedelta(days=7),
        description="how often everything is read, when the connector can ask for changes only",
    )
    delay: Duration = Field(timedelta(seconds=1), description="least time between two requests to one host")
    timeout: Duration = Field(timedelta(seconds=30), description="longest wait for an answer")
    attempts: int = Field(3, ge=1, le=10, description="how often a request is tried in one run")
    max_bytes: int = Field(1 << 30, ge=1024, description="largest answer read, in bytes, decompressed")
    allow_private: bool = Field(False, description="let the harvester call a private or loopback address")
    robots: RobotsTable | None = Field(None, description='`{ ignore = "reason" }` not to obey robots.txt')
    headers: dict[str, str | SecretTable] = Field(
        default_factory=dict, description="request headers, secrets by `{ env = … }`"
    )
    only: OnlyTable | None = Field(None, description="`{ path, in }`: which records are ours")
    was: list[str] = Field(
        default_factory=list, description="earlier ids of this source: what they published moves here"
    )
    drop: list[str] = Field(default_factory=list, description="item fields switched off")
    map: dict[str, Entry] = Field(
        default_factory=dict, description="item field → path, list of paths, or table"
    )
