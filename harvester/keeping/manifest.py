"""Room: the manifest of a backup: what it holds, each file with its size and SHA-256.

It is written last: a folder without one is not a backup.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from harvester.errors import StoreError

NAME = "manifest.json"
VERSION = 1
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Held:
    """One file: bytes and SHA-256 (hex)."""

    size: int
    sha256: str


@dataclass(slots=True)
class Manifest:
    """What a backup holds, by path inside it; `missing` are answers that were gone when it was made."""

    made_at: str
    harvester: str
    base: str
    run: int
    change: int
    files: dict[str, Held] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def add(self, folder: Path, path: Path) -> None:
        """Add a file that stands in the folder."""
        self.files[path.relative_to(folder).as_posix()] = measured(path)

    def write(self, folder: Path) -> None:
        """Make a backup of the folder."""
        told = {"manifest": VERSION, **asdict(self)}
        _durably(folder / NAME, (json.dumps(told, indent=1) + "\n").encode())


def read(folder: Path) -> Manifest:
    """The manifest of a backup.

    Raises:
        StoreError: there is none, it cannot be read, or a newer version made it.
    """
    path = folder / NAME
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        version = told.pop("manifest")
        files = {name: Held(**held) for name, held in told.pop("files").items()}
        found = Manifest(**told, files=files) if version == VERSION else None
    except FileNotFoundError as error:
        raise StoreError(f"{folder}: no {NAME}, so it is not a backup, or one that did not end") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); take another backup") from error
    if found is None:
        raise StoreError(f"{path}: made by a newer version; upgrade the harvester")
    return found


def faults(folder: Path, files: Mapping[str, Held]) -> Iterator[str]:
    """What is wrong with the files of a backup, one sentence each."""
    for name, held in sorted(files.items()):
        path = folder / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            yield f"{name}: lies outside the backup"
        elif not path.is_file():
            yield f"{name}: is not there"
        elif (found := measured(path)) != held:
            what = f"{found.size} bytes, {held.size} expected" if found.size != held.size else "other content"
            yield f"{name}: {what}"


def measured(path: Path) -> Held:
    """The size and the SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Held(file.tell(), digest)


def copy(origin: Path, to: Path) -> None:
    """Copy a file durably; a file that is there is whole or was never finished under its own name."""
    to.parent.mkdir(parents=True, exist_ok=True)
    partial = to.with_name(f"{to.name}.partial")
    with origin.open("rb") as source, partial.open("wb") as file:
        while chunk := source.read(_CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(to)


def _durably(path: Path, content: bytes) -> None:
    fresh = path.with_name(f"{path.name}.partial")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
