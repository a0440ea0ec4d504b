"""Room: the shapes graph -> what each shape aims at, checks and says, for people to read.

The Turtle of the shapes comes in; shapes go out, in file order, with their constraints as they are written:
pages and the reference find the words for them. Nothing is checked here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

import pyoxigraph as ox

from harvester import iri, shapes
from harvester.profile import full
from harvester.web import terms, words
from harvester.web.statements import Line, Value

Term = ox.NamedNode | ox.Literal | ox.BlankNode
Said = Mapping[str, Sequence[Term]]

_SH = "http://www.w3.org/ns/shacl#"
_FEW = 6  # more of them are told by the shape itself
_TARGETS = ("targetClass", "targetSubjectsOf", "targetObjectsOf", "targetNode")
_ELSEWHERE = frozenset(
    {*_TARGETS, *("message", "severity", "path", "property", "minCount", "maxCount", "name", "description")}
)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One shape, itself and no other.

    A property shape has a `path`: an IRI, or "" for a path of several steps. `targets` are (kind of target,
    IRI); `parts` are the property shapes of a node shape; `constraints` are SHACL's own words (`pattern`)
    with their values, lists unrolled.
    """

    address: str
    path: str | None
    targets: Sequence[tuple[str, str]]
    parts: Sequence[str]
    severity: str
    messages: Mapping[str, str]
    constraints: Mapping[str, Sequence[Term]]
    concealing: bool

    @property
    def name(self) -> str:
        """The local name: its anchor, and the code of its findings."""
        return self.address.removeprefix(iri.SHAPES)

    @property
    def least(self) -> int:
        """How many values there must be."""
        return self._count("minCount") or 0

    @property
    def most(self) -> int | None:
        """How many values there may be; None without limit."""
        return self._count("maxCount")

    def _count(self, name: str) -> int | None:
        return next((int(one.value) for one in self.constraints.get(name, ())), None)


@cache
def all_shapes() -> Mapping[str, Shape]:
    """Every shape by IRI, in file order."""
    quads = list(ox.parse(shapes.shapes_turtle().encode(), format=ox.RdfFormat.TURTLE))
    said: dict[Term, dict[str, list[Term]]] = {}
    for quad in quads:
        if not isinstance(quad.subject, ox.Triple) and not isinstance(quad.object, ox.Triple):
            said.setdefault(quad.subject, {}).setdefault(quad.predicate.value, []).append(quad.object)
    kinds = {ox.NamedNode(_SH + "NodeShape"), ox.NamedNode(_SH + "PropertyShape")}
    found = (one for one in said if kinds & set(said[one].get(full("rdf:type"), ())))
    return {one.value: _shape(one.value, said[one], said) for one in found if isinstance(one, ox.NamedNode)}


def version() -> str | None:
    """The version of the shapes."""
    quads = ox.parse(shapes.shapes_turtle().encode(), format=ox.RdfFormat.TURTLE)
    wanted = ox.NamedNode(terms.SHAPES), ox.NamedNode(full("owl:versionInfo"))
    said = (quad.object for quad in quads if (quad.subject, quad.predicate) == wanted)
    return next((one.value for one in said if isinstance(one, ox.Literal)), None)


def constraining(address: str) -> list[Shape]:
    """The shapes that say something of a term, a concept or a scheme, in file order."""
    return [shape for shape in all_shapes().values() if _concerns(shape, address)]


def aimed_at(classes: Sequence[str]) -> list[Shape]:
    """The node shapes that aim at one of these classes."""
    wanted = {("targetClass", one) for one in classes}
    return [shape for shape in all_shapes().values() if wanted & set(shape.targets)]


def takes(shape: Shape) -> list[str]:
    """What a property takes, as IRIs: schemes, datatypes, classes or a few values; empty when not said."""
    found = [one.value for name in ("datatype", "class") for one in _named(shape, name)]
    listed = [one.value for one in _named(shape, "in")]
    homes = [home.address for home in map(terms.scheme_of, listed) if home]
    few = [] if homes or len(listed) > _FEW else listed
    names = (one.value for name in ("or", "xone", "and", "node") for one in _named(shape, name))
    inner = chain.from_iterable(takes(all_shapes()[name]) for name in names if name in all_shapes())
    return list(dict.fromkeys([*found, *homes, *few, *inner]))


def checks(shape: Shape, language: str) -> list[Line]:
    """What a shape checks beside the number of values, one line for each constraint."""
    names = (name for name in shape.constraints if name not in _ELSEWHERE)
    return [Line(name, f"sh:{name}", list(_values(shape, name, language))) for name in names]


def _values(shape: Shape, name: str, language: str) -> Iterator[Value]:
    """The values of a constraint; the concepts of a scheme that are all there are told by the scheme."""
    whole = _whole_schemes([one.value for one in _named(shape, name)]) if name == "in" else []
    yield from (Value(words.label(one, language), one) for one in whole)
    told = {concept for one in whole for concept in _concepts()[one]}
    for one in shape.constraints[name]:
        if not isinstance(one, ox.NamedNode):
            yield from () if one.value == "true" else (Value(one.value),)  # said by the word itself
        elif one.value not in told:
            yield Value(words.short(one.value).removeprefix("shape:"), one.value)


def _shape(address: str, said: Said, graph: Mapping[Term, Said]) -> Shape:
    own = {name.removeprefix(_SH): values for name, values in said.items() if name.startswith(_SH)}
    unrolled = {name: list(chain.from_iterable(_unrolled(one, graph) for one in own[name])) for name in own}
    messages = (one for one in own.get("message", ()) if isinstance(one, ox.Literal))
    paths = own.get("path")
    return Shape(
        address=address,
        path=None if not paths else paths[0].value if isinstance(paths[0], ox.NamedNode) else "",
        targets=[(name, one.value) for name in _TARGETS for one in own.get(name, ())],
        parts=[one.value for one in own.get("property", ())],
        severity=own["severity"][0].value.removeprefix(_SH) if "severity" in own else "Violation",
        messages={one.language or "": one.value for one in messages},
        constraints=unrolled,
        concealing=any(one.value == "true" for one in said.get(iri.term("concealsValue"), ())),
    )


def _unrolled(head: Term, graph: Mapping[Term, Said]) -> Iterator[Term]:
    """The members of a list; a term that is no list is itself."""
    first, rest = full("rdf:first"), full("rdf:rest")
    while isinstance(head, ox.BlankNode) and first in graph[head]:
        yield graph[head][first][0]
        head = graph[head][rest][0]
    if head != ox.NamedNode(full("rdf:nil")):
        yield head


def _named(shape: Shape, name: str) -> list[ox.NamedNode]:
    return [one for one in shape.constraints.get(name, ()) if isinstance(one, ox.NamedNode)]


def _concerns(shape: Shape, address: str) -> bool:
    values = [one.value for name in ("in", "class", "hasValue") for one in _named(shape, name)]
    aimed = (one for _, one in shape.targets)
    return address in (shape.path, *values, *aimed) or address in _whole_schemes(values)


def _whole_schemes(listed: Sequence[str]) -> list[str]:
    """Our schemes whose concepts are all in a list."""
    there = set(listed)
    homes = dict.fromkeys(home.address for home in map(terms.scheme_of, listed) if home)
    return [home for home in homes if _concepts().get(home, there | {""}) <= there]


@cache
def _concepts() -> Mapping[str, frozenset[str]]:
    """The concepts of each of our schemes, without its collections."""
    kind = full("skos:Concept")
    return {
        each.address: frozenset(one for one in each.members if kind in terms.objects(one, "rdf:type"))
        for each in terms.schemes()
    }
