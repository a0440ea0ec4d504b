"""Room: one answer of a partner, before it is sent.

What comes in: bytes with their media type, or a ready status. What goes out: a frozen value that says
what to send and how (whole, cut, slowly, late, not at all). Never speaks HTTP, never reads a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """What to send, and how.

    `body` is sent `times` times over; `date` is aware UTC, None when the partner states none; a plain
    reply may be compressed and answered by 304. `wait_s` passes before the first byte, `rate` is in
    bytes per second, `cut` closes the connection half-way, `reset` breaks it off: before anything is sent,
    or half-way when it is `cut` too.
    """

    status: int = 200
    body: bytes = b""
    media_type: str = "text/plain"
    charset: str | None = "utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    date: datetime | None = None
    times: int = 1
    wait_s: float = 0
    rate: float | None = None
    cut: bool = False
    reset: bool = False
    plain: bool = True

    @property
    def silent(self) -> bool:
        """True when nothing is sent at all."""
        return self.reset and not self.cut

    @property
    def size(self) -> int:
        """Bytes announced in Content-Length."""
        return len(self.body) * self.times

    @property
    def etag(self) -> str:
        """Weak validator made of the content alone: the same bytes, compressed or not."""
        return f'W/"{hashlib.sha256(self.body).hexdigest()[:32]}"'

    @property
    def content_type(self) -> str:
        """Media type, with its charset when it has one."""
        return f"{self.media_type}; charset={self.charset}" if self.charset else self.media_type
