"""Room: a declared source -> its first records as items, with what is found about them.

It asks the partner for no more than these records need, and stores nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from harvester import territory
from harvester.errors import RecordError, SourceError
from harvester.harvest import Plan
from harvester.mapping import Coverage
from harvester.model import Answer, Finding, Gone, Item, Kept, Listed, Record, Rejected
from harvester.profile import writer
from harvester.scaffold.looking import Looking
from harvester.shapes import Checker

FIRST = 20
"""Records that a preview shows."""

_WALKED = 10 * FIRST
"""Entries of the listing looked through for them: the first may be refused, or their details not had yet."""


@dataclass(frozen=True, slots=True)
class Previewed:
    """One record: its item with its findings, or why there is none."""

    ref: str | None
    item: Item | None
    findings: Sequence[Finding] = ()
    reason: str | None = None


@dataclass(slots=True)
class Preview:
    """The first records of a source, in its order; `whole` when the listing holds no others."""

    records: list[Previewed] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)
    whole: bool = False


def first_answers(
    plan: Plan, look: Looking, wanted: int = FIRST, *, beyond: int = 0
) -> tuple[list[Answer], list[Listed], bool]:
    """The answers needed for the first `wanted` records, these records, and whether there are no more.

    With `beyond`, so many more answers are asked for: where the listing is short, it closes.

    Raises:
        SourceError: the listing ended, and cannot be read.
    """
    kept: list[Answer] = []
    asked = iter(plan.connector.answers(plan.source, look.client, look.raw))
    for answer in asked:
        kept.append(answer)
        found = list(_readable(plan, kept, look))
        if sum(isinstance(one, Record) for one in found) >= wanted:
            return [*kept, *islice(asked, beyond)], _until(found, wanted), False
    listing = plan.connector.records(plan.source, kept, look.raw)
    found = list(islice(listing, _WALKED + 1))
    return kept, found[:_WALKED], len(found) <= _WALKED


def preview(plan: Plan, base: str, look: Looking, wanted: int = FIRST) -> Preview:
    """The first records of a source, mapped and checked as a harvest would."""
    _, listed, whole = first_answers(plan, look, wanted)
    mapper, writing, checker = plan.mapper(), writer(plan.source, base, territory.load()), Checker()
    shown = Preview(coverage=mapper.coverage, whole=whole)
    for one in listed:
        if not isinstance(one, Record):
            shown.records.append(_refused(one))
        elif not mapper.wants(one):
            shown.records.append(Previewed(one.ref, None, reason="left out by `only`"))
        else:
            try:
                item, findings = mapper.item(one)
            except RecordError as error:
                shown.records.append(Previewed(one.ref, None, reason=str(error)))
                continue
            iri = writing.iri(one.ref)
            found = checker.findings([(iri, writing.triples(item, findings))])
            shown.records.append(Previewed(one.ref, item, [*findings, *found.get(iri, [])]))
    return shown


def _readable(plan: Plan, kept: Sequence[Answer], look: Looking) -> Iterator[Listed]:
    """What can be read of a listing that is still being asked for."""
    try:
        yield from islice(plan.connector.records(plan.source, kept, look.raw), _WALKED)
    except SourceError:  # it goes on in answers not asked for yet
        return


def _until(found: Sequence[Listed], wanted: int) -> list[Listed]:
    """The listing up to its `wanted`th record, without those whose detail was not asked for."""
    records = [at for at, one in enumerate(found) if isinstance(one, Record)]
    return [one for one in found[: records[wanted - 1] + 1] if not isinstance(one, Kept)]


def _refused(one: Rejected | Kept | Gone) -> Previewed:
    reason = "deleted at the source" if isinstance(one, Gone) else one.reason
    return Previewed(one.ref, None, reason=reason)
