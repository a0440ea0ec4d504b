"""Room: what a SemApps server says of itself (`/.well-known/void`) → its containers.

In: the answer. Out: the server's own containers, with what they hold, which of them to read, and its licence;
the servers that it mirrors are left out, as SemApps servers do with each other. Reads no container.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from harvester.connectors import Raw
from harvester.connectors._answers import whole
from harvester.connectors._rdf_file import described, opened
from harvester.connectors._things import addresses
from harvester.errors import SourceChanged, SourceRefused
from harvester.items import KINDS
from harvester.model import IRI, Answer, Source
from harvester.profile import adoption
from harvester.rdf import Thing

WELL_KNOWN = ".well-known/void"
ACCEPT = "application/ld+json"
"""Nothing else beside it: servers of 2026 answer 500 to a container asked for in any other way."""

VOID = "http://rdfs.org/ns/void#"
DO_NOT_MIRROR = IRI("http://semapps.org/ns/core#doNotMirror")
LICENCE = IRI("http://purl.org/dc/terms/license")
LARGEST = 1 << 22
"""Bytes of a description: a server has some tens of containers."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container as the server announces it; `closed` when it asks others not to copy it."""

    address: str
    classes: tuple[IRI, ...] = ()
    closed: bool = False
    empty: bool = False

    @property
    def person(self) -> str | None:
        """Why it may hold persons: the class or the address that tells; None when neither does."""
        return adoption.person(self.classes) or (self.address if adoption.personal(self.address) else None)

    def kind(self, kinds: Mapping[str, str]) -> str | None:
        """The kind of what it holds; None when that is no record."""
        found = adoption.kind(self.classes, kinds)
        return found if found in KINDS else None


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says of itself: how its IRIs begin, its containers in its order, its licence."""

    space: str
    containers: tuple[Container, ...]
    licence: str | None


def server(answer: Answer, raw: Raw, *, place: str) -> Server:
    """The server that was asked.

    Raises:
        SourceChanged: no description of it in the answer.
    """
    for thing in described(opened(answer, raw, place=place, most=LARGEST)):
        space = _text(thing, VOID + "uriSpace")
        if f"{VOID}Dataset" in thing.classes and space and _is_own(thing, space, answer.url):
            parts = (
                one for one in thing.said.get(IRI(VOID + "classPartition"), ()) if isinstance(one, Thing)
            )
            return Server(space, tuple(_containers(parts)), _text(thing, LICENCE))
    raise SourceChanged(f"{place}: describes no void:Dataset of this server; check the address")


def chosen(
    source: Source, known: Server | None, *, named: Sequence[str], kinds: Mapping[str, str]
) -> list[Container]:
    """The containers that are named, else those announced that hold something of a kind we know.

    Raises:
        SourceChanged: none is.
        SourceRefused: one that is named holds persons, or the server asks not to copy it.
    """
    announced = _by_address(known.containers) if known else {}
    if named:
        addresses = [whole(known.space if known else source.url, one) for one in named]
        found = [announced.get(one.rstrip("/"), Container(one)) for one in addresses]
        for one in found:
            _refuse(one, source)
        return found
    found = [
        one for one in announced.values() if one.kind(kinds) and not (one.person or one.closed or one.empty)
    ]
    if not found:
        raise SourceChanged(
            f"semapps '{source.id}': {source.url}: announces no container of a kind that we know among "
            f"{len(announced)}; name them in `containers`"
        )
    return found


def _by_address(containers: Iterable[Container]) -> dict[str, Container]:
    """Containers by address; what is announced twice, class by class, is all of it."""
    found: dict[str, Container] = {}
    for one in containers:
        key = one.address.rstrip("/")
        before = found.get(key, Container(one.address, empty=True))
        found[key] = Container(
            one.address,
            (*before.classes, *one.classes),
            closed=before.closed or one.closed,
            empty=before.empty and one.empty,
        )
    return found


def _refuse(container: Container, source: Source) -> None:
    """What is named and must not be read is a mistake that a person mends."""
    place = f"semapps '{source.id}': {container.address}"
    if person := container.person:
        raise SourceRefused(f"{place}: holds persons ({person}), who are not harvested; do not name it")
    if container.closed:
        raise SourceRefused(f"{place}: the server asks not to copy it (semapps:doNotMirror); do not name it")


def _is_own(thing: Thing, space: str, address: str) -> bool:
    """A server tells its root of itself only; mirrored ones are described by their own address."""
    return f"{VOID}rootResource" in thing.said or urlsplit(space).netloc == urlsplit(address).netloc


def _containers(parts: Iterable[Thing]) -> Iterator[Container]:
    for part in parts:
        if address := _text(part, VOID + "uriSpace"):
            yield Container(
                address,
                tuple(map(IRI, addresses(part, VOID + "class"))),
                closed=_text(part, DO_NOT_MIRROR) in ("true", "1"),
                empty=_text(part, VOID + "entities") == "0",
            )


def _text(thing: Thing, predicate: str) -> str | None:
    """What is said first, a text or an IRI; None when nothing is."""
    return next(iter(addresses(thing, predicate)), None)
