"""Room: records -> judged records, one batch at a time: mapped, written, checked.

A pure function of the batch, the source and its recipe, so that batches may be judged side by
side. Each record leaves by a door with a name: published, rejected (with its reason), ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from hashlib import blake2b

import orjson

from harvester import territory
from harvester.errors import RecordError
from harvester.harvest.corrections import NONE, Mender, mender
from harvester.harvest.plan import Plan
from harvester.harvest.recipe import recipe
from harvester.harvest.spelled import spelled
from harvester.harvest.suppression import Suppressed
from harvester.ledger import Judged, pack
from harvester.mapping import Coverage, Mapper
from harvester.model import Finding, Item, Record, Rejected, Severity, State
from harvester.profile import Writer, corrected, writer
from harvester.shapes import Checker, message

Listed = Record | Rejected
"""What a connector yields."""

_Candidate = tuple[Record, bytes, Item, bytes, list[Finding]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What judging a batch gave, and what its records held that nobody mapped or aligned."""

    judged: list[Judged]
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Judge:
    """Everything needed to judge the records of one source under one recipe."""

    mapper: Mapper
    writer: Writer
    checker: Checker
    recipe: str
    mender: Mender = NONE

    def hash(self, one: Listed) -> bytes:
        """The hash of content and recipe: while it is the same, a record is not judged again."""
        told = one.value if isinstance(one, Record) else one.reason
        dumped = spelled(told, option=orjson.OPT_SORT_KEYS)
        return blake2b(self.recipe.encode() + dumped, digest_size=16).digest()

    def verdict(self, batch: Sequence[tuple[Listed, bytes]]) -> Verdict:
        """Judge a batch of (record, its hash); all of them have a ref."""
        out: list[Judged] = []
        candidates: list[_Candidate] = []
        for one, hashed in batch:
            if isinstance(one, Rejected):
                out.append(_refused((str(one.ref), hashed), "unread", "record", one.reason))
            elif not self.mapper.wants(one):
                out.append(Judged(one.ref, hashed, State.IGNORED, reason="left out by `only`"))
            else:
                try:
                    item, findings = self.mapper.item(one)
                except RecordError as error:
                    refused = _refused((one.ref, hashed), f"no-{error.field}", error.field, str(error))
                    out.append(replace(refused, page=self.mapper.page(one)))
                    continue
                item, corrections = self.mender.mended(item, findings)
                triples = self.writer.triples(item, findings)
                written = corrected(triples, self.writer.iri(one.ref), corrections)
                candidates.append((one, hashed, item, written, findings))
        out += self._checked(candidates)
        return Verdict(out, self.mapper.coverage.taken())

    def _checked(self, candidates: Sequence[_Candidate]) -> Iterator[Judged]:
        iris = [self.writer.iri(record.ref) for record, *_ in candidates]
        found = self.checker.findings([(iri, one[3]) for iri, one in zip(iris, candidates, strict=True)])
        for iri, (record, hashed, item, triples, findings) in zip(iris, candidates, strict=True):
            _own(iri, triples)
            findings.extend(found.get(iri, []))
            violation = next((one for one in findings if one.severity is Severity.VIOLATION), None)
            told = (_title(item), item.values.get("page"), findings)
            where = (_place(item), _ends(item))
            if violation is None:
                yield Judged(record.ref, hashed, State.PUBLISHED, pack(triples), *told, None, *where)
            else:
                reason = f"rejected by the shapes: {message(violation)}"
                yield Judged(record.ref, hashed, State.REJECTED, None, *told, reason, *where)


def judge(plan: Plan, base: str, listed: Suppressed) -> Judge:
    """The judge of the records of a source, less what is suppressed of them."""
    writing = writer(plan.source, base, territory.load())
    return Judge(plan.mapper(), writing, Checker(), recipe(plan, base), mender(plan.source, listed))


def _refused(named: tuple[str, bytes], code: str, field: str, reason: str) -> Judged:
    """A record (ref, hash) that never came to the shapes: a finding for its author, a reason for us."""
    found = [Finding(Severity.VIOLATION, code, field)]
    return Judged(*named, State.REJECTED, findings=found, reason=reason)


def _title(item: Item) -> str:
    """The name of an item as people see it in lists: the first, when it has one in several languages."""
    name = item.values["name"]
    first = name[0] if isinstance(name, tuple) else name
    return str(getattr(first, "text", first))


def _place(item: Item) -> str | None:
    """What tells one place from another, to know a record again under another ref."""
    values = item.values
    point = f"{values['lat']:.3f},{values['lon']:.3f}" if "lat" in values else None
    return values.get("insee") or point or values.get("postcode")


def _ends(item: Item) -> datetime | None:
    """When an event is over; the end of its day where no hour is told."""
    last = item.values.get("end") or item.values.get("start") if item.kind == "event" else None
    if last is None or isinstance(last, datetime):
        return last
    return datetime.combine(last + timedelta(days=1), time(), tzinfo=UTC)


def _own(iri: str, triples: bytes) -> None:
    """Every subject is the record's IRI or a fragment of it: no triple is owned twice."""
    text = b"\n" + triples
    own = text.count(f"\n<{iri}> ".encode()) + text.count(f"\n<{iri}#".encode())
    if own != triples.count(b"\n"):
        raise RecordError(f"record <{iri}>: writes about something else than itself; mend the profile")
