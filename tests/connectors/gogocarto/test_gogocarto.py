"""What is special to gogocarto."""

from __future__ import annotations

import json
from typing import Any

import pytest
from shelf import RECORDINGS, Shelf, harvested, read, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.errors import SourceChanged
from harvester.model import Rejected


def element(**said: Any) -> dict[str, Any]:
    return {"id": "ab1", "name": "Jardin", "geo": {"latitude": 44.1, "longitude": 4.2}} | said


def test_gogocarto_2021_envelope_states_its_licence():
    feed, shelf = recorded("gogocarto")
    connector = connectors.load("gogocarto")
    kept = list(connector.answers(feed, shelf, shelf))
    assert connector.stated_licence is not None
    assert connector.stated_licence(kept, shelf) is None
    shelf.bodies[kept[0].url] = (
        b'{"licence": "https://opendatacommons.org/licenses/odbl/summary/", "data": []}'
    )
    assert connector.stated_licence(kept, shelf) == "https://opendatacommons.org/licenses/odbl/summary/"


def test_gogocarto_compact_rows_of_2018_become_elements():
    found = read("gogocarto", (RECORDINGS / "gogocarto" / "compact.json").read_bytes())
    assert len(refs(found)) == 51
    expected = {
        "id": "10j2",
        "name": "A Table Naturellement",
        "optionValues": [10430, 10427],
        "geo": {"latitude": 45.86382, "longitude": -0.56886},
        "_page": "https://m.example/map#/fiche/-/10j2",
    }
    assert expected == values(found)[0]


def test_gogocarto_compact_rows_of_2021_are_named_by_the_envelope():
    shape = ["id", ["name", "tags"], "latitude", "longitude", "status", "moderationState"]
    row = ["q1", ["Fab lab", ["bois"]], 48.1, 2.2, [7, 8], 3, 4]
    (value,) = values(read("gogocarto", json.dumps({"mapping": shape, "data": [row]})))
    assert (
        value["name"],
        value["tags"],
        value["optionValues"],
        value["status"],
    ) == ("Fab lab", ["bois"], [7, 8], 3)


def test_gogocarto_compact_row_that_the_envelope_does_not_name_fails_the_source():
    with pytest.raises(SourceChanged, match="row 'q1' has 2 fields"):
        read("gogocarto", json.dumps({"data": [["q1", ["Fab lab", "x"], 48.1, 2.2, []]]}))


@pytest.mark.parametrize("envelope", ["data", "elements", None])
def test_gogocarto_list_is_found_in_every_known_envelope(envelope):
    body = {envelope: [element()]} if envelope else [element()]
    assert refs(read("gogocarto", json.dumps(body))) == ["ab1"]


def test_gogocarto_geojson_features_are_flattened():
    feature = {
        "type": "Feature",
        "id": "f1",
        "geometry": {"type": "Point", "coordinates": [4.2, 44.1]},
        "properties": {"name": "Jardin"},
    }
    (value,) = values(read("gogocarto", json.dumps({"type": "FeatureCollection", "features": [feature]})))
    assert (value["id"], value["name"], value["lat"], value["lon"]) == ("f1", "Jardin", 44.1, 4.2)


@pytest.mark.parametrize("status", [-6, -5, -4, -3, -2])
def test_gogocarto_element_not_public_on_the_map_is_rejected_by_name(status):
    (found,) = read("gogocarto", json.dumps({"data": [element(status=status)]}))
    assert Rejected("ab1", found.reason) == found
    assert found.reason.startswith(f"status {status}: ")


@pytest.mark.parametrize("status", [-1, 0, 1, 7, None])
def test_gogocarto_public_statuses_are_kept(status):
    assert refs(read("gogocarto", json.dumps({"data": [element(status=status)]}))) == ["ab1"]


def test_gogocarto_private_fields_and_placeholders_never_reach_a_record():
    people = dict.fromkeys(["contributions", "reports", "votes", "subscriberEmails", "modifiedElement"], "x")
    (value,) = values(read("gogocarto", json.dumps({"data": [element(email="private", **people)]})))
    assert {"id", "name", "geo", "_page"} == value.keys()


def test_gogocarto_bad_elements_do_not_spoil_the_others():
    body = {"data": [None, {"name": "Sans id"}, "x", element(id=12), element(id="")]}
    found = read("gogocarto", json.dumps(body))
    assert refs(found) == ["12"]
    assert "no 'id'; name 'Sans id'" in reasons(found)
    assert len(reasons(found)) == 4


def test_gogocarto_asks_for_what_the_options_say():
    feed = source(
        "gogocarto",
        "https://m.example/",
        categories=[1, 2],
        exclude_external=True,
        bounds=[-1.5, 43, 3, 45.25],
        page="{root}/annuaire#/fiche/-/{id}",
    )
    url = "https://m.example/api/elements.json?categories=1,2&excludeExternal=1&bounds=-1.5,43,3,45.25"
    (value,) = values(harvested(feed, Shelf({url: json.dumps([element()]).encode()})))
    assert value["_page"] == "https://m.example/annuaire#/fiche/-/ab1"


def test_gogocarto_email_that_is_no_text_costs_nothing_else():
    assert refs(read("gogocarto", json.dumps([element(email={"a": 1}), element(id="ab2")]).encode())) == [
        "ab1",
        "ab2",
    ]
