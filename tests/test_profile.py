"""What the profile writes about an item, a source and a run."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pyoxigraph as ox
import pytest

from harvester import profile, territory
from harvester.items import FIELDS, KINDS, FieldType
from harvester.model import Item, Outcome, Publisher, Severity, Source
from harvester.profile.writing import ADDRESS, CLASSES
from harvester.profile.writing import FIELDS as WRITTEN
from harvester.shapes import Checker, pyshacl_engine, shacl_engine

BASE = "http://localhost:8000/"
ANIANE = {"city": "Aniane", "postcode": "34150"}


def source(kind: str = "initiative", **changed) -> Source:
    return Source(
        id="s",
        title="S",
        connector="table",
        urls=("https://e.org/",),
        licence="ODbL-1.0",
        kind=kind,
        **changed,
    )


def triples(kind: str = "initiative", language: str | None = "fr", **values) -> dict[str, set[str]]:
    """predicate -> objects, whatever the subject, of an item."""
    writer = profile.writer(source(kind, language=language), BASE, territory.load())
    written = writer.triples(Item(kind, "r", {"name": "Nom", **values}), [])
    found: dict[str, set[str]] = {}
    for triple in ox.parse(written, format=ox.RdfFormat.N_TRIPLES):
        found.setdefault(triple.predicate.value.split("/")[-1].split("#")[-1], set()).add(
            getattr(triple.object, "value", "")
        )
    return found


def test_every_item_field_is_written_or_used_somewhere():
    used = {"ref", "lat", "lon", "insee", "department", "theme", "licence", "language"}

    assert set(FIELDS) == set(WRITTEN) | set(ADDRESS) | used
    assert set(KINDS) == set(CLASSES)


def test_a_place_is_resolved_to_its_commune_and_what_holds_it():
    found = triples(**ANIANE)

    assert {iri.rsplit("/territoire/")[-1] for iri in found["spatial"]} == {"commune/34010"}
    assert {"departement/34", "region/76"} <= {iri.rsplit("/territoire/")[-1] for iri in found["inTerritory"]}
    assert {iri.rsplit("/")[-1] for iri in found["locationPrecision"]} == {"name-postcode"}


def test_an_arrondissement_is_in_its_city():
    found = triples(city="Paris", postcode="75011")

    assert {iri.rsplit("/")[-1] for iri in found["spatial"]} == {"75111"}
    assert "75056" in {iri.rsplit("/")[-1] for iri in found["inTerritory"]}


def test_a_place_abroad_gets_no_commune():
    assert "spatial" not in triples(country="BE", city="Aniane", postcode="34150")


def test_the_themes_of_a_type_stand_in_for_missing_themes():
    amap = "https://w3id.org/archipel/vocab/types/amap"

    assert triples(type=(amap,))["hasTopic"] == {"https://w3id.org/archipel/vocab/themes/alimentation"}


def test_texts_carry_the_language_of_the_record_and_only_if_it_is_known():
    writer = profile.writer(source(language=None), BASE, territory.load())

    plain = writer.triples(Item("initiative", "r", {"name": "Nom"}), [])
    tagged = writer.triples(Item("initiative", "r", {"name": "Nòm", "language": "oc"}), [])

    assert b'label> "Nom" .' in plain
    assert '"Nòm"@oc'.encode() in tagged


def test_a_licence_of_the_record_wins_and_an_unknown_one_is_a_finding():
    findings: list = []
    writer = profile.writer(source(), BASE, territory.load())

    assert b"licences/CC0-1.0>" in writer.triples(
        Item("initiative", "r", {"name": "Nom", "licence": "CC0-1.0"}), findings
    )
    assert b"licences/ODbL-1.0>" in writer.triples(
        Item("initiative", "r", {"name": "Nom", "licence": "maison"}), findings
    )
    assert [(one.severity, one.value) for one in findings] == [(Severity.WARNING, "maison")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("engine", [shacl_engine, pyshacl_engine], ids=["shacl", "pyshacl"])
def test_a_full_item_of_each_kind_conforms_for_both_engines(kind, engine):
    samples = {
        FieldType.TEXT: "Un texte", FieldType.PROSE: "Une description.", FieldType.URL: "https://e.org/x",
        FieldType.EMAIL: "contact@e.org", FieldType.TELEPHONE: "+33467000000", FieldType.WORDS: ("mot",),
        FieldType.MOMENT: datetime(2026, 5, 1, 18, tzinfo=UTC), FieldType.FOUNDED: "1998",
        FieldType.POSTCODE: "34150", FieldType.COUNTRY: "FR",
    }  # fmt: skip
    values = {
        name: (samples[field.type],) if field.many and field.type is FieldType.URL else samples[field.type]
        for name, field in FIELDS.items()
        if field.type in samples and (not field.kinds or kind in field.kinds) and name != "ref"
    }
    values |= {"city": "Aniane", "lat": Decimal("43.68"), "lon": Decimal("3.58"), "department": "34"}
    values["theme"] = ("https://w3id.org/archipel/vocab/themes/alimentation",)
    writer = profile.writer(source(kind, language="fr"), BASE, territory.load())
    written = writer.triples(Item(kind, "r", values), [])

    found = Checker(engine()).findings([(writer.iri("r"), written)])

    assert [
        finding for finding in found.get(writer.iri("r"), []) if finding.severity is not Severity.INFO
    ] == []


def test_both_engines_find_the_same_in_a_faulty_batch():
    writer = profile.writer(source("event", language="fr"), BASE, territory.load())
    items = [
        Item("event", f"r{n}", {"name": "N" * n, "start": datetime(2026, 1, 1, tzinfo=UTC)})
        for n in range(1, 4)
    ]
    items.append(Item("event", "r9", {"name": "Sans date", "description": "x" * 6000}))
    batch = [(writer.iri(item.ref), writer.triples(item, [])) for item in items]

    assert Checker(shacl_engine()).findings(batch) == Checker(pyshacl_engine()).findings(batch)


def test_marks_are_added_once_and_change_nothing_else():
    writer = profile.writer(source(), BASE, territory.load())
    written = writer.triples(Item("initiative", "r", {"name": "Nom"}), [])
    since = datetime(2026, 11, 22, 2, 0, 0, 999, tzinfo=UTC)

    marked = profile.marked(written, writer.iri("r"), "missingSince", since)

    assert set(written.splitlines()) < set(marked.splitlines())
    assert b'missingSince> "2026-11-22T02:00:00Z"' in marked
    assert profile.marked(marked, writer.iri("r"), "missingSince", since.replace(year=2027)) == marked
    assert b"missingSince" not in profile.marked(marked, writer.iri("r"), "staleSince", since)


def test_a_source_is_a_dataset_with_licence_credit_and_publisher():
    described = profile.description(source(publisher=Publisher("Éditeur", "https://e.org/")))
    text = "\n".join(profile.source_triples(BASE, "s", described, 3))

    for expected in (
        "dcat#Dataset",
        "licences/ODbL-1.0",
        '"Éditeur, ODbL-1.0"',
        '"3"^^',
        "homepage> <https://e.org/>",
    ):
        assert expected in text


def test_freshness_counts_failures_since_the_last_success():
    ends = datetime(2026, 1, 1, tzinfo=UTC)
    runs = [(Outcome.DEFERRED, ends), (Outcome.HELD, ends), (Outcome.UNCHANGED, ends), (Outcome.FAILED, ends)]
    text = "\n".join(profile.freshness_triples(BASE, "s", runs))

    assert 'consecutiveFailures> "2"' in text
    assert 'lastSuccess> "2026-01-01T00:00:00Z"' in text
