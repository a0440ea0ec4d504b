"""Room: the API of a MediaWiki found, and the pages of one `ask` question walked to a proven end.

In: the question, a way to ask. Out: pages of rows. Each slice begins where the last page stopped, by date of
last change: what people write meanwhile goes to the end, so nothing is passed over, and the ceiling on
offsets (5,000) is never met. Errors told at HTTP 200 are errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import quote, urlencode

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import snippet, where, whole
from harvester.connectors._json import Document
from harvester.connectors._smw_values import ANOTHER, modified
from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.model import Answer, Source
from harvester.model import Raw as Value

RIGHTS = "?action=query&meta=siteinfo&siprop=rightsinfo&format=json"
BOUND = r"\[\[Modification date::≥(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\]\]"
CEILING = 5000
"""`$smwgQUpperbound`: no offset beyond it is answered."""

SECOND = timedelta(seconds=1)
PASSING = ("maxlag", "ratelimited", "readonly", "internal_api_error", "timeout")
CLOSED = ("readapidenied", "permissiondenied", "badaccess")
_EDIT_URI = re.compile(r"<link\b[^<>]*\brel=[\"']?EditURI[\"']?[^<>]*>", re.IGNORECASE)
_HREF = re.compile(r"\bhref=[\"']?([^\"'\s>]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to one wiki."""

    source: Source
    api: str
    query: str
    properties: Mapping[str, tuple[str, ...]]
    limit: int
    sliced: bool

    def address(self, after: datetime | None, offset: int) -> str:
        """The address of the rows changed at `after` or later, `offset` of them left out."""
        # "≥" is inclusive everywhere; what ">" means depends on a setting of the wiki
        bound = f"[[Modification date::≥{after:%Y-%m-%dT%H:%M:%S}]]" if after else ""
        # a condition that follows "OR" would hold for the last part only
        query = f"<q>{self.query.strip()}</q>" if bound and " OR " in self.query else self.query.strip()
        printouts = ["Modification date=_modified", "Creation date=_created", *self._printouts()]
        order = ["sort=Modification date", "order=asc"] if self.sliced else []
        parts = [*(f"?{one}" for one in printouts), *order, f"limit={self.limit}", f"offset={offset}"]
        said = {
            "action": "ask",
            "query": "|".join([query + bound, *parts]),
            "format": "json",
            "api_version": "2",
            "maxlag": "5",
        }
        return f"{self.api}?{urlencode(said, quote_via=quote)}"

    def _printouts(self) -> Iterator[str]:
        for name, properties in self.properties.items():
            for number, one in enumerate(properties):
                yield f"{one}={name}{ANOTHER}{number}" if number else f"{one}={name}"


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one answer that were not read before, and the type ids of their printouts by label."""

    answer: Answer
    rows: list[Mapping[str, Any]]
    types: Mapping[str, str]


@dataclass(slots=True)
class _Walk:
    """How far a question was read; `seen` holds the rows that the next slice will give again."""

    after: datetime | None
    offset: int = 0
    seen: dict[str, datetime] = field(default_factory=dict)

    def new(self, rows: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The rows that no slice gave before."""
        return [row for row in rows if str(row.get("fulltext")) not in self.seen]

    def follow(self, rows: list[Mapping[str, Any]], following: int, *, sliced: bool) -> bool:
        """Go on; False when there is nowhere to go: the wiki answers the same again."""
        dates = [modified(row) for row in rows] if sliced else []
        told = [at for at in dates if at is not None]
        bound = told[-1] - SECOND if told and len(told) == len(rows) and _ascending(told) else None
        if bound is not None and (self.after is None or bound > self.after):
            self.after, self.offset = bound, 0
            known = self.seen | {str(row.get("fulltext")): at for row, at in zip(rows, told, strict=True)}
            self.seen = {ref: at for ref, at in known.items() if at >= bound}
            return True
        if following <= self.offset:
            return False
        self.seen |= {str(row.get("fulltext")): at for row, at in zip(rows, told, strict=False)}
        self.offset = following
        return True


def discovered(source: Source, client: Fetches, raw: Raw) -> Answer:
    """What the wiki says of its rights: the first `api.php` that answers as MediaWiki does.

    Raises:
        SourceChanged: there is none at the usual places, nor does the wiki's page name one.
    """
    faults: list[SourceChanged] = []
    for address in _candidates(source, client, raw):
        try:
            answer = client.get(address + RIGHTS, accept="application/json")
            told(answer, source, raw)
        except SourceChanged as error:  # 404, or a page for any address
            faults.append(error)
        else:
            return answer
    raise faults[0]


