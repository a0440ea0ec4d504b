"""Room: a lock between processes that the system releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from harvester.errors import StoreError, disk_error

_LOOK_S = 0.02


def held_since(path: Path) -> float | None:
    """Since when (seconds of the system's clock) a living process holds this lock; None when nobody does."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if _locked(file) else os.fstat(file).st_mtime
    finally:
        os.close(file)


def _locked(file: int, *, after_s: float = 0) -> bool:
    time.sleep(after_s)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class FileLock:
    """An exclusive lock on a file; the file stays, only the lock on it matters. Its time says since when."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def acquire(self) -> bool:
        """Take the lock without waiting; False when another process holds it.

        Raises:
            StoreError: there is no writing there.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise disk_error(error, self.path) from error
        if not _locked(file) and not _locked(file, after_s=_LOOK_S):  # somebody may only have been looking
            os.close(file)
            return False
        os.utime(file)
        self._file = file
        return True

    def release(self) -> None:
        """Let go of the lock; nothing happens when it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            StoreError: another process holds it.
        """
        if not self.acquire():
            raise StoreError(f"{self.path}: held by another process; stop it, or let it do the work")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
