"""Room: SPARQL endpoints, stores of linked data (Virtuoso, Fuseki, Oxigraph, another Archipel).

In: an endpoint, and what the records are: the instances of classes, what a pattern gives, or the rows of a
SELECT. Out: one record per thing, with what is said of it. Every answer is held against a count, because
endpoints cut what is long without a word. Follows no link, asks no other endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import replay
from harvester.connectors._sparql import request, sent
from harvester.connectors._sparql_queries import Options
from harvester.connectors._sparql_records import Reading
from harvester.connectors._sparql_service import recognised
from harvester.connectors._sparql_steps import Endpoint
from harvester.model import Answer, Listed, Listing, Source
from harvester.profile import adopt

__all__ = ["IGNORED", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL

MAPPING: dict[str, Any] = adopt.MAPPING

IGNORED = adopt.IGNORED


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """A count, pages of keys each followed by what is said of them, a count again."""
    options = Options(**source.options)

    @lru_cache(maxsize=1)  # how the endpoint wants to be asked is learned by the first question
    def ask(method: str, query: str) -> Answer:
        return sent(request(source.url, query, method=method, graph=options.graph), client)

    for step in Endpoint(source, options, raw, ask).steps():
        yield step.answer


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Listed]:
    """Records by the characters of their IRIs, or of their ?ref.

    Raises:
        SourceChanged: an answer holds no rows, is cut, or the endpoint keeps records back.
        SourceUnavailable: the endpoint gave up, or its records changed while they were read.
    """
    options = Options(**source.options)
    kept = replay(answers, source)

    def ask(method: str, query: str) -> Answer:
        return kept(request(source.url, query, method=method, graph=options.graph).address)

    reading = Reading(source, options, raw)
    for step in Endpoint(source, options, raw, ask).steps():
        yield from reading.records(step)
