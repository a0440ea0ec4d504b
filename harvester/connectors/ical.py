"""Room: iCalendar feeds (Nextcloud, Google, WordPress, Mobilizon, any .ics address).

In: the text of one or several calendars (RFC 5545). Out: their events, recurrences written out within a
window. What a feed no longer lists proves nothing: most feeds hold coming events only. Never keeps an
organiser or an attendee: they are persons as often as not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, where
from harvester.connectors._ical_address import recognised
from harvester.connectors._text import encoding
from harvester.errors import SourceChanged
from harvester.model import Answer, Listed, Listing, Record, Rejected, Source
from harvester.model import Raw as Value

if TYPE_CHECKING:
    from harvester.connectors._recurrence import Occurrence

__all__ = ["IGNORED", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.WINDOW

MAPPING: dict[str, Any] = {
    "kind": {"const": "event"},
    "name": "SUMMARY",
    "description": "DESCRIPTION",
    "start": "_start",
    "end": "_end",
    "status": {
        "from": "STATUS",
        "cases": {"CONFIRMED": "prevu", "TENTATIVE": "en-reflexion", "CANCELLED": "annule"},
    },
    "attendance": {"from": "_online", "cases": {"True": "online"}},
    "venue": {
        "each": "_venue",
        "map": {"name": "name", "postcode": "postcode", "city": "city", "lat": "lat", "lon": "lon"},
    },
    "lat": "_venue.lat",
    "lon": "_venue.lon",
    "postcode": "_venue.postcode",
    "city": "_venue.city",
    "page": "URL",
    "image": "_image",
    "keywords": "CATEGORIES[]",
    "created": "CREATED",
    "modified": '"LAST-MODIFIED"',
}

IGNORED = frozenset(
    {"UID", "LOCATION", "GEO", "CLASS", "TRANSP", "PRIORITY", "ATTACH", "RESOURCES", "RELATED-TO", "COLOR"}
    | {"X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-ALLDAYEVENT", "X-APPLE-STRUCTURED-LOCATION"}
)

CLOSED = frozenset({"PRIVATE", "CONFIDENTIAL"})
LARGEST = 1 << 26
WEB = re.compile(r"https?://\S+")
TOWN = re.compile(r"\b(\d{5})\s+([^\d\s,;()][^,;()\n]*)")
"""Postcode, then town, as French addresses are written; a town before its postcode is not guessed."""


class Options(BaseModel):
    """What may be said of a calendar besides its address or addresses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    past: int = Field(
        31, ge=0, le=3660, description="Days before the reading from which recurrences are read."
    )
    ahead: int = Field(366, ge=0, le=3660, description="Days after the reading up to which they are read.")
    occurrences: int = Field(
        400, ge=1, le=10000, description="Most occurrences of one event; one that has more is rejected."
    )


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:  # noqa: ARG001  calendars name no others
    """One answer per declared address, in order."""
    for url in source.urls:
        yield client.get(url, accept="text/calendar, */*;q=0.5")


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Listed]:
    """Events calendar by calendar; `Gone` for an occurrence that its calendar took out.

    Raises:
        SourceChanged: an answer is no calendar, is cut, or is larger than 64 MiB.
    """
    from harvester.connectors._ical import groups  # these two load icalendar, which takes its time
    from harvester.connectors._recurrence import Occurrence, Window, occurrences

    options = Options(**source.options)
    for url in source.urls:
        answer = asked(answers, url, source)
        day = answer.fetched_at.date()
        window = Window(
            day - timedelta(days=options.past), day + timedelta(days=options.ahead), options.occurrences
        )
        for group in groups(_text(answer, source, raw), where=where(answer, source)):
            for found in [group] if isinstance(group, Rejected) else occurrences(group, window):
                yield _record(found) if isinstance(found, Occurrence) else found


def _text(answer: Answer, source: Source, raw: Raw) -> str:
    if answer.size > LARGEST:
        raise SourceChanged(
            f"{where(answer, source)}: {answer.size} bytes, {LARGEST} at most; split the calendar"
        )
    with raw.open(answer) as stream:
        name = encoding(stream, charset=answer.charset)
    return raw.read(answer, limit=LARGEST).decode(name, "replace")


def _record(found: Occurrence) -> Record | Rejected:
    secrecy = str(found.values.get("CLASS") or "").upper()
    if secrecy in CLOSED:
        return Rejected(found.ref, f"CLASS '{secrecy}': not public")
    place = str(found.values.get("LOCATION") or "").strip()
    made = {
        "_start": found.start.isoformat(),
        "_end": found.end.isoformat() if found.end else None,
        "_venue": _venue(place, found.values.get("GEO")),
        "_online": True if WEB.match(place) or "CONFERENCE" in found.values else None,
    }
    return Record(found.ref, {**found.values, **{key: one for key, one in made.items() if one}})


def _venue(place: str, geo: Value) -> dict[str, Value]:
    """Where an event takes place, a web address apart: its name as written, its town when it can be told."""
    if WEB.match(place):
        return {}
    town = TOWN.search(place)
    found = {"name": place} if place else {}
    found |= {"postcode": town[1], "city": town[2].strip()} if town else {}
    at = geo if isinstance(geo, Mapping) else {}
    return found | ({"lat": at["latitude"], "lon": at["longitude"]} if at else {})
