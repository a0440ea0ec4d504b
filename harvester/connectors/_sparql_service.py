"""Room: recognising a SPARQL endpoint, and the classes that it holds.

In: its address, the page with its form, or its description of itself. Out: a proposal for the classes that
mean a kind to us, with how many instances each has. Asks two questions at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from harvester.connectors._answers import number
from harvester.connectors._rdf import root
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen, members, objects
from harvester.connectors._sparql import request
from harvester.connectors._sparql_queries import iri
from harvester.connectors._things import addresses
from harvester.errors import SourceChanged
from harvester.items import KINDS
from harvester.model import IRI
from harvester.profile import adoption
from harvester.rdf import serialisation, things

SD = "http://www.w3.org/ns/sparql-service-description#"

CLASSES = (
    "SELECT ?class (COUNT(DISTINCT ?subject) AS ?records) (MIN(STR(?subject)) AS ?first) "
    "WHERE { ?subject a ?class FILTER(isIRI(?subject)) } GROUP BY ?class ORDER BY DESC(?records) LIMIT 200"
)

UNTOLD = "classes: it does not tell them at once, as large ones do not; name those that are records"

PLACES = "place"
"""The kind of what others stand in: told, not proposed."""


@dataclass(frozen=True, slots=True)
class _Class:
    """A class as an endpoint tells it: its name, how many instances, and the first of these."""

    name: str
    kind: str
    count: int
    first: str


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """An endpoint that tells its classes when it is asked for them by GET, or at least answers."""
    for endpoint in dict.fromkeys(_endpoints(seen)):
        told = _asked(endpoint, CLASSES, look)
        if "bindings" in members(told, "results"):
            return _proposal(endpoint, list(_classes(told)))
        if isinstance(members(_asked(endpoint, "ASK {}", look)).get("boolean"), bool):
            return replace(_proposal(endpoint, []), unknown=[UNTOLD])
    return None


def _asked(endpoint: str, query: str, look: Look) -> Seen | None:
    asked = request(endpoint, query, method="get", graph=None)
    return look(asked.url, accept=asked.accept)


def _endpoints(seen: Seen) -> Iterator[str]:
    """Where the endpoint may be that a page is a form of, describes, or is an answer of."""
    if "bindings" in members(seen, "results"):
        yield seen.url.partition("?")[0]
    if seen.soup and seen.says("sparql"):
        for form in seen.soup.select("form:has([name=query])"):
            with suppress(ValueError):  # "http://[" and the like
                yield seen.absolute(str(form.get("action") or seen.url.partition("?")[0]))
    elif SD in seen.text and serialisation(seen.media_type):
        with suppress(SourceChanged):
            for thing in things(seen.content, seen.media_type, base=seen.url):
                if IRI(SD + "Service") in thing.classes:
                    yield from addresses(thing, SD + "endpoint") or [seen.url]


def _classes(told: Seen | None) -> Iterator[_Class]:
    """The classes that mean a kind to us, those with most instances first."""
    for row in objects(members(told, "results").get("bindings")):
        said = {name: str(term.get("value")) for name, term in row.items() if isinstance(term, dict)}
        name = IRI(said.get("class", ""))
        kind = adoption.kind((name,))
        count = number(said.get("records"))
        if kind in KINDS and count is not None:
            yield _Class(_named(name), str(kind), count, said.get("first", ""))


def _named(name: IRI) -> str:
    """The prefixed name of a class; its IRI, where that name stands for another spelling of it."""
    short = adoption.short(name)
    return short if iri(short) == name else name


def _proposal(endpoint: str, classes: list[_Class]) -> Proposal:
    wanted = [one for one in classes if one.kind != PLACES] or classes
    roots = {root(one.first) for one in wanted}
    one_host = len(roots) == 1 and roots.isdisjoint({"", root(endpoint)})
    elsewhere = {"namespace": next(iter(roots))} if one_host else {}
    unknown = [] if wanted else ["classes: none that we know in its default graph; name a `graph`, or ask it"]
    return Proposal(
        Certainty.NAMED,
        endpoint,
        count=wanted[0].count if len(wanted) == 1 else None,
        keys={"classes": [one.name for one in wanted], **elsewhere},
        learned=[f"class {one.name}: {one.count} of kind {one.kind}" for one in classes],
        unknown=unknown,
    )
