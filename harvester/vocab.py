"""Room: the vocabulary, from data files to Python.

In come the Turtle and TOML files of `vocab/` (and the names of `shapes/`); out go prefixes, concepts,
alignments, licences and the N-Triples of the vocabulary graph. It never writes, never fetches, reads
a file when first asked and never at import, and does not read `vocab/territoire/`.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import pyoxigraph as ox

from harvester.model import IRI

BASE = "https://w3id.org/archipel/vocab/"
SKOS = "http://www.w3.org/2004/02/skos/core#"
OWL = "http://www.w3.org/2002/07/owl#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
ARCHIPEL = "https://w3id.org/archipel/ns#"

Statements = Mapping[str, Mapping[str, tuple[ox.NamedNode | ox.Literal, ...]]]
"""What a file says: subject → predicate → objects, in file order."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept of a scheme. `labels` and `definitions` map a language tag to a text.

    `top` is the top concept it descends from (itself when it is one, None when it hangs nowhere).
    All tuples are sorted and may be empty: `broader` are its wider concepts in the scheme, `themes` the
    themes it counts under (none: it fits all), `exact` the terms of others that mean the same, `classes`
    those its records get as well. A deprecated concept is still accepted, and not offered any more.
    """

    iri: IRI
    notation: str
    labels: Mapping[str, str]
    definitions: Mapping[str, str]
    top: IRI | None
    broader: tuple[IRI, ...]
    themes: tuple[IRI, ...]
    exact: tuple[IRI, ...]
    classes: tuple[IRI, ...]
    deprecated: bool


@dataclass(frozen=True, slots=True)
class Licence:
    """Conditions of reuse. `url` is the text of the licence, None when there is none to link to."""

    notation: str
    iri: IRI
    url: str | None
    label: Mapping[str, str]
    attribution: bool
    publishable: bool


def folder() -> Path:
    """The `vocab/` folder: beside the package in a checkout, inside it in a wheel."""
    return _data_folder("vocab")


def shapes_folder() -> Path:
    """The `shapes/` folder: beside the package in a checkout, inside it in a wheel."""
    return _data_folder("shapes")


@lru_cache(maxsize=1)
def prefixes() -> Mapping[str, str]:
    """The one prefix table: prefix → namespace, in file order."""
    text = (folder() / "prefixes.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


def schemes() -> tuple[str, ...]:
    """Names of our schemes, sorted."""
    return _names("schemes")


def alignments() -> tuple[str, ...]:
    """Names of the partner schemes aligned with ours, sorted."""
    return _names("alignments")


@lru_cache(maxsize=128)
def scheme(name: str) -> Mapping[str, Concept]:
    """Concepts of one of our schemes by id, and by notation where that is another word.

    The id is the last part of the IRI, also where the IRI is not ours (SDG goals, schema.org).

    Raises:
        LookupError: no such scheme; the message lists the known ones.
    """
    statements = _statements(_file("schemes", name))
    concepts = [_concept(subject, statements) for subject in _concept_iris(statements)]
    by_notation = {concept.notation: concept for concept in concepts}
    by_id = {concept.iri.rpartition("/")[2]: concept for concept in concepts}
    return MappingProxyType(by_notation | by_id)


@lru_cache(maxsize=128)
def alignment(name: str) -> Mapping[str, tuple[IRI, ...]]:
    """Our concepts, of any scheme, for each category of a partner, by notation and by unambiguous label.

    The tuple is sorted; it is empty for a category that is known but wider than our concepts. A label
    carried by several categories counts when all of them have the same matches; a notation always wins.

    Raises:
        LookupError: no such alignment; the message lists the known ones.
    """
    statements = _statements(_file("alignments", name))
    by_notation: dict[str, tuple[IRI, ...]] = {}
    by_label: dict[str, set[tuple[IRI, ...]]] = {}
    for subject in _concept_iris(statements):
        matches = _iris(statements, subject, SKOS + "broadMatch")
        by_notation[_text(statements, subject, SKOS + "notation")] = matches
        for label in _category_labels(statements, subject):
            by_label.setdefault(label, set()).add(matches)
    unambiguous = {label: next(iter(found)) for label, found in by_label.items() if len(found) == 1}
    return MappingProxyType(unambiguous | by_notation)


@lru_cache(maxsize=1)
def licences() -> Mapping[str, Licence]:
    """Licences by notation: an SPDX identifier, `permission` or `unknown`."""
    statements = _statements(_file("schemes", "licences"))
    found = (_licence(subject, statements) for subject in _concept_iris(statements))
    return MappingProxyType({licence.notation: licence for licence in found})


def licence_of(stated: str) -> str | None:
    """The notation of a licence stated by its notation or by an address we know; None for any other."""
    return _stated_licences().get(_bare(stated))


@lru_cache(maxsize=1)
def ntriples() -> bytes:
    """Ontology, schemes, alignments and questions as sorted canonical N-Triples, no double, no blank node."""
    published = (*_turtle_files(), *sorted((folder() / "questions").glob("*.ttl")))
    triples = (triple for path in published for triple in _triples(path))
    lines = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    assert lines is not None
    return b"".join(sorted(set(lines.splitlines(keepends=True))))


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """SHA-256 (hex) of what turns records into triples and findings: vocabulary, shapes, adoption of RDF.

    Prose, questions, licences and our own JSON-LD context do not count: changing them changes no triple.
    """
    digest = hashlib.sha256()
    tables = (
        folder() / "prefixes.toml",
        folder() / "adoption.toml",
        *sorted((folder() / "contexts").iterdir()),
    )
    for path in (*tables, *_turtle_files(), *sorted(shapes_folder().glob("*.ttl"))):
        content = path.read_bytes()
        digest.update(f"{path.parent.name}/{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _data_folder(name: str) -> Path:
    package = Path(__file__).parent
    shipped = package / "_shipped" / name
    return shipped if shipped.is_dir() else package.parent / name


def _names(kind: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (folder() / kind).glob("*.ttl")))


def _file(kind: str, name: str) -> Path:
    known = _names(kind)
    if name not in known:
        noun = kind.removesuffix("s")
        raise LookupError(f"vocab/{kind}: no {noun} '{name}'; known: {', '.join(known)}")
    return folder() / kind / f"{name}.ttl"


def _turtle_files() -> list[Path]:
    found = folder()
    groups = (found.glob("*.ttl"), (found / "schemes").glob("*.ttl"), (found / "alignments").glob("*.ttl"))
    return sorted(path for group in groups for path in group)


def _triples(path: Path) -> Iterator[ox.Triple]:
    return (quad.triple for quad in ox.parse(path=path))


def _statements(path: Path) -> Statements:
    found: dict[str, dict[str, tuple[ox.NamedNode | ox.Literal, ...]]] = {}
    for triple in _triples(path):
        subject, value = triple.subject, triple.object
        assert isinstance(subject, ox.NamedNode), f"{path.name}: blank nodes are not published"
        assert isinstance(value, ox.NamedNode | ox.Literal)
        about = found.setdefault(subject.value, {})
        about[triple.predicate.value] = (*about.get(triple.predicate.value, ()), value)
    return found


def _concept_iris(statements: Statements) -> list[str]:
    concept = ox.NamedNode(SKOS + "Concept")
    return [subject for subject, about in statements.items() if concept in about.get(RDF + "type", ())]


def _iris(statements: Statements, subject: str, predicate: str) -> tuple[IRI, ...]:
    return tuple(sorted(IRI(value.value) for value in statements[subject].get(predicate, ())))


def _text(statements: Statements, subject: str, predicate: str) -> str:
    return statements[subject][predicate][0].value


def _texts(statements: Statements, subject: str, predicate: str) -> list[str]:
    return [value.value for value in statements[subject].get(predicate, ())]


def _by_language(statements: Statements, subject: str, predicate: str) -> Mapping[str, str]:
    values = statements[subject].get(predicate, ())
    return {value.language or "": value.value for value in _literals(values)}


def _literals(values: Iterable[ox.NamedNode | ox.Literal]) -> Iterator[ox.Literal]:
    return (value for value in values if isinstance(value, ox.Literal))


def _category_labels(statements: Statements, subject: str) -> Iterator[str]:
    for predicate in (SKOS + "prefLabel", SKOS + "altLabel"):
        yield from _texts(statements, subject, predicate)


def _concept(subject: str, statements: Statements) -> Concept:
    matches = _iris(statements, subject, SKOS + "broadMatch")
    return Concept(
        iri=IRI(subject),
        notation=_text(statements, subject, SKOS + "notation"),
        labels=_by_language(statements, subject, SKOS + "prefLabel"),
        definitions=_by_language(statements, subject, SKOS + "definition"),
        top=_top(subject, statements),
        broader=_iris(statements, subject, SKOS + "broader"),
        themes=tuple(iri for iri in matches if iri.startswith(BASE + "themes/")),
        exact=_iris(statements, subject, SKOS + "exactMatch"),
        classes=_iris(statements, subject, ARCHIPEL + "impliesClass"),
        deprecated="true" in _texts(statements, subject, OWL + "deprecated"),
    )


def _top(subject: str, statements: Statements) -> IRI | None:
    if SKOS + "topConceptOf" in statements[subject]:
        return IRI(subject)
    broader = _iris(statements, subject, SKOS + "broader")
    return _top(broader[0], statements) if broader else None


def _licence(subject: str, statements: Statements) -> Licence:
    pages = _iris(statements, subject, RDFS + "seeAlso")
    return Licence(
        notation=_text(statements, subject, SKOS + "notation"),
        iri=IRI(subject),
        url=pages[0] if pages else None,
        label=_by_language(statements, subject, SKOS + "prefLabel"),
        attribution=_text(statements, subject, ARCHIPEL + "attributionRequired") == "true",
        publishable=_text(statements, subject, ARCHIPEL + "publishable") == "true",
    )


@lru_cache(maxsize=1)
def _stated_licences() -> Mapping[str, str]:
    statements = _statements(_file("schemes", "licences"))
    found: dict[str, str] = {}
    for licence in licences().values():
        stated = [licence.notation, licence.url or "", *_texts(statements, licence.iri, SKOS + "hiddenLabel")]
        found.update((_bare(one), licence.notation) for one in stated if one)
    return found


def _bare(address: str) -> str:
    return address.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/")
