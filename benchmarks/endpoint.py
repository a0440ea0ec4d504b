"""The endpoint against others on the same data, in the same run: requests a second, how long each takes.

`python benchmarks/endpoint.py [ITEMS] [--seconds S] [--json]`: ours, a bare thread pool over pyoxigraph
behind the same HTTP server and, where `scripts/services oxigraph rdflib-endpoint` has installed them, the
`oxigraph` server and `rdflib-endpoint`. Asked by `wrk` (`scripts/services wrk`) at 1, 8 and 32 connections:
light queries (one item), medium ones (a theme with names, 500 rows), one server at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import pyoxigraph as ox

ROOT = Path(__file__).parents[1]
CONNECTIONS = (1, 8, 32)
THEMES = 20
JSON = "application/sparql-results+json"
LIGHT, AGAIN, MEDIUM = "light", "light, held already", "medium"


def nquads(items: int) -> Iterator[bytes]:
    for n in range(items):
        item, graph = f"<http://e/{n}>", f"<http://e/graph/{n % 13}>"
        lines = (
            f"{item} <http://e/type> <http://e/Item> {graph} .",
            f"{item} <http://e/theme> <http://e/theme/{n % THEMES}> {graph} .",
            f'{item} <http://e/name> "Le jardin partagé numéro {n}"@fr {graph} .',
            f'{item} <http://e/lat> "{40 + n % 1000 / 100}" {graph} .',
            f'{item} <http://e/lon> "{n % 700 / 100}" {graph} .',
            f'{item} <http://e/text> "{"On y sème, on y récolte. " * 8}{n}"@fr {graph} .',
        )
        yield ("\n".join(lines) + "\n").encode()


def queries(kind: str, items: int) -> list[str]:
    if kind == MEDIUM:
        themes = (
            f"SELECT ?s ?n {{ ?s <http://e/theme> <http://e/theme/{n}> ; <http://e/name> ?n }} LIMIT 500"
            for n in range(THEMES)
        )
        return list(themes)
    return [f"SELECT ?p ?o {{ <http://e/{n * items // 500}> ?p ?o }}" for n in range(500)]


# --- Servers, each in a process of its own ---


def serve_ours(checkpoint: Path, port: int) -> None:
    import uvicorn

    from harvester.layout import Layout
    from harvester.ledger import Ledger
    from harvester.model import Federation
    from harvester.triplestore import QueryPool
    from harvester.web import Serving, create_app

    layout = Layout(checkpoint.parent / "ours")
    pool = QueryPool(checkpoint, workers=(os.cpu_count() or 1) + 3)
    ledger = Ledger.open(layout.ledger, base="http://localhost:8000/")
    serving = Serving(
        federation=Federation(), ledger=ledger, pool=pool, layout=layout, next_run=lambda _source: None,
        running=dict, problems=list, configured=list,
    )  # fmt: skip
    uvicorn.run(create_app(serving), port=port, log_level="warning")
    pool.close()


def serve_bare(checkpoint: Path, port: int) -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request as Asked
    from starlette.responses import Response
    from starlette.routing import Route

    store = ox.Store.read_only(str(checkpoint))

    def answer(query: str) -> bytes:
        results = store.query(query, use_default_graph_as_union=True)
        return results.serialize(format=ox.QueryResultsFormat.JSON)

    async def endpoint(request: Asked) -> Response:
        return Response(await run_in_threadpool(answer, request.query_params["query"]), media_type=JSON)

    uvicorn.run(Starlette(routes=[Route("/sparql", endpoint)]), port=port, log_level="warning")


RDFLIB_ENDPOINT = """
import sys, uvicorn
from rdflib import Dataset
from rdflib_endpoint import SparqlEndpoint
graph = Dataset(store="Oxigraph", default_union=True)
graph.parse(sys.argv[1], format="nquads")
uvicorn.run(SparqlEndpoint(graph=graph, path="/sparql"), port=int(sys.argv[2]), log_level="warning")
"""


def commands(folder: Path, port: int) -> dict[str, list[str]]:
    here = [sys.executable, __file__]
    found = {
        "ours": [*here, "--serve", "ours", str(folder / "checkpoint"), str(port)],
        "bare thread pool": [*here, "--serve", "bare", str(folder / "checkpoint"), str(port)],
    }
    oxigraph, rdflib = ROOT / ".venv/oxigraph/bin/oxigraph", ROOT / ".venv/rdflib-endpoint/bin/python"
    if oxigraph.exists():
        found["oxigraph"] = [str(oxigraph), "serve-read-only", "--location", str(folder / "checkpoint"),
                             "--bind", f"127.0.0.1:{port}", "--union-default-graph"]  # fmt: skip
    if rdflib.exists():
        found["rdflib-endpoint"] = [str(rdflib), "-c", RDFLIB_ENDPOINT, str(folder / "data.nq"), str(port)]
    return found


@contextmanager
def running(command: list[str], url: str) -> Iterator[None]:
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 300
        while not answers(url):
            assert process.poll() is None, command
            assert time.monotonic() < deadline, command
            time.sleep(0.1)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def answers(url: str) -> bool:
    try:
        with urlopen(asked(url, "ASK {}"), timeout=60) as answer:
            return answer.status == 200
    except OSError:
        return False


def asked(url: str, query: str) -> Request:
    return Request(f"{url}?query={quote(query)}", headers={"accept": JSON})


# --- Load ---

LUA = """
local paths = {%s}
local tags = {%s}
local n = 0
request = function()
  n = n %% #paths + 1
  local headers = {["accept"] = "%s"}
  if #tags > 0 then headers["if-none-match"] = tags[n] end
  return wrk.format("GET", paths[n], headers)
