"""Room: the vocabulary as pages and as linked data, from the very triples that are published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyoxigraph as ox
from fastapi import APIRouter
from fastapi.responses import Response

from harvester import iri, vocab
from harvester.profile import full
from harvester.web import statements, words
from harvester.web.graphs import asked_format, constructed, graph
from harvester.web.pages import Visit, Visiting, page
from harvester.web.problems import absent

_TERRITORY = "CONSTRUCT {{ <{area}> ?p ?o }} WHERE {{ GRAPH <{graph}> {{ <{area}> ?p ?o }} }}"

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Entry:
    """A scheme, concept or term as listed: its IRI, the last part of it, its label."""

    address: str
    name: str
    label: str


@router.get("/vocab")
@router.get("/vocab/")
def index(visit: Visiting) -> Response:
    """Every scheme, ours first, and the namespace."""
    own = [_entry(vocab.BASE + name, visit.language) for name in vocab.schemes()]
    aligned = [_entry(f"{vocab.BASE}alignments/{name}", visit.language) for name in vocab.alignments()]
    name = asked_format(visit)
    if name == "html":
        return page(visit, "vocabularies.html", own=own, aligned=aligned)
    return graph(visit, name, vocab.ntriples())


@router.get("/vocab/ns")
def namespace(visit: Visiting) -> Response:
    """Our own classes and properties."""
    terms = sorted(one for one in _subjects() if one.startswith(iri.NS))
    address = iri.NS.removesuffix("#")
    return _shown(visit, address, _about(address), terms)


@router.get("/vocab/territoire/{level}/{code}")
def territory(visit: Visiting, level: str, code: str) -> Response:
    """A commune, département or région."""
    address = iri.territory(level, code)
    known = level in ("commune", "departement", "region") and code.isalnum()
    where = {"graph": iri.graph(visit.base, "territoire"), "area": address}
    triples = constructed(visit, _TERRITORY.format(**where)) if known else b""
    return _shown(visit, address, triples) if triples else _unknown(visit, f"territoire/{level}/{code}")


@router.get("/vocab/{path:path}")
def scheme_or_concept(visit: Visiting, path: str) -> Response:
    """A scheme with its concepts, or one concept."""
    address = vocab.BASE + path
    about = _about(address)
    return _shown(visit, address, about, _members(address)) if about else _unknown(visit, path)


def _unknown(visit: Visit, name: str) -> Response:
    text = visit.say("problem.no-concept", name=name)
    return absent(visit, 404, text, kind="no-concept", advice=visit.say("problem.no-concept-advice"))


def _shown(visit: Visit, address: str, about: bytes, members: Sequence[str] = ()) -> Response:
    """A page on one thing and what belongs to it, or the triples of all these."""
    name = asked_format(visit)
    if name != "html":
        return graph(visit, name, about + b"".join(map(_about, members)))
    said = statements.about(about)
    return page(
        visit,
        "vocabulary.html",
        address=address,
        title=words.label(address, visit.language),
        definitions=_definitions(said, visit.language),
        lines=statements.lines(said, visit.language),
        members=[_entry(one, visit.language) for one in members],
        scheme=next((one.value for one in said.get(full("skos:inScheme"), ())), None),
    )


def _about(address: str) -> bytes:
    quads = words.vocabulary().quads_for_pattern(ox.NamedNode(address), None, None)
    lines = ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES)
    assert lines is not None
    return lines


def _members(scheme: str) -> list[str]:
    member = ox.NamedNode(full("skos:inScheme"))
    quads = words.vocabulary().quads_for_pattern(None, member, ox.NamedNode(scheme))
    return sorted(quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode))


def _subjects() -> set[str]:
    quads = words.vocabulary().quads_for_pattern(None, None, None)
    return {quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)}


def _definitions(said: statements.About, language: str) -> list[statements.Value]:
    """Definitions and comments in the language of the visit, else in any."""
    found = [
        statements.Value(one.value, lang=one.language)
        for name in ("skos:definition", "rdfs:comment", "dcterms:description")
        for one in said.get(full(name), ())
        if isinstance(one, ox.Literal)
    ]
    return [one for one in found if one.lang == language] or found


def _entry(address: str, language: str) -> Entry:
    name = address.rpartition("#")[2].rpartition("/")[2]
    return Entry(address, name, words.label(address, language))
