"""Killed with SIGKILL anywhere, the next start goes on, and the store equals one made anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from conftest import ROOT
from test_harvest import LISTING, gardens, serve, table

from harvester.layout import Layout
from harvester.model import Outcome

FIRST = ["fetch", "commit", "committed", "bulk-load", "flushed", "checkpoint"]
LATER = ["fetch", "commit", "committed", "apply", "flushed", "checkpoint"]


def killed(federation, moment: str) -> int:
    """Harvest and publish in a process that dies at this moment; returns its exit code."""
    command = [
        sys.executable,
        ROOT / "tests/killed.py",
        federation.config,
        federation.layout.root,
        "jardins",
        moment,
    ]
    return subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode


@pytest.fixture
def garden(federation, partners):
    serve(partners, gardens(300))
    federation.declare(table(partners.url + LISTING))
    federation.publish()
    return federation


def resumed(garden, tmp_path) -> bool:
    """Whether what the next start publishes equals a store made anew from the ledger."""
    return garden.dump() == garden.dump(Layout(tmp_path / "anew"))


@pytest.mark.parametrize("moment", FIRST)
def test_a_first_harvest_killed_is_made_good_by_the_next_start(garden, tmp_path, moment):
    assert killed(garden, moment) == -signal.SIGKILL

    report = garden.run("jardins")

    assert report.outcome.succeeded
    assert garden.ledger().counts()["jardins"]["live"] == 300
    assert resumed(garden, tmp_path)


@pytest.mark.parametrize("moment", LATER)
def test_a_changed_night_killed_is_made_good_by_the_next_start(garden, partners, tmp_path, moment):
    garden.run("jardins")
    garden.publish()
    changed = gardens(300)
    for record in changed[::7]:
        record["texte"] = "Un jardin agrandi cette nuit."
    serve(partners, changed)

    assert killed(garden, moment) == -signal.SIGKILL
    garden.run("jardins")

    assert resumed(garden, tmp_path)
    assert garden.ask(
        'SELECT (COUNT(?r) AS ?n) { ?r dcterms:description "Un jardin agrandi cette nuit." }'
    ) == [("43",)]


def test_killed_between_fetch_and_commit_the_next_run_publishes_although_the_partner_could_say_304(
    garden, partners
):
    killed(garden, "commit")
    asked = len(partners.requests)

    report = garden.run("jardins")

    assert (report.outcome, report.message) == (Outcome.DONE, "300 created")
    assert [seen.status for seen in partners.requests[asked:] if seen.path == LISTING] == [200]


def test_a_run_killed_does_not_leave_its_source_locked(garden):
    killed(garden, "commit")

    assert garden.run("jardins").outcome == Outcome.DONE


def test_readers_see_the_old_checkpoint_whole_while_the_new_one_is_not_current(garden, partners):
    garden.run("jardins")
    garden.publish()
    serve(partners, gardens(280))

    killed(garden, "flushed")

    assert garden.ask("SELECT (COUNT(?r) AS ?n) { ?r a archipel:Initiative }") == [("300",)]
    assert garden.ask("SELECT ?r { ?r archipel:missingSince ?t }") == []
