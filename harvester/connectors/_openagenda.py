"""Room: one event of OpenAgenda v2 → a record value.

In: an event as the API gives it with `detailed=1`. Out: texts with their language, its first and last hour,
whether it is one event or a series. Drops members, contacts, and what changes as time goes by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from harvester.connectors._shape import mapping, sequence
from harvester.model import Raw as Value

PRIVATE = frozenset(
    {"member", "_agg", "contributor", "creatorUid", "ownerUid", "registration", "featured", "motive"}
)
"""Who wrote, and how to reach them: only authorised keys see it; never kept."""

PASSING = frozenset({"nextTiming", "dateRange", "sort", "links", "imageCredits"})
"""What depends on the day of the reading, or is said elsewhere."""

PLACE = (
    "uid", "name", "address", "postalCode", "city", "insee", "countryCode", "latitude", "longitude",
    "website", "timezone", "region", "department", "extIds",
)  # fmt: skip
"""What is kept of a place: its e-mail and its telephone are not."""

PAGE = "https://openagenda.com/{agenda}/events/{slug}"
GRATIS = ("gratuit", "entrée libre", "entrée gratuite", "accès libre", "free")

Spoken = list[dict[str, Value]]
"""Texts as JSON-LD says them: `{"@value": …, "@language": "fr"}`."""


def values(event: Mapping[str, Any], agenda: str) -> dict[str, Value]:
    """The event as read in the agenda of that uid, what we made of it under names starting with `_`.

    Raises:
        ValueError: a timing is not a pair of moments.
    """
    timings = _timings(event)
    origin = mapping(event.get("originAgenda"))
    location = mapping(event.get("location"))
    made: dict[str, Value] = {
        "_kind": "series" if _comes_back(timings) else "event",
        "_start": timings[0][0].isoformat() if timings else None,
        "_end": timings[-1][1].isoformat() if timings else None,
        "_name": _spoken(event.get("title")),
        "_description": _spoken(_joined(event.get("description"), event.get("longDescription"))),
        "_keywords": _spoken(event.get("keywords")),
        "_free": _is_free(event.get("conditions")),
        "_image": _image(mapping(event.get("image"))),
        "_homepage": next(_links(event), None),
        "_page": _page(event, origin),
        "_origin": _origin(origin, agenda),
        "location": {name: location[name] for name in PLACE if location.get(name) not in (None, "")},
    }
    kept = {name: value for name, value in event.items() if name not in PRIVATE | PASSING | made.keys()}
    return kept | {name: value for name, value in made.items() if value}


def _page(event: Mapping[str, Any], origin: Mapping[str, Any]) -> str | None:
    known = origin.get("slug") and event.get("slug")
    return PAGE.format(agenda=origin["slug"], slug=event["slug"]) if known else None


def _origin(origin: Mapping[str, Any], agenda: str) -> str | None:
    """The agenda that an event was first written in, when it is another one."""
    if str(origin.get("uid", agenda)) == agenda:
        return None
    return f"https://openagenda.com/{origin.get('slug') or origin['uid']}"


def _timings(event: Mapping[str, Any]) -> list[tuple[datetime, datetime]]:
    """Begin and end of each, in order; without `timings`, of the first and the last that the event names."""
    told = sequence(event.get("timings")) or [event.get("firstTiming"), event.get("lastTiming")]
    held = [one for one in told if isinstance(one, Mapping) and one.get("begin") and one.get("end")]
    return sorted((datetime.fromisoformat(one["begin"]), datetime.fromisoformat(one["end"])) for one in held)


def _comes_back(timings: Sequence[tuple[datetime, datetime]]) -> bool:
    """True when a day or more without it stands between two of its times: not one event of several days."""
    pairs = pairwise(timings)
    return any(later[0].date() - earlier[1].date() > timedelta(days=1) for earlier, later in pairs)


def _spoken(value: Value) -> Value:
    """A text, or one per language; lists of them likewise."""
    if not isinstance(value, Mapping):
        return value
    return [
        {"@value": text, "@language": language}
        for language, texts in value.items()
        for text in (texts if isinstance(texts, list) else [texts])
        if isinstance(text, str) and text.strip()
    ]


def _joined(short: Value, long: Value) -> Value:
    """The summary and what follows it, language by language."""
    if not isinstance(short, Mapping) or not isinstance(long, Mapping):
        return "\n\n".join(text for text in (short, long) if isinstance(text, str) and text) or short or long
    both = [*short, *(language for language in long if language not in short)]
    return {
        language: "\n\n".join(text for text in (short.get(language), long.get(language)) if text)
        for language in both
    }


def _is_free(conditions: Value) -> bool:
    told = conditions.values() if isinstance(conditions, Mapping) else [conditions]
    return any(str(one or "").strip().casefold().startswith(GRATIS) for one in told)


def _image(image: Mapping[str, Any]) -> str | None:
    """The address is in two parts."""
    return f"{image['base']}{image['filename']}" if image.get("base") and image.get("filename") else None


def _links(event: Mapping[str, Any]) -> Iterator[str]:
    """Web addresses among the ways to register; the others are e-mails and telephones."""
    for way in sequence(event.get("registration")):
        if isinstance(way, Mapping) and way.get("type") == "link" and way.get("value"):
            yield str(way["value"])
