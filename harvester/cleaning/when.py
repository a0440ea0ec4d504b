"""Room: a date as written in, a date or an aware moment out.

ISO 8601, French and Unix forms are understood; a moment without an offset is local to the source. It
never invents a day, an hour or "now".
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from harvester.cleaning.blank import given, shown

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d.*)?|\d{8}(?:T\d.*)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}", re.ASCII)
_FRENCH = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:(?:\s*à\s*|\s*,\s*|\s+)(\d{1,2})\s*[:hH]\s*(\d{2})?(?::(\d{2}))?)?",
    re.ASCII,
)
_UNIX = re.compile(r"-?\d{9,10}|\d{12,13}", re.ASCII)
_YEAR = re.compile(r"([12]\d{3})(?:-(?:0[1-9]|1[0-2]))?", re.ASCII)
_UNSET = ("0000", "00000000", "00/00/0000")
_MILLISECONDS = 10**11  # as seconds, this is the year 5138


def date_or_datetime(value: object, *, zone: ZoneInfo) -> date | datetime | None:
    """The day, or the aware moment, that is written; None when nothing is said.

    A moment keeps the offset it was written with; without one it is local to `zone`. Unix times, in
    seconds or milliseconds, are UTC. "0000-00-00" says nothing.

    Raises:
        ValueError: if the value is not a day or a moment; a year or a month alone is not one.
    """
    if isinstance(value, datetime):
        return _aware(value, zone)
    if isinstance(value, date):
        return value
    written = given(value)
    if written is None or written.startswith(_UNSET) or written == "0":
        return None
    try:
        return _read(written, zone)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(
            f"{shown(value)} is not a date; a day or a moment in ISO 8601 is expected"
        ) from error


def day(value: object) -> date | None:
    """The calendar day that is written, whatever the hour; None when nothing is said.

    Raises:
        ValueError: if the value is not a day or a moment.
    """
    moment = date_or_datetime(value, zone=ZoneInfo("UTC"))
    return moment.date() if isinstance(moment, datetime) else moment


def founded(value: object) -> str | None:
    """When something was founded: a year "1998" (xsd:gYear) or a day "1998-05-12" (xsd:date).

    A month is given as its year. None when nothing is said.

    Raises:
        ValueError: if the value is not a year, a month or a day.
    """
    written = None if isinstance(value, date) else given(value)
    if written is not None and (year := _YEAR.fullmatch(written)):
        return year[1]
    known = day(value)
    return None if known is None else known.isoformat()


def _read(written: str, zone: ZoneInfo) -> date | datetime:
    if _ISO.fullmatch(written):
        if _DAY.fullmatch(written):
            return date.fromisoformat(written)
        return _aware(datetime.fromisoformat(written), zone)
    if _UNIX.fullmatch(written):
        number = int(written)
        return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS else number, UTC)
    if french := _FRENCH.fullmatch(written):
        return _french(french, zone)
    raise ValueError("no known form")


def _french(parts: re.Match[str], zone: ZoneInfo) -> date | datetime:
    on = date(int(parts[3]), int(parts[2]), int(parts[1]))
    if parts[4] is None:
        return on
    hour, minute, second = int(parts[4]), int(parts[5] or 0), int(parts[6] or 0)
    return datetime(on.year, on.month, on.day, hour, minute, second, tzinfo=zone)


def _aware(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
