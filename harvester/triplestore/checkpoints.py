"""Room: the immutable copies that readers see; a reader sees a whole one or none.

A checkpoint is a folder of hard links named by a number that only grows; `current` names the
one to read. Old ones are kept for rollback and for queries still running on them.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from harvester.errors import StoreError
from harvester.triplestore.store import TripleStore


class Checkpoints:
    """The checkpoints under one folder; `keep` counts the current one."""

    def __init__(self, folder: Path, *, keep: int = 3) -> None:
        self._folder = folder
        self._keep = keep

    def current(self) -> Path | None:
        """The checkpoint to read; None before the first one."""
        try:
            name = (self._folder / "current").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        path = self._folder / name
        return path if name and path.is_dir() else None

    def since(self) -> float | None:
        """When the current one was made (seconds of the system's clock); None before the first one."""
        try:
            return (self._folder / "current").stat().st_mtime
        except FileNotFoundError:
            return None

    def make(self, store: TripleStore) -> Path:
        """Publish what the store holds: a new checkpoint, made current at the last moment."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self._last() + 1:08d}"
        try:
            store.checkpoint(path)
        except StoreError:  # half of one must not count as one
            shutil.rmtree(path, ignore_errors=True)
            raise
        pointer = self._folder / "current.new"
        with pointer.open("w", encoding="utf-8") as file:
            file.write(path.name)
            file.flush()
            os.fsync(file.fileno())
        pointer.replace(self._folder / "current")
        self._drop_old(path)
        return path

    def forget(self, redactions: int) -> None:
        """Drop every checkpoint but the current one, once for each time that the ledger forgot something."""
        mark = self._folder / "redactions"
        told = int(mark.read_text(encoding="utf-8") or 0) if mark.is_file() else 0
        current = self.current()
        if current is None or told == redactions:
            return
        for path in self._numbered():
            if path != current:
                shutil.rmtree(path)
        mark.write_text(str(redactions), encoding="utf-8")

    def _numbered(self) -> list[Path]:
        return sorted(path for path in self._folder.iterdir() if path.is_dir() and path.name.isdigit())

    def _last(self) -> int:
        return max((int(path.name) for path in self._numbered()), default=0)

    def _drop_old(self, current: Path) -> None:
        for path in self._numbered()[: -self._keep]:
            if path != current:
                shutil.rmtree(path)


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells a checkpoint from every other, and when it was made (seconds of the system's clock)."""

    fingerprint: str
    made_at: float


def mark(checkpoint: Path) -> Mark | None:
    """The mark of a checkpoint, told from one of that number in a store made anew; None when it is gone."""
    try:
        told = (checkpoint / "CURRENT").stat()
    except FileNotFoundError:
        return None
    return Mark(f"{checkpoint.name}-{told.st_ino:x}-{told.st_mtime_ns:x}", told.st_mtime)
