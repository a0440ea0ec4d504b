"""Room: the way through a SPARQL endpoint: a count, pages of keys with what is said of them, a count again.

In: how a query is answered, by the endpoint or from what was kept. Out: answers, each with the keys that it
tells of. Its normal end proves that every record was listed: no cap and no change went unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from harvester.connectors import Raw
from harvester.connectors._answers import where
from harvester.connectors._sparql import Term, rows
from harvester.connectors._sparql_queries import Options, Queries, askable, queries, written
from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.model import Answer, Source

MOST_ROWS = 5000
"""Rows asked for at once: half of the cap that Virtuoso has where nobody thought of one."""

ROOM = {"get": 4000, "post": 1 << 18}
"""Characters of keys in one query: servers refuse addresses of more than 8,000."""

Ask = Callable[[str, str], Answer]
"""(`get` or `post`, query) → its answer."""


@dataclass(frozen=True, slots=True)
class Step:
    """One answer; `told` are the keys whose rows it holds, with the rows that were counted for each.

    `lost` are keys that no query can hold, `nameless` is how many records are blank nodes.
    """

    answer: Answer
    told: Mapping[Term, int] = field(default_factory=dict)
    lost: Sequence[Term] = ()
    nameless: int = 0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A source as it is asked."""

    source: Source
    options: Options
    raw: Raw
    ask: Ask

    def steps(self) -> Iterator[Step]:
        """The answers in the order in which they are asked for.

        Raises:
            SourceChanged: an answer is none, or the endpoint keeps records back.
            SourceUnavailable: the endpoint gave up, or its records changed while they were read.
        """
        asked = queries(self.options)
        method = self._method(asked)
        ask = partial(self.ask, method)
        first = ask(asked.count("_before"))
        total, named = self._counts(first, "_before")
        yield Step(first, nameless=total - named)
        listed = 0
        for answer, keys in self._pages(asked, ask, named):
            yield Step(answer, lost=[key for key in keys if not askable(key)])
            for part in _parts(keys, ROOM[method]):
                yield Step(ask(asked.rows(part)), told=part)
            listed += len(keys)
        last = ask(asked.count("_after"))
        self._settle(last, before=named, listed=listed)
        yield Step(last)

    def _method(self, asked: Queries) -> str:
        """POST, which has no limits of length; GET where that is not answered as it should be."""
        if self.options.method:
            return self.options.method
        first = asked.count("_before")
        try:
            self._counts(self.ask("post", first), "_before")
        except (SourceChanged, SourceRefused):
            with suppress(SourceChanged, SourceRefused):
                self._counts(self.ask("get", first), "_before")
                return "get"
            raise
        return "post"

    def _counts(self, answer: Answer, name: str) -> tuple[int, int]:
        """How many keys there are, and how many of them have a name."""
        found = rows(answer, self.source, self.raw)
        try:
            (row,) = found
            return int(row[name].text), int(row["_named"].text)
        except (KeyError, ValueError) as error:
            raise self._fault(
                answer, f"expected two counts, got {len(found)} rows; check the address"
            ) from error

    def _pages(
        self, asked: Queries, ask: Callable[[str], Answer], count: int
    ) -> Iterator[tuple[Answer, dict[Term, int]]]:
        """Pages of keys by their characters, until as many came as were counted, or none comes any more."""
        listed, after = 0, None
        while listed < count:
            answer = ask(asked.page(after, self.options.page_size))
            keys = self._keys(answer, asked.key.removeprefix("?"))
            yield answer, keys
            if not keys:
                return
            first, last = next(iter(keys)).text, next(reversed(keys)).text
            if after is not None and first <= after:
                raise self._fault(
                    answer, f"'{first}' comes after '{after}': it does not sort; ask the partner"
                )
            listed, after = listed + len(keys), last

    def _keys(self, answer: Answer, name: str) -> dict[Term, int]:
        """The keys of a page, sorted by their characters."""
        found = rows(answer, self.source, self.raw)
        try:
            counted = {row[name]: int(row["_rows"].text) for row in found}
        except (KeyError, ValueError) as error:
            raise self._fault(
                answer, f"expected ?{name} and ?_rows in each row; check the address"
            ) from error
        return dict(sorted(counted.items(), key=lambda one: one[0].text))

    def _settle(self, answer: Answer, *, before: int, listed: int) -> None:
        """Return when all was listed that the endpoint counts now."""
        _, after = self._counts(answer, "_after")
        if after == listed:
            return
        if after != before:
            raise SourceUnavailable(
                f"{where(answer, self.source)}: {before} records before they were read, {after} after; "
                "the next round tries again"
            )
        raise self._fault(answer, f"{listed} records listed of the {after} it counts; ask the partner")

    def _fault(self, answer: Answer, what: str) -> SourceChanged:
        return SourceChanged(f"{where(answer, self.source)}: {what}")


def _parts(keys: Mapping[Term, int], room: int) -> Iterator[Mapping[Term, int]]:
    """Keys in parts that one answer and one query can hold; those that no query can hold left out."""
    part: dict[Term, int] = {}
    count = length = 0
    for key, expected in keys.items():
        if not askable(key):
            continue
        count, length = count + expected, length + len(written(key))
        if part and (count > MOST_ROWS or length > room):
            yield part
            part, count, length = {}, expected, len(written(key))
        part[key] = expected
    if part:
        yield part
