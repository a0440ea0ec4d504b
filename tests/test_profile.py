"""What the profile writes about an item, a source and a run."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pyoxigraph as ox
import pytest

from harvester import items, profile, territory, vocab
from harvester.items import FIELDS, KINDS, Field, FieldType
from harvester.mapping.typed import Reference
from harvester.model import Finding, Item, Publisher, Severity, Source
from harvester.profile.writing import ADDRESS, AMOUNTS, CLASSES, DEPENDENTS
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
    used = {
        "ref", "kind", "lat", "lon", "insee", "department", "covers", "theme", "licence", "language", "role",
        "currency",
    }  # fmt: skip

    assert set(FIELDS) == set(WRITTEN) | set(ADDRESS) | set(DEPENDENTS) | set(AMOUNTS) | used
    assert set(KINDS) | set(items.DEPENDENTS) == set(CLASSES)
    assert {name for name, field in FIELDS.items() if field.type is FieldType.ITEM} == set(DEPENDENTS)


def test_a_place_is_resolved_to_its_commune_and_what_holds_it():
    found = triples(**ANIANE)

    assert {iri.rsplit("/territoire/")[-1] for iri in found["spatial"]} == {"commune/34010"}
    assert {"departement/34", "region/76"} <= {iri.rsplit("/territoire/")[-1] for iri in found["inTerritory"]}
    assert {iri.rsplit("/")[-1] for iri in found["locationPrecision"]} == {"name-postcode"}


def test_an_arrondissement_is_in_its_city():
    found = triples(city="Paris", postcode="75011")

    assert {iri.rsplit("/territoire/")[-1] for iri in found["spatial"]} == {
        "arrondissement/75111",
        "commune/75056",
    }


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


SAMPLES = {
    FieldType.TEXT: "Un texte", FieldType.PROSE: "Une description.", FieldType.URL: "https://e.org/x",
    FieldType.EMAIL: "contact@e.org", FieldType.TELEPHONE: "+33467000000", FieldType.WORDS: ("mot",),
    FieldType.MOMENT: datetime(2026, 5, 1, 18, tzinfo=UTC), FieldType.FOUNDED: "1998",
    FieldType.POSTCODE: "34150", FieldType.COUNTRY: "FR", FieldType.NUMBER: Decimal("2.5"),
    FieldType.FLAG: True, FieldType.INSEE: "34010", FieldType.AREA: "departement/34",
    FieldType.REFERENCE: Reference("autre"), FieldType.LANGUAGE: "fr", FieldType.LICENCE: "ODbL-1.0",
}  # fmt: skip
PROPER = {
    "lat": Decimal("43.68"), "lon": Decimal("3.58"), "city": "Aniane", "department": "34", "currency": "EUR",
    "duration": "PT5M30S", "registration": "123456789",
}  # fmt: skip
OTHERWISE = {"membership": ("actor",), "participatory-list": ("covers",)}
"""Fields that say what another one says already: the member by its IRI, the commune by its address."""


def sample(field: Field, depth: int) -> object:
    if field.type is FieldType.ITEM:
        return Item(field.holds, "", full_values(field.holds, depth - 1))
    if field.type is FieldType.CONCEPT:
        return next(iter(vocab.scheme(field.schemes[0]).values())).iri
    return PROPER[field.name] if field.name in PROPER else SAMPLES[field.type]


def full_values(kind: str, depth: int = 1) -> dict[str, object]:
    """Every field that a kind may hold, dependents with every field of theirs included."""
    wanted = [
        field
        for field in items.fields(kind).values()
        if field.name not in ("ref", "kind", *OTHERWISE.get(kind, ()))
        and (depth or field.type is not FieldType.ITEM)
    ]
    found = {field.name: sample(field, depth) for field in wanted}
    return {
        field.name: (found[field.name],) if field.many and field.name != "keywords" else found[field.name]
        for field in wanted
    }


@pytest.mark.parametrize("engine", [shacl_engine, pyshacl_engine], ids=["shacl", "pyshacl"])
def test_a_full_item_of_each_kind_conforms_for_both_engines(engine):
    batch = []
    for kind in KINDS:
        writer = profile.writer(source(kind, language="fr"), BASE, territory.load())
        batch.append((writer.iri(kind), writer.triples(Item(kind, kind, full_values(kind)), [])))

    found = Checker(engine()).findings(batch)

    told = {
        iri: [one for one in findings if one.severity is not Severity.INFO] for iri, findings in found.items()
    }
    assert {iri: findings for iri, findings in told.items() if findings} == {}


def test_both_engines_find_the_same_in_a_faulty_batch():
    writer = profile.writer(source("event", language="fr"), BASE, territory.load())
    faulty = [
        Item("event", f"r{n}", {"name": "N" * n, "start": datetime(2026, 1, 1, tzinfo=UTC)})
        for n in range(1, 4)
    ]
    faulty.append(Item("event", "r9", {"name": "Sans date", "description": "x" * 6000}))
    batch = [(writer.iri(item.ref), writer.triples(item, [])) for item in faulty]

    assert Checker(shacl_engine()).findings(batch) == Checker(pyshacl_engine()).findings(batch)


# Dependents


def written(kind: str, record_kind: str | None = None, ref: str = "r", **values) -> str:
    """The triples of an item of a source of `kind`, as text."""
    writer = profile.writer(source(kind, language="fr"), BASE, territory.load())
    return writer.triples(Item(record_kind or kind, ref, {"name": "Nom", **values}), []).decode()


def item(kind: str, **values) -> Item:
    return Item(kind, "", values)


def nodes(text: str, leads: str) -> list[str]:
    """The IRIs that a property, given by its local name, leads to."""
    lines = (line.split(" ") for line in text.splitlines())
    return sorted({line[2].strip("<>") for line in lines if line[1].endswith(f"{leads}>")})


def test_a_dependent_is_named_by_its_content_and_not_by_its_place():
    local, bras = item("need", name="Un local"), item("need", name="Des bras")

    assert written("initiative", needs=(local, bras)) == written("initiative", needs=(bras, local))
    assert written("initiative", needs=(local, local)) == written("initiative", needs=(local,))
    (one,) = nodes(written("initiative", needs=(local,)), "pair#needs")
    (other,) = nodes(written("initiative", ref="autre", needs=(local,)), "pair#needs")
    assert re.fullmatch(r"http://localhost:8000/id/s/r#besoin-[0-9a-f]{12}", one)
    assert one.rpartition("#")[2] == other.rpartition("#")[2]


def test_dependents_of_dependents_hang_on_them_and_no_node_is_blank():
    funder = item("organisation", name="Fondation de France")
    text = written("project", grants=(item("grant", requested=Decimal(78000), funder=funder),))
    (grant,) = nodes(text, "org/funding")
    (amount,) = nodes(text, "ns#requestedAmount")
    (giver,) = nodes(text, "org/funder")

    assert amount.startswith(f"{grant}-demande-")
    assert giver.startswith(f"{grant}-financeur-")
    assert (
        f'<{amount}> <http://schema.org/value> "78000"^^<http://www.w3.org/2001/XMLSchema#decimal> .' in text
    )
    assert f'<{amount}> <http://schema.org/currency> "EUR" .' in text
    assert "_:" not in text


def test_every_subject_is_the_record_or_a_fragment_of_it():
    text = written(
        "event",
        venue=item("place", name="La grange", street="1 rue Haute", **ANIANE),
        organiser=item("organisation", name="Le collectif"),
    )

    assert {
        re.match(r"<http://localhost:8000/id/s/r(#|>)", line) is not None for line in text.splitlines()
    } == {True}


def test_an_event_is_where_its_venue_is_unless_it_says_otherwise():
    venue = item("place", name="La grange", **ANIANE)

    assert "territoire/commune/34010>" in written("event", venue=venue)
    assert "territoire/commune/34010>" not in written("event", venue=venue, city="Rennes", postcode="35000")


def test_a_commitment_is_that_of_its_list_or_of_its_commune():
    measure = "https://w3id.org/archipel/vocab/pacte-2020/mesure-1"
    promise = item("commitment", measure=(measure,))
    by_list = written("participatory-list", commitments=(promise,), **ANIANE)
    by_town = written("organisation", commitments=(promise,), **ANIANE)
    own = written("commitment", measure=(measure,), **ANIANE)

    assert nodes(by_list, "ns#commits") == ["http://localhost:8000/id/s/r"]
    commune = ["https://w3id.org/archipel/territoire/commune/34010"]
    assert nodes(by_town, "ns#commits") == nodes(own, "ns#commits") == commune


def test_a_criterion_brings_its_framework():
    criterion = "https://w3id.org/archipel/vocab/criteres-entretiens/forces"
    text = written(
        "initiative", assessments=(item("assessment", criterion=criterion, rating=Decimal("2.5")),)
    )

    assert nodes(text, "ns#framework") == ["https://w3id.org/archipel/vocab/criteres-entretiens"]


def test_a_postponed_event_says_so_to_readers_of_schema_org_and_a_task_does_not():
    late = "https://w3id.org/archipel/vocab/statuts/reporte"

    assert nodes(written("event", status=late), "eventStatus") == ["http://schema.org/EventPostponed"]
    assert nodes(written("task", status=late), "eventStatus") == []


def test_types_bring_the_classes_they_imply():
    text = written("resource", type=("https://w3id.org/archipel/vocab/types/formation",))

    assert "<http://schema.org/Course>" in text


def test_finer_kinds_of_a_source_of_initiatives_are_initiatives_too():
    marker = "<https://w3id.org/archipel/ns#Initiative>"

    assert marker in written("initiative", "organisation")
    assert marker not in written("initiative", "event")
    assert marker not in written("organisation")


def test_a_reference_is_minted_in_its_source_or_stays_an_iri():
    text = written("initiative", partner_of=(Reference("autre é"), Reference("https://ailleurs.org/1")))

    assert nodes(text, "partnerOf") == ["http://localhost:8000/id/s/autre%20%C3%A9", "https://ailleurs.org/1"]


def test_a_video_inside_a_record_carries_its_licence_and_its_name():
    text = written("initiative", videos=(item("video", name="Le film", embed="https://v.org/1"),))
    (video,) = nodes(text, "documentedBy")

    assert (
        f"<{video}> <http://schema.org/license> <https://w3id.org/archipel/vocab/licences/ODbL-1.0> ." in text
    )
    assert f'<{video}> <http://schema.org/name> "Le film"@fr .' in text


# Sources, runs, reports


def test_a_report_counts_all_and_tells_violations_one_by_one():
    counts = {("Violation", "label", "label"): 2, ("Warning", "clean", "homepage"): 7}
    violation = Finding(Severity.VIOLATION, "label", "label")
    text = "\n".join(profile.report_triples(BASE, "s", counts, [("r 1", violation)]))

    assert text.count("ns#FindingCount> .") == 2
    assert 'ns#findings> "7"' in text
    assert "focusNode> <http://localhost:8000/id/s/r%201> ." in text
    assert "resultPath> <http://www.w3.org/2000/01/rdf-schema#label> ." in text
    assert 'conforms> "false"' in text
    assert profile.report_triples(BASE, "s", {}, []) == []


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
    text = "\n".join(profile.source_triples(BASE, "s", described, live=3, recipe="abc"))

    for expected in (
        "dcat#Dataset",
        "licences/ODbL-1.0",
        '"Éditeur, ODbL-1.0"',
        '"3"^^',
        "landingPage> <https://e.org/>",
        'plan> <http://purl.org/dc/terms/identifier> "abc"',
        "homepage> <https://e.org/>",
    ):
        assert expected in text


def test_freshness_says_the_last_success_the_failures_and_since_when_a_source_is_stale():
    last, stale = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC)
    text = "\n".join(profile.freshness_triples(BASE, "s", last_success=last, failures=2, stale_since=stale))
    fresh = "\n".join(profile.freshness_triples(BASE, "s", last_success=last, failures=0, stale_since=None))

    assert 'consecutiveFailures> "2"' in text
    assert 'lastSuccess> "2026-01-01T00:00:00Z"' in text
    assert 'outdatedSince> "2026-01-04T00:00:00Z"' in text
    assert "outdatedSince" not in fresh
