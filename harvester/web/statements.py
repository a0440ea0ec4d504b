"""Room: triples about one thing -> lines that a person reads: label, values.

Fragments of the thing (its place, its address) are told as if they were said of itself. The order
of the lines is that of the table `predicate` of the texts; what pages tell elsewhere is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from harvester.profile import full
from harvester.web import texts, words

ELSEWHERE = frozenset(
    {
        *("pair:label", "rdfs:label", "schema:name", "dcterms:description"),
        *("dcterms:isPartOf", "dcterms:license", "schema:license", "dcterms:source"),
        *("pair:hasLocation", "schema:address", "skos:inScheme", "skos:topConceptOf"),
    }
)
"""Properties that pages tell in their own place, or that only lead to a fragment."""

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")

About = Mapping[str, Sequence[ox.NamedNode | ox.Literal]]
"""Predicate -> objects, of one thing and its fragments."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its text, the IRI behind it, the language of the text."""

    text: str
    href: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One property and its values."""

    label: str
    term: str
    values: Sequence[Value]


def about(ntriples: bytes) -> About:
    """What N-Triples say, by prefixed predicate; what kind of thing a fragment is goes without saying."""
    found: dict[str, list[ox.NamedNode | ox.Literal]] = {}
    known = set(subjects(ntriples))
    for quad in ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES):
        owner, fragment, _ = str(getattr(quad.subject, "value", "")).partition("#")
        if quad.predicate == _TYPE and fragment and owner in known:
            continue
        if isinstance(quad.object, ox.NamedNode | ox.Literal):
            found.setdefault(quad.predicate.value, []).append(quad.object)
    return found


def lines(said: About, language: str, *, elsewhere: Collection[str] = ELSEWHERE) -> list[Line]:
    """The lines to show, in the order of the texts, unknown properties last, without those told elsewhere."""
    order = {name: i for i, name in enumerate(texts.group("predicate"))}
    shown = {term: words.short(term) for term in said}
    terms = sorted(
        (term for term in said if shown[term] not in elsewhere),
        key=lambda term: (order.get(shown[term], len(order)), shown[term]),
    )
    return [
        Line(words.predicate_label(term, language), shown[term], _values(said[term], language))
        for term in terms
    ]


def first_text(said: About, *terms: str) -> Value | None:
    """The first literal said under one of these predicates (in full)."""
    found = (_value(one, "fr") for term in terms for one in said.get(term, ()) if isinstance(one, ox.Literal))
    return next(found, None)


def literals(said: About, term: str) -> Iterator[Value]:
    """The literals said under a predicate (prefixed name), each with its language."""
    return (_value(one, "fr") for one in said.get(full(term), ()) if isinstance(one, ox.Literal))


def _values(objects: Iterable[ox.NamedNode | ox.Literal], language: str) -> list[Value]:
    return list(dict.fromkeys(_value(one, language) for one in objects))


def _value(one: ox.NamedNode | ox.Literal, language: str) -> Value:
    if isinstance(one, ox.NamedNode):
        return Value(words.label(one.value, language), one.value)
    return Value(one.value, lang=one.language)


def subjects(ntriples: bytes) -> Iterator[str]:
    """The subjects of N-Triples, in order, each once."""
    quads = ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES)
    yield from dict.fromkeys(quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode))
