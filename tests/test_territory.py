"""Territory: the traps of French place names, what contradicts what, and the tables themselves."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import communes as accuracy
from harvester import territory
from harvester.territory import tables
from scripts import territories

FOLDER = Path(__file__).parents[1] / "vocab" / "territoire"


@pytest.fixture(scope="module")
def france():
    return territory.load(FOLDER)


def found(france, **written):
    match = france.resolve(**written)
    return match and (match.commune.code, match.method)


def doubts(france, **written):
    return [(doubt.code, doubt.field, doubt.value) for doubt in france.resolution(**written).doubts]


@pytest.fixture(scope="module")
def current(france):
    """The communes of today, without the arrondissements municipaux."""
    return [commune for commune in france.communes() if not commune.parent]


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
        (("75111", "name-department"), {"name": "Paris XIème", "department": "75"}),
        (("75118", "name-point"), {"name": "Paris XVIIIème", "lat": 48.88984, "lon": 2.35577}),
        (("75115", "code"), {"insee": "75056", "name": "Paris", "postcode": "75015"}),
        (("69383", "name-department"), {"name": "Lyon 3ème", "department": "69"}),
        (("69383", "name-postcode"), {"name": "Lyon 3e Arrondissement", "postcode": "69003"}),
        (("33063", "name-postcode"), {"street": "8 rue de la Boétie - 33000 Bordeaux"}),
        (("2B095", "name-postcode"), {"street": "Mairie de Corscia 20224 CORSCIA"}),
        (("33063", "name-postcode"), {"name": "Bordeaux", "street": "3 rue Ausone, 33000 Bordeaux, France"}),
        (("2A004", "name-department"), {"street": "Bât. A - CS30027 - 20181 AJACCIO CEDEX 01"}),
        (
            ("44143", "postcode"),
            {"name": "Nantes", "street": "20 rue X, 44 400 Rezé", "lat": 47.195, "lon": -1.568},
        ),
        (("44109", "name-department"), {"name": "Nantes", "street": "20 rue X, 44 400 Rezé"}),
        (
            ("45284", "nearest"),
            {"name": "Orléans", "street": "10 av. Rabelais – 45800", "lat": 47.907, "lon": 1.952},
        ),
        (("2B223", "name-department"), {"street": "La Poste 20128 PIETRALBA", "lat": 42.5459, "lon": 9.1858}),
        (("49373", "name-postcode"), {"name": "Saint-Hilaire-du-Bois", "postcode": "49310"}),
        (("77316", "name-point"), {"name": "Moret-sur-Loing", "lat": 48.3734, "lon": 2.8232}),
        (("78158", "name-department"), {"name": "Le Chesnay", "department": "78"}),
        (("34172", "name-postcode"), {"insee": "13055", "name": "Montpellier", "postcode": "34070"}),
        (("13055", "code"), {"insee": "13055", "name": "Montpellier"}),
        (("2B047", "nearest"), {"postcode": "20224", "lat": 42.3358, "lon": 9.0145}),
        (("74012", "nearest"), {"lat": 46.1934, "lon": 6.2350}),
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
        {"name": "Comines", "lat": 50.7697, "lon": 2.9997},
        {"street": "Rue de Mura 27", "name": "Muraz (Sierre)", "department": "CH"},
        {"street": "Rue de la Douane BP 62004"},
        {"name": "Saillans", "insee": "n/a", "postcode": "?"},
    ],
    ids=str,
)
def test_what_does_not_decide_resolves_to_nothing(france, written):
    assert found(france, **written) is None


def test_an_arrondissement_knows_its_city(france):
    parents = {commune.parent for commune in france.communes() if commune.parent}
    assert parents == {"75056", "69123", "13055"}


def test_the_tables_are_whole(france):
    assert len(list(france.communes())) == 35014
    assert Counter(one.kind for one in france.delegated()) == {"deleguee": 2105, "associee": 471}
    assert Counter(one.type for one in france.epcis()) == {
        "CC": 989,
        "CA": 230,
        "METRO": 21,
        "CU": 14,
        "MET69": 1,
    }
    assert len(list(france.departments())) == 101 + 8
    assert len(list(france.regions())) == 18 + 8


def test_every_member_of_an_epci_says_so_and_every_commune_has_its_epci(france, current):
    members = {code: epci.code for epci in france.epcis() for code in france.members(epci.code)}
    assert members == {commune.code: commune.epci for commune in current if commune.epci}


def test_every_commune_resolves_to_itself_by_code_and_by_name_and_postcode(france):
    for commune in france.communes():
        assert found(france, insee=commune.code) == (commune.code, "code")
        for postcode in commune.postcodes if commune.code not in tables.CITIES else ():
            expected = (commune.code, "name-postcode")
            assert found(france, name=commune.name, postcode=postcode) == expected
            assert doubts(france, name=commune.name, postcode=postcode) == []


def test_a_city_with_a_postcode_is_the_arrondissement_of_that_postcode(france):
    for commune in france.communes():
        if commune.parent:
            city = france.by_code(commune.parent).name
            assert found(france, name=city, postcode=commune.postcodes[0]) == (commune.code, "name-postcode")


def test_a_shared_name_decides_nothing_alone_and_all_with_a_postcode_or_a_department(france, current):
    bearers = Counter(territory.resolver.fold(commune.name) for commune in current)
    shared = [commune for commune in current if bearers[territory.resolver.fold(commune.name)] > 1]

    assert len(shared) == 3774
    for commune in shared:
        assert found(france, name=commune.name) is None
        assert ("commune-ambiguous", "city") in {one[:2] for one in doubts(france, name=commune.name)}
        department = france.department(commune.department)
        for written in (department.code, department.name):
            expected = (commune.code, "name-department")
            assert found(france, name=commune.name, department=written) == expected


def test_the_two_saillans_are_never_taken_for_each_other(france):
    assert doubts(france, name="Saillans") == [("commune-ambiguous", "city", "Saillans: 2")]
    for code, postcode, department, lat, lon in (
        ("26289", "26340", "Drôme", 44.6963, 5.1945),
        ("33364", "33141", "Gironde", 44.9563, -0.2784),
    ):
        assert found(france, name="Saillans", postcode=postcode) == (code, "name-postcode")
        assert found(france, name="Saillans", department=department) == (code, "name-department")
        assert found(france, name="Saillans", lat=lat, lon=lon) == (code, "name-point")


def test_a_delegated_commune_is_the_commune_it_lies_in(france):
    for one in france.delegated():
        commune = france.by_code(one.commune)
        asked = {"name": one.name, "postcode": commune.postcodes[0]}
        assert found(france, **asked) == (commune.code, "name-postcode"), one
        assert doubts(france, **asked) == [], one
        assert found(france, insee=one.code)[0] == commune.code
        assert doubts(france, insee=one.code, **asked) == []


def test_overseas_and_corsican_communes_are_found_by_their_own_postcodes(france, current):
    beyond = [one for one in current if one.department[:2] in ("97", "98", "2A", "2B") and one.postcodes]
    assert {one.department for one in beyond} >= {
        "971",
        "972",
        "973",
        "974",
        "975",
        "976",
        "977",
        "978",
        "2A",
        "2B",
    }
    for one in beyond:
        assert found(france, name=one.name.upper(), postcode=one.postcodes[0]) == (one.code, "name-postcode")
        assert found(france, name=one.name, department=one.department) == (one.code, "name-department")
    assert found(france, name="Gustavia", postcode="97133") == ("97701", "postcode")
    assert found(france, name="Marigot", postcode="97150", lat=18.07, lon=-63.08) == ("97801", "postcode")
    assert found(france, insee="98818", name="Nouméa") == ("98818", "code")


@given(lat=st.floats(41, 51.5), lon=st.floats(-5.5, 9.8))
@settings(max_examples=30, deadline=None)
def test_the_nearest_centroid_is_the_nearest(france, lat, lon):
    def away(c):
        return tables.distance(lat, lon, c.lat, c.lon)

    match = france.resolve(lat=lat, lon=lon)
    best = min((c for c in france.communes() if c.lat and not c.parent), key=away)
    if match is None:
        assert away(best) > territory.NEAREST_WITHIN - 0.1 or not france.in_france(lat, lon)
    else:
        assert away(match.commune) == pytest.approx(away(best), abs=0.05)


# --- the border ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("town", "lat", "lon"),
    [
        ("Genève", 46.2044, 6.1432),
        ("Meyrin", 46.2318, 6.0717),
        ("Lausanne", 46.5197, 6.6323),
        ("Basel", 47.5596, 7.5886),
        ("Kehl", 48.5730, 7.8150),
        ("Saarbrücken", 49.2354, 6.9969),
        ("Luxembourg", 49.6116, 6.1319),
        ("Arlon", 49.6833, 5.8167),
        ("Bruxelles", 50.8503, 4.3517),
        ("Mouscron", 50.7450, 3.2060),
        ("Tournai", 50.6056, 3.3878),
        ("Jersey", 49.1868, -2.1066),
        ("Irun", 43.3390, -1.7890),
        ("Llívia", 42.4640, 1.9810),
        ("Andorra la Vella", 42.5063, 1.5218),
        ("Barcelona", 41.3874, 2.1686),
        ("Ventimiglia", 43.7912, 7.6076),
        ("Monaco", 43.7384, 7.4246),
        ("Philipsburg", 18.0237, -63.0458),
        ("Paramaribo", 5.8520, -55.2038),
    ],
    ids=str,
)
def test_a_place_abroad_is_in_no_commune(france, town, lat, lon):
    assert found(france, lat=lat, lon=lon) is None
    assert found(france, name=town, lat=lat, lon=lon) is None


@pytest.mark.parametrize(
    ("code", "lat", "lon"),
    [
        ("01160", 46.2558, 6.1081),  # Ferney-Voltaire
        ("74012", 46.1934, 6.2350),  # Annemasse
        ("68297", 47.5886, 7.5619),  # Saint-Louis
        ("67544", 49.0372, 7.9456),  # Wissembourg
        ("57227", 49.1886, 6.9006),  # Forbach
        ("59378", 50.6703, 3.0969),  # Marcq-en-Barœul
        ("64260", 43.3582, -1.7757),  # Hendaye
        ("66025", 42.4342, 1.9450),  # Bourg-Madame
        ("06083", 43.7745, 7.4975),  # Menton
        ("06012", 43.7420, 7.4230),  # Beausoleil
        ("2A041", 41.3874, 9.1594),  # Bonifacio
    ],
)
def test_a_place_this_side_of_the_border_is_in_france(france, code, lat, lon):
    match = france.resolve(lat=lat, lon=lon)
    assert match is not None
    assert match.commune.department == france.by_code(code).department


def test_no_centroid_is_abroad(france, current):
    assert [one.code for one in current if one.lat and not france.in_france(one.lat, one.lon)] == []


# --- what contradicts what -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        ([], {"name": "Montpellier", "postcode": "34000", "lat": 43.61, "lon": 3.87}),
        ([], {"insee": "75111", "name": "Paris", "postcode": "75011"}),
        ([], {"insee": "75056", "name": "Paris 11e", "postcode": "75011", "department": "Paris"}),
        ([], {"insee": "49018", "name": "Vaulandry", "postcode": "49150"}),
        ([], {"name": "Bordeaux Cedex", "postcode": "33077"}),
        ([], {"name": "Lélex", "postcode": "01410", "department": "Ain"}),
        ([("commune-ambiguous", "city", "Saint-Denis: 4")], {"name": "Saint-Denis"}),
        ([("commune-ambiguous", "postcode", "34150: 9")], {"postcode": "34150"}),
        (
            [("commune-ambiguous", "city", "Saint-Denis: 4")],
            {"name": "Saint-Denis", "lat": 48.0, "lon": -9.0},
        ),
        ([("insee-unknown", "insee", "34999")], {"insee": "34999", "name": "Aniane", "postcode": "34150"}),
        (
            [("commune-disagrees", "insee", "13055 ≠ Montpellier (34172)")],
            {"insee": "13055", "name": "Montpellier", "postcode": "34000"},
        ),
        (
            [("commune-disagrees", "city", "Montpellier ≠ Marseille (13055)")],
            {"insee": "13055", "name": "Montpellier"},
        ),
        (
            [("commune-disagrees", "postcode", "34000 ≠ Marseille (13055)")],
            {"insee": "13055", "postcode": "34000"},
        ),
        (
            [("commune-disagrees", "postcode", "75077 ≠ Bordeaux (33063)")],
            {"insee": "33063", "name": "Bordeaux", "postcode": "75077"},
        ),
        (
            [("commune-disagrees", "department", "Drôme ≠ Saillans (33364)")],
            {"name": "Saillans", "postcode": "33141", "department": "Drôme"},
        ),
        (
            [("commune-disagrees", "city", "26 ≠ Saillans (33364)")],
            {"name": "Saillans (26)", "postcode": "33141"},
        ),
        (
            [("commune-disagrees", "postcode", "34000 ≠ Lattes (34129)")],
            {"name": "Lattes", "postcode": "34000"},
        ),
        (
            [("commune-disagrees", "street", "33390 ≠ Saint-Aubin-de-Blaye (33374)")],
            {"name": "Saint-Aubin-de-Blaye", "street": "691 av. de la Liberté - 33390 BLAYE"},
        ),
        (
            [("commune-disagrees", "city", "Grande-Synthe ≠ 33500")],
            {"name": "Grande-Synthe", "postcode": "33500"},
        ),
        (
            [("commune-disagrees", "city", "Grande-Synthe ≠ Saillans (33364)")],
            {"name": "Grande-Synthe", "insee": "33364"},
        ),
        (
            [("commune-disagrees", "city", "Montpellier ≠ Paris (75056)")],
            {"name": "Montpellier", "lat": 48.8566, "lon": 2.3400},
        ),
        (
            [("commune-disagrees", "country", "BE ≠ Montpellier (34172)")],
            {"name": "Montpellier", "postcode": "34000", "country": "BE"},
        ),
        ([], {"name": "Verviers", "postcode": "4800", "country": "BE"}),
        ([], {"name": "Sainte-Clotilde", "postcode": "97490"}),
    ],
    ids=str,
)
def test_what_contradicts_the_commune_is_told_with_its_field(france, expected, written):
    assert expected == doubts(france, **written)


@pytest.mark.parametrize(
    ("expected", "town", "lat", "lon"),
    [
        ([], "13200 Arles", 43.4117, 4.7306),  # Salin-de-Giraud, 17 km from the centre
        ([], "13008 Marseille", 43.2108, 5.4208),  # the Calanques
        ([], "97370 Maripasoula", 2.4500, -53.2500),  # the far south of Guyane
        ([], "74400 Chamonix-Mont-Blanc", 45.8790, 6.8870),  # the Aiguille du Midi
        ([], "06500 Menton", 43.7845, 7.5290),  # the border post
        ([], "75016 Paris", 48.8638, 2.2400),  # the Bois de Boulogne
        (["17 km"], "75011 Paris 11e", 48.8049, 2.1204),  # Versailles
        (["30 km"], "64340 Boucau", 43.78605, -1.40059),
        (["22 km"], "97460 Saint-Paul", -20.883451, 55.448512),  # Saint-Denis
        (["17 km"], "33230 Guîtres", 45.0833, 0.0167),
        (["9923 km"], "97440 Saint-André", 48.390487, -4.485169),
        (["29 km"], "83400 Hyères", 43.0290, 6.4770),  # the island of Levant is its own: a false alarm
    ],
)
def test_a_point_is_far_only_beyond_what_a_commune_of_that_size_reaches(france, expected, town, lat, lon):
    told = doubts(france, name=town, lat=lat, lon=lon)
    assert [("point-far-from-commune", "lat", away) for away in expected] == told


def test_a_neighbouring_commune_is_never_far(france, current):
    for commune in current[::200]:
        if commune.lat:
            other = france.resolve(lat=commune.lat + 0.02, lon=commune.lon)
            written = {"insee": commune.code, "lat": commune.lat + 0.02, "lon": commune.lon}
            assert other is None or doubts(france, **written) == []


# --- real places -----------------------------------------------------------------------------------


def test_of_300_addresses_checked_by_hand_one_is_wrong_and_hardly_any_left_open(france):
    score = accuracy.by_hand(france)

    assert (score.places, len(score.wrong) <= 0.005 * 300, score.unresolved <= 3) == (300, True, True), (
        score.wrong
    )
    assert set(score.methods) >= {
        "name-postcode",
        "name-department",
        "name-point",
        "postcode",
        "nearest",
        "none",
    }


def test_records_that_carry_an_insee_code_are_found_without_it(france):
    score = accuracy.own_codes(accuracy.recorded(), france)

    assert score.places >= 150
    assert score.right >= 0.95 * score.places, score.wrong


DEGREES = st.floats(-180, 180)


@given(st.tuples(*(st.text() for _ in range(5))), st.none() | st.tuples(DEGREES, DEGREES))
def test_any_writing_is_answered(france, words, point):
    written = dict(zip(("insee", "name", "postcode", "department", "street"), words, strict=True))
    lat, lon = point or (None, None)
    told = france.resolution(**written, lat=lat, lon=lon)
    assert told.match is None or told.match.commune == france.by_code(told.match.commune.code)
    assert {doubt.field for doubt in told.doubts} <= {*written, "city", "lat"}


def test_old_codes_lead_to_the_commune_of_today(france):
    assert france.by_code("01003") == france.by_code("01165")
    assert france.by_code("99999") is None
    with (FOLDER / tables.OLD_CODES).open(encoding="utf-8") as lines:
        leads = {row["ancien_code"]: row["code_actuel"] for row in csv.DictReader(lines)}
    assert len(leads) == 4240
    assert all(found(france, insee=old) == (new, "code") for old, new in leads.items())


# --- territories of every level --------------------------------------------------------------------


def test_a_code_of_two_levels_is_two_territories(france):
    assert [(area.key.level, area.name) for area in france.areas_of_code("76")] == [
        ("region", "Occitanie"),
        ("departement", "Seine-Maritime"),
    ]
    assert [area.key.level for area in france.areas_of_code("01015")] == ["commune", "commune-deleguee"]
    assert france.area("commune", "76") is None
    assert france.area("canton", "76") is None


def test_every_territory_lies_in_territories_and_the_hierarchy_ends_in_a_region(france):
    areas = {area.key: area for area in france.areas()}
    assert Counter(key.level for key in areas) == {
        "region": 26,
        "departement": 109,
        "epci": 1255,
        "commune": 34969,
        "arrondissement": 45,
        "commune-deleguee": 2105,
        "commune-associee": 471,
    }
    for area in areas.values():
        assert set(area.within) <= areas.keys()
        assert area.part_of in (None, *area.within)
        if area.key.level != "region":
            assert any(key.level == "region" for key in area.within), area
        if area.key.level == "epci":
            assert area.part_of is None
            assert any(key.level == "departement" for key in area.within)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("saillans", [("commune", "26289"), ("commune", "33364")]),
        ("Occitanie", [("region", "76")]),
        ("Paris", [("departement", "75"), ("commune", "75056")]),
        ("Lyon 3ème", [("arrondissement", "69383")]),
        ("Vaulandry", [("commune-deleguee", "49380")]),
        ("montpellier mediterranee metropole", [("epci", "243400017")]),
        ("Nulle part", []),
    ],
)
def test_a_name_lists_the_territories_that_bear_it_at_every_level(france, name, keys):
    assert [tuple(area.key) for area in france.areas_of_name(name)] == keys


# --- the files -------------------------------------------------------------------------------------


def test_the_committed_files_hold_together():
    assert territories.problems(FOLDER) == []


@pytest.fixture
def copied(tmp_path):
    """A copy of the files, to be spoilt."""
    for name in tables.FILES:
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("name", "before", "after", "problem"),
    [
        (tables.REGIONS, "76,Occitanie\n", "", "25 lines, expected 26"),
        (tables.REGIONS, "76,Occitanie\n", "", "34 is in région 76, which is not known"),
        (tables.DEPARTMENTS, "34,Hérault,76", "34,Hérault,84", "34172 is in département 34 and région 76"),
        (tables.EPCIS, "243400017,", "999999999,", "EPCI 243400017 is not known"),
        (tables.EPCIS, "243400017,", "999999999,", "999999999 has no member"),
        (tables.OLD_CODES, "01003,01165", "01003,01003", "01003 leads to 01003"),
        (tables.OLD_CODES, "01018,", "01003,", "01003 stands 2 times"),
        (
            tables.DELEGATED,
            "01015,Arbignieu,deleguee,01015",
            "01015,Arbignieu,deleguee,01003",
            "no live commune",
        ),
        (tables.DELEGATED, "01025,Bâgé-la-Ville", "1025,Bâgé-la-Ville", "'1025' is no code"),
        (tables.COMMUNES, ",43.6834,3.5921", ",3.5921,43.6834", "34010 has its point"),
        (tables.COMMUNES, ",43.6834,3.5921", ",43.6834,", "34010 has its point"),
        (tables.COMMUNES, "34010,Aniane,C,34,76,", "34010,Aniane,C,34,,", "a cell is missing"),
        (tables.COMMUNES, "code,nom,type", "code,name,type", "columns are"),
    ],
)
def test_a_file_that_does_not_hold_together_is_told(copied, name, before, after, problem):
    content = (copied / name).read_bytes()
    text = (gzip.decompress(content) if name.endswith(".gz") else content).decode()
    assert before in text
    spoilt = text.replace(before, after, 1).encode()
    (copied / name).write_bytes(gzip.compress(spoilt) if name.endswith(".gz") else spoilt)
    assert any(problem in one for one in territories.problems(copied))


def test_the_same_packages_give_the_same_bytes(tmp_path):
    data, borders = tmp_path / "geo" / "data", tmp_path / "borders" / "src" / "data"
    data.mkdir(parents=True)
    borders.mkdir(parents=True)
    given = {
        "communes": [
            {"code": "75101", "nom": "Paris 1er", "type": "arrondissement-municipal", "commune": "75056",
             "departement": "75", "region": "11", "codesPostaux": ["75001"]},
            {"code": "01015", "nom": "Arboys en Bugey", "type": "commune-actuelle", "departement": "01", "region": "84",
             "codesPostaux": ["01300", "01500"], "population": 650, "anciensCodes": ["01340", "01341"]},
            {"code": "01340", "nom": "Saint-Bois", "type": "commune-deleguee", "chefLieu": "01015"},
            {"code": "01341", "nom": "Ailleurs", "type": "commune-associee", "chefLieu": "75056"},
            {"code": "75056", "nom": "Paris", "type": "commune-actuelle", "departement": "75", "region": "11"},
        ],
        "epci": [{"code": "200054781", "nom": "Grand Paris", "type": "METRO", "membres": [{"code": "75056"}]}],
        "departements": [{"code": "75", "nom": "Paris", "region": "11"}, {"code": "01", "nom": "Ain", "region": "84"}],
        "regions": [{"code": "84", "nom": "Auvergne"}, {"code": "11", "nom": "Île-de-France"}],
    }  # fmt: skip
    for name, content in given.items():
        (data / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    square = [[[[0, 0], [0, 1], [1, 1], [0, 0]]]]
    shapes = [
        {
            "properties": {"nameEn": "Here", "country": "FR"},
            "geometry": {"type": "MultiPolygon", "coordinates": square},
        },
        {
            "properties": {"nameEn": "There", "country": "GB"},
            "geometry": {"type": "MultiPolygon", "coordinates": square},
        },
        {"properties": {"nameEn": "France"}, "geometry": None},
    ]
    (borders / "borders.json").write_text(json.dumps({"features": shapes}), encoding="utf-8")

    points = {"01015": ["45.7", "5.6"]}
    made = territories.built(tmp_path / "geo", tmp_path / "borders", points)

    assert made == territories.built(tmp_path / "geo", tmp_path / "borders", points)
    rows = list(csv.reader(io.StringIO(gzip.decompress(made[tables.COMMUNES]).decode())))
    assert rows[1:] == [
        ["01015", "Arboys en Bugey", "C", "01", "84", "", "01300 01500", "650", "45.7", "5.6"],
        ["75056", "Paris", "C", "75", "11", "200054781", "", "", "", ""],
        ["75101", "Paris 1er", "A", "75", "11", "200054781", "75001", "", "", ""],
    ]
    assert made[tables.OLD_CODES] == b"ancien_code,code_actuel\n01340,01015\n01341,75056\n"
    assert made[tables.DELEGATED] == (
        b"code,nom,type,commune\n01340,Saint-Bois,deleguee,01015\n01341,Ailleurs,associee,75056\n"
    )
    assert [one["properties"]["nom"] for one in json.loads(made[tables.LIMITS])["features"]] == ["Here"]


def test_the_fingerprint_follows_every_file(france, copied):
    assert territory.load(copied).fingerprint() == france.fingerprint()
    for name in tables.FILES:
        content = (copied / name).read_bytes()
        (copied / name).write_bytes(content + b"\n")
        assert territory.Territory(copied).fingerprint() != france.fingerprint()
        (copied / name).write_bytes(content)
