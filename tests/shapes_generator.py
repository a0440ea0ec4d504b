"""Room: records of every class that has shapes, whole or broken; a number in, always the same record out.

Each starts from an example `shapes/*-valid-*.ttl` and gets an IRI of its own; a broken one then goes
through one to three of the mutations below. Examples by hand say what a shape is for; these are to
find where two engines differ. Never random without a seed, never a blank node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random

import pyoxigraph as ox

from harvester.model import IRI

EXAMPLES = Path(__file__).parent / "shapes"
BASE = "http://localhost:8000/id/essai/"
XSD = "http://www.w3.org/2001/XMLSchema#"
PAIR = "http://virtual-assembly.org/ontologies/pair#"
RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")

Triples = list[ox.Triple]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where chance comes from, and how many records there are to refer to."""

    random: Random
    seed: int
    count: int

    def another(self) -> IRI:
        """One of the records."""
        return _begun(self.random.randrange(self.count), self.seed)[0]


def records(
    count: int, *, seed: int, broken: float = 0.3, only: range | None = None
) -> Iterator[tuple[IRI, bytes]]:
    """(IRI, N-Triples) of the records 0 to `count`, or `only` of some of them; a share of them `broken`."""
    numbers = range(count) if only is None else only
    return (_record(number, Drawn(Random(f"{seed}/{number}"), seed, count), broken) for number in numbers)


def _record(number: int, drawn: Drawn, broken: float) -> tuple[IRI, bytes]:
    own, triples = _begun(number, drawn.seed)
    if drawn.random.random() < broken:
        for _ in range(drawn.random.choice((1, 1, 2, 3))):
            triples = drawn.random.choice(MUTATIONS)(drawn, triples) or triples
    return own, ox.serialize(dict.fromkeys(triples), format=ox.RdfFormat.N_TRIPLES)


def _begun(number: int, seed: int) -> tuple[IRI, Triples]:
    """The IRI of a record and an example said of it; what says much is drawn often."""
    (one,) = Random(f"{seed}/{number}/example").choices(examples(), weights=_weights())
    about, example = one
    own = f"{BASE}{number}" if about.startswith("http://localhost:8000/id/") else f"{about}/{number}"
    return IRI(own), _renamed(example, about, own)


@lru_cache(maxsize=1)
def examples() -> Sequence[tuple[str, Triples]]:
    """(IRI, triples) of each thing in the valid examples, in a fixed order."""
    found: dict[tuple[str, str], Triples] = {}
    for path in sorted(EXAMPLES.glob("*-valid-*.ttl")):
        for quad in ox.parse(path=path):
            found.setdefault((path.name, _whole(quad.subject)), []).append(quad.triple)
    return [(about, triples) for (_, about), triples in found.items()]


@lru_cache(maxsize=1)
def _weights() -> Sequence[int]:
    return [len(triples) for _, triples in examples()]


def _whole(node) -> str:
    """The IRI of what a fragment is a part of."""
    return node.value.split("#")[0]


def _renamed(triples: Triples, old: str, own: str) -> Triples:
    """The triples of an example, said of a thing of our own."""

    def named(term):
        if isinstance(term, ox.NamedNode) and _whole(term) == old:
            return ox.NamedNode(own + term.value.removeprefix(old))
        return term

    return [ox.Triple(named(one.subject), one.predicate, named(one.object)) for one in triples]


# Mutations: (drawn, triples) -> triples


def _put(triples: Triples, at: int, *values) -> Triples:
    """The triples with the object of one of them replaced; by none it goes, by several it is repeated."""
    one = triples[at]
    return [
        *triples[:at],
        *(ox.Triple(one.subject, one.predicate, value) for value in values),
        *triples[at + 1 :],
    ]


