"""Room: what the SPARQL endpoint says of itself (SPARQL 1.1 Service Description), as N-Triples."""

from __future__ import annotations

from collections.abc import Iterator

from harvester import canonical, iri
from harvester.profile import full, predicate
from harvester.web.serving import Serving

_TYPE = predicate("rdf:type")
_FORMATS = "http://www.w3.org/ns/formats/"
FORMATS = (
    "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
    "Turtle", "JSON-LD", "N-Triples", "RDF_XML",
)  # fmt: skip


def description(serving: Serving) -> bytes:
    """The service, its formats and limits, and the graphs of its dataset; no blank node."""
    return canonical.lines([*_service(serving), *_dataset(serving)])


def _service(serving: Serving) -> Iterator[str]:
    endpoint = f"{serving.federation.base}sparql"
    node = f"<{endpoint}>"
    limits = (
        f"Read only; no SERVICE. A query is answered within {serving.pool.timeout_s:g} s or refused (503)."
    )
    yield f"{node}{_TYPE}<{full('sd:Service')}> ."
    yield f"{node}{predicate('sd:endpoint')}{node} ."
    yield f"{node}{predicate('sd:supportedLanguage')}<{full('sd:SPARQL11Query')}> ."
    yield f"{node}{predicate('sd:feature')}<{full('sd:UnionDefaultGraph')}> ."
    yield f"{node}{predicate('sd:defaultDataset')}<{endpoint}#dataset> ."
    yield f"{node}{predicate('rdfs:label')}{canonical.string(serving.federation.title)} ."
    yield f"{node}{predicate('rdfs:comment')}{canonical.string(limits, 'en')} ."
    for name in FORMATS:
        yield f"{node}{predicate('sd:resultFormat')}<{_FORMATS}{name}> ."


def _dataset(serving: Serving) -> Iterator[str]:
    base = serving.federation.base
    node = f"<{base}sparql#dataset>"
    yield f"{node}{_TYPE}<{full('sd:Dataset')}> ."
    sources = [f"{kind}/{source}" for source in serving.ledger.sources() for kind in ("source", "report")]
    for name in ("prov", "vocab", "territoire", *sources):
        entry = f"<{base}sparql#graph-{name}>"
        yield f"{node}{predicate('sd:namedGraph')}{entry} ."
        yield f"{entry}{_TYPE}<{full('sd:NamedGraph')}> ."
        yield f"{entry}{predicate('sd:name')}<{iri.graph(base, name)}> ."
