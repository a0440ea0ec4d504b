"""Room: where the API of The Events Calendar is on a site, and recognising a site that has it.

In: any page of the site, or an address of its API. Out: a proposal for all its events, with the categories of
the first ones. Reads no event.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from harvester.connectors._answers import number
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen, members, objects
from harvester.connectors._shape import sequence
from harvester.model import Raw as Value

# Without start_date the site begins yesterday, without end_date it stops in two years.
TRIBE = "tribe/events/v1/events", "per_page=50&start_date=1970-01-01&end_date=2100-01-01"
TEC = "tec/v1/events", "per_page=100"
APIS = tuple(
    f"{root}{path}{sign}{query}&page="
    for (path, query), root, sign in (
        (TRIBE, "/wp-json/", "?"),
        (TEC, "/wp-json/", "?"),
        (TRIBE, "/?rest_route=/", "&"),
        (TEC, "/?rest_route=/", "&"),
    )
)
"""Addresses of a page after the root of the site, in the order in which they are tried; the last two are
those of a site without readable addresses."""

ROUTES = ("/tribe/events/v1", "/tec/v1")
USED = "link[href*='/plugins/the-events-calendar/'], script[src*='/plugins/the-events-calendar/']"


def root(url: str) -> str:
    """The root of the site, without a slash at the end, in any address of its API."""
    return url.partition("/wp-json")[0].partition("/?")[0].rstrip("/")


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A site with an agenda, by its pages or its API; surely when the address is one of its events."""
    site = _site(seen)
    events, total = _first(site, look) if site else ([], None)
    if site is None or total is None:
        return None
    name = members(look(f"{site}/wp-json/", accept="application/json")).get("name")
    terms = [term for event in objects(events) for term in objects(event.get("categories"))]
    counts = {html.unescape(str(term.get("name"))): term["count"] for term in terms if term.get("count")}
    return Proposal(
        Certainty.NAMED if _is_of_events(seen) else Certainty.SHAPE,
        f"{site}/",
        title=html.unescape(str(name)) if name else seen.title,
        licence=seen.licence,
        count=total,
        keys={"kind": "event"},
        learned=[f"category {category}: {count} events" for category, count in counts.items()],
    )


def _site(seen: Seen) -> str | None:
    """The site whose API is hinted at; None when nothing does."""
    spaces = [f"/{one}" for one in sequence(members(seen).get("namespaces"))]
    if any(route in seen.url or route in spaces for route in ROUTES):
        return root(seen.url)
    named = seen.links("link[href*='/tribe/events/v1']")
    return root(named[0]) if named else seen.root if seen.links(USED) else None


def _first(site: str, look: Look) -> tuple[Sequence[Value], int | None]:
    """The events of the first page of the first API that answers, and how many in all; None without one."""
    for api in APIS:
        told = look(f"{site}{api}1", accept="application/json")
        if told is None:
            continue
        page = members(told)
        events = page.get("events", told.json)
        total = number(str(page.get("total", told.headers.get("x-wp-total", ""))))
        if isinstance(events, list) and total is not None:
            return events, total
    return [], None


def _is_of_events(seen: Seen) -> bool:
    """True for an address of the API, and for the page of the agenda or of an event."""
    body = seen.soup.body if seen.soup else None
    classes = " ".join(sequence(body.get("class"))) if body else ""
    return any(route in seen.url for route in ROUTES) or "tribe_events" in classes
