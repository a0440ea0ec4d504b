"""Room: the process that evaluates foreign SPARQL on a checkpoint, and may be killed at any time.

Run as `python -m harvester.evaluator MEMORY_BYTES`. Requests come in and frames go out over
pipes (see `frames`). It never opens the live store, and gives up the network where the system lets it.
"""

from __future__ import annotations

import ctypes
import json
import resource
import sys
from typing import IO, Any

import pyoxigraph as ox

from harvester.evaluator import frames
from harvester.evaluator.packing import Packer

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
    "trig": ox.RdfFormat.TRIG,
    "nquads": ox.RdfFormat.N_QUADS,
}

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def main() -> None:
    """Answer requests, one at a time, until the pipe closes."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    _leave_network()
    store = ox.Store()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while (request := frames.receive(requests)) is not None:
        letter, data = request
        try:
            if letter == frames.OPEN:
                store = ox.Store.read_only(data.decode())
                frames.send(answers, frames.READY, b"")
            else:
                _answer(store, json.loads(data), answers)
        except SyntaxError as error:
            _complain(answers, "syntax", str(error))
        except (ValueError, OSError, RuntimeError, MemoryError) as error:
            _complain(answers, "engine", str(error))


def _complain(answers: IO[bytes], kind: str, text: str) -> None:
    frames.send(answers, frames.ERROR, json.dumps({"kind": kind, "text": text}).encode())


def _answer(store: ox.Store, request: dict[str, Any], answers: IO[bytes]) -> None:
    dataset = _dataset(request)
    for number, (ask, expected) in enumerate(request["probes"]):
        if bool(store.query(ask, **dataset)) != expected:
            _complain(answers, "probe", str(number))
            return
    results = store.query(request["query"], **dataset)
    rows = isinstance(results, ox.QuerySolutions | ox.QueryBoolean)
    name = request["results"] if rows else request["graph"]
    packer = Packer(answers, name, request["encoding"])
    if isinstance(results, ox.QuerySolutions | ox.QueryBoolean):
        results.serialize(packer, RESULTS[name])  # type: ignore[arg-type]  # needs write() only
    else:
        ox.serialize(results, packer, GRAPHS[name])  # type: ignore[arg-type]  # needs write() only
    packer.end()


def _dataset(request: dict[str, Any]) -> dict[str, Any]:
    """A dataset given by the protocol, else by the query (FROM), else the union of all graphs."""
    default = [ox.NamedNode(iri) for iri in request["default_graph"]]
    named = [ox.NamedNode(iri) for iri in request["named_graphs"]]
    if default or named:
        return {"base_iri": request["base"], "default_graph": default, "named_graphs": named}
    return {"base_iri": request["base"], "use_default_graph_as_union": request["union"]}


def _leave_network() -> None:
    """Best effort: an own, empty network namespace (Linux, where permitted)."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


if __name__ == "__main__":
    main()
