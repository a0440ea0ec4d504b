"""Room: feeds, RSS and Atom in all their versions (blogs, news, resources, podcasts).

In: the address of one or several feeds. Out: one record per entry, in the order of the feed. A feed holds
its last entries only: what it no longer lists is still there. Never keeps an author.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, snippet
from harvester.connectors._feed import is_feed, links, parsed, read, values
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen
from harvester.errors import SourceChanged
from harvester.model import Answer, Listing, Record, Rejected, Source

LISTING = Listing.WINDOW

MAPPING: dict[str, Any] = {
    "kind": {"const": "document"},
    "name": "title",
    "description": ["_content", "summary"],
    "page": "link",
    "content": "_file",
    "image": "_image",
    "keywords": "tags[].term",
    "lat": ["_lat", "geo_lat"],
    "lon": ["_lon", "geo_long"],
    "created": "_published",
    "modified": "_updated",
    "language": "_language",
    "origin": "source.href",
}

IGNORED = frozenset(
    {"id", "published", "updated", "created", "where", "rights", "media_content", "media_thumbnail"}
    | {"media_keywords", "itunes_duration", "itunes_episode", "yt_channelid", "yt_videoid"}
)

ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"

LINKED = "link[rel~=alternate][type*='rss' i], link[rel~=alternate][type*='atom' i]"
PROPOSED = 10
"""Most pages proposed of a feed that has more than one."""


class Options(BaseModel):
    """What may be said of a feed besides its address or addresses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pages: int = Field(
        1,
        ge=1,
        le=1000,
        description="Most pages read of each feed: its `next` link, or WordPress's `?paged=`.",
    )


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """Per address, its first page and the following ones, `pages` in all; what fails after a page ends it."""
    for url in source.urls:
        page = client.get(url, accept=ACCEPT)
        yield page
        for number in range(2, Options(**source.options).pages + 1):
            following = _following(page.url, url, parsed(page, source, raw)["feed"], number=number)
            found = _if_there(client, following) if following else None
            if found is None or found.body == page.body:
                break
            page = found
            yield page


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Entries page by page, in the order of the feed.

    Raises:
        SourceChanged: an answer is no feed, is cut, or is larger than 32 MiB.
    """
    for url in source.urls:
        asked(answers, url, source)
    for answer in answers:
        page = parsed(answer, source, raw)
        said = {} if source.language else {"_language": page["feed"].get("language")}
        for entry in page["entries"]:
            yield _record(entry, {name: value for name, value in said.items() if value})


def stated_licence(answers: Sequence[Answer], raw: Raw) -> str | None:
    """The licence that a feed states for itself, as a URL: `rel="license"` or the Creative Commons module."""
    for answer in answers:
        if licence := _licence(parsed(answer, None, raw)["feed"]):
            return licence
    return None


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A feed, or what a page may be followed by: the first of its feeds."""
    linked = [] if is_feed(seen.text) else seen.links(LINKED)
    at = look(linked[0], accept=ACCEPT) if linked else seen
    if at is None or not is_feed(at.text):
        return None
    try:
        found = read(at.text, at.url, where=at.url)
    except SourceChanged:
        return None
    more = _following(at.url, at.url, found["feed"], number=2)
    return Proposal(
        Certainty.READABLE if linked else Certainty.FORMAT,
        at.url,
        title=found["feed"].get("title") or seen.title,
        licence=_licence(found["feed"]) or seen.licence,
        count=None if more else len(found["entries"]),
        keys={"kind": "document", "pages": PROPOSED if more else None},
        learned=[f"another feed of the page: {address}" for address in linked[1:]],
    )


def _licence(feed: Mapping[str, Any]) -> str | None:
    return next((str(link["href"]) for link in links(feed, "license")), None)


def _record(entry: Mapping[str, Any], said: Mapping[str, str]) -> Record | Rejected:
    ref = entry.get("id") or entry.get("link")
    if not ref:
        return Rejected(None, f"neither guid nor link; title {snippet(str(entry.get('title', '')))}")
    return Record(str(ref), {**values(entry), **said})


def _following(page: str, first: str, feed: Mapping[str, Any], *, number: int) -> str | None:
    """The address of the next page: the one that the feed names (RFC 5005), else WordPress's own."""
    for link in links(feed, "next"):
        return str(link["href"]) if link["href"] != page else None
    if "wordpress.org" not in str(feed.get("generator", "")):
        return None
    root = re.sub(r"([?&])paged=\d+&?", r"\1", first).rstrip("?&")
    return f"{root}{'&' if urlsplit(root).query else '?'}paged={number}"


def _if_there(client: Fetches, url: str) -> Answer | None:
    try:
        return client.get(url, accept=ACCEPT)
    except SourceChanged:  # 404: so answers WordPress after the last page
        return None
