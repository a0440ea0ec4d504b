"""Room: HTML microdata (WHATWG HTML, section 5) → JSON-LD nodes of schema.org.

In: a page. Out: its items at the top, in order, properties by their short names. Items of other vocabularies
are left out. Knows no class and no property.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bs4 import Tag

from harvester.connectors._answers import whole
from harvester.connectors._html import Page, attribute, compiled, text
from harvester.model import Raw as Value

CONTEXT = "https://schema.org"
TOP = "[itemscope]:not([itemprop])"
DEEPEST = 20
ADDRESSED: Mapping[str, str] = {
    "a": "href", "area": "href", "link": "href", "audio": "src", "embed": "src", "iframe": "src",
    "img": "src", "source": "src", "track": "src", "video": "src", "object": "data",
}  # fmt: skip
SAID: Mapping[str, str] = {"meta": "content", "data": "value", "meter": "value", "time": "datetime"}


def nodes(page: Page) -> Iterator[dict[str, Value]]:
    """The items of schema.org at the top of a page."""
    for element in compiled(TOP).select(page.soup):
        if "schema.org/" in str(element.get("itemtype", "")):
            yield {"@context": CONTEXT, **_item(element, page, 0)}


def _item(element: Tag, page: Page, depth: int) -> dict[str, Value]:
    types = [one.rpartition("/")[2] for one in str(element.get("itemtype") or "").split()]
    node: dict[str, Any] = {"@type": types} if types else {}
    if element.get("itemid"):
        node["@id"] = whole(page.base, str(element["itemid"]).strip())
    for holder in _properties(element, page):
        value = _value(holder, page, depth)
        for name in str(holder["itemprop"]).split():
            if value not in ("", {}):
                node.setdefault(name.rpartition("/")[2], []).append(value)
    return node


def _properties(element: Tag, page: Page) -> Iterator[Tag]:
    """What carries a property of this item, not of one inside it; `itemref` adds what stands elsewhere."""
    yield from _inside(element)
    for name in str(element.get("itemref") or "").split():
        other = page.soup.find(id=name)
        if isinstance(other, Tag) and other is not element and element not in other.descendants:
            if other.has_attr("itemprop"):
                yield other
            if not other.has_attr("itemscope"):
                yield from _inside(other)


def _inside(element: Tag) -> Iterator[Tag]:
    for child in element.find_all(True, recursive=False):
        if child.has_attr("itemprop"):
            yield child
        if not child.has_attr("itemscope"):
            yield from _inside(child)


def _value(element: Tag, page: Page, depth: int) -> Value:
    if element.has_attr("itemscope"):
        return _item(element, page, depth + 1) if depth < DEEPEST else ""
    if element.has_attr("content"):  # for any element: the standard says meta, sites and readers say all
        return str(element["content"]).strip()
    name = element.name
    if name in ADDRESSED:
        found = attribute(element, ADDRESSED[name], page)
        return page.absolute(found) if found else ""
    said = element.get(SAID[name]) if name in SAID else None
    return str(said).strip() if said else text(element)
