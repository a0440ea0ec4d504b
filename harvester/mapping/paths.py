"""Room: a path (text) -> a fast function that finds values in a record.

Paths are a subset of JMESPath (https://jmespath.org/specification.html): names, quoted names,
dots, `[n]`, `[]`, `[*]` and `@` (the value itself). The library parses; the closures made here only look
up, so that a path costs nanoseconds a record. A path never fails on a record: what is not there is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jmespath
import jmespath.exceptions

from harvester.model import Raw

Getter = Callable[[Raw], Raw]


def column(name: str) -> Getter:
    """The whole string is the column name (tables); where there is no such column, a path into JSON cells."""
    try:
        nested = path(name)
    except ValueError:
        nested = _nothing

    def get(value: Raw) -> Raw:
        return value[name] if name in value else nested(value)

    return get


def _nothing(_value: Raw) -> Raw:
    return None


def path(text: str) -> Getter:
    """A getter for a path.

    Raises:
        ValueError: not a path of our subset; the text says what is wrong.
    """
    try:
        parsed = jmespath.compile(text).parsed
    except jmespath.exceptions.JMESPathError as error:
        reason = str(error).splitlines()[0].rstrip(": ")
        raise ValueError(
            f"path '{text}' cannot be read ({reason}); quote names with spaces or accents"
        ) from error
    return _getter(parsed, text)


def head(text: str) -> str | None:
    """The top-level field a path starts from; None when it has none or is no path."""
    try:
        ast: Any = jmespath.compile(text).parsed
    except jmespath.exceptions.JMESPathError:
        return None
    while ast["type"] != "field":
        if not ast["children"]:
            return None
        ast = ast["children"][0]
    return str(ast["value"])


def _getter(ast: Mapping[str, Any], text: str) -> Getter:
    makers: Mapping[str, Callable[[Mapping[str, Any], str], Getter]] = {
        "field": _field,
        "identity": lambda _ast, _text: lambda value: value,
        "current": lambda _ast, _text: lambda value: value,
        "subexpression": _chain,
        "index_expression": _chain,
        "index": _index,
        "projection": _projection,
        "flatten": _flatten,
    }
    make = makers.get(ast["type"])
    if make is None:
        kind = ast["type"].replace("_", " ")
        raise ValueError(f"path '{text}' uses a {kind}; only names, dots, [n], [], [*] and @ are read")
    return make(ast, text)


def _field(ast: Mapping[str, Any], _text: str) -> Getter:
    name = ast["value"]

    def get(value: Raw) -> Raw:
        return value.get(name) if isinstance(value, dict) else None

    return get


def _chain(ast: Mapping[str, Any], text: str) -> Getter:
    first, *rest = (_getter(child, text) for child in ast["children"])
    if len(rest) == 1:
        second = rest[0]
        return lambda value: second(first(value))

    def get(value: Raw) -> Raw:
        value = first(value)
        for step in rest:
            value = step(value)
        return value

    return get


def _index(ast: Mapping[str, Any], _text: str) -> Getter:
    position = ast["value"]

    def get(value: Raw) -> Raw:
        if isinstance(value, list) and -len(value) <= position < len(value):
            return value[position]
        return None

    return get


def _projection(ast: Mapping[str, Any], text: str) -> Getter:
    left, right = (_getter(child, text) for child in ast["children"])

    def get(value: Raw) -> Raw:
        found = left(value)
        if not isinstance(found, list):
            return None
        return [result for one in found if (result := right(one)) is not None]

    return get


def _flatten(ast: Mapping[str, Any], text: str) -> Getter:
    inner = _getter(ast["children"][0], text)

    def get(value: Raw) -> Raw:
        found = inner(value)
        if not isinstance(found, list):
            return None
        flat: list[Raw] = []
        for one in found:
            flat.extend(one if isinstance(one, list) else [one])
        return flat

    return get
