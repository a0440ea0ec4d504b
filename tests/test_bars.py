"""The bars that peers did not pass, each against a real HTTP server, from the request to the published graph."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from conftest import ROOT

from harvester.config import load
from harvester.layout import Layout
from harvester.ledger.decisions import held
from harvester.ledger.why import story
from harvester.model import Outcome
from harvester.triplestore import QueryPool
from harvester.web import Serving, create_app

PATH = "/lieux"
PAGES, SIZE = 12, 5
COUNT = 60
SOURCE = """
[source.lieux]
title = "Lieux"
connector = "{connector}"
licence = "etalab-2.0"
allow_private = true
delay = "0s"
attempts = 1
url = "{url}"
{more}
"""
TABLE = 'map = { ref = "id", name = "nom", description = "texte", page = "page", postcode = "cp", city = "ville" }'
PAGED = """records = "data"
paginator = "page"
size = 5
total = "total"
map = { name = "nom", description = "texte" }"""
GRAPH = "http://localhost:8000/graph/source/lieux"
FRESH = "SELECT ?t { ?s dcterms:identifier 'lieux' ; archipel:lastSuccess ?t }"
FAILURES = "SELECT ?n { ?s dcterms:identifier 'lieux' ; archipel:consecutiveFailures ?n }"
ENDS = "SELECT ?o { ?r a archipel:HarvestRun ; archipel:outcome ?o ; prov:endedAtTime ?t } ORDER BY ?t ?r"
HTML = (
    b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><p>Bient\xc3\xb4t.</p></body></html>"
)


def place(number: int, text: str = "Un lieu ouvert à tous, le numéro {}.") -> dict[str, str]:
    return {
        "id": f"l{number}",
        "nom": f"Lieu {number}",
        "texte": text.format(number),
        "page": f"https://lieux.example/l{number}",
        "cp": "34150",
        "ville": "Aniane",
    }


def listing(numbers) -> bytes:
    return json.dumps([place(number) for number in numbers]).encode()


def one_page(asked: str) -> bytes:
    """One page of twelve, as the number in the address says."""
    number = int(parse_qs(urlsplit(asked).query).get("page", ["1"])[0])
    refs = range((number - 1) * SIZE, min(number, PAGES) * SIZE)
    return json.dumps({"data": [place(ref) for ref in refs], "total": PAGES * SIZE}).encode()


def detail(number: int, name: str = "Lieu {}") -> bytes:
    told = {"@context": "https://schema.org", "@type": "Organization", "name": name.format(number)}
    script = f'<script type="application/ld+json">{json.dumps({**told, "@id": f"{PATH}/{number}"})}</script>'
    return f"<!DOCTYPE html><html><head>{script}</head><body><h1>Lieu</h1></body></html>".encode()


@pytest.fixture
def paged(federation, partners):
    """Sixty places on twelve pages, published."""
    partners.serve(PATH, one_page, "application/json")
    return night_one(federation, partners, "json_api", PAGED)


@pytest.fixture
def listed(federation, partners):
    """Sixty places in one answer, published."""
    partners.serve(PATH, listing(range(COUNT)), "application/json")
    return night_one(federation, partners, "table", TABLE)


@pytest.fixture
def detailed(federation, partners):
    """Sixty places, each on a page of its own that a sitemap names, published."""
    entries = "".join(f"<url><loc>{partners.url}{PATH}/{number}</loc></url>" for number in range(COUNT))
    sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'
    partners.serve(PATH, sitemap.encode(), "application/xml")
    for number in range(COUNT):
        partners.serve(f"{PATH}/{number}", detail(number), "text/html")
    return night_one(federation, partners, "schema_org", "")


def night_one(federation, partners, connector: str, more: str):
    federation.declare(SOURCE.format(connector=connector, url=partners.url + PATH, more=more))
    assert federation.run("lieux").outcome is Outcome.DONE
    federation.publish()
    assert len(graph(federation)) > COUNT
    return federation


def graph(federation) -> list[tuple[str | None, ...]]:
    """What the published graph of the source holds, asked of the checkpoint by a query."""
    found = federation.ask(f"SELECT ?s ?p ?o {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}")
    return sorted(found, key=repr)


def night(federation, **changed):
    """One more run, published; it ends at another second than the last one."""
    time.sleep(1.1)
    report = federation.run("lieux", **changed)
    federation.publish()
    return report


@contextmanager
def served(federation):
    """The pages of this federation on a real server."""
    serving = Serving(
        federation=load(federation.config).federation,
        ledger=federation.ledger(),
        pool=QueryPool(None, workers=1),
        layout=federation.layout,
        next_run=lambda _source: None,
        running=dict,
        problems=list,
        configured=lambda: ["lieux"],
    )
    server = uvicorn.Server(uvicorn.Config(create_app(serving), port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"accept": "text/html"}) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


def test_bar_1_page_seven_of_twelve_answers_500_and_nothing_is_deleted(paged, partners):
    before, fresh = graph(paged), paged.ask(FRESH)
    seventh = next(seen.path for seen in partners.requests if "page=7" in seen.path)
    partners.misbehave(seventh, "status:500")

    report = night(paged)

    assert report.outcome is Outcome.DEFERRED
    assert f"{seventh} answered 500" in report.message
    assert (graph(paged), paged.ask(FRESH), paged.ask(FAILURES)) == (before, fresh, [("1",)])
    assert paged.ask(ENDS) == [("done",), ("deferred",)]
    with served(paged) as client:
        assert "answered 500" in client.get("/sources/lieux").text


def test_bar_2_one_detail_answers_500_and_its_record_stays_as_it_was(detailed, partners):
    before = graph(detailed)
    partners.misbehave(f"{PATH}/31", "status:500")
    partners.serve(f"{PATH}/32", detail(32, "Lieu rebaptisé {}"), "text/html")

    report = night(detailed)

    assert (report.outcome, report.counts["unread"], report.counts["missing"]) == (Outcome.DONE_ISSUES, 1, 0)
    now = graph(detailed)
    assert [row for row in now if row[0].endswith("/31")] == [row for row in before if row[0].endswith("/31")]
    assert {row[2] for row in set(now) - set(before)} == {"Lieu rebaptisé 32"}
    assert len({row[0] for row in now}) == len({row[0] for row in before})


@pytest.mark.parametrize(
    ("fault", "outcome"), [("status:500", Outcome.DEFERRED), ("list", Outcome.FAILED)], ids=["500", "[]"]
)
def test_bar_2_a_list_that_answers_500_or_nothing_deletes_nothing(listed, partners, fault, outcome):
    before, fresh = graph(listed), listed.ask(FRESH)
    partners.misbehave(PATH, fault)

    report = night(listed)

    assert report.outcome is outcome
    assert (graph(listed), listed.ask(FRESH), listed.ask(FAILURES)) == (before, fresh, [("1",)])


@pytest.mark.parametrize("body", [HTML, b"[]", b"null"], ids=["html", "[]", "null"])
def test_bar_3_an_answer_at_200_that_is_no_listing_changes_nothing(listed, partners, body):
    before, fresh = graph(listed), listed.ask(FRESH)
    partners.serve(PATH, body, "application/json")

    report = night(listed)

    assert report.outcome is Outcome.FAILED
    assert "\n" not in report.message
    assert (graph(listed), listed.ask(FRESH), listed.ask(FAILURES)) == (before, fresh, [("1",)])
    assert listed.ledger().counts()["lieux"] == {"published": COUNT, "live": COUNT}


def test_bar_3_a_list_of_40_percent_is_held_with_the_list_of_what_would_go(listed, partners):
    before, fresh = graph(listed), listed.ask(FRESH)
    partners.serve(PATH, listing(range(24)), "application/json")

    report = night(listed)

    assert report.outcome is Outcome.HELD
    assert "36 of 60 published records are missing" in report.message
    assert len(report.issues) == 36
    assert report.issues[0] == "would go: 'l24' Lieu 24"
    kept = held(listed.ledger(), "lieux").findings["would_go"]
    assert sorted(ref for ref, _ in kept) == sorted(f"l{number}" for number in range(24, COUNT))
    assert (graph(listed), listed.ask(FRESH), listed.ask(FAILURES)) == (before, fresh, [("1",)])
    assert listed.ask(ENDS) == [("done",), ("held",)]


def test_bar_4_a_source_that_grows_tenfold_is_accepted_and_flagged(listed, partners):
    partners.serve(PATH, listing(range(10 * COUNT)), "application/json")

    report = night(listed)

    assert (report.outcome, report.counts["created"]) == (Outcome.DONE, 9 * COUNT)
    assert "grew by 540 records, 60 were published" in report.message
    assert listed.ask("SELECT (COUNT(?r) AS ?n) { ?r a archipel:Initiative }") == [("600",)]
    assert held(listed.ledger(), "lieux") is None


def test_bar_5_the_same_content_again_changes_no_quad_no_feed_and_no_file_of_weight(listed, partners):
    partners.serve(PATH, listing(reversed(range(COUNT))), "application/json")  # the same, in another order
    night(listed)
    listed.run("lieux")
    listed.publish()
    before, position, kept = graph(listed), listed.ledger().position(), weights(listed.layout)

    for _ in range(3):
        assert night(listed).outcome is Outcome.UNCHANGED

    assert (graph(listed), listed.ledger().position()) == (before, position)
    assert [one.operation for one in listed.ledger().history("lieux", "l7")] == ["create"]
    now = weights(listed.layout)
    assert now["raw"] == kept["raw"]
    assert now["runs"] - kept["runs"] < 3 * 2000
    assert now["ledger.sqlite"] - kept["ledger.sqlite"] < 50_000


def weights(layout: Layout) -> dict[str, int]:
    """The bytes under each part of the store."""
    parts = {path.name: [path, *path.rglob("*")] for path in layout.root.iterdir()}
    return {name: sum(one.stat().st_size for one in found if one.is_file()) for name, found in parts.items()}


@pytest.mark.parametrize("min_records", [1, 0], ids=["by-default", "declared-legal"])
def test_bar_6_a_listing_of_nothing_fails_and_freshness_does_not_move(federation, partners, min_records):
    partners.serve(PATH, b"id,nom,texte,page,cp,ville\nl1,Lieu 1,Un texte.,,34150,Aniane\n", "text/csv")
    more = f"{TABLE}\nexpect = {{ min_records = {min_records} }}"
    federation.declare(SOURCE.format(connector="table", url=partners.url + PATH, more=more))
    federation.run("lieux")
    federation.publish()
    before, fresh = graph(federation), federation.ask(FRESH)
    partners.serve(PATH, b"id,nom,texte,page,cp,ville\n", "text/csv")

    report = night(federation)

    if min_records:
        assert report.outcome is Outcome.FAILED
        assert "0 records found, 1 expected at least" in report.message
        assert (graph(federation), federation.ask(FRESH)) == (before, fresh)
        assert federation.ask(FAILURES) == [("1",)]
    else:  # whoever says that nothing is normal gets grace, not deletion
        assert (report.outcome, report.counts["missing"]) == (Outcome.DONE, 1)
        assert federation.ask("SELECT ?n { ?r a archipel:Initiative ; rdfs:label ?n }") == [("Lieu 1",)]
        assert federation.ask(FRESH) != fresh


@pytest.mark.parametrize("moment", ["fetch", "staging", "commit", "committed", "apply", "pointer"])
def test_bar_7_killed_at_any_step_the_next_run_completes_and_nothing_is_stuck(
    listed, partners, tmp_path, moment
):
    changed = [place(number, "Un lieu agrandi, le numéro {}.") for number in range(COUNT)]
    partners.serve(PATH, json.dumps(changed).encode(), "application/json")
    command = [sys.executable, ROOT / "tests/killed.py", listed.config, listed.layout.root, "lieux", moment]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run(command, check=False, env=environment).returncode == -signal.SIGKILL

    report = night(listed)

    assert report.outcome.succeeded
    agrandi = 'SELECT (COUNT(?r) AS ?n) { ?r dcterms:description ?d FILTER(CONTAINS(?d, "agrandi")) }'
    assert listed.ask(agrandi) == [(str(COUNT),)]
    assert {row.outcome for row in listed.ledger().runs("lieux")} <= {"done", "unchanged"}
    assert listed.dump() == listed.dump(Layout(tmp_path / "anew"))


def test_bar_8_a_record_back_after_absence_regains_its_iri_and_its_history(listed, partners):
    named = 'SELECT ?r { ?r a archipel:Initiative ; rdfs:label "Lieu 59" }'
    where = listed.ask(named)
    partners.serve(PATH, listing(range(COUNT - 1)), "application/json")
    night(listed)
    assert listed.ask("SELECT ?n { ?r archipel:missingSince ?t ; rdfs:label ?n }") == [("Lieu 59",)]
    night(listed, grace=timedelta(0))
    assert listed.ask(named) == []
    first = story(listed.ledger(), "lieux", "l59")
    partners.serve(PATH, listing(range(COUNT)), "application/json")

    night(listed)

    assert listed.ask(named) == where
    back = story(listed.ledger(), "lieux", "l59")
    assert [step.operation for step in back.history] == ["create", "update", "withdraw", "create"]
    assert (back.first_seen, back.history[:3], back.missing_since) == (first.first_seen, first.history, None)
    assert listed.ask("SELECT ?r { ?r archipel:missingSince ?t }") == []
