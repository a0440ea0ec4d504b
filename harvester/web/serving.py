"""Room: what the pages are told from, handed over by whoever starts the server."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from harvester.errors import Problem
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Federation
from harvester.triplestore import QueryPool


@dataclass(frozen=True, slots=True)
class Serving:
    """The federation as it stands; what can be called is asked anew for each page.

    `next_run` gives the next run of a source (aware), None when none is planned; `running` the
    records read so far by each source under way; `problems` those of the configuration;
    `configured` the ids of the sources it declares, disabled ones included; `now` the time (aware);
    `access_log` whether each request is written down.
    """

    federation: Federation
    ledger: Ledger
    pool: QueryPool
    layout: Layout
    next_run: Callable[[str], datetime | None]
    running: Callable[[], Mapping[str, int]]
    problems: Callable[[], Sequence[Problem]]
    configured: Callable[[], Collection[str]]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    access_log: bool = False
