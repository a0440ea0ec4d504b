"""A SPARQL 1.1 server on loopback over a real store in memory: query, update, graph store; and its bad days."""

from __future__ import annotations

import re
import socket
import sys
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox

from harvester import iri, territory
from harvester.canonical import in_graph

BASE = "http://localhost:8000/"
POSITIONS = iri.graph(BASE, "position")
LAND = iri.graph(BASE, "territoire")
NONCE = "dcd98b7102dd2f0e8b11d0f600bfb0c0"
TRIPLE = re.compile(r"^<.* \.$", re.MULTILINE)


class Mirrored(ThreadingHTTPServer):
    """What it takes, and how it misbehaves.

    `most` triples in one request, more are answered `refusal`; `down` answers 503 to all; `fates` befall the next
    writes, one each: a status, "cut" before it is done, "done" and cut after, "wait" until `waiting` is set;
    `user` is (name, password, "basic" or "digest").
    """

    daemon_threads = True

    def __init__(self) -> None:
        self.store = ox.Store()
        self.most, self.refusal = 1_000_000, 400
        self.down = False
        self.fates: list[int | str] = []
        self.user: tuple[str, str, str] | None = None
        self.waiting, self.arrived = threading.Event(), threading.Event()
        self.writes: list[tuple[str, int]] = []
        super().__init__(("127.0.0.1", 0), _Answering)
        self._hold_territories()

    def handle_error(self, request: object, client_address: object) -> None:
        """Those who do not wait for their answer are what is tested."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def _hold_territories(self) -> None:
        """They are large, and the same for every test."""
        mark = f'<{LAND}> <{iri.term("mirrors")}> "{territory.load().fingerprint()}"'
        self.store.update(f"INSERT DATA {{ GRAPH <{POSITIONS}> {{ {mark} }} }}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def toml(self, *, auth: str = "") -> str:
        said = f', auth = {{ env = "{auth}" }}' if auth else ""
        at = self.url
        return f'triplestore = {{ query = "{at}/query", update = "{at}/update", graph_store = "{at}/store"{said} }}\n'

    def held(self) -> bytes:
        """What it holds but its marks: sorted N-Quads."""
        graphs = (IRI.value for IRI in self.store.named_graphs() if IRI.value != POSITIONS)
        dumps = (in_graph(self.triples(graph), graph) for graph in graphs)
        return b"".join(sorted(line for quads in dumps for line in quads.splitlines(keepends=True)))

    def triples(self, graph: str) -> bytes:
        return self.store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(graph)) or b""

    def marks(self) -> dict[str, str]:
        """Graph -> the state that it is said to hold."""
        named = ox.NamedNode(iri.term("mirrors"))
        quads = self.store.quads_for_pattern(None, named, None, ox.NamedNode(POSITIONS))
        return {quad.subject.value: quad.object.value for quad in quads}

    def begun(self) -> set[str]:
        """The graphs that were begun and not ended."""
        named = ox.NamedNode(iri.term("mirroring"))
        return {
            quad.subject.value
            for quad in self.store.quads_for_pattern(None, named, None, ox.NamedNode(POSITIONS))
        }


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Mirrored

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        path, server = urlsplit(self.path), self.server
        if server.down:
            self._say(503)
        elif not self._known(method):
            kind = server.user[2] if server.user else ""
            ask = (
                f'Digest realm="sparql", nonce="{NONCE}", qop="auth"'
                if kind == "digest"
                else 'Basic realm="sparql"'
            )
            self._say(401, headers={"WWW-Authenticate": ask})
        elif path.path == "/query":
            self._rows(body)
        else:
            graph = parse_qs(path.query).get("graph", [""])[0]
            self._write(method, graph, body)

    def _rows(self, body: str) -> None:
        solutions = self.server.store.query(parse_qs(body)["query"][0])
        assert isinstance(solutions, ox.QuerySolutions)
        self._say(
            200, solutions.serialize(format=ox.QueryResultsFormat.JSON), "application/sparql-results+json"
        )

    def _write(self, method: str, graph: str, body: str) -> None:
        server, size = self.server, len(TRIPLE.findall(body))
        server.writes.append((method if graph else "update", size))
        if size > server.most:
            self._say(server.refusal, b"too many triples\nof yours: " + body[:100].encode())
            return
        fate = server.fates.pop(0) if server.fates else "done well"
        if isinstance(fate, int):
            self._say(fate)
            return
        if fate != "cut":
            self._do(method, graph, body)
        if fate == "wait":
            server.arrived.set()
            server.waiting.wait(30)
        if fate in ("cut", "done"):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._say(204)

    def _do(self, method: str, graph: str, body: str) -> None:
        store, name = self.server.store, ox.NamedNode(graph) if graph else None
        if name is None:
            store.update(body)
            return
        if method in ("PUT", "DELETE"):
            store.remove_graph(name)
        if method in ("PUT", "POST"):
            store.load(body.encode(), format=ox.RdfFormat.TURTLE, to_graph=name)

    def _known(self, method: str) -> bool:
        if self.server.user is None:
            return True
        user, password, kind = self.server.user
        word, _, said = self.headers.get("Authorization", "").partition(" ")
        if word.lower() != kind:
            return False
        if kind == "basic":
            return b64decode(said).decode() == f"{user}:{password}"
        told = dict(re.findall(r'(\w+)="?([^",]+)"?', said))
        owner = md5(f"{user}:sparql:{password}".encode()).hexdigest()
        asked = md5(f"{method}:{told['uri']}".encode()).hexdigest()
        whole = f"{owner}:{NONCE}:{told['nc']}:{told['cnonce']}:{told['qop']}:{asked}"
        return told["uri"] == self.path and md5(whole.encode()).hexdigest() == told["response"]

    def _say(
        self, status: int, body: bytes = b"", kind: str = "text/plain", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {
            **(headers or {}),
            "Content-Type": kind,
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def mirroring() -> Iterator[Mirrored]:
    """The server, until the end."""
    server = Mirrored()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.waiting.set()
        server.shutdown()
        server.server_close()
        thread.join()
