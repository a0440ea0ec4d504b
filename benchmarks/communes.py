"""Room: real places with a known commune in, how often the resolver finds it out.

    python benchmarks/communes.py [--json]

Three questions: the addresses checked by hand (`tests/territory/`); the records of the recorded partners
(`demo/`) that carry their own INSEE code, with the code hidden; and what each clue is worth alone, on the
records whose town and postcode agree. It reads records as the harvest does, and writes nothing.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # run as a script, only `benchmarks/` is known

from demo.server import Partners
from harvester import territory
from harvester.cleaning import place
from harvester.config import load
from harvester.errors import RecordError
from harvester.fetch import Client, Pace, RawStore, agent
from harvester.harvest import plans
from harvester.layout import Layout
from harvester.model import Item, Record
from harvester.profile import location

ROOT = Path(__file__).resolve().parents[1]
CHECKED = ROOT / "tests" / "territory" / "hand-checked-300.csv"

CODES = {"mediation-reunion": "result_citycode"}
"""Where the records of a source carry an INSEE code of their own. The demonstration does not map it."""

ALONE = {
    "name and point": ("city", "lat", "lon"),
    "postcode and point": ("postcode", "lat", "lon"),
    "point": ("lat", "lon"),
    "postcode": ("postcode",),
    "name": ("city",),
}
"""What is left of a record whose town and postcode agree, when the rest is hidden."""

ADDRESS = ("street", "postcode", "city")

Values = dict[str, Any]


@dataclass
class Score:
    """How places were resolved: right, wrong or not at all; `wrong` tells each one."""

    places: int = 0
    right: int = 0
    unresolved: int = 0
    wrong: list[str] = field(default_factory=list)
    somewhere: int = 0
    right_department: int = 0
    methods: Counter[str] = field(default_factory=Counter)

    def add(self, asked: Values, expected: str | None, known: territory.Territory) -> None:
        """Resolve one place and count it; `expected` is None for a place that is in no commune."""
        match = resolved(asked, known)
        self.places += 1
        self.methods[match.method if match else "none"] += 1
        if same(match.commune if match else None, expected):
            self.right += 1
        elif match is None:
            self.unresolved += 1
        else:
            address = " | ".join(str(asked[name]) for name in ADDRESS if asked.get(name))
            self.wrong.append(f"{address}: {match.commune.code} by {match.method}, expected {expected}")
        if expected and (commune := known.by_code(expected)):
            self.somewhere += 1
            self.right_department += match is not None and match.commune.department == commune.department

    def told(self) -> dict[str, Any]:
        """The shares of all places as JSON data; of the département, those of places that are in one."""
        return {
            "places": self.places,
            "right": self.right / self.places,
            "wrong": len(self.wrong) / self.places,
            "unresolved": self.unresolved / self.places,
            "right_department": self.right_department / self.somewhere,
            "methods": dict(self.methods.most_common()),
        }


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description="How often the commune of a real place is found.")
    parser.add_argument("--json", action="store_true", help="answer as JSON, for programs")
    asked = parser.parse_args()
    known = territory.load()
    records = list(recorded())
    scores = {"checked by hand": by_hand(known), "own INSEE code": own_codes(records, known)}
    scores |= {f"only {name}": alone(records, names, known) for name, names in ALONE.items()}
    took = timed(records, known)
    if asked.json:
        told = {name: score.told() for name, score in scores.items()}
        json.dump({"scores": told, "microseconds": took}, sys.stdout, ensure_ascii=False, indent=2)
        return
    for name, score in scores.items():
        row = score.told()
        shares = ", ".join(
            f"{key} {row[key]:.1%}" for key in ("right", "wrong", "unresolved", "right_department")
        )
        print(f"{name}: {row['places']} places: {shares}\n  {row['methods']}")
    for line in [*scores["checked by hand"].wrong, *scores["own INSEE code"].wrong]:
        print(f"  wrong: {line}")
    print(f"a record takes {took['first']:.0f} µs, one of a place met before {took['again']:.0f} µs")


def by_hand(known: territory.Territory) -> Score:
    """The addresses checked by hand."""
    score = Score()
    with CHECKED.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            asked = {"city" if key == "name" else key: value for key, value in row.items() if value}
            score.add(asked, row["expected"] or None, known)
    return score


def own_codes(records: Iterable[tuple[Record, Item]], known: territory.Territory) -> Score:
    """The records that carry an INSEE code, which the resolver is not told."""
    score = Score()
    for record, item in records:
        stated = next((record.value[name] for name in CODES.values() if record.value.get(name)), None)
        if stated is not None:
            score.add({**item.values, "insee": None}, place.insee(stated), known)
    return score


def alone(
    records: Iterable[tuple[Record, Item]], names: tuple[str, ...], known: territory.Territory
) -> Score:
    """What some clues find by themselves, where town and postcode agree and the point is not far."""
    score = Score()
    for _, item in records:
        found = known.resolution(**written(item.values))
        sure = found.match and found.match.method == "name-postcode" and not found.doubts
        if sure and found.match and "lat" in item.values:
            commune = found.match.commune
            clues = {"city": commune.name, "postcode": item.values.get("postcode", commune.postcodes[0])}
            whole = {**clues, "lat": item.values["lat"], "lon": item.values["lon"]}
            score.add({name: whole[name] for name in names}, commune.code, known)
    return score


def timed(records: Iterable[tuple[Record, Item]], known: territory.Territory) -> dict[str, float]:
    """Microseconds of processor a record takes, with empty caches and with full ones."""
    asked = [item.values for _, item in records if "city" in item.values]
    fresh = territory.Territory(known.folder)
    fresh.resolve(name="Aniane", postcode="34150")  # from now on the tables are read
    fresh.resolve(lat=43.7, lon=3.6)
    took = {}
    for name in ("first", "again"):
        began = time.process_time()
        for values in asked:
            fresh.resolve(**written(values))
        took[name] = (time.process_time() - began) / len(asked) * 1e6
    return took


def resolved(values: Values, known: territory.Territory) -> territory.Match | None:
    """The resolution of an item's values."""
    return known.resolve(**written(values))


