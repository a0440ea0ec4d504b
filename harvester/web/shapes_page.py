"""Room: the rules that records are checked by, as one page and as SHACL."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pyoxigraph as ox
from fastapi import APIRouter
from fastapi.responses import Response

from harvester import shapes
from harvester.web import shaped, terms, words
from harvester.web.graphs import asked_format
from harvester.web.linked import Topic, linked, unknown
from harvester.web.negotiation import media_type
from harvester.web.pages import Visiting

router = APIRouter()


@router.get("/vocab/shapes")
@router.get("/vocab/shapes/")
def every_shape(visit: Visiting) -> Response:
    """Each shape with what it aims at, checks and says; as Turtle, the files as they are written."""

    def told() -> Mapping[str, Any]:
        found = list(shaped.all_shapes().values())
        nodes = [one for one in found if one.path is None and (one.targets or one.parts)]
        return {
            "nodes": nodes,
            "rules": [one for one in found if one.path is not None],
            "values": [one for one in found if one.path is None and one not in nodes],
            "version": shaped.version(),
            "short": words.short,
            "checks": lambda shape: shaped.checks(shape, visit.language),
        }

    answer = linked(visit, Topic(terms.SHAPES, ntriples()), "shapes.html", told)
    if asked_format(visit) == "turtle":  # with its comments and its lists, which triples would lose
        headers = {"Link": answer.headers["link"], "Vary": answer.headers["vary"]}
        return Response(shapes.shapes_turtle(), media_type=media_type("turtle"), headers=headers)
    return answer


@router.get("/vocab/shapes/{version}")
def one_version(visit: Visiting, version: str) -> Response:
    """The shapes by their version, which is the one served or none."""
    known = shaped.version()
    if version != known:
        return unknown(visit, f"shapes/{version}", [f"shapes/{known}"])
    return every_shape(visit)


@cache
def ntriples() -> bytes:
    """The shapes as N-Triples; the lists in them are blank nodes."""
    quads = ox.parse(shapes.shapes_turtle().encode(), format=ox.RdfFormat.TURTLE)
    lines = ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES)
    assert lines is not None
    return lines