def _any(drawn: Drawn, triples: Triples, kind=(ox.NamedNode, ox.Literal)) -> int | None:
    """The place of a triple whose object is of a kind; None when there is none. Types are left alone."""
    fit = [at for at, one in enumerate(triples) if isinstance(one.object, kind) and one.predicate != RDF_TYPE]
    return drawn.random.choice(fit) if fit else None


def _drop(drawn: Drawn, triples: Triples) -> Triples:
    return _put(triples, drawn.random.randrange(len(triples)))


def _drop_property(drawn: Drawn, triples: Triples) -> Triples:
    gone = drawn.random.choice(triples)
    return [one for one in triples if (one.subject, one.predicate) != (gone.subject, gone.predicate)]


def _repeat(drawn: Drawn, triples: Triples) -> Triples:
    at = _any(drawn, triples)
    if at is None:
        return triples
    value = triples[at].object
    return _put(triples, at, value, _like(value, f"{value.value}-bis"))


def _like(value, text: str):
    """Another text of the same kind, language and datatype."""
    if isinstance(value, ox.NamedNode):
        return ox.NamedNode(text)
    return _literal(text, value)


def _literal(text: str, like: ox.Literal) -> ox.Literal:
    if like.language:
        return ox.Literal(text, language=like.language)
    return ox.Literal(text, datatype=like.datatype)


def _other_datatype(drawn: Drawn, triples: Triples) -> Triples:
    at = _any(drawn, triples, ox.Literal)
    datatype = ox.NamedNode(
        XSD + drawn.random.choice(("string", "integer", "decimal", "date", "dateTime", "boolean"))
    )
    return (
        triples if at is None else _put(triples, at, ox.Literal(triples[at].object.value, datatype=datatype))
    )


ILL_FORMED = (
    ("dateTime", "2026-13-40T10:00:00Z"), ("dateTime", "2026-02-28"), ("dateTime", "2026-02-28T10:00"),
    ("dateTime", "2026-02-28 10:00:00"), ("dateTime", "demain"), ("dateTime", "2026-02-28T24:00:00Z"),
    ("dateTime", "2026-02-28T10:00:00+15:00"), ("dateTime", "-0044-03-15T10:00:00Z"), ("dateTime", ""),
    ("date", "2026-02-30"), ("date", "28/02/2026"), ("date", "2026"), ("date", "2026-02-28Z"),
    ("date", "2026-02-28T10:00:00Z"), ("decimal", "1e3"), ("decimal", "NaN"), ("decimal", "43,61"), ("decimal", ""),
    ("decimal", "+43.610"), ("decimal", " 43.61 "), ("decimal", "12345678901234567890123456789012345.5"),
    ("integer", "1.0"), ("integer", "x"), ("boolean", "oui"), ("boolean", "1"), ("boolean", "TRUE"),
    ("anyURI", "http://a b"), ("gYear", "26"), ("gYear", "2026"), ("duration", "PT"), ("language", "123456789x"),
)  # fmt: skip


def _ill_formed(drawn: Drawn, triples: Triples) -> Triples:
    """A literal of a datatype found in the record, or of any, in a form that may not be one of it."""
    at = _any(drawn, triples, ox.Literal)
    if at is None:
        return triples
    same = [form for form in ILL_FORMED if XSD + form[0] == triples[at].object.datatype.value]
    datatype, text = drawn.random.choice(same or ILL_FORMED)
    return _put(triples, at, ox.Literal(text, datatype=ox.NamedNode(XSD + datatype)))


TEXTS = (
    "", "x", "é" * 201, "mot " * 1500, "Une <b>chance</b>", "1 < 2", "Écrire à jeanne.dupont@example.org",
    "Appeler le 06 12 34 56 78", "Appeler le +33 6 12 34 56 78", "0467000000", "34000\n", "2026\n", "3400", "P1\n",
    "http://example.org/", "\u00a0", "\U0001f331", "a\tb", "'\"\\", "PT12M30S", "2026-05", "contact@example.org\n",
)  # fmt: skip


