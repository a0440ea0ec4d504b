"""Room: the dumps: their list for people and programs, and the files themselves.

A file is had packed, in pieces if need be; under its name without `.gz` it comes as it is, packed on the way
only for who can unpack it. Nothing is made here.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse

from harvester import vocab
from harvester.dumps import Bundle, File, bundle, bundles, forms
from harvester.dumps.stock import LICENCES, SOURCES
from harvester.ledger.redaction import redactions
from harvester.web.conditional import tag, unchanged
from harvester.web.negotiation import HTML, Offers, preferred
from harvester.web.pages import VARY, Visit, Visiting, page
from harvester.web.problems import absent, unacceptable

OFFERS: Offers = {"json": ("application/json",), **HTML}
FRESH = {"Cache-Control": "public, max-age=60"}
_CHUNK = 1 << 16

router = APIRouter()


@router.get("/dumps")
@router.get("/dumps/")
def every_dump(visit: Visiting) -> Response:
    """The sets of files, each with its licence, credit, date, sizes and checksums."""
    asked = visit.request.query_params.get("format")
    name = (asked if asked in OFFERS else None) if asked else preferred(visit.accept, OFFERS)
    if name is None:
        return unacceptable(visit, ", ".join(OFFERS))
    found = bundles(visit.serving.layout, redactions(visit.serving.ledger))
    if name == "json":
        return JSONResponse({"sets": [_told(visit, one) for one in found]}, headers=VARY | FRESH)
    groups = {group: [one for one in found if one.group == group] for group in (LICENCES, SOURCES)}
    titles = {name: told["title"] for name, told in visit.serving.ledger.sources().items()}
    return page(
        visit, "dumps.html", groups=groups, titles=titles, licences=vocab.licences(), forms=list(forms())
    )


@router.get("/dumps/SHA256SUMS")
def sums(visit: Visiting) -> Response:
    """The checksums of all files, as `sha256sum --check` reads them."""
    found = bundles(visit.serving.layout, redactions(visit.serving.ledger))
    lines = (f"{file.sha256}  {one.group}/{file.name}\n" for one in found for file in one.files)
    return PlainTextResponse("".join(lines), headers=FRESH)


@router.get("/dumps/{group}/{name}")
def one_dump(visit: Visiting, group: str, name: str) -> Response:
    """One file, whole or a part of it."""
    found = _found(visit, group, name)
    if found is None:
        advice = visit.say("dumps.absent-advice")
        return absent(visit, 404, visit.say("dumps.absent", name=name), kind="no-dump", advice=advice)
    one, file = found
    headers = FRESH | {"Link": _links(one)}
    return _packed(visit, found, headers) if name == file.name else _as_it_is(visit, found, headers)


def _found(visit: Visit, group: str, name: str) -> tuple[Bundle, File] | None:
    """The set and the file of this name, if it is there."""
    forgotten = redactions(visit.serving.ledger)
    if group not in (SOURCES, LICENCES):
        return None
    for form in forms().values():
        ending = f".{form.extension}"
        stem = name.removesuffix(".gz").removesuffix(ending)
        if name.removesuffix(".gz") != stem and "/" not in stem and ".." not in stem:
            one = bundle(visit.serving.layout, group, stem, forgotten)
            file = one.file(name) if one else None
            if one and file and one.path(visit.serving.layout, file).is_file():
                return one, file
    return None


def _packed(visit: Visit, found: tuple[Bundle, File], headers: dict[str, str]) -> Response:
    one, file = found
    told = headers | {"ETag": f'"{file.sha256}"'}
    path = one.path(visit.serving.layout, file)
    return unchanged(visit.request, told) or FileResponse(
        path, media_type="application/gzip", headers=told, filename=file.name
    )


def _as_it_is(visit: Visit, found: tuple[Bundle, File], headers: dict[str, str]) -> Response:
    """The file as if it was not packed: who can unpack gets it packed on the way."""
    one, file = found
    path, packed = one.path(visit.serving.layout, file), _unpacks(visit.request)
    coding = {"Content-Encoding": "gzip"} if packed else {}
    told = headers | coding | {"Vary": "Accept-Encoding", "ETag": tag(file.sha256, packed)}
    if answer := unchanged(visit.request, told):
        return answer
    media = file.media_type + ("; charset=utf-8" if file.media_type.startswith("text/") else "")
    if packed:
        return FileResponse(path, media_type=media, headers=told)
    return StreamingResponse(_unpacked(path), media_type=media, headers=told)


def _unpacked(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _unpacks(request: Request) -> bool:
    """True when the asker says that it reads gzip."""
    offered = (one.replace(" ", "").lower() for one in request.headers.get("accept-encoding", "").split(","))
    refused = ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return any(
        one.partition(";")[0] in ("gzip", "*") and one.partition(";")[2] not in refused for one in offered
    )


def _told(visit: Visit, one: Bundle) -> dict[str, Any]:
    files = [
        {
            "url": f"{visit.base}dumps/{one.group}/{quote(file.name)}",
            **{name: getattr(file, name) for name in ("form", "media_type", "size", "unpacked", "sha256")},
        }
        for file in one.files
    ]
    plain = ("group", "name", "records", "position", "licence", "credits", "sources")
    licence = vocab.licences()[one.licence]
    return {
        **{name: getattr(one, name) for name in plain},
        "licence_url": licence.url or licence.iri,
        "made_at": one.made_at.isoformat(),
        "files": files,
    }


def _links(one: Bundle) -> str:
    licence = vocab.licences()[one.licence]
    return f'<{licence.url or licence.iri}>; rel="license"'
