"""Room: the files of the Code officiel géographique in, communes by code, name, postcode and point out.

Each table is read when it is first needed, and once. It never chooses between two communes.
"""

from __future__ import annotations

import csv
import gc
import gzip
import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from harvester.cleaning.town import district
from harvester.cleaning.words import fold
from harvester.territory.limits import Limits

COMMUNES = "communes-2026.csv.gz"
DELEGATED = "communes-deleguees-2026.csv"
OLD_CODES = "anciens-codes-2026.csv"
EPCIS = "epci-2026.csv"
DEPARTMENTS = "departements-2026.csv"
REGIONS = "regions-2026.csv"
LIMITS = "limites.geojson"

FILES = (COMMUNES, DELEGATED, OLD_CODES, EPCIS, DEPARTMENTS, REGIONS, LIMITS)

DIVIDED = {"751": "75056", "132": "13055", "693": "69123"}
"""How the codes of arrondissements municipaux start, and the code of their city."""

CITIES = frozenset(DIVIDED.values())
"""The divided cities; their postcodes are those of their arrondissements."""

_KM_PER_DEGREE = 111.2
_CELLS_PER_DEGREE = 20  # one or two communes in a cell
_REACHES = (1, 2, 6)  # cells looked at on each side; most points have a centroid in the first squares


