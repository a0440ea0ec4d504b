"""Room: a position or a code of a place as written in, its one form out.

Coordinates go out as named WGS 84 degrees, postcodes and INSEE codes as text with their zeros. It
never looks a place up: that is the territory's work.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from harvester.cleaning.blank import given, shown
from harvester.cleaning.number import decimal
from harvester.cleaning.words import fold

if TYPE_CHECKING:
    from pyproj import Transformer


class Point(NamedTuple):
    """A position in degrees WGS 84, with 6 decimals at most (about 10 cm)."""

    lat: Decimal
    lon: Decimal


class Box(NamedTuple):
    """A part of France in degrees WGS 84."""

    name: str
    south: float
    north: float
    west: float
    east: float


FRANCE = (
    Box("métropole", 41.3, 51.2, -5.3, 9.7),
    Box("Guadeloupe, Saint-Martin, Saint-Barthélemy", 15.8, 18.2, -63.2, -60.9),
    Box("Martinique", 14.3, 14.95, -61.3, -60.75),
    Box("Guyane", 2.0, 6.0, -54.7, -51.5),
    Box("La Réunion", -21.5, -20.8, 55.1, 55.95),
    Box("Mayotte", -13.1, -12.5, 44.9, 45.4),
    Box("Saint-Pierre-et-Miquelon", 46.7, 47.2, -56.5, -56.0),
    Box("Nouvelle-Calédonie", -23.0, -19.0, 163.0, 169.0),
    Box("Polynésie française", -28.0, -7.5, -155.0, -134.0),
    Box("Wallis-et-Futuna", -14.5, -13.0, -178.3, -176.0),
)

OVERSEAS = frozenset({"GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "WF", "PF", "NC", "TF"})
"""Parts of France that ISO 3166-1 also gives a code of their own."""

COUNTRIES = {
    "france": "FR", "france metropolitaine": "FR", "republique francaise": "FR", "fra": "FR",
    "guadeloupe": "FR", "martinique": "FR", "guyane": "FR", "guyane francaise": "FR", "la reunion": "FR",
    "reunion": "FR", "mayotte": "FR", "saint pierre et miquelon": "FR", "saint barthelemy": "FR",
    "saint martin": "FR", "wallis et futuna": "FR", "polynesie francaise": "FR", "nouvelle caledonie": "FR",
    "allemagne": "DE", "germany": "DE", "deutschland": "DE", "andorre": "AD", "autriche": "AT",
    "belgique": "BE", "belgium": "BE", "belgie": "BE", "burkina faso": "BF", "canada": "CA",
    "espagne": "ES", "spain": "ES", "espana": "ES", "etats unis": "US", "united states": "US", "usa": "US",
    "irlande": "IE", "italie": "IT", "italy": "IT", "italia": "IT", "luxembourg": "LU", "madagascar": "MG",
    "maroc": "MA", "monaco": "MC", "pays bas": "NL", "netherlands": "NL", "portugal": "PT", "quebec": "CA",
    "royaume uni": "GB", "united kingdom": "GB", "uk": "GB", "senegal": "SN", "suisse": "CH",
    "switzerland": "CH", "schweiz": "CH", "togo": "TG", "tunisie": "TN",
}  # fmt: skip
"""Folded names of countries, as partners write them, and their ISO 3166-1 alpha-2 codes."""

_STEP = Decimal("0.000001")
_BETWEEN = re.compile(r"\s*[|;]\s*|\s*,\s+|(?<=[\d.])\s+(?=[-+\d])|(?<=\d),(?=-?\d+\.)")
_WKT = re.compile(r"(?:SRID=4326;)?\s*POINT\s*Z?\s*\(\s*(\S+)\s+([^\s)]+)[^)]*\)", re.IGNORECASE)
_POSTCODE = re.compile(
    r"(?:FR?\s*-?\s*)?((?:0[1-9]|[1-8]\d|9[0-8])\s?\d{3})(?![\d])(?:\D.*)?", re.IGNORECASE | re.DOTALL
)
_INSEE = re.compile(r"(?:\d{2}|2[AB])\d{3}", re.ASCII)
_ALPHA_2 = re.compile(r"[a-z]{2}", re.IGNORECASE | re.ASCII)
_SHORT = re.compile(r"[1-9]\d{3}", re.ASCII)


def point(lat: object, lon: object) -> Point | None:
    """The position; None when either is not said, or when both are 0 (a form left empty).

    Raises:
        ValueError: if one is not a number of degrees in range.
    """
    degrees = _degrees(lat, lon)
    if degrees is None:
        return None
    if abs(degrees.lat) > 90 or abs(degrees.lon) > 180:
        raise ValueError(
            f"{shown((lat, lon))} is not on Earth; lat within ±90 and lon within ±180 are expected"
        )
    return degrees


def swapped(lat: Decimal, lon: Decimal) -> Point | None:
    """The position with lat and lon exchanged, when only so it falls in France; else None."""
    if in_france(Point(lat, lon)):
        return None
    turned = Point(lon, lat)
    return turned if in_france(turned) else None


def in_france(position: Point) -> bool:
    """True when the position falls in a box that holds a part of France, and sometimes its neighbours."""
    lat, lon = float(position.lat), float(position.lon)
    return any(box.south <= lat <= box.north and box.west <= lon <= box.east for box in FRANCE)


def pair(value: object) -> Point | None:
    """The position written in one text: "42.35, 9.04", "42.35|9.04" or "POINT(9.04 42.35)".

    Raises:
        ValueError: if the text does not hold two numbers of degrees in range.
    """
    written = given(value)
    if written is None:
        return None
    if wkt := _WKT.fullmatch(written):
        return point(wkt[2], wkt[1])
    parts = _BETWEEN.split(written)
    if len(parts) != 2:
        raise ValueError(f'{shown(written)} is not a position; "lat, lon" in degrees is expected')
    return point(*parts)


def project(x: object, y: object, crs: str) -> Point | None:
    """The position of a planar point; `x` east and `y` north in the units of `crs` ("EPSG:2154").

    Raises:
        ValueError: if the system is unknown or the point lies outside it.
    """
    east, north = decimal(x), decimal(y)
    if east is None or north is None or not (east or north):
        return None
    lon, lat = _transformer(crs).transform(float(east), float(north))
    return point(lat, lon)


def postcode(value: object) -> str | None:
    """A French postcode, five digits; None when nothing is said. A lost leading zero is put back.

    Raises:
        ValueError: if the value does not start with a French postcode.
    """
    written = given(value)
    return None if written is None else _postcode(written)


def insee(value: object) -> str | None:
    """An INSEE commune code, five characters; None when nothing is said. A lost leading zero is put back.

    Raises:
        ValueError: if the value is not shaped like a commune code.
    """
    written = given(value)
    return None if written is None else _insee(written)


def country(value: object) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country; "FR" for every part of France; None when nothing is said.

    Raises:
        ValueError: if the value is neither two letters nor a country of the table.
    """
    written = given(value)
    return None if written is None else _country(written)


