"""Room: the pace, so many seconds between two requests to one host, whoever makes them.

In: a host and a delay. Out: the seconds waited. The last request of each host is a time in a
locked file, so sources and processes on this machine keep one pace. Never makes a request.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO
from urllib.parse import quote


class Pace:
    """Per-host delay kept in `folder`, one small file per host."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def wait(self, host: str, delay_s: float) -> float:
        """Wait until `delay_s` seconds have passed since the last request to `host`.

        Returns:
            The seconds waited, queueing behind others included; 0 without a delay.
        """
        if delay_s <= 0:
            return 0.0
        began = time.monotonic()
        with self._held(host) as file:
            time.sleep(_pause(file.read(), delay_s, now=time.time()))
            file.seek(0)
            file.truncate()
            file.write(repr(time.time()))
        return time.monotonic() - began

    @contextmanager
    def _held(self, host: str) -> Iterator[TextIO]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / quote(host, safe="")).open("a+", encoding="ascii") as file:
            # Held while waiting: those who come later queue behind; the system frees it on death.
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            yield file


def _pause(last: str, delay_s: float, *, now: float) -> float:
    try:
        due = float(last) + delay_s
    except ValueError:  # a new host, or a file cut short by a crash
        return 0.0
    # A clock set back must not stop a host for longer than its delay.
    return min(max(due - now, 0.0), delay_s)
