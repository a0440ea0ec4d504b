"""A SPARQL endpoint as connectors meet it: a real store, asked through the transport seam, that may misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox
from shelf import Shelf

from harvester.errors import SourceError
from harvester.model import Answer, posted

URL = "https://e.example/sparql"

PREFIXES = """
@prefix pair: <http://virtual-assembly.org/ontologies/pair#> .
@prefix schema: <http://schema.org/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix : <https://e.example/> .
"""

Fault = Callable[[str, dict[str, Any]], dict[str, Any] | bytes | None]
"""(query, results as JSON) → what is answered instead; None for the results as they are."""


class Endpoint(Shelf):
    """A store that holds `turtle` and answers queries; `refuses` is the error of a method, `body` of its answer."""

    def __init__(
        self,
        turtle: str,
        *,
        fault: Fault | None = None,
        form: ox.QueryResultsFormat = ox.QueryResultsFormat.JSON,
        refuses: dict[str, SourceError | bytes] | None = None,
    ) -> None:
        super().__init__({})
        self.store = ox.Store()
        self.store.load((PREFIXES + turtle).encode(), ox.RdfFormat.TRIG)
        self.fault, self.form, self.refuses = fault, form, refuses or {}
        self.queries: list[str] = []
        self.accepted: list[str] = []

    def get(self, url: str, *, accept: str = "*/*", conditional: bool = True) -> Answer:  # noqa: ARG002
        return self._answered("get", url, urlsplit(url).query, accept)

    def post(
        self, url: str, content: bytes, *, media_type: str = "application/json", accept: str = "*/*"
    ) -> Answer:
        assert media_type == "application/x-www-form-urlencoded"
        return self._answered("post", posted(url, content), content.decode(), accept)

    def _answered(self, method: str, address: str, form: str, accept: str) -> Answer:
        said = parse_qs(form, strict_parsing=True)
        self.accepted.append(accept)
        self.queries.append(said["query"][0])
        refused = self.refuses.get(method)
        if isinstance(refused, SourceError):
            self.asked.append(address)
            raise refused
        self.bodies[address] = refused or self._body(said)
        return super().get(address, accept=accept)

    def _body(self, said: dict[str, list[str]]) -> bytes:
        graphs = [ox.NamedNode(one) for one in said.get("default-graph-uri", ())] or None
        found = self.store.query(said["query"][0], default_graph=graphs)
        assert isinstance(found, ox.QuerySolutions)
        body = found.serialize(format=self.form)
        assert body is not None
        instead = self.fault(said["query"][0], json.loads(body)) if self.fault else None
        if isinstance(instead, dict):
            return json.dumps(instead).encode()
        return body if instead is None else instead


def kind(query: str) -> str:
    """What a query asks for: a count, keys or rows."""
    return "count" if "AS ?_named)" in query else "keys" if "AS ?_rows)" in query else "rows"
