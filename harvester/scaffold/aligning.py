"""Room: categories nobody aligned -> the concepts nearest to them, and the alignment a person confirms.

In: the kept answers of a source, read again. Out: categories with their records and nearest concepts;
concepts written to `vocab/alignments/`. Nothing is aligned without a person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from rapidfuzz import fuzz

from harvester import iri, items, vocab
from harvester.cleaning.words import fold
from harvester.errors import RecordError
from harvester.fetch import RawStore
from harvester.harvest import Plan, kept
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import IRI, Answer, Record
from harvester.scaffold.proposing import value

NEAREST = 3
"""Concepts proposed for a category."""

_HEADER = """@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

<{scheme}> a skos:ConceptScheme ;
    dcterms:title {french}@fr, {english}@en ;
    dcterms:description "Catégories telles que les fiches les donnent."@fr ;
    dcterms:license <https://creativecommons.org/licenses/by/4.0/> ;
    owl:versionInfo "1.0.0" .
"""

_CONCEPT = """
<{concept}> a skos:Concept ;
    skos:notation {notation} ;
    skos:prefLabel {label}@{language} ;
    skos:broadMatch <{match}> ;
    skos:inScheme <{scheme}> .
"""


@dataclass(frozen=True, slots=True)
class Near:
    """A concept of ours, as `scheme/id`, and how near its words are: 0 to 100."""

    iri: IRI
    name: str
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Unaligned:
    """A category that nobody aligned.

    The alignment or schemes it was looked for in, the item field it would fill, its name where it is an id,
    the records that have it, the concepts nearest to it.
    """

    told: str
    field: str
    category: str
    label: str | None
    records: int
    nearest: tuple[Near, ...]


def unaligned(ledger: Ledger, layout: Layout, plan: Plan) -> list[Unaligned]:
    """The categories of the last complete reading that nobody aligned, the most frequent first.

    Raises:
        SourceUnavailable: no answers are kept; run the source first.
    """
    raw = RawStore(layout.raw)
    readings = kept.readings(ledger, raw, plan.source.id)
    mapper = plan.mapper()
    for answers in readings:
        for record in plan.connector.records(plan.source, answers, raw):
            if isinstance(record, Record):
                with suppress(RecordError):
                    mapper.item(record)
    counted = mapper.coverage.unaligned
    fields = dict(_fields({**plan.connector.mapping, **plan.source.map}))
    names = _names({category for _, category in counted}, readings, raw)
    found = []
    for (told, category), n in counted.most_common():
        field = fields[told]
        label = names.get(category)
        near = nearest(label or category, items.FIELDS[field].schemes)
        found.append(Unaligned(told, field, category, label, n, near))
    return found


def nearest(words: str, schemes: Sequence[str]) -> tuple[Near, ...]:
    """The concepts of these schemes whose labels are nearest to the words, the nearest first."""
    wanted = fold(words)
    scored = {}
    for concept, name, label, known in _labels(tuple(schemes)):
        score = max(fuzz.WRatio(wanted, one) for one in known)
        scored[name] = Near(concept, name, label, score)
    return tuple(sorted(scored.values(), key=lambda one: (-one.score, one.name))[:NEAREST])


def written(chosen: Mapping[Unaligned, Near], plan: Plan) -> Iterator[str]:
    """Write what was confirmed; what was written, and what is still to say in the source's map."""
    known = vocab.alignments()
    for one, near in chosen.items():
        name = one.told if one.told in known else plan.source.id
        file = vocab.folder() / "alignments" / f"{name}.ttl"
        text = file.read_text(encoding="utf-8") if file.exists() else _header(name, plan.source.title)
        file.write_text(text + _concept(name, one, near, text, plan.source.language), encoding="utf-8")
        yield f"{file.name}: {one.category} → {near.name}"
    for field in dict.fromkeys(one.field for one in chosen if one.told not in known):
        entry = {**plan.connector.mapping, **plan.source.map}.get(field)
        plain = entry if isinstance(entry, Mapping) else {"from": entry}
        said = value({**plain, "align": plan.source.id})
        yield f"now say in [source.{plan.source.id}.map]: {field} = {said}"


def _fields(mapping: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the mapper calls an alignment, and the item field that it fills; dependents included."""
    for name, entry in mapping.items():
        field = items.FIELDS.get(name)
        if isinstance(entry, Mapping) and isinstance(entry.get("map"), Mapping):
            yield from _fields(entry["map"])
        elif field is not None and field.schemes:
            align = entry.get("align") if isinstance(entry, Mapping) else None
            yield align or ", ".join(field.schemes), name


@cache
def _labels(schemes: Sequence[str]) -> list[tuple[IRI, str, str, tuple[str, ...]]]:
    """(IRI, `scheme/id`, label, folded words) of the concepts that are offered."""
    found = []
    for scheme in schemes:
        for concept in {one.iri: one for one in vocab.scheme(scheme).values()}.values():
            word = concept.iri.rpartition("/")[2]
            known = tuple({fold(label) for label in (*concept.labels.values(), word.replace("-", " "))})
            if not concept.deprecated:
                found.append((concept.iri, f"{scheme}/{word}", concept.labels.get("fr", word), known))
    return found


def _names(wanted: set[str], readings: Sequence[Sequence[Answer]], raw: RawStore) -> dict[str, str]:
    """What the platform calls the categories that it gives as ids, where its JSON says so."""
    ids = {one for one in wanted if re.fullmatch(r"[\d_-]+|\w{20,}", one)}
    found: dict[str, str] = {}
    for answer in [one for answers in readings for one in answers] if ids else []:
        with suppress(orjson.JSONDecodeError):
            _named(orjson.loads(raw.read(answer)), ids, found)
    return found


def _named(told: Any, ids: set[str], found: dict[str, str]) -> None:
    for one in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        _named(one, ids, found)
    if isinstance(told, dict) and str(told.get("id")) in ids:
        name = next((told[key] for key in ("name", "label", "title", "nom") if told.get(key)), None)
        if isinstance(name, str):
            found[str(told["id"])] = name


def _header(name: str, title: str) -> str:
    french, english = (_text(words.format(title)) for words in ("Catégories de {}", "Categories of {}"))
    return _HEADER.format(scheme=_scheme(name), french=french, english=english)


def _concept(name: str, one: Unaligned, near: Near, text: str, language: str | None) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", fold(one.category)).strip("-") or "categorie"
    numbered = (slug, *(f"{slug}-{n}" for n in range(2, text.count("skos:notation") + 3)))
    concept = next(iri for iri in (f"{_scheme(name)}/{word}" for word in numbered) if f"<{iri}>" not in text)
    return _CONCEPT.format(
        concept=concept,
        notation=_text(one.category),
        label=_text(one.label or one.category),
        language=language or "fr",
        match=near.iri,
        scheme=_scheme(name),
    )


def _scheme(name: str) -> str:
    return iri.concept("alignments", name)


def _text(words: str) -> str:
    """A Turtle string: JSON escapes alike."""
    return json.dumps(words, ensure_ascii=False)