end
done = function(summary, latency)
  local told, failed = summary.requests / summary.duration * 1e6, summary.errors
  failed = failed.status + failed.timeout + failed.read + failed.connect
  local median, last = latency:percentile(50) / 1000, latency:percentile(99) / 1000
  io.write(string.format("TOLD %%f %%f %%f %%d\\n", told, median, last, failed))
end
"""


def load(url: str, asks: list[str], connections: int, seconds: float, *, tags: list[str]) -> dict[str, float]:
    path = "/" + url.split("/", 3)[3]
    paths = ", ".join(json.dumps(f"{path}?query={quote(one)}") for one in asks)
    held = ", ".join(json.dumps(one) for one in tags)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA % (paths, held, JSON))
        script.flush()
        words = [
            "wrk",
            "-t",
            "1",
            "-c",
            str(connections),
            "-d",
            f"{seconds:g}s",
            "--timeout",
            "30s",
            "-s",
            script.name,
            url,
        ]
        told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    match = re.search(r"TOLD (\S+) (\S+) (\S+) (\d+)", told)
    assert match, told
    rate, median, last, errors = (float(one) for one in match.groups())
    return {"per_s": round(rate, 1), "p50_ms": round(median, 2), "p99_ms": round(last, 2), "errors": errors}


def tags(url: str, asks: list[str]) -> list[str]:
    found = []
    for one in asks:
        with urlopen(asked(url, one), timeout=60) as answer:
            found.append(answer.headers["etag"])
    return found


Told = dict[str, dict[str, dict[str, float]]]
"""Server -> kind and connections -> figures."""


def measured(folder: Path, items: int, seconds: float, only: list[str] | None) -> Told:
    told: Told = {}
    port = free_port()
    for name, command in commands(folder, port).items():
        if only and name not in only:
            continue
        url = f"http://127.0.0.1:{port}/{'query' if name == 'oxigraph' else 'sparql'}"
        with running(command, url):
            for kind in (LIGHT, MEDIUM, *([AGAIN] if name == "ours" else [])):
                asks = queries(kind, items)
                held = tags(url, asks) if kind == AGAIN else []
                load(url, asks, 4, 1, tags=held)  # warm
                for connections in CONNECTIONS:
                    figures = load(url, asks, connections, seconds, tags=held)
                    told.setdefault(name, {})[f"{kind}, {connections}"] = figures
                    print(f"{name:18} {kind:20} {connections:3}  {figures}", file=sys.stderr)
    return told


def ratios(told: Told) -> dict[str, float]:
    """Ours over theirs, requests a second."""
    ours = told["ours"]
    return {
        f"{case}: ours / {name}": round(ours[case]["per_s"] / figures[case]["per_s"], 2)
        for name, figures in told.items() if name != "ours" for case in figures if figures[case]["per_s"]
    }  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("items", type=int, nargs="?", default=20_000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--only", nargs="*", help="names of servers; all that are installed otherwise")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", nargs=3, metavar=("WHICH", "CHECKPOINT", "PORT"), help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.serve:
        which, checkpoint, port = told.serve
        (serve_ours if which == "ours" else serve_bare)(Path(checkpoint), int(port))
        return
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: scripts/services wrk")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "data.nq").open("wb") as file:
            file.writelines(nquads(told.items))
        store = ox.Store(str(folder / "store"))
        store.bulk_load(path=folder / "data.nq", format=ox.RdfFormat.N_QUADS)
        store.flush()
        store.backup(str(folder / "checkpoint"))
        figures = measured(folder, told.items, told.seconds, told.only)
    compared = ratios(figures)
    if told.json:
        print(json.dumps({"figures": figures, "ratios": compared}, indent=1))
    else:
        print("\n".join(f"{case:45} {ratio}" for case, ratio in compared.items()))
    light = [compared[f"{LIGHT}, {n}: ours / bare thread pool"] for n in CONNECTIONS]
    sys.exit(0 if min(light) >= 0.5 else 1)


if __name__ == "__main__":
    main()