def _degrees(lat: object, lon: object) -> Point | None:
    north, east = decimal(lat), decimal(lon)
    if north is None or east is None or not (north or east):
        return None
    return Point(_rounded(north), _rounded(east))


def _rounded(degrees: Decimal) -> Decimal:
    rounded = degrees.quantize(_STEP)
    return degrees if rounded == degrees else rounded


@lru_cache(maxsize=16)
def _transformer(crs: str) -> Transformer:
    from pyproj import Transformer
    from pyproj.exceptions import CRSError

    try:
        return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except CRSError as error:
        raise ValueError(
            f'{shown(crs)} is not a reference system; an EPSG code ("EPSG:2154") is expected'
        ) from error


@lru_cache(maxsize=1024)
def _country(written: str) -> str:
    code = COUNTRIES.get(fold(written)) or (written.upper() if _ALPHA_2.fullmatch(written) else None)
    if code is None:
        raise ValueError(f"{shown(written)} is not a known country; an ISO 3166-1 alpha-2 code is expected")
    return "FR" if code in OVERSEAS else code


@lru_cache(maxsize=8192)
def _postcode(written: str) -> str | None:
    if written.strip("0 ") == "":
        return None
    code = _POSTCODE.fullmatch(f"0{written}" if _SHORT.fullmatch(written) else written)
    if code is None:
        raise ValueError(f"{shown(written)} is not a French postcode; five digits are expected")
    return code[1].replace(" ", "")


@lru_cache(maxsize=8192)
def _insee(written: str) -> str | None:
    bare = written.replace(" ", "").upper()
    code = f"0{bare}" if _SHORT.fullmatch(bare) else bare
    if not _INSEE.fullmatch(code):
        raise ValueError(f"{shown(written)} is not an INSEE commune code; five characters are expected")
    return code
