"""Room: elements -> a JSON document that holds them in a list, piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

_AT_LEAST = 1 << 15


def document(envelope: Mapping[str, Any], name: str, elements: Iterable[Any]) -> Iterator[bytes]:
    """The envelope with the elements under `name`, in pieces of some size; memory does not grow."""
    held = bytearray(orjson.dumps({**envelope, name: []})[:-2])
    for number, element in enumerate(elements):
        held += (b",\n" if number else b"\n") + orjson.dumps(element)
        if len(held) >= _AT_LEAST:
            yield bytes(held)
            held.clear()
    yield bytes(held) + b"\n]}\n"


def filled(told: Mapping[str, Any]) -> dict[str, Any]:
    """What is told, without what is empty."""
    return {name: value for name, value in told.items() if value not in (None, "", [], {}, ())}
