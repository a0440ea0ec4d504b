"""Room: the JSON-LD contexts that a document leads to, on its own host or where nobody stands in for them.

In: documents, a way to ask. Out: the answers that hold contexts, and their bytes by address for whoever reads
the documents. A context that cannot be had is left to the reader, who has one of the house or names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import orjson

from harvester.connectors import Raw
from harvester.connectors._rdf_file import opened
from harvester.errors import SourceChanged, SourceRefused
from harvester.model import Answer
from harvester.model import Raw as Value
from harvester.rdf.contexts import bundled

MOST = 50
"""Contexts of one source: a server has one or two of its own."""

LARGEST = 1 << 22
"""Bytes of one context: the longest met has 16,000."""


@dataclass(slots=True)
class Contexts:
    """The contexts met so far, by address; those that could not be had are not asked for again."""

    ask: Callable[[str], Answer]
    raw: Raw
    given: dict[str, bytes] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)

    def gather(self, body: bytes, *, base: str) -> Iterator[Answer]:
        """The answers that hold the contexts of a document and of these, those met before left out."""
        waiting = list(_addresses(body, base))
        while waiting and len(self.met) < MOST:
            address = waiting.pop(0)
            if address in self.met:
                continue
            self.met.add(address)
            try:
                answer = self.ask(address)
                found = opened(answer, self.raw, place=address, most=LARGEST).body
            except (SourceChanged, SourceRefused):
                continue
            yield answer
            if _is_context(found):
                self.given[address] = found
                waiting += _addresses(found, address)


def _addresses(body: bytes, base: str) -> Iterator[str]:
    """The contexts that a document names and that must be asked for; none when it is no JSON."""
    waiting: list[Value] = [_json(body)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            for one in _named(value):
                with suppress(ValueError):  # "http://[" and the like
                    address = urljoin(base, one)
                    if urlsplit(address).netloc == urlsplit(base).netloc or not bundled(address):
                        yield address


def _is_context(body: bytes) -> bool:
    """False for the front page that some servers answer to any address."""
    value = _json(body)
    return isinstance(value, dict) and "@context" in value


def _json(body: bytes) -> Value:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _named(node: dict[str, Value]) -> Iterator[str]:
    for key in ("@context", "@import"):
        named = node.get(key)
        yield from (one for one in (named if isinstance(named, list) else [named]) if isinstance(one, str))
