"""A real Oxigraph server, harvested night after night by the command while its owner changes what it holds."""

from __future__ import annotations

import httpx
import pytest
from conftest import ROOT
from running import answering, free_port, night, started, told

OXIGRAPH = ROOT / ".venv/oxigraph/bin/oxigraph"
ALL, CHANGED, DELETED = 3000, 20, 3
GRAPH = "https://vallee.example.org/graphe"
PREFIXES = """
PREFIX pair: <http://virtual-assembly.org/ontologies/pair#>
PREFIX schema: <http://schema.org/>
PREFIX : <https://vallee.example.org/id/>
"""
TOML = """
[source.vallee]
title = "La vallée en transition"
connector = "sparql"
url = "{url}/query"
licence = "ODbL-1.0"
language = "fr"
allow_private = true
delay = "0s"
grace = "0d"
classes = ["pair:Organization"]
graph = "https://vallee.example.org/graphe"
namespace = "https://vallee.example.org/id/"
"""

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


class Store:
    """The store of the valley, as its owner writes it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def load(self):
        """Put the whole dump in its place, as a nightly export does."""
        turtle = PREFIXES + "".join(map(organisation, range(ALL)))
        sent = httpx.put(
            f"{self.url}/store", params={"graph": GRAPH}, content=turtle.encode(),
            headers={"Content-Type": "text/turtle"}, trust_env=False, timeout=60,
        )  # fmt: skip
        sent.raise_for_status()

    def update(self, words: str):
        sent = httpx.post(
            f"{self.url}/update", params={"using-graph-uri": GRAPH}, content=PREFIXES + words,
            headers={"Content-Type": "application/sparql-update"}, trust_env=False, timeout=60,
        )  # fmt: skip
        sent.raise_for_status()

    def rename(self, number: int):
        self.update(
            f"DELETE {{ GRAPH <{GRAPH}> {{ :o{number} pair:label ?was }} }} "
            f'INSERT {{ GRAPH <{GRAPH}> {{ :o{number} pair:label "Nouveau nom {number}"@fr }} }} '
            f"WHERE {{ :o{number} pair:label ?was }}"
        )

    def delete(self, number: int):
        """Take out an organisation, with the address that has no name of its own."""
        self.update(
            f"DELETE {{ GRAPH <{GRAPH}> {{ ?address ?term ?value . :o{number} ?p ?o }} }} "
            f"WHERE {{ :o{number} schema:address ?address ; ?p ?o . ?address ?term ?value }}"
        )


def organisation(number: int) -> str:
    return (
        f':o{number} a pair:Organization ; pair:label "Organisation {number}"@fr ; '
        f'pair:comment "Ce que fait l’organisation numéro {number}, en quelques mots."@fr ; '
        f'schema:keywords "sol", "eau", "jardin" ; schema:address [ a schema:PostalAddress ; '
        f'schema:streetAddress "{number} rue Haute" ; schema:postalCode "34150" ; schema:addressLocality "Aniane" ] .\n'
    )


@pytest.fixture
def store(tmp_path):
    """A server that keeps its files in a folder of its own, filled."""
    assert OXIGRAPH.exists(), "the Oxigraph server is missing; run scripts/services oxigraph"
    port = free_port()
    command = [OXIGRAPH, "serve", "--location", tmp_path / "oxigraph", "--bind", f"127.0.0.1:{port}"]
    url = f"http://127.0.0.1:{port}"
    with started(command, lambda: answering(url), said=tmp_path / "said"):
        filled = Store(url)
        filled.load()
        yield filled


def published(federation):
    """The names of what is published."""
    federation.publish()
    return {name for (name,) in federation.ask("SELECT ?n { ?r a pair:Organization ; rdfs:label ?n }")}


def test_real_store_is_published_whole_then_exactly_what_changed(store, federation):
    federation.declare(TOML.format(url=store.url))
    counts = ("read", "created", "updated", "missing", "withdrawn")

    assert told(night(federation, "vallee"), *counts) == ("done", ALL, ALL, 0, 0, 0)
    assert published(federation) == {f"Organisation {number}" for number in range(ALL)}

    store.load()  # the same again: its blank nodes have other names now
    assert told(night(federation, "vallee"), *counts) == ("unchanged", ALL, 0, 0, 0, 0)

    for number in range(CHANGED):
        store.rename(number)
    for number in range(ALL - DELETED, ALL):
        store.delete(number)
    # what is missing is told in its record, so that it counts as updated too; then its grace is over
    marked = ("done", ALL - DELETED, 0, CHANGED + DELETED, DELETED, 0)
    assert told(night(federation, "vallee"), *counts) == marked
    assert told(night(federation, "vallee"), *counts) == ("done", ALL - DELETED, 0, 0, 0, DELETED)
    renamed = {f"Nouveau nom {number}" for number in range(CHANGED)}
    kept = {f"Organisation {number}" for number in range(CHANGED, ALL - DELETED)}
    assert published(federation) == renamed | kept
    aniane = (
        "SELECT (COUNT(?r) AS ?n) { ?r a pair:Organization ;"
        " dcterms:spatial <https://w3id.org/archipel/territoire/commune/34010> }"
    )
    assert federation.ask(aniane) == [(str(ALL - DELETED),)]
