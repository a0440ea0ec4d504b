"""Room: the story of one run of one source, readable aloud.

Fetch the answers; if nothing changed, say so; else judge the records, let the guards look, and
commit. Whatever goes wrong ends in one word, and only `done` and `done-issues` write records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import Any

import structlog

from harvester import __version__, iri, territory, vocab
from harvester.canonical import utc
from harvester.errors import GuardHeld, SourceChanged, SourceError, SourceUnavailable
from harvester.fetch import Client, Pace, RawStore, agent
from harvester.harvest import kept
from harvester.harvest.drift import NONE, Drift, drift, remembered
from harvester.harvest.judging import Judge
from harvester.harvest.plan import Plan
from harvester.harvest.reading import Sums, read
from harvester.harvest.recipe import recipe
from harvester.layout import Layout
from harvester.ledger import Draft, Ledger, Listed, Tally
from harvester.model import Answer, Federation, Listing, Outcome
from harvester.profile import description, marked, writer
from harvester.shapes import Checker
from harvester.triplestore import FileLock

_FEW = 5
"""So many missing records are never suspicious, whatever share they are."""

_OVERLAP = timedelta(days=1)
"""How far before the last reading an incremental one begins: clocks differ, some partners only know days."""

_SHOWN = 50
"""Fields and categories not used that a run remembers, the most frequent first."""

Progress = Callable[[str, int], None]
Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Asked:
    """How a run was asked for."""

    dry: bool = False
    limit: int | None = None
    from_raw: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended; `run` is its number in the ledger, None when nothing was written."""

    source: str
    outcome: Outcome
    message: str
    counts: Mapping[str, int]
    run: int | None = None
    issues: Sequence[str] = ()


