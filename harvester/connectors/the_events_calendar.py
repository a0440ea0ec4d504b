"""Room: The Events Calendar, the agendas of WordPress sites.

In: the public API of one site, `tribe/events/v1`, else `tec/v1`. Out: all its events, past ones included:
what it no longer lists is gone. Never keeps an account, an e-mail or a telephone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import find, number, replay, where
from harvester.connectors._json import Document
from harvester.connectors._tribe import values
from harvester.connectors._tribe_api import APIS, recognised, root
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.model import Answer, Listing, Record, Rejected, Source
from harvester.model import Raw as Value

__all__ = ["IGNORED", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL

MAPPING: dict[str, Any] = {
    "kind": {"const": "event"},
    "name": "title",
    "description": "description",
    "start": "_start",
    "end": "_end",
    "free": "_free",
    "venue": {
        "each": "_venue",
        "map": {
            "name": "name",
            "street": "address",
            "postcode": "zip",
            "city": "city",
            "country": "country",
            "homepage": "website",
            "lat": "lat",
            "lon": "lon",
        },
    },
    "lat": "_venue.lat",
    "lon": "_venue.lon",
    "street": "_venue.address",
    "postcode": "_venue.zip",
    "city": "_venue.city",
    "country": "_venue.country",
    "page": "_page",
    "homepage": "_homepage",
    "image": "image.url",
    "keywords": "_keywords",
    "created": "_created",
    "modified": "_modified",
    "origin": "_origin",
}

IGNORED = frozenset(
    {"id", "global_id", "global_id_lineage", "status", "date", "date_utc", "date_gmt", "modified", "link"}
    | {"modified_utc", "modified_gmt", "url", "slug", "type", "guid", "all_day", "start_date", "end_date"}
    | {"utc_start_date", "utc_end_date", "start_date_utc", "end_date_utc", "timezone", "timezone_abbr"}
    | {"cost", "cost_details", "website", "show_map", "show_map_link", "hide_from_listings", "sticky"}
    | {"featured", "featured_media", "categories", "tags", "tribe_events_cat", "duration", "multiday"}
    | {"_organiser", "comment_status", "ping_status", "meta", "ticketed", "parent", "menu_order"}
)


class Options(BaseModel):
    """Nothing may be said of a source besides its address, the root of the site."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """Every page of the first API that answers; a short page is not the last one."""
    ask = partial(client.get, accept="application/json")
    api, first = _api(source, ask, raw)
    yield from (answer for answer, _ in _pages(api, _following(source, ask, first), source, raw))


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Events page by page, by date.

    Raises:
        SourceChanged: an answer is no page of events or the page before it, or has none that was promised.
        SourceUnavailable: events left the list while it was read, so that some may have been passed over.
    """
    api = next((one for one in APIS if find(answers, f"{root(source.url)}{one}1")), APIS[0])
    for _, events in _pages(api, replay(answers, source), source, raw):
        yield from map(_record, events)


def _pages(
    api: str, ask: Callable[[str], Answer], source: Source, raw: Raw
) -> Iterator[tuple[Answer, Sequence[Value]]]:
    """Pages with their events, as many as the last one tells."""
    number, pages, known = 0, 1, 0
    before: list[Value] = []
    while number < pages:
        number += 1
        answer = ask(f"{root(source.url)}{api}{number}")
        events, pages, total = _read(answer, source, raw)
        if events and events == before:
            raise SourceChanged(
                f"{where(answer, source)}: the same page came twice; the site or its cache ignores `page`"
            )
        before = events
        if total < known:
            raise SourceUnavailable(
                f"{where(answer, source)}: {total} events, {known} a page before; the next round tries again"
            )
        known = total
        yield answer, events


def _api(source: Source, ask: Callable[[str], Answer], raw: Raw) -> tuple[str, Answer]:
    """The first API that answers with events, and its first page; when none does, what the first one said."""
    faults: list[SourceChanged] = []
    for api in APIS:
        try:
            first = ask(f"{root(source.url)}{api}1")
            _read(first, source, raw)
        except SourceChanged as error:  # 404, or the home page for any address
            faults.append(error)
        else:
            return api, first
    raise faults[0]


def _following(source: Source, ask: Callable[[str], Answer], first: Answer) -> Callable[[str], Answer]:
    """A way to ask for the pages after `first`, each promised by the one before."""

    def page(address: str) -> Answer:
        try:
            return first if address == first.url else ask(address)
        except SourceChanged as error:  # 404
            raise SourceUnavailable(
                f"the_events_calendar '{source.id}': {address}: the list became shorter while it was read; "
                "the next round tries again"
            ) from error

    return page


def _read(answer: Answer, source: Source, raw: Raw) -> tuple[list[Value], int, int]:
    """The events of a page, how many pages and how many events there are: beside them, or in the headers."""
    with raw.open(answer) as stream:
        document = Document(stream, where=where(answer, source)).seek("events", "")
        events = list(document.items())
    pages, total = [
        number(str(document.members.get(beside, answer.headers.get(header, ""))))
        for beside, header in (("total_pages", "x-wp-totalpages"), ("total", "x-wp-total"))
    ]
    if pages is None or total is None:
        raise SourceChanged(
            f"{where(answer, source)}: it does not say how many pages there are; ask the site"
        )
    return events, pages, total


def _record(event: Value) -> Record | Rejected:
    if not isinstance(event, dict) or not event.get("id"):
        return Rejected(None, f"expected an event with an 'id', got {event!r:.60}")
    ref, status = str(event["id"]), event.get("status", "publish")
    if status != "publish":
        return Rejected(ref, f"status '{status}': not published on the site")
    try:
        return Record(ref, values(event))
    except ValueError as error:
        return Rejected(ref, str(error))
