"""Room: what Prometheus asks for: queries as they ended, and how the house stands at this moment.

Queries are counted as they end, seen from the outside. Everything else is read when it is asked for, from the
ledger and the notes beside it; what takes longer than a moment, only when the ledger has a new run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from harvester.ledger.freshness import Freshness, freshness
from harvester.mirror import note
from harvester.publish import published
from harvester.triplestore import Checkpoints
from harvester.web.pages import Visiting
from harvester.web.serving import Serving
from harvester.web.watch import End, Seen

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60)

router = APIRouter()


@router.get("/metrics")
def metrics(visit: Visiting) -> Response:
    """How queries ended and how the house stands, for Prometheus."""
    measures: Measures = visit.request.app.state.measures
    encoder, content_type = choose_encoder(visit.accept or "")
    return Response(encoder(measures.registry), headers={"Content-Type": content_type})


class Measures:
    """The measures of one application, in a registry of its own."""

    def __init__(self, serving: Serving) -> None:
        self.registry = CollectorRegistry()
        about = "SPARQL queries, by how they ended"
        self._queries = Counter("archipel_queries", about, ["outcome"], registry=self.registry)
        about = "Time to answer a SPARQL query, in seconds"
        self._took = Histogram("archipel_query_seconds", about, buckets=_SECONDS, registry=self.registry)
        self.registry.register(Standing(serving))
        ProcessCollector(registry=self.registry)

    def heard(self, seen: Seen) -> None:
        """Count a query; other requests are not counted."""
        if seen.queried:
            self._queries.labels(outcome(seen)).inc()
            self._took.observe(seen.took_s)


def outcome(seen: Seen) -> str:
    """How a query ended, in one word: `answered`, `cut`, `left`, or the kind of the refusal."""
    if seen.end is not End.WHOLE:
        return str(seen.end)
    if seen.kind or seen.status is None:
        return seen.kind or "fault"
    return "answered" if seen.status < 400 else str(seen.status)


@dataclass(frozen=True, slots=True)
class _Read:
    """What the ledger says as long as it has no new run."""

    run: int
    runs: Mapping[str, int]
    records: Mapping[str, Mapping[str, int]]
    fresh: Mapping[str, Freshness]


class Standing(Collector):
    """How the house stands; read when asked."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._held: _Read | None = None

    def describe(self) -> list[Metric]:
        """Nothing is known before it is asked."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every measure with its values."""
        read = self._read()
        yield self._killed()
        yield from self._ages()
        yield _family("runs", "Runs that the ledger holds, by how they ended", ("outcome",), read.runs)
        records = {(source, state): n for source, of in read.records.items() for state, n in of.items()}
        about = "Records by state; live: those published, in whatever state"
        yield _family("records", about, ("source", "state"), records)
        yield from self._freshness(read.fresh)
        yield self._behind()

    def _read(self) -> _Read:
        ledger = self._serving.ledger
        run, held = ledger.last_run(), self._held
        if held is None or held.run != run:
            fresh = {name: freshness(ledger, name, told) for name, told in ledger.sources().items()}
            held = _Read(run, ledger.outcomes(), ledger.counts(), fresh)
            self._held = held
        return held

    def _killed(self) -> Metric:
        family = CounterMetricFamily("archipel_workers_killed", "Query workers that had to be killed")
        family.add_metric([], self._serving.pool.killed)
        return family

    def _ages(self) -> Iterator[Metric]:
        since = Checkpoints(self._serving.layout.checkpoints).since()
        if since is not None:
            age = {(): max(0.0, time.time() - since)}
            yield _family("checkpoint_age_seconds", "Since what is answered was published", (), age)

    def _freshness(self, fresh: Mapping[str, Freshness]) -> Iterator[Metric]:
        now = self._serving.now()
        ages = {
            name: (now - one.last_success).total_seconds() for name, one in fresh.items() if one.last_success
        }
        stale = {name: float(one.stale_since(now) is not None) for name, one in fresh.items()}
        failures = {name: one.failures for name, one in fresh.items()}
        yield _family("source_age_seconds", "Since the last success of a source", ("source",), ages)
        yield _family("source_stale", "1 when what a source published may be old", ("source",), stale)
        yield _family("source_failures", "Runs without success since the last one", ("source",), failures)

    def _behind(self) -> Metric:
        last = self._serving.ledger.position()
        behind = {"store": max(0, last - max(0, published(self._serving.layout)["change"]))}
        if self._serving.federation.mirror:
            behind["mirror"] = note(self._serving.layout).behind(last)
        about = "Changes of the ledger that a projection does not hold yet"
        return _family("changes_behind", about, ("projection",), behind)


def _family(name: str, about: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    """One measure; the keys of its values are those of its labels, a tuple when there is not just one."""
    family = GaugeMetricFamily(f"archipel_{name}", about, labels=labels)
    for key, value in values.items():
        family.add_metric((key,) if isinstance(key, str) else key, value)
    return family
