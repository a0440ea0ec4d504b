"""Room: OAI-PMH 2.0, repositories of documents (libraries, archives, research).

In: the base address of a repository. Out: its records in one metadata format, and a tombstone for each one
deleted. Never keeps who wrote or contributed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, number, replay, snippet, where
from harvester.connectors._oai_records import record
from harvester.connectors._oai_repository import DEFAULT, recognised
from harvester.connectors._xml import Element, child, children, root, text
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.model import Answer, Listed, Listing, Source

__all__ = ["IGNORED", "INCREMENTAL", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL
INCREMENTAL = True

MAPPING: dict[str, Any] = {
    "kind": {"const": "document"},
    "name": "title",
    "description": ["description", "abstract"],
    "keywords": "subject",
    "page": "_page",
    "issued": ["date", "issued"],
    "language": {
        "from": "language",
        "cases": {
            "fre": "fr",
            "fra": "fr",
            "eng": "en",
            "oci": "oc",
            "bre": "br",
            "cat": "ca",
            "baq": "eu",
            "eus": "eu",
            "cos": "co",
            "ger": "de",
            "deu": "de",
            "spa": "es",
            "ita": "it",
        },
    },
    "licence_family": "rights",
    "modified": "_datestamp",
}

IGNORED = frozenset({"identifier", "publisher", "type", "format", "source", "relation", "coverage", "_sets"})

DAY = "YYYY-MM-DD"
MOST_PAGES = 100_000
"""A list without an end would fill the disk."""


class Options(BaseModel):
    """What may be said of an OAI-PMH source besides its address, the base URL of the repository."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prefix: str = Field(
        DEFAULT,
        pattern=r"^[\w.!~*'()-]+$",
        description="Metadata format asked for, as the repository calls it.",
    )
    set: str | None = Field(None, description="One set of the repository only, by its `setSpec`.")


@dataclass(frozen=True, slots=True)
class _Page:
    """One answer: its records, and where to go on; `token` is None at the end."""

    answer: Answer
    records: list[Element]
    token: str | None
    declared: int | None
    closed: bool


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """What the repository says of itself, then its list, or what changed, until no token leads further."""
    identity = client.get(_address(source, verb="Identify"), accept="text/xml")
    yield identity
    granularity = _granularity(identity, source, raw)
    ask = partial(client.get, accept="text/xml")
    for page in _pages(source, _first(source, granularity, client.since), ask, raw):
        yield page.answer


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Listed]:
    """Records in the order of the repository.

    Raises:
        SourceChanged: an answer is no OAI-PMH, tells an error, or the list does not end as it declared.
        SourceUnavailable: the repository forgot where we were in its list.
    """
    _granularity(asked(answers, _address(source, verb="Identify"), source), source, raw)
    first = next((one.url for one in answers if "verb=ListRecords&metadataPrefix=" in one.url), None)
    first = first or _first(source, DAY, None)
    for page in _pages(source, first, replay(answers, source), raw):
        for element in page.records:
            yield record(element)


def _address(source: Source, **said: str) -> str:
    return f"{source.url.partition('?')[0]}?{urlencode(said)}"


def _first(source: Source, granularity: str, since: datetime | None) -> str:
    """The first question; `from` is UTC, in days where the repository knows no hours."""
    options = Options(**source.options)
    said = {"verb": "ListRecords", "metadataPrefix": options.prefix}
    if options.set:
        said["set"] = options.set
    if since:
        said["from"] = f"{since:%Y-%m-%d}" if granularity == DAY else f"{since:%Y-%m-%dT%H:%M:%SZ}"
    return _address(source, **said)


def _granularity(identity: Answer, source: Source, raw: Raw) -> str:
    told = child(_told(identity, source, raw), "Identify")
    if told is None:
        raise SourceChanged(f"{where(identity, source)}: no <Identify> in the answer; check the address")
    return text(child(told, "granularity")) or DAY


def _pages(source: Source, first: str, ask: Callable[[str], Answer], raw: Raw) -> Iterator[_Page]:
    """Pages of a list; a token is asked for alone, as the protocol wants."""
    tokens: set[str] = set()
    count = declared = 0
    page = _page(ask(first), source, raw)
    while True:
        yield page
        count, declared = count + len(page.records), page.declared or declared
        if page.token is None:
            break
        if page.token in tokens or len(tokens) >= MOST_PAGES:
            raise SourceChanged(f"{where(page.answer, source)}: its list does not end; ask the repository")
        tokens.add(page.token)
        page = _page(ask(_address(source, verb="ListRecords", resumptionToken=page.token)), source, raw)
    # the last of several pages closes the list with an empty token; declared sizes may be estimates
    if not page.closed and count < declared:
        raise SourceChanged(
            f"{where(page.answer, source)}: {count} records of the {declared} it declares; ask the repository"
        )


def _page(answer: Answer, source: Source, raw: Raw) -> _Page:
    document = _told(answer, source, raw)
    listed = child(document, "ListRecords")
    if listed is None and child(document, "error") is None:  # a cache that does not look at the question
        raise SourceChanged(f"{where(answer, source)}: no <ListRecords> in the answer; ask the repository")
    token = child(listed, "resumptionToken")
    size = None if token is None else number(token.get("completeListSize", ""))
    return _Page(
        answer,
        list(children(listed, "record")),
        text(token) or None,
        size,
        closed=token is not None,
    )


def _told(answer: Answer, source: Source, raw: Raw) -> Element:
    """The answer of the repository; that nothing matches is an answer, other errors are errors."""
    document = root(answer, source, raw, names=("OAI-PMH",))
    errors = list(children(document, "error"))
    codes = {error.get("code") for error in errors}
    place = where(answer, source)
    if "badResumptionToken" in codes:
        raise SourceUnavailable(f"{place}: it forgot where we were in its list; the next round tries again")
    if errors and codes != {"noRecordsMatch"}:
        said = snippet("; ".join(f"{error.get('code')}: {text(error)}" for error in errors))
        raise SourceChanged(f"{place}: refused the question: {said}; correct `prefix` or `set`")
    if not errors and all(child(document, name) is None for name in ("Identify", "ListRecords")):
        raise SourceChanged(f"{place}: neither <Identify> nor <ListRecords> in the answer; check the address")
    return document
