"""Room: an answer that has begun, on its way to the asker as fast as they read, within its time.

When the asker leaves, the worker is freed at once. An answer that cannot be ended raises, so that the
transfer breaks; one that cannot be seen to break (HTTP/1.0 ends by closing) is sent only when it is whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import cast

import anyio.to_thread
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from harvester.errors import QueryError
from harvester.triplestore import Answering, Asker

HELD = 8 << 20
"""Bytes held at most for an asker to whom an answer cut short would look whole."""


class Streamed(Response):
    """The answer to a query."""

    def __init__(self, answering: Answering, asker: Asker, headers: Mapping[str, str]) -> None:
        super().__init__(headers=dict(headers))
        del self.headers["content-length"]
        self._answering = answering
        self._asker = asker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; raises QueryError when it had to be cut."""
        if self._answering.whole:
            await self._send(b"".join(self._answering.chunks), send)
            return
        chunks = cast("Generator[bytes]", self._answering.chunks)
        async with watched(receive, self._asker):
            try:
                if scope.get("bodiless"):
                    await self._send(b"", send)
                elif scope.get("http_version") == "1.0":
                    await self._send(await self._held(), send)
                else:
                    await self._stream(send)
            finally:
                self._asker.leave()  # what is still under way
                chunks.close()

    async def _send(self, body: bytes, send: Send) -> None:
        """All at once, with its length."""
        headers = [*self.raw_headers, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _held(self) -> bytes:
        body = bytearray()
        async for chunk in _chunks(self._answering):
            body += chunk
            if len(body) > HELD:
                text = f"more than {HELD} bytes cannot be sent safely over HTTP/1.0; use HTTP/1.1"
                raise QueryError(text, status=505, kind="http-version")
        return bytes(body)

    async def _stream(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        try:
            async with asyncio.timeout_at(self._answering.deadline):
                await send(start)
                async for chunk in _chunks(self._answering):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError as error:
            text = "the answer was not read in time"
            raise QueryError(text, status=503, kind="timeout") from error


async def _chunks(answering: Answering) -> AsyncIterator[bytes]:
    """The chunks, waited for in threads."""
    while chunk := await anyio.to_thread.run_sync(next, answering.chunks, b""):
        yield chunk


@asynccontextmanager
async def watched(receive: Receive, asker: Asker) -> AsyncIterator[None]:
    """Inside, the asker leaves when their connection does."""
    watch = asyncio.create_task(_watch(receive, asker))
    try:
        yield
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _watch(receive: Receive, asker: Asker) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    await anyio.to_thread.run_sync(asker.leave)
