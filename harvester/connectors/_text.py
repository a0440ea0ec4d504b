"""Room: bytes as received → text, whatever the label said.

In: a way to open the body, what the configuration and the answer say of its encoding. Out: the encoding
to read it with. Text that is valid UTF-8 is UTF-8: labels are wrong more often than that.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import BinaryIO

CHUNK = 1 << 18

MARKS: Mapping[bytes, str] = {codecs.BOM_UTF8: "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

UTF8 = frozenset({"utf-8", "utf8", "ascii", "us-ascii"})

WIDENED: Mapping[str, str] = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252"}
"""Labels that in practice mean their Windows superset (WHATWG Encoding, section 4.2)."""

OF_NAMES = frozenset({"idna", "punycode", "utf-7", "unicode-escape", "raw-unicode-escape", "unicode_escape"})
"""Encodings that no page is written in, and that make of bytes what is no text."""


def encoding(stream: BinaryIO, *, charset: str | None) -> str:
    """How to decode `stream`, read to its end: its mark, UTF-8 if valid, else `charset`, else cp1252."""
    start = stream.read(CHUNK)
    marked = next((name for mark, name in MARKS.items() if start.startswith(mark)), None)
    if marked:
        return marked
    if _is_utf8(start, stream):
        return "utf-8"
    label = (charset or "cp1252").lower()
    return "cp1252" if label in UTF8 or not _known(label) else WIDENED.get(label, label)


def _is_utf8(start: bytes, stream: BinaryIO) -> bool:
    decode = codecs.getincrementaldecoder("utf-8")().decode
    chunk = start
    try:
        while chunk:
            decode(chunk)
            chunk = stream.read(CHUNK)
        decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _known(label: str) -> bool:
    """True for the encodings of texts; Python knows others, of bytes and of names of hosts."""
    try:
        b"a".decode(label)
        return codecs.lookup(label).name not in OF_NAMES
    except (LookupError, ValueError):
        return False
