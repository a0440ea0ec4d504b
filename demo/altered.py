"""Room: a good body, spoiled a little: what partners send when they changed, or when something cut them.

What comes in: bytes, what to spoil. What goes out: bytes that look right at first sight. Never sends
anything, never says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable


class Unchanged(ValueError):
    """This body has nothing that could be spoiled so; the text says what it lacks."""


def half(body: bytes) -> bytes:
    """The first half."""
    return body[: len(body) // 2]


def half_of_lines(body: bytes) -> bytes:
    """The whole lines of the first half; the first half of a body without lines."""
    beginning = half(body)
    return beginning[: beginning.rfind(b"\n") + 1] or beginning


def recoded(body: bytes, encoding: str) -> bytes:
    """A UTF-8 text in another encoding, question marks where that has no sign for a character.

    Raises:
        Unchanged: it is not UTF-8, or all of it is ASCII.
        LookupError: there is no such encoding.
    """
    "".encode(encoding)
    if body.isascii():
        raise Unchanged("the body is ASCII, the same in all encodings")
    return _text(body).encode(encoding, "replace")


def renamed(body: bytes, old: str, new: str) -> bytes:
    """The keys `old` of a JSON document written `new`, at any depth; the words `old` of any other text.

    Raises:
        Unchanged: it is not there.
    """
    try:
        data = json.loads(body)
    except ValueError:
        return _changed(body, rf"(?<![\w-]){re.escape(old)}(?![\w-])", lambda _: new)
    found = rekeyed(data, old, new)
    if found == data:
        raise Unchanged(f"no key '{old}' in the body")
    return json.dumps(found, ensure_ascii=False).encode()


def rekeyed(value: object, old: str, new: str) -> object:
    """`value`, plain JSON data, with every key `old` written `new`, at any depth, order kept."""
    if isinstance(value, dict):
        return {new if key == old else key: rekeyed(inner, old, new) for key, inner in value.items()}
    return [rekeyed(inner, old, new) for inner in value] if isinstance(value, list) else value


def recounted(body: bytes, name: str, more: int) -> bytes:
    """A text in which every number that follows `name` is `more` higher.

    The name is that of a key, of an attribute, of an element, or of an object whose `value` is the number.

    Raises:
        Unchanged: no number follows it.
    """
    between = r'\W{1,4}|[^<>{}]*>\s*|"\s*:\s*\{[^{}]*"value"\s*:\s*"'
    pattern = rf"((?<![\w-]){re.escape(name)}(?:{between}))(\d+)"
    return _changed(body, pattern, lambda found: f"{found[1]}{int(found[2]) + more}")


def _changed(body: bytes, pattern: str, written: Callable[[re.Match[str]], str]) -> bytes:
    text, count = re.subn(pattern, written, _text(body))
    if not count:
        raise Unchanged(f"nothing in the body fits '{pattern}'")
    return text.encode()


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Unchanged("the body is no text in UTF-8") from error
