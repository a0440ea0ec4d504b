"""Room: how much memory a tree of processes takes at its peak, and how much disk a store takes.

Reads the system's books from a thread beside the work. Never counts the processes it is told to leave
out (the partner is no part of the product), nor a file twice that several checkpoints share.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

_RSS_EVERY_S = 0.05
_FAMILY_EVERY_S = 1.0
_PSS_EVERY_S = 2.0  # the system walks every page of the process meanwhile, which slows it


class Memory:
    """The peak over this process and its descendants, in bytes, while in the `with` block.

    Attributes:
        rss: the sum of resident sets; pages shared between processes count once for each.
        pss: the same with shared pages counted once, 0 where the system does not tell; looked at less often.
    """

    def __init__(self, leave_out: Collection[int] = ()) -> None:
        self.rss = 0
        self.pss = 0
        self._leave_out = frozenset(leave_out)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        family, family_at, pss_at = self._family(), time.monotonic(), 0.0
        while not self._ended.wait(_RSS_EVERY_S):
            now = time.monotonic()
            if now - family_at > _FAMILY_EVERY_S:
                family, family_at = self._family(), now
            self.rss = max(self.rss, _sum(family, _rss))
            if now - pss_at > _PSS_EVERY_S:
                self.pss, pss_at = max(self.pss, _sum(family, _pss)), now

    def _family(self) -> list[psutil.Process]:
        own = psutil.Process()
        return [own, *(one for one in own.children(recursive=True) if one.pid not in self._leave_out)]


def _sum(family: list[psutil.Process], size: Callable[[psutil.Process], int]) -> int:
    return sum(size(one) for one in family)


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it ended meanwhile
        return 0


def _pss(process: psutil.Process) -> int:
    try:
        return int(getattr(process.memory_full_info(), "pss", 0))
    except psutil.Error:
        return 0


def disk(folder: Path) -> int:
    """Bytes of all files below, each counted once however many names it has."""
    stats = (path.lstat() for path in folder.rglob("*") if path.is_file())
    return sum({(stat.st_dev, stat.st_ino): stat.st_size for stat in stats}.values())
