"""Room: sixty nights of one source: 2 % of it changes each day, it fails, it is redesigned once.

In: a number of records. Out: a table of nights: how each ended, its seconds against those of the
first harvest, what the store weighs; at the end, what is wrong with what became of the records. The
clock is told, no night is waited for; every night runs in children, as in the product, and forgets
what is kept for long enough.

    python benchmarks/nights.py 100000 [--nights 60] [--seed 1] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import orjson
from sqlalchemy import select

sys.path.append(
    str(Path(__file__).resolve().parents[1])
)  # run as a script, only `benchmarks/` itself is known

from benchmarks import elements
from benchmarks.footprint import disk
from demo.server import Partners
from harvester.harvest import Asked, Children, Harvest, Report, plan
from harvester.harvest.children import helpers, tell
from harvester.keeping.retention import prune_when_due
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.tables import records
from harvester.model import Federation, Outcome, Source, State
from harvester.publish import Publication
from harvester.triplestore import FileLock

START = datetime(2026, 9, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
GRACE_DAYS = 7
NIGHTS = 60
PATH = "/api/elements.json"
ENVELOPE = b'{"licence":"https://opendatacommons.org/licenses/odbl/summary/","ontology":"gogofull","data":['
RENAMED = {"name": "title", "description": "presentation"}
"""Fields that the redesign calls otherwise."""

CHANGED = 0.02
"""What differs in a listing from day to day: half of it other texts, a quarter new, a quarter gone."""

LIMITS = {"quiet": 0.02, "ordinary": 0.20}
"""The promised ratio of a night to the first harvest, at 100,000 records."""

FAILURES = {
    7: "status:500",
    8: "status:500",
    15: "cut",
    22: "list",
    30: "html",
    44: "status:503",
    45: "reset",
}
QUIET = frozenset({10, 11, 40})
REDESIGNED, MENDED = 31, 33


@dataclass
class Life:
    """What a source lists, night after night; nothing is drawn but by its die.

    `texts` counts the versions of each record, `absent` says since which night those are gone that are.
    """

    count: int
    seed: int
    texts: dict[int, int] = field(default_factory=dict)
    absent: dict[int, int] = field(default_factory=dict)
    renamed: bool = False

    def __post_init__(self) -> None:
        self._map = elements.load(self.seed)
        self._dice = Random(self.seed)
        self.texts = dict.fromkeys(range(self.count), 0)

    def listed(self) -> Iterator[int]:
        """The numbers of the records that it lists."""
        return (number for number in self.texts if number not in self.absent)

    def change(self, night: int) -> None:
        """A day goes by."""
        there = list(self.listed())
        for number in self._dice.sample(there, max(1, round(CHANGED / 2 * self.count))):
            self.texts[number] += 1
        quarter = max(1, round(CHANGED / 4 * self.count))
        for number in range(len(self.texts), len(self.texts) + quarter):
            self.texts[number] = 0
        back = [number for number in self.absent if self._dice.random() < 0.05]
        for number in back:
            del self.absent[number]
        gone = self._dice.sample(there, quarter)
        self.absent |= dict.fromkeys(gone, night)

    def body(self) -> bytes:
        """The listing as it is sent."""
        return ENVELOPE + b",".join(orjson.dumps(self._element(number)) for number in self.listed()) + b"]}"

    def ref(self, number: int) -> str:
        """The identifier of a record."""
        return str(self._map.element(number)["id"])

    def _element(self, number: int) -> dict[str, Any]:
        found = self._map.element(number)
        found["description"] += f" Version {self.texts[number]}."
        if not self.renamed:
            return found
        found["website"] = found["website"].replace("https://www.", "https://nouveau.")
        return {RENAMED.get(name, name): value for name, value in found.items()}


def kind(night: int) -> str:
    """What a night is."""
    if night in FAILURES:
        return "failing"
    named = {0: "first", REDESIGNED: "redesigned", MENDED: "mended"}
    return named.get(night, "quiet" if night in QUIET or night == REDESIGNED + 1 else "ordinary")


def source(url: str, night: int) -> Source:
    """The source as it is declared on a night: its maintainer mends the mapping after the redesign."""
    return Source(
        id="carte",
        title="Carte de synthèse",
        connector="gogocarto",
        urls=(url,),
        licence="ODbL-1.0",
        language="fr",
        grace=timedelta(days=GRACE_DAYS),
        delay=timedelta(0),
        attempts=1,
        max_bytes=1 << 40,
        allow_private=True,
        map=dict(RENAMED) if night >= MENDED else {},
    )


def prepare(life: Life, partners: Partners, night: int) -> None:
    """Make the partner show what it shows on a night."""
    partners.behave()
    life.renamed = night >= REDESIGNED
    if kind(night) == "failing":
        partners.misbehave(PATH, FAILURES[night])
        return
    if kind(night) == "ordinary":
        life.change(night)
    if kind(night) != "quiet":
        body = life.body()
        partners.serve(PATH, lambda _asked: body, "application/json")


def harvested(declared: Source, federation: Federation, layout: Layout, now: datetime) -> Report:
    """One run at a time of the clock, and what is due to be forgotten."""
    ledger = Ledger.open(layout.ledger, base=federation.base)
    try:
        report = Harvest(
            plan(declared), federation, layout, ledger, Asked(), lambda: now, tell, helpers()
        ).run()
        prune_when_due(ledger, layout, federation, now + timedelta(hours=1))
    finally:
        ledger.close()
    return report


def published(federation: Federation, layout: Layout) -> None:
    """Bring the store up to the ledger, and make a checkpoint."""
    ledger = Ledger.open(layout.ledger, base=federation.base)
    with FileLock(layout.writer_lock):
        publication = Publication(layout, federation, ledger)
        try:
            publication.refresh()
        finally:
            publication.close()
            ledger.close()


def expected(night: int) -> tuple[Outcome, ...]:
    """How a night may end."""
    if FAILURES.get(night) in ("list", "html"):
        return (Outcome.FAILED,)
    return {
        "failing": (Outcome.DEFERRED,),
        "quiet": (Outcome.UNCHANGED, Outcome.DONE),  # grace may end that night
        "redesigned": (Outcome.DONE, Outcome.DONE_ISSUES),  # told by its drift; small ones lose no name
    }.get(kind(night), (Outcome.DONE,))


def wrong(life: Life, layout: Layout, federation: Federation, night: int) -> list[str]:
    """What is not as it should be: records lost, or withdrawn before their grace, or kept after it."""
    ledger = Ledger.open(layout.ledger, base=federation.base)
    with ledger.reading() as connection:
        rows = connection.execute(select(records.c.ref, records.c.live, records.c.state)).all()
    ledger.close()
    live = {row.ref for row in rows if row.live}
    gone = {row.ref for row in rows if row.state == State.WITHDRAWN}
    due = {number: night - since for number, since in life.absent.items()}
    lost = [number for number in life.listed() if life.ref(number) not in live]
    early = [number for number, days in due.items() if days < GRACE_DAYS and life.ref(number) in gone]
    stuck = [number for number, days in due.items() if days > GRACE_DAYS + 4 and life.ref(number) in live]
    told = {"lost": lost, "withdrawn early": early, "not withdrawn": stuck}
    return [f"{len(found)} {word}, the first '{life.ref(found[0])}'" for word, found in told.items() if found]


def weights(layout: Layout) -> dict[str, int]:
    """Bytes of the parts of a store."""
    parts = {
        "raw": layout.raw,
        "runs": layout.runs,
        "triples": layout.oxigraph,
        "checkpoints": layout.checkpoints,
    }
    return {
        "store": disk(layout.root),
        "ledger": sum(path.stat().st_size for path in layout.root.glob("ledger.sqlite*")),
        **{name: disk(folder) for name, folder in parts.items()},
    }


def played(count: int, nights: int, seed: int, folder: Path) -> Iterator[dict[str, Any]]:
    """All nights, one after the other; each tells of itself."""
    layout, federation = Layout(folder / "store"), Federation(contact="mailto:contact@example.org")
    (folder / "partners").mkdir()
    life, pool = Life(count, seed), Children(1)
    first = 0.0
    with Partners(folder / "partners") as partners:
        pool.submit(
            published, federation, layout
        ).result()  # vocabulary and territories: once, at installation
        for night in range(nights + 1):
            prepare(life, partners, night)
            begun = time.perf_counter()
            now = START + night * DAY
            report = pool.submit(harvested, source(partners.url, night), federation, layout, now).result()
            pool.submit(published, federation, layout).result()
            seconds = time.perf_counter() - begun
            first = first or seconds
            faults = (
                [] if report.outcome in expected(night) else [f"ended as {report.outcome}: {report.message}"]
            )
            if report.outcome.succeeded:
                faults += wrong(life, layout, federation, night)
            yield {
                "night": night,
                "kind": kind(night),
                "outcome": str(report.outcome),
                "seconds": seconds,
                "ratio": seconds / first,
                "changes": report.counts.get("changes", 0),
                **weights(layout),
                "wrong": faults,
            }
    pool.shutdown()


def table(told: Mapping[str, Any]) -> str:
    """One night on one line."""
    sizes = "".join(f"{told[name] / 1e6:>10.1f}" for name in SIZES)
    faults = f"  WRONG: {'; '.join(told['wrong'])}" if told["wrong"] else ""
    ended = f"{told['night']:>5}  {told['kind']:<11}{told['outcome']:<12}"
    return f"{ended}{told['seconds']:>8.2f}{told['ratio']:>8.3f}{told['changes']:>9}{sizes}{faults}"


SIZES = ("store", "ledger", "raw", "runs", "triples", "checkpoints")


def verdicts(nights: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What was promised, and whether it holds."""
    for name, limit in LIMITS.items():
        ratios = sorted(night["ratio"] for night in nights if night["kind"] == name)
        if ratios:
            middle = ratios[len(ratios) // 2]
            found = f"median {middle:.3f}, highest {ratios[-1]:.3f}"
            yield f"{name}: {found}, promised {limit:.2f} at 100,000 records"
    faults = sum(len(night["wrong"]) for night in nights)
    yield f"wrong: {faults}"


def main() -> None:
    """Play the nights, and print them as they go."""
    parser = argparse.ArgumentParser(description="Sixty nights of one source.")
    parser.add_argument("records", type=int)
    parser.add_argument("--nights", type=int, default=NIGHTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print JSON, one night a line")
    asked = parser.parse_args()
    nights = []
    with tempfile.TemporaryDirectory(prefix="archipel-nights-") as name:
        if not asked.json:
            print(
                f"{'night':>5}  {'kind':<11}{'outcome':<12}{'seconds':>8}{'ratio':>8}{'changes':>9}"
                + "".join(
                    f"{f'{size} MB':>10}"[:10] if len(size) < 8 else f"{'ckpts MB':>10}" for size in SIZES
                )
            )
        for told in played(asked.records, asked.nights, asked.seed, Path(name)):
            nights.append(told)
            print(json.dumps(told) if asked.json else table(told), flush=True)
    if not asked.json:
        print("\n".join(verdicts(nights)))
    sys.exit(any(night["wrong"] for night in nights))


if __name__ == "__main__":
    main()
