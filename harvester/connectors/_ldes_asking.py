"""Room: the pages of a stream as the partner gives them, and the same as they were kept.

In: a client, or the answers of a run. Out: pages by their address. Which pages never change, which are gone
and which lead to nothing new is known here; what is on them is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from harvester.connectors import Fetches, Raw
from harvester.connectors._ldes_pages import GONE, Page, page
from harvester.connectors._things import Reader, reader
from harvester.errors import SourceChanged, StoreError
from harvester.model import Answer, Source

ACCEPT = (
    "application/trig, application/n-quads, text/turtle;q=0.9, application/n-triples;q=0.9, "
    "application/ld+json;q=0.8, application/rdf+xml;q=0.5"
)
"""What tells versions apart by named graphs first."""

WAS_GONE = re.compile(r"\banswered 410\b")


@dataclass(slots=True)
class Asking:
    """Pages as the partner gives them, at most `most`; `got` are the answers not yet handed on."""

    source: Source
    client: Fetches
    reading: Reader
    most: int
    got: list[Answer] = field(default_factory=list)
    count: int = 0

    def page(self, url: str, leader: Answer | None) -> Page:
        """The page at an address; the one held already when it never changes."""
        self._count(url)
        held = self._held(url)
        answer = held.answer if held and held.immutable else self._answer(url, leader)
        self.got.append(answer)
        same = held is not None and held.answer.body == answer.body
        return replace(held, answer=answer) if held and same else page(answer, self.reading)

    def passes(self, _address: str, before: datetime | None) -> bool:
        """True for a page that leads to nothing newer than what is wanted."""
        return bool(self.client.since and before and before <= self.client.since)

    def taken(self) -> Iterator[Answer]:
        """The answers since the last time, the contexts that pages needed before them."""
        yield from (*self.reading.beside, *self.got)
        self.reading.beside.clear()
        self.got.clear()

    def _count(self, url: str) -> None:
        self.count += 1
        if self.count > self.most:
            raise SourceChanged(
                f"ldes '{self.source.id}': {url}: more than {self.most} pages lead on and on; raise "
                "`most_pages`, or give the address of a shorter view"
            )

    def _held(self, url: str) -> Page | None:
        """The page as it was at the last whole reading, if its body is still there."""
        known = self.client.known
        answer = known.get(url)
        if answer is None or answer.status == GONE:
            return None
        try:
            return page(answer, self.reading)
        except (StoreError, SourceChanged):
            return None

    def _answer(self, url: str, leader: Answer | None) -> Answer:
        """The answer; a page that is gone is empty, and its answer the one that led to it, marked as gone."""
        try:
            return self.client.get(url, accept=ACCEPT)
        except SourceChanged as error:
            if leader is None or not WAS_GONE.search(str(error)):
                raise
            return replace(leader, url=url, status=GONE, etag=None, last_modified=None)


class Replaying:
    """Pages as they were kept; `after` is where those begin that were not passed over, None if none was."""

    def __init__(self, ask: Callable[[str], Answer], urls: set[str], source: Source, raw: Raw) -> None:
        self.after: datetime | None = None
        self._ask = ask
        self._urls = urls
        self._reading = reader(source, raw, ask)

    def page(self, url: str, _leader: Answer | None = None) -> Page:
        """The page at an address."""
        return page(self._ask(url), self._reading)

    def passes(self, address: str, before: datetime | None) -> bool:
        """True for a page that was not asked for, because all that it leads to is older than `before`."""
        if before is None or address in self._urls:
            return False
        self.after = max(before, self.after or before)
        return True
