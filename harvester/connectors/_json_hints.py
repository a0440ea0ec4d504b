"""Room: how the pages of a list in JSON follow each other, by what its first page hints at.

In: the first page, and a way to look at the one after it. Out: the options to propose. A way of turning pages
that is only likely is tried, and proposed when it leads to other records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harvester.connectors._answers import number
from harvester.connectors._json_leaves import leaves, listed
from harvester.connectors._json_pages import TOTAL_HEADERS
from harvester.connectors._link_header import linked
from harvester.connectors._query import with_query
from harvester.connectors._recognition import Look, Seen
from harvester.connectors._spellings import word
from harvester.model import Raw as Value

TOTALS = frozenset(
    {"total", "count", "totalcount", "totalitems", "totalresults", "totalrecords", "nhits"}
) | {
    "totalelements",
    "recordstotal",
    "hydratotalitems",
    "numfound",
}
PAGES = frozenset({"pages", "totalpages", "lastpage", "pagecount", "nbpages", "pagelast", "pagetotal"})
NEXT = frozenset({"next", "nextpage", "nexturl", "nexthref", "nextlink", "hydranext"})
CURSORS: Mapping[str, Sequence[str]] = {
    "nextcursor": ("cursor", "after"),
    "cursornext": ("cursor", "after"),
    "endcursor": ("after", "cursor"),
    "nextpagetoken": ("pageToken", "page_token"),
    "next": ("cursor", "page"),
    "nextpage": ("page",),
}
"""Names of a cursor, and the query parameters that may take it."""

PLACES: Mapping[str, str] = {
    "page": "page",
    "offset": "offset",
    "p": "page",
    "start": "offset",
    "skip": "offset",
}
"""Query parameters that say which page, and how their numbers are counted."""

_SEGMENT = re.compile(r'"(?:[^"\\]|\\.)*"|[^.]+')


def paging(seen: Seen, rows: Sequence[Any], look: Look) -> dict[str, Any]:
    """Options that turn the pages and tell their end; empty when nothing says that there are others."""
    beside = {path: value for path, value in _beside(seen.json) if not isinstance(value, list)}
    total = next(((path, n) for path, n in _totals(seen, beside) if n >= len(rows)), None)
    pages = next(((path, n) for path, n in _numbers(beside, PAGES) if n > 1), None)
    more = pages is not None or (total is not None and total[1] > len(rows))
    way = _told(seen, beside, look) or (_numbered(seen, rows, look) if more else {})
    found = dict(way)
    if pages and way.get("paginator") == "page":
        found["pages"] = pages[0]
    if total and (total[1] > len(rows) or beside.get(way.get("next", "")) is None):
        # a `count` beside a next page is that of the page
        found["total"] = total[0]
    return found


def declared(seen: Seen, total: str | None) -> int | None:
    """How many records the page declares at the path, or in the header, of the option `total`."""
    beside = dict(_beside(seen.json))
    return next((n for path, n in _totals(seen, beside) if path == total), None)


def _beside(document: Value) -> Iterator[tuple[str, Value]]:
    yield from leaves(document) if isinstance(document, dict) else ()


def _names(path: str) -> set[str]:
    """The last name of a path, and its last two as one: `meta.next_cursor`, `cursor.next`."""
    segments = _SEGMENT.findall(path)
    return {word(segments[-1]), word(" ".join(segments[-2:]))}


def _numbers(beside: Mapping[str, Value], names: frozenset[str]) -> Iterator[tuple[str, int]]:
    for path, value in beside.items():
        said = number(value) if isinstance(value, str) else value
        if _names(path) & names and isinstance(said, int) and not isinstance(said, bool):
            yield path, said


def _totals(seen: Seen, beside: Mapping[str, Value]) -> Iterator[tuple[str, int]]:
    yield from _numbers(beside, TOTALS)
    for name in TOTAL_HEADERS:
        if (said := number(seen.headers.get(name))) is not None:
            yield name, said


def _told(seen: Seen, beside: Mapping[str, Value], look: Look) -> dict[str, Any]:
    """The way to the next page that this one tells."""
    if linked(seen.headers.get("link"), "next", base=seen.url):
        return {"paginator": "link"}
    for path, value in beside.items():
        names = _names(path)
        if names & NEXT and (value is None or _is_address(value)):
            return {"paginator": "next", "next": path}
        cursor = isinstance(value, str | int) and not isinstance(value, bool) and value != ""
        for name in sorted(names & CURSORS.keys()) if cursor else ():
            for parameter in CURSORS[name]:
                if _leads_on(seen, {parameter: str(value)}, look):
                    return {"paginator": "cursor", "next": path, "parameter": parameter}
    return {}


def _numbered(seen: Seen, rows: Sequence[Any], look: Look) -> dict[str, Any]:
    """The parameter that leads on: one of the address itself, else the usual ones; empty when none does."""
    given = {name: text for name, text in parse_qsl(urlsplit(seen.url).query) if name in PLACES}
    for name in (*given, *(one for one in ("page", "offset") if one not in given)):
        stated = number(given.get(name))
        start = int(PLACES[name] == "page") if stated is None else stated
        step = 1 if PLACES[name] == "page" else len(rows)
        if _leads_on(seen, {name: str(start + step)}, look):
            first = {"first": 0} if given.get(name) == "0" and PLACES[name] == "page" else {}
            other = {"parameter": name} if name != PLACES[name] else {}
            return {"paginator": PLACES[name], **other, **first}
    return {}


def _leads_on(seen: Seen, said: dict[str, str], look: Look) -> bool:
    """True when the address with these parameters holds other records."""
    other = look(with_query(seen.url, said), accept="application/json")
    found, known = listed(other.json if other else None), listed(seen.json)
    return found is not None and known is not None and found[1][0] != known[1][0]


def _is_address(value: Value) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://", "/", "?"))
