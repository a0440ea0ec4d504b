"""An LDES client that others wrote follows our feed from nothing, and holds what is published."""

from __future__ import annotations

import json
import os
import subprocess

import islands
import pyoxigraph as ox
import pytest
from conftest import ROOT

CLIENT = ROOT / ".venv/ldes"
OF, SEQUENCE = "http://purl.org/dc/terms/isVersionOf", "http://schema.org/position"

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


def followed(address: str, order: str) -> list[ox.Store]:
    """The members that the client emits, each with its quads, in its order."""
    assert (CLIENT / "node_modules").is_dir(), "the client is missing; run scripts/services ldes"
    ran = subprocess.run(
        ["node", str(CLIENT / "follow.mjs"), address, order],
        capture_output=True, check=False, timeout=120, env={**os.environ, "NO_PROXY": "127.0.0.1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr.decode()
    members = []
    for line in ran.stdout.decode().split("\n")[:-1]:
        store = ox.Store()
        store.load(json.loads(line)["quads"].encode(), format=ox.RdfFormat.N_QUADS)
        members.append(store)
    return members


def said(store: ox.Store, term: str) -> str:
    (quad,) = store.quads_for_pattern(None, ox.NamedNode(term), None, ox.DefaultGraph())
    return quad.object.value


def replica(members: list[ox.Store]) -> set[ox.Triple]:
    """The newest version of each record."""
    newest = {said(one, OF): one for one in sorted(members, key=lambda one: int(said(one, SEQUENCE)))}
    return {quad.triple for one in newest.values() for quad in one if quad.graph_name != ox.DefaultGraph()}


@pytest.mark.parametrize("order", ["none", "ascending"])
def test_a_foreign_client_replicates_into_an_equal_graph(tmp_path, furnished, order):
    with islands.archipelago(tmp_path, furnished) as (federation, partners, client):
        many = [islands.place(f"m{number}", f"Jardin {number}") for number in range(600)]
        islands.serve(partners, "jardins", [*islands.RECORDS["jardins"], *many])
        islands.harvest(federation, "jardins")
        islands.serve(partners, "jardins", [islands.place("j1", "Jardin renommé"), *many[:580]])
        islands.harvest(federation, "jardins")
        islands.harvest(federation, "jardins")  # grace is over: what left the listing is withdrawn
        federation.publish()

        members = followed(f"{client.base_url}/changes", order)
        of_cafes = followed(f"{client.base_url}/changes?source=cafes", order)

        wanted = {
            quad.triple
            for name in ("jardins", "cafes", "ateliers")
            for quad in islands.graph(federation, name)
        }
        assert replica(members) == wanted
        assert replica(of_cafes) == {quad.triple for quad in islands.graph(federation, "cafes")}
        numbers = [int(said(one, SEQUENCE)) for one in members]
        assert len(numbers) == len(set(numbers)) > 600
