"""Room: which records somebody wants -> those records, as outlines, read as they are asked for.

By source, without some sources, without what comes from some hosts, by territory, by kind: whoever gave
records takes those of the neighbours back without its own. Who reads slowly holds nothing of the ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from harvester import iri, outline
from harvester.ledger import Ledger
from harvester.ledger.live import live
from harvester.outline import Outline
from harvester.rights import Rights, publishable


@dataclass(frozen=True, slots=True)
class Choice:
    """What is wanted; an empty collection leaves nothing out.

    `sources` and `without` are ids of sources, `hosts` those of pages that are left out, `territories` are
    `level/code`, `kinds` those of items.
    """

    sources: Collection[str] = ()
    without: Collection[str] = ()
    hosts: Collection[str] = ()
    territories: Collection[str] = ()
    kinds: Collection[str] = ()

    def takes(self, source: str) -> bool:
        """True for a source of which something may be wanted."""
        return source not in self.without and (not self.sources or source in self.sources)

    def fits(self, one: Outline) -> bool:
        """True for a record that is wanted, of a source that is."""
        placed = not self.territories or any(area in self.territories for area in one.territories)
        return placed and (not self.kinds or one.kind in self.kinds) and not self._comes_from(one)

    def _comes_from(self, one: Outline) -> bool:
        """True when the page of the record is at one of the hosts, or at a host below."""
        pages = (host(page) for page in one.texts.get("page", ()))
        return any(at == name or at.endswith(f".{name}") for at in pages for name in self.hosts)


@dataclass(frozen=True, slots=True)
class Chosen:
    """One record: its outline, whose it is, and when what is published of it last changed (aware)."""

    outline: Outline
    rights: Rights
    changed: datetime

    def told(self) -> Mapping[str, str | None]:
        """Notation and address of its licence, its credit line."""
        return self.rights.told(self.outline.licence)


def chosen(base: str, ledger: Ledger, choice: Choice) -> Iterator[Chosen]:
    """The records wanted, by source and ref."""
    for source, rights in sorted(publishable(base, ledger).items()):
        if choice.takes(source):
            found = _read(base, ledger, rights)
            yield from (one for one in found if choice.fits(one.outline))


def of_record(base: str, ledger: Ledger, source: str, ref: str) -> Chosen | None:
    """One record; None when it is not published."""
    rights = publishable(base, ledger).get(source)
    if rights is None:
        return None
    return next(_read(base, ledger, rights, ref), None)


def host(address: str) -> str:
    """The host of an address, without `www.`; empty when it has none."""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:  # "http://[" and the like
        return ""


def _read(base: str, ledger: Ledger, rights: Rights, ref: str | None = None) -> Iterator[Chosen]:
    for one in live(ledger, rights.source, ref=ref):
        record = iri.record(base, rights.source, one.ref)
        told = outline.said(outline.parsed(one.triples))
        yield Chosen(outline.outline(base, record, told), rights, one.changed)
