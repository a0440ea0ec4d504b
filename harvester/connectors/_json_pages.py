"""Room: the pages of one list in JSON, walked to a proven end.

In: how the list says where its next page is, a way to ask. Out: its pages, each with a stream of values.
The end is proven by the list itself (no next page, an empty page, the declared total); a page that comes
twice, a total that falls, fewer records than declared are errors. Knows nothing of what a value means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from harvester.connectors import Raw
from harvester.connectors._answers import snippet, where, whole
from harvester.connectors._json import Document
from harvester.connectors._link_header import linked
from harvester.connectors._query import with_query
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.mapping import paths
from harvester.model import Answer, Source
from harvester.model import Raw as Value

LISTS = ("data", "results", "records", "items", "elements", "features", "")
TOTAL_HEADERS = ("x-total-count", "x-wp-total")
MOST_PAGES = 100_000
"""A list without an end would fill the disk."""


class Paging(BaseModel):
    """Where the list is in its document, and how its pages follow each other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    records: str | None = Field(
        None, description="Dotted path to the list; an object there counts as the list of its values."
    )
    ref: str = Field("id", description="Path to the identifier, inside a record.")
    paginator: Literal["offset", "page", "cursor", "link", "next"] | None = Field(
        None, description="How pages follow each other; without it each address is a whole list."
    )
    parameter: str | None = Field(
        None, description="Query parameter that says which page: `offset`, `page` or `cursor` by default."
    )
    size: int | None = Field(None, ge=1, description="Records asked for in a page.")
    size_parameter: str = Field("limit", description="Query parameter that says `size`.")
    first: int | None = Field(
        None, ge=0, description="Number of the first page, 1 by default, or first offset, 0 by default."
    )
    next: str | None = Field(
        None, description="Path to the next cursor (`cursor`) or to the address of the next page (`next`)."
    )
    pages: str | None = Field(None, description="Path to the number of pages (`page`).")
    total: str | None = Field(
        None, description="Path to the number of records in all, or the header `X-Total-Count`."
    )

    @field_validator("ref", "next", "pages", "total")
    @classmethod
    def _path(cls, text: str | None) -> str | None:
        if text is not None and text.lower() not in TOTAL_HEADERS:
            paths.path(text)
        return text

    @model_validator(mode="after")
    def _next_is_known(self) -> Paging:
        if self.paginator in ("cursor", "next") and self.next is None:
            raise ValueError(f"paginator '{self.paginator}' needs `next`, the path to it")
        return self


class Page:
    """One page: a stream of its values, then what stands beside them and how many there were."""

    def __init__(self, answer: Answer, document: Document, paging: Paging, place: str) -> None:
        self.answer = answer
        self.place = place
        self.count = 0
        self.refs: list[str] = []
        self._document = document
        self._paging = paging
        self._values = document.items()
        self._ref = paths.path(paging.ref)

    def items(self) -> Iterator[Value]:
        """The values not read yet, in the order of the list."""
        for value in self._values:
            self.count += 1
            if self._paging.paginator:
                self.refs.append(str(self._ref(value)))
            yield value

    def close(self) -> None:
        """Read to the end: the document is whole, `beside` knows all of it.

        Raises:
            SourceChanged: it tells an error beside its list, whatever its HTTP status.
        """
        for _ in self.items():
            pass
        for name in ("error", "errors"):
            if said := self._document.members.get(name):
                raise SourceChanged(f"{self.place}: it tells an error, {snippet(str(said))}; ask the partner")

    def repeats(self, other: Page) -> bool:
        """True when it holds the same records as `other`: the same body, or the same identifiers."""
        known = self.refs == other.refs and any(ref != "None" for ref in self.refs)
        return known or self.answer.body == other.answer.body

    def beside(self, path: str | None) -> Value:
        """What stands at `path` outside the list; None when there is nothing.

        The reader keeps what it passes on its way to the list without the names of the way itself.
        """
        if path is None:
            return None
        way = (self._paging.records or "").split(".")[:-1]
        names = path.split(".")
        while way and len(names) > 1 and names[0] == way[0]:
            del way[0], names[0]
        return paths.path(".".join(names))(self._document.members)

    def total(self) -> int | None:
        """How many records there are in all, as this page declares; None when it does not."""
        said = self._paging.total
        if said is not None and said.lower() in TOTAL_HEADERS:
            return _number(self.answer.headers.get(said.lower()))
        return _number(self.beside(said))


