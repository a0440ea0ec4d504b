"""Room: the words of a SPARQL query, told apart from strings, IRIs, names and comments.

Tokens after the SPARQL 1.1 grammar, section 19.8, with one exception that the engine makes too: inside
an expression, `<` after a value compares and opens no IRI. The engine parses; this only reads along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<space>(?:[ \t\r\n]|\#[^\r\n]*)+)
    | (?P<string>\"{3}(?:[^"\\]|\\.|"(?!""))*\"{3}|'{3}(?:[^'\\]|\\.|'(?!''))*'{3}
        |"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
    | (?P<iri><(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>)
    | (?P<variable>[?$][\w\u00B7\u203F\u2040]+)
    | (?P<tag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*(?:--[A-Za-z]+)?)
    | (?P<blank>_:\w(?:[\w-]|\.+(?=[\w-]))*)
    | (?P<name>(?:[^\W\d_](?:[\w-]|\.+(?=[\w-]))*)?:(?:[\w:-]|%[0-9A-Fa-f]{2}|\\.|\.+(?=[\w:%\\-]))*)
    | (?P<number>(?:\d+\.\d*|\.?\d+)[eE][+-]?\d+|\d*\.\d+|\d+)
    | (?P<word>[^\W\d]\w*)
    | (?P<mark><<|>>|\^\^|\{\||\|\}|[<>!]=|.)
    """,
    re.DOTALL | re.VERBOSE,
)
_COMPARED = re.compile("<=?")
_CODEPOINT = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_UPDATES = frozenset(["INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"])
_PROLOGUE = frozenset(("PREFIX", "BASE", "VERSION"))
_VOLATILE = frozenset(("NOW", "RAND", "UUID", "STRUUID", "BNODE"))
_MAYBE_VOLATILE = re.compile("|".join(_VOLATILE), re.IGNORECASE)


class Token(NamedTuple):
    """One token; `kind` is a group of the grammar above, or "end"; `word` is in upper case, "" for others."""

    kind: str
    text: str
    start: int
    word: str = ""


def token(query: str, at: int, *, compares: bool = False) -> Token:
    """The token that begins at or after `at`; `compares` when a `<` there cannot open an IRI."""
    space = _TOKEN.match(query, at)
    if space and space.lastgroup == "space":
        at = space.end()
    found = (_COMPARED.match(query, at) if compares else None) or _TOKEN.match(query, at)
    if found is None:
        return Token("end", "", len(query))
    kind = found.lastgroup or "mark"
    return Token(kind, found[0], at, found[0].upper() if kind == "word" else "")


def words(query: str) -> Iterator[str]:
    """The bare words of a query, in upper case, in order; every `<…>` that can be an IRI counts as one."""
    found = token(query, 0)
    while found.kind != "end":
        if found.word:
            yield found.word
        found = token(query, found.start + len(found.text))


def form(query: str) -> str:
    """The first word after the prologue: SELECT, ASK, CONSTRUCT, DESCRIBE, an update; "" without one."""
    return next((word for word in words(query) if word not in _PROLOGUE), "")


def is_update(query: str) -> bool:
    """True when what follows the prologue is an update operation, codepoint escapes decoded."""
    return form(decoded(query)) in _UPDATES


def is_volatile(query: str) -> bool:
    """True when two evaluations on one state may differ: it asks for the time, a random value, a new node."""
    return _MAYBE_VOLATILE.search(query) is not None and not _VOLATILE.isdisjoint(words(query))


def decoded(query: str) -> str:
    """The query with its codepoint escapes replaced (section 19.2)."""

    def char(match: re.Match[str]) -> str:
        number = int(match[1] or match[2], 16)
        return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else match[0]

    return _CODEPOINT.sub(char, query) if "\\" in query else query
