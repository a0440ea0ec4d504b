"""Room: a listing -> a draft: what is new is judged and staged, what is known is only seen.

Records come in the order of the listing and go through in batches; memory does not grow with
the source. What it came to is kept in sums; nothing is committed here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from harvester.harvest.drift import Fields
from harvester.harvest.judging import Judge
from harvester.harvest.jury import Batch, verdicts
from harvester.ledger import Draft, Judged
from harvester.mapping import Coverage
from harvester.model import Gone, Kept, Listed, Record, Rejected, Severity, State

BATCH = 1000
"""Records judged at once; the SHACL study measured larger batches slower and smaller ones dearer."""

_SAMPLE = 20


@dataclass(slots=True)
class Sums:
    """What reading a listing came to, in records; `nameless` are lines rejected without a ref.

    `unread` are records of the listing whose detail could not be had: their last version stays.
    """

    read: int = 0
    judged: int = 0
    rejected: int = 0
    ignored: int = 0
    repeated: int = 0
    nameless: int = 0
    unread: int = 0
    findings: Counter[tuple[Severity, str]] = field(default_factory=Counter)
    reasons: dict[int, list[str]] = field(default_factory=dict)
    coverage: Coverage = field(default_factory=Coverage)
    fields: Fields = field(default_factory=Fields)

    @property
    def kept(self) -> int:
        """Records of the listing that are ours and in order."""
        return self.read - self.rejected - self.ignored - self.repeated - self.unread

    @property
    def issues(self) -> list[str]:
        """Why records were rejected: the first few, in the order of the listing."""
        return [reason for _, reasons in sorted(self.reasons.items()) for reason in reasons][:_SAMPLE]

    def count(self, one: Judged, batch: int) -> None:
        """Add one judged record of a batch, by its number."""
        self.judged += 1
        self.ignored += one.state is State.IGNORED
        self.findings.update((finding.severity, finding.code) for finding in one.findings)
        if one.state is State.REJECTED:
            self.reject(f"record '{one.ref}': {one.reason}", batch)

    def keep(self, reason: str) -> None:
        """Count one record that could not be read tonight."""
        self.unread += 1
        if len(told := self.reasons.setdefault(-1, [])) < _SAMPLE:
            told.append(reason)

    def remark(self, code: str, told: Sequence[str]) -> None:
        """Add findings that concern the listing rather than one of its records."""
        self.findings[Severity.INFO, code] += len(told)
        self.reasons.setdefault(-2, []).extend(told[:_SAMPLE])

    def reject(self, reason: str, batch: int) -> None:
        """Count one rejected record or line."""
        self.rejected += 1
        if len(told := self.reasons.setdefault(batch, [])) < _SAMPLE and len(self.reasons) <= _SAMPLE:
            told.append(reason)


def read(
    judge: Judge, records: Iterable[Listed], draft: Draft, *, helpers: int, told: Callable[[int], None]
) -> Sums:
    """Read a whole listing into a draft; `told` hears how many records were read so far."""
    sums = Sums()
    for batch, verdict in verdicts(judge, _new(judge, records, draft, sums), helpers=helpers):
        for one in verdict.judged:
            sums.count(one, batch)
        sums.coverage.add(verdict.coverage)
        draft.stage(verdict.judged)
        told(sums.read)
    told(sums.read)
    return sums


def _new(judge: Judge, records: Iterable[Listed], draft: Draft, sums: Sums) -> Iterator[Batch]:
    """The records that must be judged, in batches that are never empty."""
    for batch in _batches(records):
        listed = _listed(batch, sums)
        draft.bury([one.ref for one in listed.values() if isinstance(one, Gone)])
        there = {ref: one for ref, one in listed.items() if not isinstance(one, Gone)}
        again = draft.see(list(there))
        sums.read += len(there)
        sums.repeated += len(again)
        told = dict(_readable(there, again, sums))
        for ref, one in told.items():
            if isinstance(one, Record):
                sums.fields.see(ref, one.value)
        hashes = {ref: judge.hash(one) for ref, one in told.items()}
        known = {
            ref: state for ref, (held, state) in draft.known(list(hashes)).items() if held == hashes[ref]
        }
        sums.rejected += sum(state == State.REJECTED for state in known.values())
        sums.ignored += sum(state == State.IGNORED for state in known.values())
        if new := [(told[ref], hashed) for ref, hashed in hashes.items() if ref not in known]:
            yield new


def _readable(
    there: Mapping[str, Record | Rejected | Kept], again: Collection[str], sums: Sums
) -> Iterator[tuple[str, Record | Rejected]]:
    """The records that can be judged; those that could not be read tonight are counted."""
    for ref, one in there.items():
        if isinstance(one, Kept) and ref not in again:
            sums.keep(f"record '{ref}': {one.reason}; its last version stays")
        elif not isinstance(one, Kept) and ref not in again:
            yield ref, one


def _batches(records: Iterable[Listed]) -> Iterator[list[Listed]]:
    rest = iter(records)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _listed(batch: Iterable[Listed], sums: Sums) -> dict[str, Listed]:
    """What is told of each ref; the first that tells of it counts, the others are repeated."""
    listed: dict[str, Listed] = {}
    for one in batch:
        if one.ref is None:
            sums.read += 1
            sums.nameless += 1
            sums.reject(one.reason, -1)
        elif one.ref in listed:
            sums.read += 1
            sums.repeated += 1
        else:
            listed[one.ref] = one
    return listed
