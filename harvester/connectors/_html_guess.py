"""Room: guessing the listing of a web page, and where the fields of what it lists stand.

In: a page with links to pages that are alike. Out: a proposal with selectors, for a person to correct:
nothing here is sure. One page of a record is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from bs4 import Tag

from harvester.connectors._html import Page, compiled, link, looked, same_site
from harvester.connectors._html_fields import Pick
from harvester.connectors._html_listing import links
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen

FEW = 3
"""Links that make a listing, at least."""

APART = ["nav", "header", "footer", "aside", "form"]
HEADINGS = ["h1", "h2", "h3", "h4", "h5"]
RICH = "h1, h2, h3, h4, h5, img"
NEXT = ("a[rel~=next]", "link[rel~=next]", "a.next", ".next a", "a.suivant", ".suivant a")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("h1", "meta[property='og:title']@content", "title"),
    "description": ("article@html", "main@html", "meta[name=description]@content"),
    "image": ("meta[property='og:image']@content", "article img@src", "main img@src"),
}
"""Where pages say what, the best first."""

ELSEWHERE = re.compile(
    r"\.(?:pdf|jpe?g|png|gif|webp|zip|ics|docx?|xlsx?|mp[34])\Z|/page/\d+/?\Z|[?&](?:page|paged|sort|order)=",
    re.IGNORECASE,
)
"""Addresses of files, and of other pages of the listing itself."""

WORD = re.compile(r"[A-Za-z_][\w-]*")
GUESSED = "listing, next, fields: guessed; look at `harvester source preview` and correct the selectors"


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A page that links to several pages that are alike, when one of them has a name of its own."""
    at = looked(seen)
    selector = _listing(at) if at else None
    if at is None or selector is None:
        return None
    addresses = list(links(selector, at))
    fields = _fields(at, looked(look(addresses[0], accept="text/html, application/xhtml+xml")))
    if "name" not in fields:
        return None
    following = next((one for one in NEXT if compiled(one).select_one(at.soup)), None)
    return Proposal(
        Certainty.GUESSED,
        seen.url,
        title=seen.title,
        licence=seen.licence,
        count=None if following else len(addresses),
        keys={"listing": selector, "next": following, "fields": fields},
        learned=[f"{len(addresses)} pages are listed here, the first {addresses[0]}"],
        unknown=[GUESSED],
    )


def _listing(at: Page) -> str | None:
    """A selector of the links to pages that are alike; None without one that finds these and no others."""
    alike: dict[str, dict[str, list[Tag]]] = {}
    for element in compiled("a[href]").select(at.soup):
        address = None if element.find_parent(APART) else link(element, at)
        if address and same_site(address, at.address) and not ELSEWHERE.search(address):
            alike.setdefault(_start(address), {}).setdefault(address, []).append(element)
    groups = [(start, group) for start, group in alike.items() if len(group) >= FEW]
    groups.sort(key=lambda one: (sum(map(_is_shown, one[1].values())), len(one[1])), reverse=True)
    found = (
        one
        for start, group in groups
        for one in _selectors(start, group)
        if links(one, at).keys() == group.keys()
    )
    return next(found, None)


def _start(address: str) -> str:
    """How addresses of pages that are alike start, after the host: a folder, or the first word of a name."""
    parts = urlsplit(address)
    if parts.query:
        return f"{parts.path}?{parts.query.partition('=')[0]}="
    folder, _, name = parts.path.rstrip("/").rpartition("/")
    if folder:
        return f"{folder}/"
    first = re.match(r"[^.\-_]+[.\-_]", name)
    return f"/{first[0]}" if first else f"/{name}"


def _is_shown(elements: list[Tag]) -> bool:
    """True for what has a heading or a picture: a record rather than an entry of a menu."""
    return any(one.find_parent(HEADINGS) or compiled(RICH).select_one(one) for one in elements)


def _selectors(start: str, group: Mapping[str, list[Tag]]) -> Iterator[str]:
    """Selectors of links that start so: anywhere, then inside of what holds them all, the nearest first."""
    elements = [element for each in group.values() for element in each]
    written = [str(element["href"]) for element in elements]
    held = next((one for one in (start, start[1:], "") if all(one in href for href in written)), "")
    quoted = held.replace("\\", "\\\\").replace("'", "\\'")
    anchor = f"a[href*='{quoted}']" if held else "a[href]"
    yield anchor
    for holder in elements[0].parents:
        if all(any(holder is one for one in element.parents) for element in elements):
            yield from (f"{name} {anchor}" for name in _names(holder))


def _names(holder: Tag) -> Iterator[str]:
    said = holder.get("id")
    if isinstance(said, str) and WORD.fullmatch(said):
        yield f"#{said}"
    yield from (f".{one}" for one in holder.get("class") or () if WORD.fullmatch(one))
    if holder.name in ("main", "article", "table"):
        yield holder.name


def _fields(listing: Page, record: Page | None) -> dict[str, str]:
    """Selectors that find in the page of a record what the listing does not say of itself."""
    found: dict[str, str] = {}
    for name, selectors in FIELDS.items() if record else ():
        good = (one for one in selectors if (said := _first(one, record)) and said != _first(one, listing))
        if selector := next(good, None):
            found[name] = selector
    return found


def _first(selector: str, at: Page | None) -> str | None:
    return next(Pick(select=selector).values(at.soup, at), None) if at else None
