"""Room: the vocabulary as pages and as linked data: its index, our terms, schemes, concepts, alignments.

The very triples that are published come in; what is counted comes from the store and may be late.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from fastapi import APIRouter
from fastapi.responses import Response

from harvester import vocab
from harvester.web import profiled, questions, shaped, statements, terms, texts, words
from harvester.web.linked import Topic, linked, unknown
from harvester.web.pages import Visit, Visiting
from harvester.web.statements import Line, Value
from harvester.web.usage import Asked, Usage

_TOLD_APART = frozenset(
    {
        *("skos:prefLabel", "rdfs:label", "dcterms:title", "skos:inScheme", "skos:topConceptOf"),
        *("skos:definition", "rdfs:comment", "dcterms:description", "skos:example", "skos:changeNote"),
        *("owl:deprecated", "dcterms:isReplacedBy"),
    }
)
"""Properties that the pages of the vocabulary tell in a place of their own."""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Entry:
    """A scheme, concept or term as listed: last part of its IRI, label in each language, definition.

    `depth` counts the broader concepts above it in the list; `size` what it holds.
    """

    address: str
    name: str
    label: str
    labels: Mapping[str, str]
    notation: str | None
    definition: Value | None
    deprecated: bool
    depth: int = 0
    size: int = 0


@router.get("/vocab")
@router.get("/vocab/")
def index(visit: Visiting) -> Response:
    """Everything the vocabulary holds, by kind; as RDF, the whole published vocabulary."""

    def told() -> dict[str, Any]:
        return {
            "own": [_sized(one, visit.language) for one in terms.schemes()],
            "aligned": [_sized(one, visit.language) for one in terms.alignments()],
            "terms": len(terms.terms()),
            "rules": sum(shape.path is not None for shape in shaped.all_shapes().values()),
            "questions": len(questions.questions().named),
            "profile": profiled.profile(),
        }

    return linked(visit, Topic(None, vocab.ntriples()), "vocabularies.html", told)


@router.get("/vocab/ns")
def namespace(visit: Visiting) -> Response:
    """Our own classes and properties."""

    def told() -> dict[str, Any]:
        listed = [_entry(one, visit.language) for one in terms.terms()]
        return {
            **_common(visit, terms.ONTOLOGY),
            "classes": [one for one in listed if not terms.is_property(one.address)],
            "properties": [one for one in listed if terms.is_property(one.address)],
        }

    triples = b"".join(map(terms.about, (terms.ONTOLOGY, *terms.terms())))
    return linked(visit, Topic(terms.ONTOLOGY, triples), "namespace.html", told)


@router.get("/vocab/{path:path}")
def named(visit: Visiting, path: str) -> Response:
    """A term, a scheme with what it holds, or one concept."""
    name = path.rstrip("/")
    address = terms.names().get(name)
    if address is None:
        return unknown(visit, name, terms.nearest(name))
    if address == terms.ONTOLOGY:
        return namespace(visit)
    scheme = terms.scheme(address)
    return _scheme_page(visit, scheme) if scheme else _term_page(visit, address)


def _scheme_page(visit: Visit, scheme: terms.Scheme) -> Response:
    def told() -> dict[str, Any]:
        listed = entries(terms.tree(scheme.members), visit.language)
        return {
            **_common(visit, scheme.address),
            "members": [one for one in listed if not _gathers(one.address)],
            "collections": [one for one in listed if _gathers(one.address)],
        }

    triples = b"".join(map(terms.about, (scheme.address, *scheme.members)))
    return linked(visit, Topic(scheme.address, triples), "scheme.html", told)


def _term_page(visit: Visit, address: str) -> Response:
    home = terms.scheme_of(address)

    def told() -> dict[str, Any]:
        matches, asked = terms.aligned(address), _asked(address, home)
        return {
            **_common(visit, address),
            "home": home and _entry(home.address, visit.language),
            "matches": [
                (_entry(one, visit.language), [_entry(each, visit.language) for each in members])
                for one, members in matches.items()
            ],
            "asked": asked,
            "uses": cast("Usage", visit.request.app.state.usage).uses(asked) if asked else None,
        }

    return linked(visit, Topic(address, terms.about(address)), "term.html", told)


def _common(visit: Visit, address: str) -> dict[str, Any]:
    """What the pages of a term, a concept, a scheme and the ontology tell alike."""
    said = statements.about(terms.about(address))
    lines = statements.lines(said, visit.language, elsewhere=_TOLD_APART)
    return {
        "title": words.label(address, visit.language),
        "labels": words.labels(address),
        "short": words.short(address),
        "definitions": definitions(address, visit.language),
        "examples": _texts(said, "skos:example"),
        "deprecated": _deprecated(address),
        "replaced": [_entry(one, visit.language) for one in terms.objects(address, "dcterms:isReplacedBy")],
        "notes": _in_language(_texts(said, "skos:changeNote"), visit.language),
        "lines": [*lines, *_inverse(address, visit.language)],
        "rules": [one for one in shaped.constraining(address) if one.messages],
        "fields": profiled.fields_of(address),
    }


def entries(tree: Iterable[tuple[str, int]], language: str) -> list[Entry]:
    """Concepts with their depth, as listed."""
    return [_entry(one, language, depth=depth) for one, depth in tree]


def definitions(address: str, language: str) -> list[Value]:
    """Definitions and comments in a language, else in any."""
    said = statements.about(terms.about(address))
    names = ("skos:definition", "rdfs:comment", "dcterms:description")
    return _in_language([one for name in names for one in _texts(said, name)], language)


def _asked(address: str, home: terms.Scheme | None) -> Asked | None:
    """Whose uses to count; a partner's category is not written on records, so it is not counted."""
    if home is not None:
        return Asked(address) if home.path in vocab.schemes() else None
    return Asked(address, "predicate" if terms.is_property(address) else "class", house=True)


def _inverse(address: str, language: str) -> Iterator[Line]:
    """What points at it, one line for each property of the texts."""
    for term in texts.group("inverse"):
        found = terms.pointing(address, term)
        if found:
            values = [Value(words.label(one, language), one) for one in found]
            yield Line(texts.text(f"inverse.{term}", language), f"^{term}", values)


def _entry(address: str, language: str, *, depth: int = 0, size: int = 0) -> Entry:
    name = address.rpartition("#")[2].rpartition("/")[2]
    return Entry(
        address=address,
        name=name,
        label=words.label(address, language),
        labels=words.labels(address),
        notation=next(iter(terms.objects(address, "skos:notation")), None),
        definition=next(iter(definitions(address, language)), None),
        deprecated=_deprecated(address),
        depth=depth,
        size=size,
    )


def _sized(scheme: terms.Scheme, language: str) -> Entry:
    return _entry(scheme.address, language, size=len(scheme.members))


def _deprecated(address: str) -> bool:
    return "true" in terms.objects(address, "owl:deprecated")


def _gathers(address: str) -> bool:
    """True for a collection, which is in a scheme and is no concept."""
    return bool(terms.objects(address, "skos:member"))


def _texts(said: statements.About, term: str) -> list[Value]:
    return list(statements.literals(said, term))


def _in_language(found: Iterable[Value], language: str) -> list[Value]:
    """Those in a language, else all."""
    every = list(found)
    return [one for one in every if one.lang == language] or every
