"""Room: the pages of a catalogue → where each thing is described, and which are described in pieces.

In: pages, twice: first to find what there is and where, then to read it. Out: things, each once and whole.
Remembers names only, and what is described far from what holds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harvester.connectors._dcat_pages import CATALOGUE, Page
from harvester.connectors._dcat_records import DISTRIBUTION, TITLE, whole
from harvester.connectors._things import addresses, merged, text
from harvester.model import IRI
from harvester.profile.adoption import short
from harvester.rdf import Thing

FILE, SERVICE = "dcat:Distribution", "dcat:DataService"


@dataclass(slots=True)
class Found:
    """What a catalogue holds.

    `last` is the last page that describes a thing, by its IRI; `pieces` what was read so far of those that
    several describe; `nameless` counts things without an IRI; `services` are those that are no datasets;
    `loose` are files that no dataset of their own page has.
    """

    kinds: Mapping[str, str]
    last: dict[IRI, str] = field(default_factory=dict)
    pieces: dict[IRI, Thing | None] = field(default_factory=dict)
    listed: dict[IRI, None] = field(default_factory=dict)
    loose: dict[IRI, Thing] = field(default_factory=dict)
    services: set[IRI] = field(default_factory=set)
    nameless: int = 0

    @property
    def count(self) -> int:
        """How many things there are, those that are listed and not described included."""
        return len(self.last.keys() | self.listed.keys()) + self.nameless

    @property
    def missing(self) -> Iterator[IRI]:
        """The things that are listed and described nowhere, in the order of the catalogue."""
        return (one for one in self.listed if one not in self.last)

    def take(self, page: Page) -> None:
        """Note what a page lists and describes."""
        self.listed |= dict.fromkeys(page.listed)
        held: set[str] = set()
        for thing in self._wanted(page):
            held.update(addresses(thing, DISTRIBUTION))
            if thing.iri and SERVICE in map(short, thing.classes):
                self.services.add(thing.iri)
            if thing.iri is None:
                self.nameless += 1
            elif self.last.setdefault(thing.iri, page.answer.url) != page.answer.url:
                self.last[thing.iri] = page.answer.url
                self.pieces[thing.iri] = None
        files = ((name, one) for name, one in page.named.items() if FILE in map(short, one.classes))
        self.loose |= {name: one for name, one in files if name not in held}

    def things(self, page: Page) -> Iterator[Thing]:
        """The things that a page is the last to describe, whole."""
        beside = {**self.loose, **page.named}
        for thing in self._wanted(page):
            told = whole(thing, beside)
            if thing.iri in self.pieces:
                before = self.pieces[thing.iri]
                told = merged(before, told) if before else told
                self.pieces[thing.iri] = told
            if thing.iri is None or self.last.get(thing.iri) == page.answer.url:
                yield told

    def _wanted(self, page: Page) -> Iterator[Thing]:
        """What a page describes of the kinds that we read; what only has a name here is a reference."""
        for thing in page.things:
            classes = {*map(short, thing.classes)}
            known = not classes.isdisjoint(self.kinds) and CATALOGUE not in classes
            if known and (thing.iri in self.listed or text(thing, TITLE)):
                yield thing