def _text(drawn: Drawn, triples: Triples) -> Triples:
    at = _any(drawn, triples, ox.Literal)
    return (
        triples if at is None else _put(triples, at, _literal(drawn.random.choice(TEXTS), triples[at].object))
    )


def _language(drawn: Drawn, triples: Triples) -> Triples:
    at = _any(drawn, triples, ox.Literal)
    if at is None:
        return triples
    text = triples[at].object.value
    tagged = ox.Literal(text, language=drawn.random.choice(("fr", "en", "fr-fr")))
    return _put(
        triples, at, *drawn.random.choice(([ox.Literal(text)], [tagged], [triples[at].object, tagged]))
    )


def _number(drawn: Drawn, triples: Triples) -> Triples:
    numbers = [
        at
        for at, one in enumerate(triples)
        if isinstance(one.object, ox.Literal)
        and one.object.datatype.value.removeprefix(XSD) in ("decimal", "integer", "double")
    ]
    if not numbers:
        return triples
    at = drawn.random.choice(numbers)
    text = drawn.random.choice(("412.5", "-412.5", "0", "-1", "90", "1000000000000"))
    return _put(triples, at, ox.Literal(text, datatype=ox.NamedNode(XSD + "decimal")))


NODES = (
    "urn:example:1", "ftp://example.org/a", "http://", "https://example.org/a", "http://example.org/é", "mailto:a@b.fr",
    "https://w3id.org/archipel/vocab/themes/inconnu", "https://w3id.org/archipel/territoire/commune/99999",
    "https://w3id.org/archipel/vocab/types/amap", "https://w3id.org/archipel/vocab/statuts/annule",
)  # fmt: skip


def _node(drawn: Drawn, triples: Triples) -> Triples:
    at = _any(drawn, triples, ox.NamedNode)
    if at is None:
        return triples
    value = triples[at].object.value
    return _put(
        triples,
        at,
        ox.NamedNode(drawn.random.choice((*NODES, value + "-inconnu", value.replace("http", "htp", 1)))),
    )


def _node_or_text(drawn: Drawn, triples: Triples) -> Triples:
    at = _any(drawn, triples)
    if at is None:
        return triples
    value = triples[at].object
    other = (
        ox.Literal(value.value)
        if isinstance(value, ox.NamedNode)
        else ox.NamedNode(drawn.random.choice(NODES))
    )
    return _put(triples, at, other)


CLASSES = (
    "http://xmlns.com/foaf/0.1/Person",
    PAIR + "Person",
    PAIR + "Organization",
    PAIR + "Place",
    "urn:example:Class",
)


def _class(drawn: Drawn, triples: Triples) -> Triples:
    types = [at for at, one in enumerate(triples) if one.predicate == RDF_TYPE]
    if not types:
        return triples
    at = drawn.random.choice(types)
    added = ox.NamedNode(drawn.random.choice(CLASSES))
    return _put(triples, at, *drawn.random.choice(([added], [triples[at].object, added], [])))


def _of_another(drawn: Drawn, triples: Triples) -> Triples:
    """Something that only another class says."""
    subject = drawn.random.choice(triples).subject
    about, example = drawn.random.choice(examples())
    other = drawn.random.choice(_renamed(example, about, _whole(subject)))
    return [*triples, ox.Triple(subject, other.predicate, other.object)]


def _reference(drawn: Drawn, triples: Triples) -> Triples:
    """A reference to another record instead of what was there."""
    at = _any(drawn, triples, ox.NamedNode)
    return triples if at is None else _put(triples, at, ox.NamedNode(drawn.another()))


MUTATIONS: Sequence[Callable[[Drawn, Triples], Triples]] = (
    _drop, _drop_property, _repeat, _other_datatype, _ill_formed, _ill_formed, _text, _text, _language, _number, _node,
    _node, _node_or_text, _class, _of_another, _reference,
)  # fmt: skip
