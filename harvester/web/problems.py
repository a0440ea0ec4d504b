"""Room: bad news in words: a page for a browser, application/problem+json (RFC 9457) for a program."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse, RedirectResponse, Response

from harvester.errors import QueryError
from harvester.web.conditions import limits
from harvester.web.negotiation import wants_html
from harvester.web.pages import VARY, Visit, page
from harvester.web.texts import group

_TITLES = {499: "Client Closed Request"}

RETRY_AFTER_S = {429: 5, 503: 30}
"""How long the asker should wait before asking again."""


def problem(
    status: int, detail: str, *, kind: str, base: str, more: Mapping[str, Any] | None = None
) -> JSONResponse:
    """A problem document; the refusals of the endpoint are explained on its page.

    `more` is what else a program may want to know of this one: extension members, None for none.
    """
    told = {
        "type": f"{base}sparql#{kind}" if kind in group("refusal") else "about:blank",
        "title": _TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "kind": kind,
        **{name: value for name, value in (more or {}).items() if value is not None},
    }
    return JSONResponse(told, status, headers=_headers(status), media_type="application/problem+json")


def refused(visit: Visit, error: QueryError) -> JSONResponse:
    """A query that cannot be answered."""
    answer = problem(error.status, str(error), kind=error.kind, base=visit.base, more=error.more)
    answer.headers.update({**limits(visit.serving), "Cache-Control": "no-store"})
    return answer


def absent(  # noqa: PLR0913  # each is told in its own place
    visit: Visit,
    status: int,
    detail: str,
    *,
    kind: str,
    advice: str = "",
    more: Mapping[str, str | None] | None = None,
) -> Response:
    """What is asked for is not here: a page in words, or a problem."""
    if not wants_html(visit.accept):
        told = {**(more or {}), "remedy": advice or None}
        answer = problem(status, detail, kind=kind, base=visit.base, more=told)
        answer.headers.update(VARY)
        return answer
    headers = _headers(status)
    return page(
        visit,
        "problem.html",
        status=status,
        headers=headers,
        detail=detail,
        code=status,
        advice=advice,
        successor=(more or {}).get("successor"),
    )


def moved(visit: Visit, address: str) -> Response:
    """It is elsewhere for good: the same thing, in the same format and language."""
    path, query = visit.local(address).partition("?")[0], visit.request.url.query
    return RedirectResponse(f"{path}?{query}" if query else path, 301, headers=VARY)


def unacceptable(visit: Visit, known: str) -> Response:
    """No format that we have suits the asker."""
    return problem(406, visit.say("problem.format", known=known), kind="format", base=visit.base)


def _headers(status: int) -> dict[str, str]:
    return {"Retry-After": str(RETRY_AFTER_S[status])} if status in RETRY_AFTER_S else {}
