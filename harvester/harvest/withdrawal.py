"""Room: a record, or a field of it, withdrawn on request: it leaves everything under `store/`.

In: what was ordered (`ledger.withdrawals`), which stands on the list before anything else is done. Out:
nothing that could tell it. Each step may be done again: the next call ends a withdrawal killed anywhere.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from harvester.canonical import utc
from harvester.errors import StoreError
from harvester.fetch import RawStore
from harvester.harvest import suppression
from harvester.harvest.diary import Diary
from harvester.harvest.forgetting import Subject
from harvester.harvest.plan import Plan
from harvester.harvest.traces import repeated
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.decisions import suppressed
from harvester.ledger.redaction import UNSAID, compact, redact
from harvester.ledger.withdrawals import bodies, carried_out, messages, named, pending
from harvester.model import Federation, Source
from harvester.triplestore import FileLock

ALONE = "-withdrawal"
"""The name of the lock of withdrawals; no source can bear it."""

_LOOK_EVERY_S = 0.2
_LATER = "it is kept out already; run `harvester withdraw` without more, to finish"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What carrying out withdrawals works with.

    `publish` brings the store up to the ledger, or waits until the server that holds it has; `patience_s` is
    how long a harvest under way is waited for.
    """

    plans: Mapping[str, Plan]
    federation: Federation
    layout: Layout
    ledger: Ledger
    publish: Callable[[], None]
    patience_s: float = 60

    def diary(self, source: str) -> Diary:
        """The diary of a source."""
        return Diary(self.layout.runs, source)

    def subject(self, source: str, ref: str) -> Subject:
        """A record that somebody wants withdrawn."""
        return Subject(source, ref, self.plans.get(source), self.ledger, self.diary(source))

    def source(self, name: str) -> Source:
        """The source of this name; of one that is declared no more, the name."""
        return self.plans[name].source if name in self.plans else Source(name, name, "", (), "unknown")


def finish(work: Withdrawal) -> int:
    """Carry out what was ordered; says how much that was.

    Raises:
        StoreError: a source is being harvested, or the ledger is read, for too long; what was ordered is on
            the list all the same, and the next call goes on.
    """
    if not pending(work.ledger):
        return 0
    with _held(work, [ALONE]):
        ordered = pending(work.ledger)
        sources = sorted({hash_.rpartition(":")[0] for hash_, _ in ordered})
        with _held(work, sources):
            for step in (drop_answers, forget, hush_summaries, rewrite_records):
                step(work, sources)
        for last in (publish_anew, write_ledger_anew, drop_leftovers):
            last(work)
        carried_out(work.ledger)
    return len(ordered)


def drop_answers(work: Withdrawal, sources: Sequence[str]) -> None:
    """Every answer of these sources goes: nobody can cut a record out of all that platforms send."""
    raw = RawStore(work.layout.raw)
    for source in sources:
        for digest in bodies(work.ledger, source):
            raw.remove(digest)
        suppression.passed(work.layout, source)


def forget(work: Withdrawal, sources: Sequence[str]) -> None:
    """The ledger: changes, the records themselves, what runs quote."""
    listed, base = suppressed(work.ledger), work.federation.base
    found = [
        (work.subject(source, ref), fields)
        for source, ref, fields in named(work.ledger, pending(work.ledger))
    ]
    words = frozenset[str]().union(*(subject.words(fields) for subject, fields in found))
    redact(
        work.ledger,
        [subject.redaction(fields, listed, base) for subject, fields in found],
        sources,
        tells=lambda sentence: repeated(sentence, words) is not None,
        now=utc(datetime.now(UTC)),
    )


def hush_summaries(work: Withdrawal, sources: Sequence[str]) -> None:
    """The diary: summaries say what the ledger says of their runs, and quote nothing."""
    for source in sources:
        diary, told = work.diary(source), messages(work.ledger, source)
        for run in diary.summaries():
            diary.hush(run, told.get(run) or UNSAID)


def rewrite_records(work: Withdrawal, sources: Sequence[str]) -> None:
    """The diary: the records of each run without what is suppressed."""
    listed = suppressed(work.ledger)
    for name in sources:
        plan, diary, source = work.plans.get(name), work.diary(name), work.source(name)
        mapper = plan.mapper() if plan else None
        diary.sweep()
        for run in diary.kept():
            diary.rewrite(run, suppression.applied(diary.records(run), listed, source, mapper))


def publish_anew(work: Withdrawal) -> None:
    """The triple store, whose dictionary keeps what was ever in it, and the copies that readers see."""
    work.publish()


def write_ledger_anew(work: Withdrawal) -> None:
    """The pages of the ledger's file, and the copies that upgrades left beside it."""
    compact(work.layout.ledger)
    for copy in work.layout.root.glob(f"{work.layout.ledger.stem}-schema-*"):
        copy.unlink()


def drop_leftovers(work: Withdrawal) -> None:
    """What no run refers to, answers of runs that failed or were killed; and dumps, which are made again."""
    raw = RawStore(work.layout.raw)
    with _held(work, sorted({*work.ledger.sources(), *work.plans})):
        for digest in set(raw.digests()) - bodies(work.ledger):
            raw.remove(digest)
        raw.sweep(datetime.now(UTC))
    shutil.rmtree(work.layout.dumps, ignore_errors=True)


@contextmanager
def _held(work: Withdrawal, names: Sequence[str]) -> Iterator[None]:
    """Hold the locks of these sources; a harvest under way is waited for."""
    deadline = time.monotonic() + work.patience_s
    with ExitStack() as stack:
        for name in names:
            lock = FileLock(work.layout.source_lock(name))
            while not lock.acquire():
                if time.monotonic() > deadline:
                    raise StoreError(
                        f"{name.removeprefix('-')}: under way for {work.patience_s:g} s; {_LATER}"
                    )
                time.sleep(_LOOK_EVERY_S)
            stack.callback(lock.release)
        yield
