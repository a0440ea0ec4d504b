"""Room: an answer on its way out of a worker: bytes as the engine writes them, in frames, compressed.

What is wished is decided by the server; a tiny answer goes out as it is. Nothing is held back longer
than a frame, so that the first rows of a long answer arrive first.
"""

from __future__ import annotations

import json
import zlib
from typing import IO, Any

from harvester.evaluator import frames

_CHUNK = 1 << 16
_TINY = 1400
"""Bytes that travel in one packet anyway."""


class Packer:
    """Collects bytes and sends them as data frames of a bounded size."""

    def __init__(self, pipe: IO[bytes], name: str, encoding: str) -> None:
        self._pipe = pipe
        self._kind = {"format": name, "encoding": encoding}
        self._begun = False
        self._packed: Any = None
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        """What the engine calls."""
        self._held += data
        if len(self._held) >= _CHUNK:
            self._send(self._begin() + frames.framed(frames.DATA, self._squeezed()))
        return len(data)

    def flush(self) -> None:
        """What the engine may call; the frames decide."""

    def end(self) -> None:
        """The answer is whole: send what is left, and say so, at once when all of it is short."""
        if not self._begun and len(self._held) < _TINY:
            self._kind["encoding"] = ""
        begin = self._begin()
        last = self._squeezed(last=True)
        self._send(begin + frames.framed(frames.DATA, last) + frames.framed(frames.END, b""))

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        self._packed = _compressor(self._kind["encoding"])
        return frames.framed(frames.KIND, json.dumps(self._kind).encode())

    def _squeezed(self, *, last: bool = False) -> bytes:
        data = bytes(self._held)
        self._held.clear()
        if self._packed is None:
            return data
        squeeze, push, finish = self._packed
        return bytes(squeeze(data) + (finish() if last else push()))

    def _send(self, data: bytes) -> None:
        self._pipe.write(data)
        self._pipe.flush()


def _compressor(encoding: str) -> Any:
    """(compress, flush what is held, finish), None for no encoding."""
    if encoding == "gzip":
        gzip = zlib.compressobj(5, zlib.DEFLATED, 31)
        return gzip.compress, lambda: gzip.flush(zlib.Z_SYNC_FLUSH), gzip.flush
    if encoding == "zstd":
        import zstandard

        zstd = zstandard.ZstdCompressor(level=3).compressobj()
        return zstd.compress, lambda: zstd.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK), zstd.flush
    return None
