"""Room: the JSON-LD that web pages carry, as people write it → its values, block by block.

In: a page. Out: the value of each script, or why it cannot be read: one bad block costs itself only. Forgives
CDATA and comment marks, JavaScript comments, trailing commas, raw control characters, several values in one
script. Knows no vocabulary.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from harvester.connectors._answers import snippet
from harvester.connectors._html import Page, compiled
from harvester.model import Raw as Value

SCRIPTS = "script[type*='ld+json' i]"
LARGEST = 1 << 20
"""Characters of one block."""

STRING = r'("(?:[^"\\]|\\.)*+(?:"|\\?\Z))'  # one that does not end goes on to the end: nothing is tried twice
MARKS = re.compile(
    STRING + r"|//\s*<!\[CDATA\[|//\s*\]\]>|<!\[CDATA\[|\]\]>|<!--|-->|/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL
)
COMMENTED = re.compile(STRING + r"|<!--.*?(?:-->|\Z)", re.DOTALL)
COMMAS = re.compile(STRING + r"|,(?=\s*[}\]])", re.DOTALL)
BETWEEN = re.compile(r"[\s;,\ufeff]*")

_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)


@dataclass(frozen=True, slots=True)
class Bad:
    """A block that cannot be read, and why."""

    reason: str


def blocks(page: Page) -> Iterator[Value | Bad]:
    """The values of the scripts of a page, in its order; an empty script is nothing."""
    for script in compiled(SCRIPTS).select(page.soup):
        text = (script.string or "").strip()
        if len(text) > LARGEST:
            yield Bad(f"a JSON-LD block has {len(text)} characters, {LARGEST} at most")
        elif text:
            yield from _values(text)


def _values(text: str) -> Iterator[Value | Bad]:
    reason = ""
    for attempt in _readings(text):
        try:
            yield from _decoded(attempt)
        except (ValueError, RecursionError) as error:
            reason = reason or str(error)
            continue
        return
    yield Bad(f"a JSON-LD block is not JSON ({reason}), near {snippet(text[:200])}")


def _readings(text: str) -> Iterator[str]:
    """The text itself, then with one more liberty after the other."""
    yield text
    if "&quot;" in text and '"' not in text:
        text = html.unescape(text)
    for marks in (MARKS, COMMENTED):
        bare = marks.sub(lambda found: found[1] or " ", text)
        yield COMMAS.sub(lambda found: found[1] or "", bare)


def _decoded(text: str) -> list[Value]:
    """All values of a text, one after the other."""
    found: list[Value] = []
    at = _skipped(text, 0)
    while at < len(text):
        value, end = _DECODER.raw_decode(text, at)
        found.append(value)
        at = _skipped(text, end)
    return found


def _skipped(text: str, at: int) -> int:
    space = BETWEEN.match(text, at)
    return space.end() if space else at
