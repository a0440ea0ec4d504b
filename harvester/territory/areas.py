"""Room: the territories of every level: a level and a code in, name and surroundings out.

Codes collide across levels (76 is Occitanie and Seine-Maritime), so a territory is only ever named by
both. It never resolves a place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from harvester.cleaning.town import district, town
from harvester.cleaning.words import fold
from harvester.territory.tables import Commune, Tables

LEVELS = (
    "region", "departement", "epci", "commune", "arrondissement", "commune-deleguee", "commune-associee",
)  # fmt: skip
"""The levels, from the largest to the smallest."""


class Key(NamedTuple):
    """What names a territory, in its IRI too."""

    level: str
    code: str


@dataclass(frozen=True, slots=True)
class Area:
    """A territory. `part_of` is what it is a direct subdivision of; `within` is all it lies in.

    An EPCI may lie in several départements and régions; it is a direct subdivision of none. `commune` is
    told of communes and arrondissements municipaux.
    """

    key: Key
    name: str
    part_of: Key | None
    within: tuple[Key, ...]
    commune: Commune | None = None


class Areas(Tables):
    """The tables, seen as territories; each is made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._area = lru_cache(maxsize=None)(self._made)

    def area(self, level: str, code: str) -> Area | None:
        """The territory of a level and a code; None when there is none. An old code leads nowhere."""
        return self._area(Key(level, code))

    def areas(self) -> Iterator[Area]:
        """Every territory, from the largest level to the smallest, sorted by code."""
        return filter(None, map(self._area, self._keys()))

    def areas_of_code(self, code: str) -> list[Area]:
        """The territories that bear a code, one a level at most; may be empty."""
        return [area for level in LEVELS if (area := self.area(level, code))]

    def areas_of_name(self, name: str) -> list[Area]:
        """The territories of a name, whatever its case, accents and hyphens; may be empty."""
        return next((found for one in town(name).names if (found := self._areas_by_name.get(one))), [])

    def names(self) -> Iterator[str]:
        """Every name that a territory bears, folded."""
        return iter(self._areas_by_name)

    def _keys(self) -> Iterator[Key]:
        yield from (Key("region", one.code) for one in self.regions())
        yield from (Key("departement", one.code) for one in self.departments())
        yield from (Key("epci", one.code) for one in self.epcis())
        for level, kind in (("commune", "C"), ("arrondissement", "A")):
            yield from (Key(level, row.code) for row in self._rows.values() if row.type == kind)
        for kind in ("deleguee", "associee"):
            yield from (Key(f"commune-{kind}", one.code) for one in self.delegated() if one.kind == kind)

    def _made(self, key: Key) -> Area | None:
        match key.level:
            case "region":
                region = self.region(key.code)
                return Area(key, region.name, None, ()) if region else None
            case "departement":
                return self._department_area(key)
            case "epci":
                return self._epci_area(key)
            case "commune" | "arrondissement":
                row = self._rows.get(key.code)
                area = row and _commune_area(self._commune(row))
                return area if area and area.key == key else None
            case "commune-deleguee" | "commune-associee":
                return self._delegated_area(key)
        return None

    def _department_area(self, key: Key) -> Area | None:
        if not (department := self.department(key.code)):
            return None
        region = Key("region", department.region)
        return Area(key, department.name, region, (region,))

    def _epci_area(self, key: Key) -> Area | None:
        if not (epci := self.epci(key.code)):
            return None
        rows = [self._rows[code] for code in self.members(key.code)]
        departments = sorted({Key("departement", row.department) for row in rows})
        regions = sorted({Key("region", row.region) for row in rows})
        return Area(key, epci.name, None, (*departments, *regions))

    def _delegated_area(self, key: Key) -> Area | None:
        one = self._delegated.get(key.code)
        if not one or key.level != f"commune-{one.kind}":
            return None
        commune = _commune_area(self._commune(self._rows[one.commune]))
        return Area(key, one.name, commune.key, (commune.key, *commune.within))

    @cached_property
    def _areas_by_name(self) -> dict[str, list[Area]]:
        index: dict[str, list[Area]] = defaultdict(list)
        for area in self.areas():
            name = (area.key.level == "arrondissement" and district(area.name)) or fold(area.name)
            index[name].append(area)
        return dict(index)


def key_of(commune: Commune) -> Key:
    """What names a commune or an arrondissement municipal."""
    return Key("arrondissement" if commune.parent else "commune", commune.code)


def _commune_area(commune: Commune) -> Area:
    department = Key("departement", commune.department)
    around = [department, Key("region", commune.region)]
    if commune.epci:
        around.append(Key("epci", commune.epci))
    if commune.parent:
        city = Key("commune", commune.parent)
        return Area(key_of(commune), commune.name, city, (city, *around), commune)
    return Area(key_of(commune), commune.name, department, tuple(around), commune)
