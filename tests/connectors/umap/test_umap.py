"""What is special to umap."""

from __future__ import annotations

import json
from typing import Any

import pytest
from shelf import HTML, Shelf, harvested, read, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.errors import SourceChanged
from harvester.mapping import compile_mapping

PAGE = "https://u.example/fr/map/des-jardins_12"
EXPORT = "https://u.example/fr/map/12/download/"


def feature(ref: str | None = "f1", /, at: Any = (5.3, 44.7), **said: Any) -> dict[str, Any]:
    found = {"type": "Feature", "properties": {"name": "Jardin"} | said}
    found["geometry"] = {"type": "Point", "coordinates": list(at)}
    return found | ({"id": ref} if ref else {})


def layer(name: str, *features: Any, **options: Any) -> dict[str, Any]:
    told = {"name": name} | options
    return {"type": "FeatureCollection", "features": list(features), "_umap_options": told}


def umap(*layers: dict[str, Any], url: str = PAGE, properties: Any = None, **options: Any):
    body = {"type": "umap", "uri": PAGE, "properties": properties or {}, "layers": list(layers)}
    return harvested(source("umap", url, **options), Shelf({EXPORT: json.dumps(body).encode()}))


def kml(inside: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    return f'{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{inside}</Document></kml>'


def placemark(inside: str = "", ref: str = "p1") -> str:
    point = "<Point><coordinates>5.3,44.7,0</coordinates></Point>"
    return f'<Placemark id="{ref}"><name>Lieu</name>{inside}{point}</Placemark>'


# --- where the export is ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [PAGE, f"{PAGE}?scaleControl=false", f"{PAGE}#13/44.7/5.3", "https://u.example/fr/map/12"],
    ids=["page", "options", "position", "number"],
)
def test_umap_address_of_a_map_leads_to_its_export(url):
    shelf = Shelf({EXPORT: json.dumps({"layers": [layer("L", feature())]}).encode()})
    assert refs(harvested(source("umap", url), shelf)) == ["f1"]
    assert shelf.asked == [EXPORT]


def test_umap_page_of_a_feature_is_the_map_with_the_feature_open():
    (value,) = values(umap(layer("L", feature("a b")), url=f"{PAGE}?zoom=3"))
    assert value["_page"] == f"{PAGE}?feature=a%20b"


def test_umap_exported_map_tells_its_own_address():
    body = json.dumps({"type": "umap", "uri": PAGE, "layers": [layer("L", feature())]})
    assert values(read("umap", body))[0]["_page"] == f"{PAGE}?feature=f1"


def test_umap_file_is_asked_for_as_it_is_and_has_no_page():
    (value,) = values(read("umap", json.dumps(layer("Jardins", feature()))))
    assert "_page" not in value
    assert value["_layer"] == "Jardins"


# --- features -----------------------------------------------------------------------------------------


def test_umap_coordinates_are_longitude_first():
    (value,) = values(umap(layer("L", feature(at=[5.3, 44.7, 120]))))
    assert (value["lon"], value["lat"]) == (5.3, 44.7)


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon", "coordinates": [[[5, 44], [6, 44], [6, 46], [5, 44]]]},
        {"type": "LineString", "coordinates": [[5, 44], [6, 46]]},
        {"type": "GeometryCollection", "geometries": [{"coordinates": [5, 44]}, {"coordinates": [6, 46]}]},
    ],
    ids=["area", "line", "collection"],
)
def test_umap_line_or_area_has_the_middle_of_its_box(geometry):
    (value,) = values(umap(layer("L", feature() | {"geometry": geometry})))
    assert (value["lon"], value["lat"]) == (5.5, 45)


@pytest.mark.parametrize("geometry", [None, {"type": "Point", "coordinates": []}, {"type": "Point"}])
def test_umap_feature_without_a_place_has_no_coordinates(geometry):
    (value,) = values(umap(layer("L", feature() | {"geometry": geometry})))
    assert {"lon", "lat"}.isdisjoint(value)


def test_umap_feature_without_an_identifier_is_known_by_its_layer_name_and_place():
    one = feature(None)
    (first,), (again,) = refs(umap(layer("L", one))), refs(umap(layer("L", feature(None, color="Red"))))
    (moved,) = refs(umap(layer("L", feature(None, at=[5, 44]))))
    assert first == again
    assert first != moved


def test_umap_declared_key_identifies_features():
    before, after = feature(None, code="7"), feature(None, code="7", at=[5, 44])
    assert refs(umap(layer("L", before), key=["code"])) == refs(umap(layer("M", after), key=["code"]))


def test_umap_drawing_of_a_feature_never_reaches_a_record():
    for name in ("_umap_options", "_storage_options"):
        (value,) = values(umap(layer("L", feature(**{name: {"color": "Red"}}))))
        assert value.keys() == {"id", "name", "lon", "lat", "_layer", "_page"}


def test_umap_first_link_and_image_of_a_description_are_told_apart():
    text = "{{https://i.example/a.jpg|300}} [[https://s.example/x|Site]] [[https://t.example]]"
    (value,) = values(umap(layer("L", feature(description=text))))
    assert (value["_link"], value["_image"]) == ("https://s.example/x", "https://i.example/a.jpg")


def test_umap_what_is_no_feature_is_rejected_and_the_rest_goes_on():
    found = umap(layer("L", 3, feature()))
    assert (refs(found), reasons(found)) == (["f1"], ["expected a feature, got 3"])


# --- layers -------------------------------------------------------------------------------------------


