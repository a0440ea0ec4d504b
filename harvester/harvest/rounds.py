"""Room: many runs side by side, each in a process that never opens the triple store.

A round goes through a `concurrent.futures.Executor`, so that another engine can spread it
later. A crash or a leak stays with its run; the source it took down is reported failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, as_completed
from datetime import UTC, datetime

from harvester.errors import HarvesterError
from harvester.harvest.asking import Asked, Report
from harvester.harvest.children import helpers, tell
from harvester.harvest.closing import renamed
from harvester.harvest.plan import plan
from harvester.harvest.run import Harvest
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Federation, Outcome, Source


def submit(
    pool: Executor, source: Source, federation: Federation, layout: Layout, asked: Asked
) -> Future[Report]:
    """Begin one run."""
    return pool.submit(run_source, source, federation, layout, asked)


def harvest_round(
    pool: Executor, sources: Iterable[Source], federation: Federation, layout: Layout, asked: Asked
) -> Iterator[Report]:
    """Run sources side by side; yields each report as its run ends."""
    pending = {submit(pool, source, federation, layout, asked): source.id for source in sources}
    for future in as_completed(pending):
        yield report_of(future, pending[future])


def report_of(future: Future[Report], source: str) -> Report:
    """The report of a finished run; one whose process died has failed by our fault."""
    try:
        return future.result()
    except HarvesterError as error:
        text = f"{source}: {error}; published data kept, the next round tries again"
        return Report(source, Outcome.FAILED, text, {})


def run_source(source: Source, federation: Federation, layout: Layout, asked: Asked) -> Report:
    """One run, in this process."""
    ledger = Ledger.open(layout.ledger, base=federation.base)
    try:
        report = Harvest(
            plan(source), federation, layout, ledger, asked, progress=tell, helpers=helpers()
        ).run()
        if source.was and report.outcome.succeeded and report.run is not None and not asked.limit:
            renamed(ledger, source, datetime.now(UTC))
        return report
    finally:
        ledger.close()
