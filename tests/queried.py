"""What the tests of the endpoint share: a checkpoint made of some data, served on loopback by the real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pyoxigraph as ox
import uvicorn

from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Federation
from harvester.triplestore import QueryPool
from harvester.web import Serving, create_app

BASE = "http://localhost:8000/"
JSON = {"accept": "application/sparql-results+json"}


def checkpoint(folder: Path, nquads: bytes, name: str = "00000001") -> Path:
    """A checkpoint that holds these quads."""
    store = ox.Store(str(folder / "store"))
    store.bulk_load(nquads, format=ox.RdfFormat.N_QUADS)
    store.flush()
    store.backup(str(folder / name))
    return folder / name


@contextmanager
def endpoint(pool: QueryPool, folder: Path) -> Iterator[httpx.Client]:
    """The whole application over a pool; yields a client that asks for JSON."""
    ledger = Ledger.open(Layout(folder).ledger, base=BASE)
    serving = Serving(
        federation=Federation(base=BASE, contact="mailto:contact@example.org"), ledger=ledger, pool=pool,
        layout=Layout(folder), next_run=lambda _source: None, running=dict, problems=list, configured=list,
    )  # fmt: skip
    try:
        with (
            listening(serving) as address,
            httpx.Client(base_url=address, headers=JSON, timeout=30) as client,
        ):
            yield client
    finally:
        ledger.close()


@contextmanager
def listening(serving: Serving) -> Iterator[str]:
    """The application on a free port; yields its address."""
    server = uvicorn.Server(uvicorn.Config(create_app(serving), port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
