"""Room: writing N-Triples in the one form the store keeps.

Python values come in, N-Triples text goes out, in canonical lexical forms: what is written here
is byte for byte what the store gives back, or patches would never converge
(tests/test_canonical.py compares with a real store). It never reads RDF and never mints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

XSD = "http://www.w3.org/2001/XMLSchema#"

_SPECIAL = re.compile(r'[\x00-\x1f"\\\x7f]')
_ESCAPES = {
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
    '"': '\\"',
    "\\": "\\\\",
}


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    return _ESCAPES.get(char) or f"\\u{ord(char):04X}"


def node(iri: str) -> str:
    """An IRI as an N-Triples term; the IRI must already be valid (cleaning, minting)."""
    return f"<{iri}>"


def string(text: str, language: str | None = None) -> str:
    """A plain string, or a language-tagged one (tags are lower-cased, as the store does)."""
    quoted = f'"{_SPECIAL.sub(_escaped, text)}"'
    return f"{quoted}@{language.lower()}" if language else quoted


def typed(lexical: str, datatype: str) -> str:
    """A literal of an XSD datatype given by its local name; `lexical` must be canonical."""
    return f'"{lexical}"^^<{XSD}{datatype}>'


def boolean(value: bool) -> str:  # a literal has one value, and this is it
    """An xsd:boolean."""
    return typed("true" if value else "false", "boolean")


def integer(value: int) -> str:
    """An xsd:integer."""
    return typed(str(value), "integer")


def decimal(value: Decimal) -> str:
    """An xsd:decimal without trailing zeros: 48.850000 is written 48.85, 1.0 is written 1."""
    lexical = f"{value:f}"
    if "." in lexical:
        lexical = lexical.rstrip("0").rstrip(".")
    return typed("0" if lexical in ("-0", "") else lexical, "decimal")


def moment(value: date | datetime) -> str:
    """An xsd:date, or an xsd:dateTime that keeps its offset (UTC is written Z).

    Raises:
        ValueError: a datetime without an offset has no place in the data.
    """
    if not isinstance(value, datetime):
        return typed(value.isoformat(), "date")
    if value.tzinfo is None:
        raise ValueError(f"datetime '{value}' has no offset; attach the source's time zone first")
    lexical = value.isoformat()
    if "." in lexical:
        head, tail = lexical.split(".")
        lexical = f"{head}.{tail[:6].rstrip('0')}{tail[6:]}".replace(".+", "+").replace(".-", "-")
    return typed(lexical.replace("+00:00", "Z"), "dateTime")


def utc(value: datetime) -> datetime:
    """The same instant in UTC, to the second: how our own book-keeping tells the time."""
    return value.astimezone(UTC).replace(microsecond=0)


def lines(triples: Iterable[str]) -> bytes:
    """Sorted, distinct N-Triples lines as UTF-8 bytes; empty bytes for no triples."""
    distinct = sorted(set(triples))
    return ("\n".join(distinct) + "\n").encode() if distinct else b""


def in_graph(ntriples: bytes, graph: str) -> bytes:
    """N-Triples as N-Quads: inside a literal no newline stands, so a stop before one ends a triple."""
    return ntriples.replace(b" .\n", b" <" + graph.encode() + b"> .\n")
