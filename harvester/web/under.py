"""Room: the path of the base: pages stand under it, whether the proxy takes it off or not.

ASGI middleware round everything else. A base such as `https://example.org/archipel/` has one; no route has.
What a redirect says of scheme and host is taken off: whoever asked us is not whom the visitor asked.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Under:
    """Takes the path of `base` off what is asked, and puts it before redirects of our own."""

    def __init__(self, app: ASGIApp, *, base: str) -> None:
        self._app = app
        self._path = urlsplit(base).path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and 300 <= message["status"] < 400:
                headers = MutableHeaders(scope=message)
                if "location" in headers:
                    headers["location"] = self._here(headers["location"], host)
            await send(message)

        await self._app(self._stripped(scope), receive, sent)

    def _stripped(self, scope: Scope) -> Scope:
        path: str = scope["path"]
        if not self._path or not f"{path}/".startswith(f"{self._path}/"):
            return scope
        left = path.removeprefix(self._path) or "/"
        return {**scope, "path": left, "raw_path": quote(left, safe="/%:@!$&'()*+,;=~-._").encode()}

    def _here(self, location: str, host: str) -> str:
        """A redirect to ourselves as a path under the base; any other as it is."""
        there = urlsplit(location)
        if not there.netloc or there.netloc != host:
            return location
        path = there.path if there.path.startswith(f"{self._path}/") else self._path + there.path
        return f"{path}?{there.query}" if there.query else path
