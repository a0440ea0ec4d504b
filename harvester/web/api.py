"""Room: the API: published records and sources as plain JSON and GeoJSON, for programs that speak no RDF.

Which records is asked of the index, what they say of the ledger, by the number of the version; nothing is
evaluated, and nothing is told that the checkpoint does not show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Depends
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from harvester import iri, vocab
from harvester.index import Cursor, Entry, Part, entry, part
from harvester.ledger.versions import versions
from harvester.profile import credit
from harvester.web import records, texts
from harvester.web.api_asked import MISTAKEN, Wish, wish, written
from harvester.web.features import Teller, Told
from harvester.web.overview import Line, Overview
from harvester.web.pages import Visit, Visiting
from harvester.web.problems import problem

VERSION = "1.0.0"
"""Of what is answered: the first number grows when a program that reads it may have to change."""

FORGOTTEN = "withdrawn"

router = APIRouter(prefix="/api")

Wished = Annotated[Wish, Depends(wish)]


@router.get("/records", name="records")
def as_json(visit: Visiting, wished: Wished) -> Response:
    """Published records, a part at a time."""
    return _answered(visit, wished, geo=False)


@router.get("/records.geojson", name="records as GeoJSON")
def as_geojson(visit: Visiting, wished: Wished) -> Response:
    """The same as a GeoJSON feature collection."""
    return _answered(visit, wished, geo=True)


@router.get("/records/{source}/{ref:path}", name="one record")
def one(visit: Visiting, source: str, ref: str) -> Response:
    """One record, or why it is not here."""
    found = entry(visit.serving.layout.index, source, ref)
    told = versions(visit.serving.ledger, [found.change]) if found and found.reason is None else {}
    if found is None or found.change not in told:
        return records.missing(visit, source, ref)
    said = _teller(visit).record(found, told[found.change])
    links = {
        **_DESCRIBED,
        "alternate": said["id"],
        "license": said["licence"]["url"] or said["licence"]["id"],
    }
    return _json(visit, {"api": VERSION, **said}, "application/json", links)


@router.get("/sources", name="sources")
def sources(visit: Visiting) -> Response:
    """Every source: its licence and credit, how many records, how fresh they are."""
    overview: Overview = visit.request.app.state.overview
    told = [_source(visit, line) for line in overview.lines()]
    return _json(visit, {"api": VERSION, "sources": told}, "application/json", _DESCRIBED)


def misasked(visit: Visit, error: RequestValidationError) -> Response:
    """400: every parameter that is wrong, with its value and what is expected."""
    faults = [_fault(visit, one) for one in error.errors()]
    detail = "; ".join(f"{one['name']} '{one['value']}': {one['expected']}" for one in faults)
    return problem(400, detail, kind="parameters", base=visit.base, more={"errors": faults})


def _fault(visit: Visit, told: Mapping[str, Any]) -> Told:
    """One parameter that is wrong; what we found wrong ourselves says what is expected."""
    where, name = told["loc"][0], str(told["loc"][1]) if len(told["loc"]) > 1 else ""
    meant = texts.known("api-parameter", name, visit.language) or visit.say("api.no-parameter")
    expected = told["msg"] if told["type"] == MISTAKEN else meant
    return {"in": where, "name": name, "value": str(told.get("input"))[:200], "expected": expected}


def _answered(visit: Visit, wished: Wish, *, geo: bool) -> Response:
    try:
        found = part(visit.serving.layout.index, wished.asked, wished.start, wished.limit)
    except LookupError as error:
        return problem(410, f"{error}; begin again without it", kind="cursor", base=visit.base)
    if found is None:
        return problem(503, visit.say("api.unpublished"), kind="starting", base=visit.base)
    teller = _teller(visit)
    told, gone = _told(visit, teller, found)
    links = {"next": _turned(visit, found.next), "follow": _turned(visit, found.follow)}
    head = {"api": VERSION, "position": found.position}
    if geo:
        features = [teller.feature(each) for each in told]
        body = {"type": "FeatureCollection", **head, **links, "features": features, "gone": gone}
    else:
        body = {**head, **links, "records": told, "gone": gone}
    media = "application/geo+json" if geo else "application/json"
    return _json(visit, body, media, {**_DESCRIBED, "next": links["next"]})


def _told(visit: Visit, teller: Teller, found: Part) -> tuple[list[Told], list[Told]]:
    """The records, and those that left; what was forgotten meanwhile is told to who follows."""
    said = versions(visit.serving.ledger, [one.change for one in found.entries if one.reason is None])
    told = [
        teller.record(one, said[one.change]) for one in found.entries if one.change in said and not one.reason
    ]
    left = [one for one in found.entries if one.reason or one.change not in said]
    return told, [teller.left(one, _reason(one)) for one in left if found.following]


def _reason(one: Entry) -> str:
    return one.reason or FORGOTTEN


def _source(visit: Visit, line: Line) -> Told:
    publisher = line.told.get("publisher")
    return {
        "id": line.id,
        "iri": iri.source(visit.base, line.id),
        "title": line.told["title"],
        "publisher": publisher,
        "kind": line.told.get("kind"),
        "connector": line.told["connector"],
        "licence": _licence(line.licence, line.told.get("permission")),
        "credit": credit(line.told),
        "publishable": line.licence.publishable,
        "published": line.published,
        "last_success": line.last_success and line.last_success.isoformat(),
        "stale_since": line.stale_since and line.stale_since.isoformat(),
    }


def _licence(one: vocab.Licence, permission: str | None) -> Told:
    return {"id": one.iri, "notation": one.notation, "url": permission or one.url}


def _teller(visit: Visit) -> Teller:
    return Teller(visit.base, visit.language, visit.serving.ledger.sources())


def _turned(visit: Visit, cursor: Cursor | None) -> str | None:
    """This very question from a cursor on."""
    if cursor is None:
        return None
    asked = visit.request.query_params.multi_items()
    kept = [(name, value) for name, value in asked if name not in ("cursor", "since")]
    path = visit.request.scope["path"].removeprefix("/")
    return f"{visit.base}{path}?{urlencode([*kept, ('cursor', written(cursor))])}"


_DESCRIBED = {"service-desc": "api/openapi.json"}


def _json(visit: Visit, body: Told, media: str, links: Mapping[str, str | None]) -> Response:
    told = (
        (address if "://" in address else visit.base + address, rel)
        for rel, address in links.items()
        if address
    )
    headers = {"Link": ", ".join(f'<{address}>; rel="{rel}"' for address, rel in told)}
    headers |= {"Vary": "Accept-Language", "Content-Language": visit.language}
    return Response(orjson.dumps(body), media_type=media, headers=headers)
