"""Room: where the REST API of a WordPress site is, and which types it shows.

In: the address of a site or of its API. Out: its answer about its types, and the routes of the declared
ones. Sites without pretty addresses (`?rest_route=/`), with an API elsewhere or under another name are found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import where, whole
from harvester.connectors._json import Document, starts
from harvester.connectors._link_header import linked
from harvester.errors import SourceChanged, suggestion
from harvester.model import Answer, Source

TYPES = "wp/v2/types"
RELATION = "https://api.w.org/"
HEAD_BYTES = 1 << 20
"""Of a home page: its head is in there."""


def types(source: Source, client: Fetches, raw: Raw) -> Answer:
    """The types of the site, at the root of its API, wherever that is.

    Raises:
        SourceChanged: no such root was found.
    """
    for root in _roots(source.url, client, raw):
        with suppress(SourceChanged):  # 404: not there
            answer = client.get(f"{root}{TYPES}", accept="application/json")
            with raw.open(answer) as stream:
                if starts(stream):
                    return answer
    raise SourceChanged(
        f"wordpress '{source.id}': {source.url}: no REST API found; give its address as `url`, "
        "or read its feed with the connector 'feed'"
    )


def routes(source: Source, wanted: Sequence[str], types: Answer, raw: Raw) -> Iterator[str]:
    """The routes of the types `wanted`, told by name or by base.

    Raises:
        SourceChanged: not the types of a site, or one of `wanted` is not among them.
    """
    place = where(types, source)
    with raw.open(types) as stream:
        told = Document(stream, where=place).whole()
    known = told if isinstance(told, dict) else {}
    bases = {name: one.get("rest_base") for name, one in known.items() if isinstance(one, dict)}
    if not any(bases.values()):
        raise SourceChanged(
            f"{place}: expected the types of a site, got {told!r:.60}; set the address of its API"
        )
    for one in wanted:
        name = next((name for name, base in bases.items() if one in (name, base)), None)
        if name is None:
            raise SourceChanged(f"{place}: no public type '{one}'; {suggestion(one, bases)}")
        yield f"{known[name].get('rest_namespace', 'wp/v2')}/{bases[name]}"


def _roots(url: str, client: Fetches, raw: Raw) -> Iterator[str]:
    """Where the source says; else the usual place, where the home page says, and without pretty addresses."""
    if "rest_route=" in url or "/wp-json" in url:
        yield url if url.endswith("/") else f"{url}/"
        return
    site = url.rstrip("/")
    yield f"{site}/wp-json/"
    with suppress(SourceChanged):
        home = client.get(url, accept="text/html")
        if told := linked(home.headers.get("link"), RELATION, base=url) or _link_element(home, raw):
            yield told
    yield f"{site}/?rest_route=/"


def _link_element(home: Answer, raw: Raw) -> str | None:
    from bs4 import BeautifulSoup

    with raw.open(home) as stream:
        page = BeautifulSoup(stream.read(HEAD_BYTES), "lxml")
    element = page.find("link", rel=RELATION, href=True)
    return whole(home.url, str(element["href"])) if element else None
