"""Room: the bytes of a web page → its elements, their texts and their addresses.

In: a kept answer. Out: a page that can be searched by CSS selectors; SourceChanged when it is no web page, or
is cut. Selectors are soupsieve's. Runs no script of a page; asks for nothing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import soupsieve
from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

from harvester.connectors import Raw
from harvester.connectors._answers import snippet
from harvester.connectors._recognition import Seen
from harvester.connectors._text import encoding
from harvester.errors import SourceChanged
from harvester.model import Answer

LARGEST = 1 << 23
"""Bytes of one page: the longest seen has 250,000."""

DEEPEST = 256
"""Elements inside each other: pages that people made have 40, browsers show 512."""

START = 1 << 16
MARKUP = re.compile(r"<\s*(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>", re.IGNORECASE)
CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
ADDRESSES = frozenset({"href", "src", "action", "poster", "data-src", "data-href", "cite"})
SPACED = frozenset(
    {"br", "p", "div", "li", "ul", "ol", "dl", "dt", "dd", "tr", "td", "th", "table", "section", "article"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "header", "footer", "blockquote", "figure", "hr", "option"}
)
"""Elements that stand apart from the text around them: a space between, where the markup has none."""


@dataclass(frozen=True, slots=True)
class Page:
    """A web page: its elements, the address it was asked at, and `base`, from which its links start."""

    soup: BeautifulSoup
    address: str
    base: str
    where: str

    def absolute(self, address: str) -> str:
        """An address of this page, whole and without its fragment; as it is when it is no address."""
        try:
            return urldefrag(urljoin(self.base, address.strip())).url
        except ValueError:  # "http://[" and the like
            return address.strip()


def page(answer: Answer, raw: Raw, *, where: str, end: str = "</html>") -> Page:
    """The page of an answer, which must hold `end` to be whole.

    Raises:
        SourceChanged: no web page, cut, more than 8 MiB, or nested without end.
    """
    if answer.size > LARGEST:
        raise SourceChanged(f"{where}: {answer.size} bytes, {LARGEST} at most; check the address")
    content = raw.read(answer, limit=LARGEST)
    stated = CHARSET.search(content[:4096])
    charset = answer.charset or (stated[1].decode() if stated else None)
    text = content.decode(encoding(io.BytesIO(content), charset=charset), "replace")
    if MARKUP.search(text[:START]) is None:
        what = snippet(text[:200]) if text.strip() else "an empty answer"
        raise SourceChanged(f"{where}: expected a web page, got {what}; check the address")
    if end.lower() not in text.lower():
        raise SourceChanged(
            f"{where}: the page is cut near {snippet(text[-60:])}, without '{end}'; is `end` right?"
        )
    soup = BeautifulSoup(DECLARATION.sub("", text), "lxml")
    if _is_deep(soup):
        raise SourceChanged(f"{where}: its elements are nested more than {DEEPEST} deep; ask the site")
    return _page(soup, answer.url, where)


def looked(seen: Seen | None) -> Page | None:
    """The page that was looked at, however it ends; None when nothing answered, or no web page to read."""
    soup = seen.soup if seen else None
    return None if seen is None or soup is None or _is_deep(soup) else _page(soup, seen.url, seen.url)


def _is_deep(soup: BeautifulSoup) -> bool:
    """True when elements are nested so that whoever goes through them would never end, or give up."""
    floors: dict[int, int] = {}
    for one in soup.descendants:
        if isinstance(one, Tag):
            floors[id(one)] = floor = floors.get(id(one.parent), 0) + 1
            if floor > DEEPEST:
                return True
    return False


def _page(soup: BeautifulSoup, address: str, where: str) -> Page:
    found = Page(soup, address, address, where)
    base = soup.select_one("base[href]")
    return replace(found, base=found.absolute(str(base["href"]))) if base else found


@lru_cache(maxsize=256)
def compiled(selector: str) -> soupsieve.SoupSieve:
    """A selector ready for use.

    Raises:
        ValueError: it is no CSS selector; the text says where.
    """
    try:
        return soupsieve.compile(selector)
    except soupsieve.SelectorSyntaxError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"'{selector}' is no CSS selector ({reason})") from error


def text(element: Tag) -> str:
    """What a reader sees of an element, on one line; what a script holds, when it is one."""
    if element.name in ("script", "style", "template"):
        return str(element.string or "")
    return " ".join("".join(_pieces(element)).split())


def _pieces(element: Tag) -> Iterator[str]:
    for child in element.children:
        if type(child) is NavigableString:
            yield child
        elif isinstance(child, Tag) and child.name not in ("script", "style", "template"):
            apart = " " if child.name in SPACED else ""
            yield apart
            yield from _pieces(child)
            yield apart


def attribute(element: Tag, name: str, page: Page) -> str:
    """An attribute as text, addresses whole; `html` is the markup inside the element."""
    if name == "html":
        return element.decode_contents()
    value: Any = element.get(name) or ""
    said = " ".join(value) if isinstance(value, list) else str(value)
    return page.absolute(said) if said and name in ADDRESSES else said


def link(element: Tag, page: Page) -> str | None:
    """The web address that an element, or the first link inside it, leads to."""
    found = element if element.has_attr("href") else compiled("a[href]").select_one(element)
    said = str(found["href"]).strip() if found else ""
    address = page.absolute(said) if said and not said.startswith("#") else ""
    return address if address.startswith(("http://", "https://")) else None


def same_site(address: str, other: str) -> bool:
    """True when two addresses are on one host, or one on a host below the other's; `www.` is nothing."""
    one, two = (host(each) for each in (address, other))
    return one == two or one.endswith(f".{two}") or two.endswith(f".{one}")


def host(address: str) -> str:
    """The host of an address, without `www.`; "" for what is no address."""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:  # "http://[" and the like
        return ""
