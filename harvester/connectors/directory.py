"""Room: directories, folders of Markdown and JSON files named by an index.

In: an `index.json` over HTTP (a list of relative file names, or {"files": […]}) and the files it names:
Markdown with YAML front matter, or JSON. Out: one record per file. Reads no folder of this machine; a
file that it cannot have or read harms no other.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urljoin

import orjson
import yaml
from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, where
from harvester.connectors._details import details
from harvester.connectors._directory_index import ABOUT, JSON, MARKDOWN, outside, recognised
from harvester.connectors._json import PAGE, Document
from harvester.connectors._markdown import sheet
from harvester.errors import RecordError, SourceChanged
from harvester.model import Answer, Kept, Listing, Record, Rejected, Source
from harvester.model import Raw as Value

__all__ = ["IGNORED", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL

MAPPING: dict[str, Any] = {
    "name": ["title", "name", "title_h1"],
    "description": ["body", "description", "quote"],
    "homepage": ["url", "site", "website"],
    "image": ["image_url", "image", "images[0]"],
    "page": "_page",
    "keywords": ["tags", "keywords"],
    "created": ["created", "date"],
    "modified": ["modified", "updated"],
}

IGNORED = frozenset({"path", "folder", "links", "layout", "id"})

LARGEST_FILE = 1 << 22


class Options(BaseModel):
    """What may be said of a directory besides the address of its index."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    skip: tuple[str, ...] = Field(
        ABOUT,
        description="File names that are about the directory, not records of it; never asked for.",
    )
    page: str = Field(
        "{file}", description="Address of a record's page; {file} is its address, {ref} its ref."
    )


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """The index, then each file it names that can be had."""
    index = client.get(source.url, accept="application/json")
    yield index
    yield from details((_address(source, name) for name in _names(source, index, raw)), client, accept="*/*")


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected | Kept]:
    """Files in the order of the index; the ref is the relative path without its extension.

    Raises:
        SourceChanged: the index is not a list of file names, or none of its files can be fetched.
    """
    names = _names(source, asked(answers, source.url, source), raw)
    found = {answer.url: answer for answer in answers}
    if names and not any(_address(source, name) in found for name in names):
        raise SourceChanged(f"directory '{source.id}': none of {len(names)} files answered; check the index")
    for name in names:
        answer = found.get(_address(source, name))
        yield from _file(source, name, answer, raw)


def _names(source: Source, index: Answer, raw: Raw) -> tuple[str, ...]:
    with raw.open(index) as stream:
        listed = tuple(Document(stream, where=where(index, source)).seek("files", "").items())
    for name in listed:
        if not isinstance(name, str) or outside(name):
            raise SourceChanged(
                f"{where(index, source)}: {name!r:.60} is not a relative file name; mend the index"
            )
    skipped = Options(**source.options).skip
    return tuple(name for name in listed if posixpath.basename(name) not in skipped)


def _address(source: Source, name: str) -> str:
    return urljoin(source.url, quote(name.removeprefix("./")))


def _file(source: Source, name: str, answer: Answer | None, raw: Raw) -> Iterator[Record | Rejected | Kept]:
    # a JSON file may hold several records: when it cannot be read, nobody knows which
    ref = posixpath.splitext(name.removeprefix("./"))[0]
    own = None if name.lower().endswith(JSON) else ref
    if answer is None:
        reason = f"'{name}' is in the index and did not answer"
        yield Kept(own, reason) if own else Rejected(None, reason)
        return
    if answer.size > LARGEST_FILE:
        yield Rejected(own, f"'{name}' has {answer.size} bytes, {LARGEST_FILE} at most")
        return
    body = raw.read(answer, limit=LARGEST_FILE)
    if own and (not body.strip() or PAGE.match(body[:200].decode("utf-8", "replace"))):
        yield Kept(own, f"'{name}' is empty or a web page tonight")
        return
    try:
        values = _values(name, answer, body)
    except RecordError as error:
        yield Rejected(own, f"'{name}': {error}")
        return
    yield from _records(source, name, ref, values)


def _records(source: Source, name: str, ref: str, values: list[Any]) -> Iterator[Record | Rejected]:
    page = Options(**source.options).page.replace("{file}", _address(source, name))
    for place, value in enumerate(values, 1):
        own = ref if len(values) == 1 else f"{ref}/{_own(value, place)}"
        if isinstance(value, dict):
            made = {"path": name, "folder": posixpath.dirname(name), "_page": page.replace("{ref}", own)}
            yield Record(own, value | made)
        else:
            yield Rejected(own, f"expected an object, got {value!r:.60}")


def _own(value: Value, place: int) -> str:
    """What tells apart the objects of one file: their id, else their place."""
    return str(value.get("id", place)) if isinstance(value, dict) else str(place)


def _values(name: str, answer: Answer, body: bytes) -> list[Any]:
    """What a file holds: one sheet for Markdown, one value or the values of a list for JSON."""
    try:
        if name.lower().endswith(MARKDOWN):
            return [sheet(body.decode("utf-8-sig"), answer.url)]
        if name.lower().endswith(JSON):
            loaded = orjson.loads(body)
            return loaded if isinstance(loaded, list) else [loaded]
    except (UnicodeDecodeError, orjson.JSONDecodeError, yaml.YAMLError) as error:
        raise RecordError(f"cannot be read: {' '.join(str(error).split())}") from error
    raise RecordError("neither Markdown nor JSON")
