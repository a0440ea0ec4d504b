"""Room: WordPress, the posts, pages and custom types of a site, by its REST API.

In: the address of a site. Out: what it publishes of the declared types, with the names of its terms. Pages
are asked for in an envelope, so that totals and errors are in the body. Never reads authors or users.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, replay
from harvester.connectors._wordpress_pages import Page, walk
from harvester.connectors._wordpress_posts import post
from harvester.connectors._wordpress_root import TYPES, routes, types
from harvester.connectors._wordpress_site import recognised
from harvester.model import Answer, Listing, Record, Rejected, Source

__all__ = ["IGNORED", "INCREMENTAL", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL
INCREMENTAL = True

MAPPING: dict[str, Any] = {
    "name": "title.rendered",
    "description": ["content.rendered", "excerpt.rendered"],
    "lat": "meta.geo_latitude",
    "lon": "meta.geo_longitude",
    "page": "link",
    "image": "_image",
    "keywords": "_keywords",
    "created": "_created",
    "modified": "_modified",
    "language": "lang",
}

IGNORED = frozenset({"id", "type", "status", "slug", "date_gmt", "modified_gmt", "_terms"})

FIELDS = ("id", "type", "status", "link", "lang", "title", "excerpt", "content", "date_gmt", "modified_gmt")
PARTS = ("acf", "meta", "_links", "_embedded")


class Options(BaseModel):
    """What may be said of a WordPress source besides its address, the site or the root of its API."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    types: tuple[str, ...] = Field(
        ("post",),
        min_length=1,
        description="Types that are read, by name or address: `post`, `pages`, one of the site's own.",
    )
    fields: tuple[str, ...] = Field((), description="Fields of a type asked for besides those always read.")
    per_page: int = Field(100, ge=1, le=100, description="Posts asked for in a page.")
    query: dict[str, str] = Field({}, description='More of the question: `{ categories = "12" }`.')


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """The types of the site, then the pages of each declared one; changes only, newest first, when wanted."""
    shown = types(source, client, raw)
    yield shown
    ask = partial(client.get, accept="application/json")
    since = client.since and client.since.replace(microsecond=0)  # as its address says it
    for page in _pages(source, shown, ask, raw, since):
        yield page.answer


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Posts type by type, by their number.

    Raises:
        SourceChanged: no types, a declared type that is not shown, or a page that is no list of posts.
        SourceUnavailable: a list shrank while it was read, or tells that the site is in trouble.
    """
    shown = next((answer for answer in answers if answer.url.endswith(TYPES)), None)
    shown = shown or asked((), f"{source.url} {TYPES}", source)
    for page in _pages(source, shown, replay(answers, source), raw, _since(answers)):
        for value in page.posts:
            yield post(value)


def _pages(
    source: Source, shown: Answer, ask: Callable[[str], Answer], raw: Raw, since: datetime | None
) -> Iterator[Page]:
    options = Options(**source.options)
    for route in routes(source, options.types, shown, raw):
        address = partial(_address, options, shown.url.removesuffix(TYPES) + route, since)
        yield from walk(source, address, ask, raw, since=since)


def _address(options: Options, route: str, since: datetime | None, page: int) -> str:
    """The address of one page: all posts by number, or those changed since a moment, newest first."""
    said = {"per_page": str(options.per_page), "page": str(page), "orderby": "id", "order": "asc"}
    if since:  # the site compares its local time: the bound must carry an offset
        bound = since.isoformat(timespec="seconds")
        said |= {"orderby": "modified", "order": "desc", "modified_after": bound}
    said |= {"_fields": ",".join([*FIELDS, *options.fields, *PARTS])}
    said |= {"_embed": "wp:term,wp:featuredmedia", "_envelope": "1", **options.query}
    return f"{route}{'&' if '?' in route else '?'}{urlencode(said, quote_via=quote, safe=':,')}"


def _since(answers: Sequence[Answer]) -> datetime | None:
    """From when these answers were asked for, as their own addresses say."""
    asked_for = (parse_qs(urlsplit(answer.url).query).get("modified_after") for answer in answers)
    return next((datetime.fromisoformat(found[0]) for found in asked_for if found), None)
