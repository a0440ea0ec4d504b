"""Room: every request seen from the outside: which route, how it ended, how long it took.

ASGI middleware round the whole application. What it hands on says nothing of who asked, nor what: no address,
no query, no user agent, no path, only the template of the route.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PROBLEM = b"application/problem+json"
_LONGEST_PROBLEM = 1 << 16


class End(StrEnum):
    """How an answer ended."""

    WHOLE = "whole"
    CUT = "cut"
    """It began, and could not be ended: the connection was broken."""
    LEFT = "left"
    """The asker went away before its end."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request: `status` is None when no answer began; `kind` that of a problem document."""

    method: str
    route: str | None
    status: int | None
    size: int
    took_s: float
    end: End
    kind: str | None
    queried: bool


Heard = Callable[[Seen], None]
"""Hears of each request once it is over."""


class Watch:
    """See the room; `heard` are told in turn, `routes` are looked through in their order."""

    def __init__(self, app: ASGIApp, *, heard: Sequence[Heard], routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._heard = heard
        self._routes = [route for route in routes if isinstance(route, Route | Mount)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send)
        try:
            await self._app(exchange.scope, exchange.receive, exchange.send)
        finally:
            seen = exchange.seen(self._template(scope["path"]))
            for heard in self._heard:
                heard(seen)

    def _template(self, path: str) -> str | None:
        """The route of a path, as it is written; None when there is none. Not all routes tell themselves."""
        return next((route.path for route in self._routes if route.path_regex.match(path)), None)


class _Exchange:
    """One request under way."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive, self._send = receive, send
        self._began = time.perf_counter()
        self._status: int | None = None
        self._size, self._ended, self._gone = 0, False, False
        self._problem: bytearray | None = None

    async def receive(self) -> Message:
        message = await self._receive()
        self._gone |= message["type"] == "http.disconnect" and not self._ended
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
            self._problem = bytearray() if kinds and kinds[0].startswith(_PROBLEM) else None
        elif message["type"] == "http.response.body":
            self._body(message)
        await self._send(message)

    def _body(self, message: Message) -> None:
        body = message.get("body", b"")
        self._size += len(body)
        self._ended = not message.get("more_body", False)
        if self._problem is not None and len(self._problem) < _LONGEST_PROBLEM:
            self._problem += body

    def seen(self, route: str | None) -> Seen:
        method = self.scope["method"]
        end = End.WHOLE if self._ended else End.LEFT if self._gone else End.CUT
        took_s = time.perf_counter() - self._began
        queried = route == "/sparql" and (method == "POST" or b"query=" in self.scope["query_string"])
        return Seen(method, route, self._status, self._size, took_s, end, _kind(self._problem), queried)


def _kind(problem: bytearray | None) -> str | None:
    try:
        told: Any = orjson.loads(problem) if problem else {}
    except ValueError:
        return None
    kind = told.get("kind")
    return kind if isinstance(kind, str) else None
