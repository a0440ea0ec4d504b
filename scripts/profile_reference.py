"""Room: the whole profile -> the lines of its reference page, as `/vocab/profile` tells it, in English.

What is said comes from `vocab/`, `shapes/`, the items and the tables of the profile; this only lays it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvester.web import profiled, terms, texts, words
from harvester.web.profiled import EVERY, Part, Row
from harvester.web.vocabulary import Entry, definitions, entries
from scripts.markdown import table

_LANGUAGE = "en"
_LEAD = """\
What a record may say, as `vocab/` and `shapes/` have it. The same page, with links and in French too, is
served at `/vocab/profile`. *Values* is how many there are. A rule is told by its severity: *blocking* keeps
the record out; *to review* and *for information* are published and reported.
"""
_HEAD = ("property", "label", "takes", "values", "rules", "item field", "example")


def profile() -> Iterator[str]:
    """The page, line by line."""
    found = profiled.profile()
    yield _LEAD
    yield f"Vocabulary {found.vocabulary}, shapes {found.shapes}.\n"
    for part in found.parts:
        yield from _part(part)
    yield "## Schemes\n"
    for scheme in found.schemes:
        yield from _scheme(scheme)
    yield "## Prefixes\n"
    rows = ((f"`{prefix}`", f"`{space}`") for prefix, space in found.prefixes.items())
    yield from table(("prefix", "namespace"), rows)


def _part(part: Part) -> Iterator[str]:
    yield f"## {_title(part)}\n"
    if part.kind:
        yield f"{texts.text(f'kind-lead.{part.kind}', _LANGUAGE)}\n"
    for each in part.classes:
        for one in definitions(each, _LANGUAGE):
            yield f"{one.text}\n"
    if part.classes:
        kind = f"; kind `{part.kind}`" if part.kind else ""
        yield f"Classes: {_named(part.classes)}{kind}.\n"
    yield from table(_HEAD, map(_cells, part.rows))
    for shape in part.whole:
        severity = texts.text(f"severity.{shape.severity}", _LANGUAGE)
        yield f"- *{severity}*: {shape.messages.get(_LANGUAGE, '')} (`{shape.name}`)"
    if part.whole:
        yield ""


def _title(part: Part) -> str:
    if part.kind:
        return texts.text(f"kind.{part.kind}", _LANGUAGE)
    if part.name == EVERY:
        return texts.text("profile.record", _LANGUAGE)
    return f"{texts.known('node', part.name, _LANGUAGE) or part.name} (`{part.name}`)"


def _cells(row: Row) -> Sequence[str]:
    rules = (
        f"*{texts.text(f'severity.{one.severity}', _LANGUAGE)}*: {one.messages.get(_LANGUAGE, '')}"
        for one in row.shapes
    )
    types = (texts.known("value", one, _LANGUAGE) or one for one in row.types)
    return (
        f"`{words.short(row.term)}`",
        words.predicate_label(row.term, _LANGUAGE),
        ", ".join(_taken(one) for one in row.takes) or ", ".join(types),
        row.cardinality,
        " ".join(rules),
        ", ".join(f"`{name}`" for name in row.fields),
        f"`{row.sample}`" if row.sample else "",
    )


def _taken(address: str) -> str:
    scheme = terms.scheme(address)
    return f"scheme `{scheme.path}`" if scheme else f"`{words.short(address)}`"


def _named(addresses: Sequence[str]) -> str:
    return ", ".join(f"`{words.short(one)}`" for one in addresses)


def _scheme(scheme: terms.Scheme) -> Iterator[str]:
    yield f"### {scheme.path}\n"
    for one in definitions(scheme.address, _LANGUAGE):
        yield f"{one.text}\n"
    rows = map(_concept, entries(terms.tree(scheme.members), _LANGUAGE))
    yield from table(("id", "notation", "label", "in French", "definition"), rows)


def _concept(one: Entry) -> Sequence[str]:
    retired = " (retired)" if one.deprecated else ""
    return (
        f"{'· ' * one.depth}`{one.name}`",
        f"`{one.notation}`" if one.notation else "",
        one.label + retired,
        one.labels.get("fr", ""),
        one.definition.text if one.definition else "",
    )
