"""Room: the shapes as written: who says what, in which file, at which line.

In: Turtle files. Out: one graph in memory, its shapes and the place of each. What is wrong with
them is judged by the linter; only a file that cannot be parsed is a problem here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from harvester.errors import Problem
from harvester.iri import SHAPES
from harvester.shapes.graph import SH
from harvester.shapes.terms import PATHS, SHAPE_LISTS
from harvester.shapes.terms import SHAPES as ONE_SHAPE

Node = ox.NamedNode | ox.BlankNode
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE, _FIRST, _REST, _NIL = _RDF + "type", _RDF + "first", _RDF + "rest", ox.NamedNode(_RDF + "nil")
_KINDS = {ox.NamedNode(SH + "NodeShape"), ox.NamedNode(SH + "PropertyShape")}
_BEGINS = re.compile(r"^(?:\w*:|<[^>]*[#/])([\w.-]*\w)>?\s", re.MULTILINE)


class Malformed(Exception):
    """A list that ends nowhere, forks or goes round."""


@dataclass
class Written:
    """What the files say together; complete before its shapes are first asked for."""

    said: dict[Node, dict[str, list[Term]]] = field(default_factory=dict)
    shacl: dict[Node, dict[str, list[Term]]] = field(default_factory=dict)
    homes: dict[Node, list[Path]] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)
    unreadable: list[Problem] = field(default_factory=list)

    def add(self, path: Path, triple: ox.Triple) -> None:
        """Take in what a file says."""
        node, predicate = triple.subject, triple.predicate.value
        assert isinstance(node, Node)
        self.said.setdefault(node, {}).setdefault(predicate, []).append(triple.object)
        if predicate.startswith(SH):
            term = predicate.removeprefix(SH)
            self.shacl.setdefault(node, {}).setdefault(term, []).append(triple.object)
        homes = self.homes.setdefault(node, [])
        if path not in homes:
            homes.append(path)

    def about(self, node: Term) -> Mapping[str, Sequence[Term]]:
        """What is said of a node: predicate -> objects."""
        return self.said.get(node, {}) if isinstance(node, Node) else {}

    def values(self, node: Term, term: str) -> Sequence[Term]:
        """The values of a SHACL term, named without its prefix."""
        return self.shacl.get(node, {}).get(term, ()) if isinstance(node, Node) else ()

    def every(self, node: Node, terms: AbstractSet[str]) -> Iterator[tuple[str, Term]]:
        """(term, value) for each value of these SHACL terms."""
        about = self.shacl.get(node, {})
        return ((term, value) for term in sorted(about.keys() & terms) for value in about[term])

    def types(self, node: Node) -> set[Term]:
        """The classes of a node."""
        return set(self.about(node).get(_TYPE, ()))

    def members(self, head: Term) -> list[Term]:
        """The members of a list. Raises Malformed."""
        found: list[Term] = []
        seen: set[Term] = set()
        while head != _NIL:
            first, rest = self.about(head).get(_FIRST, ()), self.about(head).get(_REST, ())
            if head in seen or len(first) != 1 or len(rest) != 1:
                raise Malformed
            seen.add(head)
            found.append(first[0])
            head = rest[0]
        return found

    def parts(self, shape: Node) -> Iterator[tuple[str, Term]]:
        """(term, shape) for each shape that this one calls upon; nothing for malformed lists."""
        yield from self.every(shape, ONE_SHAPE)
        for term, head in self.every(shape, SHAPE_LISTS):
            with suppress(Malformed):
                yield from ((term, member) for member in self.members(head))

    @cached_property
    def shapes(self) -> Sequence[Node]:
        """Every node that is a shape: by its type, by what it says, or called upon by one; in file order."""
        own = [node for node in self.said if self._is_shape(node)]
        called = [part for shape in own for _, part in self.parts(shape)]
        return tuple(
            dict.fromkeys([*own, *(one for one in called if isinstance(one, Node) and one in self.said)])
        )

    @cached_property
    def called(self) -> frozenset[Term]:
        """Every shape that another one, or itself, calls upon."""
        return frozenset(part for shape in self.shapes for _, part in self.parts(shape))

    def _is_shape(self, node: Node) -> bool:
        return bool(self.types(node) & _KINDS or self.shacl.get(node, {}).keys() - PATHS)

    def problem(self, shape: Node, text: str, word: str = "") -> Problem:
        """A problem of a shape, at the line of `word` in it, or where it begins."""
        path, line = self._place(shape, word)
        return Problem(_short(path), line, None, f"{name(shape)}: {text}")

    def _place(self, shape: Node, word: str) -> tuple[Path, int]:
        """(file, line): where the shape is declared and, in it, `word` is; line 0 for a nameless shape."""
        for path in self.homes.get(shape, ()):
            text, start = self.texts[path], self._begins(shape, path)
            if start is not None:
                end = next((one.start() for one in _BEGINS.finditer(text, start + 1)), len(text))
                at = text.find(word, start, end)
                return path, text.count("\n", 0, max(at, start)) + 1
        homes = self.homes.get(shape)
        return (homes[0] if homes else next(iter(self.texts), Path())), 0

    def _begins(self, shape: Node, path: Path) -> int | None:
        if isinstance(shape, ox.BlankNode):
            return None
        text, local = self.texts[path], re.split("[#/]", shape.value)[-1]
        found = [one for one in _BEGINS.finditer(text) if one[1] == local]
        declared = [one for one in found if text.startswith("a ", one.end())]
        return next((one.start() for one in (*declared, *found)), None)


def written(files: Iterable[Path]) -> Written:
    """Read the files; one that cannot be parsed is left out and reported."""
    whole = Written()
    for path in files:
        text = path.read_text(encoding="utf-8")
        try:
            triples = [
                quad.triple
                for quad in ox.parse(input=text, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)
            ]
        except SyntaxError as error:
            told = str(error.msg).split(": ", 1)[-1]
            whole.unreadable.append(
                Problem(
                    _short(path), error.lineno or 0, None, f"cannot be read as Turtle: {told}; correct it"
                )
            )
            continue
        whole.texts[path] = text
        for triple in triples:
            whole.add(path, triple)
    return whole


def name(term: Term) -> str:
    """How a term is written to people: `shape:label`, `sh:path`, `<…>`, `"…"`."""
    if isinstance(term, ox.BlankNode):
        return "a nameless node"
    if isinstance(term, ox.NamedNode):
        for prefix, namespace in (("shape", SHAPES), ("sh", SH)):
            if term.value.startswith(namespace):
                return f"{prefix}:{term.value.removeprefix(namespace)}"
    return str(term)


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
