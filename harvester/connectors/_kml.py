"""Room: KML (OGC 2.2) → one flat value per placemark.

In: the root of a document. Out: placemarks with their data by name, the folder they lie in and a position;
links to other documents by their address. Styles, tours and views are passed over. Fetches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harvester.connectors._geojson import centre
from harvester.connectors._xml import Element, child, children, local, text

FOLDERS = frozenset({"Document", "Folder", "kml"})
TEXTS = ("name", "description", "address", "phoneNumber")


def placemarks(element: Element, layer: str = "") -> Iterator[dict[str, Any]]:
    """Placemarks in the order of the document; a link to another document is `{"_elsewhere": address}`."""
    for inner in element:
        name = local(inner)
        if name in FOLDERS:
            yield from placemarks(inner, text(child(inner, "name")) or layer)
        elif name == "Placemark":
            yield _values(inner, layer)
        elif name == "NetworkLink":
            yield {"_elsewhere": _target(inner), "_layer": layer}


def _values(placemark: Element, layer: str) -> dict[str, Any]:
    found: dict[str, Any] = {"id": placemark.get("id")}
    found |= dict(_extended(child(placemark, "ExtendedData")))
    found |= {name: text(child(placemark, name)) for name in TEXTS}
    found |= {"_layer": layer, **centre(list(_coordinates(placemark)))}
    return {name: value for name, value in found.items() if value not in (None, "")}


def _target(link: Element) -> str:
    """Where a link to another document leads: `Link`, or `Url` before KML 2.1."""
    return next((text(child(one, "href")) for name in ("Link", "Url") for one in children(link, name)), "")


def _extended(data: Element | None) -> Iterator[tuple[str, str]]:
    for one in children(data, "Data"):
        yield one.get("name", ""), text(child(one, "value"))
    for schema in children(data, "SchemaData"):
        for one in children(schema, "SimpleData"):
            yield one.get("name", ""), text(one)


def _coordinates(placemark: Element) -> Iterator[list[float]]:
    """The positions of its geometries: longitude first, separated by blanks."""
    for element in placemark.iter():
        if local(element) == "coordinates":
            for position in text(element).split():
                try:
                    yield [float(part) for part in position.split(",")[:2]]
                except ValueError:
                    continue
