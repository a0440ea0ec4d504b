"""Room: the home page, the list of sources, and each source as a page and as linked data."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Row

from harvester import iri
from harvester.ledger import Ledger
from harvester.ledger.decisions import decided
from harvester.ledger.exits import heir
from harvester.model import Action, Finding, Outcome, Severity
from harvester.profile import credit, full
from harvester.web import statements
from harvester.web.examples import Examples
from harvester.web.graphs import asked_format, constructed, graph
from harvester.web.links import formats, header
from harvester.web.negotiation import GRAPHS
from harvester.web.overview import SHOWN_RUNS, Line, Overview
from harvester.web.pages import Visit, Visiting, page
from harvester.web.problems import absent, moved, unacceptable
from harvester.web.reported import unquoted

EXAMPLES = 5
"""Records shown on the page of a source."""

_DESCRIPTION = """
PREFIX prov: <http://www.w3.org/ns/prov#>
CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{graph}> {{
  {{ VALUES ?s {{ <{source}> <{source}#editeur> }} ?s ?p ?o }}
  UNION {{ ?s prov:used <{source}> ; ?p ?o }}
}} }}
"""

router = APIRouter()


@router.get("/")
def home(visit: Visiting) -> Response:
    """What this is, its figures, its sources, how to query it."""
    lines = _overview(visit.request).lines()
    examples: Examples = visit.request.app.state.examples
    last = max((line.last.ended_at for line in lines if line.last), default=None)
    published = sum(line.published for line in lines)
    return page(
        visit,
        "home.html",
        lines=lines,
        published=published,
        last=last,
        examples=examples.few(),
        refresh=_under_way(lines),
        credits=_credits(lines),
    )


@router.get("/sources")
def sources(visit: Visiting) -> Response:
    """Every source in full, and what is wrong in the configuration."""
    lines = _overview(visit.request).lines()
    problems = visit.serving.problems()
    return page(visit, "sources.html", lines=lines, problems=problems, refresh=_under_way(lines))


@router.get("/sources/{source}")
def one_source(visit: Visiting, source: str) -> Response:
    """One source: its page, or its description as RDF."""
    line = _overview(visit.request).line(source)
    if line is None:
        text, advice = visit.say("problem.no-source", source=source), visit.say("problem.no-source-advice")
        return absent(visit, 404, text, kind="no-source", advice=advice)
    after = heir(visit.serving.ledger, source) if line.mark == "moved" and not line.published else None
    if after:
        return moved(visit, iri.source(visit.base, after))
    name = asked_format(visit)
    if name is None:
        return unacceptable(visit, ", ".join(GRAPHS))
    answer = _source_page(visit, line) if name == "html" else _source_graph(visit, source, name)
    answer.headers["Link"] = header([(line.licence.url or line.licence.iri, '"license"'), *formats(visit)])
    return answer


def _source_graph(visit: Visit, source: str, name: str) -> Response:
    """The description of a source as published: dataset, publisher, freshness and last runs."""
    where = {"graph": iri.graph(visit.base, "prov"), "source": iri.source(visit.base, source)}
    return graph(visit, name, constructed(visit, _DESCRIPTION.format(**where)))


def _source_page(visit: Visit, line: Line) -> Response:
    ledger = visit.serving.ledger
    runs = ledger.runs(line.id, limit=SHOWN_RUNS)
    judged = next((run for run in runs if run.findings and Outcome(run.outcome).succeeded), None)
    return page(
        visit,
        "source.html",
        line=line,
        closed_at=_closed_at(ledger, line.id),
        credit=credit(line.told),
        runs=runs,
        judged=judged,
        findings=_findings(judged),
        issues=unquoted(judged.findings) if judged and line.licence.publishable else (),
        records=list(_some_records(ledger, line)),
        problems=[one for one in visit.serving.problems() if one.source == line.id],
        address=iri.source(visit.base, line.id),
        refresh=_under_way([line]),
        formats=GRAPHS,
    )


def _closed_at(ledger: Ledger, source: str) -> datetime | None:
    """When a person last closed the source; None when nobody did."""
    return next((one.at for one in decided(ledger, source) if one.action == Action.REMOVE), None)


def _findings(judged: Row[Any] | None) -> list[tuple[Finding, int]]:
    """Findings of a run with their counts, the gravest first: keys are "Severity code"."""
    counts = judged.findings.get("findings", {}) if judged else {}
    told = [(key.partition(" "), n) for key, n in counts.items()]
    found = [(Finding(Severity(severity), code, ""), n) for (severity, _, code), n in told]
    order = list(Severity)
    return sorted(found, key=lambda one: (order.index(one[0].severity), -one[1]))


def _some_records(ledger: Ledger, line: Line) -> Iterator[tuple[str, str]]:
    """(IRI, title) of the first few published records, by ref."""
    if not line.licence.publishable:
        return
    _, payloads = ledger.published(line.id)
    with closing(cast("Generator[bytes]", payloads)) as opened:
        for triples in islice(opened, EXAMPLES):
            address = next(subject for subject in statements.subjects(triples) if "#" not in subject)
            title = statements.first_text(statements.about(triples), full("rdfs:label"))
            yield address, title.text if title else address


def _overview(request: Request) -> Overview:
    return cast("Overview", request.app.state.overview)


def _under_way(lines: Sequence[Line]) -> bool:
    return any(line.reading is not None for line in lines)


def _credits(lines: Sequence[Line]) -> list[str]:
    return sorted({credit(line.told) for line in lines if line.published})
