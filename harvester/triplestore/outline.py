"""Room: the outline of a SPARQL query: its groups, graphs, paths and calls, read along with the engine.

Text goes in, what `soundness` must know comes out. It accepts more than the grammar, which is the
engine's to check; what it cannot follow it refuses with `Unread`, and never guesses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from harvester.triplestore.lexer import Token, token

DEEPEST = 100
"""Groups inside groups; the engine's own stack holds some thousands, but the time it takes grows faster."""

_VALUES_END = frozenset(("string", "number", "iri", "name", "variable", "tag"))
_CONSTANTS = frozenset(("iri", "name", "string", "number"))
_OPERATORS = frozenset(("=", "<", ">", "!=", "<=", ">=", "&", "|", "+", "-", "/", "!", ","))
_MODIFIERS = {"*": True, "?": True, "+": False}


class Unread(Exception):
    """The token at position `at` cannot be followed: a fault of syntax."""

    at: int = 0


class CallsService(Unread):
    """There is a SERVICE."""


class TooDeep(Unread):
    """More than DEEPEST groups, brackets or paths inside each other."""


@dataclass(frozen=True, slots=True)
class Zero:
    """A path that may have length zero, from or to a constant: the constants as written, and the graph.

    `graph` is an IRI as written, `?` when it is a variable, "" for the default graph.
    """

    constants: tuple[str, ...]
    graph: str


@dataclass(slots=True)
class Outline:
    """What was met on the way; positions count from the beginning of the text."""

    prologue: str = ""
    dataset: list[str] = field(default_factory=list)
    concatenations: list[tuple[int, int]] = field(default_factory=list)
    selecting: list[tuple[str, int, int]] = field(default_factory=list)
    zeros: list[Zero] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    """A group, seen from a `GRAPH ?g` around it: does every solution of the engine bind ?g, and what else."""

    graph: str
    anchored: bool = False
    hollow: bool = False
    selects: bool = False
    certain: set[str] = field(default_factory=set)

    @property
    def binds(self) -> bool:
        return self.anchored or not self.hollow


def outline(query: str) -> Outline:
    """Raises Unread where it cannot be followed."""
    reader = _Reader(query)
    try:
        return reader.read()
    except Unread as error:
        error.at = reader.at
        raise


