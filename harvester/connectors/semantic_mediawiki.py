"""Room: Semantic MediaWiki, wikis whose pages carry properties (Résilience des territoires of ADEME…).

In: the ask API of one wiki and the condition that names its pages. Out: one record per page, with the
declared properties. Pages come by the date of their last change, slice by slice, so that none is passed over
while people write. Never asks for who wrote, refers or contributes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, replay
from harvester.connectors._smw_pages import BOUND, RIGHTS, Asked, discovered, pages, told
from harvester.connectors._smw_values import fields
from harvester.connectors._smw_wiki import PROPERTIES, recognised
from harvester.model import Answer, Listing, Record, Rejected, Source

__all__ = [
    "IGNORED",
    "INCREMENTAL",
    "LISTING",
    "MAPPING",
    "Options",
    "answers",
    "recognised",
    "records",
    "stated_licence",
]

LISTING = Listing.FULL
INCREMENTAL = True

MAPPING: dict[str, Any] = {
    "name": ["title", "_displaytitle", "_title"],
    "description": ["description", "summary"],
    "lat": "point[0].lat",
    "lon": "point[0].lon",
    "homepage": "url",
    "page": "_page",
    "image": "image",
    "theme": {"from": "theme", "split": ",", "align": "ademe-domaines"},
    "keywords": {"from": "keywords", "split": ","},
    "challenge": {"from": "challenge", "align": "ademe-fiches"},
    "maturity": {"from": "maturity", "align": "ademe-fiches"},
    "licence_family": "licence",
    "needs": {
        "each": {"from": "needs", "split": ","},
        "map": {
            "name": "@",
            "support": {"from": "@", "align": "ademe-fiches"},
            "skill": {"from": "@", "align": "ademe-fiches"},
        },
    },
    "documents": {"each": "files", "map": {"name": {"const": "Fichier joint à la fiche"}, "content": "@"}},
    "grants": {"each": "grant", "map": {"requested": "@"}},
    "used_by": "used_by",
    "related": "related",
    "created": "_created",
    "modified": "_modified",
}

IGNORED = frozenset({"_subobjects"})


class Options(BaseModel):
    """What may be said of a Semantic MediaWiki source besides its address, the wiki or its `api.php`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str = Field(
        pattern=r"^\s*\[\[", description='Condition that names the pages: `"[[Category:Commun]]"`.'
    )
    properties: dict[str, str | tuple[str, ...]] = Field(
        dict(PROPERTIES),
        description="Field of a record → property of the wiki, or properties whose values are put together.",
    )
    limit: int = Field(500, ge=1, le=10_000, description="Pages of the wiki asked for in one answer.")
    sliced: bool = Field(
        default=True,
        description="Read by date of last change; false for a wiki that does not keep it, or for subobjects.",
    )
    subobjects: Literal["merge", "records"] = Field(
        "merge",
        description="Subobjects become `_subobjects` of their page, or records of their own.",
    )


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """What the wiki says of its rights, where its API was found; then its pages, or those changed since."""
    rights = discovered(source, client, raw)
    yield rights
    options = Options(**source.options)
    since = client.since if options.sliced else None
    ask = partial(client.get, accept="application/json")
    for page in pages(_asked(source, rights), ask, raw, since=since):
        yield page.answer


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Pages by their last change, the oldest first.

    Raises:
        SourceChanged: an answer is no list of pages, tells an error, or the list does not end.
        SourceUnavailable, SourceRefused: the wiki tells that it is in trouble, or closed.
    """
    options = Options(**source.options)
    rights = next((answer for answer in answers if answer.url.endswith(RIGHTS)), None)
    rights = rights or asked((), source.url, source)
    told(rights, source, raw)
    asking = _asked(source, rights)
    walk = partial(pages, asking, replay(answers, source), raw, since=_since(answers))
    parts = _parts(walk, asking) if options.subobjects == "merge" and not options.sliced else {}
    for page in walk():
        for row in page.rows:
            if "#" not in str(row.get("fulltext")):
                yield _record(row, page.types, asking.api, parts.pop(str(row.get("fulltext")), []))
            elif options.subobjects == "records":
                yield _record(row, page.types, asking.api, [])
            elif options.sliced:
                yield Rejected(str(row["fulltext"]), "a subobject; `sliced = false` puts it in its page")
    for ref in parts:
        yield Rejected(f"{ref}#", "a subobject of a page that the query does not hold; widen `query`")


def stated_licence(answers: Sequence[Answer], raw: Raw) -> str | None:
    """The licence of the wiki's texts, a URL as its settings write it; None when they say nothing."""
    for answer in answers:
        if answer.url.endswith(RIGHTS):
            rights = told(answer, None, raw)["query"].get("rightsinfo")
            return str(rights.get("url") or "").strip() or None if isinstance(rights, dict) else None
    return None


def _asked(source: Source, rights: Answer) -> Asked:
    options = Options(**source.options)
    properties = {
        field: (names,) if isinstance(names, str) else tuple(names)
        for field, names in options.properties.items()
    }
    api = rights.url.removesuffix(RIGHTS)
    return Asked(source, api, options.query, properties, limit=options.limit, sliced=options.sliced)


def _since(answers: Sequence[Answer]) -> datetime | None:
    """From when these answers were asked for, as the first question says itself."""
    for answer in answers:
        if question := parse_qs(urlsplit(answer.url).query).get("query"):
            bound = re.search(BOUND, question[0])
            return datetime.fromisoformat(f"{bound[1]}+00:00") if bound else None
    return None


def _parts(walk: Callable[[], Iterator[Any]], asking: Asked) -> dict[str, list[dict[str, Any]]]:
    """The subobjects of the answers, by their page."""
    found: dict[str, list[dict[str, Any]]] = {}
    for page in walk():
        for row in page.rows:
            title, mark, name = str(row.get("fulltext")).partition("#")
            if mark:
                part = {"_name": name, **fields(row, page.types, asking.api)}
                found.setdefault(title, []).append(part)
    return found


def _record(
    row: Mapping[str, Any], types: Mapping[str, str], api: str, parts: Sequence[Mapping[str, Any]]
) -> Record | Rejected:
    title = row.get("fulltext")
    if not isinstance(title, str) or not title:
        return Rejected(None, f"expected a page with its 'fulltext', got {row!r:.60}")
    if row.get("exists", "1") in ("", False, "0"):
        return Rejected(title, "its page does not exist any more")
    address = str(row.get("fullurl") or "")
    shown = title.partition(":")[2] if row.get("namespace") else title
    made: dict[str, Any] = {
        "_title": shown.partition("#")[0] or title,
        "_displaytitle": row.get("displaytitle"),
        # the address may have no scheme: it is that of the API
        "_page": f"{urlsplit(api).scheme}:{address}" if address.startswith("//") else address,
        "_subobjects": list(parts),
    }
    return Record(title, fields(row, types, api) | {key: value for key, value in made.items() if value})
