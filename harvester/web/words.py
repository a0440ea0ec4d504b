"""Room: IRI -> the word a person reads, from the vocabulary, the territories and our own texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import pyoxigraph as ox

from harvester import iri, territory, vocab
from harvester.web import texts

_LABELS = ("skos:prefLabel", "rdfs:label", "dcterms:title")
_TERRITORY = iri.ROOT + "territoire/"


@cache
def vocabulary() -> ox.Store:
    """The published vocabulary, in memory: a few thousand triples."""
    store = ox.Store()
    store.load(vocab.ntriples(), format=ox.RdfFormat.N_TRIPLES)
    return store


def short(address: str) -> str:
    """A prefixed name where a prefix of the house fits, else the IRI as it is."""
    fits = [(space, prefix) for prefix, space in vocab.prefixes().items() if address.startswith(space)]
    if not fits:
        return address
    space, prefix = max(fits, key=lambda one: len(one[0]))
    return f"{prefix}:{address.removeprefix(space)}"


def predicate_label(address: str, language: str) -> str:
    """How a property is called on a page."""
    name = short(address)
    return texts.known("predicate", name, language) or vocabulary_label(address, language) or name


def label(address: str, language: str) -> str:
    """How a thing is called on a page; its IRI when it has no name."""
    return (
        texts.known("class", short(address), language)
        or vocabulary_label(address, language)
        or _place(address, language)
        or short(address)
    )


def vocabulary_label(address: str, language: str) -> str | None:
    """The label that the vocabulary gives in a language, else in another one."""
    found = labels(address)
    return found.get(language) or next(iter(found.values()), None)


def labels(address: str) -> Mapping[str, str]:
    """The labels that the vocabulary gives, by language; may be empty."""
    return {text.language or "": text.value for text in _literals(address)}


def _literals(address: str) -> Iterator[ox.Literal]:
    subject = ox.NamedNode(address)
    for name in _LABELS:
        prefix, _, local = name.partition(":")
        predicate = ox.NamedNode(vocab.prefixes()[prefix] + local)
        for quad in vocabulary().quads_for_pattern(subject, predicate, None):
            if isinstance(quad.object, ox.Literal):
                yield quad.object


def _place(address: str, language: str) -> str | None:
    """The name of a territory, with its level."""
    level, _, code = address.removeprefix(_TERRITORY).partition("/")
    if not address.startswith(_TERRITORY) or not code:
        return None
    found = territory.load().area(level, code)
    called = texts.known("level", level, language) or level
    return f"{found.name if found else code} ({called})"
