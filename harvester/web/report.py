"""Room: the report of a source, for the people who write its records: a page, JSON, CSV and Turtle.

Big reports come in parts; each names the next one, in the page and in a Link header.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from harvester.web.graphs import converted
from harvester.web.negotiation import media_type
from harvester.web.pages import Visit, Visiting, page
from harvester.web.problems import absent
from harvester.web.report_files import as_csv, as_ntriples
from harvester.web.reported import LIMIT, MOST, Part, Report, report

FILES = ("json", "csv", "ttl")
"""What the report may be had as, beside its page."""

router = APIRouter()

Code = Annotated[str | None, Query(max_length=100)]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Offset = Annotated[int, Query(ge=0, le=1 << 53)]


@router.get("/sources/{source}/report")
def report_page(
    visit: Visiting, source: str, finding: Code = None, limit: Limit = LIMIT, offset: Offset = 0
) -> Response:
    """What to mend in a source, the first things first."""
    told = _report(visit, Part(source, finding or None, limit, offset))
    if told is None:
        return _unknown(visit, source)
    return page(
        visit,
        "report.html",
        headers=_links(visit, told, ""),
        report=told,
        files={name: _address(visit, told, f".{name}", offset) for name in FILES},
        before=_address(visit, told, "", max(0, offset - limit)) if offset else None,
        after=_address(visit, told, "", told.next) if told.next is not None else None,
        whole=visit.href(f"sources/{source}/report"),
    )


@router.get("/sources/{source}/report.{name}")
def report_file(  # noqa: PLR0913, PLR0917  # each is a parameter of the address
    visit: Visiting, source: str, name: str, finding: Code = None, limit: Limit = LIMIT, offset: Offset = 0
) -> Response:
    """The same as a file: `json`, `csv` or `ttl`."""
    told = _report(visit, Part(source, finding or None, limit, offset)) if name in FILES else None
    if told is None:
        return _unknown(visit, source)
    headers = _links(visit, told, f".{name}")
    if name == "json":
        return JSONResponse(told.plain(), headers=headers)
    if name == "csv":
        return Response(as_csv(told), media_type=media_type("csv"), headers=headers)
    body = converted(as_ntriples(told, visit.base), "turtle")
    return Response(body, media_type=media_type("turtle"), headers=headers)


def _report(visit: Visit, part: Part) -> Report | None:
    return report(visit.serving.ledger, visit.base, part, now=visit.serving.now())


def _unknown(visit: Visit, source: str) -> Response:
    text, advice = visit.say("problem.no-report", source=source), visit.say("problem.no-source-advice")
    return absent(visit, 404, text, kind="no-source", advice=advice)


def _links(visit: Visit, told: Report, ending: str) -> dict[str, str]:
    """A Link header that leads to the next part."""
    if told.next is None:
        return {}
    return {"Link": f'<{_address(visit, told, ending, told.next)}>; rel="next"'}


def _address(visit: Visit, told: Report, ending: str, offset: int) -> str:
    """The address of a part of this report."""
    part = told.part
    wished = [("finding", part.code), ("limit", part.limit if part.limit != LIMIT else None)]
    said = {name: str(value) for name, value in [*wished, ("offset", offset or None)] if value is not None}
    return visit.href(f"sources/{told.source}/report{ending}", **said)
