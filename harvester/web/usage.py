"""Room: who uses a term, a concept or a territory in what is published: counts by graph, a few records.

Asked of the query workers, one question at a time and behind the pages, each over the triples of that
one IRI; kept until the next checkpoint. A page waits for a count a moment and no longer: the next visit
finds it.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Literal

from harvester import iri, vocab
from harvester.errors import QueryError, StoreError
from harvester.triplestore import Query
from harvester.web.serving import Serving
from harvester.web.statements import Value

WAIT_S = 1.0
"""How long a page waits for a count."""

WAITING = 64
"""Counts under way or in line; one more is not made, so that a crawler cannot pile them up."""

KEPT = 4096
"""Counts remembered; the least asked for goes first."""

EXAMPLES = 5
"""Records shown."""

_LASTING = ("timeout", "memory")  # asked again on the same checkpoint, they would fail again

_PATTERNS = {"predicate": "?s <{address}> ?o", "class": "?s a <{address}>", "object": "?s ?p <{address}>"}
_COUNT = "{{ SELECT (<{graph}> AS ?g) (COUNT(DISTINCT ?s) AS ?n) {{ GRAPH <{graph}> {{ {pattern} }} }} }}"
_SAMPLE = "{{ SELECT DISTINCT ?s {{ GRAPH <{graph}> {{ {pattern} }} }} LIMIT {limit} }}"
_QUERY = """\
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?s ?label WHERE {{
  {pattern} .
  OPTIONAL {{ ?s rdfs:label ?label }}
}}
LIMIT 100
"""
_LABELS = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?s ?label {{ VALUES ?s {{ {records} }} ?s rdfs:label ?label }}
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose uses: of an IRI as a predicate, a class or any other object (concept, territory).

    `house` counts in what the federation says of itself too: provenance, vocabulary, territories.
    """

    address: str
    role: Literal["predicate", "class", "object"] = "object"
    house: bool = False

    @property
    def pattern(self) -> str:
        """The triple that tells a use; `?s` is who uses."""
        return _PATTERNS[self.role].format(address=self.address)

    @property
    def query(self) -> str:
        """The same question for everybody, with names."""
        return _QUERY.format(pattern=self.pattern)


@dataclass(frozen=True, slots=True)
class Use:
    """How many things of a graph use it; `graph` is `prov`, `vocab`, `territoire` or `source/{id}`."""

    graph: str
    title: str | None
    things: int

    @property
    def source(self) -> str | None:
        """The source whose graph it is."""
        kind, _, source = self.graph.partition("/")
        return source if kind == "source" else None


@dataclass(frozen=True, slots=True)
class Uses:
    """The graphs that use it, the busiest first, and a few records with their source; may be empty."""

    graphs: Sequence[Use] = ()
    records: Sequence[tuple[Value, Use]] = ()

    @property
    def total(self) -> int:
        """Things of all graphs."""
        return sum(one.things for one in self.graphs)


class Usage:
    """The counts of one federation; safe to call from any thread."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._lock = Lock()
        self._turn = Lock()  # pages never take more than one query worker
        self._of: Path | None = None
        self._known: OrderedDict[Asked, Future[Uses]] = OrderedDict()
        self._waiting = 0

    def uses(self, asked: Asked) -> Uses | None:
        """Who uses it in the current checkpoint; None when that cannot be known in time."""
        checkpoint = self._serving.pool.checkpoint
        future = self._future(checkpoint, asked) if checkpoint else None
        try:
            return future.result(WAIT_S) if future else None
        except (TimeoutError, QueryError, StoreError):
            return None

    def _future(self, checkpoint: Path, asked: Asked) -> Future[Uses] | None:
        with self._lock:
            if self._of != checkpoint:
                self._of = checkpoint
                self._known.clear()
            if asked in self._known:
                self._known.move_to_end(asked)
                return self._known[asked]
            if self._waiting >= WAITING:
                return None
            future = self._known[asked] = Future()
            self._waiting += 1
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        Thread(target=self._count, args=(asked, future), name="usage", daemon=True).start()
        return future

    def _count(self, asked: Asked, future: Future[Uses]) -> None:
        try:
            with self._turn:
                future.set_result(self._found(asked))
        except (QueryError, StoreError) as error:
            if getattr(error, "kind", None) not in _LASTING:
                self._forget(asked, future)
            future.set_exception(error)
        finally:
            with self._lock:
                self._waiting -= 1

    def _forget(self, asked: Asked, future: Future[Uses]) -> None:
        with self._lock:
            if self._known.get(asked) is future:
                del self._known[asked]

    def _found(self, asked: Asked) -> Uses:
        titles = _graphs(self._serving, house=asked.house)
        graphs = self._counts(asked, titles)
        return Uses(graphs, self._records(asked, [one for one in graphs if one.source]))

    def _counts(self, asked: Asked, titles: Mapping[str, str | None]) -> list[Use]:
        """One range of the index per graph."""
        if not titles:
            return []
        base = self._serving.federation.base
        each = (_COUNT.format(graph=iri.graph(base, graph), pattern=asked.pattern) for graph in titles)
        start = iri.graph(base, "")
        rows = self._rows(f"SELECT ?g ?n {{ {' UNION '.join(each)} }}")
        counts = {row["g"]["value"].removeprefix(start): int(row["n"]["value"]) for row in rows}
        found = [Use(graph, title, counts.get(graph, 0)) for graph, title in titles.items()]
        return sorted((one for one in found if one.things), key=lambda one: -one.things)

    def _records(self, asked: Asked, uses: Sequence[Use]) -> list[tuple[Value, Use]]:
        """A few records, from as many sources as possible."""
        by_source = [[(record, use) for record in self._sample(asked, use)] for use in uses[:EXAMPLES]]
        turns = chain.from_iterable(zip_longest(*by_source))
        chosen = list(islice((one for one in turns if one), EXAMPLES))
        labels = self._labels([record for record, _ in chosen])
        return [(labels.get(record, Value(record, record)), use) for record, use in chosen]

    def _sample(self, asked: Asked, use: Use) -> list[str]:
        """Records of a graph; a dependent that uses it stands for its record."""
        graph = iri.graph(self._serving.federation.base, use.graph)
        query = _SAMPLE.format(graph=graph, pattern=asked.pattern, limit=EXAMPLES)
        found = (row["s"]["value"].partition("#")[0] for row in self._rows(f"SELECT ?s {query}"))
        return list(dict.fromkeys(found))

    def _labels(self, records: Sequence[str]) -> dict[str, Value]:
        if not records:
            return {}
        rows = self._rows(_LABELS.format(records=" ".join(f"<{one}>" for one in records)))
        told = ((row["s"]["value"], row["label"]) for row in rows)
        return {record: Value(label["value"], record, label.get("xml:lang")) for record, label in told}

    def _rows(self, query: str) -> Iterable[Mapping[str, Any]]:
        body = b"".join(self._serving.pool.ask(Query(query)).chunks)
        rows: Iterable[Mapping[str, Any]] = json.loads(body)["results"]["bindings"]
        return rows


def _graphs(serving: Serving, *, house: bool) -> dict[str, str | None]:
    """Name -> title of every graph to count in; those of the house have no title of their own."""
    return dict(chain(_sources(serving), ((name, None) for name in ("prov", "vocab", "territoire") if house)))


def _sources(serving: Serving) -> Iterator[tuple[str, str]]:
    licences = vocab.licences()
    for source, told in serving.ledger.sources().items():
        if licences[told["licence"]].publishable:
            yield f"source/{source}", str(told["title"])
