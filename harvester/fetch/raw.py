"""Room: the raw store, answers as received, each kept once under the hash of its content.

In: bytes after content decoding. Out: the same bytes, any time later, or a StoreError naming the
damaged file. Never speaks HTTP, never looks inside a body, never decides what may be pruned.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self, cast

import zstandard

from harvester.errors import StoreError
from harvester.model import Answer

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_LEVEL = 3
_PARTIAL = ".partial-"
_READ_LIMIT = 256 << 20


class RawStore:
    """Bodies in `folder/ab/abcdef….zst`, named by the SHA-256 (hex) of their decompressed bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def writer(self) -> Writer:
        """A writer for one body, to be used in a `with` block; a block that raises keeps nothing."""
        return Writer(self)

    def open(self, body: Answer | str) -> BinaryIO:
        """A decompressed stream of one body, given by its answer or digest.

        Raises:
            StoreError: the body is not there, or (while reading) its file is damaged.
        """
        digest = body.body if isinstance(body, Answer) else body
        return cast("BinaryIO", io.BufferedReader(_Reader(self.path(digest), digest), 1 << 16))

    def read(self, body: Answer | str, *, limit: int = _READ_LIMIT) -> bytes:
        """One whole body in memory.

        Raises:
            StoreError: the body is missing, damaged, or longer than `limit` bytes.
        """
        with self.open(body) as stream:
            content = stream.read(limit + 1)
        if len(content) > limit:
            digest = body.body if isinstance(body, Answer) else body
            raise StoreError(f"{self.path(digest)}: holds more than {limit} bytes; read it as a stream")
        return content

    def has(self, digest: str) -> bool:
        """True when the body is kept; its content is checked on reading only."""
        return self.path(digest).is_file()

    def digests(self) -> Iterator[str]:
        """Digests of all bodies kept, in no order."""
        return (path.stem for path in self.folder.glob("??/*.zst"))

    def remove(self, digest: str) -> None:
        """Drop one body; nothing happens when it is not there."""
        self.path(digest).unlink(missing_ok=True)

    def sweep(self, before: datetime) -> int:
        """Drop what killed writers left since `before` (aware); returns how many files."""
        left = [path for path in self.folder.glob(f"{_PARTIAL}*") if _modified(path) < before.timestamp()]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def path(self, digest: str) -> Path:
        """Where the body with this digest is, or would be."""
        return self.folder / digest[:2] / f"{digest}.zst"


class Writer:
    """Writes one body; `digest` (SHA-256, hex) and `size` (bytes) are known once closed."""

    digest: str
    size: int

    def __init__(self, store: RawStore) -> None:
        store.folder.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=_PARTIAL, dir=store.folder)
        self._store = store
        self._partial = Path(name)
        self._file = os.fdopen(number, "wb")
        self._packed = zstandard.ZstdCompressor(level=_LEVEL).stream_writer(self._file, closefd=False)
        self._hash = hashlib.sha256()
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.close()
        finally:
            self.drop()

    def write(self, chunk: bytes) -> None:
        """Append bytes to the body."""
        self._hash.update(chunk)
        self._size += len(chunk)
        self._packed.write(chunk)

    def close(self) -> None:
        """Keep the body, durably and in one step; closing again changes nothing."""
        if self._file.closed:
            return
        self._packed.flush(zstandard.FLUSH_FRAME)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self.digest, self.size = self._hash.hexdigest(), self._size
        kept = self._store.path(self.digest)
        kept.parent.mkdir(exist_ok=True)
        # Replacing a body already kept costs nothing and mends it when its file was damaged.
        self._partial.replace(kept)

    def drop(self) -> None:
        """Forget the body, unless it is kept; nothing else of it stays on disk."""
        with suppress(OSError):  # what the disk did not take is not wanted any more
            self._file.close()
        self._partial.unlink(missing_ok=True)


class _Reader(io.RawIOBase):
    """Decompresses one file and, when read to its end, checks it against its name."""

    def __init__(self, path: Path, digest: str) -> None:
        self._path, self._digest = path, digest
        self._hash = hashlib.sha256()
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise StoreError(
                f"{path}: the raw answer is not there ({error.strerror}); run its source again"
            ) from error
        self._packed = zstandard.ZstdDecompressor().stream_reader(self._file)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        try:
            count = self._packed.readinto(view)
        except zstandard.ZstdError as error:
            raise self._damage(str(error)) from error
        self._hash.update(view[:count])
        if not count and len(view) and self._hash.hexdigest() != self._digest:
            raise self._damage("its content does not match its name")
        return count

    def close(self) -> None:
        with suppress(AttributeError):  # never opened
            self._file.close()
        super().close()

    def _damage(self, what: str) -> StoreError:
        return StoreError(f"{self._path}: the raw answer is damaged ({what}); run its source again")


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another process finished or swept it meanwhile
        return float("inf")
