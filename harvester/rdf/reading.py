"""Room: RDF bytes -> statements -> things.

Reads Turtle, TriG, N-Triples, N-Quads, RDF/XML and JSON-LD. Named graphs are read as one, all or those that
are asked for. An IRI that is not valid does not spoil the document: it is mended, or kept as the text it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import quote, urljoin, urlsplit

import pyoxigraph as ox

from harvester.errors import SourceChanged
from harvester.model import IRI
from harvester.rdf import contexts as jsonld
from harvester.rdf import entities
from harvester.rdf.grouping import Graph, Node, grouped
from harvester.rdf.thing import Left, Literal, Thing

LONGEST = 100_000
"""Characters of one literal: a page of text has 3,000, a description may keep 5,000."""

LONGEST_IRI = 4000
"""Characters of one IRI; the limit of most servers."""

MOST = 1_000_000
"""Nodes of one document, so that a document cannot fill the memory."""

_FORMATS: Mapping[str, ox.RdfFormat] = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}
_ALIASES: Mapping[str, str] = {
    "application/x-turtle": "text/turtle",
    "application/turtle": "text/turtle",
    "text/n3": "text/turtle",
    "text/rdf+n3": "text/turtle",
    "application/x-trig": "application/trig",
    "text/x-nquads": "application/n-quads",
    "application/nquads": "application/n-quads",
    "text/nquads": "application/n-quads",
    "application/ntriples": "application/n-triples",
    "text/ntriples": "application/n-triples",
    "text/rdf": "application/rdf+xml",
    "application/rdf": "application/rdf+xml",
    "application/xml": "application/rdf+xml",
    "text/xml": "application/rdf+xml",
    "application/json": "application/ld+json",
    "application/activity+json": "application/ld+json",
}
_SUFFIXES: Mapping[str, str] = {
    ".ttl": "text/turtle",
    ".n3": "text/turtle",
    ".trig": "application/trig",
    ".nt": "application/n-triples",
    ".nq": "application/n-quads",
    ".rdf": "application/rdf+xml",
    ".owl": "application/rdf+xml",
    ".xml": "application/rdf+xml",
    ".jsonld": "application/ld+json",
    ".json": "application/ld+json",
}
_SILENT = frozenset({"", "application/octet-stream", "text/plain", "binary/octet-stream"})
"""Media types that say nothing of what is inside."""

_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.-]+)", re.IGNORECASE)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]+")
_FORBIDDEN = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
_STRING = "http://www.w3.org/2001/XMLSchema#string"
_LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"


def serialisation(media_type: str, address: str = "") -> str | None:
    """The serialisation of RDF in which an answer is written, as its media type; None when it is no RDF.

    A media type that says nothing (`text/plain`, `application/octet-stream`) is told by the end of the
    address. Plain XML and JSON are taken for RDF/XML and JSON-LD: whoever asks expects RDF.
    """
    stated = media_type.partition(";")[0].strip().lower()
    if stated in _SILENT:
        return _SUFFIXES.get(PurePosixPath(urlsplit(address).path).suffix.lower())
    known = _ALIASES.get(stated, stated)
    return known if known in _FORMATS else None


def things(
    content: bytes,
    media_type: str,
    *,
    base: str,
    contexts: Mapping[str, bytes] | None = None,
    graphs: Collection[str] | None = None,
) -> Iterator[Thing]:
    """The things that a document describes, in its order.

    `base` is the address of the document; `contexts` are remote JSON-LD contexts that the caller has kept,
    by address; `graphs` are the named graphs that are read, "" for what is in none, all of them by default.
    Not among the things are nodes without a name that something points to, and fragments of a thing that this
    thing leads to: they stand inside it. What points to nothing and is pointed to by nothing comes too.

    Raises:
        SourceChanged: not RDF, not readable, entities or nesting made to exhaust a reader, a JSON-LD context
            that nobody has, more nodes than we read.
    """
    quads = _statements(content, media_type, base, contexts or {})
    if graphs is not None:
        quads = (quad for quad in quads if _named(quad) in graphs)
    yield from grouped(_graph(quads, base))


def by_graph(
    content: bytes, media_type: str, *, base: str, contexts: Mapping[str, bytes] | None = None
) -> Mapping[str, Sequence[Thing]]:
    """The things that each named graph of a document describes, by its name; "" is what is in none.

    As `things`, for documents whose graphs say different things of one node: versions, snapshots.

    Raises:
        SourceChanged: as `things`.
    """
    found: dict[str, list[ox.Quad]] = {"": []}
    for quad in _statements(content, media_type, base, contexts or {}):
        found.setdefault(_named(quad), []).append(quad)
    return {name: tuple(grouped(_graph(quads, base))) for name, quads in found.items()}


def _statements(
    content: bytes, media_type: str, base: str, contexts: Mapping[str, bytes]
) -> Iterator[ox.Quad]:
    known = serialisation(media_type, base)
    if known is None:
        raise SourceChanged(
            f"{base}: '{media_type}' is no RDF; expected Turtle, TriG, N-Triples, N-Quads, RDF/XML or JSON-LD"
        )
    stated = _CHARSET.search(media_type)
    readable = _readable(content, known, stated[1] if stated else None, base, contexts)
    return _quads(readable, _FORMATS[known], base)


def _readable(
    content: bytes, known: str, charset: str | None, base: str, contexts: Mapping[str, bytes]
) -> bytes:
    """The document as the parser wants it: UTF-8, no remote context, no entity that does harm."""
    if known == "application/rdf+xml":
        return entities.checked(content, charset, where=base)
    if charset and charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        content = entities.decoded(content, charset, where=base).encode()
    content = content.removeprefix(b"\xef\xbb\xbf")
    if known == "application/ld+json":
        return jsonld.written_out(content, base=base, given=contexts)
    return content


def _quads(content: bytes, known: ox.RdfFormat, base: str) -> Iterator[ox.Quad]:
    try:
        for quad in ox.parse(content, format=known, base_iri=base, lenient=True):
            assert isinstance(quad, ox.Quad)
            yield quad
    except (SyntaxError, ValueError) as error:
        raise SourceChanged(f"{base}: not readable as {known.name}: {error}") from error


def _named(quad: ox.Quad) -> str:
    """The graph that a statement is in; "" when it is in none that has a name."""
    return quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else ""


def _graph(quads: Iterable[ox.Quad], base: str) -> Graph:
    graph = Graph()
    for quad in quads:
        subject, predicate = _subject(quad.subject, base), mended(quad.predicate.value)
        if predicate is None:
            graph.leave(subject, Left(None, f"a predicate that is no IRI: '{quad.predicate.value:.80}'"))
            continue
        value = _object(quad.object, predicate)
        if isinstance(value, Left):
            graph.leave(subject, value)
        else:
            graph.say(subject, predicate, value)
        if len(graph.about) > MOST:
            raise SourceChanged(f"{base}: describes more than {MOST} nodes; split it")
    return graph


def _subject(term: ox.NamedNode | ox.BlankNode | ox.Triple, base: str) -> Node:
    assert not isinstance(term, ox.Triple)  # RDF 1.2 has triples as objects only
    if isinstance(term, ox.BlankNode):
        return Node(f"_:{term.value}")
    return Node(mended(term.value) or mended(_joined(base, term.value)) or base)


def _joined(base: str, relative: str) -> str:
    try:
        return urljoin(base, relative)
    except ValueError:  # brackets that hold no address of IPv6
        return ""


def _object(
    term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple, predicate: IRI
) -> Node | Literal | Left:
    if isinstance(term, ox.BlankNode):
        return Node(f"_:{term.value}")
    if isinstance(term, ox.NamedNode):
        iri = mended(term.value)
        return Node(iri) if iri else Literal(term.value)
    if isinstance(term, ox.Triple):
        return Left(predicate, "a statement about a statement")
    if len(term.value) > LONGEST:
        return Left(predicate, f"a text of more than {LONGEST} characters")
    datatype = term.datatype.value
    plain = datatype in (_STRING, _LANG_STRING)
    return Literal(term.value, term.language, None if plain else IRI(datatype))


def mended(iri: str) -> IRI | None:
    """The IRI, with what an IRI may not hold percent-encoded; None when it cannot be one, or is endless."""
    return _mended(iri) if len(iri) <= LONGEST_IRI else None


@lru_cache(maxsize=65536)
def _mended(iri: str) -> IRI | None:
    if _ABSOLUTE.fullmatch(iri):
        return IRI(iri)
    encoded = _FORBIDDEN.sub(lambda found: quote(found[0]), iri.strip())
    return IRI(encoded) if _ABSOLUTE.fullmatch(encoded) else None
