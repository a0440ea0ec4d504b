"""Room: an LDP container as it answers → its members, with what is described of each.

In: the address of a container, a way to ask. Out: its answers, mostly one, and from each its members, sorted.
What is described beside them (dereferenced members of members, keys) is no member.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from harvester.connectors._answers import snippet, where
from harvester.connectors._link_header import linked
from harvester.connectors._rdf_file import File, described
from harvester.connectors._things import addresses, steady
from harvester.errors import SourceChanged
from harvester.model import IRI, Answer, Source
from harvester.rdf import Thing

LDP = "http://www.w3.org/ns/ldp#"
CONTAINS = IRI(LDP + "contains")
CONTAINERS = frozenset(
    LDP + name for name in ("Container", "BasicContainer", "DirectContainer", "IndirectContainer")
)
MOST_PAGES = 10_000
"""A container without an end would fill the disk."""


@dataclass(frozen=True, slots=True)
class Page:
    """The members that an answer names, sorted, and what it describes, by IRI."""

    address: str
    members: tuple[IRI, ...]
    things: Mapping[IRI, Thing]


def pages(address: str, ask: Callable[[str], Answer], source: Source) -> Iterator[Answer]:
    """The answers of a container: all at once from SemApps, page after page from other LDP servers.

    Raises:
        SourceChanged: its pages lead to each other without end.
    """
    asked: set[str] = set()
    following: str | None = address
    while following:
        answer = ask(following)
        asked.add(following)
        yield answer
        following = linked(answer.headers.get("link"), "next", base=answer.url)
        if following in asked or len(asked) > MOST_PAGES:
            raise SourceChanged(f"{where(answer, source)}: its pages do not end; ask the server's people")


def page(file: File, contexts: Mapping[str, bytes]) -> Page:
    """What one answer holds; a container may be empty.

    Raises:
        SourceChanged: no container in it, such as an error told at HTTP 200.
    """
    things = {thing.iri: steady(thing) for thing in described(file, contexts=contexts) if thing.iri}
    found = [thing for thing in things.values() if not CONTAINERS.isdisjoint(thing.classes)]
    if not found:
        start = snippet(file.body[:200].decode("utf-8", "replace"))
        raise SourceChanged(f"{file.place}: no LDP container, got {start}; published data kept")
    asked = _bare(file.answer.url)
    whole = next((one for one in found if _bare(one.iri or "") == asked), None)
    # a container inside this one comes without its members
    whole = whole or next((one for one in found if CONTAINS in one.said), found[0])
    # a context that does not know `ldp:contains` for a link makes texts of the members
    return Page(file.answer.url, tuple(map(IRI, addresses(whole, CONTAINS))), things)


def _bare(address: str) -> str:
    return address.partition("://")[2].rstrip("/")
