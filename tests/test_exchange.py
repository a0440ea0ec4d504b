"""Records in the formats partners import: whoever gave records takes the neighbours' back without its own."""

from __future__ import annotations

import json

import islands
import pyoxigraph as ox
import pytest
from conftest import Federation

from harvester.ledger import live

FORMATS = {"gogocarto.json": "data", "murmurations.json": "data", "schema.jsonld": "dataFeedElement"}


@pytest.fixture(scope="module")
def archipelago(tmp_path_factory, furnished):
    with islands.archipelago(tmp_path_factory.mktemp("archipelago"), furnished) as running:
        yield running


def names(client, name: str, **asked: str) -> set[str]:
    answer = client.get(f"/export/{name}", params=asked)
    assert answer.status_code == 200, answer.text
    found = json.loads(answer.content)[FORMATS[name]]
    return {one.get("item", one)["name"] for one in found}


GARDEN, FORMULA, POINTLESS = (one["nom"] for one in islands.RECORDS["jardins"])
CAFE, BIKES, WOOD = "Café des voisins", "Atelier vélo", "Atelier bois"


@pytest.mark.parametrize("name", FORMATS)
def test_a_platform_takes_its_neighbours_records_without_its_own(archipelago, name):
    _, _, client = archipelago
    assert names(client, name, exclude_source="jardins") == {CAFE, BIKES, WOOD}
    assert names(client, name, source="cafes") == {CAFE}
    assert names(client, name, exclude_source="jardins,cafes") == {BIKES, WOOD}
    assert names(client, name, exclude_host="partenaire.example") == set()
    assert names(client, name, territory="69") == {CAFE}
    assert names(client, name, territory="departement/34", source="ateliers") == {BIKES, WOOD}
    assert names(client, name, kind="organisation") == {BIKES, WOOD}


def test_a_record_without_licence_is_in_no_format(archipelago):
    _, _, client = archipelago
    for name in FORMATS:
        assert "Sans licence" not in client.get(f"/export/{name}").text
    assert client.get("/export/murmurations/secrets/s1").status_code == 404


