"""Room: the members of a container → what to yield of them, whoever's they are.

In: a page of a container. Out: records with the platform that they were imported from, tombstones, members
that are named and not described. Leaves out, as it is told, what other servers publish themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harvester.connectors._answers import host
from harvester.connectors._rdf import Adopter
from harvester.connectors._semapps_pages import Page
from harvester.connectors._things import addresses
from harvester.model import IRI, Kept, Listed, Record
from harvester.profile import adoption
from harvester.rdf import Thing

IMPORTED = (IRI("http://purl.org/dc/terms/source"), IRI("http://semapps.org/ns/core#synchronizedWith"))
"""Where an importer had a resource from; the second is what servers wrote before 2021."""

MIRRORED = IRI("http://semapps.org/ns/core#singleMirroredResource")


@dataclass(frozen=True, slots=True)
class Members:
    """How members become records.

    Attributes:
        adopter: what turns things into records.
        mirrored: keep what other servers publish and this one mirrors.
        skip_from: addresses of platforms; what was imported from them is left out.
    """

    adopter: Adopter
    mirrored: bool
    skip_from: tuple[str, ...]

    def listed(self, page: Page) -> Iterator[Listed]:
        """What to yield of the members of a page."""
        for member in page.members:
            thing = page.things.get(member)
            origin = _origin(member, thing, page.address)
            if adoption.personal(member) or self._elsewhere(origin):
                continue
            if thing is None:
                ref = member.removeprefix(self.adopter.namespace)
                yield Kept(ref, f"its container {page.address} names it without describing it")
            elif one := self.adopter.listed(_without_import(thing)):
                yield _with_origin(one, origin.address)

    def _elsewhere(self, origin: _Origin) -> bool:
        """True for what is published, or harvested, where it comes from."""
        if origin.mirrored and not self.mirrored:
            return True
        return any(_bare(origin.address).startswith(_bare(one)) for one in self.skip_from)


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a member was first written: "" for here; `mirrored` when another server publishes it too."""

    address: str
    mirrored: bool


def _origin(member: IRI, thing: Thing | None, container: str) -> _Origin:
    theirs = host(member)
    mirrored = theirs != host(container) or (thing is not None and MIRRORED in thing.said)
    imported = addresses(thing, *IMPORTED) if thing else []
    address = next(iter(imported), theirs if mirrored else "")
    return _Origin(address, mirrored)


def _without_import(thing: Thing) -> Thing:
    """The thing without the address that an importer asked, which is an API, not a page."""
    return replace(thing, said={term: values for term, values in thing.said.items() if term not in IMPORTED})


def _with_origin(one: Listed, address: str) -> Listed:
    if not isinstance(one, Record) or not address:
        return one
    return Record(one.ref, {**one.value, "_origin": address})


def _bare(address: str) -> str:
    """An address without its scheme and `www.`: importers were written with either."""
    return address.rpartition("://")[2].removeprefix("www.")
