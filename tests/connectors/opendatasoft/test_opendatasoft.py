"""What is special to opendatasoft."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from looks import Looks, seen
from looks import page as web_page
from shelf import Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.mapping import compile_mapping

API = "https://p.example/api/explore/v2.1/catalog/datasets/d"
PAGE = "https://p.example/explore/dataset/d/information/"


def portal(
    rows: Any, *, total: int | None = None, query: dict[str, str] | None = None, **fields: str
) -> Shelf:
    """A portal with one dataset, whose fields are of these types."""
    described = [{"name": name, "type": kind} for name, kind in ({"id": "text"} | fields).items()]
    query = query or {}
    tail = f"?{urlencode(query)}" if query else ""
    count = {name: one for name, one in query.items() if name == "where"} | {"limit": 1}
    bodies = {
        API: {
            "dataset_id": "d",
            "fields": described,
            "metas": {"default": {"license": "Open Database License"}},
        },
        f"{API}/records?{urlencode(count)}": {
            "total_count": len(rows) if total is None else total,
            "results": [],
        },
        f"{API}/exports/json{tail}": rows,
    }
    return Shelf({url: json.dumps(body).encode() for url, body in bodies.items()})


def feed(url: str = PAGE, **said: Any):
    said.setdefault("map", {"ref": "id"})
    return source("opendatasoft", url, **said)


def test_recorded_rows_become_items_with_their_point():
    feed, shelf = recorded("opendatasoft")
    connector = connectors.load("opendatasoft")
    mapper, problems = compile_mapping(feed, connector.mapping, columns=True)
    assert problems == []
    (first, *_, last) = harvested(feed, shelf)
    item, findings = mapper.item(first)
    assert (item.ref, item.values["name"], findings) == ("2B-1", "Mairie de Corscia", [])
    assert (str(item.values["lat"]), str(item.values["lon"])) == ("42.35473", "9.04258")
    assert item.values["keywords"][0] == "Accompagnement individuel ponctuel"
    assert "lat" not in mapper.item(last)[0].values


@pytest.mark.parametrize(
    "point",
    [
        {"lon": 3.8, "lat": 43.6},
        {"lat": 43.6, "lon": 3.8},
        [43.6, 3.8],
        "43.6, 3.8",
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [3.8, 43.6]}, "properties": {}},
        {"type": "Point", "coordinates": [3.8, 43.6, 0]},
    ],
    ids=["2.1", "2.1 turned", "1", "csv", "shape", "geometry"],
)
def test_point_is_read_in_each_of_its_shapes(point):
    (value,) = values(harvested(feed(), portal([{"id": "1", "où": point}], où="geo_point_2d")))
    assert (float(value["_lat"]), float(value["_lon"])) == (43.6, 3.8)


@pytest.mark.parametrize("point", [None, "", "n/a", [], {}, {"type": "Polygon", "coordinates": [[]]}])
def test_row_without_a_point_is_a_record_without_one(point):
    (value,) = values(harvested(feed(), portal([{"id": "1", "où": point}], où="geo_point_2d")))
    assert "_lat" not in value


def test_pair_in_a_field_that_is_no_point_stays_a_text():
    (value,) = values(harvested(feed(), portal([{"id": "1", "x": "43.6, 3.8"}], x="text")))
    assert "_lat" not in value


def test_point_wins_over_the_shape_and_an_empty_point_gives_way():
    shape = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1.0, 2.0]}}
    rows = [{"id": "1", "s": shape, "p": {"lon": 3.8, "lat": 43.6}}, {"id": "2", "s": shape, "p": None}]
    found = values(harvested(feed(), portal(rows, s="geo_shape", p="geo_point_2d")))
    assert [(value["_lat"], value["_lon"]) for value in found] == [(43.6, 3.8), (2.0, 1.0)]


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("https://p.example/explore/dataset/d/table/?disjunctive.x", {}),
        ("https://p.example/explore/dataset/d", {}),
        ("https://p.example/explore/embed/dataset/d/map/", {}),
        (f"{API}/exports/csv?lang=fr", {}),
        ("https://p.example", {"dataset": "d"}),
        ("https://p.example/", {"dataset": "d"}),
    ],
)
def test_any_address_of_a_dataset_leads_to_its_export(url, options):
    assert refs(harvested(feed(url, **options), portal([{"id": "1"}]))) == ["1"]


def test_portal_without_a_dataset_is_told():
    with pytest.raises(SourceChanged, match="set `dataset`"):
        harvested(feed("https://p.example/"), portal([]))


def test_where_holds_for_the_count_and_select_for_the_rows_alone():
    query = {"where": "departement = '34'", "select": "id"}
    shelf = portal([{"id": "1"}], query=query)
    assert refs(harvested(feed(**query), shelf)) == ["1"]
    assert f"{API}/records?where=departement+%3D+%2734%27&limit=1" in shelf.asked


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (
            [{"id": "1"}, {"error_code": "InvalidRESTParameterError", "message": "offset + limit"}],
            "error among its rows, 'offset",
        ),
        (
            {"error_code": "ODSQLError", "message": "no field"},
            "no list at the top; found 'error_code=ODSQL",
        ),
        ({"results": [{"id": "1"}]}, "no list at the top"),
    ],
    ids=["among the rows", "instead of them", "a page"],
)
def test_error_in_the_stream_fails_the_source(rows, says):
    with pytest.raises(SourceChanged, match=says):
        harvested(feed(), portal(rows, total=1))


def test_export_with_fewer_rows_than_counted_defers_and_with_more_goes_on():
    with pytest.raises(SourceUnavailable, match="1 rows of the 2 it counts"):
        harvested(feed(), portal([{"id": "1"}], total=2))
    assert refs(harvested(feed(), portal([{"id": "1"}, {"id": "2"}], total=1))) == ["1", "2"]


def test_export_that_is_cut_fails():
    shelf = portal([{"id": "1"}, {"id": "2"}])
    shelf.bodies[f"{API}/exports/json"] = shelf.bodies[f"{API}/exports/json"][:-3]
    with pytest.raises(SourceChanged, match="cut or malformed"):
        harvested(feed(), shelf)


@pytest.mark.parametrize(("url", "body"), [(f"{API}/records?limit=1", b"{}"), (API, b'{"fields": []}')])
def test_dataset_without_fields_or_count_fails(url, body):
    shelf = portal([{"id": "1"}])
    shelf.bodies[url] = body
    with pytest.raises(SourceChanged, match=r"opendatasoft .test.: https://p\.example"):
        harvested(feed(), shelf)


def test_empty_dataset_is_empty_not_broken():
    assert harvested(feed(), portal([])) == []


def test_rows_without_identifier_are_known_by_their_key_or_rejected():
    rows = [{"id": "", "nom": "A", "ville": "Alès"}, {"id": None, "nom": None, "ville": None}]
    found = harvested(feed(map={}, key=["nom", "ville"]), portal(rows))
    assert (len(refs(found)), len(reasons(found))) == (1, 1)
    assert len(refs(found)[0]) == 16
    assert reasons(harvested(feed(), portal(rows)))[0].startswith("nothing in 'id' to identify")


def test_licence_of_the_dataset_is_told():
    feed, shelf = recorded("opendatasoft")
    connector = connectors.load("opendatasoft")
    kept = list(connector.answers(feed, shelf, shelf))
    assert connector.stated_licence(kept, shelf) == "https://www.etalab.gouv.fr/licence-ouverte-open-licence"
    for silent in (b'{"default": {"license": null}}', b'{"default": "x"}', b'"x"'):
        shelf.bodies[kept[0].url] = b'{"fields": [], "metas": ' + silent + b"}"
        assert connector.stated_licence(kept, shelf) is None


# --- recognition -------------------------------------------------------------------------------------

FIELDS = [{"name": "id"}, {"name": "nom"}]


def recognised(found: Any, looks: Looks) -> Any:
    return connectors.load("opendatasoft").recognised(found, looks)


@pytest.mark.parametrize(
    "about",
    [
        {"title": "d", "resources": []},
        {"dataset_id": "d", "fields": []},
        {"dataset_id": 3, "fields": FIELDS},
        [],
    ],
    ids=["other portal", "no rows", "strange", "list"],
)
def test_opendatasoft_address_alone_is_not_enough(about):
    looks = Looks({API: about})
    assert recognised(web_page(PAGE, "A dataset"), looks) is None
    assert looks.asked == [API]


def test_opendatasoft_looks_at_nothing_that_no_page_hints_at():
    looks = Looks()
    for other in (web_page("https://p.example/datasets/d", "Data"), seen("https://p.example/?dataset=d", [])):
        assert recognised(other, looks) is None
    assert looks.asked == []


def test_opendatasoft_rows_that_are_persons_are_not_proposed():
    row = {"nom": "Exemple", "prenom": "Camille"}
    about = {"dataset_id": "d", "fields": [{"name": "nom"}, {"name": "prenom"}]}
    assert (
        recognised(web_page(PAGE, ""), Looks({API: about, f"{API}/records?limit=100": {"results": [row]}}))
        is None
    )


@pytest.mark.parametrize(
    "url",
    [
        f"{API}/exports/csv?where=id>1",
        "https://p.example/api/v2/catalog/datasets/d/records?where=id>1",
        "https://p.example/api/records/1.0/search/?dataset=d&where=id>1",
    ],
    ids=["2.1", "2", "1"],
)
def test_opendatasoft_every_version_names_the_dataset_and_its_rows(url):
    rows = {"total_count": 1, "results": [{"id": "1", "nom": "Jardin"}]}
    looks = Looks({API: {"dataset_id": "d", "fields": FIELDS}, f"{API}/records?where=id%3E1&limit=100": rows})
    found = recognised(seen(url, "id;nom"), looks)
    assert (found.url, found.count) == ("https://p.example/explore/dataset/d/", 1)
    assert (found.keys["where"], found.keys["map"]) == ("id>1", {"ref": "id", "name": "nom"})
