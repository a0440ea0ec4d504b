"""Which addresses hold a map, and which do not."""

from __future__ import annotations

from typing import Any

import pytest
from looks import Looks, page, seen

from harvester import connectors
from harvester.connectors._recognition import Certainty

ROOT = "https://umap.example"
MAP = f"{ROOT}/fr/map/jardins_12"
EXPORT = f"{ROOT}/fr/map/12/download/"
POINT = {
    "type": "Feature",
    "properties": {"name": "A"},
    "geometry": {"type": "Point", "coordinates": [5, 44]},
}

recognised = connectors.load("umap").recognised


def exported(*layers: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "umap", "uri": MAP, "properties": properties, "layers": list(layers)}


def test_umap_page_leads_to_its_export_and_stays_the_address():
    looks = Looks(
        {EXPORT: exported({"_umap_options": {"name": "Jardins"}, "features": [POINT]}, name="Carte")}
    )
    found = recognised(page(f"{MAP}?scale=1#12/44/5", "uMap"), looks)
    assert (found.certainty, found.url, found.title, found.count) == (Certainty.NAMED, MAP, "Carte", 1)
    assert found.learned == ["layer 'Jardins': 1 features"]


def test_umap_layers_that_lie_elsewhere_are_left_out_and_told():
    far = {
        "_umap_options": {"name": "Loin", "remoteData": {"url": "https://x.example/a.json"}},
        "features": [],
    }
    near = {"_storage": {"name": "Ici"}, "features": [POINT, POINT]}
    found = recognised(seen(EXPORT, exported(near, far)), Looks())
    assert (found.url, found.keys, found.count) == (MAP, {"layers": ["Ici"]}, 2)
    assert any("layer 'Loin' lies at https://x.example/a.json" in sentence for sentence in found.unknown)


def test_umap_single_layer_is_known_by_how_it_is_drawn():
    drawn = POINT | {"properties": {"name": "A", "_umap_options": {"color": "red"}}}
    found = recognised(
        seen(f"{ROOT}/jardins.geojson", {"type": "FeatureCollection", "features": [drawn]}), Looks()
    )
    assert (found.certainty, found.count) == (Certainty.SHAPE, 1)


def test_umap_kml_of_any_maker_is_read_though_it_may_hold_web_pages():
    kml = (
        '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>Lieux &amp; co</name>'
        "<Placemark><name>A</name><description><![CDATA[<html>a</html>]]></description></Placemark>"
        "<Folder><name>F</name><NetworkLink><Link><href>https://x.example/b.kml</href></Link></NetworkLink>"
        "</Folder></Document></kml>"
    )
    found = recognised(seen("https://x.example/a.kml", kml), Looks())
    assert (found.certainty, found.title, found.count) == (Certainty.FORMAT, "Lieux & co", 1)
    assert any("https://x.example/b.kml" in sentence for sentence in found.unknown)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "FeatureCollection", "features": [POINT]},
        {"type": "FeatureCollection", "features": []},
        {"layers": [{"features": [POINT]}]},
        [POINT],
        "<kml",
        '<?xml version="1.0"?><gpx/>',
        '<!DOCTYPE kml [<!ENTITY a "b">]><kml>&a;</kml>',
    ],
    ids=["geojson", "empty", "layers", "list", "cut", "gpx", "doctype"],
)
def test_umap_lookalikes_are_not_recognised(body):
    assert recognised(seen(f"{ROOT}/f", body), Looks()) is None


def test_umap_page_whose_address_is_like_that_of_a_map_must_have_its_export():
    looks = Looks({EXPORT: {"error": "private"}})
    assert recognised(page(MAP, "Plan"), looks) is None
    assert recognised(page(ROOT, '<a href="/fr/map/jardins_12">uMap</a>'), looks) is None
    assert looks.asked == [EXPORT]
