"""Room: a place as written in, a commune of the Code officiel géographique out, with the method.

A name alone never decides, because 3,774 communes share theirs with another. It never asks the network
and never writes RDF.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal

from harvester.cleaning import place
from harvester.cleaning.town import town
from harvester.cleaning.words import fold
from harvester.territory.tables import CITIES, Commune, Department, Region, Row, Tables

__all__ = ["Commune", "Department", "Match", "Method", "Region", "Territory", "load"]

Method = Literal["code", "name-postcode", "name-department", "name-point", "postcode", "nearest"]
"""How a place was resolved, the surest first."""

NAMED_WITHIN = 30.0
"""Kilometres between a point and the centroid of the commune named beside it."""

NEAREST_WITHIN = 15.0
"""Kilometres between a point and the nearest centroid; a point farther away is in no known commune."""

SHARED_PREFIXES = {"20": ("2A", "2B"), "971": ("971", "977", "978")}
"""Beginnings of postcodes that serve several départements; all others are the département's code."""

_CODE_FIRST = re.compile(r"(2[AB]|\d{1,3})(?![^\W_])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Match:
    """A commune and the method that found it."""

    commune: Commune
    method: Method


class Territory(Tables):
    """The tables of one folder, and the resolver over them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._by_words = lru_cache(maxsize=65536)(self._find_by_words)

    def resolve(  # noqa: PLR0913  # a place is written in eight ways, all optional, all keywords
        self,
        *,
        insee: str | None = None,
        name: str | None = None,
        postcode: str | None = None,
        department: str | None = None,
        country: str | None = None,
        lat: float | Decimal | None = None,
        lon: float | Decimal | None = None,
    ) -> Match | None:
        """The commune of a place, by the first method that gives exactly one.

        The order is: INSEE code, name with postcode, name with département, name near the point,
        postcode of one commune, nearest centroid. `department` is a code or a name; `lat` and `lon` are
        degrees WGS 84. None when nothing decides, or when the country is not France.
        """
        if country not in (None, "FR") and not _french(country):
            return None
        found = self._by_words(insee, name, postcode, department)
        if lat is None or lon is None or (found is not None and found.method != "postcode"):
            return found
        at = float(lat), float(lon)
        return self._near_name(name, at) or found or self._nearest(at)

    def _find_by_words(
        self, insee: str | None, name: str | None, postcode: str | None, department: str | None
    ) -> Match | None:
        parts = town(name or "")
        code = _coded(place.insee, insee)
        named = self._named(parts.names)
        misplaced = _posted(named, code)  # a postcode in the field of the INSEE code, and a name to prove it
        if code and not misplaced and (row := self._row(code)):
            return self._match([row], "code")
        post = _coded(place.postcode, postcode) or parts.postcode or code
        departments = self._departments_of(department or parts.bracket, post, code)
        return (
            self._match(misplaced or _posted(named, post), "name-postcode", post)
            or self._match([row for row in named if row.department in departments], "name-department")
            or self._match(self._by_postcode.get(post or "", ()), "postcode")
        )

    def _near_name(self, name: str | None, at: tuple[float, float]) -> Match | None:
        named = self._named(town(name or "").names)
        return self._match([row for row in named if row.distance(*at) <= NAMED_WITHIN], "name-point")

    def _nearest(self, at: tuple[float, float]) -> Match | None:
        row = self._nearest_row(*at, within=NEAREST_WITHIN)
        return self._match([row] if row else [], "nearest")

    def _match(self, rows: Sequence[Row], method: Method, postcode: str | None = None) -> Match | None:
        """The match of exactly one row; a divided city gives the arrondissement of the postcode."""
        if len(rows) != 1:
            return None
        if postcode and rows[0].code in CITIES:
            rows = [row for row in self._by_postcode.get(postcode, ()) if row.city == rows[0].code] or rows
        return Match(self._commune(rows[0]), method)

    def _named(self, names: Sequence[str]) -> Sequence[Row]:
        """The communes of the first name that any commune bears."""
        return next((rows for name in names if (rows := self._by_name.get(name))), [])

    def _departments_of(
        self, department: str | None, postcode: str | None, code: str | None
    ) -> Sequence[str]:
        """The codes of the départements a place may be in; may be empty."""
        if department and (known := self._department_code(department)):
            return (known,)
        prefix = (postcode or code or "")[:3]
        prefix = prefix if prefix.startswith(("97", "98")) else prefix[:2]
        return SHARED_PREFIXES.get(prefix, (prefix,))

    def _department_code(self, written: str) -> str | None:
        first = _CODE_FIRST.match(written.strip())
        code = first[1].upper().zfill(2) if first else self._by_department_name.get(fold(written))
        return code if code in self._departments else None


@lru_cache(maxsize=4)
def load(folder: Path | None = None) -> Territory:
    """The territory of a folder, by default the vocabulary's own; the same object each time."""
    if folder is None:
        from harvester import vocab

        folder = vocab.folder() / "territoire"
    return Territory(folder)


def _french(country: str | None) -> bool:
    """True when the country, as written, is France or is not said; a country unknown to us is foreign."""
    with suppress(ValueError):
        return place.country(country) in (None, "FR")
    return False


def _posted(rows: Sequence[Row], postcode: str | None) -> Sequence[Row]:
    return [row for row in rows if postcode in row.postcodes.split()]


def _coded(clean: Callable[[object], str | None], written: str | None) -> str | None:
    """A code in its one form; None when it is not one, because the other words may still decide."""
    try:
        return clean(written)
    except ValueError:
        return None
