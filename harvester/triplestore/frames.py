"""Room: the framing between the server and its query workers: one letter, a length, bytes."""

from __future__ import annotations

import struct
from typing import IO

READY, KIND, DATA, END, ERROR, REQUEST = b"R", b"K", b"D", b"E", b"X", b"Q"
HEADER = struct.Struct(">cI")


def send(pipe: IO[bytes], letter: bytes, data: bytes) -> None:
    """Write one frame and push it out."""
    pipe.write(HEADER.pack(letter, len(data)) + data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> tuple[bytes, bytes] | None:
    """Read one frame, waiting for it; None when the other side has closed."""
    header = pipe.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    letter, length = HEADER.unpack(header)
    return letter, pipe.read(length)
