"""Room: the name of a town as people write it in, the names to look for and the codes it carries out.

"33077 BORDEAUX CEDEX", "Paris 11e", "Saillans (26)" and "Mans (Le)" are understood. It never knows which
towns exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from harvester.cleaning.words import fold

_BARE = re.compile(r"(?!.*cedex)(?:[^\W\d_]|[ '’-])*[^\W\d_]", re.IGNORECASE)  # most names
_POSTCODE_FIRST = re.compile(r"(?:F-?)?(\d{5})\s+(.+)", re.DOTALL)
_POSTCODE_LAST = re.compile(r"(.+?)\s+(\d{5})", re.DOTALL)
_IN_BRACKETS = re.compile(r"([^()]*[^()\s])\s*\(([^()]+)\)")
_ON_RIVER = re.compile(r"\bs/\s*", re.IGNORECASE)
_DISTRICT = re.compile(r"(\D+) 0?(\d{1,2})(?: ?(?:er|e|eme|ieme|nd|nde))?(?: arr(?:t|dt|ondissement)?)?")
_ARTICLES = frozenset({"le", "la", "les", "l"})


@dataclass(frozen=True, slots=True)
class Town:
    """A town's name taken apart.

    `names` are folded, the most precise first; `postcode` and `bracket` (a département, as written) are
    None when the name does not carry them.
    """

    names: tuple[str, ...]
    postcode: str | None
    bracket: str | None


@lru_cache(maxsize=8192)
def town(written: str) -> Town:
    """The names and codes in a town's name; `names` is empty when there is no letter in it."""
    if _BARE.fullmatch(written):
        return Town((fold(written),), None, None)
    name, postcode = _without_postcode(written.split(",", maxsplit=1)[0].strip())
    brackets = _IN_BRACKETS.fullmatch(name)
    names = dict.fromkeys(found for found in _names(name, brackets) if found)
    bracket = brackets[2] if brackets else None
    if bracket and re.fullmatch(r"\d{5}", bracket):
        postcode, bracket = bracket, None
    return Town(tuple(names), postcode, bracket)


def district(name: str) -> str | None:
    """The name of an arrondissement municipal in its shortest folded form ("paris 11"), else None."""
    parts = _DISTRICT.fullmatch(fold(name))
    return f"{parts[1]} {parts[2]}" if parts else None


def _without_postcode(name: str) -> tuple[str, str | None]:
    if first := _POSTCODE_FIRST.fullmatch(name):
        return first[2], first[1]
    if last := _POSTCODE_LAST.fullmatch(name):
        return last[1], last[2]
    return name, None


def _names(name: str, brackets: re.Match[str] | None) -> Iterator[str]:
    whole = fold(_ON_RIVER.sub("sur ", name))
    yield whole
    if brackets:
        inside, before = fold(brackets[2]), fold(_ON_RIVER.sub("sur ", brackets[1]))
        yield f"{inside} {before}" if inside in _ARTICLES else before
        whole = before
    plain = " ".join(word for word in whole.split() if word != "cedex")
    if parts := _DISTRICT.fullmatch(plain):
        yield f"{parts[1]} {parts[2]}"
        plain = parts[1]
    yield plain
