"""Room: a GeoJSON feature → a flat record value. In and out: dicts; knows no platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harvester.model import Raw as Value


def is_feature(value: Value) -> bool:
    """True for a GeoJSON feature (RFC 7946, section 3.2)."""
    return isinstance(value, dict) and value.get("type") == "Feature"


def flattened(feature: Mapping[str, Any]) -> dict[str, Any]:
    """Its id and properties side by side, and `lon`, `lat` as written when its geometry is a point."""
    row = {"id": feature["id"]} if "id" in feature else {}
    row |= feature.get("properties") or {}
    geometry = feature.get("geometry") or {}
    if geometry.get("type") == "Point":
        row |= dict(zip(("lon", "lat"), geometry.get("coordinates") or (), strict=False))
    return row
