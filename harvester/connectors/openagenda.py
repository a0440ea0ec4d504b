"""Room: OpenAgenda, the agendas of towns, libraries and networks, through its API v2.

In: one agenda, with a key read from the environment. Out: its published events, past ones included, and
tombstones of those that were taken out. Never keeps a member, an e-mail or a telephone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import replay, snippet, where
from harvester.connectors._json import Document
from harvester.connectors._openagenda import values
from harvester.connectors._openagenda_address import recognised
from harvester.connectors._shape import mapping
from harvester.errors import SourceChanged
from harvester.model import Answer, Gone, Listed, Listing, Record, Rejected, Source
from harvester.model import Raw as Value

__all__ = ["IGNORED", "INCREMENTAL", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL
INCREMENTAL = True

MAPPING: dict[str, Any] = {
    "kind": "_kind",
    "name": "_name",
    "description": "_description",
    "start": "_start",
    "end": "_end",
    "status": {
        "from": "status",
        "cases": {"1": "prevu", "2": "prevu", "3": "prevu", "4": "reporte", "5": "prevu", "6": "annule"},
    },
    "attendance": {"from": "attendanceMode", "cases": {"1": "offline", "2": "online", "3": "mixed"}},
    "free": "_free",
    "venue": {
        "each": "location",
        "map": {
            "name": "name",
            "street": "address",
            "postcode": "postalCode",
            "city": "city",
            "insee": "insee",
            "country": "countryCode",
            "homepage": "website",
            "lat": "latitude",
            "lon": "longitude",
        },
    },
    "lat": "location.latitude",
    "lon": "location.longitude",
    "street": "location.address",
    "postcode": "location.postalCode",
    "city": "location.city",
    "insee": "location.insee",
    "country": "location.countryCode",
    "page": "_page",
    "homepage": ["_homepage", "onlineAccessLink"],
    "image": "_image",
    "keywords": "_keywords",
    "created": "createdAt",
    "modified": "updatedAt",
    "origin": "_origin",
}

IGNORED = frozenset(
    {
        "uid",
        "slug",
        "title",
        "description",
        "keywords",
        "longDescription",
        "timings",
        "firstTiming",
        "lastTiming",
        "image",
    }
    | {"state", "private", "draft", "removed", "originAgenda", "sourceAgendas", "extIds", "accessibility"}
    | {"age", "conditions", "timezone", "locationUid"}
)

SIZE = 100
"""Events of a page; 300 are allowed, with long descriptions that is much for one answer."""


class Options(BaseModel):
    """What may be said of an agenda besides its address, `https://api.openagenda.com/v2/agendas/UID`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filters: dict[str, str | tuple[str, ...]] = Field(
        {}, description='Filters of the API: `{ "adminLevel2[]" = ["Drôme"] }`; only these events are listed.'
    )


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """Pages, each by the cursor of the one before, until there is none; all events, or changes only."""
    ask = partial(client.get, accept="application/json")
    yield from (answer for answer, _ in _pages(_first(source, client.since), ask, source, raw))


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Listed]:
    """Events by their last change; `Gone` for one that was taken out of the agenda.

    Raises:
        SourceChanged: an answer is no page of events, a cursor was not followed, or fewer events came than
            the agenda declares.
    """
    base = f"{_agenda(source)}/events?"
    first = next((answer.url for answer in answers if answer.url.startswith(base)), base)
    count = 0
    for answer, page in _pages(first, replay(answers, source), source, raw):
        for event in page["events"]:
            count += 1
            yield _listed(event, _agenda(source).rpartition("/")[2])
        if not page["after"] and count < page["total"] and "removed=null" not in first:
            raise SourceChanged(
                f"{where(answer, source)}: {count} events of the {page['total']} it declares; ask OpenAgenda"
            )


def _pages(
    first: str, ask: Callable[[str], Answer], source: Source, raw: Raw
) -> Iterator[tuple[Answer, Mapping[str, Any]]]:
    """From the first page to the one without a cursor, which is only good with the query it came from."""
    address, known = first, set[str]()
    while address not in known:
        known.add(address)
        answer = ask(address)
        page = _page(answer, source, raw)
        yield answer, page
        if not page["after"]:
            return
        address = f"{first}&{urlencode([('after[]', str(one)) for one in page['after']])}"
    raise SourceChanged(f"openagenda '{source.id}': {address}: its cursor goes in circles; ask OpenAgenda")


def _agenda(source: Source) -> str:
    return source.url.partition("?")[0].rstrip("/").removesuffix("/events")


def _first(source: Source, since: datetime | None) -> str:
    """An event that changes meanwhile moves to the end of this order, where it is read again."""
    query: dict[str, Any] = {"detailed": 1, "includeLabels": 1, "size": SIZE, "sort": "updatedAt.asc"}
    if since:
        query |= {
            "updatedAt[gte]": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "removed": "null",
        }
    return f"{_agenda(source)}/events?{urlencode(query | Options(**source.options).filters, doseq=True)}"


def _page(answer: Answer, source: Source, raw: Raw) -> Mapping[str, Any]:
    """A page of at most `SIZE` events: `events`, `total`, `after`."""
    with raw.open(answer) as stream:
        page = Document(stream, where=where(answer, source)).whole()
    told = mapping(page)
    shape: dict[str, type | tuple[type, ...]] = {"events": list, "total": int, "after": (list, type(None))}
    if not told.keys() >= shape.keys() or not all(
        isinstance(told[name], kind) for name, kind in shape.items()
    ):
        raise SourceChanged(
            f"{where(answer, source)}: no 'events', 'total', 'after' in {snippet(str(page))}; ask OpenAgenda"
        )
    return told


def _listed(event: Value, agenda: str) -> Record | Rejected | Gone:
    if not isinstance(event, dict) or not event.get("uid"):
        return Rejected(None, f"expected an event with a 'uid', got {event!r:.60}")
    ref = str(event["uid"])
    if event.get("removed"):
        return Gone(ref)
    state = event.get("state", 2)
    if state != 2 or event.get("draft") or event.get("private"):
        return Rejected(ref, f"state '{state}', draft or private: not published in the agenda")
    try:
        return Record(ref, values(event, agenda))
    except (ValueError, TypeError) as error:
        return Rejected(ref, f"its timings cannot be read: {error}")
