"""Room: `/export`: records as partners' platforms import them, those that a platform wants.

Who asks says which; a filter that means nothing is refused: nobody takes everything by a slip of the pen.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict

from harvester import exchange, items, territory
from harvester.exchange import Choice
from harvester.exchange.choice import host
from harvester.ledger.redaction import redactions
from harvester.rights import publishable
from harvester.web.conditional import tag, unchanged
from harvester.web.pages import Visit, Visiting, page
from harvester.web.problems import absent, problem

_FRESH = {"Cache-Control": "public, max-age=300"}
LEVELS = ("region", "departement", "epci", "commune", "arrondissement")


class Filters(BaseModel):
    """What is wanted, as it is asked for; each may be given several times."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: tuple[str, ...] = ()
    exclude_source: tuple[str, ...] = ()
    exclude_host: tuple[str, ...] = ()
    territory: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    lang: str | None = None


Asking = Annotated[Filters, Query()]

router = APIRouter()


class Misasked(Exception):
    """A filter that means nothing; the sentence says which."""


@router.get("/export")
@router.get("/export/")
def formats(visit: Visiting) -> Response:
    """Which formats there are, and how to say what one wants."""
    rights = publishable(visit.base, visit.serving.ledger)
    return page(visit, "exports.html", rights=rights, base=visit.base)


@router.get("/export/gogocarto.json")
def gogocarto(visit: Visiting, asked: Asking) -> Response:
    """For a GoGoCarto map: an external JSON source."""
    return _answered(visit, asked, "application/json", partial(exchange.gogocarto, _title(visit)))


@router.get("/export/schema.jsonld")
def schema_org(visit: Visiting, asked: Asking) -> Response:
    """For whoever reads schema.org: a DataFeed."""
    written = partial(exchange.data_feed, visit.base, _title(visit))
    return _answered(visit, asked, "application/ld+json", written)


@router.get("/export/murmurations.json")
def murmurations(visit: Visiting, asked: Asking) -> Response:
    """For a Murmurations index: the list of our profiles."""
    return _answered(visit, asked, "application/json", partial(exchange.index, visit.base, _title(visit)))


@router.get("/export/murmurations/{source}/{ref:path}")
def one_profile(visit: Visiting, source: str, ref: str) -> Response:
    """One profile."""
    found = exchange.of_record(visit.base, visit.serving.ledger, source, ref)
    if found is None:
        advice = visit.say("problem.never-advice")
        return absent(visit, 404, visit.say("problem.never", ref=ref), kind="never-seen", advice=advice)
    told = exchange.profile(found)
    headers = _FRESH | {"ETag": tag(told)}
    return unchanged(visit.request, headers) or JSONResponse(told, headers=headers)


def _answered(visit: Visit, asked: Filters, media: str, written: exchange.Written) -> Response:
    """The document of what is wanted, as it is read; nothing of it when the asker holds it already."""
    ledger = visit.serving.ledger
    try:
        choice = _choice(visit, asked)
    except Misasked as error:
        return problem(422, str(error), kind="misasked", base=visit.base)
    whose = [(name, one.credit()) for name, one in publishable(visit.base, ledger).items()]
    made_from = tag(visit.request.url.path, repr(choice), ledger.position(), redactions(ledger), whose)
    headers = _FRESH | {"ETag": made_from}
    return unchanged(visit.request, headers) or StreamingResponse(
        written(exchange.chosen(visit.base, ledger, choice)), media_type=media, headers=headers
    )


def _choice(visit: Visit, asked: Filters) -> Choice:
    """What is wanted, each word of it known.

    Raises:
        Misasked: a word means nothing here.
    """
    sources, without, kinds = (_words(one) for one in (asked.source, asked.exclude_source, asked.kind))
    known = {*visit.serving.ledger.sources(), *visit.serving.configured()}
    _refuse(visit, "source", [one for one in (*sources, *without) if one not in known])
    _refuse(visit, "kind", [one for one in kinds if one not in items.KINDS])
    areas = {one: _area(one) for one in _words(asked.territory)}
    _refuse(visit, "territory", [one for one, found in areas.items() if not found])
    hosts = {one: host(one if "://" in one else f"//{one}") for one in _words(asked.exclude_host)}
    _refuse(visit, "host", [one for one, name in hosts.items() if "." not in name])
    return Choice(sources, without, [*hosts.values()], [*filter(None, areas.values())], kinds)


def _words(said: Sequence[str]) -> list[str]:
    """A filter may be given several times, and hold several words with commas between them."""
    return [word.strip() for one in said for word in one.split(",") if word.strip()]


def _area(said: str) -> str | None:
    """`level/code` of a territory given so, or by its code alone."""
    level, slash, code = said.rpartition("/")
    levels = (level,) if slash else LEVELS
    return next((f"{one}/{code}" for one in levels if territory.load().area(one, code)), None)


def _refuse(visit: Visit, name: str, unknown: list[str]) -> None:
    if unknown:
        raise Misasked(visit.say(f"exports.unknown-{name}", said=", ".join(unknown)))


def _title(visit: Visit) -> str:
    return visit.serving.federation.title
