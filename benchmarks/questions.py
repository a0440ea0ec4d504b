"""Room: how long each question of the vocabulary takes, asked of a synthetic federation as the endpoint asks.

In: a number of initiatives and of sources. Out: a table, or JSON: median and worst of five answers read to
the end, rows, and whether the median stays within a second; one that does not makes the exit code 1. The
federation is harvested from partners on loopback and published with its vocabulary, territories, provenance
and reports; links are added. All is in a temporary folder that goes at the end.

    python benchmarks/questions.py 30000 [--sources 13] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

sys.path.append(
    str(Path(__file__).resolve().parents[1])
)  # run as a script, only `benchmarks/` itself is known

from benchmarks import elements
from benchmarks.federation import OTHERS, Atlas
from demo.server import Partners
from harvester import iri
from harvester.harvest import Asked, run_source
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Federation, Outcome
from harvester.publish import Publication
from harvester.triplestore import Checkpoints, Query, QueryPool, TripleStore
from harvester.web.examples import Example, shipped

LIMIT_S = 1.0
"""A question that takes longer is not fast enough to be asked from a page."""

TIMES = 5

_QUIET_NIGHTS = 29
"""Nights without change after the harvest: with it, as many runs as are published of a source."""


def built(folder: Path, atlas: Atlas) -> Path:
    """Harvest and publish a federation; returns its checkpoint."""
    layout, federation = Layout(folder / "store"), Federation(contact="mailto:contact@example.org")
    (folder / "partners").mkdir()
    with Partners(folder / "partners") as partners:
        for listing in atlas.listings(partners.url):
            partners.serve(listing.path, listing.body, "application/json")
            report = run_source(listing.source, federation, layout, Asked())
            if not report.outcome.succeeded:
                raise SystemExit(f"benchmark: source '{report.source}': {report.outcome}: {report.message}")
    ledger = Ledger.open(layout.ledger, base=federation.base)
    _log_quiet_nights(ledger)
    publication = Publication(layout, federation, ledger)
    publication.refresh()
    publication.close()
    ledger.close()
    store = TripleStore(layout.oxigraph, positions=iri.graph(federation.base, "position"))
    store.replace(iri.graph(federation.base, "links"), atlas.links(federation.base))
    checkpoint = Checkpoints(layout.checkpoints).make(store)
    store.close()
    return checkpoint


def _log_quiet_nights(ledger: Ledger) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    for night in range(1, _QUIET_NIGHTS + 1):
        at = now + timedelta(days=night)
        run = {"started_at": at, "ended_at": at, "outcome": Outcome.UNCHANGED, "message": "not modified"}
        for source in ledger.sources():
            ledger.log({"source": source, **run, "counts": {}, "findings": {}})


def measured(checkpoint: Path) -> Iterator[dict[str, Any]]:
    """What each question took, in the order of the pages."""
    pool = QueryPool(checkpoint, workers=1, timeout_s=120)
    try:
        _answer(pool, "ASK {}")  # the worker is started when first needed; the endpoint has it already
        for example in (one for group in shipped() for one in group.examples):
            yield _measured(pool, example)
    finally:
        pool.close()


def _measured(pool: QueryPool, example: Example) -> dict[str, Any]:
    seconds: list[float] = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        body = _answer(pool, example.query)
        seconds.append(time.perf_counter() - begun)
    middle = median(seconds)
    return {
        "question": example.address.rpartition("/")[2],
        "median_s": middle,
        "worst_s": max(seconds),
        "rows": len(json.loads(body)["results"]["bindings"]),
        "verdict": "holds" if middle <= LIMIT_S else "missed",
    }


def _answer(pool: QueryPool, text: str) -> bytes:
    return b"".join(pool.ask(Query(text)).chunks)


def _quads(checkpoint: Path) -> int:
    import pyoxigraph as ox

    return len(ox.Store.read_only(str(checkpoint)))


def table(found: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the report, for a terminal of 110 columns."""
    yield (
        f"{found['initiatives']:,} initiatives, {found['sources']} sources, {found['quads']:,} quads, "
        f"{found['cpus']} cores, load {found['load'][0]:.1f} to {found['load'][1]:.1f}"
    )
    yield ""
    yield f"{'question':<48}{'median ms':>11}{'worst ms':>11}{'rows':>8}  verdict"
    for one in found["questions"]:
        times = f"{1000 * one['median_s']:>11.0f}{1000 * one['worst_s']:>11.0f}"
        yield f"{one['question']:<48}{times}{one['rows']:>8}  {one['verdict']}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description="The questions of the vocabulary against the clock.")
    parser.add_argument("initiatives", type=int)
    parser.add_argument("--sources", type=int, default=13, help=f"at least {len(OTHERS) + 1}")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    maps = asked.sources - len(OTHERS)
    if maps < 1 or asked.initiatives < maps:
        parser.error(f"{asked.initiatives} initiatives of {maps} maps; give one of each or more")
    today = datetime.now(UTC).date()
    with tempfile.TemporaryDirectory(prefix="archipel-benchmark-") as name:
        checkpoint = built(Path(name), Atlas(elements.load(asked.seed), asked.initiatives, maps, today))
        before = os.getloadavg()[0]
        questions = list(measured(checkpoint))
        found = {
            "initiatives": asked.initiatives,
            "sources": asked.sources,
            "quads": _quads(checkpoint),
            "cpus": os.cpu_count(),
            "load": (before, os.getloadavg()[0]),
            "limit_s": LIMIT_S,
            "questions": questions,
        }
    print(json.dumps(found, ensure_ascii=False, indent=2) if asked.json else "\n".join(table(found)))
    sys.exit(any(one["verdict"] == "missed" for one in questions))


if __name__ == "__main__":
    main()
