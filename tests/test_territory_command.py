"""The command `territory`: every level is listed, nothing is guessed, and sources say how they were located."""

from __future__ import annotations

import json

import pytest
from test_harvest import LISTING, serve, table
from typer.testing import CliRunner

from harvester.cli import app


def asked(*arguments):
    return CliRunner().invoke(app, ["territory", *arguments])


def lines(*arguments):
    """The lines that name a territory, up to the colon."""
    said = asked(*arguments)
    return [line.partition(":")[0] for line in said.stdout.splitlines() if not line.startswith(" ")]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("Aniane 34150", ["34010 Aniane (commune, name-postcode)"]),
        ("34150 Aniane", ["34010 Aniane (commune, name-postcode)"]),
        ("Aniane", ["34010 Aniane (commune)"]),
        ("34010", ["34010 Aniane (commune, code)"]),
        ("43.684, 3.585", ["34010 Aniane (commune, nearest)"]),
        ("Saillans (26)", ["26289 Saillans (commune, name-department)"]),
        ("Lyon 3ème", ["69383 Lyon 3e Arrondissement (arrondissement)"]),
        ("76", ["76 Occitanie (region, code)", "76 Seine-Maritime (departement, code)"]),
        ("2A", ["2A Corse-du-Sud (departement, code)"]),
        ("2a004", ["2A004 Ajaccio (commune, code)"]),
        ("departement/76", ["76 Seine-Maritime (departement, code)"]),
        ("243400017", ["243400017 Montpellier Méditerranée Métropole (epci, code)"]),
        ("Occitanie", ["76 Occitanie (region)"]),
        ("49380", ["49018 Baugé-en-Anjou (commune, code)", "49380 Vaulandry (commune-deleguee, code)"]),
        ("01003", ["01165 Francheleins (commune, code)"]),
        ("33000", ["33063 Bordeaux (commune, postcode)"]),
    ],
)
def test_a_place_is_told_at_every_level_it_is_found_at(place, expected):
    assert expected == lines(place)
    assert asked(place).exit_code == 0


def test_the_iri_and_the_surroundings_are_told():
    assert asked("34010").stdout == (
        "34010 Aniane (commune, code): departement 34 Hérault, region 76 Occitanie, "
        "epci 243400694 CC Vallée de l'Hérault\n  https://w3id.org/archipel/territoire/commune/34010\n"
    )


def test_a_name_of_several_communes_lists_them_all_and_decides_nothing():
    said = asked("Saillans")

    assert lines("Saillans") == ["26289 Saillans (commune)", "33364 Saillans (commune)"]
    assert (said.exit_code, "2 territories bear this name; add its postcode" in said.stderr) == (1, True)
    assert lines("Saillans 99999") == lines("Saillans")


def test_what_contradicts_the_answer_is_told_with_it():
    assert "commune-disagrees: 34000 ≠ Lattes (34129)" in asked("Lattes 34000").stdout


@pytest.mark.parametrize(
    ("place", "advice"),
    [
        ("Montpelier", "did you mean 'Montpellier'?"),
        ("Xyzzy", "give a commune with its postcode, or a point"),
        ("46.2044,6.1432", "the point is not in France"),
        ("99999", "no territory bears this code; levels are region, departement, epci, commune"),
        ("canton/34", "no territory bears this code"),
    ],
)
def test_what_is_not_found_is_said_with_what_to_try(place, advice):
    said = asked(place)

    assert (said.exit_code, said.stdout, said.stderr.count("\n")) == (1, "", 1)
    assert f"'{place}'" in said.stderr
    assert advice in said.stderr


def test_nothing_asked_is_wrong_use():
    assert (asked().exit_code, "or add --methods" in asked().stderr) == (2, True)


def test_json_holds_level_code_name_and_iri_of_each():
    told = json.loads(asked("76", "--json").stdout)

    assert [(one["level"], one["code"], one["name"], one["iri"]) for one in told["territories"]] == [
        ("region", "76", "Occitanie", "https://w3id.org/archipel/territoire/region/76"),
        ("departement", "76", "Seine-Maritime", "https://w3id.org/archipel/territoire/departement/76"),
    ]
    commune = json.loads(asked("Aniane 34150", "--json").stdout)
    assert (commune["method"], commune["territories"][0]["postcodes"]) == ("name-postcode", ["34150"])
    assert json.loads(asked("Lattes 34000", "--json").stdout)["doubts"][0]["field"] == "postcode"


@pytest.fixture
def located(federation, partners):
    """A federation of one source whose records are located in each way, or not at all."""
    places = [
        {"ville": "Aniane", "code": "34150"},
        {"ville": "Aniane", "code": "34150", "lat": "48.85", "lon": "2.35"},
        {"ville": "Lattes", "code": "34000"},
        {"code": "33000"},
        {"lat": "43.684", "lon": "3.585"},
        {"ville": "Saillans"},
        {},
    ]
    serve(partners, [{"id": f"j{n}", "nom": f"Jardin {n}", **place} for n, place in enumerate(places)])
    mapping = '{ ref = "id", name = "nom", postcode = "code", city = "ville", lat = "lat", lon = "lon" }'
    federation.declare(table(partners.url + LISTING, map=mapping))
    federation.run("jardins")
    return ["--config", str(federation.config), "--store", str(federation.layout.root)]


def test_methods_tells_how_the_records_of_each_source_were_located(located):
    (told,) = json.loads(asked("--methods", "--json", *located).stdout)["sources"]

    assert told == {
        "id": "jardins",
        "records": 7,
        "methods": {"name-postcode": 2, "name-department": 1, "postcode": 1, "nearest": 1},
        "none": 2,
        "findings": {"commune-disagrees": 1, "point-far-from-commune": 1, "commune-ambiguous": 1},
    }


def test_methods_is_a_table_of_shares_for_people(located):
    said = asked("--methods", *located)

    assert said.exit_code == 0
    assert [cell for cell in said.stdout.split() if cell.endswith("%")] == ["29%", "14%", "14%", "14%", "29%"]
