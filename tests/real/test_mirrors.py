"""Real stores on another machine's behalf: harvested, patched, killed in the middle, resumed, made anew, compared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pyoxigraph as ox
import pytest
from conftest import HEAD, ROOT
from running import answering, command, free_port, started
from test_harvest import LISTING, gardens, serve, table
from test_mirror import here
from virtuoso_server import PASSWORD, USER, virtuoso

from harvester import iri
from harvester.mirror import note

BASE = "http://localhost:8000/"
OXIGRAPH = ROOT / ".venv/oxigraph/bin/oxigraph"
POSITIONS = iri.graph(BASE, "position")
NUMBER = 400

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]


class Other:
    """A store there: its addresses, and what it says of itself."""

    def __init__(
        self, query: str, update: str, graph_store: str, user: tuple[str, str] | None = None
    ) -> None:
        self.addresses = {"query": query, "update": update, "graph_store": graph_store}
        self.user = user

    def toml(self) -> str:
        told = [f'{name} = "{address}"' for name, address in self.addresses.items()]
        told += ['auth = { env = "MIRROR" }'] if self.user else []
        return f"triplestore = {{ {', '.join(told)} }}\n"

    def ask(self, query: str) -> list[dict[str, str]]:
        asked = httpx.post(
            self.addresses["query"], data={"query": query}, trust_env=False, timeout=60,
            headers={"Accept": "application/sparql-results+json"},
        )  # fmt: skip
        rows = asked.raise_for_status().json()["results"]["bindings"]
        return [{name: term["value"] for name, term in row.items()} for row in rows]

    def update(self, text: str) -> None:
        auth = httpx.DigestAuth(*self.user) if self.user else None
        headers = {"Content-Type": "application/sparql-update"}
        sent = httpx.post(
            self.addresses["update"], content=text, headers=headers, auth=auth, trust_env=False, timeout=60
        )
        sent.raise_for_status()

    def counts(self) -> dict[str, int]:
        rows = self.ask("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
        ours = {row["g"]: int(row["n"]) for row in rows if row["g"].startswith(BASE)}
        ours.pop(POSITIONS)
        return ours

    def terms(self, graph: str) -> set[tuple[str, str, str]]:
        """Subject, property and the text of the object: what no store changes of IRIs and plain texts."""
        query = f"SELECT ?s ?p ?o {{ GRAPH <{graph}> {{ ?s ?p ?o FILTER (isIRI(?o) || LANG(?o) != '') }} }}"
        return {(row["s"], row["p"], row["o"]) for row in self.ask(query)}


@contextmanager
def oxigraph_server(folder):
    assert OXIGRAPH.exists(), "the Oxigraph server is missing; run scripts/services oxigraph"
    url = f"http://127.0.0.1:{free_port()}"
    serving = [OXIGRAPH, "serve", "--location", folder, "--bind", url.removeprefix("http://")]
    with started(serving, lambda: answering(url), said=folder.with_suffix(".said")):
        yield Other(f"{url}/query", f"{url}/update", f"{url}/store")


@contextmanager
def virtuoso_server(folder):
    with virtuoso(folder) as url:
        yield Other(f"{url}/sparql", f"{url}/sparql-auth", f"{url}/sparql-graph-crud-auth", (USER, PASSWORD))


@pytest.fixture(params=[oxigraph_server, virtuoso_server], ids=["oxigraph", "virtuoso"])
def other(request, tmp_path, monkeypatch):
    monkeypatch.setenv("MIRROR", f"{USER}:{PASSWORD}")
    with request.param(tmp_path / "other") as server:
        yield server


def local(federation) -> dict[str, set[tuple[str, str, str]]]:
    """Graph -> what `terms` would say of it, as readers are given it here."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    for quad in ox.parse(here(federation), format=ox.RdfFormat.N_QUADS):
        graph = found.setdefault(quad.graph_name.value, set())
        if isinstance(quad.object, ox.NamedNode) or quad.object.language:
            graph.add((quad.subject.value, quad.predicate.value, quad.object.value))
    return found


def same(federation, other) -> None:
    """The same graphs, as many triples in each, and the same IRIs and texts."""
    counted: dict[str, int] = {}
    for quad in ox.parse(here(federation), format=ox.RdfFormat.N_QUADS):
        counted[quad.graph_name.value] = counted.get(quad.graph_name.value, 0) + 1
    held = other.counts()
    assert held.pop(iri.graph(BASE, "territoire")) > 400_000
    assert held == counted
    for graph, terms in local(federation).items():
        assert other.terms(graph) == terms, graph


def mirrored(federation) -> dict[str, object]:
    """How the mirror stands, by the command."""
    return command(federation, "status")["mirror"]


def run(federation) -> subprocess.Popen[bytes]:
    places = ["--config", federation.config, "--store", federation.layout.root]
    words = [sys.executable, "-m", "harvester", "run", *places]
    return subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)


def test_a_real_store_follows_night_after_night(other, federation, partners):
    serve(partners, gardens(NUMBER))
    federation.config.write_text(HEAD + other.toml() + table(partners.url + LISTING), encoding="utf-8")

    command(federation, "run", within_s=400)
    told = mirrored(federation)
    assert (told["trouble"], told["behind"], told["change"]) == (None, 0, NUMBER)
    same(federation, other)

    # some change, one goes, one comes
    serve(
        partners,
        gardens(10, name="Verger {}") + gardens(NUMBER + 1)[10 : NUMBER - 1] + gardens(NUMBER + 1)[-1:],
    )
    command(federation, "run", within_s=400)
    assert (mirrored(federation)["trouble"], mirrored(federation)["behind"]) == (None, 0)
    same(federation, other)

    # killed in the middle: every garden changes, some of them are there
    graph = iri.source_graph(BASE, "jardins")
    for delay in (0.0, 0.05, 0.4):
        name = f"Potager {delay} {{}}"
        serve(partners, gardens(NUMBER, name=name))
        running = run(federation)
        begun = f"SELECT ?x {{ GRAPH <{POSITIONS}> {{ <{graph}> <{iri.term('mirroring')}> ?x }} }}"
        while running.poll() is None and not other.ask(begun):
            time.sleep(0.005)
        time.sleep(delay)
        running.send_signal(signal.SIGKILL)
        running.wait()
    serve(partners, gardens(NUMBER, name="Jardin {}"))
    command(federation, "run", within_s=400)
    assert (mirrored(federation)["trouble"], mirrored(federation)["behind"]) == (None, 0)
    same(federation, other)
    assert not other.ask(f"SELECT ?g {{ GRAPH ?g {{ ?s <{iri.term('mirroring')}> ?o }} }}")

    # written to by hand, then made anew
    other.update(f'INSERT DATA {{ GRAPH <{graph}> {{ <urn:x> <urn:y> "by hand"@fr }} }}')
    assert command(federation, "rebuild", "--mirror", within_s=400) == {
        "change": mirrored(federation)["change"]
    }
    same(federation, other)
    assert note(federation.layout).trouble is None
