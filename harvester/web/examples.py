"""Room: the questions as the endpoint offers them: in groups, in their order, each with its query.

In comes what the published vocabulary graph says of them, asked of the query workers once per checkpoint and
behind the pages. Before anything is published, or when the workers are busy, the house's own vocabulary
tells the same. No query is evaluated here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock, Thread

import pyoxigraph as ox

from harvester import iri
from harvester.errors import QueryError, StoreError
from harvester.profile import full
from harvester.triplestore import Query
from harvester.web import words
from harvester.web.negotiation import LANGUAGES
from harvester.web.serving import Serving

WAIT_S = 1.0
"""How long a page waits for what is published, once per checkpoint."""

_PUBLISHED = """
PREFIX schema: <http://schema.org/>
PREFIX sh: <http://www.w3.org/ns/shacl#>
CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{graph}> {{
  {{ ?s a sh:SPARQLSelectExecutable }} UNION {{ ?s a schema:Collection }}
  ?s ?p ?o
}} }}
"""


@dataclass(frozen=True, slots=True)
class Example:
    """A question with a query that works as it stands; `titles` and `comments` in every language of ours."""

    address: str
    titles: Mapping[str, str]
    comments: Mapping[str, str]
    query: str


@dataclass(frozen=True, slots=True)
class Group:
    """Questions shown together, in their order; never empty."""

    titles: Mapping[str, str]
    examples: Sequence[Example]


class Examples:
    """The questions of the current checkpoint; safe to call from any thread."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._lock = Lock()
        self._of: Path | None = None
        self._known: Future[Sequence[Group]] = Future()

    def groups(self) -> Sequence[Group]:
        """The groups in their order; the house's own when what is published is not known in time."""
        checkpoint = self._serving.pool.checkpoint
        if checkpoint is None:
            return shipped()
        try:
            return self._future(checkpoint).result(WAIT_S) or shipped()
        except (TimeoutError, QueryError, StoreError):
            return shipped()

    def few(self) -> Sequence[Example]:
        """The first question of each group, where there is room for a few only."""
        return [group.examples[0] for group in self.groups()]

    def _future(self, checkpoint: Path) -> Future[Sequence[Group]]:
        with self._lock:
            if self._of != checkpoint:
                self._of, self._known = checkpoint, Future()
                Thread(target=self._ask, args=(self._known,), name="examples", daemon=True).start()
            return self._known

    def _ask(self, future: Future[Sequence[Group]]) -> None:
        query = _PUBLISHED.format(graph=iri.graph(self._serving.federation.base, "vocab"))
        try:
            told = b"".join(self._serving.pool.ask(Query(query, graph="ntriples")).chunks)
            future.set_result(_groups(_loaded(told)))
        except (QueryError, StoreError) as error:
            with self._lock:
                if self._known is future:
                    self._of = None  # the next visit asks again
            future.set_exception(error)


@cache
def shipped() -> Sequence[Group]:
    """The questions of the vocabulary that this house would publish."""
    return _groups(words.vocabulary())


def _loaded(ntriples: bytes) -> ox.Store:
    store = ox.Store()
    store.load(ntriples, format=ox.RdfFormat.N_TRIPLES)
    return store


def _groups(told: ox.Store) -> tuple[Group, ...]:
    found = ((_texts(told, one, "rdfs:label"), _examples(told, one)) for one in _parts(told, None))
    return tuple(Group(titles, examples) for titles, examples in found if examples)


def _examples(told: ox.Store, group: ox.NamedNode) -> tuple[Example, ...]:
    return tuple(
        Example(
            one.value,
            _texts(told, one, "rdfs:label"),
            _texts(told, one, "rdfs:comment"),
            _values(told, one, "sh:select")[0].value,
        )
        for one in _parts(told, group)
    )


def _parts(told: ox.Store, whole: ox.NamedNode | None) -> list[ox.NamedNode]:
    """The parts of a group by position; the groups themselves when no whole is named."""
    predicate = ox.NamedNode(full("schema:isPartOf"))
    kind = "sh:SPARQLSelectExecutable" if whole else "schema:Collection"
    found = [
        quad.subject
        for quad in told.quads_for_pattern(None, predicate, whole)
        if isinstance(quad.subject, ox.NamedNode) and _is(told, quad.subject, kind)
    ]
    return sorted(found, key=lambda one: (_position(told, one), one.value))


def _is(told: ox.Store, subject: ox.NamedNode, kind: str) -> bool:
    quads = told.quads_for_pattern(subject, ox.NamedNode(full("rdf:type")), ox.NamedNode(full(kind)))
    return next(quads, None) is not None


def _position(told: ox.Store, subject: ox.NamedNode) -> int:
    return min((int(one.value) for one in _values(told, subject, "schema:position")), default=0)


def _texts(told: ox.Store, subject: ox.NamedNode, term: str) -> Mapping[str, str]:
    """A text in every language of the pages; another language stands in for one that is missing."""
    said = {one.language or "": one.value for one in _values(told, subject, term)}
    return {language: said.get(language) or next(iter(said.values()), "") for language in LANGUAGES}


def _values(told: ox.Store, subject: ox.NamedNode, term: str) -> list[ox.Literal]:
    quads = told.quads_for_pattern(subject, ox.NamedNode(full(term)), None)
    return [quad.object for quad in quads if isinstance(quad.object, ox.Literal)]
