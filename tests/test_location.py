"""Location: what a record says of where it is, as triples and findings; and the territories as triples."""

from __future__ import annotations

import csv
import gzip
import io
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest

from harvester import iri, profile, territory, vocab
from harvester.model import IRI, Finding, Severity
from harvester.profile.location import located
from harvester.territory import tables
from harvester.web import texts

HERE = Path(__file__).parent
FOLDER = vocab.folder() / "territoire"
RECORD = IRI("http://localhost:8000/id/s/r")
PARIS = {"departement/75", "region/11", "epci/200054781"}
HERAULT = {"departement/34", "region/76"}
POINT = {"lat": Decimal("43.6113"), "lon": Decimal("3.8767")}


def said(values, predicate, subject=RECORD):
    """The objects of a predicate, IRIs from `/territoire/` on, literals without quotes."""
    lines, _ = located(RECORD, values, territory.load())
    start = f"<{subject}> <{profile.full(predicate)}> "
    found = [line.removeprefix(start).removesuffix(" .") for line in lines if line.startswith(start)]
    return {one.strip('<>"').rpartition("/territoire/")[2].split('"')[0] for one in found}


def remarked(values):
    return located(RECORD, values, territory.load())[1]


@pytest.mark.parametrize(
    ("values", "spatial", "within", "precision"),
    [
        (
            {"city": "Montpellier", "postcode": "34000"},
            {"commune/34172"},
            HERAULT | {"epci/243400017"},
            "name-postcode",
        ),
        (
            {"city": "Paris 11e", "postcode": "75011"},
            {"commune/75056", "arrondissement/75111"},
            PARIS | {"commune/75056"},
            "name-postcode",
        ),
        ({"insee": "75056"}, {"commune/75056"}, PARIS, "code"),
        ({"insee": "97501"}, {"commune/97501"}, {"departement/975", "region/975"}, "code"),
        ({"street": "Mairie 20224 LOZZI"}, {"commune/2B147"}, {"departement/2B", "region/94", "epci/200073138"}, "name-postcode"),
        (POINT, {"commune/34172"}, HERAULT | {"epci/243400017"}, "nearest"),
        ({"city": "Vaulandry", "department": "49"}, {"commune/49018"}, {"departement/49", "region/52", "epci/244900882"}, "name-department"),
    ],
)  # fmt: skip
def test_a_record_is_in_its_commune_and_in_all_that_holds_it(values, spatial, within, precision):
    assert spatial == said(values, "dcterms:spatial")
    assert within == said(values, "archipel:inTerritory")
    assert {iri.concept("precisions", precision)} == said(values, "archipel:locationPrecision")


@pytest.mark.parametrize(
    ("covers", "spatial", "within"),
    [
        (("34172",), {"commune/34172"}, HERAULT | {"epci/243400017"}),
        (("commune/34172",), {"commune/34172"}, HERAULT | {"epci/243400017"}),
        (("01003",), {"commune/01165"}, {"departement/01", "region/84", "epci/200070118"}),
        (("75111",), {"commune/75056", "arrondissement/75111"}, PARIS | {"commune/75056"}),
        (("departement/34",), {"departement/34"}, HERAULT),
        (("region/76",), {"region/76"}, {"region/76"}),
        (("region/01", "departement/01"), {"region/01", "departement/01"}, {"region/01", "departement/01", "region/84"}),
        (("epci/243400017",), {"epci/243400017"}, HERAULT | {"epci/243400017"}),
        (("commune-deleguee/49380",), {"commune-deleguee/49380"}, {"commune/49018", "departement/49", "region/52", "epci/244900882"}),
    ],
)  # fmt: skip
def test_a_record_that_covers_territories_is_in_them_and_in_what_holds_them(covers, spatial, within):
    values = {"covers": covers}

    assert spatial == said(values, "dcterms:spatial")
    assert within == said(values, "archipel:inTerritory")
    assert said(values, "archipel:locationPrecision") == set()
    assert remarked(values) == []


def test_what_is_covered_stands_beside_the_commune():
    values = {"insee": "34172", "covers": ("departement/34", "departement/30")}

    assert said(values, "dcterms:spatial") == {"commune/34172", "departement/34", "departement/30"}
    assert said(values, "archipel:inTerritory") == HERAULT | {"departement/30", "epci/243400017"}


