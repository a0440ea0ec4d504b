"""Room: what the SPARQL endpoint says of itself (SPARQL 1.1 Service Description), as N-Triples.

Limits are said twice: in words, and as values that a program reads. What the data holds is told by
`/.well-known/void`, which this leads to.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from harvester import canonical, iri
from harvester.profile import full, predicate
from harvester.web.serving import Serving

_TYPE = predicate("rdf:type")
_FORMATS = "http://www.w3.org/ns/formats/"
FORMATS = (
    "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
    "Turtle", "JSON-LD", "N-Triples", "RDF_XML", "TriG", "N-Quads",
)  # fmt: skip
UNION = (
    "The default graph is the union of all named graphs; "
    "default-graph-uri, named-graph-uri and FROM choose others."
)


def description(serving: Serving) -> bytes:
    """The service, its formats and limits, and the graphs of its dataset; no blank node."""
    return canonical.lines([*_service(serving), *_limits(serving), *_dataset(serving)])


def _service(serving: Serving) -> Iterator[str]:
    endpoint = f"{serving.federation.base}sparql"
    node = f"<{endpoint}>"
    limits = (
        f"Read only; no SERVICE. A query is answered whole within {serving.pool.timeout_s:g} s, or refused "
        "with a problem document (RFC 9457); one cut after it began breaks the transfer. "
        f"Rows are not limited. {UNION}"
    )
    yield f"{node}{_TYPE}<{full('sd:Service')}> ."
    yield f"{node}{predicate('sd:endpoint')}{node} ."
    yield f"{node}{predicate('sd:supportedLanguage')}<{full('sd:SPARQL11Query')}> ."
    yield f"{node}{predicate('sd:feature')}<{full('sd:UnionDefaultGraph')}> ."
    yield f"{node}{predicate('sd:defaultDataset')}<{endpoint}#dataset> ."
    yield f"{node}{predicate('rdfs:label')}{canonical.string(serving.federation.title)} ."
    yield f"{node}{predicate('rdfs:comment')}{canonical.string(limits, 'en')} ."
    yield f"{node}{predicate('rdfs:seeAlso')}<{serving.federation.base}.well-known/void> ."
    for name in FORMATS:
        yield f"{node}{predicate('sd:resultFormat')}<{_FORMATS}{name}> ."


def _limits(serving: Serving) -> Iterator[str]:
    """Name, number and unit of each limit."""
    endpoint, told = f"{serving.federation.base}sparql", serving.pool.limits
    limits = (
        ("time", canonical.decimal(Decimal(str(told.time_s))), "s"),
        ("memory", canonical.integer(told.memory), "byte"),
        ("length", canonical.integer(told.length), "byte"),
        ("concurrent", canonical.integer(told.each), "query"),
    )
    for name, value, unit in limits:
        node = f"<{endpoint}#limit-{name}>"
        yield f"<{endpoint}>{predicate('schema:additionalProperty')}{node} ."
        yield f"{node}{_TYPE}<{full('schema:PropertyValue')}> ."
        yield f"{node}{predicate('schema:name')}{canonical.string(name)} ."
        yield f"{node}{predicate('schema:value')}{value} ."
        yield f"{node}{predicate('schema:unitText')}{canonical.string(unit)} ."


def _dataset(serving: Serving) -> Iterator[str]:
    base = serving.federation.base
    node = f"<{base}sparql#dataset>"
    yield f"{node}{_TYPE}<{full('sd:Dataset')}> ."
    yield f"{node}{predicate('rdfs:comment')}{canonical.string(UNION, 'en')} ."
    sources = [f"{kind}/{source}" for source in serving.ledger.sources() for kind in ("source", "report")]
    for name in ("prov", "vocab", "territoire", *sources):
        entry = f"<{base}sparql#graph-{name}>"
        yield f"{node}{predicate('sd:namedGraph')}{entry} ."
        yield f"{entry}{_TYPE}<{full('sd:NamedGraph')}> ."
        yield f"{entry}{predicate('sd:name')}<{iri.graph(base, name)}> ."
