"""Room: which column of rows that nobody described identifies a row.

In: the first rows, by column name. Out: a column whose values are unlike in all of them, or several that are
so together. Never a column that holds less than every row does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from harvester.connectors._spellings import IDENTIFIERS, PARTS, parts, ranked

GEOCODED = "result"
"""How the columns begin that the national address base adds to a file."""

LONGEST = 300
"""Characters of an identifier: more is a text."""


def identifier(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str | None:
    """The column that identifies by its name, the surest first; None when none is unlike in every row."""
    named = ranked(columns, IDENTIFIERS)
    likely = [one for one in columns if one not in named and _is_likely(parts(one))]
    return next((one for one in [*named, *likely] if unlike(one, rows, identifies)), None)


def key(columns: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The first of `columns` that tell the rows apart together; empty when they do not."""
    taken: tuple[str, ...] = ()
    for column in columns:
        taken = (*taken, column)
        if len({tuple(str(row.get(one)) for one in taken) for row in rows}) == len(rows):
            return taken
    return ()


def unlike(
    column: str, rows: Sequence[Mapping[str, Any]], wanted: Callable[[Any], bool], *, least: float = 1
) -> bool:
    """True when every row holds there what is wanted, and that share of them what no other does."""
    values = [row.get(column) for row in rows]
    return all(map(wanted, values)) and len(set(values)) >= least * len(values)


def _is_likely(words: Sequence[str]) -> bool:
    """True for `id_lieu`, `structure_uuid`; not for what a geocoder adds, which identifies an address."""
    return bool({*words[:1], *words[-1:]} & PARTS) and words[0] != GEOCODED


def identifies(value: Any) -> bool:
    """True for a number, or a text that is neither empty nor long."""
    said = str(value).strip()
    return isinstance(value, str | int) and not isinstance(value, bool) and 0 < len(said) <= LONGEST
