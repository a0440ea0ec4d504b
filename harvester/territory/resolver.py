"""Room: a place as written in; a commune of the Code officiel géographique, the method and the doubts out.

A name alone never decides, because 3,774 communes share theirs with another. What contradicts the commune
chosen is told, never passed over. It never asks the network and never writes RDF.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypedDict, Unpack

from harvester.cleaning import place
from harvester.cleaning.town import LONGEST
from harvester.cleaning.words import fold
from harvester.territory.areas import Areas
from harvester.territory.clues import Clues, clues
from harvester.territory.tables import CITIES, Commune, Row, distance

Method = Literal["code", "name-postcode", "name-department", "name-point", "postcode", "nearest"]
"""How a place was resolved, the surest first."""

DoubtCode = Literal["commune-disagrees", "commune-ambiguous", "insee-unknown", "point-far-from-commune"]

NAMED_WITHIN = 30.0
"""Kilometres between a point and the centroid of a commune whose name or postcode is written beside it."""

NEAREST_WITHIN = 15.0
"""Kilometres between a point and the nearest centroid; a point farther away is in no known commune."""

NEVER_FAR = 10.0
"""Kilometres from its centroid within which a point is not far from any commune."""

FAR_TIMES = 3.0
"""A point is far beyond so many times the distance to the nearest other centroid: large communes are wide."""

SHARED_PREFIXES = {"20": ("2A", "2B"), "971": ("971", "977", "978")}
"""Beginnings of postcodes that serve several départements; all others are the département's code."""

_CODE_FIRST = re.compile(r"(2[AB]|\d{1,3})(?![^\W_])", re.IGNORECASE)

_Point = tuple[float, float]  # lat, lon


class Written(TypedDict, total=False):
    """What a record says of its place, all optional.

    `department` is a code or a name; `street` may end with a postcode and a town; `lat` and `lon` are
    degrees WGS 84.
    """

    insee: str | None
    name: str | None
    postcode: str | None
    department: str | None
    street: str | None
    country: str | None
    lat: float | Decimal | None
    lon: float | Decimal | None


@dataclass(frozen=True, slots=True)
class Match:
    """A commune and the method that found it."""

    commune: Commune
    method: Method


