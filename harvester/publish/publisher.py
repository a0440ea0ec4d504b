"""Room: the thread of a server that publishes whatever the ledger gains, whoever commits it.

It alone holds the store open. It looks at the ledger often, which costs one query, and makes a
checkpoint when there is something new; many runs that end together are published together.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import structlog

from harvester.errors import HarvesterError
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Federation
from harvester.publish.publication import Publication

_LOOK_EVERY_S = 0.25
_AFTER_A_FAULT_S = 10.0


class Publisher(Thread):
    """Publishes until stopped; `swapped` is called with each new checkpoint."""

    def __init__(
        self, layout: Layout, federation: Federation, ledger: Ledger, swapped: Callable[[Path], None]
    ) -> None:
        super().__init__(name="publisher", daemon=True)
        self._layout, self._federation, self._ledger = layout, federation, ledger
        self._swapped = swapped
        self._ending = Event()
        self._log = structlog.get_logger()

    def run(self) -> None:
        """Keep the store up to the ledger; a fault is logged and tried again, reads go on meanwhile."""
        while not self._ending.is_set():
            try:
                self._publish()
            except HarvesterError as error:
                self._log.error("publication failed", reason=str(error), again_in_s=_AFTER_A_FAULT_S)
                self._ending.wait(_AFTER_A_FAULT_S)

    def stop(self) -> None:
        """End after the publication under way, and wait for it."""
        self._ending.set()
        self.join()

    def _publish(self) -> None:
        publication = Publication(self._layout, self._federation, self._ledger)
        try:
            while not self._ending.is_set():
                if publication.behind():
                    publication.refresh(self._swapped)
                self._ending.wait(_LOOK_EVERY_S)
        finally:
            publication.close()