def pages(source: Source, paging: Paging, ask: Callable[[str], Answer], raw: Raw) -> Iterator[Page]:
    """The pages of every address of the source, in order; each must be read before the next is asked for.

    Raises:
        SourceChanged: no list, a page that comes twice, fewer records than declared, no end.
        SourceUnavailable: the declared total fell meanwhile: what moved up may have been passed over.
    """
    for url in source.urls:
        yield from _list(source, _Walk(paging, _first(url, paging)), ask, raw)


class _Walk:
    """How far one list was read."""

    def __init__(self, paging: Paging, url: str) -> None:
        self.url: str | None = url
        self.paging = paging
        self.number = 0
        self.count = 0
        self.total: int | None = None
        self.asked = {url}
        self.last: Page | None = None

    def follow(self, page: Page) -> None:
        """Count what was read, and go to the next page if there is one."""
        self._heed(page)
        self.number += 1
        self.count += page.count
        self.last = page
        self.url = self._after(page)
        if self.url is None:
            self._end(page)
        elif self.url in self.asked:
            raise SourceChanged(f"{page.place}: its next page was read before; correct `paginator`")
        elif self.number >= MOST_PAGES:
            raise SourceChanged(f"{page.place}: no end after {MOST_PAGES} pages; correct `paginator`")
        else:
            self.asked.add(self.url)

    def _heed(self, page: Page) -> None:
        if self.last and page.count and page.repeats(self.last):
            raise SourceChanged(
                f"{page.place}: the same page came twice; correct `paginator` and `parameter`"
            )
        total = page.total()
        if total is None and self.paging.total and self.total is None:
            raise SourceChanged(f"{page.place}: no number at '{self.paging.total}'; correct `total`")
        if total is not None and self.total is not None and total < self.total:
            raise SourceUnavailable(
                f"{page.place}: {self.total} records before, {total} now; the next round tries again"
            )
        self.total = self.total if total is None else total

    def _end(self, page: Page) -> None:
        if self.total is not None and self.count < self.total:
            raise SourceChanged(
                f"{page.place}: {self.count} records of the {self.total} it declares; ask for all, "
                "or take `total` out if it counts what nobody may see"
            )

    def _after(self, page: Page) -> str | None:
        """The address of the page after this one; None at the end."""
        match self.paging.paginator:
            case "link":
                return linked(page.answer.headers.get("link"), "next", base=page.answer.url)
            case "next":
                said = self._told(page, str)
                return None if said is None else whole(page.answer.url, said)
            case "cursor":
                said = self._told(page, str | int)
                return None if said is None else self._at(page, said)
            case "offset":
                return self._at(page, self._start(0) + self.count) if self._more(page) else None
            case "page":
                return self._at(page, self._start(1) + self.number) if self._more(page) else None
        return None

    def _told(self, page: Page, kind: Any) -> Value:
        """What the page says of the next one; None when it says that there is none."""
        said = page.beside(self.paging.next)
        if said in (None, "", False):
            return None
        if not isinstance(said, kind):
            raise SourceChanged(f"{page.place}: '{self.paging.next}' is {said!r:.60}; correct `next`")
        return said

    def _more(self, page: Page) -> bool:
        last = _number(page.beside(self.paging.pages))
        if last is not None:
            return self.number < last
        # a short page is no end: some lists drop what we may not see after counting
        return page.count > 0 and (self.total is None or self.count < self.total)

    def _start(self, default: int) -> int:
        return default if self.paging.first is None else self.paging.first

    def _at(self, page: Page, place: Value) -> str:
        name = self.paging.parameter or str(self.paging.paginator)
        return with_query(page.answer.url, {name: str(place)})


def _list(source: Source, walk: _Walk, ask: Callable[[str], Answer], raw: Raw) -> Iterator[Page]:
    told = walk.paging.records
    while walk.url is not None:
        answer = ask(walk.url)
        place = where(answer, source)
        with raw.open(answer) as stream:
            document = Document(stream, where=place)
            document.seek(*(LISTS if told is None else (told,)), keyed=told is not None)
            page = Page(answer, document, walk.paging, place)
            yield page
            page.close()
        walk.follow(page)


def _first(url: str, paging: Paging) -> str:
    said: dict[str, str] = {}
    if paging.size is not None:
        said[paging.size_parameter] = str(paging.size)
    if paging.first is not None and paging.paginator in ("offset", "page"):
        said[paging.parameter or paging.paginator] = str(paging.first)
    return with_query(url, said) if said else url


def _number(said: Any) -> int | None:
    with suppress(TypeError, ValueError, OverflowError):
        return None if isinstance(said, bool) else int(said)
    return None
