"""Room: synthetic GoGoCarto elements, seeded: a number in, always the same element out.

In: phrases, communes and categories as the house ships them. Out: elements as a map's public API writes
them, about 1.1 kB of JSON each. Never random without a seed, never a person, never two elements alike.
"""

from __future__ import annotations

import csv
import gzip
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pyoxigraph as ox

HERE = Path(__file__).resolve().parent
VOCAB = HERE.parent / "vocab"
CHANGED_EVERY = 50
"""One record in so many has another description on a changed night: 2 %."""

_SKOS = "http://www.w3.org/2004/02/skos/core#"
_FIRST_DAY = datetime(2016, 3, 1, 9, tzinfo=UTC)
_REVISED = "2026-11-01T09:00:00+00:00"
_NEAR_DEG = 0.012


class Town(NamedTuple):
    """A commune as far as an address needs it."""

    name: str
    postcode: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Map:
    """One synthetic map: what its elements are drawn from. Towns are drawn by population."""

    seed: int
    phrases: dict[str, list[str]]
    towns: Sequence[Town]
    weights: Sequence[int]
    categories: Sequence[tuple[int, str]]

    def element(self, number: int, *, revised: bool = False) -> dict[str, Any]:
        """The element of this number; `revised` changes its description and its last change only."""
        drawn = Random(f"{self.seed}/{number}")
        town = drawn.choices(self.towns, cum_weights=self.weights)[0]
        element = {
            "id": _ref(number),
            "status": 1,
            "moderationState": 0,
            "name": self._name(drawn, town),
            "sourceKey": drawn.choice(self.phrases["origins"]),
            "description": self._description(drawn, town),
            "website": f"https://www.{_ref(number)}.example.org/",
            **self._where(drawn, town),
            **self._classed(drawn),
            **_when(drawn),
            **self._optional(drawn, number),
        }
        return element | _revision(element) if revised else element

    def _where(self, drawn: Random, town: Town) -> dict[str, Any]:
        street = f"{drawn.randint(1, 120)} {drawn.choice(self.phrases['streets'])}"
        return {
            "geo": {
                "latitude": round(town.lat + drawn.uniform(-_NEAR_DEG, _NEAR_DEG), 5),
                "longitude": round(town.lon + drawn.uniform(-_NEAR_DEG, _NEAR_DEG), 5),
            },
            "address": {
                "streetAddress": street,
                "addressLocality": town.name,
                "postalCode": town.postcode,
                "addressCountry": "FR",
            },
            "fullAddress": f"{street}, {town.postcode} {town.name}",
        }

    def _classed(self, drawn: Random) -> dict[str, Any]:
        chosen = drawn.sample(self.categories, drawn.choice((1, 1, 1, 1, 2)))
        full = [
            {"id": category, "name": label, "description": "", "index": index}
            for index, (category, label) in enumerate(chosen)
        ]
        return {"categories": [label for _, label in chosen], "categoriesFull": full}

    def _name(self, drawn: Random, town: Town) -> str:
        name = drawn.choice(self.phrases["names"]).format(of=drawn.choice(self.phrases["of"]))
        return f"{name} ({town.name})" if drawn.random() < 0.5 else name

    def _description(self, drawn: Random, town: Town) -> str:
        """Two or three sentences, mostly 25 to 60 words."""
        pick = drawn.choice
        said = [
            f"{pick(self.phrases['who'])} {pick(self.phrases['does'])} {pick(self.phrases['what'])}, "
            f"{pick(self.phrases['how'])}."
            for _ in range(drawn.choice((1, 2, 2)))
        ]
        return " ".join([*said, pick(self.phrases["ends"])]).format(place=town.name)

    def _optional(self, drawn: Random, number: int) -> dict[str, Any]:
        """Fields that only some records have, each with its own chance."""
        hours = {day: drawn.choice(self.phrases["hours"]) for day in ("mercredi", "vendredi", "samedi")}
        chances = {
            "telephone": (
                0.4,
                f"0{drawn.randint(1, 5)} {drawn.randint(10, 99)} 42 {drawn.randint(10, 99)} 17",
            ),
            "email": (0.3, f"contact@{_ref(number)}.example.org"),
            "image": (0.2, f"https://images.example.org/{_ref(number)}.jpg"),
            "commitment": (0.3, drawn.choice(self.phrases["ends"])),
            "openHours": (0.3, hours),
            "openHoursMoreInfos": (0.1, "Fermé en août"),
        }
        return {name: value for name, (chance, value) in chances.items() if drawn.random() < chance}


def load(seed: int) -> Map:
    """The map of a seed."""
    phrases = tomllib.loads((HERE / "phrases.toml").read_text(encoding="utf-8"))
    rows = list(_communes())
    return Map(
        seed,
        phrases,
        [
            Town(row["nom"], row["codes_postaux"].split()[0], float(row["lat"]), float(row["lon"]))
            for row in rows
        ],
        list(accumulate(int(row["population"]) for row in rows)),
        _categories(),
    )


def _communes() -> Iterator[dict[str, str]]:
    with gzip.open(VOCAB / "territoire" / "communes-2026.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if all(row[name] for name in ("codes_postaux", "lat", "lon", "population")):
                yield row


def _categories() -> list[tuple[int, str]]:
    """(id, label) of every category of the alignment, sorted."""
    notations: dict[str, int] = {}
    labels: dict[str, str] = {}
    for quad in ox.parse(path=VOCAB / "alignments" / "presdecheznous.ttl"):
        subject = str(quad.subject)
        if quad.predicate.value == _SKOS + "notation":
            notations[subject] = int(_text(quad.object))
        elif quad.predicate.value == _SKOS + "prefLabel":
            labels[subject] = _text(quad.object)
    return sorted((number, labels[subject]) for subject, number in notations.items())


def _text(term: object) -> str:
    assert isinstance(term, ox.Literal)
    return term.value


def _when(drawn: Random) -> dict[str, str]:
    created = _FIRST_DAY + timedelta(minutes=drawn.randrange(60 * 24 * 365 * 8))
    changed = created + timedelta(days=drawn.randrange(700))
    return {"createdAt": created.isoformat(), "updatedAt": changed.isoformat()}


def _revision(element: Mapping[str, Any]) -> dict[str, str]:
    described = f"{element['description']} Nouveaux horaires depuis novembre."
    return {"description": described, "updatedAt": _REVISED}


def _ref(number: int) -> str:
    """A short identifier like the platform's; near numbers give far refs: listings are not sorted."""
    return f"{number * 2654435761 % (1 << 32):07x}"
