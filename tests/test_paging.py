"""A hundred pages at the pace that the partner asks for, night after night, one of which a page fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from shelf import source

from harvester.harvest import Asked, Report, run_source
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Federation, Outcome, Source

PAGES, SIZE = 100, 3
DELAY = timedelta(seconds=0.05)
LATE_S = 0.02
"""How much later than it was sent a request may be seen on a busy machine."""

NOTICED_LATE = 3
"""Requests that may be seen later still, which makes the next look early."""

PATH = "/api/lieux"


def page(asked: str) -> bytes:
    """One page of the list, as the number in the address says; empty after the last."""
    number = int(parse_qs(urlsplit(asked).query).get("page", ["1"])[0])
    refs = range((number - 1) * SIZE, min(number, PAGES) * SIZE)
    places = [
        {"id": f"l{ref}", "name": f"Lieu {ref}", "description": "Un lieu ouvert à tous."} for ref in refs
    ]
    return json.dumps({"data": places, "total": PAGES * SIZE}).encode()


@pytest.fixture
def places(partners) -> Source:
    """A source of a hundred pages."""
    partners.serve(PATH, page, "application/json")
    said = {"records": "data", "paginator": "page", "size": SIZE, "total": "total"}
    return source("json_api", partners.url + PATH, allow_private=True, attempts=1, delay=DELAY, **said)


def run(places: Source, store: Path) -> Report:
    return run_source(places, Federation(), Layout(store), Asked())


def state(places: Source, store: Path) -> tuple[list[bytes], Mapping[str, int]]:
    """The published triples, record by record, and how many records are in each state."""
    ledger = Ledger.open(Layout(store).ledger, base=Federation().base)
    triples, counts = list(ledger.published(places.id)[1]), ledger.counts()[places.id]
    ledger.close()
    return triples, counts


def hurried(moments: list[float]) -> list[int]:
    """The requests that came sooner after the one before than the delay between them allows."""
    gaps = (after - before for before, after in pairwise(moments))
    return [number for number, gap in enumerate(gaps, 1) if gap < DELAY.total_seconds() - LATE_S]


def test_hundred_pages_are_read_at_the_pace_of_the_source_and_one_that_fails_loses_nothing(
    places, partners, tmp_path
):
    first = run(places, tmp_path)

    assert (first.outcome, first.counts["created"]) == (Outcome.DONE, PAGES * SIZE)
    assert sum(seen.path.startswith(PATH) for seen in partners.requests) >= PAGES
    assert len(hurried([seen.at for seen in partners.requests])) <= NOTICED_LATE
    before = state(places, tmp_path)
    assert before[1] == {"live": PAGES * SIZE, "published": PAGES * SIZE}

    failing = next(seen.path for seen in partners.requests if "page=57" in seen.path)
    partners.misbehave(failing, "status:500")
    second = run(places, tmp_path)

    assert second.outcome is Outcome.DEFERRED
    assert f"{failing} answered 500" in second.message
    assert state(places, tmp_path) == before

    partners.behave()
    third = run(places, tmp_path)

    assert (third.outcome, third.counts["changes"]) == (Outcome.UNCHANGED, 0)
    assert state(places, tmp_path) == before
    assert len(hurried([seen.at for seen in partners.requests])) <= NOTICED_LATE
