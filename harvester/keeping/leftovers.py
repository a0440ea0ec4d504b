"""Room: what killed processes left under a store, and who works there now.

In: the layout of a store. Out: files that nobody will ever finish. A run under way is known by the lock of
its source, whose time says since when it is held; what was written since then may be its own.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from harvester.layout import Layout
from harvester.triplestore import Checkpoints, held_since

_OF_RUNS = ("raw/.partial*", "passing/*", "runs/*/*.partial")
"""What runs write until it is whole."""

_OF_OTHERS = (
    "checkpoints/current.new", "index/current.new", "published.new", "*.partial", "restoring",
    "dumps/*/*/*.partial",
)  # fmt: skip
"""What others write, whom no lock of a source tells of."""

_AT_WORK_S = 3600
"""They need less."""


def locks(layout: Layout) -> dict[str, float | None]:
    """Since when each source is being harvested (seconds of the system's clock); None when it is not."""
    found = sorted(layout.source_lock("x").parent.glob("*.lock"))
    return {path.stem: held_since(path) for path in found}


def quiet_since(layout: Layout) -> float:
    """Before this time (seconds of the system's clock) nobody who works now had begun."""
    began = [since for since in locks(layout).values() if since is not None]
    return min([*began, time.time()])


def unfinished(layout: Layout) -> Iterator[Path]:
    """Files and folders that a killed process left half written."""
    before = quiet_since(layout)
    for patterns, since in ((_OF_RUNS, before), (_OF_OTHERS, before - _AT_WORK_S)):
        for pattern in patterns:
            yield from (path for path in layout.root.glob(pattern) if modified(path) < since)


def idle_checkpoints(layout: Layout, keep: int) -> Iterator[Path]:
    """Checkpoints that never became current, and old ones beyond `keep`; hold the writer's lock."""
    current = Checkpoints(layout.checkpoints).current()
    numbered = sorted(path for path in layout.checkpoints.glob("*") if path.name.isdigit())
    if current is not None:
        yield from (path for path in numbered if path.name > current.name)
        yield from [path for path in numbered if path.name <= current.name][:-keep]


def drop(path: Path) -> int:
    """Drop a file, or a folder with all that it holds; returns its bytes."""
    freed = size(path)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return freed


def size(path: Path) -> int:
    """Bytes of a file, or of all files of a folder; 0 when it is not there."""
    with suppress(FileNotFoundError):
        return sum(map(size, path.iterdir())) if path.is_dir() else path.stat().st_size
    return 0


def modified(path: Path) -> float:
    """When a file was last written; never, when another process finished or dropped it meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
