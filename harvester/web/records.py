"""Room: one record, as a page and as linked data, and what became of one that is not here.

The triples come from the ledger, as published; a record of a source whose licence is not known
is not published, here no more than elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response

from harvester import iri, vocab
from harvester.ledger.why import Story, story, why
from harvester.model import State
from harvester.profile import credit, full
from harvester.web import statements, texts
from harvester.web.graphs import asked_format, graph
from harvester.web.negotiation import GRAPHS
from harvester.web.pages import Visit, Visiting, day, page
from harvester.web.problems import absent, unacceptable

router = APIRouter()


@router.get("/id/{source}/{ref:path}")
def record(visit: Visiting, source: str, ref: str) -> Response:
    """The record, or a page that says why it is not here."""
    ledger = visit.serving.ledger
    told = story(ledger, source, ref)
    described = ledger.sources().get(source)
    triples = ledger.triples(source, ref)
    if not told or not described:
        advice = visit.say("problem.never-advice")
        return absent(visit, 404, visit.say("problem.never", ref=ref), kind="never-seen", advice=advice)
    licence = vocab.licences()[described["licence"]]
    if not licence.publishable:
        text = visit.say("problem.licence", source=described["title"])
        return absent(visit, 404, text, kind="licence")
    if triples is None:
        return _gone(visit, told)
    return _published(visit, told, described, triples)


@router.get("/why")
def why_page(visit: Visiting, url: str = "") -> Response:
    """What became of every record that an IRI, a page address or "SOURCE REF" names."""
    stories = why(visit.serving.ledger, url, base=visit.base) if url.strip() else ()
    titles = {name: told["title"] for name, told in visit.serving.ledger.sources().items()}
    addresses = {one: iri.record(visit.base, one.source, one.ref) for one in stories}
    return page(visit, "why.html", asked=url.strip(), stories=stories, titles=titles, addresses=addresses)


def _published(visit: Visit, told: Story, described: Mapping[str, Any], triples: bytes) -> Response:
    name = asked_format(visit)
    said = statements.about(triples)
    licence = _licence(said, described)
    headers = {"Link": _links(licence, told)}
    if name is None:
        return unacceptable(visit, ", ".join(GRAPHS))
    if name != "html":
        return graph(visit, name, triples, headers)
    return page(
        visit,
        "record.html",
        headers=headers,
        story=told,
        source=described,
        credit=credit({**described, "licence": licence.notation}),
        licence=licence,
        permission=described.get("permission"),
        address=iri.record(visit.base, told.source, told.ref),
        title=statements.first_text(said, full("rdfs:label")),
        description=statements.first_text(said, full("dcterms:description")),
        lines=statements.lines(said, visit.language),
        formats=GRAPHS,
    )


def _gone(visit: Visit, told: Story) -> Response:
    """410 for what was withdrawn, 404 for what was never published; both say why."""
    last = told.history[-1].at if told.history else told.first_seen
    values = {"ref": told.ref, "reason": _reason(visit, told), "date": day(visit, last)}
    text = visit.say(f"problem.{told.state}", **values)
    status = 410 if told.state is State.WITHDRAWN else 404
    return absent(visit, status, text, kind=told.state, advice=visit.say(f"remedy.{told.state}"))


def _reason(visit: Visit, told: Story) -> str:
    """Why, in the language of the visit: a rejection is told by its findings."""
    said = texts.reason(told.reason, visit.language) or "?"
    if told.state is State.REJECTED and (violations := _violations(told)):
        return " ".join(texts.finding(one, visit.language) for one in violations)
    return said


def _violations(told: Story) -> list[Any]:
    return [one for one in told.findings if one.severity == "Violation"]


def _licence(said: statements.About, described: Mapping[str, Any]) -> vocab.Licence:
    """The licence of the record itself: its own, or its source's."""
    stated = {one.value for one in said.get(full("dcterms:license"), ())}
    known = vocab.licences()
    own = (licence for licence in known.values() if licence.iri in stated)
    return next(own, known[described["licence"]])


def _links(licence: vocab.Licence, told: Story) -> str:
    """A Link header: the licence, and the page at the partner the record comes from."""
    links = [(licence.url or licence.iri, "license"), (told.page, "via")]
    return ", ".join(f'<{quote(url, safe="/:?#[]@!$&()*+,;=%~")}>; rel="{rel}"' for url, rel in links if url)
