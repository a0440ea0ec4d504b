"""Room: content decoding, from the bytes on the wire to the bytes the partner wrote.

In: chunks and the Content-Encoding they came with. Out: decoded pieces of at most 64 KiB, so that
whoever counts them can stop a decompression bomb early. Never buffers a whole body.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator

_PIECE = 1 << 16


class BadEncoding(ValueError):
    """The body is not what its Content-Encoding says; reads after an address."""


class CutShort(ValueError):
    """The compressed body ends too early; reads after an address."""


def decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Decoded pieces of a body, none empty; `encoding` is identity, gzip or deflate.

    Raises:
        BadEncoding: another encoding, or a body that is not encoded as said.
        CutShort: the compressed body has no end.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return (chunk for chunk in chunks if chunk)
        case "gzip" | "x-gzip":
            return _inflated(chunks, lambda _: 16 + zlib.MAX_WBITS)
        case "deflate":
            return _inflated(chunks, _deflate_window)
        case other:
            raise BadEncoding(f"is encoded as '{other}', which was not asked for")


def _deflate_window(start: bytes) -> int:
    # RFC 9110 8.4.1.2: `deflate` means zlib, yet some servers send bare deflate.
    return zlib.MAX_WBITS if start[0] & 0x0F == 8 and start[0] >> 4 <= 7 else -zlib.MAX_WBITS


def _inflated(chunks: Iterable[bytes], window: Callable[[bytes], int]) -> Iterator[bytes]:
    stream = None
    for chunk in chunks:
        rest = chunk
        while rest:
            stream = stream or zlib.decompressobj(window(rest))
            if piece := _piece(stream, rest):
                yield piece
            rest = stream.unconsumed_tail
            if stream.eof:  # RFC 1952 2.2: a gzip body may have several members, and padding after them
                rest, stream = stream.unused_data.lstrip(b"\0"), None
    if stream:
        yield from _tail(stream)


def _piece(stream: zlib._Decompress, rest: bytes) -> bytes:
    try:
        return stream.decompress(rest, _PIECE)
    except zlib.error as error:
        raise BadEncoding(f"is not compressed as its header says ({error})") from error


def _tail(stream: zlib._Decompress) -> Iterator[bytes]:
    while piece := _piece(stream, b""):
        yield piece
    if not stream.eof:
        raise CutShort("broke off its answer (the compressed body has no end)")
