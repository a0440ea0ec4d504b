"""Room: SemApps, linked-data servers of communities (Archipelago, Colibris.social, ActivityPods).

In: a server: the containers it announces (`/.well-known/void`), each with all that it holds. Out: one record
per resource of its own, its fields ours already (`profile.adopt`), and tombstones. Never reads a container
of persons, nor one that the server asks not to copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Self

from pydantic import Field, model_validator

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import distinct, replay, where
from harvester.connectors._rdf import Adopter, Adopting, root
from harvester.connectors._rdf_contexts import Contexts
from harvester.connectors._rdf_file import opened
from harvester.connectors._semapps_members import Members
from harvester.connectors._semapps_pages import Page, page, pages
from harvester.connectors._semapps_seen import recognised
from harvester.connectors._semapps_void import ACCEPT, WELL_KNOWN, Container, Server, chosen, server
from harvester.model import IRI, Answer, Listed, Listing, Source
from harvester.profile import adopt
from harvester.rdf import Thing

__all__ = [
    "IGNORED",
    "LISTING",
    "MAPPING",
    "Options",
    "answers",
    "recognised",
    "records",
    "stated_licence",
]

LISTING = Listing.FULL

MAPPING: dict[str, Any] = adopt.MAPPING | {"origin": ["_origin", "origin"]}

IGNORED = adopt.IGNORED | {
    "as:endpoints",
    "as:liked",
    "as:outbox",
    "as:preferredUsername",
    "pair:actorOfMembership",
    "pair:hasLocation/pair:label",
    "pair:organizationOfMembership",
}


class Options(Adopting):
    """What may be said of a SemApps source besides its address, the root of the server."""

    containers: tuple[str, ...] = Field(
        (),
        description="Containers that are read, by path or address; by default all that the server announces "
        "and that hold something of a kind we know.",
    )
    void: bool = Field(
        default=True, description="False: the server announces nothing; `containers` names what is read."
    )
    mirrored: bool = Field(
        default=False,
        description="Also keep the resources of other servers that this one mirrors, with their origin.",
    )
    skip_from: tuple[str, ...] = Field(
        (),
        description="Addresses of platforms that are harvested themselves: what was imported from them is "
        "left out.",
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.void and not self.containers:
            raise ValueError("name the `containers` of a server that announces none")
        return self


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """What the server announces, then its containers, each followed by the contexts that it needs."""
    contexts = Contexts(partial(client.get, accept=ACCEPT), raw)
    for _, answer in _steps(source, Options(**source.options), contexts):
        yield answer


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Listed]:
    """Resources container by container, by their IRIs: a server tells them in no order.

    Raises:
        SourceChanged: the server announces nothing that we read, an answer is no container, or another's.
        SourceRefused: `containers` names one that holds persons, or that the server asks not to copy.
    """
    options = Options(**source.options)
    contexts = Contexts(replay(answers, source), raw)
    read = partial(_page, source, raw, contexts.given)
    steps = [(container, answer) for container, answer in _steps(source, options, contexts) if container]
    distinct([answer for _, answer in steps], source)
    places: dict[IRI, Thing] = {}
    for container, answer in steps:
        if container.kind(options.kinds) == "place":
            places |= read(answer).things
    for _, answer in steps:
        found = read(answer)
        adopter = Adopter(root(source.url), source.language, options, places | dict(found.things))
        yield from Members(adopter, options.mirrored, options.skip_from).listed(found)


def stated_licence(answers: Sequence[Answer], raw: Raw) -> str | None:
    """The licence that the server states of its data; None when it states none."""
    answer = next((one for one in answers if one.url.endswith(WELL_KNOWN)), None)
    return server(answer, raw, place=where(answer)).licence if answer else None


def _steps(source: Source, options: Options, contexts: Contexts) -> Iterator[tuple[Container | None, Answer]]:
    """Every answer, with the container that it is a page of."""
    known: Server | None = None
    if options.void:
        answer = contexts.ask(root(source.url) + WELL_KNOWN)
        yield None, answer
        known = server(answer, contexts.raw, place=where(answer, source))
    for container in chosen(source, known, named=options.containers, kinds=options.kinds):
        for answer in pages(container.address, contexts.ask, source):
            yield container, answer
            file = opened(answer, contexts.raw, place=where(answer, source))
            for context in contexts.gather(file.body, base=answer.url):
                yield None, context


def _page(source: Source, raw: Raw, contexts: Mapping[str, bytes], answer: Answer) -> Page:
    return page(opened(answer, raw, place=where(answer, source)), contexts)
