"""Room: the classes and properties that the store holds, with how often each is used, for who writes a query.

Asked of the query workers once per checkpoint and behind the pages, like the questions. Before that, and when
it cannot be known, the house's own terms are offered, without counts. No query is evaluated here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Lock, Thread
from typing import TypedDict

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from harvester.errors import QueryError, StoreError
from harvester.triplestore import Query
from harvester.web import terms, words
from harvester.web.pages import Visiting
from harvester.web.serving import Serving

WAIT_S = 1.0
"""How long an answer waits for the counts, once per checkpoint."""

_COUNTS = """
SELECT ?kind ?term ?n {
  { SELECT ("class" AS ?kind) ?term (COUNT(?s) AS ?n) { ?s a ?term } GROUP BY ?term }
  UNION
  { SELECT ("property" AS ?kind) ?term (COUNT(?s) AS ?n) { ?s ?term ?o } GROUP BY ?term }
} ORDER BY DESC(?n)
"""

Count = tuple[str, str, int | None]
"""`class` or `property`, IRI, how many triples use it (None when that is not known)."""


class Told(TypedDict):
    """A term as it is told: `used` is None when it is not known."""

    kind: str
    iri: str
    label: str
    used: int | None


router = APIRouter()


class Completion:
    """The terms of the current checkpoint; safe to call from any thread."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._lock = Lock()
        self._of: Path | None = None
        self._known: Future[Sequence[Count]] = Future()

    def counts(self) -> Sequence[Count]:
        """The terms, the most used first; the house's own when the counts are not known in time."""
        checkpoint = self._serving.pool.checkpoint
        if checkpoint is None:
            return own()
        try:
            return self._future(checkpoint).result(WAIT_S) or own()
        except (TimeoutError, QueryError, StoreError):
            return own()

    def _future(self, checkpoint: Path) -> Future[Sequence[Count]]:
        with self._lock:
            if self._of != checkpoint:
                self._of, self._known = checkpoint, Future()
                Thread(target=self._ask, args=(self._known,), name="completion", daemon=True).start()
            return self._known

    def _ask(self, future: Future[Sequence[Count]]) -> None:
        """A refusal stays until the next checkpoint: the same question would be refused again."""
        try:
            told = b"".join(self._serving.pool.ask(Query(_COUNTS)).chunks)
            rows = json.loads(told)["results"]["bindings"]
            future.set_result([_count(row) for row in rows])
        except (QueryError, StoreError) as error:
            future.set_exception(error)


def _count(row: Mapping[str, Mapping[str, str]]) -> Count:
    return row["kind"]["value"], row["term"]["value"], int(row["n"]["value"])


def own() -> Sequence[Count]:
    """Our own classes and properties."""
    return [("property" if terms.is_property(one) else "class", one, None) for one in terms.terms()]


@router.get("/sparql/terms.json")
def told(visit: Visiting) -> Response:
    """Classes and properties for an editor: kind, IRI, name in the language asked for, uses."""
    completion: Completion = visit.request.app.state.completion
    found = list(_told(completion.counts(), visit.language))
    return JSONResponse({"terms": found}, headers={"Vary": "Accept-Language"})


def _told(counts: Sequence[Count], language: str) -> Iterator[Told]:
    for kind, address, used in counts:
        named = words.predicate_label if kind == "property" else words.label
        yield {"kind": kind, "iri": address, "label": named(address, language), "used": used}
