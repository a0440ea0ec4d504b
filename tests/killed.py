"""Run as a program: one harvest and its publication, killed with SIGKILL at a chosen moment.

`python tests/killed.py CONFIG STORE SOURCE MOMENT`: the product runs as it is; one of its functions is
wrapped here so that the process dies inside it, as it would by a power cut.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from harvester.config import load
from harvester.fetch import raw
from harvester.harvest import Asked, plans, run_source
from harvester.layout import Layout
from harvester.ledger import Draft, Ledger
from harvester.publish import Publication
from harvester.triplestore import Checkpoints, TripleStore


def die(*_arguments: Any) -> None:
    """As if the power had gone."""
    os.kill(os.getpid(), signal.SIGKILL)


def after(owner: type, name: str) -> None:
    """Die when this method has done its work."""
    method = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        method(*arguments, **named)
        die()

    setattr(owner, name, wrapped)


def during_bulk_load(store: TripleStore, *arguments: Any) -> None:
    """Die a few milliseconds into the engine's own work."""
    threading.Timer(0.01, die).start()
    LOAD(store, *arguments)


LOAD = TripleStore._bulk_load

MOMENTS = {
    "fetch": lambda: after(raw.Writer, "write"),
    "commit": lambda: after(Draft, "_write_changes"),
    "committed": lambda: after(Draft, "commit"),
    "bulk-load": lambda: setattr(TripleStore, "_bulk_load", during_bulk_load),
    "apply": lambda: after(TripleStore, "_update"),
    "flushed": lambda: after(TripleStore, "checkpoint"),
    "checkpoint": lambda: after(Checkpoints, "make"),
    "never": lambda: None,
}


def main() -> None:
    """Harvest and publish; die on the way."""
    config, store, source, moment = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    configuration = load(config)
    usable, _ = plans(configuration)
    layout = Layout(store)
    ledger = Ledger.open(layout.ledger, base=configuration.federation.base)
    if moment in ("fetch", "commit", "committed"):
        MOMENTS[moment]()
    run_source(usable[source].source, configuration.federation, layout, Asked())
    publication = Publication(layout, configuration.federation, ledger)
    MOMENTS[moment]()  # the store is furnished: from here on only this run is published
    publication.refresh()
    publication.close()


if __name__ == "__main__":
    main()
