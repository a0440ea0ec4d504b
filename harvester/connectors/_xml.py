"""Room: a kept answer in XML → its elements, nothing fetched, nothing swollen.

In: an answer. Out: its root; SourceChanged when it is no XML, is cut, too large, or declares a document type:
entities could reach a file or a host, or fill the memory, and no format read here needs them.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from lxml import etree  # type: ignore[import-untyped]  # it comes without types

from harvester.connectors import Raw
from harvester.connectors._answers import snippet, where
from harvester.connectors._json import PAGE
from harvester.connectors._text import encoding
from harvester.errors import SourceChanged
from harvester.model import Answer, Source

LARGEST = 1 << 26
"""Bytes of one document: the tree of a larger one would take gigabytes."""

DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*\bencoding\s*=")

FORBIDDEN = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]"
    rb"|&#(?:x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2\d|3[01]));"
)

Element: TypeAlias = Any
"""An lxml element; lxml comes without types."""


def root(answer: Answer, source: Source | None, raw: Raw, *, names: tuple[str, ...]) -> Element:
    """The root of the document, whose local name is one of `names`.

    Raises:
        SourceChanged: as said above, or the root is another.
    """
    place = where(answer, source)
    if answer.size > LARGEST:
        raise SourceChanged(f"{place}: {answer.size} bytes of XML, {LARGEST} at most; ask for less at once")
    content = _allowed(raw.read(answer, limit=LARGEST).lstrip())
    try:
        found = _tree(content, answer.charset)
    except etree.XMLSyntaxError as error:
        raise SourceChanged(f"{place}: expected XML, got {_told(content, error)}") from error
    if _declares(found):
        raise SourceChanged(f"{place}: declares a document type, whose entities are not safe; not read")
    if local(found) not in names:
        raise SourceChanged(f"{place}: expected <{names[0]}>, got <{local(found)}>; check the address")
    return found


def parsed(content: bytes, *, charset: str | None) -> Element | None:
    """The root of any document; None for what is no XML, or declares a document type."""
    try:
        found = _tree(_allowed(content.lstrip()), charset)
    except etree.XMLSyntaxError:
        return None
    return None if _declares(found) else found


def local(element: Element) -> str:
    """The name of an element without its namespace; empty for comments and instructions."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element: Element | None, name: str) -> Iterator[Element]:
    """The child elements of this local name, in order."""
    for child in element if element is not None else ():
        if local(child) == name:
            yield child


def child(element: Element | None, name: str) -> Element | None:
    """The first child element of this local name, or None."""
    return next(children(element, name), None)


def text(element: Element | None) -> str:
    """All the text inside an element, stripped; empty for None."""
    return "" if element is None else "".join(element.itertext()).strip()


def _allowed(content: bytes) -> bytes:
    """The document without the control characters that XML forbids and repositories write all the same."""
    return (
        content
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        else FORBIDDEN.sub(b"", content)
    )


def _tree(content: bytes, charset: str | None) -> Element:
    return etree.fromstring(content, _parser(_encoding(content, charset)))


def _declares(found: Element) -> bool:
    return found.getroottree().docinfo.internalDTD is not None


def _encoding(content: bytes, charset: str | None) -> str | None:
    """The encoding to impose: none when the document declares its own, or is UTF-8 as XML is by default."""
    if DECLARED.match(content):
        return None
    found = encoding(io.BytesIO(content), charset=charset)
    return None if found.startswith("utf") else found


def _parser(charset: str | None) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding=charset,
    )


def _told(content: bytes, error: etree.XMLSyntaxError) -> str:
    start = content[:200].decode("utf-8", "replace")
    if not start:
        return "an empty answer; check the address"
    if PAGE.match(start) and not start.startswith("<?xml"):
        return f"an HTML page starting with {snippet(start)}; check the address"
    return f"{snippet(start)} ({error.msg}); published data kept, check the address"
