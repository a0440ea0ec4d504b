"""Room: how much room the disk of a store has left."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

LEAST = 1 << 30
"""Bytes that must be free: a night and its checkpoint need them."""

SHARE = 0.05
"""Share of the disk that must be free."""

_AGAIN = 1.2
"""How much more must be free until a disk that was nearly full is not so any more."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk, in bytes."""

    free: int
    total: int

    def nearly_full(self, *, was: bool = False) -> bool:
        """True when little is left; `was` when it already was so."""
        enough = _AGAIN if was else 1
        return self.free < LEAST * enough or self.free < self.total * SHARE * enough


def disk(folder: Path) -> Disk:
    """The disk of a folder, or of the nearest one above that exists."""
    there = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    usage = shutil.disk_usage(there)
    return Disk(usage.free, usage.total)