class _Reader:
    """Recursive descent with one token in hand; `_group` is the innermost one."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._found = Outline()
        self._depth = 0
        self._inside = 0  # brackets of the expression around; none in a group
        self._group = _Group("")
        self._now = token(query, 0)

    def read(self) -> Outline:
        while self._now.word in ("PREFIX", "BASE", "VERSION"):
            while self._now.kind not in ("iri", "string"):
                self._next()
            self._next()
        self._found.prologue = self._query[: self._now.start]
        self._select()
        if self._now.kind != "end":
            raise Unread
        return self._found

    # --- Tokens ---

    @property
    def at(self) -> int:
        """Where the token in hand begins."""
        return self._now.start

    def _next(self, *, compares: bool = False) -> None:
        if self._now.kind == "end":
            raise Unread
        self._now = token(self._query, self._now.start + len(self._now.text), compares=compares)

    def _is(self, mark: str) -> bool:
        return self._now.kind == "mark" and self._now.text == mark

    def _take(self, mark: str) -> None:
        if not self._is(mark):
            raise Unread
        self._next()

    # --- Clauses ---

    def _select(self) -> None:
        """A query form, or what follows SELECT in a group: projection, dataset, pattern, modifiers."""
        if not self._now.word:
            raise Unread
        form = self._now.word
        self._clauses(until=("{", "}"))
        if form == "CONSTRUCT" and self._is("{"):
            self._pattern(_Group(self._group.graph))
            self._clauses(until=("{", "}"))
        if self._is("{"):
            self._pattern(_Group(self._group.graph))
        elif form in ("SELECT", "ASK"):
            raise Unread
        self._clauses(until=("}",))

    def _clauses(self, until: tuple[str, ...]) -> None:
        """Everything up to one of these brackets, or the end."""
        while self._now.kind != "end" and not (self._now.kind == "mark" and self._now.text in until):
            if self._is("{"):
                raise Unread
            if self._is("("):
                self._brackets()
            elif self._now.word == "VALUES":
                self.values()
            elif self._now.word in ("EXISTS", "FROM") or self._calls_by_name():
                self._clause()
            else:
                self._next()

    def _clause(self) -> None:
        if self._now.word == "FROM":
            self._from()
        elif self._now.word == "EXISTS":
            self._exists()
        else:
            self.call()

    def _from(self) -> None:
        start = self._now.start
        self._next()
        if self._now.word == "NAMED":
            self._next()
        self._found.dataset.append(self._query[start : self._now.start + len(self._now.text)])
        self._next()

    def values(self) -> None:
        """`VALUES` with its variables and rows."""
        self._group.hollow = True
        self._next()
        while not self._is("{"):
            self._next()
        while not self._is("}"):
            self._next()
        self._next()

    # --- Groups ---

    def _pattern(self, group: _Group) -> _Group:
        """A group in braces."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise TooDeep
        outer, self._group = self._group, group
        inside, self._inside = self._inside, 0
        self._take("{")
        if self._now.word == "SELECT":
            group.selects = group.hollow = True
            self._select()
        while not self._is("}"):
            self._element()
        self._group, self._inside, self._depth = outer, inside, self._depth - 1
        self._next(compares=inside > 0)
        return group

    def _element(self) -> None:
        if self._now.word in _ELEMENTS:
            _ELEMENTS[self._now.word](self)
        elif self._is("{"):
            self._union()
        elif self._is("."):
            self._next()
        else:
            self._triples()

    def _inner(self, graph: str | None = None) -> _Group:
        """A group inside this one; a subselect in it is one in this."""
        inner = self._pattern(_Group(self._group.graph if graph is None else graph))
        self._group.selects |= inner.selects
        return inner

    def _union(self) -> None:
        branches = [self._inner()]
        while self._now.word == "UNION":
            self._next()
            branches.append(self._inner())
        self._group.anchored |= all(branch.anchored for branch in branches)
        self._group.hollow |= any(branch.hollow and not branch.anchored for branch in branches)
        self._group.certain |= set.intersection(*(branch.certain for branch in branches))

    def optional(self) -> None:
        self._next()
        self._inner()

    def minus(self) -> None:
        self._next()
        inner = self._inner()
        if self._group.graph == "?" and inner.binds and self._group.certain.isdisjoint(inner.certain):
            self._found.faults.append("graph-minus")

    def graph(self) -> None:
        self._next()
        start, named, variable = self.at, self._now.text, self._now.kind == "variable"
        self._next()
        inner = self._inner("?" if variable else named)
        self._group.hollow = True
        if variable and inner.selects:
            self._found.selecting.append((named[1:], start, self.at))
        elif variable and not inner.binds:
            self._found.faults.append("graph-unbound")

    def service(self) -> None:
        raise CallsService

    def filter(self) -> None:
        self._next()
        if self._now.word == "NOT":
            self._next()
        if self._now.word == "EXISTS":
            self._exists()
        elif self._is("("):
            self._brackets()
        else:
            self.call()

    def _exists(self) -> None:
        self._next()
        self._inner()

    # --- Expressions ---

    def _calls_by_name(self) -> bool:
        """True before `name(`, the name being a word, a prefixed name or an IRI."""
        if not self._now.word and self._now.kind not in ("iri", "name"):
            return False
        after = token(self._query, self._now.start + len(self._now.text))
        return after.text == "(" and after.kind == "mark"

    def call(self) -> None:
        called = self._now
        self._next()
        self._brackets(called)

    def _brackets(self, called: Token | None = None) -> None:
        """An expression in brackets, or the arguments of a call."""
        self._depth, self._inside = self._depth + 1, self._inside + 1
        if self._depth > DEEPEST:
            raise TooDeep
        self._take("(")
        if called and called.word == "BNODE" and not self._is(")"):
            self._found.faults.append("labelled-node")
        while not self._is(")"):
            self._part()
        if called and called.word == "GROUP_CONCAT":
            self._found.concatenations.append((called.start, self._now.start + 1))
        self._depth, self._inside = self._depth - 1, self._inside - 1
        self._next(compares=self._inside > 0)

    def _part(self) -> None:
        if self._is("("):
            self._brackets()
        elif self._is("<<"):
            self._triple_term()
        elif self._now.word == "EXISTS":
            self._exists()
        elif self._calls_by_name():
            self.call()
        elif self._is("{") or self._is("}"):
            raise Unread
        else:
            wants_more = self._now.kind == "mark" and self._now.text in _OPERATORS
            self._next(compares=self._now.kind in _VALUES_END or self._now.word in ("TRUE", "FALSE"))
            if wants_more and self._is(")"):
                raise Unread

    # --- Triples ---

    def _triples(self) -> None:
        alone = self._now.kind == "mark"  # a list, a node in brackets, a triple: the only ones that may be
        subject = self._node()
        if not alone and not self._is_verb():
            raise Unread
        self._properties(subject)
        self._group.anchored = True

    def _properties(self, subject: str | None) -> None:
        while self._is_verb():
            zero = self._path()
            self._objects(subject, zero=zero)
            while self._is(";"):
                self._next()

    def _objects(self, subject: str | None, *, zero: bool) -> None:
        while True:
            found = self._node()
            constants = tuple(one for one in (subject, found) if one)
            if zero and constants:
                self._found.zeros.append(Zero(constants, self._group.graph))
            self._annotations()
            if not self._is(","):
                return
            self._next()

    def _annotations(self) -> None:
        while self._is("~") or self._is("{|"):
            if self._is("~"):
                self._next()
                if self._now.kind in ("iri", "name", "variable", "blank"):
                    self._next()
            else:
                self._next()
                self._properties(None)
                self._take("|}")

    def _node(self) -> str | None:
        """A subject or an object; its text when it is a constant."""
        if self._is("["):
            self._next()
            self._properties(None)
            self._take("]")
        elif self._is("("):
            self._next()
            while not self._is(")"):
                self._node()
            self._next()
        elif self._is("<<"):
            self._triple_term()
        else:
            return self._term()
        return None

    def _term(self) -> str | None:
        start = self._now.start
        if self._is("+") or self._is("-"):
            self._next()
        kind = self._now.kind
        if kind == "variable":
            self._group.certain.add(self._now.text[1:])
        elif kind not in _CONSTANTS and kind != "blank" and self._now.word not in ("TRUE", "FALSE"):
            raise Unread
        end = self._now.start + len(self._now.text)
        self._next()
        if kind == "string":
            end = self._typed(end)
        return None if kind in ("variable", "blank") else self._query[start:end]

    def _typed(self, end: int) -> int:
        """The end of a literal with its language or datatype."""
        if self._is("^^"):
            self._next()
        elif self._now.kind != "tag":
            return end
        end = self._now.start + len(self._now.text)
        self._next()
        return end

    def _triple_term(self) -> None:
        self._take("<<")
        bracketed = self._is("(")
        if bracketed:
            self._next()
        self._node()
        self._path()
        self._node()
        self._annotations()
        if bracketed:
            self._take(")")
        self._take(">>")

    # --- Paths ---

    def _is_verb(self) -> bool:
        if self._now.kind in ("iri", "name", "variable") or self._now.word == "A":
            return True
        return self._now.kind == "mark" and self._now.text in ("^", "!", "(")

    def _path(self) -> bool:
        """A verb; True when it may be matched by nothing at all (section 18.4, ZeroLengthPath)."""
        if self._now.kind == "variable":
            self._group.certain.add(self._now.text[1:])
            self._next()
            return False
        return self._alternatives()

    def _alternatives(self) -> bool:
        zero = self._sequence()
        while self._is("|"):
            self._next()
            zero |= self._sequence()
        return zero

    def _sequence(self) -> bool:
        zero = self._step()
        while self._is("/"):
            self._next()
            zero &= self._step()
        return zero

    def _step(self) -> bool:
        while self._is("^") or self._is("!"):
            self._next()
        zero = False
        if self._is("("):
            self._depth += 1
            if self._depth > DEEPEST:
                raise TooDeep
            self._next()
            zero = not self._is(")") and self._alternatives()
            self._take(")")
            self._depth -= 1
        elif self._now.kind in ("iri", "name") or self._now.word == "A":
            self._next()
        else:
            raise Unread
        while self._now.kind == "mark" and self._now.text in _MODIFIERS:
            zero |= _MODIFIERS[self._now.text]
            self._next()
        return zero


_ELEMENTS: dict[str, Callable[[_Reader], None]] = {
    "OPTIONAL": _Reader.optional, "LATERAL": _Reader.optional, "MINUS": _Reader.minus,
    "GRAPH": _Reader.graph, "SERVICE": _Reader.service, "FILTER": _Reader.filter,
    "BIND": _Reader.call, "VALUES": _Reader.values,
}  # fmt: skip
