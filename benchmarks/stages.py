"""Room: the steps that are measured, each a function fit to be run in a child process.

In: a source, its federation, where its store is. Out: how the step ended and the wall seconds of its
stages. The product is called as its commands call it; nothing of it is changed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from harvester import canonical, iri
from harvester.connectors import Fetches, Raw
from harvester.harvest import Asked, Harvest, Report, plan
from harvester.harvest.children import helpers, tell
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Answer, Federation, Source
from harvester.publish import Publication
from harvester.triplestore import FileLock

Seconds = dict[str, float]


@dataclass(slots=True)
class _Clock:
    """When each stage of a run was last seen to end."""

    fetched: float = 0.0
    judged: float = 0.0


def harvest(source: Source, federation: Federation, layout: Layout) -> tuple[Report, Seconds]:
    """One run, as `harvester.harvest.run_source` does it; seconds of `fetch`, `judge` and `commit`.

    `judge` covers everything from the last byte received to the last batch staged: recipe, reading, mapping,
    writing, checking, staging. A run that judges nothing spends it in `commit`.
    """
    begun, clock = time.perf_counter(), _Clock()
    ledger = Ledger.open(layout.ledger, base=federation.base)
    try:
        report = _harvest(source, federation, layout, ledger, clock).run()
    finally:
        ledger.close()
    ended = time.perf_counter()
    judged = clock.judged or clock.fetched
    return report, {
        "fetch": clock.fetched - begun,
        "judge": judged - clock.fetched,
        "commit": ended - judged,
    }


def _harvest(
    source: Source, federation: Federation, layout: Layout, ledger: Ledger, clock: _Clock
) -> Harvest:
    planned = plan(source)

    def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
        yield from planned.connector.answers(source, client, raw)
        clock.fetched = time.perf_counter()

    def progress(name: str, records: int) -> None:
        clock.judged = time.perf_counter()
        tell(name, records)

    timed = replace(planned, connector=replace(planned.connector, answers=answers))
    return Harvest(timed, federation, layout, ledger, Asked(), progress=progress, helpers=helpers())


def publish(layout: Layout, federation: Federation) -> Seconds:
    """Bring the store up to the ledger and make a checkpoint; seconds of `open`, `publish` and `close`."""
    begun = time.perf_counter()
    ledger = Ledger.open(layout.ledger, base=federation.base)
    with FileLock(layout.writer_lock):
        publication = Publication(layout, federation, ledger)
        opened = time.perf_counter()
        try:
            publication.refresh()
            refreshed = time.perf_counter()
        finally:
            publication.close()
            ledger.close()
    return {"open": opened - begun, "publish": refreshed - opened, "close": time.perf_counter() - refreshed}


def dump(checkpoint: Path, base: str, source: str, target: Path) -> int:
    """Write the graph of one source as N-Quads; returns how many."""
    graph = iri.source_graph(base, source)
    triples = target.with_suffix(".nt")
    store = ox.Store.read_only(str(checkpoint))
    store.dump(output=str(triples), format=ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(graph))
    count = 0
    with triples.open("rb") as lines, target.open("wb") as quads:
        for count, line in enumerate(lines, 1):  # noqa: B007  # the last one is how many
            quads.write(canonical.in_graph(line, graph))
    triples.unlink()
    return count


def floor(quads: Path, folder: Path) -> float:
    """Seconds that pyoxigraph alone needs to bulk-load a file into an empty store on disk."""
    store = ox.Store(str(folder))
    begun = time.perf_counter()
    store.bulk_load(path=str(quads), format=ox.RdfFormat.N_QUADS)
    return time.perf_counter() - begun


def profile(source: Source, federation: Federation, layout: Layout, lines: int = 30) -> Sequence[str]:
    """One run, then its publication, in this process under cProfile: the functions that took longest."""
    import cProfile
    import io
    import pstats

    out: list[str] = []
    steps: dict[str, Any] = {
        "harvest": lambda: harvest(source, federation, layout),
        "publish": lambda: publish(layout, federation),
    }
    for name, step in steps.items():
        profiler = cProfile.Profile()
        profiler.runcall(step)
        text = io.StringIO()
        pstats.Stats(profiler, stream=text).strip_dirs().sort_stats("tottime").print_stats(lines)
        out += [f"--- {name}", *text.getvalue().splitlines()]
    return out