@pytest.mark.parametrize(
    "asked", ["source=personne", "exclude_source=jardin", "territory=nulle-part", "kind=tout", "exclude_host=ici",
              "exclude_sources=jardins"]
)  # fmt: skip
@pytest.mark.parametrize("name", FORMATS)
def test_a_filter_that_means_nothing_is_refused(archipelago, name, asked):
    _, _, client = archipelago
    answer = client.get(f"/export/{name}?{asked}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_every_record_bears_its_licence_and_credit_in_every_format(archipelago):
    _, _, client = archipelago
    lines = {
        "Réseau des jardins, ODbL-1.0",
        "Réseau des ateliers, ODbL-1.0",
        "Réseau des cafes, etalab-2.0",
    }
    for name in ("gogocarto.json", "murmurations.json"):
        found = client.get(f"/export/{name}").json()["data"]
        assert {one["credit"] for one in found} == lines
        assert all(one["licence_url"].startswith("https://") for one in found)
    feed = client.get("/export/schema.jsonld").json()["dataFeedElement"]
    assert {one["item"]["subjectOf"]["creditText"] for one in feed} == lines
    assert all(one["item"]["subjectOf"]["license"].startswith("https://") for one in feed)


def test_gogocarto_json_is_read_back_by_our_own_connector(archipelago, partners, tmp_path, furnished):
    _, _, client = archipelago
    served = client.get("/export/gogocarto.json", params={"exclude_source": "cafes"})
    partners.serve("/carte/api/elements.json", served.content, "application/json")
    (tmp_path / "copy").mkdir()
    copy = Federation(tmp_path / "copy", furnished)
    copy.declare(
        f'[source.carte]\ntitle = "Carte"\nconnector = "gogocarto"\nlicence = "ODbL-1.0"\nurl = "{partners.url}/carte"\n'
        'allow_private = true\ndelay = "0s"\nattempts = 1\nmap = { page = "url" }\n'
    )
    assert copy.run("carte").outcome.succeeded
    copy.publish()
    rows = copy.ask("SELECT ?n ?u { ?r rdfs:label ?n ; dcterms:isPartOf ?s ; dcterms:source ?u }")
    assert sorted(rows) == sorted(
        [(GARDEN, "https://partenaire.example/j1"), (FORMULA, "https://partenaire.example/j2"),
         (BIKES, "https://partenaire.example/a1"), (WOOD, "https://partenaire.example/a2")]
    )  # fmt: skip


def test_an_element_of_gogocarto_keeps_its_id_and_changes_its_date_with_what_is_published(
    tmp_path, furnished
):
    with islands.archipelago(tmp_path, furnished) as (federation, partners, client):
        before = client.get("/export/gogocarto.json?source=ateliers")
        assert client.get("/export/gogocarto.json?source=ateliers",
                          headers={"if-none-match": before.headers["etag"]}).status_code == 304  # fmt: skip
        islands.serve(
            partners, "ateliers", [islands.place("a1", "Atelier vélo"), islands.place("a2", "Atelier fer")]
        )
        islands.harvest(federation, "ateliers")
        old, new = ({one["id"]: one for one in answer.json()["data"]}
                    for answer in (before, client.get("/export/gogocarto.json?source=ateliers")))  # fmt: skip
        base = islands.configured(federation).base
        assert old.keys() == new.keys() == {f"{base}id/ateliers/a1", f"{base}id/ateliers/a2"}
        assert new[f"{base}id/ateliers/a1"] == old[f"{base}id/ateliers/a1"]
        assert new[f"{base}id/ateliers/a2"]["updatedAt"] >= old[f"{base}id/ateliers/a2"]["updatedAt"]
        assert new[f"{base}id/ateliers/a2"]["name"] == "Atelier fer"


def test_murmurations_profiles_hold_to_their_schema(archipelago):
    _, _, client = archipelago
    nodes = client.get("/export/murmurations.json").json()["data"]
    assert len(nodes) == 6
    for node in nodes:
        profile = client.get("/" + node["profile_url"].split("/", 3)[3]).json()
        assert profile["linked_schemas"] == ["organizations_schema-v1.0.0"]
        assert 0 < len(profile["name"]) <= 200
        assert profile["primary_url"].startswith(("http://", "https://"))
        assert all(len(tag) <= 100 for tag in profile.get("tags", ()))
        assert len(set(profile.get("tags", ()))) == len(profile.get("tags", ()))
        assert all(one["url"].startswith("http") for one in profile["urls"])
        assert -90 <= profile.get("geolocation", {"lat": 0})["lat"] <= 90
        assert {"licence", "credit", "unique_id"} <= profile.keys()
    assert client.get("/export/murmurations/jardins/personne").status_code == 404


def test_the_data_feed_is_schema_org_to_a_parser_of_linked_data(archipelago):
    federation, _, client = archipelago
    base = islands.configured(federation).base
    told = client.get("/export/schema.jsonld").json()
    assert told["@context"] == "https://schema.org/"
    told["@context"] = {"@vocab": "http://schema.org/", "url": {"@type": "@id"}, "license": {"@type": "@id"}}
    store = ox.Store()
    store.load(json.dumps(told).encode(), format=ox.RdfFormat.JSON_LD)
    rows = store.query(
        "PREFIX s: <http://schema.org/> SELECT ?item ?name ?credit { ?feed a s:DataFeed ; s:dataFeedElement/s:item ?item . "
        "?item s:name ?name ; s:subjectOf/s:creditText ?credit }"
    )
    found = {row["item"].value: (row["name"].value, row["credit"].value) for row in rows}
    assert len(found) == 6
    assert found[f"{base}id/cafes/c1"] == (CAFE, "Réseau des cafes, etalab-2.0")


def test_records_are_read_some_at_a_time_and_none_is_lost(archipelago, monkeypatch):
    _, _, client = archipelago
    whole = client.get("/export/schema.jsonld").json()
    monkeypatch.setattr(live, "AT_ONCE", 2)
    assert client.get("/export/schema.jsonld").json() == whole


def test_the_page_says_which_formats_and_filters_there_are(archipelago):
    _, _, client = archipelago
    for language in ("fr", "en"):
        page = client.get("/export", params={"lang": language}, headers={"accept": "text/html"})
        assert page.status_code == 200
        assert "exclude_source=ateliers" in page.text
        assert "Réseau des jardins, ODbL-1.0" in page.text
