"""Room: the framing between the server and its query workers: one letter, a length, bytes."""

from __future__ import annotations

import struct
from typing import IO

OPEN, READY, REQUEST = b"O", b"R", b"Q"
KIND, DATA, END, ERROR = b"K", b"D", b"E", b"X"
HEADER = struct.Struct(">cI")


def framed(letter: bytes, data: bytes) -> bytes:
    """One frame as bytes."""
    return HEADER.pack(letter, len(data)) + data


def send(pipe: IO[bytes], letter: bytes, data: bytes) -> None:
    """Write one frame and push it out, also through a pipe that takes a part at a time."""
    left = memoryview(framed(letter, data))
    while left:
        left = left[pipe.write(left) :]
    pipe.flush()


def receive(pipe: IO[bytes]) -> tuple[bytes, bytes] | None:
    """Read one frame, waiting for it; None when the other side has closed."""
    header = pipe.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    letter, length = HEADER.unpack(header)
    return letter, pipe.read(length)