def written(values: Values) -> territory.Written:
    """An item's values as the resolver is told them."""
    point = {name: float(values[name]) for name in ("lat", "lon") if name in values}
    return location.written({**values, **point})


def same(found: territory.Commune | None, expected: str | None) -> bool:
    """True when both are the same commune; a city and its arrondissement are."""
    if found is None or expected is None:
        return found is None and expected is None
    return expected in (found.code, found.parent)


def recorded() -> Iterator[tuple[Record, Item]]:
    """The records of the recorded partners, read and mapped as their sources say."""
    with Partners(ROOT / "demo" / "partners") as partners, tempfile.TemporaryDirectory() as scratch:
        declared = (ROOT / "demo" / "sources.toml").read_text(encoding="utf-8")
        config = Path(scratch) / "sources.toml"
        config.write_text(declared.replace("http://127.0.0.1:8018", partners.url), encoding="utf-8")
        layout = Layout(Path(scratch) / "store")
        usable, _ = plans(load(config))
        for plan in usable.values():
            if plan.source.enabled:
                yield from _read(plan, layout)


def _read(plan: Any, layout: Layout) -> Iterator[tuple[Record, Item]]:
    raw = RawStore(layout.raw)
    with Client(plan.source, raw, agent=agent(None, "0"), known={}, pace=Pace(layout.hosts)) as client:
        answers = list(plan.connector.answers(plan.source, client, raw))
    mapper = plan.mapper()
    for record in plan.connector.records(plan.source, answers, raw):
        if isinstance(record, Record) and mapper.wants(record):
            try:
                yield record, mapper.item(record)[0]
            except RecordError:
                continue  # it has no name: the harvest rejects it too


if __name__ == "__main__":
    main()
