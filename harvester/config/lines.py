"""Room: TOML text -> the line number of each key, which the standard parser does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]

_HEADER = re.compile(r"^\s*(\[[^\[\]]+\])\s*(?:#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=(.*)$"""
)
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*$')


def lines(text: str) -> Mapping[Path, int]:
    """The line, from 1, of each table header and each key, by its full path.

    Keys inside multi-line strings and arrays are not mistaken for keys of the table.
    """
    found: dict[Path, int] = {}
    table: Path = ()
    for number, line in _top_lines(text):
        if header := _HEADER.match(line):
            table = _path(header[1])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault(table + _path(f"{key[1]} = 0"), number)
    return found


def nearest(found: Mapping[Path, int], path: Path) -> int:
    """The line of a path, or of its nearest known parent; 0 when there is none."""
    while path:
        if path in found:
            return found[path]
        path = path[:-1]
    return 0


def _top_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that begin a statement, skipping the inside of multi-line strings and arrays."""
    quote, depth = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if quote:
            if quote in line:
                quote = ""
            continue
        if depth == 0:
            yield number, line
        quote = next((mark for mark in ('"""', "'''") if line.count(mark) % 2), "")
        bare = _STRINGS.sub("", line)
        if not _HEADER.match(line):
            depth = max(0, depth + bare.count("[") - bare.count("]"))


def _path(snippet: str) -> Path:
    try:
        value: Any = tomllib.loads(snippet)
    except (tomllib.TOMLDecodeError, RecursionError):
        return ()
    path: list[str] = []
    while isinstance(value, dict) and value:
        name, value = next(iter(value.items()))
        path.append(name)
    return tuple(path)
