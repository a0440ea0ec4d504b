"""Room: the exchange, one request and its response on the wire.

In: an address and headers. Out: a response whose body streams, decoded and counted; caps, pace,
deadline and address guard hold. Never follows, retries or judges a status; keeps no cookie, reads
no proxy from the environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from harvester.fetch.deadline import Deadline
from harvester.fetch.decoding import BadEncoding, CutShort, decoded
from harvester.fetch.guard import GuardedBackend, Resolver
from harvester.fetch.headers import own_headers
from harvester.fetch.pace import Pace
from harvester.fetch.retry import Transient
from harvester.fetch.transport import Transport
from harvester.fetch.verdict import broken, changed, unavailable
from harvester.model import Source

_DEADLINE_TIMEOUTS = 10


@dataclass(slots=True)
class Load:
    """What one run asked of its partner.

    Attributes:
        requests: requests sent; redirects, robots.txt and retries included.
        bytes: body bytes on the wire.
        waited_s: seconds waited out of politeness.
        not_modified: answers that were 304.
    """

    requests: int = 0
    bytes: int = 0
    waited_s: float = 0.0
    not_modified: int = 0

    def wait(self, seconds: float) -> None:
        """Count seconds waited."""
        self.waited_s += seconds


class Exchange:
    """Sends the requests of one source, one at a time; close it when done."""

    def __init__(
        self, source: Source, *, agent: str, resolver: Resolver, pace: Pace | None, load: Load
    ) -> None:
        self.load = load
        self._source = source
        self._agent = agent
        self._pace = pace
        self._timeout_s = source.timeout.total_seconds()
        self._deadline = Deadline()
        backend = GuardedBackend(
            source.id, self._deadline, allow_private=source.allow_private, resolver=resolver
        )
        self._http = httpx.Client(
            transport=Transport(backend),
            headers={"Accept-Encoding": "gzip, deflate"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=self._timeout_s,
            trust_env=False,
        )

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    @contextmanager
    def sent(
        self, url: httpx.URL, headers: Mapping[str, str], *, delay_s: float, content: bytes | None = None
    ) -> Iterator[httpx.Response]:
        """The response to one request, its body not read yet; inside the block it may be.

        Args:
            url: where to.
            headers: what is asked; the source's own headers are added where they belong.
            delay_s: seconds since the last request to this host, at least.
            content: the body of a POST; None for a GET.

        Raises:
            Transient: the connection broke, here or while the body was read.
            SourceUnavailable: the whole took longer than ten time-outs.
            SourceRefused: the address guard, or a secret that is not set.
        """
        own = own_headers(self._source, url)
        if self._pace:
            self.load.wait(self._pace.wait(url.host, delay_s))
        self.load.requests += 1
        self._deadline.start(self._timeout_s * _DEADLINE_TIMEOUTS)
        try:
            method, asked = ("GET" if content is None else "POST"), self._asked(headers, own)
            with self._http.stream(method, url, headers=asked, content=content) as response:
                yield response
        except httpx.TransportError as error:
            raise self._broken(url, error) from error

    def pieces(
        self, response: httpx.Response, on_bytes: Callable[[int], object] | None = None
    ) -> Iterator[bytes]:
        """The decoded body, piece by piece.

        Raises:
            Transient: the compressed body is cut short.
            SourceChanged: more than `max_bytes`, on the wire or decoded, or not encoded as said.
        """
        size = 0
        try:
            for piece in decoded(
                self._wire(response, on_bytes), response.headers.get("content-encoding", "")
            ):
                size += len(piece)
                self._check_size(response, size)
                yield piece
        except CutShort as error:
            raise Transient(str(error)) from error
        except BadEncoding as error:
            raise changed(self._source, response.url, str(error), "tell the partner") from error

    def _asked(self, headers: Mapping[str, str], own: Mapping[str, str]) -> httpx.Headers:
        asked = httpx.Headers(headers)
        asked.update(own)
        asked["User-Agent"] = self._agent  # no source may make us anonymous
        return asked

    def _wire(self, response: httpx.Response, on_bytes: Callable[[int], object] | None) -> Iterator[bytes]:
        self._check_size(response, int(response.headers.get("content-length", 0)))
        size = 0
        for chunk in response.iter_raw():
            size += len(chunk)
            self.load.bytes += len(chunk)
            self._check_size(response, size)
            if on_bytes:
                on_bytes(len(chunk))
            yield chunk

    def _check_size(self, response: httpx.Response, size: int) -> None:
        if size > self._source.max_bytes:
            what = f"is larger than {self._source.max_bytes} bytes"
            raise changed(self._source, response.url, what, "raise max_bytes if that is right")

    def _broken(self, url: httpx.URL, error: httpx.TransportError) -> Exception:
        if self._deadline.passed:
            what = f"took longer than {self._timeout_s * _DEADLINE_TIMEOUTS:g} s"
            return unavailable(self._source, url, what)
        return broken(error, self._timeout_s)
