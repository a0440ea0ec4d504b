"""Room: good bytes -> bad ones, drawn by a die: flipped, cut, spliced, nested, huge, in other encodings.

In: seeds that a parser reads well. Out: what a broken or hostile partner might send. Knows no parser.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

BOMB = (
    b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">'
    b'<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
)

WORDS: Sequence[bytes] = (
    b"", b" ", b"\x00", b"\x07", b"\x1b[31m", b"\x7f", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80",
    b"\xc3", b"\xe2\x80\xae", b"\xef\xbf\xbf", b"\\ud800", b"\\udfff", b"\\u0000", b"&#0;", b"&#xD800;", b"&lol;",
    b"&e;", b"&amp;amp;", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<script>alert(1)</script>", b"<b", b"</",
    b"null", b"true", b"[]", b"{}", b'""', b"NaN", b"-Infinity", b"1e400", b"-1e-400", b"-0", b"0x10", b"1_0",
    b"9" * 19, b"9" * 400, b"9" * 5000, b"1" + b"0" * 308 + b".5", b"0000-00-00", b"9999-12-31T23:59:60Z",
    b"99999-99-99", b"0001-01-01", b"-2026-01-01", b"2026-02-30", b"24:00", b"http://[", b"http://[::1", b"http://",
    b"http://exa mple.org/a b", b"http://\xc3\xa9.example/\xe2\x82\xac", b"//", b"?", b"#", b"javascript:alert(1)",
    b"data:text/html,x", b"file:///etc/passwd", b"http://a.example:99999/", b"http://user:pw@a.example/", b"%", b"%ZZ",
    b"%00", b"=cmd|' /C calc'!A0", b"@SUM(1)", b"+1", b"-1", b"\t=1", b"\r\n", b"\r", b"\n\n\n", b"\x0b", b"\x85",
    b"\xe2\x80\xa8", b"'", b'"', b"\\", b"`", b";", b",", b"|", b"{{7*7}}", b"${x}", b"%s%n", b"../../etc/passwd",
    b"_:b", b"@prefix", b"<>", b"<http://a b>", b"^^<x>", b'"@fr--x', b"@@", b"a" * 300, b"\xc3\xa9" * 300,
)  # fmt: skip
"""What breaks parsers."""

VALUES: Sequence[Any] = (
    None, True, False, 0, -1, 1 << 63, 1 << 64, 10**400, -1e308, 1e308, 5e-324, "", " ", "\x00", "\ud800", "\ufeff",
    "\u202e", "null", "NaN", "1e400", "9" * 5000, "http://[", "http://exa mple/ é", "javascript:alert(1)", "=1+1",
    "<b>x", "&lol;", "0000-00-00", "9999-12-31", "48,8 2,3", "91.5,181", "a@b.example", "06 12 34 56 78", "x" * 5000,
    [], {}, [[]], [None], [{}], {"": ""}, {"@id": "http://[", "@type": ["x", None]}, {"@value": 1, "@language": 7},
    ["a", 1, None, {}], {"type": "Point", "coordinates": [1e400, "x"]}, {"lat": "x", "lng": []}, [[[[[[1]]]]]],
)  # fmt: skip
"""What stands where another kind of value is expected."""

CHARSETS = (
    None, "utf-8", "UTF8", "latin-1", "iso-8859-1", "cp1252", "utf-16", "utf-7", "utf-32", "ascii", "idna", "punycode",
    "hex", "zip", "rot13", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "", "x" * 99, "\x00", "big5",
)  # fmt: skip
"""Labels of encodings; some are none, or none of texts."""

MEDIA_TYPES = (
    "", "text/html", "application/json", "text/csv", "text/xml", "application/rdf+xml", "text/turtle", "image/png",
    "application/ld+json; charset=hex", "text/turtle; charset=utf-7", ";;;", "text/calendar", "application/zip",
)  # fmt: skip

LARGEST = 1 << 18


def mutated(seed: bytes, others: Sequence[bytes], dice: Random) -> bytes:
    """A seed made bad in one to four ways; `others` are what it may be spliced with."""
    if dice.random() < 0.4 and (found := shaken(seed, dice)) is not None:
        return found
    for _ in range(dice.choice((1, 1, 2, 4))):
        seed = dice.choice(WAYS)(seed, others, dice)[:LARGEST]
    return seed


def shaken(seed: bytes, dice: Random) -> bytes | None:
    """JSON in which values are others, keys are gone or twice; None for what is no JSON."""
    try:
        value = json.loads(seed)
    except (ValueError, RecursionError):
        return None
    for _ in range(dice.choice((1, 1, 2, 5))):
        value = _shaken(value, dice)
    return json.dumps(value, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")


def _shaken(value: Any, dice: Random) -> Any:
    """The same value, something of it replaced, somewhere inside."""
    if not isinstance(value, dict | list) or not value or dice.random() < 0.1:
        return nested(dice) if dice.random() < 0.02 else dice.choice(VALUES)
    if isinstance(value, list):
        at = dice.randrange(len(value))
        return [*value[:at], _shaken(value[at], dice), *value[at + 1 :]]
    key = dice.choice(list(value))
    if dice.random() < 0.1:
        return {name: one for name, one in value.items() if name != key}
    return {**value, key: _shaken(value[key], dice)}


def nested(dice: Random) -> Any:
    """A value of many floors."""
    value: Any = "deep"
    for _ in range(dice.choice((50, 500, 900))):
        value = [value] if dice.random() < 0.5 else {"a": value}
    return value


def _flip(seed: bytes, _others: Sequence[bytes], dice: Random) -> bytes:
    changed = bytearray(seed)
    for _ in range(dice.choice((1, 3, 20))):
        if changed:
            changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _cut(seed: bytes, _others: Sequence[bytes], dice: Random) -> bytes:
    first, last = sorted((dice.randrange(len(seed) + 1), dice.randrange(len(seed) + 1)))
    return dice.choice((seed[:first], seed[last:], seed[:first] + seed[last:], seed[first:last]))


def _splice(seed: bytes, others: Sequence[bytes], dice: Random) -> bytes:
    other = dice.choice(others) if others else seed
    at, there = dice.randrange(len(seed) + 1), dice.randrange(len(other) + 1)
    return seed[:at] + other[there : there + dice.choice((20, 200, 2000))] + seed[at:]


def _insert(seed: bytes, _others: Sequence[bytes], dice: Random) -> bytes:
    at, word = dice.randrange(len(seed) + 1), dice.choice(WORDS)
    return seed[:at] + word * dice.choice((1, 1, 1, 1000)) + seed[at:]


def _replace(seed: bytes, _others: Sequence[bytes], dice: Random) -> bytes:
    """A value between quotes, tags or separators is another."""
    ends = [at for at, one in enumerate(seed[:20_000]) if one in b"\"'<>,;:= \n/"]
    if len(ends) < 2:
        return dice.choice(WORDS)
    at = dice.randrange(len(ends) - 1)
    return seed[: ends[at] + 1] + dice.choice(WORDS) + seed[ends[at + 1] :]


def _repeat(seed: bytes, _others: Sequence[bytes], dice: Random) -> bytes:
    at = dice.randrange(len(seed) + 1)
    part = seed[at : at + dice.choice((5, 50, 500))]
    return seed[:at] + part * dice.choice((2, 20, 200)) + seed[at:]


def _nest(seed: bytes, _others: Sequence[bytes], dice: Random) -> bytes:
    opened, closed = dice.choice(
        (
            (b"[", b"]"),
            (b'{"a":', b"}"),
            (b"<a>", b"</a>"),
            (b"(", b")"),
            (b"<div>", b""),
            (b"[ <a:p> ", b"]"),
        )
    )
    count, at = dice.choice((10, 100, 2000, 20000)), dice.randrange(len(seed) + 1)
    return seed[:at] + opened * count + (closed * count if dice.random() < 0.5 else b"") + seed[at:]


def _recode(seed: bytes, _others: Sequence[bytes], dice: Random) -> bytes:
    said = seed.decode("utf-8", "replace")
    return said.encode(dice.choice(("utf-16", "utf-16-be", "utf-32", "cp1252", "utf-7", "ascii")), "replace")


def _entities(seed: bytes, _others: Sequence[bytes], dice: Random) -> bytes:
    at = seed.find(b"?>") + 2 if seed.startswith(b"<?xml") else 0
    return seed[:at] + BOMB + seed[at:].replace(b">", b">&e;&f;", dice.choice((1, 10)))


WAYS: Sequence[Callable[[bytes, Sequence[bytes], Random], bytes]] = (
    _flip, _flip, _cut, _splice, _insert, _insert, _replace, _replace, _replace, _repeat, _nest, _recode, _entities,
)  # fmt: skip
