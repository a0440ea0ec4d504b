"""Territory: the traps of French place names, and the tables themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester import territory

FOLDER = Path(__file__).parents[1] / "vocab" / "territoire"


@pytest.fixture(scope="module")
def france():
    return territory.load(FOLDER)


def found(france, **written):
    match = france.resolve(**written)
    return match and (match.commune.code, match.method)


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        (("34123", "code"), {"insee": "34123"}),
        (("01165", "code"), {"insee": "01003"}),
        (("01053", "code"), {"insee": "1053"}),
        (("2A004", "code"), {"insee": "2a004"}),
        (("75111", "code"), {"insee": "75111"}),
        (("34123", "name-department"), {"name": "Juvignac", "postcode": "34123"}),
        (("34123", "name-postcode"), {"name": "Juvignac", "insee": "34990"}),
        (("62119", "name-postcode"), {"name": "Béthune", "insee": "62400"}),
        (("33364", "name-postcode"), {"name": "Saillans", "postcode": "33141"}),
        (("26289", "name-department"), {"name": "Saillans", "department": "26"}),
        (("26289", "name-department"), {"name": "Saillans", "department": "Drôme"}),
        (("26289", "name-department"), {"name": "Saillans (26)"}),
        (("26289", "name-point"), {"name": "Saillans", "lat": 44.69, "lon": 5.19}),
        (("59271", "name-postcode"), {"name": "Grande-Synthe", "postcode": "59760"}),
        (("42218", "name-postcode"), {"name": "St Etienne", "postcode": "42000"}),
        (("69202", "name-department"), {"name": "STE FOY LES LYON", "department": "69"}),
        (("51410", "name-department"), {"name": "Oeuilly", "department": "51"}),
        (("33063", "name-department"), {"name": "BORDEAUX CEDEX", "postcode": "33077"}),
        (("33063", "name-department"), {"postcode": "33077 BORDEAUX CEDEX", "name": "Bordeaux"}),
        (("38185", "name-department"), {"name": "Grenoble Cedex 9", "postcode": "38053"}),
        (("75111", "name-postcode"), {"name": "Paris 11e", "postcode": "75011"}),
        (("75111", "name-postcode"), {"name": "75011 Paris"}),
        (("75116", "postcode"), {"postcode": "75116"}),
        (("75056", "name-department"), {"name": "Paris", "department": "75"}),
        (("13202", "name-department"), {"name": "Marseille 2è arr.", "department": "13"}),
        (("69383", "name-department"), {"name": "Lyon 3", "postcode": "69000"}),
        (("2A004", "name-department"), {"name": "Ajaccio", "postcode": "20999"}),
        (("2B033", "name-postcode"), {"name": "Bastia", "postcode": "20200"}),
        (("97411", "name-postcode"), {"name": "Saint-Denis", "postcode": "97400"}),
        (("97411", "name-department"), {"name": "St-Denis", "department": "La Réunion"}),
        (("97801", "name-department"), {"name": "Saint-Martin", "postcode": "97199"}),
        (("01053", "name-postcode"), {"name": "Bourg-en-Bresse", "postcode": "1000"}),
        (("71076", "name-department"), {"name": "Chalon s/Saône", "department": "71"}),
        (("72181", "name-department"), {"name": "Mans (Le)", "department": "72"}),
        (
            ("34172", "name-postcode"),
            {"name": "Montpellier, France", "postcode": "34000", "country": "France"},
        ),
    ],
)
def test_a_place_is_resolved_by_the_surest_method(france, expected, written):
    assert expected == found(france, **written)


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"name": "Montpellier"},
        {"name": "Saillans"},
        {"name": "Grande-Synthe", "department": "Gironde"},
        {"postcode": "34123"},
        {"postcode": "33077"},
        {"name": "Montpellier", "postcode": "34000", "country": "BE"},
        {"lat": 46.2, "lon": 6.14, "country": "Suisse"},
        {"lat": 48.0, "lon": -9.0},
        {"name": "Saillans", "insee": "n/a", "postcode": "?"},
    ],
    ids=str,
)
def test_what_does_not_decide_resolves_to_nothing(france, written):
    assert found(france, **written) is None


def test_an_arrondissement_knows_its_city(france):
    parents = {commune.parent for commune in france.communes() if commune.parent}
    assert parents == {"75056", "69123", "13055"}


def test_the_tables_are_whole_and_refer_to_each_other(france):
    communes = list(france.communes())
    assert len(communes) == 35014
    assert len(list(france.departments())) == 101 + 8
    assert len(list(france.regions())) == 18 + 8
    assert {c.department for c in communes} == {d.code for d in france.departments()}
    assert {d.region for d in france.departments()} == {r.code for r in france.regions()}
    assert {c.epci for c in communes} - {None} == set(france.epcis())
    assert all(c.region == france.department(c.department).region for c in communes)


def test_every_commune_resolves_to_itself_by_code_and_nearly_all_by_name_and_postcode(france):
    sample = [commune for commune in france.communes() if commune.postcodes][::50]
    assert all(found(france, insee=c.code) == (c.code, "code") for c in sample)
    missed = [
        c for c in sample if found(france, name=c.name, postcode=c.postcodes[0]) != (c.code, "name-postcode")
    ]
    assert len(missed) <= len(sample) * 0.001


@given(lat=st.floats(41, 51.5), lon=st.floats(-5.5, 9.8))
@settings(max_examples=30, deadline=None)
def test_the_nearest_centroid_is_the_nearest(france, lat, lon):
    def away(c):
        return territory.tables.distance(lat, lon, c.lat, c.lon)

    match = france.resolve(lat=lat, lon=lon)
    best = min((c for c in france.communes() if c.lat and not c.parent), key=away)
    if match is None:
        assert away(best) > territory.NEAREST_WITHIN - 0.1
    else:
        assert away(match.commune) == pytest.approx(away(best), abs=0.05)


@given(st.text(), st.text(), st.text(), st.text())
def test_any_writing_is_answered(france, insee, name, postcode, department):
    match = france.resolve(insee=insee, name=name, postcode=postcode, department=department)
    assert match is None or match.commune == france.by_code(match.commune.code)


def test_old_codes_lead_to_the_commune_of_today(france):
    assert france.by_code("01003") == france.by_code("01165")
    assert france.by_code("99999") is None


def test_the_fingerprint_follows_the_files(france, tmp_path):
    for file in FOLDER.glob("*.csv*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert territory.load(tmp_path).fingerprint() == france.fingerprint()
    with (tmp_path / "regions-2026.csv").open("a", encoding="utf-8") as regions:
        regions.write("00,Nulle part\n")
    assert territory.Territory(tmp_path).fingerprint() != france.fingerprint()
