"""Room: how long a harvest and its nights take, against the time of a bare bulk load.

In: a number of records. Out: a table, or JSON: wall seconds from the first request to the published
checkpoint, ratios beside the figures promised, changes, memory, disk. Every step runs in children, as in the
product; all is in a temporary folder that goes at the end. Never runs two steps at once.

    python benchmarks/harvest.py 10000 [--json] [--gzip] [--profile]
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, TypeVar

sys.path.append(
    str(Path(__file__).resolve().parents[1])
)  # run as a script, only `benchmarks/` itself is known

from benchmarks import stages
from benchmarks.elements import CHANGED_EVERY
from benchmarks.partner import Shown
from harvester.harvest import Children, Report
from harvester.layout import Layout
from harvester.model import Expect, Federation, Publisher, Source

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]

_SOURCE = "carte"
_FLOORS = 3
_FLOORS_FROM = 10_000  # below, nothing is promised and one is enough


class Night(NamedTuple):
    """One night: what the partner shows, and that one record in `every` changes; 0 for none."""

    name: str
    listing: str
    validators: bool = True
    every: int = 0


FIRST = Night("first", "first", every=1)
NIGHTS = (
    Night("304", "first"),
    Night("same", "first", validators=False),
    Night("shuffled", "shuffled"),
    Night("changed", "changed", every=CHANGED_EVERY),
)


@dataclass(frozen=True, slots=True)
class Bench:
    """What the steps of one benchmark share."""

    records: int
    packed: bool
    partner: Mapping[str, Any]
    partner_pid: int
    folder: Path
    pool: Children
    patience_s: float

    @property
    def layout(self) -> Layout:
        """Where the store is."""
        return Layout(self.folder / "store")

    @property
    def federation(self) -> Federation:
        """A federation of one source."""
        return Federation(contact="mailto:contact@example.org")

    @property
    def source(self) -> Source:
        """The synthetic partner, declared as a maintainer would."""
        categories = {"from": "categoriesFull[].id", "align": "presdecheznous"}
        return Source(
            id=_SOURCE,
            title="Carte de synthèse",
            connector="gogocarto",
            urls=(self.partner["url"],),
            licence="ODbL-1.0",
            publisher=Publisher("Un partenaire de synthèse"),
            language="fr",
            expect=Expect(min_records=self.records),
            delay=timedelta(0),
            max_bytes=1 << 40,
            allow_private=True,
            map={"theme": categories, "type": categories},
        )

    def child(self, step: Callable[..., T], *args: Any) -> T:
        """Run a step in a child of its own, and wait for it, but not for ever."""
        try:
            return self.pool.submit(step, *args).result(self.patience_s)
        except TimeoutError as error:
            late = f"not done after {self.patience_s:g} s; give a longer --patience"
            raise SystemExit(f"benchmark: step '{step.__name__}': {late}") from error

    def show(self, shown: Shown) -> None:
        """Make the partner show another listing."""
        connection = http.client.HTTPConnection(self.partner["url"].removeprefix("http://"), timeout=60)
        connection.request("POST", "/", json.dumps(asdict(shown)))
        connection.getresponse().read()
        connection.close()


@contextmanager
def bench(records: int, *, seed: int, packed: bool, patience_s: float) -> Iterator[Bench]:
    """A partner that answers, an empty folder and a pool of one child; all gone at the end."""
    pool = Children(1)
    with tempfile.TemporaryDirectory(prefix="archipel-benchmark-") as name:
        options = ["--folder", name, "--seed", str(seed), *(["--gzip"] if packed else [])]
        command = [sys.executable, str(ROOT / "benchmarks" / "partner.py"), str(records), *options]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as partner:
            assert partner.stdin
            assert partner.stdout
            try:
                told = json.loads(partner.stdout.readline())
                yield Bench(records, packed, told, partner.pid, Path(name), pool, patience_s)
            finally:
                pool.shutdown(cancel_futures=True)
                partner.stdin.close()


def measured(on: Bench) -> dict[str, Any]:
    """All the steps, one after the other."""
    from benchmarks import figures

    on.child(stages.publish, on.layout, on.federation)  # vocabulary and territories: once, at installation
    nights = [_night(on, FIRST)]
    quads, floors = _floor(on)
    nights += [_night(on, night) for night in NIGHTS]
    seconds = {night["night"]: night["seconds"] for night in nights} | {"floor": median(floors)}
    nights = [night | figures.judged(night["night"], seconds, on.records) for night in nights]
    peak = max(night["pss"] or night["rss"] for night in nights)
    return {
        "records": on.records,
        "triples": quads,
        "triples_per_record": quads / on.records,
        "listing_bytes": on.partner["sizes"]["first"],
        "gzip": on.packed,
        "cpus": os.cpu_count(),
        "floor": {"seconds": median(floors), "all": [round(one, 2) for one in floors]},
        "nights": nights,
        "memory": figures.memory(peak, on.records),
    }


def _night(on: Bench, night: Night) -> dict[str, Any]:
    """One night, from the first request to the published checkpoint."""
    from benchmarks.footprint import Memory, disk

    on.show(Shown(night.listing, night.validators, on.packed))
    load = os.getloadavg()[0]
    with Memory(leave_out=[on.partner_pid]) as memory:
        begun = time.perf_counter()
        report, inner = on.child(stages.harvest, on.source, on.federation, on.layout)
        outer = on.child(stages.publish, on.layout, on.federation)
        seconds = time.perf_counter() - begun
    _check(night, report, on.records)
    return {
        "night": night.name,
        "seconds": seconds,
        "records_per_s": on.records / seconds,
        "outcome": str(report.outcome),
        "changes": report.counts["changes"],
        "rejected": report.counts.get("rejected", 0),
        "stages": inner | outer,
        "rss": memory.rss,
        "pss": memory.pss,
        "store": disk(on.layout.root),
        "load": load,
    }


def _check(night: Night, report: Report, records: int) -> None:
    """A night that did not do its work is not worth a figure."""
    expected = math.ceil(records / night.every) if night.every else 0
    if not report.outcome.succeeded or report.counts["changes"] != expected:
        found = f"{report.counts.get('changes', 0)} changes, {expected} expected"
        raise SystemExit(f"benchmark: night '{night.name}': {report.outcome}: {report.message} ({found})")


def _floor(on: Bench) -> tuple[int, list[float]]:
    """How many quads the source has, and the seconds of each bare bulk load of them."""
    from harvester.triplestore import Checkpoints

    checkpoint = Checkpoints(on.layout.checkpoints).current()
    assert checkpoint, "the first harvest was published"
    file = on.folder / "finished.nq"
    quads = on.child(stages.dump, checkpoint, on.federation.base, _SOURCE, file)
    times = _FLOORS if on.records >= _FLOORS_FROM else 1
    return quads, [on.child(stages.floor, file, on.folder / f"floor-{n}") for n in range(times)]


def main() -> None:
    """Measure, then print."""
    parser = argparse.ArgumentParser(description="A harvest and its nights against a bare bulk load.")
    parser.add_argument("records", type=int)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--gzip", action="store_true", help="the partner compresses its answers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=1800, help="seconds a step may take at most")
    parser.add_argument("--profile", action="store_true", help="one profiled run instead of the measures")
    asked = parser.parse_args()
    if asked.records < 1:
        parser.error(f"records is '{asked.records}'; give 1 or more")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the folder goes, as at any other end
    with bench(asked.records, seed=asked.seed, packed=asked.gzip, patience_s=asked.patience) as on:
        if asked.profile:
            on.child(stages.publish, on.layout, on.federation)
            print("\n".join(stages.profile(on.source, on.federation, on.layout)))
            return
        found = measured(on)
    if asked.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        from benchmarks import figures

        print("\n".join(figures.table(found)))


if __name__ == "__main__":
    main()
