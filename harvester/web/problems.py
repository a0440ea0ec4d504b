"""Room: bad news in words: a page for a browser, application/problem+json (RFC 9457) for a program."""

from __future__ import annotations

from http import HTTPStatus

from fastapi.responses import JSONResponse, Response

from harvester.errors import QueryError
from harvester.web.negotiation import wants_html
from harvester.web.pages import VARY, Visit, page
from harvester.web.texts import group

RETRY_AFTER_S = {429: 5, 503: 30}
"""How long the asker should wait before asking again."""


def problem(status: int, detail: str, *, kind: str, base: str) -> JSONResponse:
    """A problem document; the refusals of the endpoint are explained on its page."""
    told = {
        "type": f"{base}sparql#{kind}" if kind in group("refusal") else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "kind": kind,
    }
    return JSONResponse(told, status, headers=_headers(status), media_type="application/problem+json")


def refused(visit: Visit, error: QueryError) -> JSONResponse:
    """A query that cannot be answered."""
    return problem(error.status, str(error), kind=error.kind, base=visit.base)


def absent(visit: Visit, status: int, detail: str, *, kind: str, advice: str = "") -> Response:
    """What is asked for is not here: a page in words, or a problem."""
    if not wants_html(visit.accept):
        answer = problem(status, detail, kind=kind, base=visit.base)
        answer.headers.update(VARY)
        return answer
    headers = _headers(status)
    return page(
        visit, "problem.html", status=status, headers=headers, detail=detail, code=status, advice=advice
    )


def unacceptable(visit: Visit, known: str) -> Response:
    """No format that we have suits the asker."""
    return problem(406, visit.say("problem.format", known=known), kind="format", base=visit.base)


def _headers(status: int) -> dict[str, str]:
    return {"Retry-After": str(RETRY_AFTER_S[status])} if status in RETRY_AFTER_S else {}
