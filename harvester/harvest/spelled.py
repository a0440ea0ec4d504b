"""Room: a value of JSON -> bytes, whatever a platform put in it.

Numbers of more than 64 bits, halves of surrogate pairs and hundreds of floors are no reason to lose a run:
what cannot be written as it is, is written as near to it as can be, and always the same way.
"""

from __future__ import annotations

from typing import Any

import orjson

_DEEPEST = 200
"""Floors that are written; the writer knows 254."""

_LONGEST = 10_000
"""Bits of a number that is written in decimals."""

_HALVES = dict.fromkeys(range(55296, 57344), "�")


def spelled(value: Any, *, option: int = 0) -> bytes:
    """The value as JSON; `option` as `orjson.dumps` takes it."""
    option |= orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(value, option=option, default=str)
    except TypeError:
        return orjson.dumps(_sayable(value, _DEEPEST), option=option, default=str)


def _sayable(value: Any, floors: int) -> Any:
    if isinstance(value, str):
        return value.translate(_HALVES)
    if isinstance(value, int) and value.bit_length() > 63:
        return str(value) if value.bit_length() < _LONGEST else hex(value)
    if isinstance(value, dict | list | tuple) and not floors:
        return "…"
    if isinstance(value, dict):
        return {_sayable(key, 0): _sayable(inner, floors - 1) for key, inner in value.items()}
    return [_sayable(inner, floors - 1) for inner in value] if isinstance(value, list | tuple) else value
