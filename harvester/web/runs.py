"""Room: IRIs that nobody writes by hand: a run as page and as linked data; a graph leads to what it holds."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from harvester import canonical, iri
from harvester.ledger.runs import run
from harvester.profile import run_triples
from harvester.web.graphs import asked_format, graph
from harvester.web.links import formats, header
from harvester.web.negotiation import GRAPHS
from harvester.web.pages import VARY, Visiting, page
from harvester.web.problems import absent, unacceptable

router = APIRouter()

_HOUSE: Mapping[str, str] = {"prov": "sources", "vocab": "vocab/", "territoire": "vocab/territoire"}
"""Graph of the house -> the page that tells what is in it."""


@router.get("/run/{source}/{number:int}")
def one(visit: Visiting, source: str, number: int) -> Response:
    """One harvest of one source."""
    found = run(visit.serving.ledger, source, number)
    if found is None:
        text = visit.say("problem.no-run", source=source, number=number)
        return absent(visit, 404, text, kind="no-run", advice=visit.say("problem.no-source-advice"))
    name = asked_format(visit)
    if name is None:
        return unacceptable(visit, ", ".join(GRAPHS))
    links = {"Link": header([(iri.source(visit.base, source), '"about"'), *formats(visit)])}
    if name != "html":
        return graph(visit, name, canonical.lines(run_triples(visit.base, found)), links)
    told = visit.serving.ledger.sources()[source]
    address = iri.run(visit.base, source, number)
    return page(visit, "run.html", headers=links, run=found, source=told, address=address, formats=GRAPHS)


@router.get("/graph/{name:path}")
def of_graph(visit: Visiting, name: str) -> Response:
    """A graph is asked at the endpoint; its IRI leads to the page about what it holds (303)."""
    kind, _, source = name.partition("/")
    known = source in visit.serving.ledger.sources()
    leads = _HOUSE.get(name) or {"source": f"sources/{source}", "report": f"sources/{source}/report"}.get(
        kind
    )
    if leads is None or (name not in _HOUSE and not known):
        text = visit.say("problem.no-graph", name=name)
        return absent(visit, 404, text, kind="no-graph", advice=visit.say("problem.no-page-advice"))
    asked = visit.request.url.query
    return RedirectResponse(
        visit.local(visit.base + leads).partition("?")[0] + (f"?{asked}" if asked else ""), 303, headers=VARY
    )
