"""Room: what the catalogue is told from, read once for each answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from harvester import iri
from harvester.dumps import Bundle, bundles
from harvester.dumps.stock import LICENCES, SOURCES
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.freshness import Freshness, freshness
from harvester.ledger.redaction import redactions
from harvester.ledger.tables import changes, runs
from harvester.model import IRI, Federation
from harvester.rights import Rights, publishable


@dataclass(frozen=True, slots=True)
class Told:
    """One published source: since when and until when it was harvested, its records by state, its dump."""

    id: str
    described: Mapping[str, Any]
    rights: Rights
    counts: Mapping[str, int]
    fresh: Freshness
    first: datetime
    changed: datetime
    dump: Bundle | None


@dataclass(frozen=True, slots=True)
class State:
    """The published sources by id, and the sets of files of each licence; `now` is aware."""

    federation: Federation
    sources: Sequence[Told]
    whole: Sequence[Bundle]
    now: datetime

    @property
    def base(self) -> str:
        """Where IRIs are minted."""
        return self.federation.base

    @property
    def catalogue(self) -> IRI:
        """The catalogue, which is also the address of its page."""
        return iri.catalogue(self.base)


def state(federation: Federation, layout: Layout, ledger: Ledger, now: datetime) -> State:
    """What is published now."""
    sets = bundles(layout, redactions(ledger))
    dumps = {one.name: one for one in sets if one.group == SOURCES}
    counts, described = ledger.counts(), ledger.sources()
    told = []
    for source, rights in publishable(federation.base, ledger).items():
        first, changed = _times(ledger, source)
        fresh = freshness(ledger, source, described[source])
        numbers, dump = counts.get(source, {}), dumps.get(source)
        told.append(Told(source, described[source], rights, numbers, fresh, first, changed, dump))
    return State(federation, told, [one for one in sets if one.group == LICENCES], now)


def _times(ledger: Ledger, source: str) -> tuple[datetime, datetime]:
    """When a source first changed what is published, and when last."""
    found = select(func.min(changes.c.id), func.max(changes.c.id)).where(changes.c.source == source)
    with ledger.reading() as connection:
        ids = connection.execute(found).one()
        ended = select(changes.c.id, runs.c.ended_at).join(runs, runs.c.id == changes.c.run)
        at = {row.id: row.ended_at for row in connection.execute(ended.where(changes.c.id.in_(ids)))}
    return at[ids[0]], at[ids[1]]
