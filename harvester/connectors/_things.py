"""Room: a kept page in RDF → the things it describes, and what it says of where else to look.

In: an answer. Out: its things by named graph, in an order that does not change; addresses and texts that one
of them says. SourceChanged when it is no RDF, is cut or too large. Knows no platform, maps nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from urllib.parse import urldefrag

from harvester.connectors import Raw
from harvester.connectors._answers import find, where
from harvester.connectors._rdf_contexts import Contexts
from harvester.connectors._rdf_file import opened, written_as
from harvester.errors import SourceChanged
from harvester.model import IRI, Answer, Source
from harvester.rdf import Literal, Thing, Value, by_graph

LARGEST = 1 << 26
"""Bytes of one page: what is made of a larger one would take gigabytes."""

LICENCE = IRI("http://purl.org/dc/terms/license")


@dataclass(slots=True)
class Reader:
    """Reads pages; `source` is named in messages, `beside` are the answers with contexts that were needed."""

    source: Source | None
    raw: Raw
    contexts: Contexts
    beside: list[Answer] = field(default_factory=list)

    def graphs(self, answer: Answer) -> Mapping[str, Sequence[Thing]]:
        """The things of a page by their graph; "" is what is in none.

        Raises:
            SourceChanged: as said above.
        """
        body = opened(answer, self.raw, place=where(answer, self.source), most=LARGEST).body
        form = written_as(answer) or answer.media_type
        if form == "application/ld+json":
            self.beside += self.contexts.gather(body, base=answer.url)
        try:
            return by_graph(body, form, base=answer.url, contexts=self.contexts.given)
        except SourceChanged as error:
            named = f"{self.source.connector} '{self.source.id}': " if self.source else ""
            raise SourceChanged(f"{named}{error}; published data kept") from error


def reader(source: Source | None, raw: Raw, ask: Callable[[str], Answer]) -> Reader:
    """A reader that asks for contexts in this way, or replays what was kept of them."""
    return Reader(source, raw, Contexts(ask, raw))


def licence(answers: Sequence[Answer], raw: Raw, *, of: Callable[[Thing], bool]) -> str | None:
    """The licence of the first thing that `of` is true for, an address or words; None when it has none."""
    reading = reader(None, raw, partial(_kept, answers))
    for answer in answers:
        things = chain.from_iterable(reading.graphs(answer).values()) if written_as(answer) else ()
        for thing in filter(of, things):
            return next(iter(addresses(thing, LICENCE)), None)
    return None


def every(things: Iterable[Thing]) -> Iterator[Thing]:
    """The things and all that stand inside them."""
    for thing in things:
        yield thing
        for values in thing.said.values():
            yield from every(one for one in values if isinstance(one, Thing))


def addresses(thing: Thing, *terms: str) -> list[str]:
    """The addresses that a thing says under these terms, those written as texts included, each once."""
    found = (address(value) for term in terms for value in thing.said.get(IRI(term), ()))
    return list(dict.fromkeys(one for one in found if one))


def address(value: Value) -> str | None:
    """The address that a value is, or is the description of; None for what has no name."""
    if isinstance(value, Thing):
        return value.iri
    return value.text.strip() if isinstance(value, Literal) else value


def text(thing: Thing, *terms: str) -> str | None:
    """The first text that a thing says under the first of these terms that has one."""
    values = (value for term in terms for value in thing.said.get(IRI(term), ()))
    return next((one.text.strip() for one in values if isinstance(one, Literal) and one.text.strip()), None)


def merged(first: Thing, other: Thing) -> Thing:
    """What two descriptions say of one thing, the first before the other, nothing twice."""
    said = dict(first.said)
    for term, values in other.said.items():
        said[term] = (*said.get(term, ()), *(one for one in values if one not in said.get(term, ())))
    classes = tuple(dict.fromkeys((*first.classes, *other.classes)))
    return Thing(first.iri, classes, said, (*first.left, *other.left))


def steady(thing: Thing) -> Thing:
    """The same, in one order: many servers write the same statements in another order each time."""
    said = {term: tuple(sorted(map(_steady, thing.said[term]), key=repr)) for term in sorted(thing.said)}
    return Thing(thing.iri, tuple(sorted(thing.classes)), said, thing.left)


def same_page(one: str, other: str) -> bool:
    """True for two addresses of one page, whatever scheme and fragment say: proxies change the one."""
    return urldefrag(one)[0].partition("://")[2] == urldefrag(other)[0].partition("://")[2]


def _kept(answers: Sequence[Answer], url: str) -> Answer:
    if (answer := find(answers, url)) is None:
        raise SourceChanged(f"{url}: was not kept; harvest again")
    return answer


def _steady(value: Value) -> Value:
    return steady(value) if isinstance(value, Thing) else value
