"""Room: schema.org, sites whose pages carry JSON-LD or microdata (events, organisations, videos, tools).

In: a sitemap, a listing or pages. Out: one record per thing that the pages describe, its fields ours already
(`profile.adopt`). Follows no other link, runs no script, reads no RDFa.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import Field, field_validator

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import replay, where, whole
from harvester.connectors._details import details
from harvester.connectors._expressions import expression, fits
from harvester.connectors._html import same_site
from harvester.connectors._html_listing import Walking, links, listings
from harvester.connectors._schema_org_pages import Reading
from harvester.connectors._schema_org_site import recognised
from harvester.connectors._sitemap import sitemap
from harvester.errors import SourceChanged
from harvester.items import KINDS
from harvester.model import Answer, Kept, Listing, Record, Rejected, Source
from harvester.profile import adopt

__all__ = ["IGNORED", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL

FIELDS = (
    *("kind", "name", "description", "slogan", "lat", "lon", "street", "postcode", "city", "country"),
    *("covers", "homepage", "page", "image", "email", "telephone", "theme", "type", "keywords", "status"),
    *("award", "certification", "registration", "founded", "needs", "offers", "supporters", "videos"),
    *("documents", "grants", "supported_by", "part_of", "has_part", "inspired_by", "related", "involves"),
    *("documented_by", "about", "references", "sub_organisation_of", "derived_from", "licence", "created"),
    *("modified", "language", "start", "end", "attendance", "free", "venue", "organiser", "super_event"),
    *("embed", "content", "thumbnail", "uploaded", "duration"),
)
"""The item fields that schema.org has a term for; records hold them under their own names."""

MAPPING: dict[str, Any] = {name: adopt.MAPPING[name] for name in FIELDS}

IGNORED = adopt.IGNORED
MOST_SITEMAPS = 1000


class Options(Walking):
    """What may be said of a site besides the address of its sitemap, of its listing, or of its pages."""

    sitemap: bool = Field(
        default=True,
        description="False: without `listing`, the addresses are the pages to read, no sitemaps.",
    )
    sitemaps: str | None = Field(
        None, description="Regular expression for the sitemaps of an index that are read; all by default."
    )
    include: str | None = Field(
        None, description="Regular expression for the addresses of pages that are read; all by default."
    )
    exclude: str | None = Field(
        None, description="Regular expression for the addresses of pages that are not read."
    )
    kinds: Mapping[str, str] = Field(
        default_factory=dict, description="Kind by class, for classes that mean something else on this site."
    )

    @field_validator("sitemaps", "include", "exclude")
    @classmethod
    def _expression(cls, pattern: str | None) -> str | None:
        return expression(pattern)

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: Mapping[str, str]) -> Mapping[str, str]:
        for kind in kinds.values():
            if kind not in KINDS:
                raise ValueError(f"no kind '{kind}'; known: {', '.join(KINDS)}")
        return {name if ":" in name else f"schema:{name}": kind for name, kind in kinds.items()}

    def wants(self, address: str) -> bool:
        """True for a page that is read."""
        included = self.include is None or fits(self.include, address)
        return included and not (self.exclude and fits(self.exclude, address))


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """Sitemaps or the pages of a listing, then the pages they lead to."""
    options = Options(**source.options)
    found: dict[str, None] = {}
    for answer, addresses in _frontier(source, options, client.get, raw):
        if answer:
            yield answer
        found |= dict.fromkeys(addresses)
    ours = (address for address in found if same_site(address, source.url))
    yield from details(ours, client, accept="text/html, application/xhtml+xml")


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected | Kept]:
    """What the pages describe, page by page in the order of the sitemap, what is said twice only once.

    Raises:
        SourceChanged: a sitemap or listing is not one, is cut or leads to no page, or no page describes
            anything that we know.
    """
    options = Options(**source.options)
    kept = {answer.url: answer for answer in reversed(answers)}
    front = list(_frontier(source, options, replay(answers, source), raw))
    reading = Reading(source, options.kinds, options.end)
    for address in dict.fromkeys(one for _, addresses in front for one in addresses):
        if same_site(address, source.url):
            yield from reading.page(address, kept.get(address), raw)
        else:
            yield Rejected(None, f"a link to another site, {address}, is not followed; use `include`")
    yield from reading.unread()
    if not reading.known:
        first = f", the first because {reading.reasons[0]}" if reading.reasons else ""
        raise SourceChanged(
            f"schema_org '{source.id}': {source.url}: no page describes anything that we know{first}; "
            "published data kept, check `include`"
        )


_Step = tuple[Answer | None, Sequence[str]]


def _frontier(source: Source, options: Options, ask: Callable[[str], Answer], raw: Raw) -> Iterator[_Step]:
    """Each answer that leads to pages, and the addresses of those that are read."""
    if options.listing:
        for answer, _, found in listings(source, options, partial(links, options.listing), ask, raw):
            yield answer, [one for one in found if options.wants(one)]
    elif options.sitemap:
        yield from _sitemaps(source, options, ask, raw)
    else:
        yield None, source.urls


def _sitemaps(source: Source, options: Options, ask: Callable[[str], Answer], raw: Raw) -> Iterator[_Step]:
    waiting, asked, count = list(source.urls), set[str](), 0
    while waiting:
        url = waiting.pop(0)
        if url in asked:
            continue
        asked.add(url)
        answer = ask(url)
        place = where(answer, source)
        if len(asked) > MOST_SITEMAPS:
            raise SourceChanged(f"{place}: more than {MOST_SITEMAPS} sitemaps; choose by `sitemaps`")
        found = sitemap(answer, raw, where=place)
        addresses = [whole(url, one) for one in found.addresses]
        if found.index:
            waiting += [one for one in addresses if fits(options.sitemaps or "", one)]
        pages = [] if found.index else [one for one in addresses if options.wants(one)]
        count += len(pages)
        yield answer, pages
    if not count:
        raise SourceChanged(
            f"schema_org '{source.id}': {source.url}: no page to read in {len(asked)} sitemaps; "
            "check `sitemaps` and `include`"
        )
