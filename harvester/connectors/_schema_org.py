"""Room: what a web page says of itself in JSON-LD or microdata → things, each with a name of its own.

In: a page. Out: RDF things read by `rdf`, the reasons of blocks that cannot be read. Mends what sites write
differently: contexts, nodes without `@id`, places and video rooms in one list. It maps nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from harvester.connectors import _microdata
from harvester.connectors._html import Page, same_site
from harvester.connectors._jsonld import Bad, blocks
from harvester.errors import SourceChanged
from harvester.model import Raw as Value
from harvester.rdf import Thing, things

CONTEXT = "https://schema.org"
HOLDERS = ("@graph", "mainEntity", "itemListElement", "item", "dataFeedElement")
"""What leads from a page or a list to the things it is about."""

MODE = "eventAttendanceMode"


@dataclass(slots=True)
class Said:
    """What a page says: things in its order, names that we gave to them, and what could not be read."""

    things: list[Thing] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    bad: list[str] = field(default_factory=list)


def json_ld(page: Page) -> Said:
    """What the JSON-LD of a page says."""
    said = Said()
    values: list[Value] = []
    for block in blocks(page):
        if isinstance(block, Bad):
            said.bad.append(block.reason)
        else:
            values += block if isinstance(block, list) else [block]
    return _read([one for one in values if isinstance(one, dict)], page, said)


def microdata(page: Page) -> Said:
    """What the microdata of a page says."""
    return _read(list(_microdata.nodes(page)), page, Said())


def _read(values: Sequence[dict[str, Any]], page: Page, said: Said) -> Said:
    for value in values:
        value["@context"] = _context(value.get("@context"))
    nodes = [node for value in values for node in _nodes(value)]
    for node in nodes:
        _mend(node)
    said.named = _name(nodes, page)
    for value in values:
        try:
            said.things += things(orjson.dumps(value), "application/ld+json", base=page.base)
        except (SourceChanged, TypeError) as error:  # a context that nobody has; half a surrogate pair
            said.bad.append(f"a JSON-LD block cannot be read: {error}")
    return said


def _context(context: Value) -> Value:
    """schema.org's own context, however it is written and when it is forgotten; others as they are."""
    if context is None or (isinstance(context, str) and "schema.org" in context.lower()):
        return CONTEXT
    if isinstance(context, list):
        return [_context(one) for one in context]
    if isinstance(context, dict) and "schema.org" in str(context.get("@vocab", "")):
        return [CONTEXT, {name: one for name, one in context.items() if name != "@vocab"}]
    return context


def _nodes(value: Value) -> Iterator[dict[str, Any]]:
    """The nodes that a value describes, those that pages and lists are about included."""
    if isinstance(value, list):
        for one in value:
            yield from _nodes(one)
    elif isinstance(value, dict):
        if value.get("@type"):
            yield value
        for holder in HOLDERS:
            yield from _nodes(value.get(holder))


def _mend(node: dict[str, Any]) -> None:
    """One place of an event on site, and whether it is on line: a list may hold both."""
    listed = node.get("location")
    places = listed if isinstance(listed, list) else [listed]
    here = [one for one in places if one and not _virtual(one)]
    if len(here) == len([one for one in places if one]):
        return
    node.pop("location")
    if here:
        node["location"] = here
    node.setdefault(MODE, f"{CONTEXT}/{'Mixed' if here else 'Online'}EventAttendanceMode")


def _virtual(place: Value) -> bool:
    return isinstance(place, dict) and "VirtualLocation" in str(place.get("@type"))


def _name(nodes: Sequence[dict[str, Any]], page: Page) -> set[str]:
    """Give an `@id` to nodes without one; returns those given."""
    nameless = [node for node in nodes if not isinstance(node.get("@id"), str) or not node["@id"].strip()]
    own = Counter(address for node in nameless if (address := _address(node, page)))
    given: set[str] = set()
    for node in nameless:
        address = _address(node, page)
        if address and own[address] == 1:
            node["@id"] = address
        elif len(nameless) == 1:
            node["@id"] = page.address
        else:
            node["@id"] = f"{page.address}#{_hash(node)}"
        given.add(node["@id"])
    return given


def _address(node: Mapping[str, Any], page: Page) -> str | None:
    """The page of a node on this site, never its front page."""
    url = node.get("url")
    found = url[0] if isinstance(url, list) and url else url
    address = page.absolute(found) if isinstance(found, str) and found.strip() else ""
    own = same_site(address, page.address) and address.partition("://")[2].partition("/")[2]
    return address if own else None


def _hash(node: Mapping[str, Any]) -> str:
    """16 hex digits of what a node is called, what it is and when: its text may change."""
    told = [node.get(name) for name in ("@type", "name", "headline", "startDate")]
    return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()
