"""Room: verdicts, what a status or a broken connection means for the run.

In: a source, an address, what happened. Out: the error that says what happens next, worded for a
person. Never makes a request; addresses are shown without the password they may carry.
"""

from __future__ import annotations

from datetime import datetime

import httpx

from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.fetch.retry import LONGEST_PAUSE_S, RETRIED, Transient, pause_s
from harvester.model import Source

_COMPLETE = frozenset({200, 203, 204})
_REFUSALS = frozenset({401, 403})

# The particular before the general: the first that fits speaks.
_FAILURES: tuple[tuple[type[httpx.TransportError], str], ...] = (
    (httpx.ConnectTimeout, "could not be reached within {timeout:g} s"),
    (httpx.TimeoutException, "did not answer within {timeout:g} s"),
    (httpx.ConnectError, "could not be reached ({error})"),
    (httpx.RemoteProtocolError, "broke off its answer ({error})"),
    (httpx.TransportError, "broke off the connection ({error})"),
)


def address(source: Source, url: str, *, base: httpx.URL | None = None) -> httpx.URL:
    """An http or https address, resolved against `base`; raises SourceChanged if it is none."""
    try:
        found = base.join(url) if base else httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SourceChanged(_not_an_address(source, url)) from error
    if found.scheme not in ("http", "https") or not found.host:
        raise SourceChanged(_not_an_address(source, url))
    return found


def judge(source: Source, response: httpx.Response, now: datetime) -> None:
    """Return when the answer is complete and meant for us; 304 and redirects are not judged here.

    Raises:
        Transient: a status that may pass.
        SourceUnavailable: another 5xx, or a partner that wants to be left alone for long.
        SourceRefused: 401 or 403.
        SourceChanged: any other status.
    """
    status, url = response.status_code, response.url
    if status in _COMPLETE:
        return
    if status in RETRIED:
        raise _passing(source, response, pause_s(response.headers.get("retry-after"), now))
    if status >= 500:
        raise unavailable(source, url, f"answered {status}")
    if status in _REFUSALS:
        raise refused(source, url, f"answered {status}", "ask the partner, or check the source's headers")
    raise changed(source, url, f"answered {status}", "check its address")


def broken(error: httpx.TransportError, timeout_s: float) -> Transient:
    """What a broken connection comes to: it may pass."""
    text = next(text for kind, text in _FAILURES if isinstance(error, kind))
    return Transient(text.format(timeout=timeout_s, error=" ".join(str(error).split())))


def unavailable(source: Source, url: httpx.URL, what: str) -> SourceUnavailable:
    """The error of a partner that cannot answer now."""
    return SourceUnavailable(_told(source, url, what, "the next round tries again"))


def refused(source: Source, url: httpx.URL, what: str, remedy: str) -> SourceRefused:
    """The error of a partner that says no."""
    return SourceRefused(_told(source, url, what, remedy))


def changed(source: Source, url: httpx.URL, what: str, remedy: str) -> SourceChanged:
    """The error of an answer unlike what was expected."""
    return SourceChanged(_told(source, url, what, remedy))


def _passing(source: Source, response: httpx.Response, pause: float | None) -> Exception:
    what = f"answered {response.status_code}"
    if pause is not None and pause > LONGEST_PAUSE_S:
        return unavailable(source, response.url, f"{what} and asks to wait {pause:.0f} s")
    return Transient(what, pause_s=pause)


def _told(source: Source, url: httpx.URL, what: str, remedy: str) -> str:
    shown = url.copy_with(userinfo=b"", fragment=None)
    return f"{source.id}: {shown} {what}; published data kept, {remedy}"


def _not_an_address(source: Source, url: str) -> str:
    return f"{source.id}: '{url}' is not an http or https address; published data kept, correct it"
