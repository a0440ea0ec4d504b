"""Room: the state of every source in one line each, told from the ledger.

Counting every record is dear, so the counts are kept until the ledger has moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from harvester import vocab
from harvester.ledger import Ledger
from harvester.model import Outcome, State
from harvester.web.serving import Serving

STALE_AFTER = 3
"""Consecutive runs that did not succeed, after which a source is shown as stale."""

SHOWN_RUNS = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One source. `mark` says what is odd about it: faulty, disabled, orphaned, or nothing.

    `reading` counts the records read so far, None when no run is under way.
    """

    id: str
    told: Mapping[str, Any]
    licence: vocab.Licence
    published: int
    counts: Mapping[str, int]
    last: Row[Any] | None
    last_success: datetime | None
    failures: int
    next_run: datetime | None
    reading: int | None
    mark: str | None

    @property
    def stale(self) -> bool:
        """True when what is published may be old; a source never harvested has nothing to be old."""
        if self.last is None:
            return False
        return self.last_success is None or self.failures >= STALE_AFTER

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
        return next((line for line in self.lines() if line.id == source), None)

    def _line(self, source: str, told: Mapping[str, Any]) -> Line:
        ledger = self._serving.ledger
        counts = self._counts().get(source, {})
        licence = vocab.licences()[told["licence"]]
        runs = ledger.runs(source, limit=SHOWN_RUNS)
        return Line(
            id=source,
            told=told,
            licence=licence,
            published=counts.get("live", 0) if licence.publishable else 0,
            counts=counts,
            last=runs[0] if runs else None,
            last_success=last_success(ledger, source, runs),
            failures=failures(runs),
            next_run=self._serving.next_run(source),
            reading=self._serving.running().get(source),
            mark=self._mark(source, told),
        )

    def _counts(self) -> Mapping[str, Mapping[str, int]]:
        ledger = self._serving.ledger
        position = ledger.last_run(), ledger.position()
        held, counts = self._counted
        if held != position:
            counts = ledger.counts()
            self._counted = position, counts
        return counts

    def _mark(self, source: str, told: Mapping[str, Any]) -> str | None:
        if any(problem.source == source for problem in self._serving.problems()):
            return "faulty"
        if source not in self._serving.configured():
            return "orphaned"
        return None if told.get("enabled", True) else "disabled"


def failures(runs: Sequence[Row[Any]]) -> int:
    """How many of the last runs, newest first, did not succeed in a row."""
    ended = (i for i, run in enumerate(runs) if Outcome(run.outcome).succeeded)
    return next(ended, len(runs))


def last_success(ledger: Ledger, source: str, runs: Sequence[Row[Any]]) -> datetime | None:
    """The end of the last run that succeeded, however long ago."""
    recent: datetime | None = next((run.ended_at for run in runs if Outcome(run.outcome).succeeded), None)
    older = None if recent or len(runs) < SHOWN_RUNS else ledger.last_complete(source)
    return older.ended_at if older else recent
