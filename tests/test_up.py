"""The demonstration as a newcomer starts it: one command, real processes, real HTTP."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest
from conftest import PREFIXES, ROOT
from SPARQLWrapper import JSON, SPARQLWrapper

DEADLINE_S = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def up(store, port: int, demo_port: int):
    """`harvester up --demo`, stopped as a person stops it; `.said` is what it printed."""
    command = [
        sys.executable,
        "-m",
        "harvester",
        "up",
        "--demo",
        "--port",
        str(port),
        "--demo-port",
        str(demo_port),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (store / "said").open("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            [*command, "--store", str(store)], stdout=said, stderr=said, env=environment
        )
        try:
            yield said
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0, (store / "said").read_text(encoding="utf-8")


def answered(port: int, path: str, *, deadline_s: float = DEADLINE_S, **headers: str) -> httpx.Response:
    """The first answer of a server that is starting."""
    deadline = time.monotonic() + deadline_s
    while True:
        try:
            return httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, trust_env=False, timeout=10)
        except httpx.ConnectError:
            assert time.monotonic() < deadline, "the server never answered"
            time.sleep(0.1)


def select(port: int, query: str) -> list[dict[str, str]]:
    """Ask as a partner does, with a client of the field."""
    client = SPARQLWrapper(f"http://127.0.0.1:{port}/sparql")
    client.setQuery(PREFIXES + query)
    client.setReturnFormat(JSON)
    rows = client.queryAndConvert()["results"]["bindings"]
    return [{name: cell["value"] for name, cell in row.items()} for row in rows]


def harvested(store, sources: int) -> list[str]:
    """The lines of the runs, once there are so many; then published."""
    deadline = time.monotonic() + DEADLINE_S
    words = (" done ", " done-issues ", " unchanged ", " failed ", " deferred ")
    while True:
        lines = [
            line
            for line in (store / "said").read_text(encoding="utf-8").splitlines()
            if any(w in line for w in words)
        ]
        if len(lines) >= sources:
            return lines
        assert time.monotonic() < deadline, lines
        time.sleep(0.2)


def published(port: int, count: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    total = "SELECT (COUNT(?r) AS ?n) { ?r dcterms:isPartOf ?s }"
    while answered(port, "/readyz").status_code != 200 or int(select(port, total)[0]["n"]) < count:
        assert time.monotonic() < deadline, "the records were never published"
        time.sleep(0.2)


@pytest.mark.timeout(300)
def test_the_demonstration_serves_at_once_harvests_and_answers_then_says_unchanged(tmp_path):
    port, demo_port = free_port(), free_port()
    with up(tmp_path, port, demo_port):
        assert answered(port, "/", Accept="text/html").status_code == 200
        lines = harvested(tmp_path, 11)
        published(port, 1773)

        assert {line.split()[1] for line in lines} == {"done", "done-issues"}
        _sources_page(port)
        _questions(port)

    # another night: nothing is due, so the clock is asked by hand
    config = tmp_path / "demo" / "sources.toml"
    with recorded(demo_port):
        again = subprocess.run(
            [sys.executable, "-m", "harvester", "run", "--config", config, "--store", tmp_path / "demo"],
            capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert [line.split()[1] for line in again.stderr.splitlines()] == ["unchanged"] * 11, again.stderr


@contextmanager
def recorded(port: int):
    process = subprocess.Popen(
        [sys.executable, ROOT / "demo/server.py", "--port", str(port)], stdout=subprocess.PIPE
    )
    assert process.stdout.readline()
    yield
    process.terminate()
    process.wait()
    process.stdout.close()


def _sources_page(port: int) -> None:
    page = answered(port, "/sources?lang=en", Accept="text/html").text
    for title, count in (("On passe", "31"), ("Supermarchés coopératifs", "130"), ("Gironde", "347")):
        assert title in page
        assert count in page


def _questions(port: int) -> None:
    per_source = select(port, "SELECT ?s (COUNT(?r) AS ?n) { ?r dcterms:isPartOf ?s } GROUP BY ?s")
    assert {row["s"].rsplit("/")[-1]: int(row["n"]) for row in per_source}["pwa"] == 695
    nantes = select(
        port,
        'SELECT ?n { ?c igeo:codeINSEE "44109" . ?r dcterms:spatial ?c ; a archipel:Initiative ; rdfs:label ?n }',
    )
    assert len(nantes) > 50
    food = select(
        port, "SELECT ?r { ?r archipel:topTheme <https://w3id.org/archipel/vocab/themes/alimentation> }"
    )
    assert len(food) > 100
    origin = select(
        port,
        "SELECT ?t ?l ?end { ?run prov:used ?s ; prov:endedAtTime ?end . ?s dcterms:title ?t ; dcterms:license ?l }",
    )
    assert {row["l"].rsplit("/")[-1] for row in origin} >= {"ODbL-1.0", "CC-BY-SA-4.0", "etalab-2.0", "MIT"}


@pytest.mark.timeout(120)
def test_with_no_network_every_source_is_deferred_and_what_is_held_is_served(federation):
    toml = "".join(
        f'[source.{name}]\ntitle = "{name}"\nconnector = "gogocarto"\nurl = "http://127.0.0.1:9/{name}"\n'
        'licence = "ODbL-1.0"\nallow_private = true\nattempts = 1\n'
        for name in ("un", "deux")
    )
    federation.declare(toml)
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "harvester",
        "up",
        "--port",
        str(port),
        "--config",
        str(federation.config),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*command, "--store", str(federation.layout.root)], stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        deadline = time.monotonic() + DEADLINE_S
        while "deferred" not in (page := answered(port, "/sources?lang=en", Accept="text/html").text):
            assert time.monotonic() < deadline, page
            time.sleep(0.2)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
