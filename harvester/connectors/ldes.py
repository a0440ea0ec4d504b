"""Room: Linked Data Event Streams, logs of versions of things that grow page by page.

In: a stream, or its first page. Out: the newest version of each thing as a record whose fields are ours
already (`profile.adopt`), a tombstone for each thing deleted. Follows every relation once, but those that
lead to nothing new. Waits for no transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import replay, where
from harvester.connectors._ldes_asking import Asking, Replaying
from harvester.connectors._ldes_members import Members, Newest
from harvester.connectors._ldes_pages import GONE, TREE
from harvester.connectors._ldes_seen import recognised
from harvester.connectors._ldes_stream import below, opened
from harvester.connectors._rdf import Adopter, Adopting, root
from harvester.connectors._things import licence, reader
from harvester.errors import SourceChanged
from harvester.model import Answer, Listed, Listing, Rejected, Source
from harvester.profile import adopt

__all__ = [
    "IGNORED",
    "INCREMENTAL",
    "LISTING",
    "MAPPING",
    "Options",
    "answers",
    "recognised",
    "records",
    "stated_licence",
]

LISTING = Listing.FULL
INCREMENTAL = True

MAPPING: dict[str, Any] = adopt.MAPPING

IGNORED = adopt.IGNORED


class Options(Adopting):
    """What may be said of an event stream besides its address."""

    namespace: str | None = Field(
        None,
        pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$",
        description="How the IRIs of its things begin: refs are what follows; by default as its address.",
    )
    most_pages: int = Field(
        10_000, ge=1, le=1_000_000, description="Pages after which the stream is taken to have no end."
    )


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """The stream, then the pages that lead to members not read before, the nearest first.

    A page that says that it never changes is not asked for again: the answer of the last whole reading is it.
    """
    asking = Asking(source, client, reader(source, raw, client.get), _options(source).most_pages)
    pages, stream = opened(source, asking.page)
    yield from asking.taken()
    for _ in below(pages[-1], stream, ask=asking.page, passes=asking.passes):
        yield from asking.taken()


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Listed]:
    """The newest version of each thing, in the order of the pages.

    Raises:
        SourceChanged: no stream, or a page that cannot be read or was not kept.
    """
    kept = Replaying(replay(answers, source), {answer.url for answer in answers}, source, raw)
    pages, stream = opened(source, kept.page)
    newest = Newest(stream, ZoneInfo(source.timezone))
    addresses: list[str] = []
    told: dict[str, str] = {}
    for one in chain([pages[-1]], below(pages[-1], stream, ask=kept.page, passes=kept.passes)):
        if one.answer.status != GONE and told.setdefault(one.answer.body, one.answer.url) != one.answer.url:
            raise SourceChanged(
                f"{where(one.answer, source)}: the same page as {told[one.answer.body]}; ask the partner"
            )
        newest.take(one)
        addresses.append(one.answer.url)
    members = Members(newest, _adopter(source), kept.after)
    holding = newest.pages
    for url in addresses:
        if url in holding:
            yield from members.listed(kept.page(url))
    for reason in newest.bad:
        yield Rejected(None, reason)
    if stream.lacks and kept.after is None:
        reason = f"the stream keeps a part of its history only ({stream.lacks})"
        yield Rejected(None, f"{reason}; what it no longer holds stays published")


def stated_licence(answers: Sequence[Answer], raw: Raw) -> str | None:
    """The licence that the stream states of itself, an address or words; None when it states none."""
    return licence(answers, raw, of=lambda thing: TREE + "view" in thing.said)


def _options(source: Source) -> Options:
    return Options(**source.options)


def _adopter(source: Source) -> Adopter:
    options = _options(source)
    return Adopter(options.namespace or root(source.url), source.language, options, {})