def test_umap_hidden_layers_are_read_and_others_only_when_declared():
    layers = [layer("A", feature("a"), displayOnLoad=False), layer("B", feature("b"))]
    assert refs(umap(*layers)) == ["a", "b"]
    assert refs(umap(*layers, layers=["B"])) == ["b"]


def test_umap_names_of_older_layers_are_found():
    old = {"type": "FeatureCollection", "features": [feature()], "_storage": {"name": "Vieux"}}
    assert values(umap(old))[0]["_layer"] == "Vieux"


def test_umap_layer_that_lies_elsewhere_is_said_not_followed():
    remote = layer("R", remoteData={"url": "https://x.example/{bbox}", "format": "osm"})
    found = umap(remote, layer("L", feature()))
    assert refs(found) == ["f1"]
    assert reasons(found) == ["a layer that lies elsewhere: declare it as a source, or name the `layers`"]
    assert reasons(umap(remote, layer("L", feature()), layers=["L"])) == []


def test_umap_empty_map_is_empty_not_broken():
    assert umap() == umap(layer("L")) == []


def test_umap_answer_without_layers_or_features_is_a_changed_shape():
    with pytest.raises(SourceChanged, match=r"umap 'test': https://.*no list at 'layers' or 'features'"):
        read("umap", '{"error": "This map is not publicly available"}')
    with pytest.raises(SourceChanged, match="expected features"):
        read("umap", '{"layers": [3]}')


# --- KML ----------------------------------------------------------------------------------------------


def test_umap_kml_coordinates_are_longitude_first_and_altitude_is_left():
    (value,) = values(read("umap", kml(placemark())))
    assert (value["lon"], value["lat"]) == (5.3, 44.7)


def test_umap_kml_data_are_fields_by_their_name():
    data = "<ExtendedData><Data name='Téléphone'><value>04 75 00 00 00</value></Data></ExtendedData>"
    (value,) = values(read("umap", kml(placemark(data))))
    assert value["Téléphone"] == "04 75 00 00 00"


def test_umap_kml_without_a_namespace_or_in_another_is_read():
    for head in ("<kml>", '<kml xmlns="http://earth.google.com/kml/2.1">'):
        assert refs(read("umap", f"{head}<Folder>{placemark()}</Folder></kml>")) == ["p1"]


def test_umap_kml_layer_is_the_nearest_folder():
    inside = f"<Folder><name>A</name><Folder><name>B</name>{placemark()}</Folder></Folder>"
    assert values(read("umap", kml(inside)))[0]["_layer"] == "B"


def test_umap_kml_link_to_another_document_is_said_not_followed():
    link = "<NetworkLink><Link><href>https://x.example/a.kml</href></Link></NetworkLink>"
    assert reasons(read("umap", kml(link + placemark()))) == [
        "a layer that lies elsewhere: declare it as a source, or name the `layers`"
    ]


def test_umap_kml_entities_are_refused():
    bomb = '<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    with pytest.raises(SourceChanged, match="declares a document type"):
        read("umap", kml(placemark("<description>&a;</description>"), head=bomb))


def test_umap_kml_entities_that_swell_are_refused():
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "x" * 10}">' for n in range(12))
    with pytest.raises(SourceChanged, match="umap 'test': https://"):
        read("umap", kml("<name>&a11;</name>", head=f"<!DOCTYPE kml [{laughs}]>"))


def test_umap_kml_that_is_cut_is_no_complete_listing():
    whole = kml(placemark())
    for share in (0.5, 0.9):
        with pytest.raises(SourceChanged, match="expected XML"):
            read("umap", whole[: int(len(whole) * share)])


def test_umap_kml_encoding_is_what_it_declares_whatever_the_label():
    head = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    body = kml(placemark("<address>Évry</address>"), head=head).encode("latin-1")
    assert values(read("umap", body, charset="utf-8"))[0]["address"] == "Évry"
    plain = kml(placemark("<address>Évry</address>"), head="").encode()
    assert values(read("umap", plain, charset="iso-8859-1"))[0]["address"] == "Évry"


def test_umap_zip_archive_is_named():
    with pytest.raises(SourceChanged, match="a zip archive"):
        read("umap", b"PK\x03\x04...")


def test_umap_page_instead_of_a_file_is_a_changed_shape():
    with pytest.raises(SourceChanged, match="expected JSON, got an HTML page"):
        read("umap", HTML)


# --- mapping and licence ------------------------------------------------------------------------------


def test_umap_licence_of_the_map_is_told():
    feed, shelf = recorded("umap")
    connector = connectors.load("umap")
    kept = list(connector.answers(feed, shelf, shelf))
    assert connector.stated_licence(kept, shelf) == "https://opendatacommons.org/licenses/odbl/1-0/"
    assert connector.stated_licence(kept[1:], shelf) is None


def test_umap_recording_is_mapped_without_a_rest():
    feed, shelf = recorded("umap")
    connector = connectors.load("umap")
    mapper, problems = compile_mapping(
        feed, connector.mapping, ignored=connector.ignored, columns=connector.columns
    )
    found = {one.ref: mapper.item(one)[0].values for one in harvested(feed, shelf)}
    assert (problems, dict(mapper.coverage.unmapped)) == ([], {})
    assert found["AzMTc"]["keywords"] == ("Jardins",)
    assert found["p1"]["description"] == "Chaque premier samedi."
    assert "camille" not in str(found)


def test_umap_two_addresses_that_answer_the_same_fail_the_source():
    feed, shelf = recorded("umap")
    first, last = shelf.bodies
    shelf.bodies[last] = shelf.bodies[first]
    with pytest.raises(SourceChanged, match=f"{last}: the same answer as '{first}'; ask the site"):
        harvested(feed, shelf)
