"""Room: the state of every source in one line each, told from the ledger.

Counting every record is dear, so the counts are kept until the ledger has moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from harvester import vocab
from harvester.ledger.decisions import held
from harvester.ledger.exits import heir
from harvester.ledger.freshness import freshness
from harvester.model import State
from harvester.web.serving import Serving

SHOWN_RUNS = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One source. `mark` says what is odd about it: closed, moved, faulty, disabled, orphaned, or nothing.

    `stale_since` is None while it is fresh; `held` is the run that waits for a person; `reading` counts the
    records read so far, None when no run is under way.
    """

    id: str
    told: Mapping[str, Any]
    licence: vocab.Licence
    published: int
    counts: Mapping[str, int]
    last: Row[Any] | None
    last_success: datetime | None
    failures: int
    stale_since: datetime | None
    held: Row[Any] | None
    next_run: datetime | None
    reading: int | None
    mark: str | None

    @property
    def missing(self) -> int:
        """Records no longer in the listing, still published."""
        return self.counts.get(State.MISSING, 0)

    @property
    def rejected(self) -> int:
        """Records that the shapes or the connector keep out."""
        return self.counts.get(State.REJECTED, 0)


class Overview:
    """The lines of all sources; safe to call from any thread."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._counted: tuple[tuple[int, int], Mapping[str, Mapping[str, int]]] = (-1, -1), {}

    def lines(self) -> list[Line]:
        """One line for each source ever described, by title."""
        told = self._serving.ledger.sources()
        lines = [self._line(source, description) for source, description in told.items()]
        return sorted(lines, key=lambda line: (line.told["title"].casefold(), line.id))

    def line(self, source: str) -> Line | None:
        """The line of one source; None when there is no such source."""
        told = self._serving.ledger.sources().get(source)
        return None if told is None else self._line(source, told)

    def _line(self, source: str, told: Mapping[str, Any]) -> Line:
        ledger = self._serving.ledger
        counts = self._counts().get(source, {})
        licence = vocab.licences()[told["licence"]]
        fresh = freshness(ledger, source, told)
        return Line(
            id=source,
            told=told,
            licence=licence,
            published=counts.get("live", 0) if licence.publishable else 0,
            counts=counts,
            last=next(iter(ledger.runs(source, limit=1)), None),
            last_success=fresh.last_success,
            failures=fresh.failures,
            stale_since=fresh.stale_since(self._serving.now()),
            held=held(ledger, source),
            next_run=self._serving.next_run(source),
            reading=self._serving.running().get(source),
            mark=self._mark(source, told),
        )

    def _counts(self) -> Mapping[str, Mapping[str, int]]:
        ledger = self._serving.ledger
        position = ledger.last_run(), ledger.position()
        counted, counts = self._counted
        if counted != position:
            counts = ledger.counts()
            self._counted = position, counts
        return counts

    def _mark(self, source: str, told: Mapping[str, Any]) -> str | None:
        if told.get("closed") and source not in self._serving.configured():
            return "closed"
        if source not in self._serving.configured() and heir(self._serving.ledger, source):
            return "moved"
        if any(problem.source == source for problem in self._serving.problems()):
            return "faulty"
        if source not in self._serving.configured():
            return "orphaned"
        return None if told.get("enabled", True) else "disabled"
