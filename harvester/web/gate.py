"""Room: what is true of every answer: security headers, no body for HEAD, no internals shown.

Here is the one `except Exception` round a request. Once an answer has begun, an error breaks the
connection, because an answer cut short must not look whole.
"""

from __future__ import annotations

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harvester.errors import QueryError
from harvester.web.problems import problem

SECURITY = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Gate:
    """ASGI middleware round the whole application."""

    def __init__(self, app: ASGIApp, *, base: str) -> None:
        self._app = app
        self._base = base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, body=scope["method"] != "HEAD")
        asked = {**scope, "method": "GET", "bodiless": True} if scope["method"] == "HEAD" else scope
        try:
            await self._app(asked, receive, answer.send)
        except Exception as error:  # the one round a request: no internals to the asker, all to the log
            log = structlog.get_logger().bind(path=scope["path"])
            if answer.begun:
                log.warning("answer cut", cause=str(error), expected=isinstance(error, QueryError))
                raise
            log.exception("request failed by our fault")
            text = "our own fault; it is written in the log of the server, please report it"
            await problem(500, text, kind="fault", base=self._base)(asked, receive, answer.send)


class _Answer:
    """What is sent, with our headers; remembers whether it has begun."""

    def __init__(self, send: Send, *, body: bool) -> None:
        self._send = send
        self._body = body
        self.begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY.items():
                headers.setdefault(name, value)  # a page that runs scripts says itself what it may load
        elif not self._body:
            message = {**message, "body": b""}
        await self._send(message)
