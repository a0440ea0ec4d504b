"""Addresses that recognisers look at, played back: what answers where, and what was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from harvester.connectors._recognition import Seen
from harvester.model import posted


def seen(url: str, body: Any) -> Seen:
    """An address as it answered: a text as it is, anything else as JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    return Seen(url, text.encode())


def page(url: str, words: str, *, head: str = "") -> Seen:
    """A web page that holds these words."""
    return seen(url, f"<!DOCTYPE html><html><head>{head}</head><body>{words}</body></html>")


@dataclass
class Looks:
    """A way to look at nothing but `bodies`, by address; `posted(url, content)` for a question."""

    bodies: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, url: str, *, accept: str = "*/*", content: bytes | None = None) -> Seen | None:  # noqa: ARG002  as `Look`
        address = url if content is None else posted(url, content)
        self.asked.append(address)
        return seen(url, self.bodies[address]) if address in self.bodies else None
