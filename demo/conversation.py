"""Room: HTTP on the sockets of the recorded partners, in the words of http.server.

What comes in: requests on loopback, and somebody who knows the reply to a path. What goes out: that reply,
whole, slowly, cut or reset as it says. Never chooses a reply itself; every wait ends when the partners stop.
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Protocol

from demo.faults import UnknownFault
from demo.negotiation import negotiated
from demo.reply import Reply

HOST = "127.0.0.1"
CONTROL = "/_faults"
CONTROL_BYTES = 1 << 16
QUESTION_BYTES = 1 << 20
IDLE_S = 30
STEPS_PER_S = 100
"""How often a slow answer sends something: more often than any time-out between two bytes."""

Connection = socket.socket | tuple[bytes, socket.socket]
"""What socketserver calls a request; over TCP always a socket."""


class Seen(NamedTuple):
    """One request as it came and the status it got; 0 when the connection was reset instead.

    `at` is when its head was read, in seconds of a clock that never goes back.
    """

    method: str
    path: str
    status: int
    headers: dict[str, str]
    at: float


class Answering(Protocol):
    """Who knows the replies: `demo.server.Partners`."""

    stopping: threading.Event

    def reply(self, path: str) -> Reply:
        """The reply to one request for `path`; the body of a POST follows it after a `#`."""

    def keep(self, seen: Seen) -> None:
        """Remembers one request."""

    def misbehave(self, path: str, fault: str, *, times: int | None = None) -> None:
        """Makes `path` fail."""

    def behave(self) -> None:
        """Forgets every fault."""


class Listener(ThreadingHTTPServer):
    """Knows its open connections, so that stopping does not wait for a client to leave."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, partners: Answering, port: int) -> None:
        self.partners = partners
        self._open: set[Connection] = set()
        super().__init__((HOST, port), _Conversation)

    def server_bind(self) -> None:
        """Binds without asking the DNS for the name of 127.0.0.1, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]

    def get_request(self) -> tuple[socket.socket, str]:
        """Takes the next connection, and remembers it as open."""
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Connection) -> None:
        """Closes a connection, and forgets it."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Connection, client_address: object) -> None:
        """Reports what went wrong, unless it is a client that left."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """Closes both ways of every open connection; their threads end."""
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                assert isinstance(connection, socket.socket)
                connection.shutdown(socket.SHUT_RDWR)


class _Conversation(BaseHTTPRequestHandler):
    """One connection: requests in, replies out, in the words of http.server."""

    protocol_version = "HTTP/1.1"
    server_version = "RecordedPartners"
    disable_nagle_algorithm = True
    timeout = IDLE_S
    server: Listener

    def do_GET(self) -> None:
        self._answer(self.path)

    def _answer(self, asked: str) -> None:
        at = time.monotonic()
        try:
            reply = negotiated(self.server.partners.reply(asked), _headers(self))
        except UnknownFault as error:  # only when the fault does not fit what this path answers
            reply = Reply(status=500, body=f"{error}\n".encode())
        status = 0 if reply.silent else reply.status
        self.server.partners.keep(Seen(self.command, self.path, status, _headers(self), at))
        self._send(reply)

    do_HEAD = do_GET  # noqa: N815  (named by http.server)

    def do_POST(self) -> None:
        if self.path == CONTROL:
            self._send(self._asked())
        else:
            length = min(int(self.headers.get("Content-Length") or 0), QUESTION_BYTES)
            self._answer(f"{self.path}#{self.rfile.read(length).decode(errors='replace')}")

    def do_DELETE(self) -> None:
        if self.path == CONTROL:
            self.server.partners.behave()
        self._send(Reply(status=204 if self.path == CONTROL else 405))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (named by http.server)
        """Says nothing: `requests` holds what was asked."""

    def _asked(self) -> Reply:
        """Takes a fault asked for over HTTP: `{"path": …, "fault": …, "times": n or null}`."""
        try:
            length = min(int(self.headers.get("Content-Length") or 0), CONTROL_BYTES)
            asked = json.loads(self.rfile.read(length))
            path, fault = str(asked["path"]), str(asked["fault"])
            self.server.partners.misbehave(path, fault, times=asked.get("times"))
        except (ValueError, KeyError, TypeError) as error:
            return Reply(status=400, body=f"{CONTROL}: cannot use this fault: {error}\n".encode())
        return Reply(status=204)

    def _send(self, reply: Reply) -> None:
        self.close_connection |= reply.cut or reply.reset
        if self.server.partners.stopping.wait(reply.wait_s) or reply.silent:
            self._reset()
            return
        self._send_head(reply)
        if self.command != "HEAD" and reply.status not in (204, 304):
            self._send_body(reply)
        if reply.reset:
            self._reset()

    def _send_head(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status not in (204, 304):
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(reply.size))
        self.end_headers()

    def _send_body(self, reply: Reply) -> None:
        with contextlib.suppress(ConnectionError):  # the client may have had enough
            for piece in _pieces(reply):
                self.wfile.write(piece)
                if reply.rate and self.server.partners.stopping.wait(len(piece) / reply.rate):
                    break
            else:
                return
        self.close_connection = True

    def _reset(self) -> None:
        """Closes with unsent data forgotten, which the other side sees as a reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _headers(conversation: BaseHTTPRequestHandler) -> dict[str, str]:
    return {name.title(): value for name, value in conversation.headers.items()}


def _pieces(reply: Reply) -> Iterable[bytes]:
    body = reply.body[: len(reply.body) // 2] if reply.cut else reply.body
    if reply.rate is None:
        return (body for _ in range(reply.times))
    step = max(1, int(reply.rate / STEPS_PER_S))
    return (body[start : start + step] for start in range(0, len(body), step))
