"""What Prometheus is told, what is written down of requests, and a base with a path."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest
from conftest import ROOT
from test_web import BROWSER, FEDERATION, LONG, SLOW, hasty, served, serving

from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.mirror.note import Note, written
from harvester.model import RemoteStore

__all__ = ["hasty", "serving"]  # fixtures

MIRRORED = replace(
    FEDERATION, mirror=RemoteStore("http://127.0.0.1:9/q", "http://127.0.0.1:9/u", "http://127.0.0.1:9/g")
)
HTTP = (ROOT / "docs/howto/operate.md").read_text(encoding="utf-8")


def measured(client) -> dict[str, float]:
    """Every measure by its name and labels, as Prometheus reads it."""
    answer = client.get("/metrics", headers={"accept": "text/plain"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.fixture
def client(serving):
    """An application of its own: measures begin at nothing."""
    with served(serving) as found:
        yield found


def queries(client) -> dict[str, float]:
    found = measured(client)
    named = re.compile(r'archipel_queries_total\{outcome="(.+)"\}')
    return {match[1]: value for name, value in found.items() if (match := named.fullmatch(name))}


def test_queries_are_counted_by_how_they_ended(client):
    for query in (
        "ASK {}",
        "ASK {}",
        "SELEKT",
        "DROP ALL",
        "ASK { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    ):
        client.get("/sparql", params={"query": query}, headers={"accept": "text/csv, */*;q=0.1"})
    client.post("/sparql", content="x", headers={"content-type": "text/plain", "accept": "*/*"})
    client.get("/sparql")
    client.get("/sparql", headers={"accept": "text/turtle"})

    assert queries(client) == {"answered": 2, "syntax": 1, "update": 1, "service": 1, "content-type": 1}
    assert measured(client)["archipel_query_seconds_count"] == 6


def test_a_query_that_takes_too_long_is_counted_and_so_is_its_worker(hasty):
    with served(hasty) as client:
        before = measured(client)["archipel_workers_killed_total"]
        refused = client.get("/sparql", params={"query": SLOW}, headers={"accept": "text/csv"})

        assert refused.status_code == 503
        assert queries(client) == {"timeout": 1}
        assert measured(client)["archipel_workers_killed_total"] == before + 1


def test_an_answer_cut_after_it_began_is_no_answer(hasty):
    with served(hasty) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/sparql", params={"query": LONG}, headers={"accept": "text/csv"})

        assert queries(client) == {"cut": 1}


def test_an_asker_who_leaves_is_counted_as_such(hasty):
    with served(hasty) as client:
        with client.stream(
            "GET", "/sparql", params={"query": LONG}, headers={"accept": "text/csv"}
        ) as answer:
            next(answer.iter_bytes())
        while not queries(client):
            pass

        assert queries(client) == {"left": 1}


def test_the_house_is_told_as_it_stands(client):
    found = measured(client)

    assert found['archipel_runs{outcome="done"}'] >= 4
    assert found['archipel_runs{outcome="deferred"}'] == 3
    assert found['archipel_records{source="alpha",state="live"}'] == 2
    assert found['archipel_records{source="alpha",state="rejected"}'] == 1
    assert found['archipel_source_failures{source="beta"}'] == 3
    assert found['archipel_source_stale{source="beta"}'] == 1
    assert found['archipel_source_stale{source="alpha"}'] in (0, 1)
    assert found['archipel_source_age_seconds{source="alpha"}'] == pytest.approx(3 * 86400 - 42)
    assert found['archipel_changes_behind{projection="store"}'] == 0
    assert found["archipel_checkpoint_age_seconds"] < 600
    assert 'archipel_changes_behind{projection="mirror"}' not in found


def test_a_mirror_that_is_behind_is_measured_and_said_on_readyz_without_its_address(serving, tmp_path):
    layout = Layout(tmp_path)
    trouble = "mirror at 'http://127.0.0.1:9/q': could not be reached"
    since = datetime(2026, 11, 25, tzinfo=UTC)
    written(layout, Note("00000001", 1).failed(trouble, since))
    last = serving.ledger.position()
    with served(replace(serving, federation=MIRRORED, layout=layout)) as client:
        assert measured(client)['archipel_changes_behind{projection="mirror"}'] == last - 1
        ready = client.get("/readyz")
        assert ready.json()["mirror"] == {"change": 1, "behind": last - 1, "since": since.isoformat()}
        assert "127.0.0.1:9" not in ready.text


def test_a_new_run_is_seen_at_the_next_scrape(serving, tmp_path):
    ledger = Ledger.open(tmp_path / "ledger.sqlite", base=FEDERATION.base)
    run = {
        "source": "alpha",
        "started_at": datetime.now(UTC),
        "ended_at": datetime.now(UTC),
        "counts": {},
        "findings": {},
    }
    with served(replace(serving, ledger=ledger)) as client:
        assert 'archipel_runs{outcome="failed"}' not in measured(client)
        ledger.log({**run, "outcome": "failed"})
        assert measured(client)['archipel_runs{outcome="failed"}'] == 1


def test_every_measure_is_explained(client):
    named = {name.partition("{")[0] for name in measured(client) if name.startswith("archipel_")}
    bare = {re.sub(r"_(total|created|bucket|sum|count)$", "", name) for name in named}

    assert [name for name in bare if f"`{name}" not in HTTP] == []


def test_readyz_says_503_when_the_ledger_cannot_be_read(serving, tmp_path):
    ledger = Ledger.open(tmp_path / "ledger.sqlite", base=FEDERATION.base)
    (tmp_path / "ledger.sqlite").unlink()
    for leftover in tmp_path.glob("ledger.sqlite-*"):
        leftover.unlink()
    with served(replace(serving, ledger=ledger)) as client:
        assert client.get("/readyz", headers={"accept": "*/*"}).status_code == 503
        assert client.get("/healthz").status_code == 200


def test_the_access_log_says_what_was_asked_and_nothing_of_who_asked(serving, capsys):
    with served(replace(serving, access_log=True)) as client:
        client.headers["user-agent"] = "curieuse/1.0"
        client.get("/id/alpha/jardin?lang=fr", headers={"referer": "https://exemple.example/secret"})
        client.get("/sparql", params={"query": 'ASK { ?s ?p "Zéphirine" }'}, headers={"accept": "*/*"})
        client.head("/static/style.css")
        client.get("/no/such/page")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]

    assert sorted((one["method"], one["route"], one["status"], one["end"]) for one in lines) == [
        ("GET", "-", 404, "whole"),
        ("GET", "/id/{source}/{ref:path}", 200, "whole"),
        ("GET", "/sparql", 200, "whole"),
        ("HEAD", "/static", 200, "whole"),
    ]
    assert {name for one in lines for name in one} == {
        "at",
        "event",
        "method",
        "route",
        "status",
        "bytes",
        "took_ms",
        "end",
    }
    told = json.dumps(lines, ensure_ascii=False)
    assert [
        word for word in ("127.0.0.1", "curieuse", "Zéphirine", "jardin", "exemple", "such") if word in told
    ] == []


def test_without_the_option_nothing_is_written_down(client, capsys):
    client.get("/")

    assert [line for line in capsys.readouterr().err.splitlines() if line.startswith("{")] == []


# --- A base with a path -------------------------------------------------------------------------------

UNDER = replace(FEDERATION, base="https://exemple.example/archipel/")
_LINK = re.compile(r'(?:href|src|action)="([^"]*)"')


@pytest.fixture(scope="module")
def under(serving):
    with served(replace(serving, federation=UNDER)) as found:
        yield found


@pytest.mark.parametrize("before", ["", "/archipel"])
def test_pages_answer_whether_the_proxy_takes_the_path_off_or_not(under, before):
    for path in (
        "/",
        "/sources",
        "/sources/alpha",
        "/vocab/ns",
        "/healthz",
        "/static/style.css",
        "/favicon.svg",
    ):
        assert under.get(before + path).status_code == 200, path


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/sources",
        "/sources/alpha",
        "/sources/alpha/report",
        "/why",
        "/sparql",
        "/vocab",
        "/vocab/themes",
    ],
)
def test_every_link_of_a_page_stands_under_the_path(under, path):
    page = under.get(f"/archipel{path}").text
    links = [link for link in _LINK.findall(page) if link.startswith("/")]

    assert links
    assert [link for link in links if not link.startswith("/archipel/")] == []


def test_links_of_pages_lead_to_pages(under):
    page = under.get("/archipel/").text
    links = {
        link.partition("#")[0].replace("&amp;", "&") for link in _LINK.findall(page) if link.startswith("/")
    }

    assert {link: under.get(link).status_code for link in links} == dict.fromkeys(links, 200)


@pytest.mark.parametrize("before", ["", "/archipel"])
def test_a_slash_too_many_leads_to_a_path_under_the_base_and_names_no_host(under, before):
    moved = under.get(f"{before}/sources/?lang=en", headers={"host": "inside.example:8000"})

    assert (moved.status_code, moved.headers["location"]) == (307, "/archipel/sources?lang=en")


def test_what_a_proxy_says_changes_no_link(under):
    plain = under.get("/archipel/sources").text
    said = {
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "ftp",
        "x-forwarded-prefix": "/evil",
        "forwarded": "host=evil.example",
    }

    assert under.get("/archipel/sources", headers={**said, "host": "evil.example"}).text == plain


def test_a_path_that_only_begins_like_the_base_is_none_of_ours(under):
    assert under.get("/archipelago/sources", headers={"accept": BROWSER}).status_code == 404
    assert urlsplit(str(under.get("/archipel").url)).path == "/archipel"
