"""Room: what is forgotten in time: answers, records noted by runs, runs.

In: the ledger, its store, how long things are kept. Out: what was freed. Everything stays from the reading on
which the oldest night stands that can still be told again; the last complete reading of a source stays for
good, and so does a held run that waits for a person. A night is forgotten whole, or not at all. Never touches
a record or a change. Rows first, files after: killed anywhere, the next time goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import ColumnElement, Text, and_, delete, func, insert, or_, select, update

from harvester.fetch import RawStore
from harvester.harvest.diary import Diary
from harvester.keeping import leftovers
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.decisions import held
from harvester.ledger.freshness import asked_and_accepted
from harvester.ledger.tables import changes, decisions, meta, records, runs
from harvester.model import Federation, Outcome
from harvester.triplestore import FileLock

LOCK = "-keeping"
"""The lock of whoever copies or forgets; no source may be named so."""

SHOWN = 30
"""The last runs of each source are published: they stay."""

_EVERY = timedelta(hours=20)
_PRUNED_AT = "pruned_at"
_ACCEPTED = runs.c.outcome.in_([outcome for outcome in Outcome if outcome.succeeded])


@dataclass(slots=True)
class Freed:
    """What was forgotten, in pieces; `bytes` are those of files."""

    answers: int = 0
    records: int = 0
    summaries: int = 0
    runs: int = 0
    leftovers: int = 0
    bytes: int = 0

    def __bool__(self) -> bool:
        return any(asdict(self).values())

    def __str__(self) -> str:
        named = (
            (self.answers, "answers"),
            (self.records, "records of runs"),
            (self.summaries, "summaries"),
            (self.runs, "runs"),
            (self.leftovers, "leftovers of killed processes"),
        )
        told = ", ".join(f"{n} {word}" for n, word in named if n)
        return f"{told} ({self.bytes / 1e6:.1f} MB)" if told else "nothing"


def prune(
    ledger: Ledger, layout: Layout, federation: Federation, now: datetime, *, dry: bool = False
) -> Freed:
    """Forget what is older than it is kept; when `dry`, only say what that is.

    Raises:
        StoreError: another process copies or forgets; or the disk refuses.
    """
    with FileLock(layout.source_lock(LOCK)):
        return _Pruning(ledger, layout, federation, now, dry).done()


def prune_when_due(ledger: Ledger, layout: Layout, federation: Federation, now: datetime) -> Freed | None:
    """Forget what is older than it is kept, once a day; None when it is not time, or others are at it."""
    lock = FileLock(layout.source_lock(LOCK))
    if not _due(ledger, now) or not lock.acquire():
        return None
    try:
        return _Pruning(ledger, layout, federation, now, dry=False).done()
    finally:
        lock.release()


def _due(ledger: Ledger, now: datetime) -> bool:
    with ledger.reading() as connection:
        noted = connection.execute(select(meta.c.value).where(meta.c.key == _PRUNED_AT)).scalar()
    last = datetime.fromisoformat(noted) if noted else None
    return last is None or not timedelta(0) <= now - last < _EVERY  # also after a clock that was ahead


@dataclass(frozen=True, slots=True)
class _Floor:
    """The first run of a source whose answers stay, and the first whose records do."""

    answers: int
    records: int


@dataclass
class _Pruning:
    """Once through a store; hold `LOCK` around it."""

    ledger: Ledger
    layout: Layout
    federation: Federation
    now: datetime
    dry: bool
    freed: Freed = field(default_factory=Freed)

    def done(self) -> Freed:
        """Forget, and say what."""
        before = leftovers.quiet_since(self.layout)
        for source in self.floors:
            self._forget_records(source)
            self._forget_runs(source)
        self._forget_answers(before)
        for path in [*leftovers.unfinished(self.layout)]:
            self.freed.leftovers += 1
            self.freed.bytes += leftovers.size(path) if self.dry else leftovers.drop(path)
        if not self.dry:
            self._note()
        return self.freed

    @cached_property
    def floors(self) -> Mapping[str, _Floor]:
        """Where each source that ever ran begins to be kept."""
        with self.ledger.reading() as connection:
            names = sorted(connection.scalars(select(runs.c.source).distinct()))
        return {source: self._floor(source) for source in names}

    def _floor(self, source: str) -> _Floor:
        """The oldest night that can still be told again, and the reading it stands on."""
        young = self._first_young(source)
        waiting = held(self.ledger, source)
        base = self.ledger.last_complete(source, upto=young) or self.ledger.last_complete(source)
        noted = self.ledger.noted_runs(source, upto=young) or self.ledger.noted_runs(source)
        kept = [run for run in (young, waiting and waiting.id) if run is not None]
        none = self.ledger.last_run() + 1
        return _Floor(min([none, *kept, *([base.id] if base else [])]), min([none, *kept, *noted]))

    def _first_young(self, source: str) -> int | None:
        young = and_(runs.c.source == source, runs.c.ended_at >= self.now - self.federation.keep_raw)
        with self.ledger.reading() as connection:
            first: int | None = connection.scalar(select(func.min(runs.c.id)).where(young))
        return first

    def _forget_records(self, source: str) -> None:
        diary, floor = Diary(self.layout.runs, source), self.floors[source]
        for run in diary.kept():
            if run < floor.records:
                self.freed.records += 1
                self.freed.bytes += diary.size(run)
                if not self.dry:
                    diary.forget(run)

    def _forget_runs(self, source: str) -> None:
        """Of older runs, those that nothing refers to go; the others keep their numbers."""
        old = self._old_runs(source)
        diary = Diary(self.layout.runs, source)
        summaries = [run for run in diary.summaries() if run in set(old)]
        self.freed.summaries += len(summaries)
        if not old:
            return
        mine = and_(runs.c.source == source, runs.c.id.in_(old))
        with self.ledger.reading() as connection:
            bare = [row.id for row in connection.execute(select(runs.c.id).where(mine, ~_referred_to()))]
        self.freed.runs += len(bare)
        if self.dry:
            return
        with self.ledger.writing() as connection:
            connection.execute(delete(runs).where(runs.c.id.in_(bare)))
            connection.execute(update(runs).where(mine, runs.c.findings != {}).values(findings={}))
        for run in summaries:
            diary.forget_summary(run)

    def _old_runs(self, source: str) -> list[int]:
        """The runs that may go: those that are published, remembered, or can be told again stay."""
        mine = runs.c.source == source
        newest_first = select(runs.c.id).where(mine).order_by(runs.c.id.desc())
        remembered = and_(_ACCEPTED, runs.c.findings.cast(Text).contains('"fields"'))
        with self.ledger.reading() as connection:
            stay = set(connection.scalars(newest_first.limit(SHOWN)))
            stay.update(connection.scalars(newest_first.where(remembered).limit(1)))
            fresh = connection.scalar(newest_first.where(asked_and_accepted()).limit(1)) or 0
            old = and_(
                mine,
                runs.c.ended_at < self.now - self.federation.keep_runs,
                runs.c.id < min(fresh, self.floors[source].answers),  # failures since are counted
            )
            return [run for run in connection.scalars(select(runs.c.id).where(old)) if run not in stay]

    def _forget_answers(self, before: float) -> None:
        """Answers that no kept night needs; `before` is when the oldest run under way began."""
        wanted: set[str] = set()
        columns = (runs.c.source, runs.c.id, runs.c.answers)
        with self.ledger.reading() as connection:
            told = select(*columns).where(runs.c.answers.is_not(None)).execution_options(yield_per=20)
            for row in connection.execute(told):
                if row.source not in self.floors or row.id >= self.floors[row.source].answers:
                    wanted.update(one["body"] for one in row.answers)
        if not self.dry:
            self._unsay_answers()
        raw = RawStore(self.layout.raw)
        for digest in [one for one in raw.digests() if one not in wanted]:
            path = raw.path(digest)
            if leftovers.modified(path) < before:  # younger ones belong to a run under way
                self.freed.answers += 1
                self.freed.bytes += leftovers.size(path) if self.dry else leftovers.drop(path)

    def _unsay_answers(self) -> None:
        with self.ledger.writing() as connection:
            for source, floor in self.floors.items():
                mine = and_(runs.c.source == source, runs.c.id < floor.answers, runs.c.answers.is_not(None))
                connection.execute(update(runs).where(mine).values(answers=None))

    def _note(self) -> None:
        with self.ledger.writing() as connection:
            connection.execute(delete(meta).where(meta.c.key == _PRUNED_AT))
            connection.execute(insert(meta).values(key=_PRUNED_AT, value=self.now.isoformat()))


def _referred_to() -> ColumnElement[bool]:
    """True of a run that a change, a record or a decision names."""
    return or_(
        select(changes.c.id).where(changes.c.run == runs.c.id).exists(),
        runs.c.id.in_(select(records.c.run)),
        runs.c.id.in_(select(decisions.c.run).where(decisions.c.run.is_not(None))),
        runs.c.source == "",  # the house's own
    )
