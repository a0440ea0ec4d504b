"""Room: iCalendar bytes (RFC 5545) → events grouped by their UID, and the values of one as JSON.

In: the text of a calendar. Out: per UID the event itself and its exceptions, the latest version of each;
SourceChanged when the text is no calendar, or is cut. Expands no recurrence; asks for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Calendar, Event
from icalendar.prop import vBroken, vCategory, vGeo

from harvester.connectors._answers import snippet
from harvester.connectors._json import PAGE
from harvester.errors import SourceChanged
from harvester.model import Raw as Value
from harvester.model import Rejected

Moment = date | datetime

CLOSED = re.compile(r"END:VCALENDAR\s*\Z", re.IGNORECASE)
VERSIONED = ("LAST-MODIFIED", "DTSTAMP")
TIMED = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"})
PRIVATE = frozenset({"ATTENDEE", "ORGANIZER", "CONTACT", "COMMENT", "REQUEST-STATUS", "X-ALT-DESC"})
"""Persons and what they answered: dropped before anything is hashed or kept. ORGANIZER is most often one."""

VOLATILE = frozenset({"DTSTAMP", "SEQUENCE"})
"""Many servers write the time of the request in them: they would make every event new every night."""


@dataclass(slots=True)
class Group:
    """All that a calendar says under one UID; `zone` is the calendar's own, for times without one."""

    uid: str
    zone: ZoneInfo | None
    master: Event | None = None
    exceptions: dict[str, Event] = field(default_factory=dict)

    def moment(self, event: Event, name: str) -> Moment | None:
        """A date or a time of `event`; without a zone, it is in the calendar's when that is said.

        Raises:
            ValueError: it cannot be read.
        """
        written = event.get(name)
        if written is None:
            return None
        if isinstance(written, vBroken | list) or not isinstance(getattr(written, "dt", None), date):
            raise ValueError(  # noqa: TRY004  # one error for all that makes an event unreadable
                f"{name} {_text(written)[:60]!r} is not a date or a time"
            )
        return self.zoned(written.dt)

    def zoned(self, moment: Moment) -> Moment:
        """A time without a zone is in the calendar's, when the calendar says one."""
        if self.zone and isinstance(moment, datetime) and moment.tzinfo is None:
            return moment.replace(tzinfo=self.zone)
        return moment


def groups(text: str, *, where: str) -> Iterator[Group | Rejected]:
    """The events of all calendars in `text`, by UID, in the order in which a UID is first met.

    Raises:
        SourceChanged: no calendar, or one that does not close.
    """
    for calendar in _calendars(text, where):
        zone = _zone(str(calendar.get("X-WR-TIMEZONE", "")))
        found: dict[str, Group] = {}
        for event in calendar.walk("VEVENT"):
            uid = str(event.get("UID", "")).strip()
            if not uid:
                yield Rejected(None, f"no UID; summary {snippet(str(event.get('SUMMARY', '')))}")
                continue
            try:
                _add(found.setdefault(uid, Group(uid, zone)), event)
            except ValueError as error:  # of an exception: the event that it belongs to stays
                yield Rejected(f"{uid}/{_text(event['RECURRENCE-ID'])}", str(error))
        yield from found.values()


def name_of(moment: Moment) -> str:
    """How a ref names an occurrence, whatever zone it is written in: `20261124T173000Z`, `20261124`."""
    if not isinstance(moment, datetime):
        return f"{moment:%Y%m%d}"
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" if moment.tzinfo else f"{moment:%Y%m%dT%H%M%S}"


def values(event: Event) -> dict[str, Value]:
    """Its properties as JSON, by their names in capitals; times, persons and version marks are left out.

    `_image` is its picture: IMAGE (RFC 7986), or an attachment that says it is one.
    """
    found = {name: _value(event[name]) for name in event if name not in TIMED | PRIVATE | VOLATILE}
    kind = str(getattr(event.get("ATTACH"), "params", {}).get("FMTTYPE", ""))
    picture = found.get("IMAGE") or (found.get("ATTACH") if kind.startswith("image/") else None)
    web = isinstance(picture, str) and picture.startswith(("http://", "https://"))
    return found | ({"_image": picture} if web else {})


def _calendars(text: str, where: str) -> Sequence[Any]:
    if "BEGIN:VCALENDAR" not in text.upper():
        what = "an HTML page" if PAGE.match(text) else snippet(text[:200]) if text.strip() else "nothing"
        raise SourceChanged(
            f"{where}: expected a calendar, got {what}; published data kept, check the address"
        )
    if not CLOSED.search(text):
        raise SourceChanged(f"{where}: the calendar is cut near {snippet(text[-60:])}; published data kept")
    try:
        return Calendar.from_ical(text, multiple=True)
    except (ValueError, KeyError, IndexError, OSError) as error:  # the name of a zone is that of a file
        told = " ".join(str(error).split())[:120]
        raise SourceChanged(f"{where}: the calendar is malformed ({told}); tell the partner") from error


def _add(group: Group, event: Event) -> None:
    """Keep the latest version: of the event itself, or of the exception that it is."""
    exception = group.moment(event, "RECURRENCE-ID")
    if exception is None:
        group.master = _later(group.master, event)
    else:
        name = name_of(exception)
        group.exceptions[name] = _later(group.exceptions.get(name), event)


def _later(known: Event | None, event: Event) -> Event:
    return event if known is None or _version(event) >= _version(known) else known


def _version(event: Event) -> tuple[int, str, str]:
    """What orders versions: SEQUENCE, then LAST-MODIFIED, then DTSTAMP (RFC 5545, 3.8.7)."""
    sequence = event.get("SEQUENCE", 0)
    first, second = (_mark(event, name) for name in VERSIONED)
    return (int(sequence) if isinstance(sequence, int) else 0, first, second)


def _mark(event: Event, name: str) -> str:
    """When a version was made; nothing when that cannot be read."""
    with suppress(ValueError):
        moment = getattr(event.get(name), "dt", None)
        return name_of(moment) if isinstance(moment, date) else ""
    return ""


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the name of a zone is that of a file
        return None


def _value(written: Any) -> Value:
    many = written if isinstance(written, list) else [written]
    flat = [one for found in many for one in _flat(found)]
    return flat if isinstance(written, list | vCategory) else flat[0] if flat else None


def _flat(written: Any) -> Iterable[Value]:
    if isinstance(written, vCategory):
        return [str(one) for one in written.cats]
    if isinstance(written, vGeo):
        return [{"latitude": written.latitude, "longitude": written.longitude}]
    moment = getattr(written, "dt", None)
    return [moment.isoformat() if isinstance(moment, date) else _text(written)]


def _text(written: Any) -> str:
    return str(written) if isinstance(written, str) else str(_ical(written))


def _ical(written: Any) -> str:
    encoded = written.to_ical() if hasattr(written, "to_ical") else str(written)
    return encoded.decode("utf-8", "replace") if isinstance(encoded, bytes) else str(encoded)
