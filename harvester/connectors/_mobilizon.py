"""Room: the questions put to Mobilizon, and one of its events → a record value.

In: what is asked for, or an event as GraphQL gives it. Out: the body of a POST; a record whose times have
their zone and whose point is named. Never asks for, nor keeps, a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from harvester.connectors._shape import mapping
from harvester.model import Raw as Value
from harvester.model import Record, Rejected

LIMIT = 50
"""Events of a page: 100 are refused, and an answer takes the instance the longer the more it holds."""

EVENT = (
    "uuid url local title description beginsOn endsOn status category onlineAddress publishAt insertedAt "
    "updatedAt picture { url } tags { title } options { isOnline timezone showStartTime showEndTime } "
    "attributedTo { type name preferredUsername url } "
    "physicalAddress { description street postalCode locality region country geom }"
)
"""What is asked of an event. No `organizerActor`, `contacts` or `participants`: they are persons."""

ORGANISATIONS = frozenset({"GROUP", "ORGANIZATION"})
"""Actors that an event may be attributed to; any other is a person."""

# `events` lists coming events that are not cancelled; a search since ever lists them all, by their start.
WHOLE = 'searchEvents(term: "", beginsOn: "1970-01-01T00:00:00Z", page: $page, limit: $limit)'
CHANGES = "events(orderBy: UPDATED_AT, direction: DESC, page: $page, limit: $limit)"
GROUPED = "organizedEvents(page: $page, limit: $limit)"


def question(kind: str, number: int, *, group: str | None) -> bytes:
    """The body of a POST that asks for one page, from 1; of one group when it is named."""
    listed = f"{kind} {{ total elements {{ ... on Event {{ {EVENT} }} }} }}"
    if group:
        whole = listed.replace(WHOLE, GROUPED, 1)
        listed = f'group(preferredUsername: "{group}") {{ {whole} }}'
    query = f"query ($page: Int!, $limit: Int!) {{ {listed} }}"
    return orjson.dumps({"query": query, "variables": {"page": number, "limit": LIMIT}})


def record(event: Value) -> Record | Rejected:
    """An event of this instance by its UUID, one of another by its address, which tells where it is from."""
    if not isinstance(event, dict) or not (event.get("uuid") and event.get("url")):
        return Rejected(None, f"expected an event with 'uuid' and 'url', got {event!r:.60}")
    own = event.get("local", True)
    ref = str(event["uuid"] if own else event["url"])
    try:
        return Record(ref, _value(event, None if own else urlsplit(event["url"]).hostname))
    except ValueError as error:
        return Rejected(ref, str(error))


def _value(event: Mapping[str, Any], origin: str | None) -> dict[str, Value]:
    options = mapping(event.get("options"))
    zone = _zone(options.get("timezone"))
    address, actor = mapping(event.get("physicalAddress")), mapping(event.get("attributedTo"))
    made = {
        "_start": _moment(event.get("beginsOn"), zone, shown=options.get("showStartTime")),
        "_end": _moment(event.get("endsOn"), zone, shown=options.get("showEndTime")),
        "_origin": origin,
        "physicalAddress": _placed(address) if address else None,
        "attributedTo": actor if str(actor.get("type")) in ORGANISATIONS else None,
    }
    kept = {name: value for name, value in event.items() if name not in made}
    return kept | {name: value for name, value in made.items() if value}


def _zone(name: Value) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _moment(written: Value, zone: ZoneInfo | None, *, shown: Value) -> Value:
    """UTC, as a time of the event's own zone; its day when the organiser hides the hour."""
    if not isinstance(written, str) or zone is None:
        return written
    local = datetime.fromisoformat(written).astimezone(zone)
    return local.date().isoformat() if shown is False else local.isoformat()


def _placed(address: Mapping[str, Value]) -> dict[str, Value]:
    """`geom` is longitude, then latitude."""
    lon, semicolon, lat = str(address.get("geom") or "").partition(";")
    point = {"lat": lat, "lon": lon} if semicolon else {}
    return {name: value for name, value in address.items() if name != "geom"} | point
