"""Room: N-Triples of ours -> an RDF answer in the format the asker likes best."""

from __future__ import annotations

from collections.abc import Mapping

import pyoxigraph as ox
from fastapi.responses import Response

from harvester import vocab
from harvester.triplestore import Query
from harvester.web.negotiation import GRAPHS, HTML, media_type, preferred
from harvester.web.pages import VARY, Visit
from harvester.web.problems import unacceptable

_FORMATS = {
    "turtle": ox.RdfFormat.TURTLE,
    "jsonld": ox.RdfFormat.JSON_LD,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
}


def asked_format(visit: Visit) -> str | None:
    """`html`, the name of an RDF format, or None when nothing we have suits the asker.

    `?format=` decides; else Accept, RDF being preferred where the asker has no preference: browsers
    name HTML, programs seldom say anything.
    """
    if asked := visit.request.query_params.get("format"):
        return asked if asked in GRAPHS or asked == "html" else None
    return preferred(visit.accept, {**GRAPHS, **HTML})


def graph(
    visit: Visit, name: str | None, ntriples: bytes, headers: Mapping[str, str] | None = None
) -> Response:
    """Triples in the format named; 406 when it is none."""
    if name is None or name not in GRAPHS:
        return unacceptable(visit, ", ".join(GRAPHS))
    body = converted(ntriples, name)
    return Response(body, media_type=media_type(name), headers=VARY | dict(headers or {}))


def constructed(visit: Visit, query: str) -> bytes:
    """What a CONSTRUCT of ours finds in the checkpoint, as N-Triples.

    Raises:
        QueryError: see `QueryPool.ask`.
        StoreError: no worker can be started.
    """
    return b"".join(visit.serving.pool.ask(Query(query, graph="ntriples")).chunks)


def converted(ntriples: bytes, name: str) -> bytes:
    """N-Triples in another format, with the prefixes of the house that it uses."""
    if name == "ntriples":
        return ntriples
    used = {prefix: space for prefix, space in vocab.prefixes().items() if space.encode() in ntriples}
    triples = ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES)
    body = ox.serialize((quad.triple for quad in triples), format=_FORMATS[name], prefixes=used)
    assert body is not None
    return body
