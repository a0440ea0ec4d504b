"""Room: what a connector sees of an address that nobody declared yet, and what it proposes.

In: an address as it answered, and a way to look at others. Out: a proposal, the beginnings of a
`[source.…]` table. Recognising is cheap: what the first answer does not hint at is not looked for.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin, urlsplit

import orjson

from harvester.connectors._text import encoding
from harvester.model import Raw

if TYPE_CHECKING:
    from bs4 import BeautifulSoup


_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")


class Certainty(IntEnum):
    """How sure a connector is; the surest of all proposes the table."""

    GUESSED = 0
    """Something can be read there, by what it looks like."""
    READABLE = 1
    """Any address of this shape can be read: a page, some JSON."""
    FORMAT = 2
    """A format that this connector reads: a table, a feed, a calendar, RDF."""
    SHAPE = 3
    """Fields or elements that only this platform writes."""
    NAMED = 4
    """The platform says its own name, or an address of its own answers as it should."""


@dataclass(frozen=True)
class Seen:
    """An address as it answered: what it was asked as, and its content."""

    url: str
    content: bytes
    media_type: str = ""
    charset: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The scheme and host, without a slash at the end."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def path(self) -> str:
        """The path of the address."""
        return urlsplit(self.url).path

    def absolute(self, address: str) -> str:
        """An address written on this page, whole; as it is written when it is none."""
        try:
            return urljoin(self.url, address.strip())
        except ValueError:  # "http://[" and the like
            return address.strip()

    @cached_property
    def text(self) -> str:
        """The content as text, whatever its label says."""
        return self.content.decode(encoding(io.BytesIO(self.content), charset=self.charset), "replace")

    @cached_property
    def json(self) -> Raw:
        """The content as JSON; None when it is none."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            return None

    @cached_property
    def soup(self) -> BeautifulSoup | None:
        """The elements of a web page; None for anything else."""
        from bs4 import BeautifulSoup

        start = self.text[:65536].lower()
        if "<html" not in start and "<!doctype html" not in start:
            return None
        return BeautifulSoup(_DECLARATION.sub("", self.text), "lxml")

    def says(self, word: str) -> bool:
        """True when a web page holds this word, in any case, in its text or its markup."""
        return self.soup is not None and word.lower() in self.text.lower()

    def meta(self, name: str) -> str:
        """What a `<meta>` of the page says, by its name or property; "" when there is none."""
        found = self.soup and self.soup.select_one(f'meta[name="{name}" i], meta[property="{name}" i]')
        return str(found.get("content", "")).strip() if found else ""

    def links(self, selector: str) -> list[str]:
        """The whole addresses that elements of a web page lead to or show, in its order, each once."""
        found = self.soup.select(selector) if self.soup else []
        said = (str(one.get("href") or one.get("src") or "").strip() for one in found)
        return list(dict.fromkeys(self.absolute(address) for address in said if address))

    @property
    def licence(self) -> str | None:
        """The address of the licence that a web page says it has; None when it says none."""
        return next(iter(self.links("link[rel~=license][href], a[rel~=license][href]")), None)

    @property
    def title(self) -> str | None:
        """The name of the site or page as it calls itself; None when it does not."""
        if self.soup is None:
            return None
        title = self.soup.title.get_text(" ", strip=True) if self.soup.title else ""
        return self.meta("og:site_name") or title or None


class Look(Protocol):
    """Looks at other addresses of the platform; each is asked once, however many connectors look."""

    def __call__(self, url: str, *, accept: str = "*/*", content: bytes | None = None) -> Seen | None:
        """What answers there, by GET, or by POST of JSON; None when nothing does."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A source as a connector proposes it. What is None or empty was not learned.

    Attributes:
        certainty: how sure the connector is.
        url: the address, or addresses, that the source is read from.
        title: the name of the platform or dataset, as it calls itself.
        licence: the licence as it states it, in its words.
        publisher: who publishes it.
        count: how many records it says it holds.
        keys: other keys of the table: options of the connector, `kind`, `map`, …
        learned: sentences about what may be chosen: forms, categories, types, with their numbers.
        unknown: sentences about what could not be learned and a person must say.
    """

    certainty: Certainty
    url: str | Sequence[str]
    title: str | None = None
    licence: str | None = None
    publisher: str | None = None
    count: int | None = None
    keys: Mapping[str, Any] = field(default_factory=dict)
    learned: Sequence[str] = ()
    unknown: Sequence[str] = ()


def members(seen: Seen | None, *path: str) -> dict[str, Any]:
    """The object at a path of the JSON that answered; empty when there is none, or nothing answered."""
    return inside(seen.json if seen else None, *path)


def inside(value: Any, *path: str) -> dict[str, Any]:
    """The object at a path of a value of JSON; empty when there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def objects(values: Any) -> list[dict[str, Any]]:
    """The objects of a list; empty for anything else."""
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def words(value: Any) -> str | None:
    """A text that says something; None for anything else."""
    return value.strip() or None if isinstance(value, str) else None