class Row(NamedTuple):
    """A line of the commune file, as text; the 35,000 are made communes only when asked for."""

    code: str
    name: str
    type: str
    department: str
    region: str
    epci: str
    postcodes: str
    population: str
    lat: str
    lon: str

    @property
    def city(self) -> str | None:
        """The code of the city of which this is an arrondissement municipal."""
        return DIVIDED[self.code[:3]] if self.type == "A" else None

    def distance(self, lat: float, lon: float) -> float:
        """Kilometres from the centroid to a point; infinite when there is no centroid."""
        return distance(float(self.lat), float(self.lon), lat, lon) if self.lat else math.inf


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune, or an arrondissement municipal when `parent` (the code of its city) is set.

    `epci` is a SIREN code; `lat` and `lon` are degrees WGS 84 of the centroid; `population` counts
    residents. What is not known is None.
    """

    code: str
    name: str
    department: str
    region: str
    epci: str | None
    postcodes: tuple[str, ...]
    population: int | None
    lat: float | None
    lon: float | None
    parent: str | None


@dataclass(frozen=True, slots=True)
class Delegated:
    """A former commune that lives on in one of today (`commune`): delegated since 2010, associated before."""

    code: str
    name: str
    kind: Literal["deleguee", "associee"]
    commune: str


@dataclass(frozen=True, slots=True)
class Epci:
    """An intercommunalité: its SIREN code; `type` is CC, CA, CU, METRO or MET69 (Lyon)."""

    code: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Department:
    """A département, or an overseas collectivity under the same code as its region."""

    code: str
    name: str
    region: str


@dataclass(frozen=True, slots=True)
class Region:
    """A région, or an overseas collectivity."""

    code: str
    name: str


class Tables:
    """The tables of one `folder`; nothing is read before the first question."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._commune = lru_cache(maxsize=None)(_commune)

    def by_code(self, code: str) -> Commune | None:
        """The commune of an INSEE code, or of the code that replaced it if it is an old one."""
        row = self._row(code)
        return None if row is None else self._commune(row)

    def served(self, postcode: str) -> tuple[Commune, ...]:
        """The communes, and arrondissements municipaux, of a postcode, sorted by code; may be empty."""
        return tuple(map(self._commune, self._by_postcode.get(postcode, ())))

    def department(self, code: str) -> Department | None:
        """The département of a code ("01", "2A", "974")."""
        return self._departments.get(code)

    def region(self, code: str) -> Region | None:
        """The région of a code ("84")."""
        return self._regions.get(code)

    def communes(self) -> Iterator[Commune]:
        """Every commune and arrondissement municipal, in the order of the file."""
        return map(self._commune, self._rows.values())

    def departments(self) -> Iterator[Department]:
        """Every département and overseas collectivity, sorted by code."""
        return iter(self._departments.values())

    def regions(self) -> Iterator[Region]:
        """Every région and overseas collectivity, sorted by code."""
        return iter(self._regions.values())

    def epci(self, code: str) -> Epci | None:
        """The EPCI of a SIREN code."""
        return self._epcis.get(code)

    def epcis(self) -> Iterator[Epci]:
        """Every EPCI, sorted by code."""
        return iter(self._epcis.values())

    def members(self, epci: str) -> tuple[str, ...]:
        """The codes of the communes of an EPCI, sorted; empty when it is not known."""
        return tuple(self._members.get(epci, ()))

    def delegated(self) -> Iterator[Delegated]:
        """Every delegated and associated commune, sorted by code."""
        return iter(self._delegated.values())

    def in_france(self, lat: float, lon: float) -> bool:
        """True when the point is in France or in its waters; the border is known to some hundred metres."""
        return self._limits.hold(lat, lon)

    def fingerprint(self) -> str:
        """SHA-256 (hex) of the files the answers depend on."""
        digest = hashlib.sha256()
        for name in FILES:
            digest.update((self.folder / name).read_bytes())
        return digest.hexdigest()

    def _row(self, code: str) -> Row | None:
        return self._rows.get(self._current.get(code, code))

    def _nearest_row(
        self, lat: float, lon: float, within: float, wanted: Callable[[str], bool] = lambda _code: True
    ) -> Row | None:
        """The commune, of those wanted, whose centroid is nearest, within so many kilometres (20 at most)."""
        for reach in _REACHES:
            square, code = self._nearest_code(lat, lon, reach, wanted)
            if _KM_PER_DEGREE * math.sqrt(square) <= min(within, _sure_within(lat, reach)):
                return self._rows[code]
        return None

    def _nearest_code(
        self, lat: float, lon: float, reach: int, wanted: Callable[[str], bool]
    ) -> tuple[float, str]:
        """The square of the distance in degrees of latitude, and the code; infinite when there is none."""
        row, column = _cell(lat, lon)
        narrow = math.cos(math.radians(lat)) ** 2
        return min(
            (
                ((a - lat) ** 2 + narrow * (b - lon) ** 2, code)
                for i in range(row - reach, row + reach + 1)
                for j in range(column - reach, column + reach + 1)
                for a, b, code in self._grid.get((i, j), ())
                if wanted(code)
            ),
            default=(math.inf, ""),
        )

    @cached_property
    def _rows(self) -> dict[str, Row]:
        lines = gzip.decompress((self.folder / COMMUNES).read_bytes()).decode("utf-8").splitlines()
        with _collector_off():
            return {row.code: row for row in map(Row._make, csv.reader(lines[1:]))}

    @cached_property
    def _current(self) -> dict[str, str]:
        return {row[0]: row[1] for row in _table(self.folder / OLD_CODES)}

    @cached_property
    def _delegated(self) -> dict[str, Delegated]:
        kinds: dict[str, Literal["deleguee", "associee"]] = {"deleguee": "deleguee", "associee": "associee"}
        return {
            code: Delegated(code, name, kinds[kind], commune)
            for code, name, kind, commune in _table(self.folder / DELEGATED)
        }

    @cached_property
    def _epcis(self) -> dict[str, Epci]:
        return {row[0]: Epci(*row) for row in _table(self.folder / EPCIS)}

    @cached_property
    def _members(self) -> dict[str, list[str]]:
        members: dict[str, list[str]] = defaultdict(list)
        for row in self._rows.values():
            if row.epci and row.type == "C":
                members[row.epci].append(row.code)
        return dict(members)

    @cached_property
    def _limits(self) -> Limits:
        return Limits.read(self.folder / LIMITS)

    @cached_property
    def _departments(self) -> dict[str, Department]:
        return {row[0]: Department(*row) for row in _table(self.folder / DEPARTMENTS)}

    @cached_property
    def _regions(self) -> dict[str, Region]:
        return {row[0]: Region(*row) for row in _table(self.folder / REGIONS)}

    @cached_property
    def _by_department_name(self) -> dict[str, str]:
        names = {fold(department.name): code for code, department in self._departments.items()}
        return names | {name.removeprefix("la "): code for name, code in names.items()}

    @cached_property
    def _by_name(self) -> dict[str, list[Row]]:
        index: dict[str, list[Row]] = {}
        for row in self._rows.values():
            name = (row.type == "A" and district(row.name)) or fold(row.name)
            index.setdefault(name, []).append(row)
        return index

    @cached_property
    def _by_former_name(self) -> dict[str, list[Row]]:
        """The communes of today by the name of a delegated or associated one that lies in them."""
        index: dict[str, dict[str, Row]] = defaultdict(dict)
        for former in self._delegated.values():
            index[fold(former.name)][former.commune] = self._rows[former.commune]
        return {name: list(rows.values()) for name, rows in index.items()}

    @cached_property
    def _by_postcode(self) -> dict[str, list[Row]]:
        index: dict[str, list[Row]] = defaultdict(list)
        for row in self._rows.values():
            for code in row.postcodes.split() if row.code not in CITIES else ():
                index[code].append(row)
        return dict(index)

    @cached_property
    def _grid(self) -> dict[tuple[int, int], list[tuple[float, float, str]]]:
        cells = defaultdict(list)
        for row in self._rows.values():
            if row.lat and row.type != "A":
                lat, lon = float(row.lat), float(row.lon)
                cells[_cell(lat, lon)].append((lat, lon, row.code))
        return dict(cells)


def distance(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Kilometres between two points less than some hundred kilometres apart."""
    east = (lon - other_lon) * math.cos(math.radians(lat))
    return _KM_PER_DEGREE * math.hypot(lat - other_lat, east)


@contextmanager
def _collector_off() -> Iterator[None]:
    """Without it, Python looks for garbage among 35,000 rows that all live, which takes twice the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _cell(lat: float, lon: float) -> tuple[int, int]:
    return math.floor(lat * _CELLS_PER_DEGREE), math.floor(lon * _CELLS_PER_DEGREE)


def _sure_within(lat: float, reach: int) -> float:
    """Kilometres within which no nearer centroid can be outside the cells looked at."""
    return reach / _CELLS_PER_DEGREE * _KM_PER_DEGREE * math.cos(math.radians(lat))


def _table(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))[1:]


def _commune(row: Row) -> Commune:
    return Commune(
        code=row.code,
        name=row.name,
        department=row.department,
        region=row.region,
        epci=row.epci or None,
        postcodes=tuple(row.postcodes.split()),
        population=int(row.population) if row.population else None,
        lat=float(row.lat) if row.lat else None,
        lon=float(row.lon) if row.lon else None,
        parent=row.city,
    )
