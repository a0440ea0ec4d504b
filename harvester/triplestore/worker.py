"""Room: the process that evaluates foreign SPARQL on a checkpoint, and may be killed at any time.

Run as `python -m harvester.triplestore.worker CHECKPOINT MEMORY_BYTES`. Requests come in and
frames go out over pipes (see `frames`). It never opens the live store, and gives up the network
where the system lets it.
"""

from __future__ import annotations

import ctypes
import json
import resource
import sys
from typing import IO, Any

import pyoxigraph as ox

from harvester.triplestore import frames

_CHUNK = 1 << 16
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000

RESULTS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
GRAPHS = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}


class _Writer:
    """Collects bytes and sends them as data frames of a bounded size."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        if len(self._held) >= _CHUNK:
            self.flush()
        return len(data)

    def flush(self) -> None:
        if self._held:
            frames.send(self._pipe, frames.DATA, bytes(self._held))
            self._held.clear()


def main() -> None:
    """Answer requests, one at a time, until the pipe closes."""
    checkpoint, memory = sys.argv[1], int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    _leave_network()
    store = ox.Store.read_only(checkpoint)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    frames.send(answers, frames.READY, b"")
    while (request := frames.receive(requests)) is not None:
        try:
            _answer(store, json.loads(request[1]), answers)
        except SyntaxError as error:
            frames.send(answers, frames.ERROR, json.dumps({"kind": "syntax", "text": str(error)}).encode())
        except (ValueError, OSError, RuntimeError, MemoryError) as error:
            frames.send(answers, frames.ERROR, json.dumps({"kind": "engine", "text": str(error)}).encode())


def _answer(store: ox.Store, request: dict[str, Any], answers: IO[bytes]) -> None:
    default = [ox.NamedNode(iri) for iri in request["default_graph"]]
    named = [ox.NamedNode(iri) for iri in request["named_graphs"]]
    if default or named:  # a dataset given by the protocol replaces the union
        results = store.query(request["query"], default_graph=[*default], named_graphs=[*named])
    else:
        results = store.query(request["query"], use_default_graph_as_union=True)
    writer = _Writer(answers)
    rows = isinstance(results, ox.QuerySolutions | ox.QueryBoolean)
    name = request["results"] if rows else request["graph"]
    frames.send(answers, frames.KIND, name.encode())
    if isinstance(results, ox.QuerySolutions | ox.QueryBoolean):
        results.serialize(writer, RESULTS[name])  # type: ignore[arg-type]  # needs write() only
    else:
        ox.serialize(results, writer, GRAPHS[name])  # type: ignore[arg-type]  # needs write() only
    writer.flush()
    frames.send(answers, frames.END, b"")


def _leave_network() -> None:
    """Best effort: an own, empty network namespace (Linux, where permitted)."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


if __name__ == "__main__":
    main()
