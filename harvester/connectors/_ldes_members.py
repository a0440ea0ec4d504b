"""Room: the pages of a stream → the newest version of each of its things → records and tombstones.

In: pages, twice: first to find the newest versions, then to read those. Out: what to yield. Of all that was
read, only where the newest version of each thing stands is remembered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from harvester.connectors._ldes_pages import Page
from harvester.connectors._ldes_stream import Stream
from harvester.connectors._ldes_versions import Order, Version, beside, thing, version
from harvester.connectors._rdf import Adopter
from harvester.connectors._things import steady
from harvester.errors import RecordError
from harvester.model import IRI, Gone, Kept, Listed, Record


@dataclass(slots=True)
class Newest:
    """The newest versions met so far, by their things, and why members are none."""

    stream: Stream
    zone: tzinfo
    found: dict[str, tuple[Order, IRI, str]] = field(default_factory=dict)
    bad: dict[str, None] = field(default_factory=dict)

    @property
    def pages(self) -> set[str]:
        """The addresses of the pages that hold the newest version of something."""
        return {url for *_, url in self.found.values()}

    def take(self, page: Page) -> None:
        """Take what a page lists; a member that comes again is the same."""
        for member in page.members(self.stream.iri):
            try:
                one = version(page, member, self.stream, self.zone)
            except RecordError as error:
                self.bad[str(error)] = None
                continue
            if one.of not in self.found or self.found[one.of][0] < one.order:
                self.found[one.of] = (one.order, member, page.answer.url)

    def versions(self, page: Page) -> Iterator[Version]:
        """The versions that a page holds, those that cannot be read left out."""
        for member in page.members(self.stream.iri):
            try:
                yield version(page, member, self.stream, self.zone)
            except RecordError:  # told once, by `bad`
                continue

    def holds(self, page: Page, one: Version) -> bool:
        """True for the newest version of its thing, on the page where it was met first."""
        return self.found[one.of][1:] == (one.member, page.answer.url)


@dataclass(frozen=True, slots=True)
class Members:
    """How the newest versions become records; those before `after` were read another time."""

    newest: Newest
    adopter: Adopter
    after: datetime | None

    def listed(self, page: Page) -> Iterator[Listed]:
        """What to yield of a page."""
        versions = list(self.newest.versions(page))
        times = Counter(one.of for one in versions)
        for one in versions:
            if self.newest.holds(page, one) and self._is_new(one):
                ref = one.of.removeprefix(self.adopter.namespace) or one.of
                told = Gone(ref) if one.deleted else self._record(page, one, ref, alone=times[one.of] == 1)
                if told:
                    yield told

    def _is_new(self, one: Version) -> bool:
        return self.after is None or (one.time is not None and one.time >= self.after)

    def _record(self, page: Page, one: Version, ref: str, *, alone: bool) -> Listed | None:
        told = thing(page, one, self.newest.stream, alone=alone)
        if told is None:
            return Kept(ref, f"its version '{one.member}' says nothing of it")
        adopter = replace(self.adopter, beside=beside(page, one.member))
        found = adopter.listed(steady(told))
        if isinstance(found, Record) and one.of != one.member and one.said_at:
            return Record(found.ref, {"modified": one.said_at, **found.value})
        return found
