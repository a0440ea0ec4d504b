"""A small federation harvested by the product: two sources under one licence, one under another, one without."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyoxigraph as ox
import uvicorn
from conftest import HEAD, Federation

from demo.server import Partners
from harvester import dumps, iri
from harvester.config import load
from harvester.triplestore import Checkpoints, QueryPool
from harvester.web import Serving, create_app

MAP = (
    '{ ref = "id", name = "nom", description = "texte", postcode = "code", city = "ville", lat = "lat", lon = "lon",'
    ' page = "page", homepage = "site", keywords = "mots", email = "courriel" }'
)
LICENCES = {"jardins": "ODbL-1.0", "cafes": "etalab-2.0", "ateliers": "ODbL-1.0", "secrets": "unknown"}


def place(ref: str, name: str, **more: Any) -> dict[str, Any]:
    """One record of a partner, in Aniane."""
    told = {"id": ref, "nom": name, "code": "34150", "ville": "Aniane", "lat": 43.684, "lon": 3.587}
    return {**told, "texte": f"{name}, ouvert à tous.", "page": f"https://partenaire.example/{ref}", **more}


RECORDS: dict[str, list[dict[str, Any]]] = {
    "jardins": [
        place("j1", "Jardin des possibles", mots=["sol", "eau"], site="https://jardin.example/"),
        place("j2", '=cmd|"/C calc"!A0', courriel="contact@jardin.example"),
        place("j/3", "Jardin sans point, avec «\u2028guillemets»\n", lat=None, lon=None),
    ],
    "cafes": [place("c1", "Café des voisins", ville="Lyon 3e", code="69003", lat=45.76, lon=4.85)],
    "ateliers": [place("a1", "Atelier vélo"), place("a2", "Atelier bois")],
    "secrets": [place("s1", "Sans licence")],
}


def toml(url: str) -> str:
    """The sources as a maintainer writes them."""
    return "".join(
        f'[source.{name}]\ntitle = "Les {name}"\nconnector = "table"\nlicence = "{licence}"\n'
        f'url = "{url}/{name}/liste.json"\nallow_private = true\ndelay = "0s"\nattempts = 1\ngrace = "0d"\n'
        f'expect = {{ max_shrink = 1.0 }}\nkind = "{"organisation" if name == "ateliers" else "initiative"}"\n'
        f'publisher = {{ name = "Réseau des {name}", url = "https://{name}.example/" }}\nmap = {MAP}\n'
        for name, licence in LICENCES.items()
    )


def serve(partners: Any, source: str, records: object) -> None:
    partners.serve(f"/{source}/liste.json", json.dumps(records).encode(), "application/json")


def harvest(federation: Any, *names: str) -> None:
    """Harvest these sources, or all of them."""
    for name in names or LICENCES:
        assert federation.run(name).outcome.succeeded


def rebased(federation: Any, port: int, url: str) -> None:
    """Declare the sources in a federation whose IRIs are addresses of a server on loopback."""
    head = HEAD.replace("http://localhost:8000/", f"http://127.0.0.1:{port}/")
    federation.config.write_text(head + toml(url), encoding="utf-8")


@contextmanager
def answering(federation: Any, port: int = 0) -> Iterator[httpx.Client]:
    """The federation, published, with its dumps, on a real server; yields a client without preferences."""
    federation.publish()
    ledger, configured_as = federation.ledger(), configured(federation)
    dumps.make(federation.layout, configured_as)
    pool = QueryPool(Checkpoints(federation.layout.checkpoints).current(), workers=1)
    serving = Serving(
        federation=configured_as, ledger=ledger, pool=pool, layout=federation.layout,
        next_run=lambda _source: None, running=dict, problems=list, configured=lambda: [*LICENCES],
        now=lambda: datetime.now(UTC) + timedelta(seconds=1),
    )  # fmt: skip
    server = uvicorn.Server(uvicorn.Config(create_app(serving), port=port, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        heard = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{heard}", timeout=30, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()
        pool.close()
        ledger.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def archipelago(folder: Any, furnished: Any) -> Iterator[tuple[Any, Any, httpx.Client]]:
    """The federation of a whole test module, its partners, and a client of its server, at its own base."""
    (folder / "partners").mkdir()
    with Partners(folder / "partners") as partners:
        federation, port = Federation(folder, furnished), free_port()
        for name, records in RECORDS.items():
            serve(partners, name, records)
        rebased(federation, port, partners.url)
        harvest(federation)
        with answering(federation, port) as client:
            yield federation, partners, client


def graph(federation: Any, source: str) -> list[ox.Quad]:
    """What is published of a source."""
    checkpoint = Checkpoints(federation.layout.checkpoints).current()
    name = ox.NamedNode(iri.source_graph(configured(federation).base, source))
    return list(ox.Store.read_only(str(checkpoint)).quads_for_pattern(None, None, None, name))


def declared(federation: Any, partners: Any) -> Any:
    """The federation, harvested once."""
    for name, records in RECORDS.items():
        serve(partners, name, records)
    federation.declare(toml(partners.url))
    harvest(federation)
    return federation


def configured(federation: Any) -> Any:
    return load(federation.config).federation
