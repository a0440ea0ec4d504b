"""Run as a program: one harvest and its publication, killed with SIGKILL at a chosen moment.

`python tests/killed.py CONFIG STORE SOURCE MOMENT`: the product runs as it is; one of its functions is
wrapped here so that the process dies inside it, as it would by a power cut.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harvester.config import load
from harvester.fetch import raw
from harvester.harvest import Asked, diary, plans, run_source
from harvester.layout import Layout
from harvester.ledger import Draft, Ledger
from harvester.publish import Publication, publication
from harvester.triplestore import Checkpoints, TripleStore

Fate = Callable[..., Any]
"""What befalls the process."""

Trap = Callable[[Fate], None]
"""Lays a fate in wait for the process."""


def die(*_arguments: Any, **_named: Any) -> None:
    """As if the power had gone."""
    os.kill(os.getpid(), signal.SIGKILL)


def after(owner: Any, name: str) -> Trap:
    """When this method or function has done its work."""
    method = getattr(owner, name)

    def lay(fate: Fate) -> None:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            method(*arguments, **named)
            fate()

        setattr(owner, name, wrapped)

    return lay


def before(owner: Any, name: str) -> Trap:
    """When this method or function is about to do its work."""
    return lambda fate: setattr(owner, name, fate)


def during_bulk_load(fate: Fate) -> None:
    """A few milliseconds into the engine's own work."""

    def load(store: TripleStore, *arguments: Any) -> None:
        threading.Timer(0.01, fate).start()
        LOAD(store, *arguments)

    TripleStore._bulk_load = load


LOAD = TripleStore._bulk_load

HARVESTING: Mapping[str, Trap] = {
    "fetch": after(raw.Writer, "write"),
    "kept": after(raw.Writer, "close"),
    "noted": after(diary, "_line"),
    "staging": after(Draft, "stage"),
    "commit": after(Draft, "_write_changes"),
    "committed": after(Draft, "commit"),
    "diary": after(diary, "_summary"),
}
PUBLISHING: Mapping[str, Trap] = {
    "bulk-load": during_bulk_load,
    "apply": after(TripleStore, "_update"),
    "flushed": after(TripleStore, "checkpoint"),
    "pointer": before(Checkpoints, "_drop_old"),
    "checkpoint": after(Checkpoints, "make"),
    "told": after(publication, "_note"),
}
"""Where a process may die, in the order of the way of the data."""


def main() -> None:
    """Harvest and publish; die on the way."""
    config, store, source, moment = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    configuration = load(config)
    usable, _ = plans(configuration)
    layout = Layout(store)
    ledger = Ledger.open(layout.ledger, base=configuration.federation.base)
    if moment in HARVESTING:
        HARVESTING[moment](die)
    run_source(usable[source].source, configuration.federation, layout, Asked())
    opened = Publication(layout, configuration.federation, ledger)
    if moment in PUBLISHING:  # the store is furnished: from here on only this run is published
        PUBLISHING[moment](die)
    opened.refresh()
    opened.close()


if __name__ == "__main__":
    main()
