"""Room: how the API is told: as OpenAPI for programs, as a page without script or network for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter
from fastapi.responses import Response

from harvester.web import api, openapi
from harvester.web.negotiation import wants_html
from harvester.web.pages import VARY, Visit, Visiting, page

router = APIRouter(prefix="/api")

EXAMPLES: Mapping[str, str] = {
    "bbox": "3.5,43.5,4.1,43.8",
    "insee": "34172",
    "territory": "departement/34",
    "theme": "alimentation",
    "kind": "organisation",
    "since": "2026-11-01T00:00:00Z",
    "limit": "20",
    "lang": "en",
}
"""Values that work in every federation."""


@router.get("", include_in_schema=False)
def told(visit: Visiting) -> Response:
    """The page, or the description for a program."""
    if not wants_html(visit.accept):
        return described(visit)
    document = _document(visit)
    return page(
        visit,
        "api.html",
        headers={"Link": f'<{visit.base}api/openapi.json>; rel="service-desc"'},
        routes={path: _route(path, methods["get"]) for path, methods in document["paths"].items()},
        examples=EXAMPLES,
        version=api.VERSION,
    )


@router.get("/openapi.json", include_in_schema=False)
def described(visit: Visiting) -> Response:
    """The OpenAPI description."""
    media = "application/vnd.oai.openapi+json;version=3.1"
    return Response(orjson.dumps(_document(visit)), media_type=media, headers=VARY)


def _document(visit: Visit) -> Mapping[str, Any]:
    serving = visit.serving
    return openapi.document(serving.federation.title, visit.base, sorted(serving.ledger.sources()))


def _route(path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": openapi.name(path),
        "parameters": [one["name"] for one in operation.get("parameters", ())],
        "statuses": list(operation["responses"]),
    }