@dataclass(frozen=True, slots=True)
class Doubt:
    """What speaks against the commune chosen, or leaves it open: the item field, and what is odd in it."""

    code: DoubtCode
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of a place: its commune, None when nothing decides, and what speaks against it."""

    match: Match | None
    doubts: tuple[Doubt, ...] = ()


class Territory(Areas):
    """The tables of one folder, and the resolver over them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._by_words = lru_cache(maxsize=65536)(self._found_by_words)
        self._reach_of = lru_cache(maxsize=None)(self._reach)

    def resolve(self, **written: Unpack[Written]) -> Match | None:
        """The commune of a place and how it was found; None when nothing decides."""
        return self.resolution(**written).match

    def resolution(self, **written: Unpack[Written]) -> Resolution:
        """The commune of a place, by the first method that gives exactly one, and what contradicts it.

        The order is: INSEE code (unless name and postcode agree on another commune), name with postcode,
        name with département (unless the point is nearer to a commune of the postcode), name near the point,
        postcode of one commune, nearest centroid. No match when nothing decides, or when the country is not
        France.
        """
        name, postcode = (written.get("name") or "")[:LONGEST] or None, written.get("postcode")
        street = None if name and postcode else (written.get("street") or "")[-LONGEST:] or None
        told, found = self._by_words(written.get("insee"), name, postcode, written.get("department"), street)
        country, lat, lon = written.get("country"), written.get("lat"), written.get("lon")
        if country not in (None, "FR") and not _french(country):
            return _abroad(found, str(country))
        if lat is None or lon is None:
            return found
        at = float(lat), float(lon)
        if found.match is None or found.match.method == "postcode":
            found = self._by_point(told, at) or found
        elif found.match.method == "name-department":
            found = self._decided(found, told, at)
        return self._measured(found, at)

    def _found_by_words(
        self,
        insee: str | None,
        name: str | None,
        postcode: str | None,
        department: str | None,
        street: str | None,
    ) -> tuple[Clues, Resolution]:
        told = clues(insee=insee, name=name, postcode=postcode, department=department, street=street)
        return told, self._resolved_by_words(told)

    def _resolved_by_words(self, told: Clues) -> Resolution:
        named, coded = self._named(told.names), self._row(told.code) if told.code else None
        misplaced = _posted(named, told.code)  # a postcode in the field of the INSEE code, proved by the name
        posted = misplaced or _posted(named, told.postcode)
        if coded and not misplaced and not _others(coded, posted):
            return self._resolution([coded], "code", told)
        if posted:
            proved = replace(told, postcode=told.code) if misplaced else told
            return self._resolution(posted, "name-postcode", proved)
        departments = self._departments_of(told)
        if within := [row for row in named if row.department in departments]:
            return self._resolution(within, "name-department", told)
        return self._resolution(self._by_postcode.get(told.postcode or told.code or "", ()), "postcode", told)

    def _by_point(self, told: Clues, at: _Point) -> Resolution | None:
        """By the name near the point; else, when the words decide nothing, by the nearest centroid."""
        if not self.in_france(*at):
            return None
        near = [row for row in self._named(told.names) if row.distance(*at) <= NAMED_WITHIN]
        if len(near) == 1:
            return self._resolution(near, "name-point", told)
        served = self._by_postcode.get(told.postcode or "", ())
        if len(served) == 1:
            return None
        nearest = self._nearest_of(served, at) or self._nearest_in(self._departments_of(told), at)
        return self._resolution([nearest], "nearest", told) if nearest else None

    def _decided(self, found: Resolution, told: Clues, at: _Point) -> Resolution:
        """When the name and the postcode contradict each other, the commune nearer to the point is kept."""
        assert found.match is not None
        named, served = self._rows[found.match.commune.code], self._by_postcode.get(told.postcode or "", ())
        nearest = self._nearest_of(served, at) if _others(named, served) else None
        if nearest is None or nearest.distance(*at) >= named.distance(*at):
            return found
        return self._resolution([nearest], "postcode" if len(served) == 1 else "nearest", told)

    def _nearest_of(self, served: Sequence[Row], at: _Point) -> Row | None:
        """The nearest of the communes that share the postcode, unless all are far."""
        nearest = min(served, key=lambda row: row.distance(*at), default=None)
        return nearest if nearest and nearest.distance(*at) <= NAMED_WITHIN else None

    def _nearest_in(self, departments: Collection[str], at: _Point) -> Row | None:
        """The nearest commune, of the département that is told when one of it is near."""
        if departments:
            rows = self._rows
            told = self._nearest_row(*at, NEAREST_WITHIN, lambda code: rows[code].department in departments)
            if told:
                return told
        return self._nearest_row(*at, NEAREST_WITHIN)

    def _resolution(self, rows: Sequence[Row], method: Method, told: Clues) -> Resolution:
        """One row is a match, with what contradicts it; none or several leave the place open."""
        if len(rows) != 1:
            return Resolution(None, tuple(self._open(told)))
        row = self._divided(rows[0], told.postcode)
        return Resolution(Match(self._commune(row), method), tuple(self._against(row, told)))

    def _divided(self, row: Row, postcode: str | None) -> Row:
        """The arrondissement of the postcode, when the commune is a city that is divided into them."""
        if row.code not in CITIES or not postcode:
            return row
        return next((one for one in self._by_postcode.get(postcode, ()) if one.city == row.code), row)

    def _against(self, row: Row, told: Clues) -> Iterator[Doubt]:
        """Every clue that does not fit the commune chosen. A name that no commune bears may be a hamlet's."""
        chosen = f"{row.name} ({row.code})"
        if told.code and not (coded := self._row(told.code)):
            yield Doubt("insee-unknown", "insee", told.code)
        elif told.code and _others(row, [coded] if coded else []):
            yield Doubt("commune-disagrees", "insee", f"{told.code} ≠ {chosen}")
        if _others(row, self._named(told.names)):
            yield Doubt("commune-disagrees", told.name_field, f"{told.name} ≠ {chosen}")
        if told.postcode and self._serves_others(told.postcode, row):
            yield Doubt("commune-disagrees", told.postcode_field, f"{told.postcode} ≠ {chosen}")
        if told.department and self._department_code(told.department) not in (None, row.department):
            yield Doubt("commune-disagrees", told.department_field, f"{told.department} ≠ {chosen}")

    def _serves_others(self, postcode: str, row: Row) -> bool:
        """True when a postcode is of other communes; one in no list (CEDEX), when of another département."""
        if served := self._by_postcode.get(postcode):
            return _others(row, served)
        return row.department not in _departments_of_postcode(postcode)

    def _open(self, told: Clues) -> Iterator[Doubt]:
        """Why the words decide nothing: they contradict each other, or several communes fit."""
        named, served = self._named(told.names), self._by_postcode.get(told.postcode or "", ())
        if told.code and not self._row(told.code):
            yield Doubt("insee-unknown", "insee", told.code)
        if named and (departments := self._departments_of(told)):
            where = told.postcode or told.department or told.code or " ".join(departments)
            yield Doubt("commune-disagrees", told.name_field, f"{told.name} ≠ {where}")
        elif len(named) > 1:
            yield Doubt("commune-ambiguous", told.name_field, f"{told.name}: {len(named)}")
        elif len(served) > 1:
            yield Doubt("commune-ambiguous", told.postcode_field, f"{told.postcode}: {len(served)}")

    def _measured(self, found: Resolution, at: _Point) -> Resolution:
        """The resolution, and whether the point is far from the commune."""
        if not found.match or found.match.method == "nearest":
            return found
        commune = found.match.commune
        if commune.lat is None or commune.lon is None:
            return found
        away = distance(commune.lat, commune.lon, *at)
        if away <= NEVER_FAR or away <= self._reach_of(commune.code):
            return found
        return replace(
            found, doubts=(*found.doubts, Doubt("point-far-from-commune", "lat", f"{away:.0f} km"))
        )

    def _reach(self, code: str) -> float:
        """Kilometres beyond which a point is far from a commune that has a centroid."""
        row = self._rows[code]
        at, own = (float(row.lat), float(row.lon)), row.city or row.code
        nearest = self._nearest_row(*at, NEAREST_WITHIN, lambda code: code != own)
        if nearest:
            return FAR_TIMES * nearest.distance(*at)
        others = (one for one in self._rows.values() if one.type == "C" and one.code != own)
        return FAR_TIMES * min(one.distance(*at) for one in others)

    def _named(self, names: Sequence[str]) -> Sequence[Row]:
        """The communes of the first name that any bears, or bore before it became part of another."""
        for name in names:
            now, before = self._by_name.get(name, []), self._by_former_name.get(name)
            if now or before:
                return [*now, *(row for row in before if row not in now)] if before else now
        return ()

    def _departments_of(self, told: Clues) -> Collection[str]:
        """The codes of the départements a place may be in; may be empty."""
        if told.department and (known := self._department_code(told.department)):
            return (known,)
        written = told.postcode or told.code
        return _departments_of_postcode(written) if written else ()

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


def _abroad(found: Resolution, country: str) -> Resolution:
    """Nothing, and a doubt when the words are surely those of a French commune."""
    if found.match is None or found.match.method not in ("code", "name-postcode"):
        return Resolution(None)
    commune = found.match.commune
    return Resolution(
        None, (Doubt("commune-disagrees", "country", f"{country} ≠ {commune.name} ({commune.code})"),)
    )


def _posted(rows: Sequence[Row], postcode: str | None) -> Sequence[Row]:
    return [row for row in rows if postcode in row.postcodes.split()]


def _others(row: Row, rows: Sequence[Row]) -> bool:
    """True when there are rows, and none is the row, its city or one of its arrondissements."""
    return bool(rows) and not any(row.code in (one.code, one.city) or one.code == row.city for one in rows)


def _departments_of_postcode(postcode: str) -> Sequence[str]:
    prefix = postcode[:3] if postcode.startswith(("97", "98")) else postcode[:2]
    return SHARED_PREFIXES.get(prefix, (prefix,))
