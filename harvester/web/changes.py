"""Room: the feed of changes, as an event stream, as Atom, and as a page.

A full page never changes, and says so; the others are asked for again. What the ledger forgot is in none.
"""

from __future__ import annotations

from typing import cast

import pyoxigraph as ox
from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from harvester import feed as feeds
from harvester import vocab
from harvester.feed.atom import MEDIA_TYPE
from harvester.ledger.redaction import redactions
from harvester.rights import rights
from harvester.web.conditional import tag, unchanged
from harvester.web.negotiation import HTML, Offers, preferred
from harvester.web.pages import VARY, Visit, Visiting, page
from harvester.web.problems import absent, unacceptable

DATASETS: Offers = {
    "trig": ("application/trig",),
    "nquads": ("application/n-quads",),
    "jsonld": ("application/ld+json", "application/json"),
    "turtle": ("text/turtle",),
    "ntriples": ("application/n-triples",),
}
"""Formats of a page; the first three tell versions apart by graphs, the others have none."""

_FORMATS = {
    "trig": ox.RdfFormat.TRIG,
    "nquads": ox.RdfFormat.N_QUADS,
    "jsonld": ox.RdfFormat.JSON_LD,
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
}
_FLAT = frozenset({"turtle", "ntriples"})
_WRITTEN = 1
"""Raised when pages are written otherwise."""

_FULL = {"Cache-Control": "public, max-age=86400, immutable"}
_OPEN = {"Cache-Control": "public, max-age=60"}
SHOWN = 20

_SPACES = {"ldes": "https://w3id.org/ldes#", "tree": "https://w3id.org/tree#", "as": feeds.ACTIVITY}

router = APIRouter()


@router.get("/changes")
def changes(visit: Visiting, source: str | None = None) -> Response:
    """The event stream of all changes, or of those of a source; for browsers the last ones."""
    if source is not None and not _published(visit, source):
        return _no_source(visit, source)
    feed = _feed(visit, source)
    name = _asked(visit)
    if name == "html":
        return _shown(visit, feed)
    return _answered(visit, feed, ("root", 0), name)


@router.get("/changes/sections/{number}")
def section(visit: Visiting, number: int, source: str | None = None) -> Response:
    """A section: where the pages are."""
    return _node(visit, source, ("sections", number))


@router.get("/changes/pages/{number}")
def one_page(visit: Visiting, number: int, source: str | None = None) -> Response:
    """A page: versions of records."""
    return _node(visit, source, ("pages", number))


@router.get("/changes.atom")
def atom(visit: Visiting, source: str | None = None, page: int | None = None) -> Response:
    """The newest changes, or a full page of old ones, as Atom."""
    if source is not None and not _published(visit, source):
        return _no_source(visit, source)
    feed = _feed(visit, source)
    full = page is not None and page >= 0 and feed.view.full(page, feeds.PAGE)
    if not feed.view.position or (page is not None and not full):
        return _no_page(visit, str(page or ""))
    headers = {**_headers(visit, feed, ("atom", page), full=full), "Vary": "Accept-Encoding"}
    return unchanged(visit.request, headers) or Response(
        feeds.atom(feed, page), media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers
    )


@router.get("/version/{change}")
def version(visit: Visiting, change: int) -> Response:
    """A version stands on a page."""
    if not 0 < change <= visit.serving.ledger.position():
        return _no_page(visit, str(change))
    number = (change - 1) // feeds.PAGE
    return RedirectResponse(visit.local(f"{visit.base}changes/pages/{number}"), 303, headers=VARY)


def _node(visit: Visit, source: str | None, node: tuple[str, int]) -> Response:
    kind, number = node
    size = feeds.PAGE if kind == "pages" else feeds.SECTION
    if source is not None and not _published(visit, source):
        return _no_source(visit, source)
    feed, name = _feed(visit, source), _asked(visit)
    if not 0 <= number * size < feed.view.position:
        return _no_page(visit, str(number))
    return _answered(visit, feed, node, "trig" if name == "html" else name)


