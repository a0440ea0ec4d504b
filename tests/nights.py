"""Nights of one source of gardens, each at its own time, harvested in this process without waiting."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from harvester.config import load
from harvester.harvest import Asked, Report
from harvester.harvest.run import Harvest

LISTING = "/jardins/liste.json"
FIRST = datetime(2026, 11, 1, 1, 30, tzinfo=UTC)
SOURCE = """
[source.jardins]
title = "Jardins"
connector = "table"
licence = "etalab-2.0"
publisher = {{ name = "Les Jardins", url = "https://jardins.example" }}
allow_private = true
delay = "0s"
attempts = 1
timeout = "2s"
url = "{url}"
map = {{ {map} }}
"""
MAP = 'ref = "id", name = "nom", description = "texte", postcode = "code", city = "ville", page = "page", homepage = "site"'


def record(number: int, **more: Any) -> dict[str, Any]:
    """A record in order, but for what is given."""
    own = {
        "id": f"j{number}",
        "nom": f"Jardin {number}",
        "texte": f"Le numéro {number}.",
        "code": "34150",
        "ville": "Aniane",
    }
    return {**own, "page": f"https://jardins.example/fiche/{number}", **more}


def records(numbers: Iterable[int]) -> list[dict[str, Any]]:
    """So many records in order."""
    return [record(number) for number in numbers]


@dataclass
class Nights:
    """The federation, its partner, and the nights that were."""

    federation: Any
    partners: Any

    def declare(self, *, mapping: str = MAP, more: str = "") -> None:
        """Write the file: the source, and more lines of its table."""
        self.federation.declare(SOURCE.format(url=self.partners.url + LISTING, map=mapping) + more)

    def serve(self, listing: Sequence[dict[str, Any]]) -> None:
        """What the partner lists from now on."""
        self.partners.serve(LISTING, json.dumps(listing).encode(), "application/json")

    def night(
        self, day: int, listing: Sequence[dict[str, Any]] | None = None, *, asked: Asked | None = None
    ) -> Report:
        """The run of the night of a day, counted from the first."""
        if listing is not None:
            self.serve(listing)
        configured = load(self.federation.config)
        ledger = self.federation.ledger()
        try:
            return Harvest(
                self.federation.plan("jardins"),
                configured.federation,
                self.federation.layout,
                ledger,
                asked or Asked(),
                now=lambda: at(day),
            ).run()
        finally:
            ledger.close()


def at(day: float) -> datetime:
    """The time of the run of a day, counted from the first."""
    return FIRST + timedelta(days=day)
