"""Room: what is looked at, when it is RDF → the things that it describes.

In: what answers at an address. Out: its things, none for what is no RDF. A page, JSON without a context, a
news feed in RDF are none; what is only labelled wrongly is read.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from harvester.connectors._glances import Glances
from harvester.connectors._rdf import ACCEPT
from harvester.connectors._rdf_contexts import Contexts
from harvester.connectors._rdf_file import FORMS, described, opened, written_as
from harvester.connectors._recognition import Look, Seen
from harvester.connectors._things import addresses, text
from harvester.errors import SourceChanged
from harvester.model import IRI, Raw
from harvester.profile.adoption import person, short
from harvester.rdf import Thing, Value

TURTLE = re.compile(rb"(?:\s*#[^\n]*\n)*\s*(?:@prefix|@base|PREFIX\s+[\w-]*:\s*<|BASE\s*<)", re.IGNORECASE)
LINES = re.compile(rb"\s*(?:<[a-z][^>\s]*:[^>\s]*>|_:\S+)\s+<[^>\s]+>\s")
RDF_XML = re.compile(rb"<(?:[\w.-]+:)?RDF[\s>]")
NEWS = b"http://purl.org/rss/1.0/"
START = 1 << 14
"""Bytes that tell how a document is written."""

DC = "http://purl.org/dc/"
TITLE = (f"{DC}terms/title", f"{DC}elements/1.1/title", "http://www.w3.org/2000/01/rdf-schema#label")
LICENCE = (f"{DC}terms/license", f"{DC}terms/rights", "https://schema.org/license")
PUBLISHER = f"{DC}terms/publisher"
NAME = ("http://xmlns.com/foaf/0.1/name", *TITLE)


@dataclass(frozen=True, slots=True)
class About:
    """What a document says of the dataset that it is, or describes."""

    title: str | None = None
    licence: str | None = None
    publisher: str | None = None


def form(seen: Seen) -> str | None:
    """How RDF is written, as the option `format` calls it; None for what is no RDF."""
    start = seen.content[:START]
    stated = written_as(Glances().answer(seen))
    if seen.json is not None:
        return "json-ld" if _is_linked(seen.json) else None
    if RDF_XML.search(start) and seen.soup is None:
        return None if NEWS in start else "rdf-xml"
    if stated is None or stated in (FORMS["json-ld"], FORMS["rdf-xml"]):
        return "turtle" if TURTLE.match(start) else "n-triples" if LINES.match(start) else None
    return next(name for name, one in FORMS.items() if one == stated)


def _is_linked(document: Raw) -> bool:
    """True for JSON that says which terms its names stand for, or what its nodes are called."""
    first = document[0] if isinstance(document, list) and document else document
    return isinstance(first, dict) and not first.keys().isdisjoint({"@context", "@graph", "@id"})


def things(seen: Seen, look: Look) -> Sequence[Thing]:
    """The things that a document describes; none when it is no RDF, or not readable."""
    written = form(seen)
    if written is None:
        return ()
    glances = Glances(look)
    answer = glances.answer(seen)
    contexts = Contexts(partial(glances.ask, accept=ACCEPT), glances)
    with suppress(SourceChanged, ValueError):  # the latter for an address that is none, deep inside
        file = opened(answer, glances, place=seen.url)
        if written == "json-ld":
            deque(contexts.gather(file.body, base=seen.url), maxlen=0)
        return tuple(described(file, form=FORMS[written], contexts=contexts.given))
    return ()


def about(found: Sequence[Thing], classes: Collection[str]) -> About:
    """What is said of things of these classes, by prefixed name; the first that says something wins."""
    those = [one for one in found if not {*map(short, one.classes)}.isdisjoint(classes)]
    publishers = (one for thing in those for one in thing.said.get(IRI(PUBLISHER), ()))
    return About(
        next(filter(None, (text(one, *TITLE) for one in those)), None),
        next((licence for one in those for licence in addresses(one, *LICENCE)), None),
        next(filter(None, (_organisation(one, found) for one in publishers)), None),
    )


def _organisation(value: Value, found: Sequence[Thing]) -> str | None:
    """The name of a publisher; None for a person, or for one who is not described."""
    thing = value if isinstance(value, Thing) else next((one for one in found if one.iri == value), None)
    return text(thing, *NAME) if thing and thing.classes and not person(thing.classes) else None
