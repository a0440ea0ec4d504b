"""Room: what is asked of the index -> conditions in SQL, each in two ways.

A condition is a query for the ids that meet it, quick when they are few, and a test of a row, quick when they
are many. Values are always bound.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

_FEW = 3_000
"""Hits that are worth gathering first; where there are more, the records are walked through in order."""


class Box(NamedTuple):
    """A rectangle, degrees WGS 84, its edges included; it may cross the antimeridian (`west` > `east`)."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What records are wanted: one word of each group at least; of these sources, not of those; in a box."""

    words: tuple[tuple[str, ...], ...] = ()
    sources: tuple[str, ...] = ()
    not_sources: tuple[str, ...] = ()
    box: Box | None = None


class Filter(NamedTuple):
    """A condition: a query for the ids that meet it, a test of a row `r`, the values of either."""

    ids: str
    test: str
    values: tuple[Any, ...]


def filters(asked: Asked) -> Iterator[Filter]:
    """The conditions of what is asked; none when everything is wanted."""
    for group in asked.words:
        chosen = f"(SELECT id FROM words WHERE word IN ({_marks(group)}))"
        ids = f"SELECT record AS id FROM uses WHERE word IN {chosen}"
        yield Filter(
            ids, f"EXISTS (SELECT 1 FROM uses u WHERE u.word IN {chosen} AND u.record = r.id)", group
        )
    if asked.sources:
        test = f"source IN ({_marks(asked.sources)})"
        yield Filter(f"SELECT id FROM records WHERE {test}", f"r.{test}", asked.sources)
    if asked.not_sources:
        test = f"source NOT IN ({_marks(asked.not_sources)})"
        yield Filter(f"SELECT id FROM records WHERE {test}", f"r.{test}", asked.not_sources)
    if asked.box:
        yield _within(asked.box)


def _within(box: Box) -> Filter:
    """The tree keeps 32 bits, rounded outwards; the records say exactly."""
    across = "OR" if box.west > box.east else "AND"
    ids = f"SELECT id FROM places WHERE north >= ? AND south <= ? AND (east >= ? {across} west <= ?)"
    test = f"(r.lat >= ? AND r.lat <= ? AND (r.lon >= ? {across} r.lon <= ?))"
    return Filter(ids, test, (box.south, box.north, box.west, box.east))


def fewest(database: sqlite3.Connection, filters: Sequence[Filter]) -> Filter | None:
    """The filter with the fewest hits, if these are few enough to be gathered."""
    counted = {one: _count(database, one) for one in filters}
    few = min(counted, key=lambda one: counted[one], default=None)
    return few if few and counted[few] <= _FEW else None


def _count(database: sqlite3.Connection, one: Filter) -> int:
    query = f"SELECT count(*) FROM (SELECT 1 FROM ({one.ids}) LIMIT {_FEW + 1})"
    return int(database.execute(query, one.values).fetchone()[0])


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
