"""Room: pieces of a dump -> a packed file with its checksum, and back to the records it holds.

In: bytes, as they come. Out: a gzip file of one member, the same whenever it holds the same. Memory does not
grow with what is written.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from harvester.dumps.forms import Form

_LEVEL = 6
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class File:
    """One packed file: `size` and `unpacked` in bytes, `sha256` (hex) of what is downloaded."""

    name: str
    form: str
    media_type: str
    size: int
    unpacked: int
    sha256: str


class _Summed:
    """A file that sums what is written to it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self.sum = sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.sum.update(data)
        self.size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


class Packing:
    """One file of a dump while it is written: its head first, records one by one, its tail at the end."""

    def __init__(self, folder: Path, name: str, form: Form) -> None:
        self.form = form
        self._name = f"{name}.{form.extension}.gz"
        self._summed = _Summed(folder / self._name)
        self._packed = gzip.GzipFile("", "wb", _LEVEL, self._summed, mtime=0)
        self._unpacked = 0
        self._begun = False
        self._write(form.head)

    def add(self, body: bytes) -> None:
        """One record."""
        if self._begun:
            self._write(self.form.between)
        self._begun = True
        self._write(body)

    def append(self, path: Path) -> None:
        """The records of another file of the same form."""
        for number, chunk in enumerate(bodies(path, self.form)):
            self._write(chunk) if number else self.add(chunk)

    def opening(self, told: bytes) -> None:
        """What stands before the records of a source."""
        self._write(told)

    def close(self) -> File:
        """The file, whole and on the disk."""
        self._write(self.form.tail)
        self._packed.close()
        self._summed.close()
        told = (self._summed.size, self._unpacked, self._summed.sum.hexdigest())
        return File(self._name, self.form.name, self.form.media_type, *told)

    def _write(self, data: bytes) -> None:
        self._unpacked += len(data)
        self._packed.write(data)


def bodies(path: Path, form: Form) -> Iterator[bytes]:
    """What stands between the head and the tail of a file; nothing when it has no record."""
    with gzip.open(path, "rb") as file:
        file.read(len(form.head))
        held = b""
        while chunk := file.read(_CHUNK):
            held += chunk
            cut = max(len(held) - len(form.tail), 0)
            if cut:
                yield held[:cut]
            held = held[cut:]
