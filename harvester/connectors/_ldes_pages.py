"""Room: a page of an event stream → its members, the pages it leads to, and whether it may still change.

In: an answer. Out: the page. Which bounds a relation states is read here; what they are good for is decided
by whoever walks. Asks for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from harvester.connectors._ldes_times import period
from harvester.connectors._things import Reader, addresses, every, merged, same_page, text
from harvester.errors import SourceChanged
from harvester.model import IRI, Answer
from harvester.rdf import Literal, Thing

TREE = "https://w3id.org/tree#"
LDES = "https://w3id.org/ldes#"
GONE = 410
"""The status of a page that its server took away: it stands for an empty one (LDES, 3.3)."""

Path = tuple[str, ...]
"""The predicates that lead from a member to a value; a path of another kind leads nowhere."""

_BOUNDS: Mapping[str, int] = {
    TREE + "LessThanRelation": 0,
    TREE + "LessThanOrEqualToRelation": 1,
    TREE + "EqualToRelation": 1,
    TREE + "InBetweenRelation": 1,
}
"""Relations that bound from above: by the beginning (0) or the end (1) of the period that a value means."""


class Relation(NamedTuple):
    """A page that another leads to; all that it leads to has, at `path`, a time before `before`."""

    address: str
    path: Path
    before: datetime


class View(NamedTuple):
    """A stream, by its IRI (None when it has none), and a page that is said to be the first of it."""

    stream: IRI | None
    page: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `things` are those that no graph of a member holds, `own` those of members, by their IRI."""

    answer: Answer
    things: Mapping[IRI, Thing]
    own: Mapping[str, Sequence[Thing]]
    views: Sequence[View]
    listed: Mapping[IRI | None, Sequence[IRI]]
    follows: Mapping[str, Sequence[Relation]]
    immutable: bool

    def members(self, stream: IRI | None) -> Sequence[IRI]:
        """The members that the page lists, those of other streams left out when it tells them apart."""
        return self.listed.get(stream) or tuple(chain.from_iterable(self.listed.values()))


def page(answer: Answer, reader: Reader) -> Page:
    """The page that an answer holds.

    Raises:
        SourceChanged: it is no RDF, is cut, or is no page: it neither lists, nor leads on, nor names itself.
    """
    if answer.status == GONE:
        return Page(answer, {}, {}, (), {}, {}, immutable=False)
    read = _read(answer, reader)
    named = any(same_page(one, answer.url) for one in read.things)
    if not (read.listed or read.follows or read.views or named):
        raise SourceChanged(f"ldes: {answer.url}: says nothing of a stream, nor of itself; ask the partner")
    return read


def _read(answer: Answer, reader: Reader) -> Page:
    found = reader.graphs(answer)
    listed = _listed(found)
    members = {one for names in listed.values() for one in names}
    common = list(every(chain.from_iterable(of for name, of in found.items() if name not in members)))
    return Page(
        answer,
        _by_name(common),
        {name: of for name, of in found.items() if name in members},
        tuple(dict.fromkeys(View(one.iri, at) for one in common for at in addresses(one, TREE + "view"))),
        listed,
        _follows(common),
        _immutable(answer, common),
    )


def path(values: Sequence[object]) -> Path | None:
    """A path of predicates; None when there is none, or one of another kind."""
    steps = tuple(one.text if isinstance(one, Literal) else str(one) for one in values)
    return steps if steps and not any(isinstance(one, Thing) for one in values) else None


def _listed(found: Mapping[str, Sequence[Thing]]) -> Mapping[IRI | None, Sequence[IRI]]:
    listed: dict[IRI | None, list[IRI]] = {}
    for thing in every(chain.from_iterable(found.values())):
        names = [IRI(one) for one in addresses(thing, TREE + "member")]
        if names:
            listed.setdefault(thing.iri, []).extend(names)
    return {stream: tuple(dict.fromkeys(names)) for stream, names in listed.items()}


def _by_name(things: Sequence[Thing]) -> Mapping[IRI, Thing]:
    named: dict[IRI, Thing] = {}
    for thing in things:
        if thing.iri:
            named[thing.iri] = merged(named[thing.iri], thing) if thing.iri in named else thing
    return named


def _follows(things: Sequence[Thing]) -> Mapping[str, Sequence[Relation]]:
    """The pages led to, each with the bounds that relations state of it."""
    found: dict[str, list[Relation]] = {}
    for thing in things:
        for address in addresses(thing, TREE + "node"):
            found.setdefault(address.partition("#")[0], []).extend(_bounds(thing, address))
    return found


def _bounds(relation: Thing, address: str) -> Iterator[Relation]:
    steps = path(relation.said.get(IRI(TREE + "path"), ()))
    bounds = period(text(relation, TREE + "value") or "")
    if steps and bounds:
        yield from (
            Relation(address, steps, bounds[_BOUNDS[kind]]) for kind in relation.classes if kind in _BOUNDS
        )


def _immutable(answer: Answer, things: Sequence[Thing]) -> bool:
    """True when the page says that it will not change, in itself or by its header."""
    if "immutable" in answer.headers.get("cache-control", "").lower():
        return True
    here = (one for one in things if one.iri and same_page(one.iri, answer.url))
    return any(text(one, LDES + "immutable") in ("true", "1") for one in here)
