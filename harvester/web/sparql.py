"""Room: the SPARQL endpoint, the query part of the SPARQL 1.1 Protocol.

Requests come in by GET, form or body; answers stream out of the query workers. A page for browsers,
a service description for programs that ask nothing. Updates are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import APIRouter, Request
from fastapi.responses import Response

from harvester.errors import QueryError, StoreError
from harvester.triplestore import Answering, Asker, Query, soon
from harvester.triplestore.lexer import is_volatile
from harvester.triplestore.turns import WAITING
from harvester.web import editor, texts
from harvester.web.answers import Shown, shown
from harvester.web.asked import Asked, asked, query
from harvester.web.conditions import VARIES, held, limits, tag, validators
from harvester.web.description import description
from harvester.web.examples import Examples
from harvester.web.graphs import asked_format, graph
from harvester.web.negotiation import media_type, wants_html
from harvester.web.pages import Visit, page, visit
from harvester.web.problems import RETRY_AFTER_S
from harvester.web.streaming import Streamed, watched

UNDER_WAY = WAITING + 32
"""Threads for queries that wait or have not begun to be answered; the turns at the workers come first."""

router = APIRouter()


async def endpoint(request: Request) -> Response:
    """Answer a query; without one, show the form or describe the service.

    Raises:
        QueryError: see `asked`, `query` and `QueryPool.ask`; answered as a problem.
    """
    here, said = visit(request), await asked(request)
    if said.format is None and wants_html(here.accept):
        return await _page(here, said)
    if said.query is None:
        return await anyio.to_thread.run_sync(_described, here)
    wished = query(said, request.headers, f"{here.base}sparql")
    volatile = is_volatile(wished.text)
    return _unchanged(here, wished, volatile=volatile) or await _answered(here, wished, volatile=volatile)


router.add_route("/sparql", endpoint, methods=["GET", "POST"])


def _described(visit: Visit) -> Response:
    told = description(visit.serving)
    name = asked_format(visit) or "turtle"
    return graph(visit, name, told, {**limits(visit.serving), "Link": _void(visit)})


def _void(visit: Visit) -> str:
    return f'<{visit.base}.well-known/void>; rel="describedby"'


def _unchanged(visit: Visit, query: Query, *, volatile: bool) -> Response | None:
    """304 when the asker has the answer that the current checkpoint gives; nothing is evaluated."""
    mark, wanted = visit.serving.pool.mark, visit.request.headers.get("if-none-match")
    if volatile or mark is None or wanted is None or visit.request.method != "GET":
        return None
    if not held(wanted, tag(mark, query)):
        return None
    return Response(None, 304, {**VARIES, **validators(mark, query, volatile=False)})


async def _answered(visit: Visit, query: Query, *, volatile: bool) -> Response:
    asker = _asker(visit)
    answering = await _begun(visit, query, asker)
    told = {"Content-Type": media_type(answering.format), **VARIES, **limits(visit.serving)}
    if answering.encoding:
        told["Content-Encoding"] = answering.encoding
    if visit.request.method == "GET":
        told |= validators(answering.mark, query, volatile=volatile)
    return Streamed(answering, asker, told)


async def _begun(visit: Visit, query: Query, asker: Asker) -> Answering:
    """The answer once it has begun; what takes long waits in a thread."""
    limiter, watching = _free(visit), partial(watched, visit.request.receive, asker)

    async def elsewhere(call: Callable[[], Answering]) -> Answering:
        async with watching():
            return await anyio.to_thread.run_sync(call, limiter=limiter)

    return await soon.asked(visit.serving.pool, query, asker, elsewhere, watching)


def _asker(visit: Visit) -> Asker:
    """Askers are told apart by their address, which is kept nowhere."""
    client = visit.request.client
    return Asker(client.host if client else "unknown")


def _free(visit: Visit) -> CapacityLimiter:
    limiter: CapacityLimiter = visit.request.app.state.waiting
    if limiter.available_tokens < 1:
        raise QueryError("too many queries are waiting; try again later", status=429, kind="busy")
    return limiter


async def _page(visit: Visit, said: Asked) -> Response:
    """The form, with the answer as a table under it when something was asked."""
    found: Shown | None = None
    error: QueryError | None = None
    if said.query:
        asker, base = _asker(visit), f"{visit.base}sparql"
        query = Query(said.query, "tsv", "turtle", said.default_graph, said.named_graphs, base=base)
        look = partial(shown, visit.serving.pool, query, asker)
        try:
            async with watched(visit.request.receive, asker):
                found = await anyio.to_thread.run_sync(look, limiter=_free(visit))
        except QueryError as refusal:
            error = refusal
        except StoreError:
            error = QueryError(visit.say("problem.store"), status=503, kind="store")
    status = error.status if error else 200
    wait = {"Retry-After": str(RETRY_AFTER_S[status])} if status in RETRY_AFTER_S else {}
    told: dict[str, Any] = {
        "asked": said.query,
        "found": found,
        "error": error,
        "status": status,
        "headers": {**wait, **limits(visit.serving)},
    }
    return await anyio.to_thread.run_sync(partial(_drawn, visit, **told))


def _drawn(visit: Visit, **told: Any) -> Response:
    examples: Examples = visit.request.app.state.examples
    refusals, timeout_s = texts.group("refusal"), visit.serving.pool.timeout_s
    told |= {"groups": examples.groups(), "refusals": refusals, "timeout_s": timeout_s}
    told["headers"] = {**told["headers"], **editor.HEADERS}
    return page(visit, "sparql.html", **told)
