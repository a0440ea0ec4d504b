"""Room: the SPARQL endpoint, the query part of the SPARQL 1.1 Protocol.

Requests come in by GET, form or body; answers stream out of the query workers. A page for browsers,
a service description for programs that ask nothing. Updates are refused.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any
from urllib.parse import parse_qs

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from harvester.errors import QueryError, StoreError
from harvester.triplestore import Answering, Query
from harvester.triplestore.queries import LONGEST_QUERY
from harvester.web import editor, texts
from harvester.web.answers import Shown, shown
from harvester.web.description import description
from harvester.web.examples import Examples
from harvester.web.graphs import asked_format, graph
from harvester.web.negotiation import GRAPHS, RESULTS, media_type, preferred, wants_html
from harvester.web.pages import VARY, Visit, Visiting, page
from harvester.web.problems import RETRY_AFTER_S

WAITING = 24
"""Queries under way or waiting for a worker; one more is told to come back, so that pages stay quick."""

_FORM = "application/x-www-form-urlencoded"

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says, by the Protocol; `query` is None when it asks nothing."""

    query: str | None
    default_graph: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    format: str | None = None


async def asked_by_get(request: Request) -> Asked:
    """What the query string says."""
    return _asked(_lists(request.url.query))


async def asked_by_post(request: Request) -> Asked:
    """What a form, or a query as the body, says.

    Raises:
        QueryError: 413 too long, 415 no such body, 400 not UTF-8.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/sparql-update":
        raise QueryError("this endpoint is read-only; updates are refused", status=403, kind="update")
    if kind not in (_FORM, "application/sparql-query"):
        text = f"content type '{kind}' is not one of the protocol; send {_FORM} or application/sparql-query"
        raise QueryError(text, status=415, kind="content-type")
    body = await _body(request)
    in_query = _lists(request.url.query)
    return _asked({**in_query, **_lists(body)} if kind == _FORM else {**in_query, "query": [body]})


@router.get("/sparql")
async def by_get(visit: Visiting, asked: Annotated[Asked, Depends(asked_by_get)]) -> Response:
    """Answer a query; without one, show the form or describe the service.

    Raises:
        QueryError: see `QueryPool.ask`; answered as a problem.
    """
    if asked.query is None and not wants_html(visit.accept):
        return await anyio.to_thread.run_sync(_described, visit)
    return await _answered(visit, asked)


def _described(visit: Visit) -> Response:
    return graph(visit, asked_format(visit) or "turtle", description(visit.serving))


@router.post("/sparql")
async def by_post(visit: Visiting, asked: Annotated[Asked, Depends(asked_by_post)]) -> Response:
    """Answer a query.

    Raises:
        QueryError: as for GET, or 400 when there is no query.
    """
    if asked.query is None:
        raise QueryError("no query; send it as the field 'query'", status=400, kind="no-query")
    return await _answered(visit, asked)


async def _answered(visit: Visit, asked: Asked) -> Response:
    if asked.format is None and wants_html(visit.accept):
        return await _page(visit, asked)
    if asked.format and asked.format not in {**RESULTS, **GRAPHS}:
        known = ", ".join({**RESULTS, **GRAPHS})
        raise QueryError(f"no format '{asked.format}'; known: {known}", status=406, kind="format")
    query = _query(visit, asked)
    if query is None:
        raise QueryError("no format we have suits Accept", status=406, kind="format")
    answering = await _in_turn(visit, query)
    return StreamingResponse(
        _streamed(answering.chunks), media_type=media_type(answering.format), headers=VARY
    )


def _query(visit: Visit, asked: Asked) -> Query | None:
    """The query with the formats that suit the asker; None when neither kind of answer would."""
    results, triples = preferred(visit.accept, RESULTS), preferred(visit.accept, GRAPHS)
    if asked.format:
        results = asked.format if asked.format in RESULTS else "json"
        triples = asked.format if asked.format in GRAPHS else "turtle"
    if asked.query is None or not (results or triples):
        return None
    graphs = {"default_graph": asked.default_graph, "named_graphs": asked.named_graphs}
    return Query(asked.query, results or "json", triples or "turtle", **graphs)


async def _in_turn(visit: Visit, query: Query) -> Answering:
    """The answer once it has begun; refused at once when too many wait."""
    return await anyio.to_thread.run_sync(visit.serving.pool.ask, query, limiter=_free(visit))


def _free(visit: Visit) -> CapacityLimiter:
    limiter: CapacityLimiter = visit.request.app.state.waiting
    if limiter.available_tokens < 1:
        raise QueryError("too many queries are waiting; try again later", status=429, kind="busy")
    return limiter


async def _streamed(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks, read in threads; when the asker leaves, the iterator is closed and its worker freed."""
    try:
        while (chunk := await anyio.to_thread.run_sync(_next, chunks)) is not None:
            yield chunk
    finally:
        close = getattr(chunks, "close", None)
        if close:
            close()


def _next(chunks: Iterator[bytes]) -> bytes | None:
    return next(chunks, None)


async def _page(visit: Visit, asked: Asked) -> Response:
    """The form, with the answer as a table under it when something was asked."""
    found: Shown | None = None
    error: QueryError | None = None
    if asked.query:
        query = Query(asked.query, "tsv", "turtle", asked.default_graph, asked.named_graphs)
        try:
            found = await anyio.to_thread.run_sync(shown, visit.serving.pool, query, limiter=_free(visit))
        except QueryError as refusal:
            error = refusal
        except StoreError:
            error = QueryError(visit.say("problem.store"), status=503, kind="store")
    status = error.status if error else 200
    wait = {"Retry-After": str(RETRY_AFTER_S[status])} if status in RETRY_AFTER_S else {}
    told: dict[str, Any] = {
        "asked": asked.query,
        "found": found,
        "error": error,
        "status": status,
        "headers": wait,
    }
    return await anyio.to_thread.run_sync(partial(_drawn, visit, **told))


def _drawn(visit: Visit, **told: Any) -> Response:
    examples: Examples = visit.request.app.state.examples
    refusals, timeout_s = texts.group("refusal"), visit.serving.pool.timeout_s
    told |= {"groups": examples.groups(), "refusals": refusals, "timeout_s": timeout_s}
    told["headers"] = {**told["headers"], **editor.HEADERS}
    return page(visit, "sparql.html", **told)


async def _body(request: Request) -> str:
    """The body, refused as soon as it is too long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > 3 * LONGEST_QUERY:  # a form writes a byte in three; the pool looks closer
            text = f"the query is longer than {LONGEST_QUERY} bytes"
            raise QueryError(text, status=413, kind="too-long")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise QueryError("the body is not UTF-8", status=400, kind="encoding") from error


def _lists(encoded: str) -> dict[str, list[str]]:
    try:
        return parse_qs(encoded, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise QueryError(f"the form cannot be read ({error})", status=400, kind="encoding") from error


def _asked(said: Mapping[str, list[str]]) -> Asked:
    """Raises QueryError when the Protocol is not followed."""
    if "update" in said:
        raise QueryError("this endpoint is read-only; updates are refused", status=403, kind="update")
    queries = said.get("query", [])
    if len(queries) > 1:
        raise QueryError("several queries in one request; send one", status=400, kind="no-query")
    asked = Asked(
        query=(queries[0].strip() or None) if queries else None,
        default_graph=tuple(said.get("default-graph-uri", ())),
        named_graphs=tuple(said.get("named-graph-uri", ())),
    )
    return replace(asked, format=said["format"][0]) if said.get("format", [""])[0] else asked
