"""Room: figures of quality of each source, as measurements of the Data Quality Vocabulary.

Shares between 0 and 1, of its published records unless said otherwise; from what was counted with its dump.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from harvester import canonical, iri
from harvester.catalogue.state import State, Told
from harvester.catalogue.words import Texts, about, node, texts, typed
from harvester.dumps.partitions import Partitions, read
from harvester.model import State as Standing
from harvester.profile import full

HOLDING: Mapping[str, str] = {
    "described": "dcterms:description",
    "paged": "dcterms:source",
    "themed": "pair:hasTopic",
    "pictured": "foaf:depiction",
    "linked": "foaf:homepage",
}
"""Metric -> the property that a record must have."""

METRICS: Mapping[str, Texts] = {
    "located": {"fr": "Fiches situées dans une commune", "en": "Records located in a commune"},
    "described": {"fr": "Fiches avec une description", "en": "Records with a description"},
    "paged": {"fr": "Fiches avec une page chez le partenaire", "en": "Records with a page at the partner"},
    "themed": {"fr": "Fiches avec un thème", "en": "Records with a theme"},
    "pictured": {"fr": "Fiches avec une image", "en": "Records with a picture"},
    "linked": {"fr": "Fiches avec un site", "en": "Records with a web site"},
    "rejected": {
        "fr": "Fiches lues et refusées par les formes",
        "en": "Records read and rejected by the shapes",
    },
}


def shares(told: Told) -> dict[str, Decimal]:
    """Metric -> share, 0 to 1, three decimals; empty before there is a dump, or without records."""
    counted = read(told.dump.void) if told.dump else Partitions()
    if not counted.records:
        return {}
    rejected = told.counts.get(Standing.REJECTED, 0)
    found = {
        "located": counted.places,
        **{name: counted.described[full(one)] for name, one in HOLDING.items()},
    }
    return {
        **{name: _share(count, counted.records) for name, count in found.items()},
        "rejected": _share(rejected, counted.records + rejected),
    }


def metrics(state: State) -> Iterator[str]:
    """What is measured."""
    for name, labels in METRICS.items():
        me = _metric(state, name)
        yield from typed(me, "dqv:Metric")
        yield from texts(me, "rdfs:label", labels)
        yield from about(me, ("dqv:expectedDataType", node(canonical.XSD + "decimal")))


def measurements(state: State, told: Told) -> Iterator[str]:
    """What was measured of one source."""
    dataset = iri.source(state.base, told.id)
    for name, share in shares(told).items():
        me = f"{dataset}#mesure-{name}"
        yield from typed(me, "dqv:QualityMeasurement")
        yield from about(
            me,
            ("dqv:isMeasurementOf", node(_metric(state, name))),
            ("dqv:computedOn", node(dataset)),
            ("dqv:value", canonical.decimal(share)),
        )
        yield from about(dataset, ("dqv:hasQualityMeasurement", node(me)))


def _metric(state: State, name: str) -> str:
    return f"{state.catalogue}#metrique-{name}"


def _share(count: int, of: int) -> Decimal:
    return round(Decimal(count) / Decimal(of), 3)
