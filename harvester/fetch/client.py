"""Room: the client, polite HTTP for one source.

In: an address its connector asks for. Out: an answer whose body is in the raw store, or one of
SourceUnavailable, SourceRefused, SourceChanged. Robots, pace, address guard, caps and patience
hold for every hop. Never looks inside a body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TypeVar

import httpx

from harvester.fetch.exchange import Exchange, Load
from harvester.fetch.guard import Resolver, resolve
from harvester.fetch.headers import PRODUCT
from harvester.fetch.pace import Pace
from harvester.fetch.raw import RawStore
from harvester.fetch.retry import RETRIED, Transient, retried
from harvester.fetch.robots import Robots
from harvester.fetch.robots import address as robots_address
from harvester.fetch.verdict import address, changed, judge, refused, unavailable
from harvester.model import HEADERS, Answer, Source, posted

T = TypeVar("T")

_CONDITIONS = frozenset({"If-None-Match", "If-Modified-Since"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_ROBOTS_BYTES = 500 << 10  # RFC 9309 2.5: at least this much is read


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _kept_headers(headers: httpx.Headers) -> dict[str, str]:
    return {name: headers[name] for name in HEADERS if name in headers}


@dataclass(eq=False, repr=False)
class Client:
    """The client of one source, for one run and one thread; use it in a `with` block.

    Attributes:
        source: whose caps, delay, headers and patience hold.
        raw: where bodies go.
        agent: our User-Agent.
        known: the last committed answer per address, for conditional requests.
        pace: the delay shared with other sources; None asks without delay.
        since: what an incremental connector asks for: only what changed after it; None for everything.
        load: counts what is asked of the partner.
        on_bytes: told the size of each chunk of a kept body as it comes over the wire.
        backoff: seconds before the second attempt.
        resolver: host and port to addresses.
        now: the time, aware UTC.
    """

    source: Source
    raw: RawStore
    _: KW_ONLY
    agent: str
    known: Mapping[str, Answer] = field(default_factory=dict)
    pace: Pace | None = None
    since: datetime | None = None
    load: Load = field(default_factory=Load)
    on_bytes: Callable[[int], object] | None = None
    backoff: float = 0.5
    resolver: Resolver = resolve
    now: Callable[[], datetime] = _utc_now

    def __post_init__(self) -> None:
        self._robots = None if self.source.robots_ignored else Robots(self._robots_text)
        self._exchange = Exchange(
            self.source, agent=self.agent, resolver=self.resolver, pace=self.pace, load=self.load
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exchange.close()

    def get(self, url: str, *, accept: str = "*/*", conditional: bool = True) -> Answer:
        """One whole answer, its body in the raw store.

        Args:
            url: an http or https address; the answer carries it as it is asked here.
            accept: the Accept header.
            conditional: let the partner say 304 when the answer is known and its body still kept.

        Returns:
            The answer; status 304 with the known body when nothing changed.

        Raises:
            SourceUnavailable: every attempt failed, or the answer took ten time-outs in all.
            SourceRefused: 401, 403, robots.txt, the address guard, or a secret not set.
            SourceChanged: any other status, too large, too many redirects, not an http address.
        """
        conditions = self._conditions(url) if conditional else {}
        return self._patiently(
            address(self.source, url), lambda here: self._answer(url, here, {"Accept": accept, **conditions})
        )

    def post(
        self, url: str, content: bytes, *, media_type: str = "application/json", accept: str = "*/*"
    ) -> Answer:
        """One whole answer to a question that is too long for an address; it changes nothing at the partner.

        The answer carries `posted(url, content)` as its address, so that each question has its own.

        Raises:
            SourceUnavailable, SourceRefused, SourceChanged: as for `get`; a redirect is SourceChanged.
        """
        headers = {"Accept": accept, "Content-Type": media_type}
        asked = posted(url, content)
        return self._patiently(
            address(self.source, url), lambda here: self._answer(asked, here, headers, content)
        )

    def _conditions(self, url: str) -> dict[str, str]:
        known = self.known.get(url)
        if known is None or not self.raw.has(known.body):
            return {}
        validators = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
        return {name: value for name, value in validators.items() if value}

    def _answer(
        self, url: str, here: httpx.URL, headers: Mapping[str, str], content: bytes | None = None
    ) -> Answer:
        with self._final(here, headers, robots=self._robots, content=content) as response:
            if response.status_code == 304 and headers.keys() & _CONDITIONS:
                return self._confirmed(url, response)
            judge(self.source, response, self.now())
            with self.raw.writer() as writer:
                for piece in self._exchange.pieces(response, self.on_bytes):
                    writer.write(piece)
            return self._kept(url, response, body=writer.digest, size=writer.size)

    def _confirmed(self, url: str, response: httpx.Response) -> Answer:
        self.load.not_modified += 1
        known, fresh = self.known[url], response.headers
        return replace(
            known,
            status=304,
            etag=fresh.get("etag", known.etag),
            last_modified=fresh.get("last-modified", known.last_modified),
            fetched_at=self.now(),
            headers={**known.headers, **_kept_headers(fresh)},
        )

    def _kept(self, url: str, response: httpx.Response, *, body: str, size: int) -> Answer:
        headers = response.headers
        return Answer(
            url=url,
            status=response.status_code,
            body=body,
            media_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
            charset=response.charset_encoding,
            etag=headers.get("etag"),
            last_modified=headers.get("last-modified"),
            fetched_at=self.now(),
            size=size,
            headers=_kept_headers(headers),
        )

    def _patiently(self, url: httpx.URL, step: Callable[[httpx.URL], T]) -> T:
        attempts, waited = self.source.attempts, self.load.wait
        try:
            return retried(lambda: step(url), attempts=attempts, backoff=self.backoff, waited=waited)
        except Transient as failure:
            raise unavailable(self.source, url, str(failure)) from failure

    @contextmanager
    def _final(
        self,
        url: httpx.URL,
        headers: Mapping[str, str],
        *,
        robots: Robots | None,
        content: bytes | None = None,
    ) -> Iterator[httpx.Response]:
        here = url
        for _ in range(_MAX_REDIRECTS + 1):
            if robots:
                self._ask(robots, here)
            delay_s = self._delay_s(here)
            with self._exchange.sent(here, headers, delay_s=delay_s, content=content) as response:
                if response.status_code not in _REDIRECTS or "location" not in response.headers:
                    yield response
                    return
                if content is not None:
                    raise changed(self.source, here, "redirects a question sent by POST", "check its address")
                here = address(self.source, response.headers["location"], base=here)
        raise changed(self.source, url, f"redirects more than {_MAX_REDIRECTS} times", "check its address")

    def _delay_s(self, url: httpx.URL) -> float:
        own = self.source.delay.total_seconds()
        return max(own, self._robots.delay_s(url)) if self._robots else own

    def _ask(self, robots: Robots, url: httpx.URL) -> None:
        if not robots.allows(url):
            what = f"is closed to '{PRODUCT}' by {robots_address(url)}"
            remedy = 'ask the partner, or set robots = { ignore = "reason" }'
            raise refused(self.source, url, what, remedy)

    def _robots_text(self, where: httpx.URL) -> str:
        return self._patiently(where, self._robots_once)

    def _robots_once(self, where: httpx.URL) -> str:
        with self._final(where, {"Accept": "text/plain, */*;q=0.5"}, robots=None) as response:
            status = response.status_code
            if 400 <= status < 500 and status not in RETRIED:  # RFC 9309 2.3.1.3: no rules
                return ""
            judge(self.source, response, self.now())
            return self._beginning(response).decode("utf-8-sig", errors="replace")

    def _beginning(self, response: httpx.Response) -> bytes:
        text = bytearray()
        for piece in self._exchange.pieces(response):
            text += piece
            if len(text) >= _ROBOTS_BYTES:
                break
        return bytes(text[:_ROBOTS_BYTES])
