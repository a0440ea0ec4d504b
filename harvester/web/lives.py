"""Room: what the page of a record tells beside its triples: its changes, and what points at it.

The ledger and the index come in, lines for people go out. No query is evaluated: the index knows who points
at a record, the ledger what each version said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyoxigraph as ox
from sqlalchemy import Row

from harvester import iri
from harvester.index import Asked, Entry, part
from harvester.ledger.exits import left
from harvester.ledger.stories import Story
from harvester.ledger.versions import versions
from harvester.profile import full
from harvester.web import statements, words
from harvester.web.pages import Visit
from harvester.web.statements import Value

SHOWN = 30
"""Changes, and things that point at a record, on its page."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change: when, what was done, and the properties that it changed; `why` a record left."""

    at: datetime
    operation: str
    changed: Sequence[str]
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Pointing:
    """A record that points at another: its name and address, and the properties by which it does."""

    record: Value
    properties: Sequence[str]


def changes(visit: Visit, told: Story) -> list[Step]:
    """The last changes, newest first; of a version that was forgotten nothing is told."""
    rows = visit.serving.ledger.history(told.source, told.ref)[-SHOWN - 1 :]
    said = versions(visit.serving.ledger, [row.id for row in rows])
    before = [None, *(said.get(row.id) for row in rows)]
    steps = [
        Step(row.ended_at, row.operation, _changed(old, said.get(row.id), visit.language), _why(row))
        for old, row in zip(before, rows, strict=False)
    ]
    return steps[: -SHOWN - 1 : -1]


def _why(row: Row[Any]) -> str | None:
    return left(row.reason or "") if row.operation == "withdraw" else None


def pointing(visit: Visit, source: str, ref: str) -> tuple[list[Pointing], bool]:
    """What points at a record, and whether there is more than is shown; empty when nothing does."""
    word = iri.record("", source, ref).replace("id/", "to/", 1)
    found = part(visit.serving.layout.index, Asked(((word,),)), None, SHOWN)
    if found is None:
        return [], False
    said = versions(visit.serving.ledger, [one.change for one in found.entries])
    address = iri.record(visit.base, source, ref)
    told = [_pointing(visit, one, said[one.change], address) for one in found.entries if one.change in said]
    return told, found.next is not None


def _pointing(visit: Visit, one: Entry, triples: bytes, address: str) -> Pointing:
    own = iri.record(visit.base, one.source, one.ref)
    name = statements.first_text(statements.about(triples), full("rdfs:label"))
    leads = dict.fromkeys(_leading(triples, address))
    labels = [words.predicate_label(term, visit.language) for term in leads]
    return Pointing(Value(name.text if name else own, own, name.lang if name else None), labels)


def _leading(triples: bytes, address: str) -> Iterator[str]:
    for quad in ox.parse(triples, format=ox.RdfFormat.N_TRIPLES):
        if getattr(quad.object, "value", "").partition("#")[0] == address:
            yield quad.predicate.value


def _changed(old: bytes | None, new: bytes | None, language: str) -> list[str]:
    """The properties that two versions tell differently, by their names; nothing when one is not there."""
    if old is None or new is None:
        return []
    differ = set(old.splitlines()) ^ set(new.splitlines())
    terms = {line.split(b" ", 2)[1][1:-1].decode() for line in differ}
    return sorted({words.predicate_label(term, language) for term in terms}, key=str.casefold)
