"""Room: regular expressions that a maintainer wrote, tried on what a partner wrote.

In: an expression, and texts. Out: what it takes of them, or a complaint about the expression. Never tries for
long: one that repeats what is already repeated would try for ever on a text that nearly fits.
"""

from __future__ import annotations

from functools import lru_cache

import regex

from harvester.connectors._answers import snippet
from harvester.errors import SourceChanged

LONGEST_S = 2.0
"""A good expression needs microseconds."""

TRIAL_S = 1.0

NEARLY = tuple(f"{one * 200}\x00" for one in ("a", "1", "-", "/", " ", "a1", "a-", "/a", "a ", "é"))
"""Texts that nearly fit: on these an expression that may try for ever does so."""


@lru_cache(maxsize=256)
def expression(said: str | None) -> str | None:
    """A regular expression that can be used.

    Raises:
        ValueError: it cannot; the text says why.
    """
    try:
        tried = regex.compile(said or "")
    except regex.error as error:
        raise ValueError(f"'{said}' is no regular expression ({error})") from error
    try:
        for text in NEARLY:
            tried.search(text, timeout=TRIAL_S)
    except TimeoutError as error:
        raise ValueError(f"'{said}' may try for ever; do not repeat what is already repeated") from error
    return said


def fits(pattern: str, said: str) -> bool:
    """True when a pattern is found in a text.

    Raises:
        SourceChanged: it tries for too long.
    """
    return _search(pattern, said) is not None


def matched(pattern: str | None, said: str) -> str | None:
    """What a pattern takes of a text: its first group that matched, else all of it; None when nothing.

    Raises:
        SourceChanged: it tries for too long.
    """
    if pattern is None:
        return said
    found = _search(pattern, said)
    if found is None:
        return None
    groups: tuple[str | None, ...] = found.groups()
    return next((group for group in groups if group is not None), str(found[0]))


def _search(pattern: str, said: str) -> regex.Match[str] | None:
    try:
        return regex.search(pattern, said, timeout=LONGEST_S)
    except TimeoutError as error:
        raise SourceChanged(
            f"the expression '{pattern}' tries for more than {LONGEST_S:g} s on {snippet(said)}; "
            "published data kept, write it without repeating what is repeated"
        ) from error
