"""Room: a mapping (data) -> where in a record each item field comes from, in the words of the platform.

It is what a report tells the author of a record: which of the partner's own fields to mend. Nothing is
compiled nor read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harvester.model import Raw, Source


def origins(own: Mapping[str, Any], source: Source) -> dict[str, list[str]]:
    """Item field -> the paths that fill it, in the order of the mapping; a constant has none.

    A field that the connector makes itself (`_name`) is told without its underscore.
    """
    merged = {**own, **source.map}
    found = {name: list(_paths(entry)) for name, entry in merged.items() if name not in source.drop}
    return {name: paths for name, paths in found.items() if paths}


def _paths(entry: Raw) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry.removeprefix("_")
    elif isinstance(entry, Mapping):
        whole = next(_paths(entry.get("each", "@")), "@")
        inner = [path for one in entry.get("map", {}).values() for path in _paths(one)]
        yield from (path if whole == "@" else f"{whole}.{path}" for path in inner)
        yield from _paths(entry.get("from", ()))
    else:
        for one in entry:
            yield from _paths(one)
