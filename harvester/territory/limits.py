"""Room: the outline of France in, whether a point falls inside it out.

The outline is careful along the land borders and generous over the sea, so that no quay of ours is abroad.
It knows no commune.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Self

_BANDS_PER_DEGREE = 10


class Edge(NamedTuple):
    """One side of a polygon, in degrees WGS 84."""

    lat: float
    lon: float
    to_lat: float
    to_lon: float

    def crossed(self, lat: float, lon: float) -> bool:
        """True when a line eastwards from the point crosses this side."""
        if (self.lat > lat) == (self.to_lat > lat):
            return False
        along = (lat - self.lat) / (self.to_lat - self.lat)
        return lon < self.lon + along * (self.to_lon - self.lon)


class Limits:
    """The sides of all the polygons of a file, by bands of latitude."""

    def __init__(self, bands: Mapping[int, list[Edge]]) -> None:
        self._bands = bands

    @classmethod
    def read(cls, file: Path) -> Self:
        """The limits of a GeoJSON file of polygons that do not overlap; a hole is a ring like another."""
        bands: dict[int, list[Edge]] = defaultdict(list)
        for edge in _edges(json.loads(file.read_text(encoding="utf-8"))):
            south, north = sorted((edge.lat, edge.to_lat))
            for band in range(_band(south), _band(north) + 1):
                bands[band].append(edge)
        return cls(dict(bands))

    def hold(self, lat: float, lon: float) -> bool:
        """True when the point is inside: a line eastwards from it crosses an odd number of sides."""
        return sum(edge.crossed(lat, lon) for edge in self._bands.get(_band(lat), ())) % 2 == 1


def _edges(collection: Any) -> Iterator[Edge]:
    for feature in collection["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            for ring in polygon:
                for (lon, lat), (to_lon, to_lat) in pairwise(ring):
                    yield Edge(lat, lon, to_lat, to_lon)


def _band(lat: float) -> int:
    return math.floor(lat * _BANDS_PER_DEGREE)
