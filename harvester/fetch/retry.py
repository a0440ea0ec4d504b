"""Room: patience, which failures may pass and how long to wait before asking again.

In: one attempt as a function. Out: its value, or the story of the attempts that failed. Never
makes a request itself; how long to wait comes from Retry-After, else from exponential back-off.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import stamina

T = TypeVar("T")

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may pass: ask again."""

LONGEST_PAUSE_S = 60.0
"""A night must end: a partner that asks for more is asked again the next night."""

_TIMES = {1: "once", 2: "twice", 3: "three times", 4: "four times", 5: "five times"}


class Transient(Exception):
    """One attempt failed in a way that may pass; the text reads after an address.

    `pause_s` is what the partner asked for, in seconds, None when it asked for nothing.
    """

    def __init__(self, what: str, *, pause_s: float | None = None) -> None:
        self.pause_s = pause_s
        super().__init__(what)


def pause_s(retry_after: str | None, now: datetime) -> float | None:
    """Seconds a Retry-After header asks for (RFC 9110 10.2.3), never negative; None if unreadable."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((aware - now).total_seconds(), 0.0)


def retried(step: Callable[[], T], *, attempts: int, backoff: float, waited: Callable[[float], object]) -> T:
    """The value of `step`, called until it succeeds, at most `attempts` times.

    Args:
        step: one attempt; what it raises, Transient apart, ends the matter.
        attempts: calls in total.
        backoff: seconds before the second call, doubled each time, with as much jitter.
        waited: told the seconds spent between two calls.

    Raises:
        Transient: every attempt failed; the text tells them all.
    """
    failures: list[str] = []
    failed_at = 0.0
    waits = {"wait_initial": backoff, "wait_jitter": backoff, "wait_max": LONGEST_PAUSE_S}
    try:
        for attempt in stamina.retry_context(on=_again, attempts=attempts, timeout=None, **waits):
            with attempt:
                if failures:
                    waited(time.monotonic() - failed_at)
                try:
                    return step()
                except Transient as failure:
                    failures.append(str(failure))
                    failed_at = time.monotonic()
                    raise
    except Transient as last:
        raise Transient(_told(failures)) from last
    raise AssertionError("stamina makes one attempt at least")


def _again(error: Exception) -> bool | float:
    if not isinstance(error, Transient):
        return False
    return True if error.pause_s is None else error.pause_s


def _told(failures: Sequence[str]) -> str:
    if len(set(failures)) > 1:
        return ", then ".join(failures)
    return f"{failures[0]} {_TIMES.get(len(failures), f'{len(failures)} times')}"
