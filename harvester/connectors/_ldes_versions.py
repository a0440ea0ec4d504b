"""Room: a member of a page → the version of a thing that it is, and what it says of that thing.

In: a page, the IRI of a member. Out: where the version stands in the stream, and the thing without what the
version says of itself. Decides of no two versions which is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from harvester.connectors._answers import number
from harvester.connectors._ldes_pages import LDES, TREE, Page, Path
from harvester.connectors._ldes_stream import AS, MARKS, TYPE, Stream
from harvester.connectors._ldes_times import moment
from harvester.connectors._things import address, every, merged
from harvester.errors import RecordError
from harvester.model import IRI
from harvester.rdf import Literal, Thing, Value

USUAL_OBJECT: Path = ("http://purl.org/dc/terms/isVersionOf",)
USUAL_TIMES: tuple[Path, ...] = (
    ("http://www.w3.org/ns/prov#generatedAtTime",),
    ("http://purl.org/dc/terms/created",),
    ("http://purl.org/dc/terms/modified",),
    (AS + "published",),
)
"""Where versions say of what they are one, and since when, in streams that do not tell."""

Order = tuple[datetime, tuple[bool, float, str], bool, tuple[str | int, ...]]
"""Tells which of two versions is the newer: time, place in the sequence, a deletion, name of the member."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_NUMBERS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Version:
    """A member as the version of a thing.

    `of` is the IRI of the thing, that of the member in a stream without versions; `said_at` is the time of
    the version as written, `time` that of its place in the stream; `own` are terms that speak of the version.
    """

    member: IRI
    of: str
    order: Order
    said_at: str | None
    time: datetime | None
    deleted: bool
    own: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a member says of itself, in its graph and around it, and what else is described there."""

    thing: Thing
    beside: Mapping[IRI, Thing]

    def at(self, path: Path | None) -> list[Value]:
        """The values at the end of a path."""
        found: list[Value] = [self.thing] if path else []
        for step in path or ():
            found = [value for one in found for value in self._next(one, step)]
        return found

    def _next(self, value: Value, step: str) -> Iterator[Value]:
        thing = value if isinstance(value, Thing) else self.beside.get(IRI(str(value)))
        if thing is not None:
            yield from thing.classes if step == TYPE else thing.said.get(IRI(step), ())

    def text(self, path: Path | None) -> str | None:
        """The first text, or IRI, at the end of a path."""
        said = (one.text if isinstance(one, Literal) else address(one) for one in self.at(path))
        return next(filter(None, said), None)


def version(page: Page, member: IRI, stream: Stream, zone: tzinfo) -> Version:
    """The version that a member is; times without a zone are in `zone`.

    Raises:
        RecordError: nothing is said of it, or not of what it is a version.
    """
    told = _told(page, member)
    if not (told.thing.said or told.thing.classes):
        raise RecordError(f"{page.answer.url}: lists the member '{member}' without describing it")
    object_path = stream.version_of or (USUAL_OBJECT if told.at(USUAL_OBJECT) else None)
    of = told.text(object_path) if object_path else member
    if not of:
        raise RecordError(f"{page.answer.url}: the member '{member}' does not say of what it is a version")
    usual = next((one for one in USUAL_TIMES if told.at(one)), None)
    time_path = stream.version_time or stream.time or usual
    deleted = not stream.deletes.isdisjoint(str(address(one)) for one in told.at(stream.deleted_at))
    said_at = told.text(time_path)
    order = (
        moment(said_at, zone) or _LONG_AGO,
        _place(told.text(stream.sequence)),
        deleted,
        _natural(member),
    )
    paths = (object_path, time_path, stream.time, stream.sequence, stream.deleted_at)
    own = frozenset(path[0] for path in paths if path)
    return Version(member, of, order, said_at, moment(told.text(stream.time), zone), deleted, own)


def thing(page: Page, one: Version, stream: Stream, *, alone: bool) -> Thing | None:
    """What a version says of its thing; None when it says nothing.

    It says so in a graph of its own, in itself, or beside itself when it is the only version of that thing
    on its page (`alone`).
    """
    graph = _named(page.own.get(one.member, ()))
    told = graph.get(IRI(one.of)) or graph.get(one.member) or page.things.get(one.member)
    found = _bare(told, one, stream) if told else None
    if found and (found.classes or any(not term.startswith(AS) for term in found.said)):
        return found
    return page.things.get(IRI(one.of)) if alone and one.of != one.member else None


def beside(page: Page, member: IRI) -> Mapping[IRI, Thing]:
    """What a page describes besides a member, its own graph before all others."""
    return {**page.things, **_named(page.own.get(member, ()))}


def _told(page: Page, member: IRI) -> _Told:
    graph = _named(page.own.get(member, ()))
    around = page.things.get(member, Thing(member, (), {}))
    return _Told(merged(around, graph[member]) if member in graph else around, {**page.things, **graph})


def _named(things: Sequence[Thing]) -> Mapping[IRI, Thing]:
    return {one.iri: one for one in every(things) if one.iri}


def _bare(told: Thing, one: Version, stream: Stream) -> Thing:
    """The thing itself, without what its version says of itself."""
    if one.of == one.member:
        return told
    classes = tuple(name for name in told.classes if name not in MARKS | stream.deletes)
    said = {
        term: values
        for term, values in told.said.items()
        if term not in one.own and not term.startswith((TREE, LDES))
    }
    return Thing(IRI(one.of), classes, said, told.left)


def _place(written: str | None) -> tuple[bool, float, str]:
    """A place in a sequence: numbers by their size, anything else by its letters, nothing before all."""
    try:
        return (written is not None, float(written or "-inf"), "")
    except ValueError:
        return (True, float("inf"), str(written))


def _natural(name: str) -> tuple[str | int, ...]:
    """A name in pieces, so that `v10` comes after `v9`."""
    return tuple(one if (many := number(one)) is None else many for one in _NUMBERS.split(name))
