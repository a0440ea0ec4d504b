"""Room: the catalogue as DCAT and as a page, and what VoID tells of it.

Told from what is prepared, and kept until something of that is another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from harvester import catalogue as told
from harvester.catalogue.quality import METRICS, shares
from harvester.web.conditional import tag, unchanged
from harvester.web.graphs import asked_format, graph
from harvester.web.negotiation import GRAPHS
from harvester.web.pages import VARY, Visit, Visiting, page
from harvester.web.problems import unacceptable

_FRESH = {"Cache-Control": "public, max-age=60"}

Write = Callable[[told.State], bytes]

router = APIRouter()


@router.get("/catalog")
def catalogue(visit: Visiting) -> Response:
    """The datasets, their files and the services, as DCAT 3."""
    name = asked_format(visit)
    if name != "html":
        return _answered(visit, name, told.dcat)
    state = _state(visit)
    shown = {one.id: shares(one) for one in state.sources}
    return page(
        visit,
        "catalogue.html",
        state=state,
        shares=shown,
        metrics=METRICS,
        formats=GRAPHS,
        periodicity={one.id: told.periodicity(one.described) for one in state.sources},
    )


@router.get("/.well-known/void")
def void(visit: Visiting) -> Response:
    """How much there is of what, and what it links to, as VoID."""
    name = asked_format(visit)
    return _answered(visit, "turtle" if name == "html" else name, told.void)


def _answered(visit: Visit, name: str | None, write: Write) -> Response:
    """Triples in the format named; those held are sent again while nothing changes."""
    if name is None or name not in GRAPHS:
        return unacceptable(visit, ", ".join(GRAPHS))
    state, kept = _state(visit), _kept(visit)
    made_from = tag(
        write.__name__, *(_stamp(one) for one in state.sources), [one.stamp for one in state.whole]
    )
    headers = VARY | _FRESH | {"ETag": tag(made_from, name)}
    if answer := unchanged(visit.request, headers):
        return answer
    if kept.get(write.__name__, ("", b""))[0] != made_from:
        kept[write.__name__] = (made_from, write(state))
    return graph(visit, name, kept[write.__name__][1], headers)


def _stamp(one: told.Told) -> list[Any]:
    """All that is told of a source."""
    fresh = one.fresh
    dump = one.dump and (one.dump.stamp, one.dump.made_at)
    return [
        one.id,
        one.described,
        one.counts,
        fresh.last_success,
        fresh.failures,
        fresh.stale_at,
        one.changed,
        dump,
    ]


def _state(visit: Visit) -> told.State:
    serving = visit.serving
    return told.state(serving.federation, serving.layout, serving.ledger, serving.now())


def _kept(visit: Visit) -> dict[str, tuple[str, bytes]]:
    """What was told last, and from what: one answer of each kind."""
    kept: dict[str, tuple[str, bytes]] = visit.request.app.state.catalogue
    return kept
