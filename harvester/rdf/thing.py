"""Room: what RDF says, as plain values: a thing, its classes, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harvester.model import IRI


@dataclass(frozen=True, slots=True)
class Literal:
    """A text as written, with its language tag or its datatype; a plain string has neither."""

    text: str
    language: str | None = None
    datatype: IRI | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A statement that was left out: its predicate (None when that is not known), and why."""

    predicate: IRI | None
    reason: str


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that a document describes.

    `iri` is None when the document gives it no name. `classes` and the values of `said` are in the order of
    the document, each once. A value that is a Thing has no name of its own, or is a fragment of the thing
    that holds it; a value that is an IRI is a reference, whether or not it is described elsewhere.
    """

    iri: IRI | None
    classes: tuple[IRI, ...]
    said: Mapping[IRI, tuple[Value, ...]]
    left: tuple[Left, ...] = ()


Value = Literal | IRI | Thing
