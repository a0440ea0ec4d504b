"""Room: the application: routes put together, the gate round them, errors in words.

A `Serving` comes in, an ASGI application goes out; it opens nothing and starts nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import structlog
from anyio import CapacityLimiter
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from harvester.errors import QueryError, StoreError
from harvester.feed import Timeline
from harvester.web import (
    access,
    api,
    api_page,
    catalogue,
    changes,
    completion,
    dumps,
    exchange,
    health,
    measures,
    profile_page,
    questions,
    records,
    report,
    runs,
    shapes_page,
    sources,
    sparql,
    territories,
    vocabulary,
    vocabulary_files,
)
from harvester.web.examples import Examples
from harvester.web.gate import Gate
from harvester.web.measures import Measures
from harvester.web.overview import Overview
from harvester.web.pages import visit
from harvester.web.problems import absent, problem, refused
from harvester.web.serving import Serving
from harvester.web.under import Under
from harvester.web.usage import Usage
from harvester.web.watch import Watch

VOCABULARY = (shapes_page, profile_page, questions, territories, vocabulary_files, vocabulary)
"""Rooms below `/vocab/`; the last one takes every name that is left."""

ROOMS = (
    sparql, report, sources, records, runs, api, api_page, completion, catalogue, changes, dumps, exchange,
    *VOCABULARY, health, measures,
)  # fmt: skip
"""In the order in which they are tried: the one asked most is matched first."""

EXPOSED = ("Content-Location", "ETag", "Link", "Query-Limits", "Retry-After")
"""Headers that scripts of other sites may read."""

__all__ = ["Serving", "create_app"]


def create_app(serving: Serving) -> FastAPI:
    """The application that serves a federation."""
    app = FastAPI(title=serving.federation.title, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.serving = serving
    app.state.overview = Overview(serving)
    app.state.examples = Examples(serving)
    app.state.usage = Usage(serving)
    app.state.timeline = Timeline(serving.ledger)
    app.state.catalogue = {}
    app.state.completion = completion.Completion(serving)
    app.state.waiting = CapacityLimiter(sparql.UNDER_WAY)
    app.state.answered = None
    app.state.measures = Measures(serving)
    for room in ROOMS:
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _misasked)
    app.add_exception_handler(QueryError, _query_error)
    app.add_exception_handler(StoreError, _store_error)
    app.add_middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST"], allow_headers=["*"],
        expose_headers=EXPOSED,
    )  # fmt: skip
    app.add_middleware(Gate, base=serving.federation.base)
    heard = [app.state.measures.heard, *((access.written,) if serving.access_log else ())]
    routes = [*(route for room in ROOMS for route in room.router.routes), *app.routes]
    app.add_middleware(Watch, heard=heard, routes=routes)
    app.add_middleware(Under, base=serving.federation.base)
    return app


def _http_error(request: Request, error: Exception) -> Response:
    """No such page, no such method."""
    status = cast("HTTPException", error).status_code
    here = visit(request)
    key = "problem.method" if status == 405 else "problem.no-page"
    answer = absent(here, status, here.say(key), kind="no-page", advice=here.say("problem.no-page-advice"))
    answer.headers.update(cast("HTTPException", error).headers or {})
    return answer


def _misasked(request: Request, error: Exception) -> Response:
    here = visit(request)
    if request.url.path.startswith("/api/"):
        return api.misasked(here, cast("RequestValidationError", error))
    return absent(here, 422, here.say("problem.misasked"), kind="misasked")


def _query_error(request: Request, error: Exception) -> Response:
    return refused(visit(request), cast("QueryError", error))


def _store_error(request: Request, error: Exception) -> Response:
    """No worker can read the checkpoint; which file it is concerns us, not the asker."""
    structlog.get_logger().warning("no query worker", cause=str(error))
    here = visit(request)
    return problem(503, here.say("problem.store"), kind="store", base=here.base)
