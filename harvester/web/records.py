"""Room: one record, as a page and as linked data, and what became of one that is not here.

The triples come from the ledger, as published; a record of a source whose licence is not known
is not published, here no more than elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response

from harvester import iri, vocab
from harvester.index import Entry
from harvester.ledger.exits import Exit, Why, heir
from harvester.ledger.stories import Step, Story, story
from harvester.ledger.why import of_host, why
from harvester.model import Finding, Severity, State
from harvester.profile import credit, full
from harvester.web import embedded, statements, texts
from harvester.web.features import Teller
from harvester.web.graphs import asked_format, graph
from harvester.web.links import Link, formats, header
from harvester.web.lives import changes, pointing
from harvester.web.negotiation import GRAPHS
from harvester.web.pages import Visit, Visiting, day, page, safe_address
from harvester.web.problems import absent, moved, problem, unacceptable

router = APIRouter()


@router.get("/id/{source}/{ref:path}")
def record(visit: Visiting, source: str, ref: str) -> Response:
    """The record, or a page that says why it is not here."""
    ledger = visit.serving.ledger
    told = story(ledger, source, ref, declared=_declared(visit))
    described = ledger.sources().get(source)
    triples = ledger.triples(source, ref)
    if told and described and triples is not None and vocab.licences()[described["licence"]].publishable:
        return _published(visit, told, described, triples)
    after = heir(ledger, source)
    if told and after and ledger.triples(after, ref) is not None:
        return moved(visit, iri.record(visit.base, after, ref))
    gone = _exit(visit, told, described, ref)
    return absent(visit, gone.status, gone.text, kind=gone.kind, advice=gone.advice, more=gone.more)


def missing(visit: Visit, source: str, ref: str) -> Response:
    """Why a record is not here, for a program of any kind."""
    ledger = visit.serving.ledger
    told = story(ledger, source, ref, declared=_declared(visit))
    gone = _exit(visit, told, ledger.sources().get(source), ref)
    more = {**gone.more, "remedy": gone.advice or None}
    return problem(gone.status, gone.text, kind=gone.kind, base=visit.base, more=more)


@router.get("/why")
def why_page(visit: Visiting, url: str = "") -> Response:
    """What became of every record that an IRI, a page address or "SOURCE REF" names."""
    ledger, asked, declared = visit.serving.ledger, url.strip(), _declared(visit)
    stories = why(ledger, asked, base=visit.base, declared=declared) if asked else ()
    titles = {name: told["title"] for name, told in ledger.sources().items()}
    return page(
        visit,
        "why.html",
        asked=asked,
        stories=stories,
        titles=titles,
        addresses={one: iri.record(visit.base, one.source, one.ref) for one in stories},
        minted=partial(iri.record, visit.base),
        steps=list(Step),
        hosts=of_host(ledger, asked, declared=declared) if asked and not stories else {},
        remedies=_remedies,
    )


def _declared(visit: Visit) -> set[str]:
    """The sources that the configuration names, those with a problem too."""
    faulty = {problem.source for problem in visit.serving.problems() if problem.source}
    return faulty | set(visit.serving.configured())


def _remedies(told: Story) -> list[str]:
    """The names of the sentences that say what can be done, each once; a record in order has one too."""
    return [f"mend.{one}" for one in dict.fromkeys(one.why for one in told.exits)] or [f"remedy.{told.state}"]


def _published(visit: Visit, told: Story, described: Mapping[str, Any], triples: bytes) -> Response:
    name = asked_format(visit)
    said = statements.about(triples)
    licence = _licence(said, described)
    headers = {"Link": header([*_links(licence, told), *formats(visit)])}
    if name is None:
        return unacceptable(visit, ", ".join(GRAPHS))
    if name != "html":
        return graph(visit, name, triples, headers)
    address = iri.record(visit.base, told.source, told.ref)
    inverse, more = pointing(visit, told.source, told.ref)
    return page(
        visit,
        "record.html",
        headers=headers,
        story=told,
        source=described,
        credit=credit({**described, "licence": licence.notation}),
        licence=licence,
        permission=described.get("permission"),
        address=address,
        minted=partial(iri.record, visit.base),
        letters={name: _letter(visit, name, address) for name in ("report", "withdraw")},
        next_run=visit.serving.next_run(told.source),
        title=statements.first_text(said, full("rdfs:label")),
        description=statements.first_text(said, full("dcterms:description")),
        lines=statements.lines(said, visit.language),
        formats=GRAPHS,
        changes=changes(visit, told),
        inverse=inverse,
        inverse_more=more,
        linked_data=embedded.triples(triples),
        schema=embedded.schema(_plainly(visit, told, triples)),
    )


def _plainly(visit: Visit, told: Story, triples: bytes) -> Mapping[str, Any]:
    """What the API says of it."""
    last = told.history[-1]
    teller = Teller(visit.base, visit.language, visit.serving.ledger.sources())
    return teller.record(Entry(told.source, told.ref, last.change, last.at, None), triples)


def _letter(visit: Visit, about: str, address: str) -> str | None:
    """Where to write to the federation about a record, the subject filled in; None without a contact."""
    contact = safe_address(visit.serving.federation.contact)
    if contact is None or not contact.startswith("mailto:"):
        return contact
    subject = quote(visit.say(f"record.letter-{about}", address=address), safe="")
    return f"{contact}{'&' if '?' in contact else '?'}subject={subject}"


@dataclass(frozen=True, slots=True)
class _Exit:
    """Why a record is not here, as an answer says it."""

    status: int
    text: str
    kind: str
    advice: str
    more: Mapping[str, str | None] = field(default_factory=dict)


def _exit(visit: Visit, told: Story | None, described: Mapping[str, Any] | None, ref: str) -> _Exit:
    if not told or not described:
        advice = visit.say("problem.never-advice")
        return _Exit(404, visit.say("problem.never", ref=ref), "never-seen", advice)
    if not vocab.licences()[described["licence"]].publishable:
        text = visit.say("problem.licence", source=described["title"])
        return _Exit(404, text, "licence", visit.say("mend.unlicensed"))
    return _gone(visit, told)


def _gone(visit: Visit, told: Story) -> _Exit:
    """410 for what was withdrawn, 404 for what was never published or comes back; both say why."""
    own = next(iter(told.exits), None)
    since = own.since if own and own.since else told.first_seen
    after = next((one.said for one in told.exits if one.why is Why.RENAMED and one.said), None)
    more = {
        "reason": own.why if own else told.state,
        "since": since.isoformat(),
        "successor": iri.record(visit.base, told.source, after) if after else None,
    }
    withdrawn = told.state is State.WITHDRAWN and own is not None and own.why is not Why.RETURNING
    advice = " ".join(visit.say(key) for key in _remedies(told))
    text = _said(visit, told, own, since)
    return _Exit(410 if withdrawn else 404, text, told.state, advice, more)


def _said(visit: Visit, told: Story, own: Exit | None, since: datetime) -> str:
    """What became of a record that is not here, in one sentence; nothing of one withdrawn on request."""
    if own and own.why is Why.WITHDRAWN:
        return visit.say("problem.requested", date=day(visit, since))
    values = {"ref": told.ref, "reason": _reason(visit, told, own), "date": day(visit, since)}
    return visit.say(f"problem.{told.state}", **values)


def _reason(visit: Visit, told: Story, own: Exit | None) -> str:
    """Why, in the language of the visit: a rejection is told by its findings."""
    if told.state is State.REJECTED and (violations := _violations(told)):
        return " ".join(texts.finding(one, visit.language) for one in violations)
    if own and own.why in (Why.CLOSED, Why.MOVED, Why.RETURNING):
        said = visit.say(f"exit.{own.why}")
        return f"{said} ({own.said})" if own.said else said
    return texts.reason(told.reason, visit.language) or "?"


def _violations(told: Story) -> list[Finding]:
    return [one for one in told.findings if one.severity is Severity.VIOLATION]


def _licence(said: statements.About, described: Mapping[str, Any]) -> vocab.Licence:
    """The licence of the record itself: its own, or its source's."""
    stated = {one.value for one in said.get(full("dcterms:license"), ())}
    known = vocab.licences()
    own = (licence for licence in known.values() if licence.iri in stated)
    return next(own, known[described["licence"]])


def _links(licence: vocab.Licence, told: Story) -> Iterator[Link]:
    """The licence, and the page at the partner the record comes from."""
    yield licence.url or licence.iri, '"license"'
    yield told.page, '"via"'
