"""A run that looks like an accident is held; a person releases or discards it, or closes a source."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from harvester.cli import app
from harvester.harvest import Asked, From
from harvester.harvest.closing import closed
from harvester.harvest.diary import Diary
from harvester.ledger.decisions import decide, decided, held
from harvester.model import Action, Decision, Outcome

LISTING = "/jardins/liste.json"
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
TABLE = """
[source.jardins]
title = "Jardins"
connector = "table"
licence = "etalab-2.0"
allow_private = true
delay = "0s"
attempts = 1
url = "{url}"
kind = "{kind}"
map = {{ ref = "id", name = "nom", description = "texte", postcode = "code", city = "ville"{more} }}
"""


@pytest.fixture
def garden(federation, partners):
    federation.declare(TABLE.format(url=partners.url + LISTING, kind="initiative", more=""))
    serve(partners, range(100))
    federation.run("jardins")
    return federation


def serve(partners, numbers, *, ref: str = "j{}", **more: object) -> None:
    records = [
        {
            "id": ref.format(n),
            "nom": f"Jardin {n}",
            "texte": f"Numéro {n}.",
            "code": "34150",
            "ville": "Aniane",
        }
        | more
        for n in numbers
    ]
    partners.serve(LISTING, json.dumps(records).encode(), "application/json")


def refs(federation, state: str = "published") -> set[str]:
    ledger = federation.ledger()
    found = {f"j{n}": ledger.record("jardins", f"j{n}") for n in range(120)}
    return {ref for ref, row in found.items() if row is not None and row.state == state}


def released(run: int) -> Asked:
    decision = Decision(Action.RELEASE, "jardins", "Ada", "fusion annoncée", NOW, run=run)
    return Asked(release=decision)


def test_held_run_tells_what_would_go_and_keeps_what_it_read(garden, partners):
    serve(partners, range(40))

    report = garden.run("jardins")

    assert report.outcome == Outcome.HELD
    assert report.issues[0] == "would go: 'j40' Jardin 40"
    assert len(refs(garden)) == 100
    waiting = held(garden.ledger(), "jardins")
    assert waiting.findings["would_go"][0] == ["j40", "Jardin 40"]
    assert len(list(Diary(garden.layout.runs, "jardins").records(waiting.id))) == 40


def test_released_run_is_judged_against_the_ledger_of_now_and_says_who_and_why(garden, partners):
    serve(partners, range(40))
    number = garden.run("jardins").run

    report = garden.run("jardins", asked=released(number))

    assert report.outcome == Outcome.DONE
    assert report.message == "released by Ada (fusion annoncée): 60 updated, 60 missing"
    assert len(refs(garden, "missing")) == 60
    assert held(garden.ledger(), "jardins") is None
    assert [row.action for row in decided(garden.ledger(), "jardins")] == ["release"]


def test_release_asks_nothing_of_the_partner_and_its_answers_stand_for_the_listing(garden, partners):
    serve(partners, range(40))
    number = garden.run("jardins").run
    asked = len(partners.requests)

    garden.run("jardins", asked=released(number))
    assert len(partners.requests) == asked

    assert garden.run("jardins").outcome == Outcome.UNCHANGED


def test_discarded_run_waits_no_more_and_the_next_night_is_held_again(garden, partners):
    serve(partners, range(40))
    number = garden.run("jardins").run
    decide(garden.ledger(), Decision(Action.DISCARD, "jardins", "Ada", "panne", NOW, run=number))

    assert held(garden.ledger(), "jardins") is None
    assert garden.run("jardins").outcome == Outcome.HELD
    assert held(garden.ledger(), "jardins").id > number


def test_newest_held_run_replaces_an_older_one_and_a_repaired_source_needs_nobody(garden, partners):
    for kept in (40, 50):
        serve(partners, range(kept))
        garden.run("jardins")
    assert len(held(garden.ledger(), "jardins").findings["would_go"]) == 50
    serve(partners, range(100))

    assert garden.run("jardins").outcome == Outcome.UNCHANGED
    assert held(garden.ledger(), "jardins") is None


def test_refs_that_changed_are_told_apart_from_records_that_left(garden, partners):
    serve(partners, range(100), ref="n{}")

    report = garden.run("jardins")

    assert report.outcome == Outcome.HELD
    assert "100 of them stand in the listing under another ref ('j0' is now 'n0')" in report.message


def test_source_that_grows_tenfold_is_published_and_flagged(federation, partners):
    federation.declare(TABLE.format(url=partners.url + LISTING, kind="initiative", more=""))
    serve(partners, range(20))
    federation.run("jardins")
    serve(partners, range(300))

    report = federation.run("jardins")

    assert report.outcome == Outcome.DONE
    assert "grew by 280 records, 20 were published" in report.message


def test_event_that_leaves_after_its_end_stays_published_as_past(federation, partners):
    more = ', start = "debut"'
    federation.declare(TABLE.format(url=partners.url + LISTING, kind="event", more=more))
    serve(partners, range(10), debut="2020-05-01")
    federation.run("jardins")
    serve(partners, range(2), debut="2020-05-01")

    report = federation.run("jardins")

    assert report.outcome == Outcome.UNCHANGED
    assert refs(federation, "past") == {f"j{n}" for n in range(2, 10)}
    assert federation.ledger().counts()["jardins"]["live"] == 10

    serve(partners, range(10), debut="2020-05-01")
    federation.run("jardins")
    assert len(refs(federation)) == 10


def test_event_still_to_come_that_leaves_is_missing(federation, partners):
    federation.declare(TABLE.format(url=partners.url + LISTING, kind="event", more=', start = "debut"'))
    serve(partners, range(10), debut="2100-05-01")
    federation.run("jardins")
    serve(partners, range(9), debut="2100-05-01")

    federation.run("jardins")

    assert refs(federation, "missing") == {"j9"}


def test_rejected_record_that_leaves_the_listing_is_gone(garden, partners):
    serve(partners, range(100))
    records = [{"id": "x", "nom": "Sans lieu"}, {"id": "y", "texte": "sans nom"}]
    partners.serve(LISTING, json.dumps(records).encode(), "application/json")
    garden.declare(
        TABLE.format(url=partners.url + LISTING, kind="initiative", more="") + "expect = { max_shrink = 1 }\n"
    )
    garden.run("jardins")
    assert garden.ledger().record("jardins", "y").state == "rejected"
    partners.serve(LISTING, json.dumps(records[:1]).encode(), "application/json")

    garden.run("jardins")

    assert garden.ledger().record("jardins", "y").state == "gone"


def test_closed_source_is_withdrawn_whole_with_its_reason(garden):
    decision = Decision(Action.REMOVE, "jardins", "Ada", "le partenaire le demande", NOW)

    tally = closed(garden.ledger(), decision, NOW)

    assert tally.withdrawn == 100
    assert garden.ledger().record("jardins", "j1").reason == "source closed: le partenaire le demande"
    garden.publish()
    assert garden.ask("SELECT ?r { ?r a archipel:Initiative }") == []


# Replay


def test_any_kept_night_can_be_told_again_byte_for_byte(garden, partners):
    nights = {}
    for night in range(1, 4):
        serve(partners, range(100 - night), texte=f"Nuit {night}.")
        report = garden.run("jardins")
        nights[report.run] = published(garden)
    serve(partners, range(100))
    garden.run("jardins")
    assert published(garden) not in nights.values()

    for origin in From:
        for number, before in nights.items():
            garden.run("jardins", asked=Asked(origin=origin, of=number), grace=timedelta(days=99))
            assert stated(published(garden)) == stated(before), (origin, number)


def test_dry_run_tells_findings_gained_and_lost_and_writes_nothing(garden, partners):
    garden.declare(
        TABLE.format(url=partners.url + LISTING, kind="initiative", more="").replace(
            ', postcode = "code", city = "ville"', ""
        )
    )
    position = garden.ledger().position()

    report = garden.run("jardins", asked=Asked(origin=From.RAW, dry=True))

    assert report.counts["updated"] == 100
    gained = {code: pair for (_, code, _), pair in report.effect.items() if pair[0] != pair[1]}
    assert gained
    assert all(before == 0 and after == 100 for before, after in gained.values())
    assert garden.ledger().position() == position


def test_replay_of_a_run_that_is_not_kept_says_so(garden):
    report = garden.run("jardins", asked=Asked(origin=From.RECORDS, of=0))

    assert report.outcome in (Outcome.DEFERRED, Outcome.FAILED)
    assert "kept" in report.message


def published(federation) -> list[bytes]:
    return [line for line in federation.dump().splitlines() if line.endswith(b"/graph/source/jardins> .")]


def stated(lines: list[bytes]) -> set[bytes]:
    """What is said of records; since when one is missing is ours."""
    return {line for line in lines if b"missingSince" not in line}


# The commands


@pytest.fixture
def said(garden):
    words = ["--config", str(garden.config), "--store", str(garden.layout.root)]
    return lambda *asked: CliRunner().invoke(app, [*asked, *words])


def test_commands_release_and_discard_end_a_hold(garden, partners, said):
    serve(partners, range(40))
    garden.run("jardins")

    assert said("discard", "jardins", "--reason", "panne").exit_code == 0
    nothing = said("release", "jardins", "--reason", "oui")
    assert (nothing.exit_code, "no run is held" in nothing.stderr) == (1, True)

    garden.run("jardins")
    told = said("release", "jardins", "--reason", "fusion", "--by", "Ada")
    assert told.exit_code == 0, told.output
    assert "released by Ada (fusion)" in told.output


def test_command_refuses_to_remove_a_source_that_is_declared_and_removes_an_orphan(garden, said):
    declared = said("source", "remove", "jardins", "--reason", "fini")
    assert (declared.exit_code, "take its table out first" in declared.stderr) == (2, True)

    garden.config.write_text(garden.config.read_text().partition("[source.jardins]")[0])
    told = said("source", "remove", "jardins", "--reason", "fini")

    assert told.exit_code == 0, told.output
    assert "jardins: 100 records withdrawn" in told.output
    assert said("source", "remove", "jardin", "--reason", "fini").exit_code == 2


# A source that has another id


def test_renamed_source_moves_its_records_once_it_is_published_itself(garden):
    text = garden.config.read_text().replace("[source.jardins]", "[source.potagers]")
    garden.config.write_text(text + 'was = ["jardins"]\n')

    report = garden.run("potagers")

    assert report.counts["created"] == 100
    assert garden.ledger().counts()["jardins"]["live"] == 0
    assert garden.ledger().record("jardins", "j1").reason == "moved to potagers"


def test_renamed_source_that_fails_moves_nothing(garden, partners):
    text = garden.config.read_text().replace("[source.jardins]", "[source.potagers]")
    garden.config.write_text(text + 'was = ["jardins"]\n')
    partners.misbehave(LISTING, "status:500")

    assert garden.run("potagers").outcome == Outcome.DEFERRED
    assert garden.ledger().counts()["jardins"]["live"] == 100


def test_earlier_id_that_is_still_declared_is_a_problem(garden, said):
    garden.config.write_text(
        garden.config.read_text()
        + garden.config.read_text()
        .partition("[source.jardins]")[2]
        .join(["[source.potagers]", 'was = ["jardins"]\n'])
    )

    told = said("check")

    assert told.exit_code == 2
    assert "was names 'jardins', a source of this file; take its table out" in told.output
