"""Room: what the columns of rows that nobody described most likely mean.

In: the first rows, by column name. Out: a mapping, an identifier and a coordinate system to propose: a person
reads them before anything is harvested. Never maps what tells of a person, never asks for anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from harvester.connectors._guess_ref import identifier, key, unlike
from harvester.connectors._spellings import GIVEN_NAMES, NAMES, PERSONS, ranked
from harvester.items import PLACE

Row = Mapping[str, Any]

LAMBERT = "EPSG:2154"
"""Lambert-93, in metres: what French files without degrees are written in."""

BOUNDS: Mapping[str | None, Mapping[str, tuple[int, int]]] = {
    None: {"lon": (-180, 180), "lat": (-90, 90)},
    LAMBERT: {"lon": (0, 1_300_000), "lat": (6_000_000, 7_200_000)},
}

KEY = ("name", "street", "postcode", "city", "lat", "lon")
"""What tells rows apart that have no identifier: taken one after the other until no two are alike."""

_TOLD = 10
"""Words of a column that are told, the most frequent ones."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What is proposed for some rows.

    Attributes:
        map: item field → its column, or columns, best first; never `ref`. Empty when no column is a name.
        ref: the column that identifies a row; None when there is none.
        key: columns that do so together, when there is no such column; may be empty.
        kind: what the rows are, when their columns tell; None for the source's default.
        crs: the coordinate system of lat and lon, when they are no degrees.
        persons: True when the rows are persons: nothing of them is proposed.
        learned, unknown: as in a proposal.
    """

    map: Mapping[str, Any]
    ref: str | None = None
    key: tuple[str, ...] = ()
    kind: str | None = None
    crs: str | None = None
    persons: bool = False
    learned: Sequence[str] = ()
    unknown: Sequence[str] = ()

    @property
    def keys(self) -> dict[str, Any]:
        """Keys of the table of a connector that reads rows: `table`, `opendatasoft`, `data_gouv`."""
        ref = {"ref": self.ref} if self.ref else {}
        said = {"kind": self.kind, "crs": self.crs, "key": list(self.key), "map": {**ref, **self.map}}
        return {name: one for name, one in said.items() if one}


def guessed(rows: Sequence[Row], columns: Iterable[str] = ()) -> Guess:
    """What the columns of `rows`, the first of a file, mean; `columns` are known without any row."""
    names = tuple(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    persons = ranked(names, PERSONS)
    of_persons = bool(ranked(names, GIVEN_NAMES))
    found = {field: _columns(field, names, rows, of_persons=of_persons) for field in NAMES}
    found["name"] = found["name"] or ([] if of_persons else _titles(names, rows))
    if not found["name"]:
        return Guess(
            {}, persons=of_persons, unknown=[f"map.name: which of these is a name? {', '.join(names)}"]
        )
    kind = "event" if found["start"] and found["end"] else None
    crs, ref = _located(found, rows), identifier(names, rows)
    together = () if ref else key([found[field][0] for field in KEY if rows and found[field]], rows)
    left_out = set() if kind else {"start", "end"}
    return Guess(
        {
            name: one[0] if len(one) == 1 else one
            for name, one in found.items()
            if one and name not in left_out
        },
        ref=ref,
        key=together,
        kind=kind,
        crs=crs,
        learned=[_told(column, rows) for column in found["keywords"] if rows],
        unknown=list(_open(kind, ref, together, persons)),
    )


def _open(
    kind: str | None, ref: str | None, together: Sequence[str], persons: Sequence[str]
) -> Iterator[str]:
    """What a person must say or look at."""
    if kind is None:
        yield "kind: what its records are, when they are no initiatives"
    if ref is None:
        made = " and ".join(together) or "the whole row"
        yield f"map.ref: no column identifies a row; made of {made}: what changes there is another record"
    if persons:
        yield f"map: columns that tell of persons are never read; leave out {', '.join(persons)}"


def _columns(field: str, names: Sequence[str], rows: Sequence[Row], *, of_persons: bool) -> list[str]:
    """The columns of a field, best first: those that say something where the ones before them are empty."""
    known = [
        name for name in NAMES[field] if not (of_persons and field == "name" and name in ("nom", "name"))
    ]
    kept: list[str] = []
    silent = rows
    for column in ranked(names, known, placed=field in PLACE):
        left = [row for row in silent if not _says(row.get(column), field)]
        if len(left) < len(silent) or not (rows or kept):
            kept.append(column)
        silent = left
    return kept


def _says(value: Any, field: str) -> bool:
    if field in ("image", "page"):
        return isinstance(value, str) and value.startswith(("http://", "https://"))
    return value not in (None, "", []) and not isinstance(value, dict) and not str(value).isspace()


def _located(found: dict[str, list[str]], rows: Sequence[Row]) -> str | None:
    """The system of lat and lon, None for degrees; both are taken out when it is not known."""
    for crs, bounds in BOUNDS.items():
        if all(found[axis] and _within(found[axis][0], rows, *bounds[axis]) for axis in bounds):
            return crs
    found["lat"] = found["lon"] = []
    return None


def _within(column: str, rows: Sequence[Row], least: float, most: float) -> bool:
    """True when most numbers of a column lie there."""
    numbers = [number for row in rows if (number := _number(row.get(column))) is not None]
    return not rows or 2 * sum(least <= number <= most for number in numbers) > len(numbers)


def _number(value: Any) -> float | None:
    with suppress(ValueError):
        return float(str(value).replace(",", ".").replace(" ", ""))
    return None


def _titles(names: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """The first column of short texts, hardly ever the same: a name, by whatever word it is called."""
    return [name for name in names if rows and unlike(name, rows, _is_title, least=0.9)][:1]


def _is_title(value: Any) -> bool:
    return isinstance(value, str) and 2 <= len(value.strip()) <= 200 and value.strip()[0].isalpha()


def _told(column: str, rows: Sequence[Row]) -> str:
    told = [one for row in rows if _says(one := row.get(column), "")]
    counted = Counter(str(word) for one in told for word in (one if isinstance(one, list) else [one]))
    said = ", ".join(f"{said} ({n})" for said, n in counted.most_common(_TOLD))
    return f"column '{column}': {said}{', …' if len(counted) > _TOLD else ''}"