def now_utc() -> datetime:
    """The time, aware, to the second."""
    return utc(datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Harvest:
    """One run of one source, and what it works with."""

    plan: Plan
    federation: Federation
    layout: Layout
    ledger: Ledger
    asked: Asked = Asked()
    now: Now = now_utc
    progress: Progress = lambda _source, _records: None
    helpers: int = 0

    def run(self) -> Report:
        """Run the source; every way it may end is in the report, none is raised."""
        source = self.plan.source
        lock = FileLock(self.layout.source_lock(source.id))
        if not lock.acquire():
            text = f"{source.id}: being harvested by another process; wait for its end"
            return Report(source.id, Outcome.DEFERRED, text, {})
        started = self.now()
        self.progress(source.id, 0)
        log = structlog.get_logger().bind(source=source.id)
        try:
            if not self.asked.dry:
                self.ledger.describe(source.id, description(source), started)
            return self._told(started)
        except SourceError as error:
            return self._ended_badly(started, _outcome(error), str(error))
        except Exception as error:  # the one round a run: our own fault must not stop the others
            log.exception("run failed by our fault")
            text = (
                f"{source.id}: our own fault: {type(error).__name__}: {error}; published data kept, report it"
            )
            return self._ended_badly(started, Outcome.FAILED, text)
        finally:
            lock.release()

    def _told(self, started: datetime) -> Report:
        raw = RawStore(self.layout.raw)
        last = self.ledger.last_complete(self.plan.source.id)
        current = recipe(self.plan, self.federation.base)
        since = self._since(last, current, started)
        readings = (
            kept.readings(self.ledger, raw, self.plan.source.id)
            if self.asked.from_raw
            else [self._asked_for(raw, last, since)]
        )
        run = {"source": self.plan.source.id, "started_at": started, "recipe": current, "since": since}
        run["answers"] = [kept.told(answer) for answer in readings[0]] if len(readings) == 1 else None
        with self.ledger.draft(self.plan.source.id) as draft:
            if (
                last is not None
                and last.recipe == current
                and since is None
                and len(readings) == 1
                and kept.same(last.answers, readings[0])
                and not self.asked.limit
            ):
                return self._unchanged(draft, {**run, "counts": {"read": last.counts.get("read", 0)}})
            self._heed_licence(readings[0], raw)
            return self._judged(draft, run, raw, readings)

    def _since(self, last: Any | None, current: str, started: datetime) -> datetime | None:
        """From when an incremental connector asks; None when everything is to be read."""
        if not self.plan.connector.incremental or self.asked.from_raw or self.asked.limit:
            return None
        if last is None or last.recipe != current or started - last.started_at >= self.plan.source.full_every:
            return None
        newest = next(iter(self.ledger.later_readings(self.plan.source.id, last.id)), last)
        asked: datetime = newest.started_at - _OVERLAP
        return asked

    def _asked_for(self, raw: RawStore, last: Any | None, since: datetime | None) -> list[Answer]:
        """The answers of the listing, asked of the partner."""
        known = {told["url"]: kept.answer(told) for told in last.answers} if last is not None else {}
        name = agent(self.federation.contact, __version__)
        pace = Pace(self.layout.hosts)
        with Client(self.plan.source, raw, agent=name, known=known, pace=pace, since=since) as client:
            return list(self.plan.connector.answers(self.plan.source, client, raw))

    def _heed_licence(self, answers: Sequence[Answer], raw: RawStore) -> None:
        """A licence stated by the source that is not the declared one holds the run."""
        stated_by = self.plan.connector.stated_licence
        stated = stated_by(answers, raw) if stated_by else None
        if stated and vocab.licence_of(stated) not in (None, self.plan.source.licence):
            raise GuardHeld(
                f"{self.plan.source.id}: the source states the licence '{stated}', sources.toml declares "
                f"'{self.plan.source.licence}'; correct `licence` or ask the publisher"
            )

    def _unchanged(self, draft: Draft, run: dict[str, Any]) -> Report:
        """The same answers, the same recipe: only grace may have run out meanwhile."""
        return self._commit(draft, {**run, "findings": {}}, Sums(), Listed.UNCHANGED)

    def _judged(
        self, draft: Draft, run: dict[str, Any], raw: RawStore, readings: Sequence[Sequence[Answer]]
    ) -> Report:
        source = self.plan.source
        writing = writer(source, self.federation.base, territory.load())
        judge = Judge(self.plan.mapper(), writing, Checker(), run["recipe"])
        records = chain.from_iterable(
            self.plan.connector.records(source, answers, raw) for answers in readings
        )
        sums = read(
            judge,
            islice(records, self.asked.limit),
            draft,
            helpers=self.helpers,
            told=lambda count: self.progress(source.id, count),
        )
        whole = run["since"] is None and not self.asked.limit
        complete = whole and self.plan.connector.listing is Listing.FULL and not sums.nameless
        self._guard(draft, sums, whole=whole, complete=complete)
        memory = self.ledger.memory(source.id)
        drifted = drift(sums.fields, sums.coverage.unaligned, memory, whole=whole)
        run |= {"findings": _told_findings(sums, drifted), "counts": _told_counts(sums)}
        run["findings"] |= remembered(sums.fields, sums.coverage.unaligned, memory, whole=whole)
        if self.asked.limit:
            run["answers"] = None  # a partial reading must not stand for the whole listing
        changes = Listed.CHANGES if run["since"] else Listed.PARTIAL
        return self._commit(draft, run, sums, Listed.COMPLETE if complete else changes, drifted)

    def _guard(self, draft: Draft, sums: Sums, *, whole: bool, complete: bool) -> None:
        """Refuse what looks like an accident; a person decides."""
        source, expect = self.plan.source, self.plan.source.expect
        if whole and sums.read < expect.min_records and not self.asked.limit:
            error = GuardHeld if sums.read else SourceChanged
            raise error(
                f"{source.id}: {sums.read} records found, {expect.min_records} expected at least; "
                f"published data kept; look at the source, then correct expect.min_records"
            )
        gone, live = draft.absent(complete=complete)
        if gone > _FEW and gone > expect.max_shrink * live:
            raise GuardHeld(
                f"{source.id}: {gone} of {live} published records are missing, "
                f"{expect.max_shrink:.0%} allowed; published data kept; "
                f"look at the source, then raise expect.max_shrink"
            )

    def _commit(
        self, draft: Draft, run: dict[str, Any], sums: Sums, listing: Listed, drifted: Drift = NONE
    ) -> Report:
        source = self.plan.source
        run["ended_at"] = self.now()

        def settle(tally: Tally) -> tuple[Outcome, str]:
            issues = sums.rejected + sums.unread
            if not tally.changes and not sums.judged and not sums.nameless and not sums.unread:
                return Outcome.UNCHANGED, "nothing changed"
            return (Outcome.DONE_ISSUES if issues else Outcome.DONE), _summary(tally, sums, drifted)

        def mark(ref: str, triples: bytes, name: str) -> bytes:
            return marked(triples, iri.record(self.federation.base, source.id, ref), name, run["ended_at"])

        done = draft.commit(
            run, settle=settle, mark=mark, grace=source.grace, listing=listing, keep=not self.asked.dry
        )
        counts = {**run["counts"], **asdict(done.tally)}
        issues = (*sums.issues, *islice(drifted.sentences(), _SHOWN))
        return Report(source.id, done.outcome, done.message, counts, done.run, issues)

    def _ended_badly(self, started: datetime, outcome: Outcome, text: str) -> Report:
        run_id = None
        if not self.asked.dry:
            run = {
                "source": self.plan.source.id,
                "started_at": started,
                "ended_at": self.now(),
                "outcome": outcome,
            }
            run_id = self.ledger.log({**run, "message": text, "counts": {}, "findings": {}})
        return Report(self.plan.source.id, outcome, text, {}, run_id)


def _outcome(error: SourceError) -> Outcome:
    if isinstance(error, SourceUnavailable):
        return Outcome.DEFERRED
    return Outcome.HELD if isinstance(error, GuardHeld) else Outcome.FAILED


def _summary(tally: Tally, sums: Sums, drifted: Drift) -> str:
    said = [
        (tally.created, "created"),
        (tally.updated, "updated"),
        (tally.withdrawn, "withdrawn"),
        (tally.missing, "missing"),
        (sums.rejected, "rejected"),
        (sums.unread, "could not be read"),
    ]
    told = [f"{n} {word}" for n, word in said if n] or ["0 changes"]
    return ", ".join([*told, *(["other fields or categories"] if any(drifted.sentences()) else [])])


def _told_findings(sums: Sums, drifted: Drift) -> dict[str, Any]:
    coverage = sums.coverage
    return {
        "findings": {f"{severity} {code}": n for (severity, code), n in sorted(sums.findings.items())},
        "issues": sums.issues,
        "unmapped": dict(coverage.unmapped.most_common(_SHOWN)),
        "unaligned": [[*key, n] for key, n in coverage.unaligned.most_common(_SHOWN)],
        "drift": asdict(drifted),
    }


def _told_counts(sums: Sums) -> dict[str, int]:
    names = ("read", "kept", "judged", "rejected", "ignored", "repeated", "unread")
    return {name: getattr(sums, name) for name in names}
