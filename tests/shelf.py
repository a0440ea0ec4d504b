"""The transport seam of the connector tests: recorded bodies played back, as a client and as a raw store."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from harvester import connectors
from harvester.config import load
from harvester.errors import SourceChanged, SourceError
from harvester.model import Answer, Listed, Record, Rejected, Source, posted

RECORDINGS = Path(__file__).parent / "connectors"
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HTML = b'<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body>{"data": []}</body></html>'


class Shelf:
    """Bodies by address, played back: the transport seam, as a client and as a raw store.

    The address of a question sent by POST is `posted(url, content)`; `failing` holds the errors of
    addresses that do not answer, `since` is what an incremental connector is asked for.
    """

    def __init__(
        self,
        bodies: Mapping[str, bytes],
        labels: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        since: datetime | None = None,
        failing: Mapping[str, SourceError] | None = None,
    ) -> None:
        self.bodies = dict(bodies)
        self.labels = labels or {}
        self.since = since
        self.known: Mapping[str, Answer] = {}
        self.failing = dict(failing or {})
        self.asked: list[str] = []

    def get(self, url: str, *, accept: str = "*/*", conditional: bool = True) -> Answer:  # noqa: ARG002
        self.asked.append(url)
        if url in self.failing:
            raise self.failing[url]
        if url not in self.bodies:
            raise SourceChanged(f"{url}: answered 404")
        label = self.labels.get(url, {})
        return Answer(
            url=url,
            status=label.get("status", 200),
            body=hashlib.sha256(self.bodies[url]).hexdigest(),
            media_type=label.get("media_type", "application/json"),
            charset=label.get("charset"),
            etag=None,
            last_modified=None,
            fetched_at=NOW,
            size=len(self.bodies[url]),
            headers=label.get("headers", {}),
        )

    def post(
        self, url: str, content: bytes, *, media_type: str = "application/json", accept: str = "*/*"
    ) -> Answer:
        assert media_type
        return self.get(posted(url, content), accept=accept)

    def open(self, answer: Answer) -> BinaryIO:
        return io.BytesIO(self.bodies[answer.url])

    def read(self, answer: Answer, *, limit: int = 1 << 24) -> bytes:
        return self.bodies[answer.url][:limit]


def source(connector: str, url: str | list[str], **said: Any) -> Source:
    """A source as the configuration would make it from its table."""
    said.setdefault("title", "Test")
    said.setdefault("licence", "ODbL-1.0")
    own = {field.name for field in fields(Source)} - {"options"}
    urls = (url,) if isinstance(url, str) else tuple(url)
    options = {key: said.pop(key) for key in said.keys() - own}
    return Source(id="test", connector=connector, urls=urls, options=options, **said)


def recorded(name: str) -> tuple[Source, Shelf]:
    """The source that a recording declares, called `test`, and its answers."""
    folder = RECORDINGS / name
    declared = load(folder / "source.toml")
    assert [str(problem) for problem in declared.problems] == []
    labels = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    bodies = {url: (folder / label["file"]).read_bytes() for url, label in labels.items()}
    return replace(declared.sources["recorded"], id="test"), Shelf(bodies, labels)


def harvested(feed: Source, shelf: Shelf) -> list[Listed]:
    connector = connectors.load(feed.connector)
    kept = list(connector.answers(feed, shelf, shelf))
    return list(connector.records(feed, kept, shelf))


def read(connector: str, body: bytes | str, *, url: str = "", **said: Any) -> list[Listed]:
    """What a connector reads in one body."""
    address = {
        "gogocarto": "https://m.example/api/elements.json",
        "yeswiki": "https://w.example/?api/forms/1/entries",
    }
    asked = url or address.get(connector, "https://t.example/file")
    root = {"gogocarto": "https://m.example", "yeswiki": "https://w.example/"}.get(connector, asked)
    labels = {asked: {"media_type": said.pop("media_type", ""), "charset": said.pop("charset", None)}}
    shelf = Shelf({asked: body.encode() if isinstance(body, str) else body}, labels)
    if connector == "yeswiki":
        said.setdefault("form", "1")
    return harvested(source(connector, root, **said), shelf)


def refs(found: list[Listed]) -> list[str]:
    return [record.ref for record in found if isinstance(record, Record)]


def values(found: list[Listed]) -> list[Mapping[str, Any]]:
    return [record.value for record in found if isinstance(record, Record)]


def reasons(found: list[Listed]) -> list[str]:
    return [record.reason for record in found if isinstance(record, Rejected)]
