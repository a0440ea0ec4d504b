"""Room: a GeoJSON feature → a flat record value. In and out: dicts; knows no platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harvester.model import Raw as Value


def is_feature(value: Value) -> bool:
    """True for a GeoJSON feature (RFC 7946, section 3.2)."""
    return isinstance(value, dict) and value.get("type") == "Feature"


def flattened(feature: Mapping[str, Any]) -> dict[str, Any]:
    """Its id and properties side by side, and `lon`, `lat` as written when its geometry is a point."""
    row = {"id": feature["id"]} if "id" in feature else {}
    properties, geometry = feature.get("properties"), feature.get("geometry")
    row |= properties if isinstance(properties, dict) else {}
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        at = geometry.get("coordinates")
        row |= dict(zip(("lon", "lat"), at, strict=False)) if isinstance(at, list) else {}
    return row


def centre(positions: Sequence[Any]) -> dict[str, Any]:
    """`lon`, `lat` of one position as written; of several the middle of the box around them; or nothing."""
    known = [
        one[:2]
        for one in positions
        if len(one) >= 2 and all(isinstance(part, int | float) for part in one[:2])
    ]
    if len(known) <= 1:
        return dict(zip(("lon", "lat"), known[0], strict=True)) if known else {}
    lons, lats = zip(*known, strict=True)
    return {"lon": (min(lons) + max(lons)) / 2, "lat": (min(lats) + max(lats)) / 2}


def positions(geometry: Value) -> Iterator[list[Any]]:
    """Every position of a geometry, whatever its type (RFC 7946, section 3.1)."""
    if isinstance(geometry, dict):
        yield from positions(geometry.get("coordinates"))
        yield from positions(geometry.get("geometries"))
    elif isinstance(geometry, list) and geometry and not isinstance(geometry[0], list | dict):
        yield geometry
    elif isinstance(geometry, list):
        for one in geometry:
            yield from positions(one)
