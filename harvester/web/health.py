"""Room: is the server alive, and can it answer; what robots and tabs ask for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse

from harvester.errors import QueryError, StoreError
from harvester.mirror import note
from harvester.publish.publication import published
from harvester.triplestore import Checkpoints, Query
from harvester.web.pages import Visiting
from harvester.web.serving import Serving

router = APIRouter()


@router.get("/healthz")
def healthz() -> JSONResponse:
    """The process lives."""
    return JSONResponse({"status": "alive"})


@router.get("/readyz")
def readyz(visit: Visiting) -> JSONResponse:
    """A checkpoint can be queried; with how far the ledger, publication and the mirror have come.

    Raises:
        StoreError: the ledger cannot be read; answered 503.
    """
    serving, state = visit.serving, visit.request.app.state
    current = Checkpoints(serving.layout.checkpoints).current()
    if current and state.answered != current and _answers(serving):
        state.answered = current
    ready = current is not None and state.answered == current
    told = {
        "status": "ready" if ready else "not ready",
        "published": published(serving.layout),
        "ledger": {"run": serving.ledger.last_run(), "change": serving.ledger.position()},
        "checkpoint": current.name if current else None,
        "checkpoint_age_s": _age_s(serving),
        "mirror": _mirror(serving),
    }
    return JSONResponse(told, 200 if ready else 503)


def _age_s(serving: Serving) -> int | None:
    """Seconds since what is answered was published; an old one is no fault where nothing changes."""
    since = Checkpoints(serving.layout.checkpoints).since()
    return None if since is None else max(0, round(time.time() - since))


def _mirror(serving: Serving) -> dict[str, Any] | None:
    """How far the mirror is behind; not why, which may tell where it is. None without one."""
    if serving.federation.mirror is None:
        return None
    told = note(serving.layout)
    behind = told.behind(serving.ledger.position())
    return {"change": told.change, "behind": behind, "since": told.since and told.since.isoformat()}


@router.get("/robots.txt")
def robots() -> PlainTextResponse:
    """Pages may be indexed; the endpoint is for programs that ask."""
    return PlainTextResponse("User-agent: *\nDisallow: /sparql\nDisallow: /why\n")


@router.get("/favicon.svg")
@router.get("/favicon.ico")
def favicon() -> FileResponse:
    """Three islands."""
    return FileResponse(Path(__file__).parent / "static" / "favicon.svg", media_type="image/svg+xml")


def _answers(serving: Serving) -> bool:
    """True when a worker answers; asked once for each checkpoint, so that probes cost nothing."""
    try:
        return b"".join(serving.pool.ask(Query("ASK {}")).chunks) != b""
    except (QueryError, StoreError):
        return False
