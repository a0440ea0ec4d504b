"""Room: the pages of a listing on a web site, walked to a proven end.

In: selectors that say what is listed and where the next page is, a way to ask. Out: the pages, each with the
elements listed there that no page before had. A page without any, a page that comes twice, fewer than the
site counts are errors. Knows nothing of what is listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urljoin

from bs4 import Tag
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from harvester.connectors import Raw
from harvester.connectors._answers import number, where
from harvester.connectors._html import Page, compiled, link, page, text
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.model import Answer, Source

MOST_PAGES = 10_000
"""A listing without an end, a calendar for one, would never be read."""

PLACE = "-page-number-here-"
"""Stands for `{page}`, which an address may not hold."""

NUMBER = re.compile(r"\d+(?:[ .,\u00a0\u202f]\d{3})*(?!\d)")


class Walking(BaseModel):
    """What a listing lists, and how its pages follow each other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listing: str | None = Field(
        None, description="Selector of the links to the pages of records, or of what holds one each."
    )
    next: str | None = Field(None, description="Selector of the link to the next page of the listing.")
    pages: tuple[int] | tuple[int, int] | None = Field(
        None,
        description="First and last number of the pages of the listing; the first alone: on to a page with "
        "nothing new.",
    )
    page_address: str = Field(
        "?page={page}",
        pattern=r"\{page\}",
        description="Address of a page of the listing, from that of the source, {page} being its number.",
    )
    total: str | None = Field(
        None, description="Selector of the text whose first number says how many are listed in all."
    )
    end: str = Field("</html>", min_length=1, description="Text that every page holds at its end.")

    @field_validator("listing", "next", "total")
    @classmethod
    def _selector(cls, selector: str | None) -> str | None:
        if selector is not None:
            compiled(selector)
        return selector

    @model_validator(mode="after")
    def _one_way(self) -> Walking:
        if self.next and self.pages:
            raise ValueError("`next` and `pages` are two ways to walk a listing; give one")
        return self


Listed = Callable[[Page], Mapping[str, Tag]]
"""What a page lists, by what tells it from others."""


def links(selector: str, page: Page) -> dict[str, Tag]:
    """The links of a page that a selector finds, by their address."""
    found = ((link(element, page), element) for element in compiled(selector).select(page.soup))
    return {address: element for address, element in found if address}


def listings(
    source: Source, walking: Walking, listed: Listed, ask: Callable[[str], Answer], raw: Raw
) -> Iterator[tuple[Answer, Page, Mapping[str, Tag]]]:
    """The pages of every address of the source, each with what it lists for the first time.

    Raises:
        SourceChanged: no web page, nothing listed, a page that comes twice, less than counted, no end.
        SourceUnavailable: the count fell meanwhile: what moved up may have been passed over.
    """
    known: set[str] = set()
    for url in source.urls:
        walk = _Walk(walking, url)
        while walk.url is not None:
            answer = ask(walk.url)
            at = page(answer, raw, where=where(answer, source), end=walking.end)
            found = listed(at)
            walk.follow(at, found)
            yield answer, at, {one: element for one, element in found.items() if one not in known}
            known |= found.keys()


class _Walk:
    """How far the listing at one address was read."""

    def __init__(self, walking: Walking, url: str) -> None:
        self.walking = walking
        self.template = urljoin(url, walking.page_address.replace("{page}", PLACE))
        self.number = walking.pages[0] if walking.pages else 1
        self.url: str | None = self._numbered() if walking.pages else url
        self.asked = {self.url}
        self.seen: set[str] = set()
        self.total: int | None = None

    def follow(self, at: Page, found: Mapping[str, Tag]) -> None:
        """Count what was listed, and go to the next page if there is one."""
        self._heed(at)
        new = found.keys() - self.seen
        ended = self._open and bool(self.seen) and not new
        if not new and not ended:
            what = "lists what a page before listed" if found else "lists nothing"
            raise SourceChanged(f"{at.where}: {what}; published data kept, correct the selectors")
        self.seen |= new
        self.url = None if ended else self._after(at)
        if self.url is None:
            self._end(at)
            return
        if self.url in self.asked or len(self.asked) >= MOST_PAGES:
            raise SourceChanged(f"{at.where}: its next page, {self.url}, leads to no end; correct `next`")
        self.asked.add(self.url)

    def _numbered(self) -> str:
        return self.template.replace(PLACE, str(self.number))

    @property
    def _open(self) -> bool:
        return self.walking.pages is not None and len(self.walking.pages) == 1

    def _after(self, at: Page) -> str | None:
        """The address of the page after this one; None at the end."""
        if self.walking.pages:
            self.number += 1
            past = not self._open and self.number > self.walking.pages[-1]
            return None if past else self._numbered()
        found = compiled(self.walking.next).select_one(at.soup) if self.walking.next else None
        return link(found, at) if found else None

    def _heed(self, at: Page) -> None:
        if self.walking.total is None:
            return
        total = _number(compiled(self.walking.total).select_one(at.soup))
        if total is None and self.total is None:
            raise SourceChanged(f"{at.where}: no number at '{self.walking.total}'; correct `total`")
        if total is not None and self.total is not None and total < self.total:
            raise SourceUnavailable(
                f"{at.where}: {self.total} listed before, {total} now; the next round tries again"
            )
        self.total = self.total if total is None else total

    def _end(self, at: Page) -> None:
        if self.total is not None and len(self.seen) < self.total:
            raise SourceChanged(
                f"{at.where}: {len(self.seen)} listed of the {self.total} it counts; correct the selectors"
            )


def _number(element: Tag | None) -> int | None:
    found = NUMBER.search(text(element)) if element else None
    return number(re.sub(r"\D", "", found[0])) if found else None
