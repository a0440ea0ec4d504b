"""Room: which graphs the mirror ought to hold, each with its state, and its triples when they are wanted.

Those of sources are told by the ledger, so that they can be mended by difference; all others are what the
current checkpoint holds, small enough to be put anew when they change. The territories are large, and change
once a year: they are told by their own tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path

import pyoxigraph as ox

from harvester import iri, territory, vocab
from harvester.ledger import Ledger
from harvester.ledger.live import live
from harvester.ledger.redaction import redactions
from harvester.mirror.marks import Position
from harvester.model import IRI
from harvester.profile import territory_triples

Lines = Iterator[bytes]
"""N-Triples, line by line."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The state that a graph ought to hold, and its triples; `source` when it is the graph of one."""

    state: str
    lines: Callable[[], Lines]
    source: str | None = None


def wanted(base: str, ledger: Ledger, checkpoint: Path) -> Mapping[IRI, Wanted]:
    """Every graph that is published, those of the sources last."""
    store = ox.Store.read_only(str(checkpoint))
    own = {iri.graph(base, "position"), iri.graph(base, "territoire")}
    sources = {iri.source_graph(base, source): source for source in _publishable(ledger)}
    named = sorted(IRI(graph.value) for graph in store.named_graphs())
    other = [
        graph for graph in named if graph not in own and not graph.startswith(iri.graph(base, "source/"))
    ]
    land = territory.load()
    found = {
        iri.graph(base, "territoire"): Wanted(land.fingerprint(), lambda: _lines(territory_triples(land)))
    }
    found |= {graph: _as_it_stands(_dump(store, graph)) for graph in other}
    for graph, source in sources.items():
        found[graph] = Wanted(state(ledger, source), partial(_records, ledger, source), source)
    return found


def state(ledger: Ledger, source: str) -> str:
    """The state of a source in the ledger, at this moment."""
    return str(Position(redactions(ledger), ledger.position(source)))


def _publishable(ledger: Ledger) -> list[str]:
    licences = vocab.licences()
    return [name for name, told in ledger.sources().items() if licences[told["licence"]].publishable]


def _records(ledger: Ledger, source: str) -> Lines:
    """Read as they are sent: a slow mirror holds nothing of the ledger, which may go on meanwhile."""
    return (line for one in live(ledger, source) for line in _lines(one.triples))


def _as_it_stands(ntriples: bytes) -> Wanted:
    lines = sorted(_lines(ntriples))
    return Wanted(blake2b(b"".join(lines), digest_size=16).hexdigest(), lambda: iter(lines))


def _dump(store: ox.Store, graph: IRI) -> bytes:
    return store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(graph)) or b""


def _lines(ntriples: bytes) -> Lines:
    return iter(ntriples.splitlines(keepends=True))
