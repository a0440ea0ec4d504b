"""Room: the shapes' files -> what is wrong with them: all at once, one line each.

Both engines are lenient: a misspelt term, a property shape without a path or a severity they do not
know is accepted and checks nothing, or stops one engine and not the other. The harvester starts with
no such shape. Looks at shapes only, never at records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pyoxigraph as ox

from harvester.errors import ConfigError, Problem, suggestion
from harvester.shapes.graph import shape_files
from harvester.shapes.rules import RULES, Fault, Rule
from harvester.shapes.terms import TARGETS
from harvester.shapes.written import Node, Written, name, written

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


@cache
def refuse_faults() -> None:
    """Look at the house's shapes, once a process.

    Raises:
        ConfigError: they have faults; it carries all of them.
    """
    faults = lint(shape_files())
    if faults:
        raise ConfigError(faults)


def lint(turtle_files: Iterable[Path]) -> list[Problem]:
    """What is wrong with the shapes of these files, by file and line; empty when nothing is.

    Beside a file that cannot be read as Turtle, only what needs no other file is reported.
    """
    whole = written(turtle_files)
    rules = RULES if whole.unreadable else (*RULES, *_RULES_ACROSS)
    found = [
        whole.problem(shape, text, word)
        for shape in whole.shapes
        if whole.types(shape) or not whole.unreadable
        for rule in rules
        for word, text in rule(whole, shape)
    ]
    found += whole.unreadable
    if not found:
        found = list(_engine_faults(whole))
    return sorted(set(found), key=lambda problem: (problem.file, problem.line, problem.text))


# Shapes that call upon each other: all files must have been read


def _defined(whole: Written, shape: Node) -> Iterator[Fault]:
    for term, part in whole.parts(shape):
        word = name(part)
        if not isinstance(part, ox.BlankNode) and part not in whole.shapes:
            yield word, f"no shape '{word}' for sh:{term}; {_near(word, whole.shapes)}"
        elif term == "property" and isinstance(part, ox.NamedNode) and not whole.values(part, "path"):
            yield word, f"sh:property calls upon '{word}', which has no sh:path; use sh:node or add the path"


def _near(word: str, shapes: Iterable[Node]) -> str:
    told = suggestion(word.removeprefix("shape:"), (name(one).removeprefix("shape:") for one in shapes))
    return told if told.startswith("did") else "write it or remove the call"


def _aimed(whole: Written, shape: Node) -> Iterator[Fault]:
    if isinstance(shape, ox.BlankNode) or any(whole.every(shape, TARGETS)):
        return
    if shape not in whole.called:
        yield "", "has no target and no shape calls upon it, so that it checks nothing; aim it or remove it"


def _declared_once(whole: Written, shape: Node) -> Iterator[Fault]:
    kinds = whole.about(shape).get(_TYPE, ())
    if len(kinds) > len(set(kinds)):
        yield "", "is declared twice, and means both together; keep one or rename the other"


def _recursion(whole: Written, shape: Node) -> Iterator[Fault]:
    way = _way_back(whole, shape)
    if way and shape == min(way, key=str):
        told = " → ".join(name(one) for one in (*way, shape))
        yield "", f"calls upon itself: {told}; break the circle"


def _way_back(whole: Written, shape: Node) -> list[Node]:
    """The shortest way from a shape to itself; empty when there is none."""
    ways: list[list[Node]] = [[shape]]
    seen: set[Node] = set()
    for way in ways:
        for _, part in whole.parts(way[-1]):
            if part == shape:
                return way
            if isinstance(part, Node) and part not in seen:
                seen.add(part)
                ways.append([*way, part])
    return []


# The engine's own opinion


def _engine_faults(whole: Written) -> Iterator[Problem]:
    folder = next((path.parent.name for path in whole.texts), "shapes") + "/"
    if not whole.shapes:
        yield Problem(folder, 0, None, "there is no shape, so that nothing would be checked; add the shapes")
    elif find_spec("shacl"):
        import shacl

        try:
            compiled = len(shacl.Shapes.from_turtle("\n".join(whole.texts.values())))
        except ValueError as error:
            told = " ".join(str(error).split())
            yield Problem(folder, 0, None, f"the engine 'shacl' refuses the shapes: {told}; correct them")
        else:
            if compiled != len(whole.shapes):
                told = f"compiles {compiled} shapes of {len(whole.shapes)}"
                yield Problem(folder, 0, None, f"the engine 'shacl' {told}; look for shapes it does not see")


_RULES_ACROSS: tuple[Rule, ...] = (_defined, _aimed, _declared_once, _recursion)
