"""Room: what is to be forgotten of a record: all of it, or a field, without which it is told again.

In: the record as the ledger and the diary have it. Out: what the ledger must do, and the words by which a
sentence that repeats the record is known. Never writes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from harvester import iri
from harvester.harvest import suppression, traces
from harvester.harvest.diary import Diary
from harvester.harvest.judging import judge
from harvester.harvest.plan import Plan
from harvester.harvest.suppression import Suppressed
from harvester.ledger import Judged, Ledger, pack
from harvester.ledger.decisions import WHOLE
from harvester.ledger.packing import unpack
from harvester.ledger.redaction import Redaction
from harvester.ledger.withdrawals import judged_runs
from harvester.model import Record, State
from harvester.profile import carried


@dataclass(frozen=True, slots=True)
class Subject:
    """A record somebody wants withdrawn, and where it is told of; without a plan nobody reads its source."""

    source: str
    ref: str
    plan: Plan | None
    ledger: Ledger
    diary: Diary

    def words(self, fields: tuple[str, ...]) -> frozenset[str]:
        """The texts by which a sentence that repeats these fields of it, or any for `WHOLE`, is known."""
        if WHOLE in fields or self.plan is None:
            said = traces.published(self.ledger, self.source, self.ref)
            return said | traces.noted(self.diary, self.ref)
        mapper = self.plan.mapper()
        return traces.noted(self.diary, self.ref, frozenset().union(*map(mapper.heads, fields)))

    def redaction(self, fields: tuple[str, ...], listed: Suppressed, base: str) -> Redaction:
        """What the ledger must forget of it."""
        if WHOLE in fields or self.plan is None:
            return Redaction(self.source, self.ref, whole=WHOLE in fields)
        version = self._version(self.plan, listed, base)
        old = self.ledger.triples(self.source, self.ref)
        if version and version.triples and old:
            record = iri.record(base, self.source, self.ref)
            version = replace(version, triples=pack(carried(old, unpack(version.triples.data), record)))
        return Redaction(self.source, self.ref, whole=False, version=version)

    def _version(self, plan: Plan, listed: Suppressed, base: str) -> Judged | None:
        """The record as last accepted, judged anew without what is suppressed; None when no night kept it."""
        judging, accepted = judge(plan, base, listed), judged_runs(self.ledger, self.source)
        for run in self.diary.kept():
            records = (one for one in self.diary.records(run) if run in accepted and one.ref == self.ref)
            for one in suppression.applied(records, listed, plan.source, judging.mapper):
                if isinstance(one, Record):
                    judged = judging.verdict([(one, judging.hash(one))]).judged[0]
                    if judged.state is State.PUBLISHED:
                        return judged
        return None
