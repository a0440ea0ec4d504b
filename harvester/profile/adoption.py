"""Room: what is known of the vocabularies of others: `vocab/adoption.toml`, and our own writing turned round.

Names in, names out: which vocabulary a term belongs to, which kind a class means, which item fields a term
may fill. It sees no data.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from harvester import items, vocab
from harvester.items import Field, FieldType
from harvester.mapping.concepts import words
from harvester.model import IRI
from harvester.profile.writing import ADDRESS, AMOUNTS, DEPENDENTS, FIELDS, ROLES

PLACE = "place/"
"""The beginning of a path to what a place or an address says, wherever that place stands."""


NAMES = ("rdfs:label", "pair:label", "schema:name", "foaf:name", "skos:prefLabel", "dcterms:title", "as:name")
"""What a thing is called, when all that counts is its name."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A field that a term may fill; `rank` counts from 0, the best; `own` when our profile writes it so."""

    field: Field
    rank: int
    own: bool


@cache
def known() -> Mapping[str, Any]:
    """The tables of `vocab/adoption.toml`."""
    return tomllib.loads((vocab.folder() / "adoption.toml").read_text(encoding="utf-8"))


@cache
def listed(name: str) -> frozenset[str]:
    """A list of the table `[reading]`."""
    return frozenset(known()["reading"][name])


@lru_cache(maxsize=65536)
def ours(iri: str) -> IRI:
    """The same term under the namespace that we use for its vocabulary."""
    for theirs, own in _namespaces():
        if iri.startswith(theirs):
            return IRI(own + iri.removeprefix(theirs))
    return IRI(iri)


@lru_cache(maxsize=65536)
def short(iri: str) -> str:
    """The prefixed name of a term, in our spelling; the whole IRI when no prefix is known."""
    own = ours(iri)
    for prefix, namespace in _prefixes():
        if own.startswith(namespace) and "/" not in own.removeprefix(namespace):
            return f"{prefix}:{own.removeprefix(namespace)}"
    return own


def kind(classes: Sequence[IRI], more: Mapping[str, str] | None = None) -> str | None:
    """The kind that classes mean, by the most specific; `more` are kinds by class that win, "" is none."""
    names = [short(one) for one in classes]
    if more:
        said = {short(one): kind for one, kind in more.items()}
        for name in names or [""]:
            if name in said:
                return said[name]
    table = _kinds()
    found = [table[name] for name in names if name in table]
    return min(found)[1] if found else None


def fits(kind: str | None, holds: str) -> bool:
    """True when a thing of a kind, or of none that we know, may be a dependent of the kind `holds`.

    What is not said to be an organisation could be a person.
    """
    if kind is None:
        return holds != "organisation"
    return kind in known()["fits"].get(holds, ())


def person(classes: Sequence[IRI]) -> str | None:
    """The class by which something is a person, as a prefixed name; None when it is none."""
    persons = known()["persons"]["classes"]
    return next((name for one in classes if (name := short(one)) in persons), None)


def quiet(classes: Sequence[IRI]) -> bool:
    """True for what is no record: a concept, an address, a term of a vocabulary."""
    table = known()["quiet"]
    names = [short(one) for one in classes]
    return any(one in table["classes"] or one.partition(":")[0] in table["prefixes"] for one in names)


def personal(iri: str) -> bool:
    """True when the address of a thing tells that it is a person."""
    segments = iri.partition("://")[2].split("/")[1:]
    return any(one in _person_segments() or one.startswith("@") for one in segments)


@lru_cache(maxsize=65536)
def ignored(term: str) -> bool:
    """True for a term that is derived, about the document, or about persons."""
    return term in _ignored() or term.startswith(tuple(known()["reading"]["ignored_namespaces"]))


@cache
def readings(kind: str) -> Mapping[str, tuple[Candidate, ...]]:
    """The fields that a path may fill in an item of this kind, the likeliest first."""
    found: dict[str, list[Candidate]] = {}
    for name, field in items.fields(kind).items():
        own = tuple(_written(name, kind))
        paths = known()["fields"].get(name, ())
        for rank, path in enumerate(dict.fromkeys(_ordered(own, paths))):
            candidate = Candidate(field, rank, path in own)
            found.setdefault(path, []).append(candidate)
            if name in items.PLACE:
                found.setdefault(PLACE + path, []).append(candidate)
    return {path: tuple(sorted(candidates, key=_likelihood)) for path, candidates in found.items()}


def _likelihood(candidate: Candidate) -> tuple[bool, bool]:
    """Concepts are told by their IRIs, so they are tried first; then what we write ourselves."""
    return candidate.field.type is not FieldType.CONCEPT, not candidate.own


@cache
def branches(kind: str) -> frozenset[str]:
    """The paths that lead to a thing some of whose terms are read."""
    return frozenset(path.rpartition("/")[0] for path in readings(kind) if "/" in path)


@cache
def concepts(schemes: Sequence[str]) -> Mapping[str, IRI]:
    """The concepts of schemes by what they are called in the data: IRI, exact match, id, notation."""
    found: dict[str, IRI] = {}
    for name in schemes:
        for concept in vocab.scheme(name).values():
            for match in concept.exact:
                found[ours(match)] = concept.iri
                found[match.rpartition("/")[2]] = concept.iri
    return found | {word: iris[0] for word, iris in words(tuple(schemes)).items()}


@cache
def licences() -> Mapping[str, str]:
    """The notation of a licence by the IRI of its concept."""
    return {licence.iri: notation for notation, licence in vocab.licences().items()}


def territory(iri: str) -> str | None:
    """`level/code` of a territory by its IRI; None for any other."""
    for namespace, level in known()["territories"].items():
        if iri.startswith(namespace):
            return f"{level}/{iri.removeprefix(namespace)}"
    return None


def _written(name: str, kind: str) -> Iterator[str]:
    """How our own profile writes a field."""
    if name in FIELDS:
        yield from FIELDS[name][0]
    if name in ADDRESS:
        yield ADDRESS[name]
    if name in DEPENDENTS:
        yield DEPENDENTS[name][0]
    if name in AMOUNTS:
        yield f"{AMOUNTS[name][0]}/schema:value"
    if name == "role":
        yield ROLES[kind]


def _ordered(own: Sequence[str], paths: Sequence[str]) -> Iterator[str]:
    """Our own terms first, unless the table says where they stand."""
    yield from (path for path in own if path not in paths)
    yield from paths


@cache
def _namespaces() -> Sequence[tuple[str, str]]:
    """Aliases, the longest first."""
    return sorted(known()["namespaces"].items(), key=lambda pair: -len(pair[0]))


@cache
def _prefixes() -> Sequence[tuple[str, str]]:
    """Prefixes, the longest namespace first."""
    return sorted((vocab.prefixes() | known()["prefixes"]).items(), key=lambda pair: -len(pair[1]))


@cache
def _kinds() -> Mapping[str, tuple[int, str]]:
    """(rank, kind) by class; the smallest rank is the most specific."""
    ranked = ((one, table["kind"]) for table in known()["class"] for one in table["of"])
    return {one: (rank, kind) for rank, (one, kind) in enumerate(ranked)}


@cache
def _person_segments() -> frozenset[str]:
    return frozenset(known()["persons"]["segments"])


@cache
def _ignored() -> frozenset[str]:
    return listed("ignored") | frozenset(known()["persons"]["terms"])
