"""Room: what the shared vocabulary names, and where each name is shown: IRI <-> path of its page.

The published N-Triples come in, and the files for the order they are written in, which is the order
people read. IRIs and paths go out; nothing here speaks a language or knows a route's answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote

import pyoxigraph as ox

from harvester import iri, vocab
from harvester.profile import full
from harvester.web import words

ONTOLOGY = iri.NS.removesuffix("#")
SHAPES = iri.SHAPES.removesuffix("#")

TERRITORY = iri.ROOT + "territoire/"

_TYPE = full("rdf:type")
_MATCHES = ("skos:exactMatch", "skos:closeMatch", "skos:broadMatch", "skos:narrowMatch", "skos:relatedMatch")


@dataclass(frozen=True, slots=True)
class Scheme:
    """A concept scheme: its path under `vocab/`, its IRI, what is in it in file order."""

    path: str
    address: str
    members: tuple[str, ...]


@cache
def schemes() -> tuple[Scheme, ...]:
    """Our schemes, by name."""
    return tuple(_scheme("schemes", name, name) for name in vocab.schemes())


@cache
def alignments() -> tuple[Scheme, ...]:
    """The schemes of partners, by name."""
    return tuple(_scheme("alignments", name, f"alignments/{name}") for name in vocab.alignments())


@cache
def terms() -> tuple[str, ...]:
    """Our own classes and properties, in file order."""
    return tuple(one for file in sorted(vocab.folder().glob("*.ttl")) for one in _own(file))


@cache
def names() -> Mapping[str, str]:
    """Path under `vocab/` (decoded) -> IRI, of everything that has a page there by its own name."""
    versions = objects(ONTOLOGY, "owl:versionIRI")  # of the version served; older ones are in its history
    found = {"ns": ONTOLOGY} | {one.removeprefix(iri.ROOT): ONTOLOGY for one in versions}
    found |= {f"ns/{term.removeprefix(iri.NS)}": term for term in terms()}
    for scheme in (*schemes(), *alignments()):
        found[scheme.path] = scheme.address
        for member in scheme.members:
            found.setdefault(_path_in(scheme, member), member)
    return found


def path(address: str) -> str | None:
    """The path of our page on an IRI, ready for a link; None when the IRI is not of the shared vocabulary.

    A concept that others minted has its page in our scheme, under its notation.
    """
    known = _paths().get(address)
    if known is not None:
        return known
    for start, shown in (
        (iri.NS, "vocab/ns#"),
        (ONTOLOGY + "/", "vocab/ns/"),
        (iri.SHAPES, "vocab/shapes#"),
        (SHAPES + "/", "vocab/shapes/"),
        (vocab.BASE, "vocab/"),
        (TERRITORY, "vocab/territoire/"),
    ):
        if address.startswith(start):
            return shown + address.removeprefix(start)
    return {SHAPES: "vocab/shapes", iri.ROOT: "vocab/"}.get(address)


def nearest(name: str) -> list[str]:
    """Paths under `vocab/` that resemble one that is not known, the likeliest first; may be empty."""
    above = [one for one in (name.rpartition("/")[0],) if one in names()]
    return list(dict.fromkeys([*get_close_matches(name, names(), n=3, cutoff=0.7), *above]))


def scheme(address: str) -> Scheme | None:
    """The scheme of an IRI, ours or a partner's."""
    return _by_address().get(address)


def scheme_of(concept: str) -> Scheme | None:
    """The first of our schemes, or of the partners', that a concept is in."""
    return _home().get(concept)


def about(address: str) -> bytes:
    """What the vocabulary says of an IRI, as N-Triples; empty when it says nothing."""
    quads = words.vocabulary().quads_for_pattern(ox.NamedNode(address), None, None)
    lines = ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES)
    assert lines is not None
    return lines


def objects(address: str, term: str) -> list[str]:
    """The values of a property (prefixed name) of an IRI, as text."""
    quads = words.vocabulary().quads_for_pattern(ox.NamedNode(address), ox.NamedNode(full(term)), None)
    return [quad.object.value for quad in quads if isinstance(quad.object, ox.NamedNode | ox.Literal)]


def pointing(address: str, term: str) -> list[str]:
    """What points at an IRI by a property (prefixed name), in file order."""
    quads = words.vocabulary().quads_for_pattern(None, ox.NamedNode(full(term)), ox.NamedNode(address))
    found = {quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)}
    return sorted(found, key=lambda one: (_order().get(one, len(_order())), one))


def aligned(address: str) -> dict[str, list[str]]:
    """What is aligned with a concept, by IRI of its scheme: ours first, then those of partners."""
    found = {one for match in _MATCHES for one in pointing(address, match)}
    by_scheme = {
        each.address: [one for one in each.members if one in found] for each in (*schemes(), *alignments())
    }
    return {each: members for each, members in by_scheme.items() if members}


def is_property(term: str) -> bool:
    """True for a property of ours, false for a class."""
    return any(kind.endswith("Property") for kind in objects(term, "rdf:type"))


def tree(members: Sequence[str]) -> list[tuple[str, int]]:
    """Concepts with their depth, each under its broader one, else as they come."""
    inside = set(members)
    under: dict[str | None, list[str]] = {}
    for one in members:
        above = next((each for each in objects(one, "skos:broader") if each in inside), None)
        under.setdefault(above, []).append(one)
    return list(_walk(under, None, 0))


def _walk(
    under: Mapping[str | None, Sequence[str]], top: str | None, depth: int
) -> Iterator[tuple[str, int]]:
    for one in under.get(top, ()):
        yield one, depth
        yield from _walk(under, one, depth + 1)


def _scheme(kind: str, name: str, shown: str) -> Scheme:
    address, members = vocab.BASE + shown, []
    for quad in ox.parse(path=vocab.folder() / kind / f"{name}.ttl"):
        if quad.predicate.value == _TYPE and quad.object == ox.NamedNode(full("skos:ConceptScheme")):
            address = str(getattr(quad.subject, "value", address))
        elif quad.predicate.value == full("skos:inScheme") and isinstance(quad.subject, ox.NamedNode):
            members.append(quad.subject.value)
    return Scheme(shown, address, tuple(dict.fromkeys(members)))


def _own(file: Path) -> Iterator[str]:
    """Terms of our namespace that a file types, in its order."""
    kinds = (quad.subject for quad in ox.parse(path=file) if quad.predicate.value == _TYPE)
    found = dict.fromkeys(one.value for one in kinds if isinstance(one, ox.NamedNode))
    return (one for one in found if one.startswith(iri.NS))


def _path_in(scheme: Scheme, member: str) -> str:
    if member.startswith(vocab.BASE):
        return unquote(member.removeprefix(vocab.BASE))
    notation = next(iter(objects(member, "skos:notation")), member.rpartition("/")[2])
    return f"{scheme.path}/{notation}"


@cache
def _paths() -> Mapping[str, str]:
    return {
        address: "vocab/" + quote(name, safe="/-._~") for name, address in reversed(list(names().items()))
    }


@cache
def _order() -> Mapping[str, int]:
    listed = [one for each in (*schemes(), *alignments()) for one in (each.address, *each.members)]
    return {one: i for i, one in enumerate(dict.fromkeys([*terms(), *listed]))}


@cache
def _by_address() -> Mapping[str, Scheme]:
    return {each.address: each for each in (*alignments(), *schemes())}


@cache
def _home() -> Mapping[str, Scheme]:
    return {member: each for each in reversed((*schemes(), *alignments())) for member in each.members}
