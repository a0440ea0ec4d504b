"""Room: the questions that the data can answer: what the folder says of each, as pages and as linked data.

A question is an executable of SHACL (`sh:select`, `sh:ask`, `sh:construct`) with a label and a comment in
both languages, in a part of the collection. It is shown, never run here; a link opens it at the endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from textwrap import dedent

import pyoxigraph as ox
from fastapi import APIRouter
from fastapi.responses import Response

from harvester import vocab
from harvester.profile import full
from harvester.web.linked import Topic, linked, unknown
from harvester.web.pages import Visiting

COLLECTION = vocab.BASE + "questions"

_FORMS = ("sh:select", "sh:ask", "sh:construct", "sh:describe")
_QUOTED = re.compile(r"<[^<>\s]*>|\"[^\"]*\"|'[^']*'|#.*")
_USED = re.compile(r"(?<![\w:?$.-])([A-Za-z][\w-]*):")
_DECLARED = re.compile(r"^\s*PREFIX\s+([\w-]*)\s*:", re.IGNORECASE | re.MULTILINE)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `labels` and `comments` by language, `query` as it can be run, `part` an IRI or None."""

    address: str
    labels: Mapping[str, str]
    comments: Mapping[str, str]
    query: str
    part: str | None
    position: int

    @property
    def name(self) -> str:
        """The last part of its IRI, and of its address under `vocab/questions/`."""
        return _local(self.address)


@dataclass(frozen=True, slots=True)
class Part:
    """Questions that go together; `name` is the fragment of its IRI, empty for those that are in no part."""

    name: str
    labels: Mapping[str, str]
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Questions:
    """What a folder says: questions by name, parts in their order, prefixes by the fragment of their IRI."""

    named: Mapping[str, Question]
    parts: Sequence[Part]
    prefixes: Mapping[str, tuple[str, str]]
    store: ox.Store

    def ntriples(self, address: str | None = None) -> bytes:
        """Everything said, or what is said of one IRI."""
        subject = ox.NamedNode(address) if address else None
        quads = self.store.quads_for_pattern(subject, None, None)
        lines = ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES)
        assert lines is not None
        return lines


@cache
def questions() -> Questions:
    """The questions of the vocabulary."""
    return read(vocab.folder() / "questions")


def read(folder: Path) -> Questions:
    """The questions of a folder; none when there is no such folder."""
    store = ox.Store()
    for file in sorted(folder.glob("*.ttl")):
        store.load(path=str(file), format=ox.RdfFormat.TURTLE)
    found = sorted(_questions(store), key=lambda one: (one.position, one.address))
    return Questions(
        named={one.name: one for one in found},
        parts=list(_parts(store, found)),
        prefixes=dict(_prefixes(store)),
        store=store,
    )


@router.get("/vocab/questions")
@router.get("/vocab/questions/")
def every_question(visit: Visiting) -> Response:
    """All of them, with what they ask."""
    found = questions()
    topic = Topic(COLLECTION, found.ntriples())
    return linked(visit, topic, "questions.html", lambda: {"parts": found.parts, "prefixes": found.prefixes})


@router.get("/vocab/questions/{name}")
def one_question(visit: Visiting, name: str) -> Response:
    """One of them, with its query."""
    found = questions().named.get(name)
    if found is None:
        near = get_close_matches(name, questions().named, cutoff=0.5)
        return unknown(visit, f"questions/{name}", [f"questions/{one}" for one in near])
    topic = Topic(found.address, questions().ntriples(found.address))
    return linked(visit, topic, "question.html", lambda: {"question": found})


def runnable(text: str) -> str:
    """A query with the prefixes of the house that it uses and does not declare."""
    bare = dedent(text).strip()
    missing = set(_USED.findall(_QUOTED.sub(" ", bare))) - set(_DECLARED.findall(bare))
    declared = [f"PREFIX {name}: <{space}>" for name, space in vocab.prefixes().items() if name in missing]
    return "\n".join([*declared, bare]) + "\n"


def _questions(store: ox.Store) -> Iterator[Question]:
    for form in _FORMS:
        for quad in store.quads_for_pattern(None, ox.NamedNode(full(form)), None):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
                subject = quad.subject
                yield Question(
                    address=subject.value,
                    labels=_by_language(store, subject, "rdfs:label"),
                    comments=_by_language(store, subject, "rdfs:comment"),
                    query=runnable(quad.object.value),
                    part=_value(store, subject, "schema:isPartOf"),
                    position=int(_value(store, subject, "schema:position") or 0),
                )


def _parts(store: ox.Store, found: Sequence[Question]) -> Iterator[Part]:
    """The parts in their order, those in none first."""
    parts = {one.part for one in found if one.part}
    order = {one: int(_value(store, ox.NamedNode(one), "schema:position") or 0) for one in parts}
    if loose := [one for one in found if not one.part]:
        yield Part("", {}, loose)
    for part in sorted(parts, key=lambda one: (order[one], one)):
        labels = _by_language(store, ox.NamedNode(part), "rdfs:label")
        yield Part(_local(part), labels, [one for one in found if one.part == part])


def _prefixes(store: ox.Store) -> Iterator[tuple[str, tuple[str, str]]]:
    for quad in store.quads_for_pattern(None, ox.NamedNode(full("sh:prefix")), None):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
            space = _value(store, quad.subject, "sh:namespace") or ""
            yield _local(quad.subject.value), (quad.object.value, space)


def _value(store: ox.Store, subject: ox.NamedNode, term: str) -> str | None:
    quads = store.quads_for_pattern(subject, ox.NamedNode(full(term)), None)
    return next((str(getattr(quad.object, "value", "")) for quad in quads), None)


def _by_language(store: ox.Store, subject: ox.NamedNode, term: str) -> dict[str, str]:
    quads = store.quads_for_pattern(subject, ox.NamedNode(full(term)), None)
    said = (quad.object for quad in quads)
    return {one.language or "": one.value for one in said if isinstance(one, ox.Literal)}


def _local(address: str) -> str:
    return address.rpartition("#")[2].rpartition("/")[2]
