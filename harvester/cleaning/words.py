"""Room: keywords and names in; separated keywords, or names fit to be compared, out.

A folded name is for comparing only: it is never published. Nothing here knows what a word means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from unicodedata import combining, normalize

from harvester.cleaning.text import MOST, text

SEPARATORS = r"[,;|\n]"
"""What stands between keywords written in one text (a regular expression)."""

MANY = 1000
"""Keywords of one thing that are looked at."""

SHORTENED = {"st": "saint", "ste": "sainte"}
"""Words of names that are written short."""

_LIGATURES = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"}
_NOT_A_WORD = re.compile(r"[\W_]+")


def _folded(character: str) -> str:
    bare = "".join(
        _LIGATURES.get(c, c)
        for c in normalize("NFKD", normalize("NFKD", character).casefold())
        if not combining(c)
    )
    return _NOT_A_WORD.sub(" ", bare)


_FOLDED = {code: _folded(chr(code)) for code in range(0x250)}


def words(value: object, split: str = SEPARATORS) -> tuple[str, ...]:
    """The keywords of a text or of a list, each once whatever its case, in their order. May be empty.

    `split` is the regular expression between keywords of one text; the texts of a list are taken whole.

    Raises:
        ValueError: if the value, or an entry of the list, is neither a text nor a number.
    """
    parts = value if isinstance(value, (list, tuple)) else _parts(value, split)
    kept: dict[str, str] = {}
    for part in islice(parts, MANY):
        if word := text(part):
            kept.setdefault(word.casefold(), word)
    return tuple(kept.values())


def fold(name: str) -> str:
    """The name without case, accents, hyphens or apostrophes, with "saint" written out. May be empty."""
    bare = name.casefold().translate(_FOLDED)
    if not bare.isascii():
        bare = "".join(map(_folded, bare))
    parts = bare.split()
    if "st" in parts or "ste" in parts:
        parts = [SHORTENED.get(part, part) for part in parts]
    return " ".join(parts)


def _parts(value: object, split: str) -> Iterator[object]:
    if isinstance(value, str):
        return iter(_separator(split).split(value[:MOST]))
    if isinstance(value, Mapping):
        return iter(value.values())
    return iter((value,))


@lru_cache(maxsize=64)
def _separator(split: str) -> re.Pattern[str]:
    return re.compile(split)