def pages(
    asked: Asked, ask: Callable[[str], Answer], raw: Raw, *, since: datetime | None = None
) -> Iterator[Page]:
    """The pages of a question, until one that does not announce another.

    Raises:
        SourceChanged: an answer without results, the same page again, more rows than a wiki gives.
        SourceUnavailable, SourceRefused: an error told by the wiki.
    """
    walk = _Walk(since.replace(microsecond=0) if since else None)
    while True:
        answer = ask(asked.address(walk.after, walk.offset))
        said = told(answer, asked.source, raw)
        rows = _rows(said["query"].get("results"), answer, asked.source)
        yield Page(answer, walk.new(rows), _types(said["query"].get("printrequests")))
        following = said.get("query-continue-offset")
        if following is None:
            return
        if not walk.follow(rows, _offset(following, answer, asked.source), sliced=asked.sliced):
            raise SourceChanged(f"{where(answer, asked.source)}: the same page again; ask the wiki")
        if walk.offset >= CEILING:
            raise SourceChanged(
                f"{where(answer, asked.source)}: more than {CEILING} pages that their date does not tell "
                "apart; narrow `query`, or leave `sliced` on"
            )


def _offset(said: Value, answer: Answer, source: Source) -> int:
    try:
        return int(said)
    except (TypeError, ValueError) as error:
        told = f"{where(answer, source)}: 'query-continue-offset' is {snippet(repr(said)[:200])}"
        raise SourceChanged(f"{told}, no number; ask the wiki") from error


def told(answer: Answer, source: Source | None, raw: Raw) -> dict[str, Any]:
    """The answer of the API, which holds `query`.

    Raises:
        SourceChanged, SourceUnavailable, SourceRefused: it tells an error, whatever its HTTP status.
    """
    place = where(answer, source)
    with raw.open(answer) as stream:
        found = Document(stream, where=place).whole()
    if isinstance(found, dict) and not found.get("error") and isinstance(found.get("query"), dict):
        return found
    error = found.get("error") if isinstance(found, dict) else None
    said = error if isinstance(error, dict) else {}
    code = str(said.get("code", ""))
    text = f"{place}: expected 'query', got {snippet(_words(said) or str(found))}"
    if code.startswith(PASSING):
        raise SourceUnavailable(f"{text}; the next round tries again")
    if code in CLOSED:
        raise SourceRefused(f"{text}; ask the wiki to open its API")
    raise SourceChanged(f"{text}; correct `query` or ask the wiki")


def _words(error: Mapping[str, Any]) -> str:
    faults = error.get("query")
    told = "; ".join(map(str, faults)) if isinstance(faults, list) else str(error.get("info") or "")
    return f"{error['code']}: {told}" if "code" in error else told


def _rows(results: Value, answer: Answer, source: Source) -> list[Mapping[str, Any]]:
    """Rows, from an object by title, a list of objects with one title each, or `[]` when there are none."""
    if not isinstance(results, dict | list):
        raise SourceChanged(f"{where(answer, source)}: no 'results' in the answer; ask the wiki")
    if isinstance(results, dict):
        listed = list(results.values())
    else:
        listed = [next(iter(one.values()), None) if isinstance(one, dict) else one for one in results]
    faulty = next((one for one in listed if not isinstance(one, dict)), None)
    if faulty is not None:
        raise SourceChanged(
            f"{where(answer, source)}: expected rows, got {snippet(str(faulty))}; ask the wiki"
        )
    return listed


def _types(requests: Value) -> dict[str, str]:
    found = [one for one in requests if isinstance(one, dict)] if isinstance(requests, list) else []
    return {str(one.get("label")): str(one.get("typeid")) for one in found}


def _ascending(dates: list[datetime]) -> bool:
    return all(before <= after for before, after in pairwise(dates))


def _candidates(source: Source, client: Fetches, raw: Raw) -> Iterator[str]:
    address = source.url.partition("?")[0]
    if address.endswith("api.php"):
        yield address
        return
    root = re.split(r"/(?:wiki|index\.php)(?=/|$)", address)[0].rstrip("/")
    yield from (f"{root}/api.php", f"{root}/w/api.php")
    page = client.get(source.url, accept="text/html")
    html = raw.read(page).decode("utf-8", "replace")
    for link in _EDIT_URI.findall(html):
        if href := _HREF.search(link):
            yield whole(page.url, href[1].replace("&amp;", "&")).partition("?")[0]
