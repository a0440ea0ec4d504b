"""Room: the name of a town as people write it in, the names to look for and the codes it carries out.

"33077 BORDEAUX CEDEX", "Paris 11e", "Paris XIe", "Saillans (26)" and "Mans (Le)" are understood, and the
end of an address in one line: "Mairie, 20224 CORSCIA". It never knows which towns exist.
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
_ROMAN_DISTRICT = re.compile(
    r"(paris|lyon|marseille) ([xvi]+)(?:er|e|eme|ieme|nd|nde)?(?: arr(?:t|dt|ondissement)?)?"
)
_ROMAN = {
    "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10, "xi": 11,
    "xii": 12, "xiii": 13, "xiv": 14, "xv": 15, "xvi": 16, "xvii": 17, "xviii": 18, "xix": 19, "xx": 20,
}  # fmt: skip
_LAST_LINE = re.compile(
    r"(?<![\w-])(\d{2} ?\d{3})[\s,:–-]+([^\W\d_][^\d,;]*(?:cedex\s+\d+)?)(?:,\s*france\W*)?$", re.IGNORECASE
)
_LAST_POSTCODE = re.compile(r"[,–-]\s*(\d{5})\s*$")
_ARTICLES = frozenset({"le", "la", "les", "l"})

LONGEST = 300
"""Characters of a town's name, or of the end of an address, that are looked at."""


@dataclass(frozen=True, slots=True)
class Town:
    """A town's name taken apart.

    `names` are folded, the most precise first; `postcode` and `bracket` (a département, as written) are
    None when the name does not carry them.
    """

    names: tuple[str, ...]
    postcode: str | None
    bracket: str | None


def town(written: str) -> Town:
    """The names and codes in a town's name; `names` is empty when there is no letter in it."""
    return _town(written[:LONGEST])


@lru_cache(maxsize=8192)
def _town(written: str) -> Town:
    if _BARE.fullmatch(written):
        return Town(tuple(dict.fromkeys(_numbered(fold(written)))), None, None)
    name, postcode = _without_postcode(written.split(",", maxsplit=1)[0].strip())
    brackets = _IN_BRACKETS.fullmatch(name)
    names = dict.fromkeys(found for found in _names(name, brackets) if found)
    bracket = brackets[2] if brackets else None
    if bracket and re.fullmatch(r"\d{5}", bracket):
        postcode, bracket = bracket, None
    return Town(tuple(names), postcode, bracket)


def last_line(street: str) -> Town | None:
    """The town that ends an address written in one line, with its postcode; None when it ends otherwise.

    `names` is empty when the address ends with the postcode: the town cannot be told from the street.
    """
    return _last_line(street[-LONGEST:])


@lru_cache(maxsize=8192)
def _last_line(street: str) -> Town | None:
    if end := _LAST_LINE.search(street):
        return town(f"{end[1].replace(' ', '')} {end[2]}")
    alone = _LAST_POSTCODE.search(street)
    return Town((), alone[1], None) if alone else None


def district(name: str) -> str | None:
    """The name of an arrondissement municipal in its shortest folded form ("paris 11"), else None."""
    return _district(fold(name))


def _district(folded: str) -> str | None:
    if parts := _DISTRICT.fullmatch(folded):
        return f"{parts[1]} {parts[2]}"
    roman = _ROMAN_DISTRICT.fullmatch(folded)
    return f"{roman[1]} {_ROMAN[roman[2]]}" if roman and roman[2] in _ROMAN else None


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
    yield from _numbered(" ".join(word for word in whole.split() if word != "cedex"))


def _numbered(folded: str) -> Iterator[str]:
    """The arrondissement and its city, when the name has a number; else the name."""
    numbered = _district(folded)
    if numbered:
        yield numbered
    yield numbered.rpartition(" ")[0] if numbered else folded
