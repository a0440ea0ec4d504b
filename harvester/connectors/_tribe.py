"""Room: an event as The Events Calendar writes it, in either of its two APIs → a record value.

In: the event of `tribe/events/v1` or of `tec/v1`. Out: one shape, times with their offset, venue and
organiser found wherever they are. Drops authors, contacts, presentation, and what changes as time goes by.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from harvester.connectors._shape import mapping, sequence
from harvester.model import Raw as Value

TERM = ("id", "slug", "name")
"""What is kept of a category or a tag: how many events have it changes with each new one."""

PRIVATE = frozenset({"author", "organizer", "organizers", "organizer_names", "venue", "venues"})
"""Accounts, contacts of organisers and venues; what may be said of a venue is said again in `_venue`."""

PRESENTED = frozenset(
    {"rest_url", "json_ld", "start_date_details", "end_date_details", "utc_start_date_details"}
    | {
        "utc_end_date_details",
        "schedule_details",
        "short_schedule_details",
        "dates",
        "class_list",
        "template",
    }
    | {"is_past", "is_now", "starts_this_week", "ends_this_week", "this_week_duration", "happens_this_week"}
    | {"displays_on", "content", "excerpt", "_links", "_embedded"}
)

TEXTS = ("description", "content", "excerpt")
WRITTEN = "%Y-%m-%d %H:%M:%S"
GRATIS = frozenset({"gratuit", "free", "gratis", "entrée libre", "prix libre"})


def values(event: Mapping[str, Any]) -> dict[str, Value]:
    """The event, with what we made of it under names that start with an underscore.

    Raises:
        ValueError: its start is not a date as WordPress writes them.
    """
    venue, organiser = (_first(event, name, f"{name}s") for name in ("venue", "organizer"))
    page, site = event.get("url") or event.get("link"), event.get("website")
    made: dict[str, Value] = {
        "title": _rendered(event.get("title")),
        "description": next(filter(None, map(_rendered, map(event.get, TEXTS))), None),
        "_start": _moment(event, "start"),
        "_end": _moment(event, "end") if event.get("end_date") else None,
        "_created": _utc(event.get("date_utc") or event.get("date_gmt")),
        "_modified": _utc(event.get("modified_utc") or event.get("modified_gmt")),
        "_venue": _venue(venue),
        "_organiser": _named(organiser, "organizer") | _given(organiser, "website"),
        "categories": _terms(event, "categories"),
        "tags": _terms(event, "tags"),
        "_keywords": [one["name"] for one in _terms(event, "categories", "tags") if one.get("name")],
        "_page": page,
        "_homepage": site if site != page else None,
        "_origin": _origin(event.get("global_id_lineage")),
    }
    kept = {name: value for name, value in event.items() if name not in PRIVATE | PRESENTED | made.keys()}
    free = _free(event)
    made |= {} if free is None else {"_free": free}
    return kept | {name: value for name, value in made.items() if value or value is False}


def _moment(event: Mapping[str, Any], which: str) -> str:
    """A local time with the offset that its UTC twin tells, whatever the zone is called; a day if all day."""
    local = _written(event, f"{which}_date")
    if event.get("all_day") in (True, "1", "yes"):
        return local.date().isoformat()
    twins = [name for name in (f"utc_{which}_date", f"{which}_date_utc") if event.get(name)]
    if not twins:
        return local.isoformat()
    return local.replace(tzinfo=timezone(local - _written(event, twins[0]))).isoformat()


def _written(event: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.strptime(str(event.get(name)), WRITTEN)  # noqa: DTZ007  # its twin tells its offset
    except ValueError as error:  # so a word stands in every field of an event behind a password
        raise ValueError(f"{name} is '{event.get(name)}', a date was expected; is it public?") from error


def _utc(written: Value) -> str | None:
    """`*_utc` and `*_gmt` carry no offset; "0000-…" is a date that was never set."""
    text = str(written or "").replace(" ", "T")
    return f"{text}+00:00" if text and not text.startswith("0000") else None


def _first(event: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """PHP: an object, a list of objects, or `[]` when there is none."""
    for name in names:
        found = event.get(name)
        first = found[0] if isinstance(found, list) and found else found
        if isinstance(first, Mapping) and first:
            return first
    return {}


def _venue(venue: Mapping[str, Any]) -> dict[str, Value]:
    place = _given(venue, "address", "city", "zip", "country", "website")
    point = {"lat": venue.get("geo_lat"), "lon": venue.get("geo_lng")}
    return _named(venue, "venue") | place | (point if all(point.values()) else {})


def _named(thing: Mapping[str, Any], key: str) -> dict[str, Value]:
    name = thing.get(key) or _rendered(thing.get("title"))
    return {"name": name} if name else {}


def _given(thing: Mapping[str, Any], *names: str) -> dict[str, Value]:
    return {name: thing[name] for name in names if thing.get(name)}


def _rendered(value: Value) -> Value:
    return value.get("rendered") if isinstance(value, Mapping) else value


def _terms(event: Mapping[str, Any], *names: str) -> list[Any]:
    """Categories, tags or both; `tec/v1` gives their numbers only."""
    return [
        {key: one.get(key) for key in TERM} if isinstance(one, Mapping) else {"id": one}
        for name in names
        for one in sequence(event.get(name))
    ]


def _free(event: Mapping[str, Any]) -> bool | None:
    """Told by the amounts, else by a word for nothing; None when no price is told."""
    amounts = sequence(mapping(event.get("cost_details")).get("values"))
    try:
        return not any(float(amount) for amount in amounts) if amounts else _free_word(event)
    except (TypeError, ValueError):
        return _free_word(event)


def _free_word(event: Mapping[str, Any]) -> bool | None:
    return True if str(event.get("cost") or "").strip().casefold() in GRATIS else None


def _origin(lineage: Value) -> str | None:
    """The site that an event was imported from: the last of its line, after the site itself."""
    told = sequence(lineage)
    return str(told[-1]).partition("?")[0] if len(told) > 1 else None
