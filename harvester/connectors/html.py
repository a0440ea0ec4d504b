"""Room: web pages, any site without an API, told by the configuration with CSS selectors.

In: the address of a listing, what it lists, where each field stands. Out: one record per page that the
listing leads to, or per element of the listing itself. Says nothing of what a field means, that is the
mapping's. Follows no other link, sends no form, runs no script.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from bs4 import Tag
from pydantic import Field, field_validator, model_validator

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import replay, snippet, where
from harvester.connectors._details import details
from harvester.connectors._expressions import expression, matched
from harvester.connectors._html import Page, compiled, host, link, page, same_site, text
from harvester.connectors._html_fields import Picked, read
from harvester.connectors._html_guess import recognised
from harvester.connectors._html_listing import Walking, links, listings
from harvester.errors import SourceChanged
from harvester.model import Answer, Kept, Listing, Record, Rejected, Source

__all__ = ["IGNORED", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL

MAPPING: dict[str, Any] = {
    "name": ["name", "title"],
    "description": "description",
    "slogan": "slogan",
    "lat": "lat",
    "lon": "lon",
    "street": "street",
    "postcode": "postcode",
    "city": "city",
    "homepage": "homepage",
    "page": ["page", "_page"],
    "image": "image",
    "email": "email",
    "telephone": "telephone",
    "keywords": "keywords",
    "founded": "founded",
    "created": "created",
    "modified": "modified",
    "start": "start",
    "end": "end",
    "embed": "embed",
    "thumbnail": "thumbnail",
    "uploaded": "uploaded",
}

IGNORED: frozenset[str] = frozenset()


class Options(Walking):
    """What is to be said of a web site besides the address or addresses of its listing."""

    record: str | None = Field(
        None,
        description="Selector of the records, when they stand in the listing itself; not with `listing`.",
    )
    fields: Mapping[str, Picked] = Field(
        min_length=1, description="Table of field names and their selectors, inside the page or the record."
    )
    ref: Picked | None = Field(
        None, description="Where the identifier stands inside a `record`; by default the address of its link."
    )
    ref_pattern: str | None = Field(
        None, description="Regular expression for the identifier inside the address of a page (or `ref`)."
    )

    @field_validator("record")
    @classmethod
    def _record_selector(cls, selector: str | None) -> str | None:
        if selector is not None:
            compiled(selector)
        return selector

    @field_validator("ref_pattern")
    @classmethod
    def _ref_expression(cls, pattern: str | None) -> str | None:
        return expression(pattern)

    @model_validator(mode="after")
    def _one_kind_of_listing(self) -> Options:
        if (self.listing is None) == (self.record is None):
            raise ValueError(
                "give either `listing`, links to pages of records, or `record`, records in the list"
            )
        if self.ref and self.listing:
            raise ValueError("`ref` goes with `record`; with `listing` the address tells, by `ref_pattern`")
        return self


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """The pages of the listing, in order; after each the pages of the records it lists first."""
    options = Options(**source.options)
    for answer, _, found in listings(source, options, _listed(options), client.get, raw):
        yield answer
        if options.listing:
            ours = [url for url in found if isinstance(_ref_of(url, source, options), str)]
            yield from details(ours, client, accept="text/html, application/xhtml+xml")


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected | Kept]:
    """Records in the order of the listing, each page once.

    Raises:
        SourceChanged: the listing is no web page, is cut, lists nothing or less than it counts, or nothing
            that `fields` looks for is found in any record.
        SourceUnavailable: the site's own count fell while its pages were read.
    """
    options = Options(**source.options)
    kept = {answer.url: answer for answer in reversed(answers)}
    readable, failed = 0, list[str]()
    for _, at, found in listings(source, options, _listed(options), replay(answers, source), raw):
        for url, element in found.items():
            one = (
                _card(element, at, source, options)
                if options.record
                else _record(url, kept.get(url), source, options, raw=raw)
            )
            if isinstance(one, Record):
                readable += 1
            elif not readable:
                failed.append(one.reason)
            yield one
    if failed and not readable:
        raise SourceChanged(
            f"{source.connector} '{source.id}': {source.url}: none of {len(failed)} records can be read, "
            f"the first because {failed[0]}; published data kept, correct the selectors"
        )


def _listed(options: Options) -> Any:
    return partial(links, options.listing) if options.listing else partial(_cards, str(options.record))


def _cards(selector: str, at: Page) -> dict[str, Tag]:
    """The records that stand in a listing, by a hash of their markup, which tells a page that comes twice."""
    found = compiled(selector).select(at.soup)
    return {hashlib.blake2b(str(one).encode(), digest_size=16).hexdigest(): one for one in found}


def _record(
    url: str, answer: Answer | None, source: Source, options: Options, *, raw: Raw
) -> Record | Rejected | Kept:
    ref = _ref_of(url, source, options)
    if isinstance(ref, Rejected):
        return ref
    if answer is None:
        return Kept(ref, "its page did not answer")
    try:
        at = page(answer, raw, where=where(answer), end=options.end)
    except SourceChanged as error:
        return Kept(ref, f"its page cannot be read: {error}")
    found = read(options.fields, at.soup, at)
    if not found:
        return Kept(
            ref, f"nothing of `fields` in its page {url}, which begins with {snippet(text(at.soup)[:80])}"
        )
    return Record(ref, found | {"_page": url})


def _card(element: Tag, at: Page, source: Source, options: Options) -> Record | Rejected:
    url = link(element, at)
    said = next(options.ref.values(element, at), None) if options.ref else _key(url, source)
    ref = matched(options.ref_pattern, said) if said else None
    if not ref:
        return Rejected(None, f"nothing to identify {snippet(text(element))}; correct `ref` or `ref_pattern`")
    found = read(options.fields, element, at)
    if not found:
        return Rejected(ref, f"nothing of `fields` in {snippet(text(element))}; correct the selectors")
    return Record(ref, found | {"_page": url or at.address})


def _ref_of(url: str, source: Source, options: Options) -> str | Rejected:
    """The ref of a page by its address; Rejected when the link leads to no page of a record."""
    if not same_site(url, source.url):
        return Rejected(None, f"a link to another site, {url}, is not followed; make `listing` narrower")
    ref = matched(options.ref_pattern, url) if options.ref_pattern else _key(url, source)
    return ref or Rejected(None, f"no `ref_pattern` in the link {url}; make `listing` narrower")


def _key(url: str | None, source: Source) -> str | None:
    """Path and query of an address, on the source's own host; http, https and www. are one."""
    if url is None:
        return None
    parts = urlsplit(url)
    local = parts.path.strip("/") + (f"?{parts.query}" if parts.query else "")
    return local if local and host(url) == host(source.url) else f"{host(url)}/{local}"
