"""Room: one event of a calendar and its recurrence → its occurrences within a window.

In: the events of one UID and two days. Out: occurrences with their start and end; those that the calendar
itself took out (EXDATE). Bounded: by the window, and by a number that is told when it is reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Event
from icalendar.prop import vBroken, vRecur

from harvester.connectors._ical import Group, Moment, name_of, values
from harvester.model import Gone, Rejected
from harvester.model import Raw as Value

STEPS = 100_000
"""Dates of one rule gone through before the window is reached: 270 years of days."""

FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
"""Rules that go by the hour or less are no events that people attend, and never end."""


@dataclass(frozen=True, slots=True)
class Window:
    """Days between which a recurrence is expanded, and how many occurrences of one UID at most."""

    first: date
    last: date
    most: int

    def holds(self, moment: Moment) -> bool:
        return self.first <= _day(moment) <= self.last


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time at which an event takes place.

    `ref` is the UID of the event, followed by the name of the occurrence when it is one of several; `values`
    are the event's properties; `end` is None when it is not said, and of a whole day its last day.
    """

    ref: str
    values: Mapping[str, Value]
    start: Moment
    end: Moment | None


def occurrences(group: Group, window: Window) -> Iterator[Occurrence | Gone | Rejected]:
    """Its exceptions, then what is regular, within `window` if it recurs; `Gone` for what EXDATE took out.

    A date, a length or a rule that cannot be read, or more occurrences than `window.most`, reject the
    event that holds it; the others stay.
    """
    for name, event in group.exceptions.items():
        yield _occurrence(group, event, f"{group.uid}/{name}")
    if group.master is not None and _recurs(group.master):
        try:
            yield from _regular(group, group.master, window)
        except ValueError as error:
            yield _rejected(group.uid, error)
    elif group.master is not None:
        yield _occurrence(group, group.master, group.uid)


def _occurrence(group: Group, event: Event, ref: str) -> Occurrence | Rejected:
    try:
        start = _start(group, event)
        return Occurrence(ref, values(event), start, _end(group, event, start, start))
    except ValueError as error:
        return _rejected(ref, error)


def _rejected(ref: str, error: ValueError) -> Rejected:
    return Rejected(ref, " ".join(str(error).split()))


def _regular(group: Group, master: Event, window: Window) -> Iterator[Occurrence | Gone]:
    start = _start(group, master)
    moments = {name_of(moment): moment for moment in _starts(group, master, start, window)}
    if len(moments) > window.most:
        raise ValueError(f"more than {window.most} occurrences; raise `occurrences` or shorten `ahead`")
    kept = values(master)
    left_out = {_excluding(moment, start) for moment in _listed(group, master, "EXDATE")}
    for name, moment in moments.items():
        ref = f"{group.uid}/{name}"
        known_as = {name, name_of(_day(moment))}  # an exception to a timed series may name the day only
        if known_as & left_out:
            yield Gone(ref)
        elif not known_as & group.exceptions.keys():
            yield Occurrence(ref, kept, moment, _end(group, master, start, moment))


def _excluding(moment: Moment, start: Moment) -> str:
    return name_of(moment if isinstance(start, datetime) else _day(moment))


def _start(group: Group, event: Event) -> Moment:
    start = group.moment(event, "DTSTART")
    if start is None:
        raise ValueError("no DTSTART")
    return start


def _end(group: Group, event: Event, first: Moment, start: Moment) -> Moment | None:
    """When the occurrence that begins at `start` ends; DTEND of a whole day is exclusive, ours is not."""
    last, length = group.moment(event, "DTEND"), getattr(event.get("DURATION"), "td", None)
    if last is not None and isinstance(last, datetime) == isinstance(first, datetime):
        length = last - first if _comparable(last, first) else None
    if not isinstance(length, timedelta) or length < timedelta():
        return None
    if isinstance(start, datetime):
        return start + length
    return start + max(length - timedelta(days=1), timedelta())


def _recurs(event: Event) -> bool:
    return "RRULE" in event or "RDATE" in event


def _starts(group: Group, event: Event, start: Moment, window: Window) -> Iterator[Moment]:
    """Starts within the window, in no order; one more than `window.most` at most from each rule."""
    yield from (moment for moment in (start, *_listed(group, event, "RDATE")) if window.holds(moment))
    for rule in _many(event.get("RRULE")):
        dates = islice(_dates(rule, start), STEPS)
        held = (moment for moment in _until(dates, window) if window.holds(moment))
        yield from islice(held, window.most + 1)


def _until(moments: Iterator[Moment], window: Window) -> Iterator[Moment]:
    for moment in moments:
        if _day(moment) > window.last:
            return
        yield moment


def _dates(rule: Any, start: Moment) -> Iterator[Moment]:
    """The dates of a rule in the local time of its start, so that 18:30 stays 18:30 in summer."""
    text = "" if isinstance(rule, vBroken) else _rule(rule)
    if not isinstance(rule, vRecur) or rule.get("FREQ", [""])[0] not in FREQUENCIES or "INTERVAL=0" in text:
        raise ValueError(f"RRULE '{text or rule}' is not a rule by days, weeks, months or years")
    local = start.replace(tzinfo=None) if isinstance(start, datetime) else datetime.combine(start, time())
    plain = vRecur({**rule, "UNTIL": [_last(rule["UNTIL"][0], start)]}) if "UNTIL" in rule else rule
    for moment in rrulestr(_rule(plain), dtstart=local):
        yield moment.replace(tzinfo=start.tzinfo) if isinstance(start, datetime) else moment.date()


def _rule(rule: vRecur) -> str:
    written: bytes = rule.to_ical()  # type: ignore[no-untyped-call]  # icalendar leaves this one untyped
    return written.decode()


def _last(until: object, start: Moment) -> datetime:
    """UNTIL in the local time of `start`; a day stands for its end."""
    if not isinstance(until, date):
        raise ValueError(f"RRULE ends at '{until}', a day or a time was expected")  # noqa: TRY004  # as all here
    if not isinstance(until, datetime):
        return datetime.combine(until, time.max.replace(microsecond=0))
    if until.tzinfo and isinstance(start, datetime) and start.tzinfo:
        until = until.astimezone(start.tzinfo)
    return until.replace(tzinfo=None)


def _listed(group: Group, event: Event, name: str) -> list[Moment]:
    """Dates of RDATE or EXDATE; of a period, its start."""
    held = [one.dt for listed in _many(event.get(name)) for one in getattr(listed, "dts", ())]
    starts = [one[0] if isinstance(one, tuple) else one for one in held]
    return [group.zoned(one) for one in starts if isinstance(one, date)]


def _many(written: Any) -> Sequence[Any]:
    return written if isinstance(written, list) else [] if written is None else [written]


def _comparable(last: Moment, first: Moment) -> bool:
    return (getattr(last, "tzinfo", None) is None) == (getattr(first, "tzinfo", None) is None)


def _day(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
