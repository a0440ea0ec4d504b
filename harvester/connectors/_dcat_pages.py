"""Room: the pages of a catalogue → what each describes and lists, and where it goes on.

In: a way to ask. Out: pages, one after the other, whether Hydra says so in its old words or in its new ones,
and the proof that there is as much as was declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from harvester.connectors._answers import number, where, whole
from harvester.connectors._things import Reader, addresses, every, merged, text
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.model import IRI, Answer, Source
from harvester.profile.adoption import short
from harvester.rdf import Thing

DCAT = "http://www.w3.org/ns/dcat#"
HYDRA = "http://www.w3.org/ns/hydra/core#"

CATALOGUE = "dcat:Catalog"
LISTS = tuple(DCAT + name for name in ("dataset", "service", "resource"))
NEXT = (HYDRA + "next", HYDRA + "nextPage")
BEFORE = (HYDRA + "previous", HYDRA + "previousPage")
TOTAL = (HYDRA + "totalItems",)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its things, those with an IRI first and by it.

    `listed` are the IRIs that the catalogue lists; `following` and `preceding` the pages beside this one;
    `total` is how much there is in all.
    """

    answer: Answer
    things: Sequence[Thing]
    named: Mapping[IRI, Thing]
    listed: Sequence[IRI]
    following: str | None
    preceding: str | None
    total: int | None


def pages(source: Source, ask: Callable[[str], Answer], reader: Reader, *, most: int) -> Iterator[Page]:
    """The pages of a catalogue, each followed by the one that it names as the next.

    Raises:
        SourceChanged: the first one is not the first, one is none, they lead in a circle or do not end.
    """
    met: set[str] = set()
    following: str | None = source.url
    while following:
        met.add(following)
        one = page(ask(following), source, reader)
        place = where(one.answer, source)
        if len(met) == 1 and one.preceding:
            raise SourceChanged(
                f"{place}: is not the first page, '{one.preceding}' comes before; correct `url`"
            )
        yield one
        following = one.following
        if following in met:
            raise SourceChanged(f"{place}: its next page '{following}' was read already; ask the portal")
        if following and len(met) >= most:
            raise SourceChanged(f"{place}: more than {most} pages; raise `most_pages` if it is that large")


def check(source: Source, count: int, services: int, totals: Sequence[int | None]) -> None:
    """Return when there is as much as the last page declares; `totals` are what each of them does.

    Portals declare how many datasets there are, some count the services among the `count` things too.

    Raises:
        SourceChanged: there is less.
        SourceUnavailable: there is less, and pages did not declare the same.
    """
    declared = totals[-1] or 0
    if declared in (0, count) or count - services >= declared:
        return
    told = f"dcat '{source.id}': {source.url}: {count - services} datasets of the {declared} that it declares"
    if len(set(totals)) > 1:
        raise SourceUnavailable(f"{told}, which changed while it was read; the next round tries again")
    raise SourceChanged(f"{told}; ask the portal")


def page(answer: Answer, source: Source, reader: Reader) -> Page:
    """The page that an answer holds.

    Raises:
        SourceChanged: it is no RDF, holds no catalogue and nothing of one, or says two ways to go on.
    """
    found = list(chain.from_iterable(reader.graphs(answer).values()))
    named = _by_name(every(found))
    things = [*named.values(), *(one for one in found if one.iri is None)]
    catalogues = [one for one in things if CATALOGUE in map(short, one.classes)]
    listed = [IRI(one) for thing in catalogues for one in addresses(thing, *LISTS)]
    if not catalogues and not any(one.startswith(DCAT) for thing in things for one in thing.classes):
        raise SourceChanged(
            f"{where(answer, source)}: no `dcat:Catalog` and no dataset in it; check the address"
        )
    following = list(_beside(things, answer, NEXT))
    if len(following) > 1:
        ways = ", ".join(f"'{one}'" for one in following)
        raise SourceChanged(f"{where(answer, source)}: {len(following)} next pages, {ways}; ask the portal")
    return Page(
        answer,
        things,
        named,
        tuple(dict.fromkeys(listed)),
        next(iter(following), None),
        next(_beside(things, answer, BEFORE), None),
        _total(things),
    )


def _beside(things: Sequence[Thing], answer: Answer, terms: Sequence[str]) -> Iterator[str]:
    """The pages that are said to stand in a relation to this one: IRIs, or addresses written as texts."""
    found = (whole(answer.url, one) for thing in every(things) for one in addresses(thing, *terms))
    return iter(dict.fromkeys(found))


def _total(things: Sequence[Thing]) -> int | None:
    """The largest number of things declared: of the collection, wherever Hydra puts it."""
    said = (number(text(thing, *TOTAL)) for thing in every(things))
    return max((one for one in said if one is not None), default=None)


def _by_name(things: Iterator[Thing]) -> Mapping[IRI, Thing]:
    named: dict[IRI, Thing] = {}
    for thing in things:
        if thing.iri:
            named[thing.iri] = merged(named[thing.iri], thing) if thing.iri in named else thing
    return named
