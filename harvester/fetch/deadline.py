"""Room: the deadline, the whole time one request may take, headers and body together.

In: seconds. Out: streams whose every read, write and handshake ends by then. It protects a night
from a server that sends one byte at a time, which no per-read time-out sees. Never opens a stream.
"""

from __future__ import annotations

import ssl
import time

import httpcore


class Deadline:
    """The moment the request under way must have ended; one request at a time."""

    def __init__(self) -> None:
        self._ends = float("inf")

    def start(self, seconds: float) -> None:
        """Give the request that begins now `seconds` seconds."""
        self._ends = time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """True when the request under way has used all its time."""
        return time.monotonic() >= self._ends

    def left(self, timeout: float | None) -> float:
        """Seconds the next step may take: `timeout`, or less when the deadline is near; above 0."""
        left = self._ends - time.monotonic()
        return max(min(left, float("inf") if timeout is None else timeout), 0.001)


class TimedStream(httpcore.NetworkStream):
    """A network stream that keeps a deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most `max_bytes` bytes, empty at the end of the stream."""
        if self._deadline.passed:
            raise httpcore.ReadTimeout("deadline passed")
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write the whole buffer."""
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection under TLS, verified for `server_hostname`."""
        inner = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return TimedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> object:
        """What httpcore asks about the connection (its TLS object, whether it is readable)."""
        return self._stream.get_extra_info(info)
