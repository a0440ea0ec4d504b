"""Comunica, and SERVICE from an Oxigraph server, ask the endpoint unmodified."""

from __future__ import annotations

import json
import subprocess

import httpx
import pytest
from conftest import ROOT
from queried import checkpoint, endpoint
from running import answering, free_port, started

from harvester.triplestore import QueryPool

COMUNICA = ROOT / ".venv/comunica/node_modules/.bin/comunica-sparql"
OXIGRAPH = ROOT / ".venv/oxigraph/bin/oxigraph"
COUNT = 500
DATA = b"".join(
    f'<http://e/{n}> <http://e/p> "nom {n}"@fr <http://e/g> .\n<http://e/{n}> <http://e/q> <http://e/{n % 7}> <http://e/g> .\n'.encode()
    for n in range(COUNT)
)

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients")
    pool = QueryPool(checkpoint(folder, DATA), workers=4, timeout_s=30)
    with endpoint(pool, folder) as client:
        yield str(client.base_url.join("/sparql"))
    pool.close()


def comunica(address, query):
    assert COMUNICA.exists(), "Comunica is missing; run scripts/services comunica"
    words = [COMUNICA, f"sparql@{address}", "-q", query, "-t", "application/sparql-results+json"]
    told = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)["results"]["bindings"]


def test_comunica_finds_the_endpoint_and_reads_every_row(address):
    rows = comunica(address, "SELECT * WHERE { ?s <http://e/p> ?o ; <http://e/q> <http://e/3> }")
    assert len(rows) == len(range(3, COUNT, 7))
    assert {row["o"]["value"] for row in rows} == {f"nom {n}" for n in range(3, COUNT, 7)}


def test_comunica_counts_and_orders(address):
    query = "SELECT ?q (COUNT(?s) AS ?n) WHERE { ?s <http://e/q> ?q } GROUP BY ?q ORDER BY ?q"
    rows = comunica(address, query)
    assert [int(row["n"]["value"]) for row in rows] == [len(range(n, COUNT, 7)) for n in range(7)]


def test_another_endpoint_asks_ours_by_service(address, tmp_path):
    assert OXIGRAPH.exists(), "the Oxigraph server is missing; run scripts/services oxigraph"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [OXIGRAPH, "serve", "--location", tmp_path / "oxigraph", "--bind", f"127.0.0.1:{port}"]
    query = f"SELECT (COUNT(*) AS ?n) WHERE {{ SERVICE <{address}> {{ ?s <http://e/p> ?o ; <http://e/q> <http://e/3> }} }}"
    with started(command, lambda: answering(url), said=tmp_path / "said"):
        answer = httpx.post(
            f"{url}/query", data={"query": query}, headers={"accept": "text/csv"}, trust_env=False, timeout=60
        )
    assert answer.text.split() == ["n", str(len(range(3, COUNT, 7)))]
