"""Readings of changes only, tombstones, records that cannot be read tonight; ledgers of earlier versions."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from harvester.config import load
from harvester.errors import StoreError
from harvester.harvest import Asked, From, Harvest
from harvester.ledger import Ledger
from harvester.model import Gone, Kept, Listing, Outcome, Record

START = datetime(2026, 11, 1, 2, tzinfo=UTC)
TOML = """
[source.s]
title = "S"
connector = "table"
url = "{url}"
licence = "ODbL-1.0"
allow_private = true
delay = "0s"
map = {{ ref = "id", name = "name" }}
"""


@pytest.fixture
def night(federation, partners):
    """Runs a source whose listing is what the test says; each night a day later."""
    federation.declare(TOML.format(url=partners.url + "/list.json"))
    plan = federation.plan("s")
    asked_since = []
    nights = 0

    def answers(source, client, _raw):
        asked_since.append(client.since)
        yield client.get(source.url)

    def records(_source, answers, raw):
        for line in json.loads(raw.read(answers[0])):
            kind = {"gone": Gone, "kept": lambda ref: Kept(ref, "its page answered 500")}.get(line.get("as"))
            yield kind(line["id"]) if kind else Record(line["id"], {"name": line["name"]})

    connector = replace(
        plan.connector,
        listing=Listing.FULL,
        incremental=True,
        answers=answers,
        records=records,
        columns=False,
    )

    def run(*lines, after=timedelta(days=1), asked=None, **changed):
        nonlocal nights
        if lines:
            partners.serve("/list.json", json.dumps(lines).encode(), "application/json")
        nights += after.total_seconds()
        source = replace(plan.source, **changed)
        settings = load(federation.config).federation
        started = START + timedelta(seconds=nights)
        harvest = Harvest(
            replace(plan, source=source, connector=connector),
            settings,
            federation.layout,
            federation.ledger(),
            asked or Asked(),
            now=lambda: started,
        )
        return harvest.run()

    run.since = asked_since
    return run


def one(ref, name="Nom"):
    return {"id": ref, "name": name}


def gone(ref):
    return {"id": ref, "as": "gone"}


def kept(ref):
    return {"id": ref, "as": "kept"}


def state(federation, ref):
    return federation.ledger().record("s", ref).state


def test_after_the_whole_only_changes_are_asked_for_until_the_whole_is_due_again(night):
    for _ in range(9):
        night(one("a"), one("b"))

    first, *nights, again, last = night.since
    assert first is None
    assert nights == [START + timedelta(days=n - 1) for n in range(1, 7)]
    assert again is None
    assert last == START + timedelta(days=7)


def test_after_a_clock_that_was_ahead_the_whole_is_read_again(night):
    night(one("a"))
    night(one("a"), after=timedelta(days=2))
    night(one("a"), after=timedelta(days=3))
    night(one("a"), after=timedelta(days=-4))
    night(one("a"))

    assert night.since == [None, START, START + timedelta(days=2), None, START + timedelta(days=1)]


def test_a_reading_of_changes_makes_nothing_missing_and_keeps_what_it_does_not_hold(night, federation):
    night(one("a"), one("b"))

    changed = night(one("b", "Autre"))

    assert (changed.outcome, changed.message) == (Outcome.DONE, "1 updated")
    assert (state(federation, "a"), state(federation, "b")) == ("published", "published")


def test_a_night_without_any_change_is_unchanged_and_not_a_failure(night):
    night(one("a"), one("b"))

    assert night(gone("never seen")).outcome is Outcome.UNCHANGED


def test_grace_runs_on_while_only_changes_are_asked_for(night, federation):
    night(one("a"), one("b"))
    night(one("a"), full_every=timedelta(0))
    assert state(federation, "b") == "missing"

    for _ in range(6):
        night(one("a"))
    assert state(federation, "b") == "missing"
    night(one("a"))

    assert state(federation, "b") == "withdrawn"


def test_a_tombstone_skips_grace(night, federation):
    night(one("a"), one("b"))

    report = night(gone("b"))

    assert (report.outcome, report.message) == (Outcome.DONE, "1 withdrawn")
    assert state(federation, "b") == "withdrawn"
    assert federation.ledger().record("s", "b").reason == "removed by the source"


def test_too_many_tombstones_hold_the_run(night, federation):
    night(*(one(str(n)) for n in range(20)))

    report = night(*(gone(str(n)) for n in range(8)))

    assert report.outcome is Outcome.HELD
    assert "8 of 20 published records are missing" in report.message
    assert state(federation, "3") == "published"


def test_a_record_that_comes_back_after_its_tombstone_is_published_again(night, federation):
    night(one("a"), one("b"))
    night(gone("b"))

    night(one("b"))

    assert state(federation, "b") == "published"


def test_a_record_that_cannot_be_read_tonight_keeps_its_version_and_is_an_issue(night, federation):
    night(one("a"), one("b"))

    report = night(one("a"), kept("b"), full_every=timedelta(0))

    assert (report.outcome, report.message) == (Outcome.DONE_ISSUES, "1 could not be read")
    assert "record 'b': its page answered 500" in report.issues[0]
    assert state(federation, "b") == "published"


def test_replay_gives_the_state_after_the_changes_not_before(night, federation):
    night(one("a"), one("b"), one("c"))
    night(one("b", "Nouveau nom"), gone("c"))
    before = published(federation)

    night(asked=Asked(origin=From.RAW), after=timedelta(hours=1))

    assert len(before) > 0
    assert published(federation) == before


def published(federation):
    return [line for line in federation.dump().splitlines() if b"/graph/source/s>" in line]


def test_a_ledger_of_the_first_schema_is_upgraded_and_a_copy_of_it_kept(tmp_path):
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path, base="http://localhost/").close()
    with closing(sqlite3.connect(path)) as connection:
        for column in ("runs.since", "runs.cause", "changes.reason", "records.place", "records.ends"):
            connection.execute("ALTER TABLE {} DROP COLUMN {}".format(*column.split(".")))
        connection.execute("UPDATE meta SET value = '1' WHERE key = 'schema'")
        connection.execute(
            "INSERT INTO runs (source, started_at, ended_at, outcome, counts, findings) "
            "VALUES ('s', '2026-01-01 00:00:00', '2026-01-01 00:00:00', 'done', '{}', '{}')"
        )
        connection.commit()

    ledger = Ledger.open(path, base="http://localhost/")

    assert [(run.source, run.since) for run in ledger.runs("s")] == [("s", None)]
    with closing(sqlite3.connect(tmp_path / "ledger-schema-1.sqlite")) as copy:
        assert copy.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() == ("1",)
        assert copy.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_a_ledger_of_a_newer_schema_is_refused(tmp_path):
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path, base="http://localhost/").close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
        connection.commit()

    with pytest.raises(StoreError, match=r"made by a newer version \(schema 99"):
        Ledger.open(path, base="http://localhost/")
