"""Room: the thread of a server that has dumps made when a round is over, whoever harvested.

The work is done by an executor, in a process of its own, after publication and beside it. It looks at the
ledger now and then, waits while sources are being harvested, and rests much longer than it works.
"""

from __future__ import annotations

import time
from concurrent.futures import CancelledError, Executor
from threading import Event, Thread
from typing import Any

import structlog

from harvester.dumps.making import due, make_gently
from harvester.errors import HarvesterError
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.redaction import redactions
from harvester.model import Federation
from harvester.triplestore import held_since

_AFTER_A_FAULT_S = 30.0
_PATIENCE_S = 3600.0
"""A round that does not end keeps no one waiting longer."""

_REST = 10
"""Times as long as it worked: never more than a tenth of a processor."""


class Keeper(Thread):
    """Has dumps made until stopped."""

    def __init__(
        self,
        layout: Layout,
        federation: Federation,
        ledger: Ledger,
        pool: Executor,
        *,
        look_every_s: float = 2,
    ) -> None:
        super().__init__(name="dumps", daemon=True)
        self._layout, self._federation, self._ledger = layout, federation, ledger
        self._pool, self._look_every_s = pool, look_every_s
        self._ending = Event()
        self._seen: Any = None
        self._waiting_since: float | None = None
        self._log = structlog.get_logger()

    def run(self) -> None:
        """Make what is due; a fault is logged and tried again, what was made before stays."""
        while not self._ending.wait(self._look_every_s):
            try:
                self._look()
            except (HarvesterError, OSError, RuntimeError) as error:  # the last: an executor that ends
                if self._ending.is_set():
                    return
                self._log.error("dumps not made", reason=str(error), again_in_s=_AFTER_A_FAULT_S)
                self._ending.wait(_AFTER_A_FAULT_S)
            except CancelledError:
                return

    def stop(self) -> None:
        """End, and end the executor with what it is at: the next start goes on."""
        self._ending.set()
        self._pool.shutdown(cancel_futures=True)
        self.join()

    def _look(self) -> None:
        told = (self._ledger.position(), redactions(self._ledger), self._ledger.sources())
        if told == self._seen or not self._quiet():
            return
        if due(self._layout, self._federation, self._ledger):
            self._have_made()  # and look again: another process may be at it, or a source just harvested
        else:
            self._seen = told
        self._waiting_since = None

    def _have_made(self) -> None:
        began = time.monotonic()
        made = self._pool.submit(make_gently, self._layout, self._federation).result()
        took = time.monotonic() - began
        self._log.info("dumps made", sets=len(made), took_s=round(took, 1))
        self._ending.wait(took * _REST)

    def _quiet(self) -> bool:
        """True when nobody harvests, or somebody has for too long."""
        self._waiting_since = self._waiting_since or time.monotonic()
        locks = self._layout.source_lock("x").parent.glob("*.lock")
        at_work = (path for path in locks if not path.name.startswith("-") and held_since(path) is not None)
        return time.monotonic() - self._waiting_since > _PATIENCE_S or next(at_work, None) is None
