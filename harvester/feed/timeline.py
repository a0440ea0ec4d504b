"""Room: the number of a change -> its time in the feed.

That is the end of its run, or of the latest run committed before: runs that end together are committed in
any order, and a clock may be set back, but time in the feed never goes back.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from threading import Lock

from sqlalchemy import func, select

from harvester.ledger import Ledger
from harvester.ledger.tables import changes, runs


class Timeline:
    """The times of all changes; safe to ask from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = Lock()
        self._firsts: list[int] = []
        self._times: list[datetime] = []
        self._known = 0

    def at(self, change: int) -> datetime:
        """The time of a change, aware; that of the first one for a number before it.

        Raises:
            IndexError: nothing was ever published.
        """
        with self._lock:
            if change > self._known or not self._firsts:
                self._extend()
            return self._times[max(bisect_right(self._firsts, change) - 1, 0)]

    def _extend(self) -> None:
        """Learn of the runs committed since."""
        first = func.min(changes.c.id).label("first")
        new = select(changes.c.run, first).where(changes.c.id > self._known)
        newer = new.group_by(changes.c.run).subquery()
        query = select(newer.c.first, runs.c.ended_at).join(runs, runs.c.id == newer.c.run)
        known = self._ledger.position()
        with self._ledger.reading() as connection:
            for row in connection.execute(query.order_by(newer.c.first)):
                if row.first <= known:  # what came after the position was read comes another time
                    self._firsts.append(row.first)
                    self._times.append(max([row.ended_at, *self._times[-1:]]))
        self._known = known
