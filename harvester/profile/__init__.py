"""Room: the application profile: what items, sources and runs look like as triples."""

from harvester.profile.federation import (
    credit,
    description,
    freshness_triples,
    run_triples,
    source_triples,
)
from harvester.profile.record import Writer, carried, corrected, marked, writer
from harvester.profile.report import report_triples
from harvester.profile.territories import territory_triples
from harvester.profile.writing import full, predicate

__all__ = [
    "Writer",
    "carried",
    "corrected",
    "credit",
    "description",
    "freshness_triples",
    "full",
    "marked",
    "predicate",
    "report_triples",
    "run_triples",
    "source_triples",
    "territory_triples",
    "writer",
]
