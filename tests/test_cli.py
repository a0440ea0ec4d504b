"""The command line, run as people run it: arguments in, text out, exit code."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest
from conftest import ROOT, Federation
from test_harvest import LISTING, gardens, serve, table

COUNT = "PREFIX a: <https://w3id.org/archipel/ns#> SELECT (COUNT(?r) AS ?n) { ?r a a:Initiative }"


@pytest.fixture
def garden(federation, partners):
    serve(partners, gardens(10))
    federation.declare(table(partners.url + LISTING))
    return federation


def harvester(
    garden: Federation, *arguments: str, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command on this federation."""
    place = (
        []
        if arguments[0] == "territory"
        else ["--config", str(garden.config), "--store", str(garden.layout.root)]
    )
    command = [sys.executable, "-m", "harvester", *arguments, *place]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(
        command, input=text, capture_output=True, text=True, env=environment, check=False, timeout=60
    )


def test_json_stays_json_whatever_goes_wrong(garden, partners):
    partners.misbehave(LISTING, "status:503")
    text = garden.config.read_text(encoding="utf-8").replace("attempts = 1", "attempts = 2")
    garden.config.write_text(text, encoding="utf-8")

    said = harvester(garden, "run", "--json")

    assert json.loads(said.stdout)["runs"][0]["outcome"] == "deferred"
    assert (said.returncode, said.stderr) == (1, "")


def test_a_port_taken_is_said_before_anything_begins(garden):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = harvester(garden, "serve", "--port", str(taken.getsockname()[1]))

    assert (said.returncode, said.stderr.count("\n")) == (1, 1)
    assert "cannot listen there" in said.stderr


def test_run_harvests_and_publishes_then_says_unchanged(garden):
    first, second = harvester(garden, "run"), harvester(garden, "run")

    assert (first.returncode, "done         10 created" in first.stderr) == (0, True), first.stderr
    assert (second.returncode, "unchanged" in second.stderr) == (0, True), second.stderr
    assert harvester(garden, "query", "-", text=COUNT).stdout.split() == ["n", "10"]


def test_a_faulty_source_fails_alone_and_the_exit_code_tells(garden, partners):
    url = partners.url + LISTING
    garden.declare(
        table(url) + '[source.faux]\ntitle = "Faux"\nconnector = "gogocrato"\nurl = "https://e.org"\n'
    )

    done = harvester(garden, "run")

    assert done.returncode == 1
    assert "source 'faux': no connector 'gogocrato'; did you mean 'gogocarto'?" in done.stderr
    assert "10 created" in done.stderr


def test_check_says_every_problem_and_exits_2(garden):
    garden.declare('[source.a]\ntitle = "A"\n\n[source.b]\ntitle = "B"\nconnector = "table"\nurl = "x"\n')

    said = harvester(garden, "check")

    assert said.returncode == 2
    for part in (
        "source 'a': no 'connector'; add `connector = …`",
        "source 'a': no 'url'",
        "source 'b': url",
    ):
        assert part in said.stdout


def test_a_file_that_is_not_there_exits_2_in_one_line(garden):
    said = harvester(garden, "status")
    garden.config.unlink(missing_ok=True)
    gone = harvester(garden, "status")

    assert said.returncode == 0
    assert (gone.returncode, gone.stderr.count("\n")) == (2, 1)
    assert "cannot be read" in gone.stderr


def test_an_unknown_source_is_said_with_the_known_ones(garden):
    said = harvester(garden, "run", "jardin")

    assert (said.returncode, "no source 'jardin'; did you mean 'jardins'?" in said.stderr) == (2, True), (
        said.stderr
    )


def test_status_as_json_has_the_documented_keys(garden):
    harvester(garden, "run")

    told = json.loads(harvester(garden, "status", "--json").stdout)["sources"]

    keys = {
        "id",
        "last_outcome",
        "last_run_at",
        "last_success",
        "next_run",
        "published",
        "missing",
        "held",
        "rejected",
        "withdrawn",
    }
    assert [row["id"] for row in told] == ["jardins"]
    assert keys <= set(told[0])
    assert (told[0]["last_outcome"], told[0]["published"]) == ("done", 10)


def test_dry_run_writes_nothing(garden):
    assert "10 created" in harvester(garden, "run", "--dry-run").stderr
    assert json.loads(harvester(garden, "status", "--json").stdout)["sources"][0]["published"] == 0


def test_why_answers_by_ref_iri_and_page_and_owns_up_when_it_never_saw_a_record(garden, partners):
    records = gardens(2)
    records[0]["page"] = "https://example.org/j0"
    records[1]["nom"] = ""
    serve(partners, records)
    mapping = '{ ref = "id", name = "nom", page = "page", postcode = "code", city = "ville" }'
    garden.declare(table(partners.url + LISTING, map=mapping))
    harvester(garden, "run")

    for asked in (["jardins", "j0"], ["http://localhost:8000/id/jardins/j0"], ["https://example.org/j0"]):
        told = harvester(garden, "why", *asked)
        assert (told.returncode, "Jardin 0" in told.stdout, ": create on " in told.stdout) == (0, True, True)
    assert "no name" in harvester(garden, "why", "jardins", "j1").stdout
    never = harvester(garden, "why", "jardins", "j9")
    assert (never.returncode, "never seen" in never.stderr) == (1, True)


def test_query_refuses_updates_and_says_why(garden):
    harvester(garden, "run")

    said = harvester(garden, "query", "-", text="CLEAR ALL")

    assert (said.returncode, "read-only" in said.stderr) == (1, True)


def test_rebuild_makes_the_same_store_anew(garden):
    harvester(garden, "run")
    before = garden.dump()

    assert harvester(garden, "rebuild").returncode == 0
    assert garden.dump() == before


@pytest.mark.parametrize(
    ("place", "code"),
    [("Aniane 34150", "34010"), ("34010", "34010"), ("43.684,3.585", "34010"), ("Saillans 26340", "26289")],
)
def test_territory_tells_the_commune(garden, place, code):
    assert harvester(garden, "territory", place).stdout.startswith(code)


def test_territory_does_not_guess(garden):
    said = harvester(garden, "territory", "Saillans")

    assert (said.returncode, "add its postcode" in said.stderr) == (1, True)


def test_a_store_of_another_base_is_refused_in_words(garden):
    harvester(garden, "run")
    moved = garden.config.read_text(encoding="utf-8").replace(
        "http://localhost:8000/", "https://data.example.org/"
    )
    garden.config.write_text(moved, encoding="utf-8")

    said = harvester(garden, "run")

    assert said.returncode == 2
    assert "minted under 'http://localhost:8000/'" in said.stderr
