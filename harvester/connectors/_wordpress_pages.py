"""Room: the pages of one WordPress collection, walked to a proven end.

In: a way to make the address of a page, a way to ask. Out: its pages, each with its posts. Totals and
errors are read in the envelope (`_envelope`, WordPress 4.4) or, from a site that ignores it, in the
headers. Short pages are normal: totals count posts that a visitor may not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from harvester.connectors import Raw
from harvester.connectors._answers import snippet, where
from harvester.connectors._json import Document
from harvester.errors import SourceChanged, SourceError, SourceRefused, SourceUnavailable
from harvester.model import Answer, Source
from harvester.model import Raw as Value

PAST_THE_END = "rest_post_invalid_page_number"
PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `total` and `pages` are what the site declares of the whole collection, None if nothing.

    `past` is True for the answer that says that there is no such page.
    """

    answer: Answer
    posts: list[Value]
    total: int | None = None
    pages: int | None = None
    past: bool = False

    def fewer(self, than: Page) -> bool:
        """True when the collection shrank since: what moved up may have been passed over."""
        if self.past:
            return than.pages is not None
        return self.total is not None and than.total is not None and self.total < than.total

    def last(self, number: int, since: datetime | None) -> bool:
        """True when there is nothing to ask for after this page, the `number`th."""
        if self.past or (self.pages is None and not self.posts):
            return True
        # a site older than 5.7 ignores `modified_after`: pages come newest first, so stop at the bound
        if since is not None and self.posts and _older(self.posts[-1], since):
            return True
        return self.pages is not None and number >= self.pages


def walk(
    source: Source,
    address: Callable[[int], str],
    ask: Callable[[str], Answer],
    raw: Raw,
    *,
    since: datetime | None = None,
) -> Iterator[Page]:
    """The pages of a collection in order, the one past its end included when it had to be asked for.

    Raises:
        SourceChanged: not a list of posts, or the same page twice.
        SourceRefused, SourceUnavailable: an error told in the envelope.
        SourceUnavailable: the collection shrank while it was read.
    """
    number, before = 1, None
    while True:
        answer = ask(address(number))
        page = _page(answer, raw, source)
        if before is not None:
            _compare(page, before, where(answer, source))
        elif page.past:
            raise SourceChanged(f"{where(answer, source)}: its first page is not there; ask the site")
        yield page
        if page.last(number, since):
            return
        number, before = number + 1, page


def _compare(page: Page, before: Page, place: str) -> None:
    if page.posts and _refs(page) == _refs(before):
        raise SourceChanged(f"{place}: the same page came twice; the site or its cache ignores `page`")
    if page.fewer(before):
        raise SourceUnavailable(f"{place}: the list shrank while it was read; the next round tries again")


def _refs(page: Page) -> list[Value]:
    return [post.get("id") if isinstance(post, dict) else post for post in page.posts]


def _page(answer: Answer, raw: Raw, source: Source) -> Page:
    place = where(answer, source)
    with raw.open(answer) as stream:
        told = Document(stream, where=place).whole()
    body, status, headers = opened(told, answer.headers)
    if isinstance(body, dict) and body.get("code") == PAST_THE_END:
        return Page(answer, [], past=True)
    if status != 200 or not isinstance(body, list):
        raise _fault(place, status, body)
    return Page(answer, body, number(headers.get("x-wp-total")), number(headers.get("x-wp-totalpages")))


def opened(told: Value, beside: Mapping[str, Any]) -> tuple[Value, int, Mapping[str, Any]]:
    """Body, status and headers, in the envelope or `beside` it; PHP writes empty headers as a list."""
    if not isinstance(told, dict) or not {"body", "status", "headers"} <= told.keys():
        return told, 200, beside
    headers = told["headers"] if isinstance(told["headers"], dict) else {}
    status = told["status"] if isinstance(told["status"], int) else 200
    return told["body"], status, {name.lower(): value for name, value in headers.items()}


def _fault(place: str, status: int, body: Value) -> SourceError:
    told = f"{body.get('code')}: {body.get('message')}" if isinstance(body, dict) else str(body)
    text = f"{place}: expected posts, got {snippet(told)} (status {status})"
    if status in PASSING or status >= 500:
        return SourceUnavailable(f"{text}; the next round tries again")
    if status in (401, 403):
        return SourceRefused(f"{text}; ask the site, or read its feed with the connector 'feed'")
    return SourceChanged(f"{text}; ask the site")


def _older(post: Value, since: datetime) -> bool:
    written = post.get("modified_gmt") if isinstance(post, dict) else None
    with suppress(ValueError, TypeError):
        return datetime.fromisoformat(str(written)).replace(tzinfo=UTC) < since
    return False


def number(said: Value) -> int | None:
    """A whole number as a header writes it; None for anything else."""
    with suppress(ValueError, TypeError):
        return int(said)
    return None
