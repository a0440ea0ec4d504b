"""Room: categories as written in -> concepts of our schemes.

A category is known by the alignment its mapping names, or by a word of the scheme itself: id, notation
or IRI. What is not aligned is counted, never guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from harvester import vocab
from harvester.errors import suggestion
from harvester.items import Field
from harvester.mapping.rules import Rule
from harvester.mapping.typed import Typed
from harvester.model import IRI, Finding, Raw


def of(field: Field, compiled: Rule, entry: Raw, unaligned: Counter[tuple[str, str]]) -> Typed:
    """The function that types this field; `unaligned` counts (alignment or scheme, category) not known.

    Raises:
        LookupError: no such alignment.
        ValueError: a constant that is no concept of the field's schemes.
    """
    own = words(field.schemes)
    ours = frozenset(iri for iris in own.values() for iri in iris)
    table: Mapping[str, tuple[IRI, ...]] = own
    if compiled.align:  # whoever uses our own concepts needs no alignment for them
        table = {**{iri: (iri,) for iri in ours}, **vocab.alignment(compiled.align)}
    told = compiled.align or ", ".join(field.schemes)
    _check_const(field, entry, table)

    def concepts(raw: Raw, _findings: list[Finding]) -> Any:
        found: dict[str, None] = {}
        for one in raw if isinstance(raw, list) else [raw]:
            key = str(one).strip()
            if key and key in table:
                found.update(dict.fromkeys(iri for iri in table[key] if iri in ours))
            elif key:
                unaligned[told, key] += 1
        return tuple(found) if field.many else next(iter(found), None)

    return concepts


@lru_cache(maxsize=64)
def words(schemes: Sequence[str]) -> Mapping[str, tuple[IRI, ...]]:
    """The words by which concepts of these schemes are known: IRI, `scheme/id`, and id or notation.

    An id or notation that several of the schemes use is known only with its scheme before it.
    """
    found: dict[str, set[IRI]] = {}
    for name in schemes:
        for word, concept in vocab.scheme(name).items():
            for known in (word, f"{name}/{word}", concept.iri):
                found.setdefault(known, set()).add(concept.iri)
    return {word: tuple(iris) for word, iris in found.items() if len(iris) == 1}


def _check_const(field: Field, entry: Raw, table: Mapping[str, Any]) -> None:
    const = entry.get("const") if isinstance(entry, Mapping) else None
    for one in const if isinstance(const, list) else [const]:
        if one is not None and str(one) not in table:
            schemes = "', '".join(field.schemes)
            raise ValueError(f"no concept '{one}' in the scheme '{schemes}'; {suggestion(str(one), table)}")
