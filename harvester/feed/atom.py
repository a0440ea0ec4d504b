"""Room: the changes -> Atom (RFC 4287), with tombstones (RFC 6721), in archives (RFC 5005).

One entry for each record that changed, named by the IRI of the record, the newest first. Documents of full
pages are archives, which do not change; the one that is subscribed to holds the newest changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from lxml import etree  # type: ignore[import-untyped]  # it comes without types

from harvester import canonical, outline
from harvester.feed.ldes import Feed
from harvester.feed.versions import Version, versions
from harvester.feed.views import PAGE

MEDIA_TYPE = "application/atom+xml"

_ATOM, _GONE = "http://www.w3.org/2005/Atom", "http://purl.org/atompub/tombstones/1.0"
_HISTORY, _GEORSS = "http://purl.org/syndication/history/1.0", "http://www.georss.org/georss"
_SPACES = {None: _ATOM, "at": _GONE, "fh": _HISTORY, "georss": _GEORSS}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML has no way to write."""

Element: TypeAlias = Any
"""An lxml element; lxml comes without types."""

_LONGEST = 1000
"""Characters of a description; the record itself is one link away."""


def atom(feed: Feed, page: int | None = None) -> bytes:
    """The document to subscribe to, or the archive of a full page."""
    last = feed.view.position if page is None else (page + 1) * PAGE
    told = list(versions(feed.base, feed.view, feed.timeline, max(last - PAGE + 1, 1), last))
    document = _document(feed, told, page)
    _beside(document, feed, page)
    for one in _newest(told):
        document.append(_tombstone(one) if one.deleted else _entry(feed, one))
    return bytes(etree.tostring(document, encoding="utf-8", xml_declaration=True))


def _document(feed: Feed, told: Sequence[Version], page: int | None) -> Element:
    document = etree.Element(f"{{{_ATOM}}}feed", nsmap=_SPACES)
    _say(document, "id", _address(feed))
    _say(document, "title", feed.title)
    at = told[-1].at if told else feed.timeline.at(feed.view.position)
    _say(document, "updated", _time(at))
    _link(document, "self", _address(feed, page), MEDIA_TYPE)
    _link(document, "alternate", feed.root, "text/html")
    return document


def _beside(document: Element, feed: Feed, page: int | None) -> None:
    """The links to the documents before and after."""
    held = [number for number in feed.view.all_pages() if feed.view.full(number, PAGE)]
    older = [number for number in held if page is None or number < page]
    newer = [number for number in held if page is not None and number > page]
    if page is not None:
        etree.SubElement(document, f"{{{_HISTORY}}}archive")
        _link(document, "current", _address(feed))
    if newer:
        _link(document, "next-archive", _address(feed, newer[0]))
    if older:
        _link(document, "prev-archive", _address(feed, older[-1]))


def _entry(feed: Feed, one: Version) -> Element:
    assert one.triples is not None
    told, entry = outline.of(feed.base, one.triples), etree.Element(f"{{{_ATOM}}}entry")
    rights = one.rights.told(told.licence)
    _say(entry, "id", one.record)
    _say(entry, "title", told.first("name") or told.ref)
    _say(entry, "updated", _time(one.at))
    _say(_child(entry, "author"), "name", one.rights.title)
    _say(entry, "rights", " · ".join(filter(None, (rights["credit"], rights["licence_url"]))))
    _link(entry, "alternate", one.record, "text/html")
    _link(entry, "via", told.first("page"))
    _link(entry, "license", rights["licence_url"])
    for theme in (*told.texts.get("theme", ()), *told.texts.get("type", ())):
        etree.SubElement(entry, f"{{{_ATOM}}}category", term=theme, label=_clean(outline.label(theme)))
    if text := told.first("description"):
        _say(entry, "summary", text[:_LONGEST])
    if told.lat is not None:
        etree.SubElement(entry, f"{{{_GEORSS}}}point").text = f"{told.lat} {told.lon}"
    return entry


def _tombstone(one: Version) -> Element:
    return etree.Element(f"{{{_GONE}}}deleted-entry", ref=one.record, when=_time(one.at))


def _newest(told: Sequence[Version]) -> list[Version]:
    """The last version of each record, the newest first: an identifier stands once in a document."""
    last = {one.record: one for one in told}
    return sorted(last.values(), key=lambda one: -one.change)


def _address(feed: Feed, page: int | None = None) -> str:
    asked = {"source": feed.view.source, "page": None if page is None else str(page)}
    said = "&".join(f"{name}={value}" for name, value in asked.items() if value)
    return f"{feed.base}changes.atom{'?' if said else ''}{said}"


def _say(parent: Element, name: str, text: str) -> None:
    _child(parent, name).text = _clean(text)


def _child(parent: Element, name: str) -> Element:
    return etree.SubElement(parent, f"{{{_ATOM}}}{name}")


def _link(parent: Element, rel: str, href: str | None, media: str | None = None) -> None:
    if href:
        told = {"rel": rel, "href": href} | ({"type": media} if media else {})
        etree.SubElement(parent, f"{{{_ATOM}}}link", told)


def _time(at: datetime) -> str:
    return canonical.utc(at).isoformat().replace("+00:00", "Z")


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", text)
