"""Room: the story of one run of one source, readable aloud.

Fetch the answers; if nothing changed, say so; else judge the records, let the guards look, and
commit. Whatever goes wrong ends in one word, and only `done` and `done-issues` write records.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import structlog

from harvester import iri
from harvester.canonical import utc
from harvester.errors import GuardHeld, HarvesterError, SourceError, StoreError, disk_error
from harvester.fetch import Load, RawStore
from harvester.harvest import guards, kept, suppression, telling
from harvester.harvest.asking import Asked, Report
from harvester.harvest.corrections import mender, obsolete
from harvester.harvest.diary import Diary
from harvester.harvest.drift import NONE, Drift, drift, remembered
from harvester.harvest.judging import judge
from harvester.harvest.listing import Lister, Listing
from harvester.harvest.plan import Plan
from harvester.harvest.reading import Sums, read
from harvester.harvest.recipe import recipe
from harvester.layout import Layout
from harvester.ledger import Draft, Ledger, Listed, Outlook, Tally
from harvester.ledger.decisions import suppressed
from harvester.model import Cause, Federation, Outcome
from harvester.model import Listing as Proof
from harvester.profile import marked
from harvester.triplestore import FileLock

Progress = Callable[[str, int], None]
Now = Callable[[], datetime]


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
    asked: Asked = field(default_factory=Asked)
    now: Now = now_utc
    progress: Progress = lambda _source, _records: None
    helpers: int = 0
    load: Load = field(default_factory=Load)

    def run(self) -> Report:
        """Run the source; every way it may end is in the report, none is raised."""
        source = self.plan.source
        lock = FileLock(self.layout.source_lock(source.id))
        try:
            if not lock.acquire():
                text = f"{source.id}: being harvested by another process; wait for its end"
                return Report(source.id, Outcome.DEFERRED, text, {})
        except StoreError as error:
            return Report(source.id, Outcome.FAILED, f"{source.id}: {error}", {})
        try:
            return self._alone()
        finally:
            lock.release()

    def _alone(self) -> Report:
        """The run, while nobody else harvests its source or withdraws something of it."""
        source, started = self.plan.source, self.now()
        self.progress(source.id, 0)
        diary = Diary(self.layout.runs, source.id)
        log = structlog.get_logger().bind(source=source.id)
        try:
            if not self.asked.dry:
                self.ledger.describe(source.id, self.plan.described(), started)
            report = self._told(started, diary)
        except SourceError as error:
            report = self._ended_badly(started, str(error), *telling.end(error))
        except (HarvesterError, OSError) as error:  # our own disk: full, not writable, failing
            said = disk_error(error, self.layout.root) if isinstance(error, OSError) else error
            report = self._ended_badly(started, f"{source.id}: {said}", Outcome.FAILED, Cause.FAULT)
        except Exception as error:  # the one round a run: our own fault must not stop the others
            log.exception("run failed by our fault")
            text = (
                f"{source.id}: our own fault: {type(error).__name__}: {error}; published data kept, report it"
            )
            report = self._ended_badly(started, text, Outcome.FAILED, Cause.FAULT)
        try:
            diary.end(report)
            suppression.passed(self.layout, source.id)
        except OSError as error:  # the ledger has it all the same
            log.warning("the diary of this run is not kept", run=report.run, reason=str(disk_error(error)))
        return report

    def _told(self, started: datetime, diary: Diary) -> Report:
        last = self.ledger.last_complete(self.plan.source.id)
        current = recipe(self.plan, self.federation.base)
        raw, passing = RawStore(self.layout.raw), self._passing()
        if passing:  # its answers are not kept, so that all is read again every night
            last, raw = None, passing
        lister = Lister(
            self.plan, self.federation, self.layout, self.ledger, self.asked, self.load, raw, self.now
        )
        listing = lister.listing(last, current, started)
        run = {
            "source": self.plan.source.id,
            "started_at": started,
            "recipe": current,
            "since": listing.since,
        }
        answers = None if passing else listing.answers
        run["answers"] = [kept.told(one) for one in answers] if answers is not None else None
        with self.ledger.draft(self.plan.source.id) as draft:
            if last is not None and self._same(last, current, listing):
                return self._unchanged(draft, {**run, "counts": {"read": last.counts.get("read", 0)}})
            return self._judged(draft, run, listing, diary)

    def _passing(self) -> RawStore | None:
        """Where the answers go of a source of which something was withdrawn on request."""
        return suppression.passing(self.layout, self.plan.source, suppressed(self.ledger))

    def _same(self, last: Any, current: str, listing: Listing) -> bool:
        """True when the whole listing is, byte for byte, what was judged last time, by the same recipe."""
        if last.recipe != current or listing.since or listing.read or self.asked.limit:
            return False
        return listing.answers is not None and kept.same(last.answers, listing.answers)

    def _unchanged(self, draft: Draft, run: dict[str, Any]) -> Report:
        """The same answers, the same recipe: only grace may have run out meanwhile."""
        return self._commit(draft, {**run, "findings": {}}, Sums(), Listed.UNCHANGED)

    def _judged(self, draft: Draft, run: dict[str, Any], listing: Listing, diary: Diary) -> Report:
        sums = self._read(draft, listing, diary)
        whole = run["since"] is None and not self.asked.limit
        complete = whole and self.plan.connector.listing is Proof.FULL and not sums.nameless
        memory = self.ledger.memory(self.plan.source.id)
        self._look_for_corrected(draft, sums, complete=complete)
        drifted = drift(sums.fields, sums.coverage.unaligned, memory, whole=whole)
        run |= {"counts": telling.counts(sums), "findings": telling.findings(sums, drifted)}
        run["findings"] |= remembered(sums.fields, sums.coverage.unaligned, memory, whole=whole)
        outlook = draft.outlook(self.now(), complete=complete)
        try:
            if not self.asked.release:
                self._heed(listing, sums, outlook, whole=whole)
        except GuardHeld as error:
            return self._held(run, str(error), outlook)
        if self.asked.limit:  # a partial reading must not stand for the whole listing
            run |= {"answers": None, "counts": {**run["counts"], "limited": self.asked.limit}}
        changes = Listed.CHANGES if run["since"] else Listed.PARTIAL
        grown = guards.growth(outlook)
        return self._commit(draft, run, sums, Listed.COMPLETE if complete else changes, (drifted, grown))

    def _read(self, draft: Draft, listing: Listing, diary: Diary) -> Sums:
        """Judge the records into the draft, noting them on their way."""
        source, listed = self.plan.source, suppressed(self.ledger)
        judging = judge(self.plan, self.federation.base, listed)
        records = suppression.applied(listing.records(self.plan), listed, source, judging.mapper)
        first = islice(records, self.asked.limit)
        return read(
            judging,
            first if self.asked.dry else diary.noted(first),
            draft,
            helpers=self.helpers,
            told=lambda count: self.progress(source.id, count),
        )

    def _look_for_corrected(self, draft: Draft, sums: Sums, *, complete: bool) -> None:
        """Tell of corrections whose record a complete listing no longer holds."""
        held = mender(self.plan.source, suppressed(self.ledger))
        if complete and (refs := held.refs()):
            there = draft.see(refs, note=False)
            sums.remark("correction-obsolete", obsolete((ref for ref in refs if ref not in there), held))

    def _heed(self, listing: Listing, sums: Sums, outlook: Outlook, *, whole: bool) -> None:
        """Let the guards look."""
        source = self.plan.source
        for answers in listing.readings:
            guards.heed_licence(source, self.plan.connector, answers, listing.raw)
        if whole:
            guards.heed_size(source, sums)
        guards.heed_losses(source, outlook)

    def _held(self, run: dict[str, Any], text: str, outlook: Outlook) -> Report:
        """Write down a held run with what it would do, so that a person can decide on it."""
        would = [f"would go: '{ref}' {name or ''}".rstrip() for ref, name in outlook.sample]
        run["findings"] |= {
            "would_go": list(outlook.sample),
            "renamed": list(outlook.renamed[: telling.SHOWN]),
        }
        ended = {"ended_at": self.now(), "outcome": Outcome.HELD, "message": text, "cause": Cause.GUARD}
        return self._logged({**run, **ended}, issues=would)

    def _ended_badly(self, started: datetime, text: str, outcome: Outcome, cause: Cause) -> Report:
        run = {"source": self.plan.source.id, "started_at": started, "ended_at": self.now()}
        try:
            said = suppression.unquoted(text) if self._passing() else text
            return self._logged(
                {**run, "outcome": outcome, "message": said, "cause": cause, "counts": {}, "findings": {}}
            )
        except StoreError:  # the ledger cannot be written either: the text says why
            return Report(self.plan.source.id, outcome, text, {})

    def _logged(self, run: dict[str, Any], issues: list[str] | None = None) -> Report:
        """The report of a run that changes no record."""
        run["counts"] |= telling.caused(self.load)
        number = None if self.asked.dry else self.ledger.log(run)
        return Report(run["source"], run["outcome"], run["message"], run["counts"], number, issues or ())

    def _commit(
        self,
        draft: Draft,
        run: dict[str, Any],
        sums: Sums,
        listing: Listed,
        noticed: tuple[Drift, str | None] = (NONE, None),
    ) -> Report:
        source, (drifted, grown) = self.plan.source, noticed
        run["ended_at"] = self.now()
        run["counts"] |= telling.caused(self.load)
        if grown:
            run["findings"]["growth"] = grown

        def settle(tally: Tally) -> tuple[Outcome, str]:
            if not tally.changes and not sums.judged and not sums.nameless and not sums.unread:
                return Outcome.UNCHANGED, "nothing changed"
            issues = sums.rejected + sums.unread
            text = telling.summary(tally, sums, drifted, grown)
            if self.asked.release:
                text = f"released by {self.asked.release.who} ({self.asked.release.reason}): {text}"
            return (Outcome.DONE_ISSUES if issues else Outcome.DONE), text

        def mark(ref: str, triples: bytes, name: str) -> bytes:
            return marked(triples, iri.record(self.federation.base, source.id, ref), name, run["ended_at"])

        done = draft.commit(
            run,
            settle=settle,
            mark=mark,
            grace=source.grace,
            listing=listing,
            decision=self.asked.release,
            keep=not self.asked.dry,
        )
        counts = {**run["counts"], **asdict(done.tally)}
        issues = (*sums.issues, *islice(drifted.sentences(), telling.SHOWN))
        return Report(source.id, done.outcome, done.message, counts, done.run, issues, done.findings)
