"""Room: the words of a SPARQL query, told apart from strings, IRIs, names and comments.

Only enough to refuse what must never run (SERVICE, updates) whatever it hides behind; the
engine parses. Tokens after the SPARQL 1.1 grammar, section 19.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^'\\]|\\.|'(?!''))*\'\'\''''  # long strings
    r"""|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*\'"""  # strings
    r"""|<[^<>"{}|^`\\\x00-\x20]*>"""  # IRIs
    r"""|#[^\n\r]*"""  # comments
    r"""|[?$@]\w+"""  # variables, language tags
    r"""|[^\W\d][\w.-]*?:(?:[\w.-]|%[0-9A-Fa-f]{2}|\\.)*|:[\w.-]*"""  # prefixed names
    r"""|(?P<word>[^\W\d]\w*)""",
    re.DOTALL,
)
_CODEPOINT = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_UPDATES = frozenset(["INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"])
_PROLOGUE = frozenset(("PREFIX", "BASE", "VERSION"))


def words(query: str) -> Iterator[str]:
    """The bare words of a query, in upper case, in order."""
    for token in _TOKEN.finditer(query):
        if word := token["word"]:
            yield word.upper()


def calls_service(query: str) -> bool:
    """True when the query may call another endpoint, codepoint escapes decoded or not."""
    return any("SERVICE" in words(text) for text in (query, _decoded(query)))


def is_update(query: str) -> bool:
    """True when what follows the prologue is an update operation."""
    first = next((word for word in words(_decoded(query)) if word not in _PROLOGUE), "")
    return first in _UPDATES


def _decoded(query: str) -> str:
    def char(match: re.Match[str]) -> str:
        number = int(match[1] or match[2], 16)
        return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else match[0]

    return _CODEPOINT.sub(char, query)
