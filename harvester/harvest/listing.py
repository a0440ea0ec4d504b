"""Room: what a run reads: the partner's answers tonight, or what is kept of those of another night.

In: how the run was asked for. Out: answers or records, and whether they are changes only. The network is
touched here and nowhere else in this room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from harvester import __version__
from harvester.fetch import Client, Load, Pace, RawStore, agent
from harvester.harvest import kept
from harvester.harvest.asking import Asked, From
from harvester.harvest.diary import Diary
from harvester.harvest.plan import Plan
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Answer, Federation, Listed

_OVERLAP = timedelta(days=1)
"""How far before the last reading an incremental one begins: clocks differ, some partners only know days."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a run reads: readings, newest first, or records already read; `since` when it is changes only.

    `raw` is where the bodies of the answers are.
    """

    raw: RawStore
    readings: Sequence[Sequence[Answer]] = ()
    read: Iterable[Listed] | None = None
    since: datetime | None = None

    @property
    def answers(self) -> Sequence[Answer] | None:
        """The answers that stand for the listing, or for all changes since; None when there are no such."""
        return self.readings[0] if len(self.readings) == 1 else None

    def records(self, plan: Plan) -> Iterable[Listed]:
        """The records, newest reading first: what is told first of a ref counts."""
        if self.read is not None:
            return self.read
        return chain.from_iterable(
            plan.connector.records(plan.source, answers, self.raw) for answers in self.readings
        )


@dataclass(frozen=True, slots=True)
class Lister:
    """Finds what a run reads; answers go to `raw`."""

    plan: Plan
    federation: Federation
    layout: Layout
    ledger: Ledger
    asked: Asked
    load: Load
    raw: RawStore
    now: Callable[[], datetime]

    def listing(self, last: Any | None, current: str, started: datetime) -> Listing:
        """What is read tonight; `last` is the last complete run, `current` the recipe.

        Raises:
            SourceError: the partner does not answer, or what is asked for is not kept.
        """
        source, diary, raw = self.plan.source.id, Diary(self.layout.runs, self.plan.source.id), self.raw
        if self.asked.release:
            return self._held(diary)
        if self.asked.origin is From.RAW:
            return Listing(raw, kept.readings(self.ledger, raw, source, self.asked.of))
        if self.asked.origin is From.RECORDS:
            return Listing(raw, read=kept.noted(self.ledger, diary, source, self.asked.of))
        since = self._since(last, current, started)
        return Listing(raw, [self._asked_for(raw, last, since)], since=since)

    def _held(self, diary: Diary) -> Listing:
        """What a held run had read; its answers stand for the listing once it is released."""
        assert self.asked.release is not None
        assert self.asked.release.run is not None
        run = self.ledger.run(self.asked.release.run)
        answers = [[kept.answer(one) for one in run.answers]] if run.answers is not None else []
        return Listing(self.raw, answers, diary.records(run.id), run.since)

    def _since(self, last: Any | None, current: str, started: datetime) -> datetime | None:
        """From when an incremental connector asks; None when everything is to be read."""
        if not self.plan.connector.incremental or self.asked.limit:
            return None
        if last is None or last.recipe != current or started - last.started_at >= self.plan.source.full_every:
            return None
        newest = next(iter(self.ledger.later_readings(self.plan.source.id, last.id)), last)
        if max(last.started_at, newest.started_at) > started:  # by a clock that was ahead, or is behind now
            return None
        asked: datetime = newest.started_at - _OVERLAP
        return asked

    def _asked_for(self, raw: RawStore, last: Any | None, since: datetime | None) -> list[Answer]:
        known = {told["url"]: kept.answer(told) for told in last.answers} if last is not None else {}
        name = agent(self.federation.contact, __version__)
        pace = Pace(self.layout.hosts)
        with Client(
            self.plan.source,
            raw,
            agent=name,
            known=known,
            pace=pace,
            since=since,
            load=self.load,
            now=self.now,
        ) as client:
            return list(self.plan.connector.answers(self.plan.source, client, raw))
