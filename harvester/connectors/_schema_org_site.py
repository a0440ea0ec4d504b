"""Room: recognising a site whose pages describe things in schema.org, and where they are listed.

In: a sitemap, or a page that describes something. Out: a proposal for those parts of a sitemap whose first
page describes more than the site itself; else for the page alone. Follows no link to another site.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from urllib.parse import urlsplit

from harvester.connectors._html import looked
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen
from harvester.connectors._schema_org import json_ld, microdata
from harvester.connectors._sitemap import Sitemap, listed
from harvester.connectors._sitemap_parts import Part, ours, parts
from harvester.errors import SourceChanged
from harvester.model import Record
from harvester.profile import adoption
from harvester.profile.adopt import adopted

MOST = 6
"""Parts of a sitemap of which one page is looked at."""

DECLARED = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(https?://\S+)", re.IGNORECASE | re.MULTILINE)
OWN = (
    'only: the site itself is a record too unless kinds are chosen: only = { path = "kind", in = ["event"] }'
)


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A sitemap; else a page that describes several things, the sitemap of its site, or the one thing."""
    given = _sitemap(seen)
    if given:
        return _by_sitemap(seen, given, look)
    kinds = _kinds(_things(seen))
    alone = Proposal(
        Certainty.FORMAT,
        seen.url,
        title=seen.title,
        licence=seen.licence,
        count=kinds.total(),
        keys={"sitemap": False},
        learned=[f"this page describes {_said(kinds)}"],
    )
    several = kinds.total() > 1 and bool(seen.path.strip("/"))
    told = _declared(seen, look) if seen.says("schema.org") and not several else ()
    maps = ((at, found) for address in told if (at := look(address)) and (found := _sitemap(at)))
    proposals = (_by_sitemap(at, found, look) for at, found in maps)
    return next(filter(None, proposals), alone if kinds else None)


def _by_sitemap(at: Seen, found: Sitemap, look: Look) -> Proposal | None:
    """The parts of a sitemap whose first page describes more than the site itself; None when none does."""
    alike = parts(found, at.url)
    samples = [(part, _sample(part, found.index, at, look)) for part in alike[:MOST]]
    pages = [sample for _, sample in samples if sample]
    things = {part.pattern: _things(sample) for part, sample in samples}
    good = [part for part, _ in samples if _kinds(things[part.pattern])]
    if not good:
        return None
    own = (one.value.get("name") for one in chain(*things.values()) if _is_site(one))
    name = next((html.unescape(one) for one in own if isinstance(one, str)), None)
    chosen = "|".join(part.pattern for part in good) if len(good) < len(alike) else None
    return Proposal(
        Certainty.FORMAT,
        at.url,
        title=name or next((page.title for page in pages if page.meta("og:site_name")), None),
        publisher=name,
        licence=next((page.licence for page in pages if page.licence), None),
        keys={"sitemaps" if found.index else "include": chosen},
        learned=[
            f"{part.pattern}: its first page describes {_said(_kinds(things[part.pattern]))}"
            for part, _ in samples
        ],
        unknown=[OWN] if name else [],
    )


def _sitemap(seen: Seen) -> Sitemap | None:
    try:
        return listed(seen.content, where=seen.url)
    except SourceChanged:
        return None


def _declared(seen: Seen, look: Look) -> Sequence[str]:
    """The sitemaps that robots.txt names, else where most sites have theirs."""
    robots = look(f"{seen.root}/robots.txt")
    return ours(DECLARED.findall(robots.text if robots else ""), seen.url) or [f"{seen.root}/sitemap.xml"]


def _sample(part: Part, index: bool, at: Seen, look: Look) -> Seen | None:
    """The first page of a part that is not the home page."""
    addresses = part.addresses
    if index:
        sitemap = look(addresses[0])
        found = _sitemap(sitemap) if sitemap else None
        addresses = ours(found.addresses, at.url) if found and not found.index else []
    first = next((one for one in addresses if urlsplit(one).path.strip("/")), None)
    return look(first) if first else None


def _things(seen: Seen | None) -> list[Record]:
    """What a page describes, in JSON-LD or else in microdata, persons left out."""
    page = looked(seen)
    if page is None:
        return []
    for read in (json_ld, microdata):
        things = (one for one in read(page).things if not adoption.person(one.classes))
        with suppress(ValueError):  # "http://[" and the like
            records = (adopted(one, namespace=page.address) for one in things)
            if found := [one for one in records if isinstance(one, Record)]:
                return found
    return []


def _is_site(thing: Record) -> bool:
    """True for the organisation whose site it is."""
    page = str(thing.value.get("page", ""))
    return thing.value["kind"] == "organisation" and not urlsplit(page).path.strip("/")


def _kinds(things: Sequence[Record]) -> Counter[str]:
    return Counter(str(one.value["kind"]) for one in things if not _is_site(one))


def _said(kinds: Counter[str]) -> str:
    """In words, `2 event, 1 video`."""
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "nothing but the site"
