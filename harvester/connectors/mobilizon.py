"""Room: Mobilizon, federated agendas (mobilizon.fr and the instances of associations).

In: the public GraphQL API of one instance, whole or one group. Out: its own events, past and cancelled ones
included. Never asks for the person who organises, nor for who takes part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from itertools import islice
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import find, replay, snippet, where
from harvester.connectors._json import Document
from harvester.connectors._mobilizon import CHANGES, LIMIT, WHOLE, question, record
from harvester.connectors._mobilizon_instance import recognised
from harvester.connectors._shape import mapping, sequence
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.model import Answer, Listing, Record, Rejected, Source, posted
from harvester.model import Raw as Value

__all__ = ["IGNORED", "INCREMENTAL", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL
INCREMENTAL = True

MAPPING: dict[str, Any] = {
    "kind": {"const": "event"},
    "name": "title",
    "description": "description",
    "start": "_start",
    "end": "_end",
    "status": {
        "from": "status",
        "cases": {"CONFIRMED": "prevu", "TENTATIVE": "en-reflexion", "CANCELLED": "annule"},
    },
    "attendance": {"from": "options.isOnline", "cases": {"True": "online", "False": "offline"}},
    "venue": {
        "each": "physicalAddress",
        "map": {
            "name": "description",
            "street": "street",
            "postcode": "postalCode",
            "city": "locality",
            "country": "country",
            "lat": "lat",
            "lon": "lon",
        },
    },
    "organiser": {"each": "attributedTo", "map": {"name": ["name", "preferredUsername"], "page": "url"}},
    "lat": "physicalAddress.lat",
    "lon": "physicalAddress.lon",
    "street": "physicalAddress.street",
    "postcode": "physicalAddress.postalCode",
    "city": "physicalAddress.locality",
    "country": "physicalAddress.country",
    "page": "url",
    "homepage": "onlineAddress",
    "image": "picture.url",
    "keywords": "tags[].title",
    "created": ["publishAt", "insertedAt"],
    "modified": "updatedAt",
    "derived_from": "url",
    "origin": "_origin",
}

IGNORED = frozenset({"uuid", "local", "beginsOn", "endsOn", "category"})


class Options(BaseModel):
    """What may be said of a Mobilizon source besides its address, the root of the instance."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: str | None = Field(
        None,
        pattern=r"^[\w.-]+$",
        description="Name of one group, as after the @ of its page: its events only.",
    )
    federated: bool = Field(
        default=False,
        description="Also keep the events of other instances that this one received, with their origin.",
    )


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """Pages until the declared total; of changes, until one is older than what is asked for."""

    @cache  # to learn what the instance can do, its first page is read twice and asked for once
    def ask(kind: str, number: int) -> Answer:
        return client.post(_api(source), _question(source, kind, number), accept="application/json")

    kind = _kind(source, client.since, ask, raw)
    for answer, events in _pages(source, partial(ask, kind), raw):
        yield answer
        if kind == CHANGES and _older(events, client.since):
            return


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Events by their start, or by their last change when only changes were asked for.

    Raises:
        SourceChanged: an answer is no page of events, or one that the total promises was not kept.
        SourceUnavailable: events left the list while it was read, so that some may have been passed over.
    """
    options = Options(**source.options)
    kind = CHANGES if find(answers, _address(source, CHANGES, 1)) else WHOLE
    kept = replay(answers, source)
    pages = _pages(source, lambda number: kept(_address(source, kind, number)), raw)
    # of changes only the pages up to the one that is old enough were asked for
    for _, events in islice(pages, len(answers)) if kind == CHANGES else pages:
        for event in events:
            if not isinstance(event, dict) or event.get("local", True) or options.federated:
                yield record(event)


def _pages(
    source: Source, ask: Callable[[int], Answer], raw: Raw
) -> Iterator[tuple[Answer, Sequence[Value]]]:
    """Pages with their events, as many as the total of the last one tells, however few a page holds."""
    number, total, known = 0, 1, 0
    while number * LIMIT < total:
        number += 1
        answer = ask(number)
        events, total = _page(answer, source, raw)
        if total < known:
            raise SourceUnavailable(
                f"{where(answer, source)}: {total} events, {known} a page before; the next round tries again"
            )
        known = total
        yield answer, events


def _api(source: Source) -> str:
    return f"{source.url.partition('/api')[0].rstrip('/')}/api"


def _question(source: Source, kind: str, number: int) -> bytes:
    return question(kind, number, group=Options(**source.options).group)


def _address(source: Source, kind: str, number: int) -> str:
    return posted(_api(source), _question(source, kind, number))


def _kind(source: Source, since: datetime | None, ask: Callable[[str, int], Answer], raw: Raw) -> str:
    """What is read: changes when they are wanted and the instance can order by them, else all."""
    if since is None or Options(**source.options).group:
        return WHOLE
    try:
        _page(ask(CHANGES, 1), source, raw)
    except SourceChanged:  # an instance older than this order
        return WHOLE
    return CHANGES


def _older(events: Sequence[Value], since: datetime | None) -> bool:
    """True when the last of the page changed before `since`; both are UTC, written alike."""
    told = str(mapping(events[-1]).get("updatedAt") or "") if events else ""
    return since is not None and "" < told < since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _page(answer: Answer, source: Source, raw: Raw) -> tuple[list[Value], int]:
    """The events of a page and the declared total; an error beside a list spoils no event of it."""
    with raw.open(answer) as stream:
        told = Document(stream, where=where(answer, source)).whole()
    listed = mapping(told).get("data")
    while isinstance(listed, Mapping) and "elements" not in listed and len(listed) == 1:
        (listed,) = listed.values()
    found = mapping(listed)
    if not isinstance(found.get("elements"), list) or not isinstance(found.get("total"), int):
        raise SourceChanged(f"{where(answer, source)}: {_fault(told)}; ask the instance")
    return found["elements"], found["total"]


def _fault(told: Value) -> str:
    """What is wrong, in the words of the instance when it gives any."""
    message = next((mapping(one).get("message") for one in sequence(mapping(told).get("errors"))), None)
    return (
        f"refused the question: {snippet(str(message))}" if message else f"no events in {snippet(str(told))}"
    )