def test_a_territory_covered_that_does_not_exist_is_told_and_left_out():
    values = {"covers": ("34999", "departement/99", "canton/3401", "region/76")}

    assert said(values, "dcterms:spatial") == {"region/76"}
    assert remarked(values) == [
        Finding(Severity.WARNING, "covers-unknown", "covers", written) for written in values["covers"][:3]
    ]


def test_point_and_address_are_written_as_given_whatever_the_commune_is():
    values = {**POINT, "street": "1 rue X", "postcode": "75001", "city": "Montpellier", "country": "FR"}
    place, address = iri.fragment(RECORD, "lieu"), iri.fragment(RECORD, "adresse")

    assert said(values, "pair:hasLocation") == {place}
    assert said(values, "wgs:lat", place) == {"43.6113"}
    assert said(values, "wgs:long", place) == {"3.8767"}
    assert said(values, "schema:address") == {address}
    assert said(values, "schema:postalCode", address) == {"75001"}
    assert said(values, "schema:addressLocality", address) == {"Montpellier"}


def test_nothing_said_of_a_place_is_nothing_written():
    assert located(RECORD, {"name": "Nom"}, territory.load()) == ([], [])


def test_doubts_become_warnings_with_their_field():
    far = {"city": "Montpellier", "postcode": "34000", "lat": Decimal("48.85"), "lon": Decimal("2.35")}

    assert remarked(far) == [Finding(Severity.WARNING, "point-far-from-commune", "lat", "595 km")]
    assert remarked({"city": "Saillans"}) == [
        Finding(Severity.WARNING, "commune-ambiguous", "city", "Saillans: 2")
    ]


@pytest.mark.parametrize(
    "code",
    ["commune-disagrees", "commune-ambiguous", "insee-unknown", "point-far-from-commune", "covers-unknown"],
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_finding_about_a_place_has_words_for_its_author(code, language):
    assert texts.known("finding", code, language)


# --- the territories as triples --------------------------------------------------------------------


@pytest.fixture(scope="module")
def graph():
    """Every territory, as published, in a store."""
    written = profile.territory_triples(territory.load())
    lines = written.splitlines()
    assert lines == sorted(set(lines))
    store = ox.Store()
    store.bulk_load(io.BytesIO(written), format=ox.RdfFormat.N_TRIPLES)
    return store


EXAMPLES = list(ox.parse(path=HERE / "territory" / "examples.ttl"))


@pytest.mark.parametrize("subject", sorted({one.subject.value for one in EXAMPLES}))
def test_a_territory_of_each_level_says_all_it_should_and_nothing_else(graph, subject):
    found = [quad.triple for quad in graph.quads_for_pattern(ox.NamedNode(subject), None, None)]
    assert {one.triple for one in EXAMPLES if one.subject.value == subject} == set(found)


def test_the_graph_holds_every_territory_under_its_level(graph):
    query = "SELECT ?c (COUNT(?t) AS ?n) { ?t a ?c } GROUP BY ?c"
    counted = {row["c"].value.rpartition("#")[2]: int(row["n"].value) for row in graph.query(query)}
    assert counted == {
        "Region": 26,
        "Departement": 109,
        "Intercommunalite": 1255,
        "Commune": 34969,
        "ArrondissementMunicipal": 45,
        "CommuneDeleguee": 2105,
        "CommuneAssociee": 471,
    }


def test_every_commune_is_in_a_department_a_region_and_its_epci(graph):
    with gzip.open(FOLDER / tables.COMMUNES, "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    expected = {
        (row["code"], f"{level}/{row[column]}")
        for row in rows
        if row["type"] == "C"
        for level, column in (("departement", "departement"), ("region", "region"), ("epci", "epci"))
        if row[column]
    }
    query = (
        f"SELECT ?code ?in {{ ?t a <{profile.full('igeo:Commune')}> ; "
        f"<{profile.full('igeo:codeINSEE')}> ?code ; <{profile.full('archipel:inTerritory')}> ?in }}"
    )
    found = {(row["code"].value, row["in"].value.rpartition("/territoire/")[2]) for row in graph.query(query)}
    assert expected == found


def test_what_is_written_is_what_the_store_gives_back(graph):
    dumped = graph.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph())
    assert sorted(dumped.splitlines()) == profile.territory_triples(territory.load()).splitlines()
