"""Room: records -> judged records, in batches: mapped, written, checked.

A record whose content and recipe are known is not judged again. Each record leaves by a door
with a name: published, rejected (with its reason), ignored. Nothing is written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice

import orjson

from harvester.errors import RecordError
from harvester.ledger import Draft, Judged
from harvester.mapping import Mapper
from harvester.model import Finding, Item, Record, Rejected, Severity, State
from harvester.profile import Writer
from harvester.shapes import Checker, message

BATCH = 1000  # see the SHACL study: larger batches are slower, smaller ones cost a call each
_Candidate = tuple[Record, bytes, Item, bytes, list[Finding]]


@dataclass(slots=True)
class Sums:
    """What reading a listing came to, in records; `nameless` are lines rejected without a ref."""

    read: int = 0
    judged: int = 0
    rejected: int = 0
    ignored: int = 0
    repeated: int = 0
    nameless: int = 0
    findings: Counter[tuple[Severity, str]] = field(default_factory=Counter)
    issues: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Judge:
    """Everything needed to judge the records of one source under one recipe."""

    mapper: Mapper
    writer: Writer
    checker: Checker
    recipe: str

    def stage(self, records: Iterable[Record | Rejected], draft: Draft) -> Iterator[Sums]:
        """Judge a listing into a draft; yields the sums so far, the same object, after each batch."""
        sums = Sums()
        for batch in _batches(records):
            sums.read += len(batch)
            self._stage_batch(batch, draft, sums)
            yield sums
        if not sums.read:
            yield sums

    def _stage_batch(self, batch: Sequence[Record | Rejected], draft: Draft, sums: Sums) -> None:
        listed: dict[str, Record | Rejected] = {}
        for one in batch:
            if one.ref is None:
                sums.nameless += 1
                sums.rejected += 1
                _remark(sums, str(getattr(one, "reason", "")))
            elif one.ref in listed:
                sums.repeated += 1
            else:
                listed[one.ref] = one
        again = draft.see(list(listed))
        sums.repeated += len(again)
        hashes = {ref: self._hash(one) for ref, one in listed.items() if ref not in again}
        known = draft.known(list(hashes))
        new = [listed[ref] for ref, hashed in hashes.items() if known.get(ref, (b"",))[0] != hashed]
        for ref, (hashed, state) in known.items():
            if hashes[ref] == hashed:
                sums.rejected += state == State.REJECTED
                sums.ignored += state == State.IGNORED
        if new:
            draft.stage(self._judged(new, hashes, sums))

    def _hash(self, one: Record | Rejected) -> bytes:
        told = one.value if isinstance(one, Record) else one.reason
        dumped = orjson.dumps(told, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
        return blake2b(self.recipe.encode() + dumped, digest_size=16).digest()

    def _judged(self, new: Sequence[Record | Rejected], hashes: dict[str, bytes], sums: Sums) -> list[Judged]:
        out: list[Judged] = []
        candidates: list[_Candidate] = []
        for one in new:
            hashed = hashes[str(one.ref)]
            if isinstance(one, Rejected):
                out.append(self._rejected(str(one.ref), hashed, one.reason, sums))
            elif not self.mapper.wants(one):
                sums.ignored += 1
                out.append(Judged(one.ref, hashed, State.IGNORED, reason="left out by `only`"))
            else:
                try:
                    item, findings = self.mapper.item(one)
                except RecordError as error:
                    out.append(self._rejected(one.ref, hashed, str(error), sums))
                    continue
                candidates.append((one, hashed, item, self.writer.triples(item, findings), findings))
        out += self._checked(candidates, sums)
        sums.judged += len(out)
        return out

    def _checked(self, candidates: Sequence[_Candidate], sums: Sums) -> Iterator[Judged]:
        iris = [self.writer.iri(record.ref) for record, *_ in candidates]
        found = self.checker.findings([(iri, one[3]) for iri, one in zip(iris, candidates, strict=True)])
        for iri, (record, hashed, item, triples, findings) in zip(iris, candidates, strict=True):
            _own(iri, triples)
            findings.extend(found.get(iri, []))
            sums.findings.update((finding.severity, finding.code) for finding in findings)
            violation = next((one for one in findings if one.severity is Severity.VIOLATION), None)
            name, page = item.values["name"], item.values.get("page")
            name = getattr(name, "text", name)
            if violation is None:
                yield Judged(record.ref, hashed, State.PUBLISHED, triples, name, page, findings)
            else:
                reason = f"rejected by the shapes: {message(violation)}"
                sums.rejected += 1
                _remark(sums, f"record '{record.ref}': {reason}")
                yield Judged(record.ref, hashed, State.REJECTED, None, name, page, findings, reason)

    def _rejected(self, ref: str, hashed: bytes, reason: str, sums: Sums) -> Judged:
        sums.rejected += 1
        _remark(sums, reason)
        return Judged(ref, hashed, State.REJECTED, reason=reason)


def _batches(records: Iterable[Record | Rejected]) -> Iterator[list[Record | Rejected]]:
    rest = iter(records)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _remark(sums: Sums, text: str) -> None:
    """Keep a sample; the records keep the whole."""
    if len(sums.issues) < 20:
        sums.issues.append(text)


def _own(iri: str, triples: bytes) -> None:
    """Every subject is the record's IRI or a fragment of it: no triple is owned twice."""
    text = b"\n" + triples
    own = text.count(f"\n<{iri}> ".encode()) + text.count(f"\n<{iri}#".encode())
    if own != triples.count(b"\n"):
        raise RecordError(f"record <{iri}>: writes about something else than itself; mend the profile")
