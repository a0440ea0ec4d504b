"""Room: a time as members and relations write it → a moment, or the period that it may mean.

In: a text. Out: aware datetimes, None when it is no time. A bound without a zone is taken as late as it
could be.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo

_FARTHEST = timedelta(hours=14)
"""A time without a zone could be that much later (TREE, 5.1)."""

_PERIODS: Mapping[str, timedelta] = {
    "%Y": timedelta(days=366),
    "%Y-%m": timedelta(days=31),
    "%Y-%m-%d": timedelta(days=1),
    "%Y-%m-%dT%H": timedelta(hours=1),
    "%Y-%m-%dT%H:%M": timedelta(minutes=1),
    "%Y-%m-%dT%H:%M:%S": timedelta(seconds=1),
}
"""How values are written, and how long at most is the period that they mean."""


def moment(written: str | None, zone: tzinfo) -> datetime | None:
    """A time as written, in `zone` when it does not say its own; None when it is no time."""
    try:
        read = datetime.fromisoformat(written or "")
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=zone)


def period(value: str) -> tuple[datetime, datetime] | None:
    """Beginning and end of what a value means, at the latest; None when it is no time."""
    for form, length in _PERIODS.items():
        for zone in ("", "%z"):
            with suppress(ValueError, OverflowError):
                start = _latest(datetime.strptime(value, form + zone))  # noqa: DTZ007  # many have no zone
                return start, start + length
    with suppress(ValueError, OverflowError):
        start = _latest(datetime.fromisoformat(value))
        return start, start + timedelta(microseconds=1)
    return None


def _latest(read: datetime) -> datetime:
    return read if read.tzinfo else read.replace(tzinfo=UTC) + _FARTHEST
