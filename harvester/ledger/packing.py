"""Room: the triples of one record as the ledger keeps them: bytes in, compressed bytes out, and back."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from threading import local

import zstandard

_COMPRESSION = 1  # per record; the time goes into the first harvest, the size hardly changes above


@dataclass(frozen=True, slots=True)
class Packed:
    """Triples as the ledger keeps them: compressed, with the hash by which versions are compared."""

    data: bytes
    digest: bytes


class _Zstandard(local):
    """One of each thread: the library's objects may not be shared, and are dear to make."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=_COMPRESSION).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_zstandard = _Zstandard()


def pack(triples: bytes) -> Packed:
    """Compress the triples of one record."""
    return Packed(_zstandard.compress(triples), blake2b(triples, digest_size=16).digest())


def unpack(data: bytes) -> bytes:
    """The triples of one record as they were before `pack`."""
    return _zstandard.decompress(data)
