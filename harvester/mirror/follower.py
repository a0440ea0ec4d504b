"""Room: the thread of a server that follows what is published with the mirror, in its own time.

It looks at the name of the current checkpoint, which costs nothing, and brings the mirror up when that is
another. One that is down is tried again, ever more rarely; one in step is asked now and then if it still is.
"""

from __future__ import annotations

from threading import Event, Thread

import structlog

from harvester.errors import HarvesterError
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.mirror.mirror import mirrored
from harvester.mirror.note import Note
from harvester.model import Federation, RemoteStore
from harvester.triplestore import Checkpoints

_LOOK_EVERY_S = 1.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 10.0, 600.0
_SURE_FOR_S = 3600.0
"""So long it is believed to hold what it held: somebody may have put back an older state of it."""


class Follower(Thread):
    """Mirrors until stopped."""

    def __init__(self, at: RemoteStore, layout: Layout, federation: Federation, ledger: Ledger) -> None:
        super().__init__(name="mirror", daemon=True)
        self._at, self._layout, self._federation, self._ledger = at, layout, federation, ledger
        self._ending = Event()
        self._log = structlog.get_logger()
        self._trouble: str | None = None

    def run(self) -> None:
        """Follow; what fails is logged when it is news, and tried again."""
        pause, seen, sure = _FIRST_PAUSE_S, None, 0.0
        while not self._ending.is_set():
            current = Checkpoints(self._layout.checkpoints).current()
            if current is None or (current == seen and sure > 0):
                self._ending.wait(_LOOK_EVERY_S)
                sure -= _LOOK_EVERY_S
                continue
            done = self._mirrored()
            good = done is not None and done.trouble is None
            seen, sure = (current, _SURE_FOR_S) if good else (None, 0.0)
            self._ending.wait(0 if good else pause)
            pause = _FIRST_PAUSE_S if good else min(pause * 2, _LONGEST_PAUSE_S)

    def stop(self) -> None:
        """End after the request under way; what is left is done at the next start."""
        self._ending.set()
        self.join(timeout=_LOOK_EVERY_S * 5)

    def _mirrored(self) -> Note | None:
        try:
            done = mirrored(self._at, self._layout, self._federation, self._ledger)
        except HarvesterError as error:
            self._tell(str(error))
            return None
        self._tell(done.trouble if done else None)
        return done

    def _tell(self, trouble: str | None) -> None:
        if trouble and trouble != self._trouble:
            self._log.warning("mirror behind", reason=trouble)
        self._trouble = trouble