def _answered(visit: Visit, feed: feeds.Feed, node: tuple[str, int], name: str | None) -> Response:
    if name is None:
        return unacceptable(visit, ", ".join(DATASETS))
    kind, number = node
    size = {"pages": feeds.PAGE, "sections": feeds.SECTION}.get(kind)
    full = size is not None and feed.view.full(number, size)
    headers = _headers(visit, feed, (*node, name), full=full)
    if answer := unchanged(visit.request, headers):
        return answer
    body = _written(_lines(feed, node, flat=name in _FLAT), name)
    charset = "; charset=utf-8" if name == "turtle" else ""
    return Response(body, media_type=DATASETS[name][0] + charset, headers=headers)


def _lines(feed: feeds.Feed, node: tuple[str, int], *, flat: bool) -> bytes:
    kind, number = node
    if kind == "pages":
        return feeds.page_lines(feed, number, flat=flat)
    return feeds.section_lines(feed, number) if kind == "sections" else feeds.root_lines(feed)


def _headers(visit: Visit, feed: feeds.Feed, node: tuple[object, ...], *, full: bool) -> dict[str, str]:
    """The validator of a page: what it is, how far it has come, whose it is, what was forgotten since."""
    whose = [
        (name, told.licence.publishable, told.credit())
        for name, told in ((name, rights(visit.base, name, one)) for name, one in _described(visit).items())
        if feed.view.source in (None, name)
    ]
    upto = None if full else feed.view.position
    made_from = tag(_WRITTEN, node, feed.view.source, upto, redactions(visit.serving.ledger), whose)
    return {**VARY, **(_FULL if full else _OPEN), "ETag": made_from}


def _written(lines: bytes, name: str) -> bytes:
    """Lines of N-Quads in a format."""
    if name in ("nquads", "ntriples"):
        return lines
    spaces = {**vocab.prefixes(), **_SPACES}
    used = {prefix: space for prefix, space in spaces.items() if space.encode() in lines}
    quads = ox.parse(lines, format=ox.RdfFormat.N_QUADS)
    told = (quad.triple for quad in quads) if name in _FLAT else quads
    body = ox.serialize(told, format=_FORMATS[name], prefixes=used)
    assert body is not None
    return body


def _shown(visit: Visit, feed: feeds.Feed) -> Response:
    """What a browser sees: the last changes, and how they are followed."""
    last = feed.view.position
    told = list(feeds.versions(feed.base, feed.view, feed.timeline, last - 10 * SHOWN + 1, last))[-SHOWN:]
    titles = {name: one["title"] for name, one in _described(visit).items()}
    sources = [name for name in titles if _published(visit, name)]
    return page(
        visit,
        "changes-feed.html",
        feed=feed,
        told=told[::-1],
        titles=titles,
        sources=sources,
        formats=DATASETS,
    )


def _asked(visit: Visit) -> str | None:
    if asked := visit.request.query_params.get("format"):
        return asked if asked in DATASETS or asked == "html" else None
    return preferred(visit.accept, {**DATASETS, **HTML})


def _feed(visit: Visit, source: str | None) -> feeds.Feed:
    serving, title = visit.serving, visit.serving.federation.title
    named = f"{title}: {_described(visit)[source]['title']}" if source else title
    return feeds.Feed(visit.base, named, feeds.view(serving.ledger, source), _timeline(visit))


def _timeline(visit: Visit) -> feeds.Timeline:
    return cast("feeds.Timeline", visit.request.app.state.timeline)


def _described(visit: Visit) -> dict[str, dict[str, object]]:
    return cast("dict[str, dict[str, object]]", visit.serving.ledger.sources())


def _published(visit: Visit, source: str) -> bool:
    told = _described(visit).get(source)
    return told is not None and rights(visit.base, source, told).licence.publishable


def _no_source(visit: Visit, source: str) -> Response:
    text, advice = visit.say("problem.no-source", source=source), visit.say("problem.no-source-advice")
    return absent(visit, 404, text, kind="no-source", advice=advice)


def _no_page(visit: Visit, number: str) -> Response:
    advice = visit.say("changes-feed.absent-advice")
    return absent(visit, 404, visit.say("changes-feed.absent", number=number), kind="no-page", advice=advice)
