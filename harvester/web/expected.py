"""Room: a finding -> what its author needs beside the message: what was expected, which fields.

In: the code and the field of a finding, as the ledger keeps them. Out: words in a language, and item fields.
A shape tells by what it checks, a cleaner by the type of its field. Nothing is checked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from harvester import iri, items
from harvester.model import Finding
from harvester.web import profiled, shaped, texts, words
from harvester.web.shaped import Shape
from harvester.web.statements import Value

_LONGEST = 300
"""Characters of what was expected."""

_SHORT = 80
"""Characters of one value in it: some patterns are long."""

_MESSAGE_SAYS_IT = frozenset(
    ("not", "closed", "ignoredProperties", "flags", "nodeKind", "datatype", "class", "equals")
)
"""Constraints that tell an author less than the message does."""

_PARTS = {
    "pair:hasLocation": ("lat", "lon"),
    "schema:address": ("street", "postcode", "city"),
}
"""Properties that lead to a part of a record, and the item fields that this part is made of."""

_INSIDE = ("or", "xone", "and", "node")

_POINT = frozenset({"point", "axes-swapped"})

_QUOTED = re.compile(r"""('(?:[^'\\]|\\.)*'?…?|"(?:[^"\\]|\\.)*"?…?|[(\[{].*?[)\]}]…?|\S+) (?:is|are) """)


@cache
def expected(code: str, field: str, language: str) -> str:
    """What was expected instead, in a few words; empty when the message says it all."""
    shape = shaped.all_shapes().get(iri.SHAPES + code)
    if shape is not None:
        told = " · ".join(_told(shape, language))
        return told if len(told) <= _LONGEST else f"{told[:_LONGEST]}…"
    name = str(items.FIELDS[field].type) if code == "clean" and field in items.FIELDS else code
    return texts.known("expected", name, language) or ""


@cache
def item_fields(code: str, field: str) -> Sequence[str]:
    """The item fields that a finding is about, the first the likeliest; empty when it is about none."""
    shape = shaped.all_shapes().get(iri.SHAPES + code)
    if shape is None:
        return ("lat", "lon") if code in _POINT else (field,) if field in items.FIELDS else ()
    terms = [*_paths(shape), *(term for term in profiled.written() if field and _local(term) == field)]
    found = dict.fromkeys(name for term in terms for name in _writers(term))
    return tuple(name for name in found if name != "kind") or tuple(found)


def value_found(finding: Finding) -> str | None:
    """The value at fault; of a cleaner's remark, the value that it quotes."""
    quoted = _QUOTED.match(finding.value or "") if finding.code in ("clean", "point") else None
    return quoted[1].strip("'\"") if quoted else finding.value


def _told(shape: Shape, language: str) -> Iterator[str]:
    yield from _count(shape, language)
    for line in shaped.checks(shape, language):
        if line.label in _MESSAGE_SAYS_IT:
            continue
        values = [text for value in line.values if (text := _value(value, language))]
        if line.values and not values:
            continue
        if line.label in _INSIDE:
            yield texts.text("expected.or", language).join(dict.fromkeys(values))
        else:
            yield f"{texts.known('check', line.label, language) or line.term} {', '.join(values)}".strip()


def _count(shape: Shape, language: str) -> Iterator[str]:
    least, most = shape.least, shape.most
    if shape.path is None or (least == 0 and most is None):
        return
    if most == 0:
        yield texts.text("expected.nothing", language)
        return
    name = "exactly" if least == most else "least" if most is None else "most" if least == 0 else "between"
    yield texts.text(f"expected.{name}", language, least=least, most=most)


def _value(value: Value, language: str) -> str:
    """A value in words; a shape called upon tells which list it stands for, or what it asks."""
    shape = shaped.all_shapes().get(value.href or "")
    if shape is None:
        return value.text if len(value.text) <= _SHORT else f"{value.text[:_SHORT]}…"
    if "in" in shape.constraints:
        return " · ".join(_told(shape, language))
    if shape.path is not None and set(item_fields(shape.name, "")) <= {"kind"}:
        return ""  # what the federation itself writes: no author can mend it
    return shape.messages.get(language, "").rstrip(".")


def _paths(shape: Shape) -> Iterator[str]:
    """The property that a shape looks at, or those of the shapes that it calls upon."""
    if shape.path is not None:
        yield from [shape.path] if shape.path else []
        return
    for name in _INSIDE:
        for one in shape.constraints.get(name, ()):
            if inner := shaped.all_shapes().get(one.value):
                yield from _paths(inner)


def _writers(term: str) -> Sequence[str]:
    return profiled.written().get(term) or _PARTS.get(words.short(term), ())


def _local(term: str) -> str:
    return re.split("[#/]", term)[-1]
