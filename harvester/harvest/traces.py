"""Room: the words of a record, by which a sentence that repeats them is known.

In: what is published of a record and what its source said of it. Out: its texts; whether a person's sentence
holds one of them. Never writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

from harvester.harvest.diary import Diary
from harvester.ledger import Ledger
from harvester.model import Raw, Record
from harvester.profile import full

_LITERAL = re.compile(r' ("(?:[^"\\]|\\.)*")')
_NAME = re.compile(r"[^\W\d_][\w-]{3,}")
_SHORT = 4
"""Texts of fewer characters say nothing of anybody, and stand in many sentences."""

_FIGURES = 8
"""Numbers of fewer figures likewise; telephone numbers have more."""


def published(ledger: Ledger, source: str, ref: str) -> frozenset[str]:
    """The texts that are published of a record, and by which lists name it."""
    row = ledger.record(source, ref)
    listed = (row.name, row.page) if row else ()
    return _telling([*texts_of(ledger.triples(source, ref) or b""), *filter(None, listed)])


def noted(diary: Diary, ref: str, heads: frozenset[str] | None = None) -> frozenset[str]:
    """The texts that its source said of a record, in each run of which the records are kept.

    Those of some of its top-level fields only, when `heads` names them.
    """
    found: set[str] = set()
    for run in diary.kept():
        for one in diary.records(run):
            if one.ref == ref and isinstance(one, Record):
                found.update(
                    _leaves([value for name, value in one.value.items() if heads is None or name in heads])
                )
    return _telling(found)


def texts_of(triples: bytes) -> Iterator[str]:
    """The literals of N-Triples."""
    for quoted in _LITERAL.findall(triples.decode()):
        yield str(json.loads(quoted))


def origins(triples: bytes) -> list[str]:
    """The addresses that a record says it comes from."""
    named = rf"<{re.escape(full('prov:wasDerivedFrom'))}> <([^>]*)>"
    return re.findall(named, triples.decode())


def repeated(sentence: str, words: Iterable[str]) -> str | None:
    """What a sentence repeats of these texts: one whole, two words in a row, or a name; None for nothing."""
    said, known = sentence.casefold(), sorted(words)
    if whole := next((one for one in known if _stands(one.casefold(), said)), None):
        return whole
    names = frozenset(name for one in known for name in _NAME.findall(one) if name[0].isupper())
    pairs = frozenset(pair for one in known for pair in _pairs(one))
    return next(
        chain((name for name in _NAME.findall(sentence) if name in names), pairs & {*_pairs(sentence)}), None
    )


def _pairs(text: str) -> Iterator[str]:
    for two in pairwise(re.findall(r"\w+", text.casefold())):
        if all(len(word) >= _SHORT for word in two):
            yield " ".join(two)


def _stands(word: str, said: str) -> bool:
    return word in said and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said) is not None


def _telling(texts: Iterable[str]) -> frozenset[str]:
    told = (one.strip() for one in texts)
    return frozenset(one for one in told if len(one) >= (_FIGURES if one.isdigit() else _SHORT))


def _leaves(value: Raw) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
