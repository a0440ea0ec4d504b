"""Room: answers as received, looked over: is each there, does it hold what its name says.

In: the ledger and the raw store. Out: which are gone, which were damaged and are dropped now, so that their
sources are asked again in full. What is published does not hang on them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from harvester.errors import StoreError
from harvester.fetch import RawStore
from harvester.ledger import Ledger
from harvester.ledger.tables import runs

SAMPLE = 200
"""Answers looked at in one day, unless all are; the next day looks at others."""

_CHUNK = 1 << 20


@dataclass(slots=True)
class LookedAt:
    """What was found: how many of how many, and the sources of those gone or damaged."""

    looked_at: int = 0
    of: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)


def looked_at(ledger: Ledger, raw: RawStore, *, day: int, deep: bool) -> LookedAt:
    """Look at the answers that the ledger refers to, or at those of a day; drop the damaged ones."""
    owners = _owners(ledger)
    known = sorted(owners)
    chosen = known if deep else _of_the_day(known, day)
    found = LookedAt(looked_at=len(chosen), of=len(known))
    for digest in chosen:
        if not raw.has(digest):
            found.missing.append(digest)
        elif not _whole(raw, digest):
            found.damaged.append(digest)
            raw.remove(digest)
    for digest in (*found.missing, *found.damaged):
        found.sources |= owners[digest]
    return found


def _owners(ledger: Ledger) -> Mapping[str, set[str]]:
    """The sources of each answer that a run still stands on."""
    owners: dict[str, set[str]] = defaultdict(set)
    told = select(runs.c.source, runs.c.answers).where(runs.c.answers.is_not(None))
    with ledger.reading() as connection:
        for row in connection.execute(told.execution_options(yield_per=20)):
            for one in row.answers:
                owners[one["body"]].add(row.source)
    return owners


def _of_the_day(known: Sequence[str], day: int) -> list[str]:
    """Others each day, all of them in the end."""
    if len(known) <= SAMPLE:
        return list(known)
    first = day * SAMPLE % len(known)
    return [*known[first : first + SAMPLE], *known[: max(0, first + SAMPLE - len(known))]]


def _whole(raw: RawStore, digest: str) -> bool:
    try:
        with raw.open(digest) as stream:
            while stream.read(_CHUNK):
                pass
    except StoreError:
        return False
    return True
