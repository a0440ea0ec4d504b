"""Room: RSS or Atom bytes → what feedparser reads in them, and one entry as a record value.

In: a kept answer. Out: a parsed feed, entries as JSON without their authors; SourceChanged when the text is
no feed, or is cut. Repairs what is not well-formed, as readers of feeds do; asks for nothing.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin

from harvester.connectors import Raw
from harvester.connectors._answers import snippet, where
from harvester.connectors._json import PAGE
from harvester.connectors._text import encoding
from harvester.errors import SourceChanged
from harvester.model import Answer, Source
from harvester.model import Raw as Value

PRIVATE = frozenset(
    {"author", "authors", "contributors", "publisher", "dc_creator", "media_credit", "itunes_author"}
)
"""Persons who write: dropped before anything is hashed or kept."""

VOLATILE = frozenset(
    {"slash_comments", "thr_total", "comments", "wfw_comment", "wfw_commentrss", "media_statistics"}
    | {"media_starrating", "links", "guidislink"}
)
"""Answers and visits counted: an entry is not another one because somebody read it."""

FEED = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf)[\s>]", re.IGNORECASE)
ROOT = re.compile(
    r"\ufeff?\s*(?:(?:<!--(?:(?!-->).)*-->|<[?!](?!--)[^>]*>)\s*)*<(?:\w+:)?(rss|feed|rdf)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
RSS = re.compile(r"purl\.org/rss/1\.0/|my\.netscape\.com/rdf/")
CLOSED = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>(?:\s++|(?><!--.*?-->))*+\Z", re.IGNORECASE | re.DOTALL)
DECLARED = re.compile(rb"<\?xml[^>]*encoding=[\"']([\w.-]+)", re.IGNORECASE)
ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]|\Z)")
LARGEST = 1 << 25
LINKED = frozenset({"links", "media_content", "media_thumbnail"})
START = 4096
"""Characters among which the root of a feed stands."""

END = 16384
"""Characters among which it is closed; comments may follow."""

DEEPEST = 1000
"""Floors of elements: what repairs feeds takes the square of their number."""

TAG = re.compile(r"<!--(?:.*?-->|.*\Z)|<!\[CDATA\[(?:.*?\]\]>|.*\Z)|<(/?)\w[^<>]*?(/?)>", re.DOTALL)
"""A tag, or what holds none; what does not close goes to the end, so that all is looked at once."""


def parsed(answer: Answer, source: Source | None, raw: Raw) -> Mapping[str, Any]:
    """`feed` and `entries` as feedparser gives them.

    Raises:
        SourceChanged: no feed, a feed that does not close, or more than 32 MiB.
    """
    text = _text(answer, source, raw)
    if FEED.search(text[:START]) is None:
        page = PAGE.match(text) and "<html" in text[:START].lower()
        what = "an HTML page" if page else snippet(text[:200])
        raise SourceChanged(f"{where(answer, source)}: expected RSS or Atom, got {what}; check the address")
    if CLOSED.search(text[-END:]) is None:
        raise SourceChanged(
            f"{where(answer, source)}: the feed is cut near {snippet(text[-60:])}; published data kept"
        )
    return read(text, answer.url, where=where(answer, source))


def is_feed(text: str) -> bool:
    """True for what is RSS or Atom from its root on; other RDF than RSS 1.0 is not."""
    found = ROOT.match(text[:START])
    return found is not None and (found[1].lower() != "rdf" or RSS.search(text[:START]) is not None)


def read(text: str, base: str, *, where: str) -> Mapping[str, Any]:
    """`feed` and `entries` of the text of a feed, links made absolute from `base`.

    Raises:
        SourceChanged: it is so malformed that feedparser stumbles, or nested without end.
    """
    import feedparser  # type: ignore[import-untyped]  # it comes without types

    if _is_deep(text):
        raise SourceChanged(f"{where}: its elements are nested more than {DEEPEST} deep; tell the partner")
    # without content-location: told an address, feedparser would join it to every guid that is no address
    headers = {"content-type": "application/xml; charset=utf-8"}
    try:
        found = feedparser.parse(io.BytesIO(text.encode()), response_headers=headers)
    except (AttributeError, IndexError, KeyError, ValueError) as error:
        raise SourceChanged(f"{where}: the feed is malformed ({error!r}); tell the partner") from error
    entries = [_absolute(entry, base) for entry in found["entries"]]
    return {"feed": _absolute(found["feed"], base), "entries": entries}


def _is_deep(text: str) -> bool:
    floor = 0
    for tag in TAG.finditer(text):
        if tag[1] is not None and not tag[2]:
            floor = max(0, floor - 1) if tag[1] else floor + 1
            if floor > DEEPEST:
                return True
    return False


def links(thing: Mapping[str, Any], relation: str) -> list[Mapping[str, Any]]:
    """The links of a feed or an entry that have this relation and an address."""
    return [link for link in thing.get("links", ()) if link.get("rel") == relation and link.get("href")]


def values(entry: Mapping[str, Any]) -> dict[str, Value]:
    """An entry as JSON; what we made of it starts with an underscore, times are ISO 8601."""
    enclosed = links(entry, "enclosure")
    made = {
        "_content": next((part["value"] for part in entry.get("content", ()) if part.get("value")), None),
        "_published": _moment(entry, "published") or _moment(entry, "created"),
        "_updated": _moment(entry, "updated"),
        "_image": next(filter(None, _images(entry, enclosed)), None),
        "_file": next((link["href"] for link in enclosed if not _is_image(link)), None),
    }
    kept = {key: _plain(value) for key, value in entry.items() if _is_kept(key) and key != "content"}
    return kept | {key: value for key, value in made.items() if value} | _point(entry)


def _text(answer: Answer, source: Source | None, raw: Raw) -> str:
    if answer.size > LARGEST:
        raise SourceChanged(
            f"{where(answer, source)}: {answer.size} bytes, {LARGEST} at most; check the address"
        )
    content = raw.read(answer, limit=LARGEST)
    declared = DECLARED.search(content[:200])
    charset = answer.charset or (declared[1].decode() if declared else None)
    return content.decode(encoding(io.BytesIO(content), charset=charset), "replace")


def _absolute(thing: Mapping[str, Any], base: str) -> dict[str, Any]:
    """A plain dict (feedparser gives `updated` for `published` in its own) whose links are absolute."""
    plain = dict(thing)
    for name in LINKED & plain.keys():
        plain[name] = [
            {key: _joined(base, value) if key in ("href", "url") else value for key, value in link.items()}
            for link in plain[name]
        ]
    return plain | ({"link": _joined(base, plain["link"])} if plain.get("link") else {})


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:  # "http://[" and the like
        return address


def _is_kept(name: str) -> bool:
    return name not in PRIVATE | VOLATILE and not name.endswith(("_parsed", "_detail"))


def _moment(entry: Mapping[str, Any], name: str) -> str | None:
    """A date in ISO 8601 as it is written; of RFC 822 and others the moment they name, in UTC."""
    written, read = str(entry.get(name) or ""), entry.get(f"{name}_parsed")
    if ISO.match(written):
        return written
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', read)}+00:00" if read else None


def _images(entry: Mapping[str, Any], enclosed: Sequence[Mapping[str, Any]]) -> Iterator[str | None]:
    yield from (one.get("url") for one in entry.get("media_thumbnail", ()))
    yield from (one.get("url") for one in entry.get("media_content", ()) if _is_image(one))
    yield from (link["href"] for link in enclosed if _is_image(link))


def _is_image(media: Mapping[str, Any]) -> bool:
    return media.get("medium") == "image" or str(media.get("type", "")).startswith("image/")


def _point(entry: Mapping[str, Any]) -> dict[str, Value]:
    """GeoRSS writes latitude first, feedparser gives longitude first."""
    place = entry.get("where") or {}
    if place.get("type") != "Point":
        return {}
    lon, lat = place["coordinates"][:2]
    return {"_lat": lat, "_lon": lon}


def _plain(value: Any) -> Value:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items() if _is_kept(str(key))}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
