"""Room: what a request to the endpoint says, by the query part of the SPARQL 1.1 Protocol (section 2.1).

A request comes in; the query, its dataset and the format asked for by name go out. Updates are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qs

import pyoxigraph as ox
from fastapi import Request

from harvester.errors import QueryError
from harvester.triplestore import Query
from harvester.triplestore.lexer import form
from harvester.triplestore.soundness import LONGEST_QUERY
from harvester.web.negotiation import (
    ENCODINGS,
    QUERY_GRAPHS,
    RESULTS,
    Offers,
    named,
    preferred,
)

_FORM = "application/x-www-form-urlencoded"
_ROWS, _TRIPLES = ("SELECT", "ASK"), ("CONSTRUCT", "DESCRIBE")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says, by the Protocol; `query` is None when it asks nothing."""

    query: str | None
    default_graph: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    format: str | None = None


async def asked(request: Request) -> Asked:
    """What the query string says, and for POST the form or the query in the body.

    Raises:
        QueryError: 413 too long, 415 no such body, 400 not UTF-8, no graph, several queries.
    """
    in_query = _lists(request.url.query)
    if request.method != "POST":
        return _asked(in_query)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/sparql-update":
        raise _update()
    if kind not in (_FORM, "application/sparql-query"):
        text = f"content type '{kind}' is not one of the protocol; send {_FORM} or application/sparql-query"
        raise QueryError(text, status=415, kind="content-type")
    body = await _body(request)
    said = _asked(_joined(in_query, _lists(body) if kind == _FORM else {"query": [body]}))
    if said.query is None:
        raise QueryError("no query; send it as the field 'query'", status=400, kind="no-query")
    return said


def query(said: Asked, headers: Mapping[str, str], base: str) -> Query:
    """The query with the formats that suit the asker; `base` resolves its relative IRIs.

    Raises:
        QueryError: 406 when no format of ours would do.
    """
    assert said.query is not None
    kind = form(said.query)
    rows = _wished(said, headers, RESULTS) if kind not in _TRIPLES else None
    triples = _wished(said, headers, QUERY_GRAPHS) if kind not in _ROWS else None
    if not (rows or triples) and kind in _ROWS + _TRIPLES:
        offers = RESULTS if kind in _ROWS else QUERY_GRAPHS
        known = ", ".join(f"{name} ({types[0]})" for name, types in offers.items())
        wished = said.format or headers.get("accept")
        text = f"{kind} is not answered as '{wished}'; known: {known}"
        raise QueryError(text, status=406, kind="format")
    encoding = preferred(headers.get("accept-encoding") or "identity", ENCODINGS) or ""
    graphs = (said.default_graph, said.named_graphs)
    return Query(said.query, rows or "json", triples or "turtle", *graphs, encoding=encoding, base=base)


def _wished(said: Asked, headers: Mapping[str, str], offers: Offers) -> str | None:
    return named(said.format, offers) if said.format else preferred(headers.get("accept"), offers)


def _asked(said: Mapping[str, list[str]]) -> Asked:
    """Raises QueryError when the Protocol is not followed."""
    if "update" in said:
        raise _update()
    queries = said.get("query", [])
    if len(queries) > 1:
        raise QueryError("several queries in one request; send one", status=400, kind="no-query")
    found = Asked(
        query=(queries[0].strip() and queries[0]) or None if queries else None,
        default_graph=tuple(map(_graph, said.get("default-graph-uri", ()))),
        named_graphs=tuple(map(_graph, said.get("named-graph-uri", ()))),
    )
    return replace(found, format=said["format"][0]) if said.get("format", [""])[0] else found


def _graph(address: str) -> str:
    try:
        return ox.NamedNode(address).value
    except ValueError as error:
        text = f"'{address}' names no graph: give an absolute IRI"
        raise QueryError(text, status=400, kind="graph") from error


def _update() -> QueryError:
    return QueryError("this endpoint is read-only; updates are refused", status=403, kind="update")


async def _body(request: Request) -> str:
    """The body, refused as soon as it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > 3 * LONGEST_QUERY:  # a form writes a byte in three; the pool looks closer
            text = f"the query is longer than {LONGEST_QUERY} bytes"
            raise QueryError(text, status=413, kind="too-long")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise QueryError("the body is not UTF-8", status=400, kind="encoding") from error


def _lists(encoded: str) -> dict[str, list[str]]:
    try:
        return parse_qs(encoded, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise QueryError(f"the form cannot be read ({error})", status=400, kind="encoding") from error


def _joined(one: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: [*one.get(name, ()), *other.get(name, ())] for name in {**one, **other}}
