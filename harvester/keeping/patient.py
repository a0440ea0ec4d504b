"""Room: the values of an examination: a store to look over, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from harvester.harvest import Plan
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Federation


class Health(StrEnum):
    """How something was found."""

    GOOD = "good"
    MENDED = "mended"
    TOLD = "told"
    """Worth knowing; nothing needs to be done."""
    WRONG = "wrong"
    """It needs a person."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding: about what, how it was found, and what that means."""

    about: str
    state: Health
    text: str


@dataclass(frozen=True, slots=True)
class Patient:
    """A store to look over; `deep` looks at every answer and every triple.

    `publish` brings what is published up to the ledger, or waits until the server that holds it has.
    """

    layout: Layout
    federation: Federation
    plans: Mapping[str, Plan]
    now: datetime
    publish: Callable[[Ledger], None]
    deep: bool = False
