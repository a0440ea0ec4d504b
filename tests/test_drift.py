"""What a run says when the records of a source are made otherwise than last time."""

from __future__ import annotations

import json

import pytest

from harvester.harvest import Asked

LISTING = "/jardins/liste.json"
TABLE = """
[source.jardins]
title = "Jardins"
connector = "table"
licence = "etalab-2.0"
allow_private = true
delay = "0s"
attempts = 1
url = "{url}"
map = {{ ref = "id", name = "nom", theme = {{ from = "genre", align = "presdecheznous" }} }}
"""


@pytest.fixture
def garden(federation, partners):
    federation.declare(TABLE.format(url=partners.url + LISTING))
    return federation


def serve(partners, **more: object) -> None:
    records = [{"id": f"j{n}", "nom": f"Jardin {n}", "texte": "Ici.", **more} for n in range(10)]
    partners.serve(LISTING, json.dumps(records).encode(), "application/json")


def drift(federation) -> dict[str, object]:
    return federation.ledger().runs("jardins")[0].findings["drift"]


def test_first_run_has_nothing_to_compare_with(garden, partners):
    serve(partners, genre="Troc")

    garden.run("jardins")

    assert drift(garden) == {"new_fields": {}, "gone_fields": {}, "new_categories": []}


def test_renamed_field_is_told_as_one_gone_and_one_new_with_a_record(garden, partners):
    serve(partners, ville="Aniane")
    garden.run("jardins")
    serve(partners, commune="Aniane")

    report = garden.run("jardins")

    assert report.message == "0 changes, other fields or categories"
    assert drift(garden)["gone_fields"] == {"ville": 10}
    assert drift(garden)["new_fields"] == {"commune": "j0"}
    assert "field 'ville' is gone; 10 records had it; look at the mapping" in report.issues


def test_new_category_is_told_once_and_remembered(garden, partners):
    serve(partners, genre="Troc")
    garden.run("jardins")
    serve(partners, genre="Ballade")

    report = garden.run("jardins")
    assert drift(garden)["new_categories"] == [["presdecheznous", "Ballade", 10]]
    assert "new category 'Ballade' in 10 records; align it (presdecheznous)" in report.issues

    serve(partners, genre="Troc")
    garden.run("jardins")
    assert drift(garden)["new_categories"] == []


def test_memory_lives_through_a_night_of_304(garden, partners):
    serve(partners, ville="Aniane")
    garden.run("jardins")
    garden.run("jardins")
    serve(partners)

    garden.run("jardins")

    assert drift(garden)["gone_fields"] == {"ville": 10}


def test_partial_reading_never_tells_that_a_field_is_gone(garden, partners):
    serve(partners, ville="Aniane")
    garden.run("jardins")
    serve(partners)

    report = garden.run("jardins", asked=Asked(limit=3, dry=True))

    assert not [issue for issue in report.issues if "gone" in issue]


def test_field_of_a_few_records_may_be_absent_tonight(garden, partners):
    serve(partners)
    records = [{"id": f"j{n}", "nom": f"Jardin {n}"} | ({"rare": "x"} if n == 1 else {}) for n in range(10)]
    partners.serve(LISTING, json.dumps(records).encode(), "application/json")
    garden.run("jardins")
    serve(partners)

    garden.run("jardins")

    assert drift(garden)["gone_fields"] == {}
