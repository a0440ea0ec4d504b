"""Room: what a JSON document holds where: its lists of objects, and the values of an object by their paths.

In: a document whose shape nobody described. Out: paths as mappings write them. Knows no API.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harvester.connectors._geojson import flattened, is_feature
from harvester.connectors._json_pages import LISTS
from harvester.model import Raw as Value

DEEP = 3
"""Objects inside objects that are looked into: deeper ones are seldom about the thing itself."""

BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def listed(document: Value) -> tuple[str, Sequence[dict[str, Any]]] | None:
    """The list of objects in a document and its dotted path, "" for the document itself; None without one.

    One whose name says that it is the list wins over the longest.
    """
    found = [(path, rows) for path, rows in _lists(document, "") if rows]
    found.sort(key=lambda one: (one[0].rpartition(".")[2] not in LISTS, -len(one[1])))
    return found[0] if found else None


def leaves(value: Mapping[str, Any], before: str = "", deep: int = DEEP) -> Iterator[tuple[str, Value]]:
    """What an object holds that is no object, by path; names that are no plain word are quoted."""
    for name, inner in value.items():
        path = f"{before}{name if BARE.fullmatch(name) else _quoted(name)}"
        if isinstance(inner, dict) and deep > 1:
            yield from leaves(inner, f"{path}.", deep - 1)
        else:
            yield path, inner


def point(row: Mapping[str, Value]) -> dict[str, str]:
    """Paths of lat and lon when one of the values is a position of GeoJSON; empty when none is."""
    for path, value in row.items():
        if path.endswith("coordinates") and isinstance(value, list) and len(value) in (2, 3):
            return {"lat": f"{path}[1]", "lon": f"{path}[0]"}
    return {}


def _lists(value: Value, path: str, deep: int = DEEP) -> Iterator[tuple[str, Sequence[dict[str, Any]]]]:
    if isinstance(value, list):
        yield path, [flattened(one) if is_feature(one) else one for one in value if isinstance(one, dict)]
    elif isinstance(value, dict) and deep:
        for name, inner in value.items():
            if "." not in name:
                yield from _lists(inner, f"{path}.{name}" if path else name, deep - 1)


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
