"""Room: SPARQLWrapper without its network: it words questions as the protocol wants, and reads results.

In: a query. Out: the request that carries it, which the client of the source sends, so that address guard,
robots, pace, caps and recording hold; then the rows of the kept answer. It opens no connection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl
from urllib.response import addinfourl

from SPARQLWrapper import JSON, QueryResult, SPARQLWrapper

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import snippet, where
from harvester.connectors._json import Document
from harvester.connectors._xml import Element, child, children, local, root
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.model import Answer, Source, posted

FORM = "application/x-www-form-urlencoded"
XML = re.compile(rb"^[^{\[]{0,1000}<(?:\w+:)?sparql[\s>]")
OUT_OF_TIME = re.compile(
    r"timed?[ -]?out|estimated execution time|operation has been cancelled|S1TAT|too busy|out of memory",
    re.IGNORECASE,
)
"""What endpoints say at HTTP 200 of a query that they gave up: Virtuoso, Oxigraph, Blazegraph, proxies."""

ENDS = 4096
"""Bytes at each end of an answer where such words are looked for; what is between them is data."""

WHOLE = 1 << 26
"""Bytes of one answer, read whole only to tell why it cannot be."""


@dataclass(frozen=True, slots=True)
class Term:
    """A value of a row: `kind` is uri, bnode, literal, or what the endpoint calls it."""

    kind: str
    text: str
    language: str | None = None
    datatype: str | None = None


Row = Mapping[str, Term]
"""The terms of a solution, by the name of their variable; unbound ones are absent."""


@dataclass(frozen=True, slots=True)
class Request:
    """A question as it is sent; `content` is None when it stands in the address."""

    url: str
    content: bytes | None
    accept: str

    @property
    def address(self) -> str:
        """The address that its answer carries."""
        return self.url if self.content is None else posted(self.url, self.content)


class _Worded(SPARQLWrapper):
    """A SPARQLWrapper that gives its request away instead of sending it."""

    def request(self) -> Request:
        made = self._createRequest()
        return Request(made.full_url, cast("bytes | None", made.data), str(made.get_header("Accept")))


class _Results(QueryResult):
    """What SPARQLWrapper converts, its JSON read by the reader of the house: endpoints write it badly."""

    def __init__(self, answer: Answer, source: Source, raw: Raw) -> None:
        # what endpoints call their answers is not believed: they were asked for JSON
        said = {"content-type": "application/sparql-results+json"}
        super().__init__((cast("Any", addinfourl(raw.open(answer), cast("Any", said), answer.url)), JSON))
        self._where = where(answer, source)

    def _convertJSON(self) -> dict[Any, Any]:  # noqa: N802  as SPARQLWrapper calls it
        with self.response as stream:
            found = Document(cast("Any", stream), where=self._where).whole()
        return found if isinstance(found, dict) else {"results": found}


def request(endpoint: str, query: str, *, method: str, graph: str | None) -> Request:
    """The request that asks an endpoint a query, by `get` or `post`, of one graph or of its default."""
    bare, _, said = endpoint.partition("?")
    by_get = method == "get"
    worded = _Worded(bare if by_get else endpoint, returnFormat=JSON, defaultGraph=graph)
    for name, value in parse_qsl(said) if by_get else ():
        worded.addParameter(name, value)
    worded.setMethod(method.upper())
    worded.setQuery(query)
    return worded.request()


def sent(request: Request, client: Fetches) -> Answer:
    """The answer to a request, kept; raises SourceError when there is none."""
    if request.content is None:
        return client.get(request.url, accept=request.accept)
    return client.post(request.url, request.content, media_type=FORM, accept=request.accept)


def rows(answer: Answer, source: Source, raw: Raw) -> list[Row]:
    """The rows of an answer, in its order; as JSON, or as XML where the endpoint knows nothing else.

    Raises:
        SourceChanged: no results of a SELECT, or they are cut.
        SourceUnavailable: the endpoint says that it ran out of time.
    """
    try:
        with raw.open(answer) as stream:
            is_xml = XML.match(stream.read(ENDS))
        return list(_from_xml(answer, source, raw) if is_xml else _from_json(answer, source, raw))
    except SourceChanged as error:
        if given_up := OUT_OF_TIME.search(_ends(answer, raw)):
            raise SourceUnavailable(
                f"{where(answer, source)}: the endpoint gave up ('{given_up[0]}'); the next round tries "
                "again, lower `page_size` if it stays so"
            ) from error
        raise


def _ends(answer: Answer, raw: Raw) -> str:
    content = raw.read(answer, limit=WHOLE)
    return (content[:ENDS] + content[ENDS:][-ENDS:]).decode("utf-8", "replace")


def _from_json(answer: Answer, source: Source, raw: Raw) -> Iterator[Row]:
    found = cast("Mapping[str, Any]", _Results(answer, source, raw).convert())
    results = found.get("results")
    bindings = results.get("bindings") if isinstance(results, dict) else None
    if not isinstance(bindings, list):
        raise _unexpected(found, answer, source)
    for one in bindings:
        try:
            yield {name: _term(told) for name, told in one.items()}
        except (AttributeError, KeyError, TypeError) as error:
            raise _unexpected(one, answer, source) from error


def _term(told: Mapping[str, Any]) -> Term:
    kind = "literal" if told["type"] == "typed-literal" else str(told["type"])  # Virtuoso, SPARQL 1.0
    return Term(kind, str(told["value"]), told.get("xml:lang"), told.get("datatype"))


def _from_xml(answer: Answer, source: Source, raw: Raw) -> Iterator[Row]:
    document = root(answer, source, raw, names=("sparql",))
    results = child(document, "results")
    if results is None:
        raise _unexpected("no <results>", answer, source)
    for result in children(results, "result"):
        told = ((one.get("name", ""), next(iter(one), None)) for one in children(result, "binding"))
        yield {name: _element(value) for name, value in told if value is not None}


def _element(told: Element) -> Term:
    language = told.get("{http://www.w3.org/XML/1998/namespace}lang")
    return Term(local(told), told.text or "", language, told.get("datatype"))


def _unexpected(found: Any, answer: Answer, source: Source) -> SourceChanged:
    told = snippet(str(found))
    return SourceChanged(f"{where(answer, source)}: expected rows, got {told}; check the address")
