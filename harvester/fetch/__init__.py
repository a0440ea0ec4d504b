"""Room: fetch, the polite way to a partner's answers.

In: a source and the addresses its connector asks for. Out: answers, kept as received in the raw
store. Never reads a record, a configuration file or a triple: bytes stay bytes here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harvester.fetch.client import Client
    from harvester.fetch.exchange import Load
    from harvester.fetch.headers import agent
    from harvester.fetch.pace import Pace
    from harvester.fetch.raw import RawStore

__all__ = ["Client", "Load", "Pace", "RawStore", "agent"]

_HOMES = {"Client": "client", "Load": "exchange", "Pace": "pace", "RawStore": "raw", "agent": "headers"}


def __getattr__(name: str) -> object:
    # Lazy, so that whoever only reads kept answers never pays for the HTTP library.
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
