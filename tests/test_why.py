"""What became of a record: last seen, how far it came, why it is not here, what to do; and how fresh a source is."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from nights import LISTING, MAP, Nights, at, record, records
from typer.testing import CliRunner

from harvester import territory
from harvester.cli import app
from harvester.harvest import Asked, From
from harvester.harvest.closing import closed
from harvester.harvest.judging import Judge
from harvester.ledger import Listed
from harvester.ledger.decisions import decide
from harvester.ledger.exits import Why
from harvester.ledger.freshness import freshness
from harvester.ledger.stories import Step, story
from harvester.ledger.why import of_host, variants, why
from harvester.model import Action, Decision, Outcome, Rejected, State
from harvester.profile import writer
from harvester.shapes import Checker

BASE = "http://localhost:8000/"


@pytest.fixture
def nights(federation, partners) -> Nights:
    """One source, declared, of which nothing was read yet."""
    found = Nights(federation, partners)
    found.declare()
    return found


def told(nights, ref, **more):
    return story(nights.federation.ledger(), "jardins", ref, **more)


def exits(nights, ref, **more):
    return [one.why for one in told(nights, ref, **more).exits]


def fresh(nights):
    ledger = nights.federation.ledger()
    return freshness(ledger, "jardins", ledger.sources()["jardins"])


# --- last seen, and how far it came ------------------------------------------------------------------


def test_published_record_was_last_seen_the_last_night_its_whole_listing_was_read(nights):
    nights.night(0, records(range(3)))
    nights.night(1)

    found = told(nights, "j1")

    assert (found.first_seen, found.last_seen) == (at(0), at(1))
    assert (found.state, found.live, found.exits) == (State.PUBLISHED, True, ())
    assert found.passed == tuple(Step)


def test_night_read_again_from_what_is_kept_proves_nothing_new(nights):
    nights.night(0, records(range(3)))
    nights.night(5, asked=Asked(origin=From.RAW))
    nights.night(6, asked=Asked(limit=2))

    assert told(nights, "j1").last_seen == at(0)
    assert fresh(nights).last_success == at(0)


def test_missing_record_was_last_seen_the_night_before_and_says_when_it_leaves(nights):
    nights.night(0, records(range(3)))
    nights.night(1, records(range(2)))
    nights.night(2)

    found = told(nights, "j2")

    assert (found.last_seen, found.missing_since) == (at(0), at(1))
    assert found.leaves == at(1) + timedelta(days=7)
    assert [(one.why, one.since) for one in found.exits] == [(Why.REMOVED, at(1))]


def test_withdrawn_record_was_removed_by_its_source_and_says_when(nights):
    nights.night(0, records(range(3)))
    nights.night(1, records(range(2)))
    nights.night(9)

    found = told(nights, "j2")

    assert (found.state, found.live, found.last_seen) == (State.WITHDRAWN, False, at(0))
    assert [(one.why, one.since) for one in found.exits] == [(Why.REMOVED, at(9))]
    assert [change.operation for change in found.history] == ["create", "update", "withdraw"]


def test_record_under_another_ref_is_told_apart_from_one_that_left(nights):
    nights.night(0, records(range(3)))
    nights.night(1, [*records(range(2)), record(2, id="nouveau")])

    renamed, removed = told(nights, "j2").exits

    assert (renamed.why, renamed.said) == (Why.RENAMED, "nouveau")
    assert removed.why == Why.REMOVED


def test_event_that_is_over_is_past_and_still_published(nights):
    nights.declare(mapping=MAP + ', start = "debut"', more='kind = "event"\n')
    gone = {"debut": "2020-05-01"}
    nights.night(0, [record(0, **gone), record(1, **gone)])
    nights.night(1, [record(0, **gone)])

    found = told(nights, "j1")

    assert (found.state, found.live, found.last_seen) == (State.PAST, True, at(0))
    assert [one.why for one in found.exits] == [Why.PAST]


@pytest.mark.parametrize(
    ("changed", "more", "stop", "reason"),
    [
        ({"nom": ""}, "", Step.MAPPED, Why.REJECTED),
        ({"nom": "X"}, "", Step.CHECKED, Why.REJECTED),
        ({}, 'only = { path = "ville", in = ["Gignac"] }\n', Step.MAPPED, Why.IGNORED),
    ],
)
def test_record_kept_out_says_at_which_step(nights, changed, more, stop, reason):
    nights.declare(more=more)
    nights.night(0, [record(0, ville="Gignac"), record(1, **changed)])

    found = told(nights, "j1")

    assert len(found.passed) == list(Step).index(stop)
    assert ([one.why for one in found.exits], found.live) == ([reason], False)


def test_record_that_its_connector_cannot_read_stops_at_reading(nights):
    nights.night(0, records(range(1)))
    plan = nights.federation.plan("jardins")
    judge = Judge(plan.mapper(), writer(plan.source, BASE, territory.load()), Checker(), "recipe")
    (judged,) = judge.verdict([(Rejected("j1", "is a list, expected an object"), b"hash")]).judged
    ledger = nights.federation.ledger()
    run = {"source": "jardins", "started_at": at(1), "ended_at": at(1), "counts": {}, "findings": {}}
    with ledger.draft("jardins") as draft:
        draft.stage([judged])
        draft.commit(
            run,
            settle=lambda _tally: (Outcome.DONE_ISSUES, "1 rejected"),
            mark=lambda _ref, triples, _name: triples,
            grace=timedelta(7),
            listing=Listed.PARTIAL,
        )

    found = told(nights, "j1")

    assert (found.passed, [one.why for one in found.exits]) == ((Step.LISTED,), [Why.REJECTED])
    assert (found.reason, [one.code for one in found.findings]) == (
        "is a list, expected an object",
        ["unread"],
    )


def test_rejected_version_leaves_the_last_good_one_published_and_says_since_when(nights):
    nights.night(0, records(range(2)))
    nights.night(1, [record(0), record(1, nom="X")])
    nights.night(2)

    found = told(nights, "j1")

    assert (found.state, found.live, found.stale_since) == (State.REJECTED, True, at(1))
    assert [one.why for one in found.exits] == [Why.REJECTED]


def test_record_never_published_that_left_is_gone(nights):
    nights.night(0, [record(0), record(1, nom="")])
    nights.night(1, records(range(1)))

    found = told(nights, "j1")

    assert (found.state, [one.why for one in found.exits]) == (State.GONE, [Why.REMOVED])


# --- what keeps a whole source -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("status:503", Why.UNREACHABLE), ("status:403", Why.REFUSED), ("html", Why.BROKEN)],
)
def test_source_that_does_not_answer_is_told_of_each_of_its_records_since_its_last_success(
    nights, fault, reason
):
    nights.night(0, records(range(3)))
    if fault == "html":
        nights.partners.serve(LISTING, b"<html><body>En maintenance</body></html>", "text/html")
    else:
        nights.partners.misbehave(LISTING, fault)
    nights.night(1)

    (found,) = told(nights, "j1").exits

    assert (found.why, found.since) == (reason, at(0))
    assert found.said
    assert told(nights, "j1").live


def test_held_source_is_told_until_a_person_decided(nights):
    nights.night(0, records(range(20)))
    run = nights.night(1, records(range(5)))
    assert run.outcome == Outcome.HELD
    assert exits(nights, "j1") == [Why.HELD]

    decide(
        nights.federation.ledger(), Decision(Action.DISCARD, "jardins", "Ada", "panne", at(1), run=run.run)
    )

    assert exits(nights, "j1") == []


def test_disabled_orphaned_and_closed_sources_are_told_apart(nights):
    nights.night(0, records(range(3)))
    assert exits(nights, "j1", declared={"jardins"}) == []
    assert exits(nights, "j1", declared=set()) == [Why.ORPHANED]

    ledger = nights.federation.ledger()
    described = ledger.sources()["jardins"]
    ledger.describe("jardins", {**described, "enabled": False}, at(1))
    assert exits(nights, "j1") == [Why.DISABLED]

    closed(ledger, Decision(Action.REMOVE, "jardins", "Ada", "le site a fermé", at(2)), at(2))
    ledger.describe("jardins", {**described, "enabled": False, "closed": "le site a fermé"}, at(2))
    (found,) = told(nights, "j1", declared=set()).exits
    assert (found.why, found.since, found.said) == (Why.CLOSED, at(2), "le site a fermé")


# --- how it is looked for ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        "https://jardins.example/fiche/1",
        "https://jardins.example/fiche/1/",
        "http://jardins.example/fiche/1",
        "https://www.jardins.example/fiche/1",
        "http://www.jardins.example/fiche/1/",
        "jardins.example/fiche/1",
        "HTTPS://Jardins.Example/fiche/1",
        "https://jardins.example/fiche/1#contact",
        "http://localhost:8000/id/jardins/j1",
        "https://localhost:8000/id/jardins/j1?lang=fr",
        "jardins j1",
    ],
)
def test_record_is_found_by_any_way_to_write_its_page(nights, asked):
    nights.night(0, records(range(3)))

    assert [one.ref for one in why(nights.federation.ledger(), asked, base=BASE)] == ["j1"]


def test_page_with_www_is_found_without(nights):
    nights.night(0, [record(1, page="http://www.jardins.example/fiche/1/")])

    assert [
        one.ref for one in why(nights.federation.ledger(), "https://jardins.example/fiche/1", base=BASE)
    ] == ["j1"]


def test_page_that_many_records_share_names_a_few_of_them(nights):
    nights.night(0, [record(n, page="https://jardins.example/") for n in range(30)])

    assert len(why(nights.federation.ledger(), "https://jardins.example", base=BASE)) == 20


@pytest.mark.parametrize(
    "asked", ["", "  ", "x", "javascript:alert(1)", "https://[", "http://", "a b c", "\x00"]
)
def test_nonsense_is_never_seen_and_never_fails(nights, asked):
    nights.night(0, records(range(1)))
    ledger = nights.federation.ledger()

    assert why(ledger, asked, base=BASE) == ()
    assert of_host(ledger, asked) == {}
    assert variants(asked)


def test_page_never_seen_names_the_source_that_is_read_from_its_host(nights):
    nights.night(0, records(range(1)))
    ledger = nights.federation.ledger()
    host = nights.partners.url.removesuffix("/")

    assert of_host(ledger, f"{host}/une/autre/fiche") == {"jardins": ()}
    assert of_host(ledger, "https://ailleurs.example/fiche") == {}


# --- freshness ---------------------------------------------------------------------------------------


def test_source_is_stale_after_three_nights_without_success_not_before(nights):
    nights.night(0, records(range(3)))
    nights.partners.misbehave(LISTING, "status:503")
    for day in (1, 2):
        nights.night(day)

    found = fresh(nights)

    assert (found.last_success, found.failures) == (at(0), 2)
    assert found.stale_since(at(2.9)) is None
    assert found.stale_since(at(3)) == at(3)


def test_weekly_source_is_stale_after_three_weeks(nights):
    nights.declare(more='schedule = "0 2 * * 1"\n')
    nights.night(0, records(range(3)))

    found = fresh(nights)

    assert found.stale_since(at(14)) is None
    assert found.stale_since(at(22)) == found.stale_at


def test_last_success_and_failures_are_told_however_many_nights_failed(nights):
    nights.night(0, records(range(3)))
    ledger = nights.federation.ledger()
    for day in range(1, 41):
        ledger.log(
            {"source": "jardins", "started_at": at(day), "ended_at": at(day), "outcome": Outcome.DEFERRED}
            | {"message": "time-out", "counts": {}, "findings": {}}
        )

    assert (fresh(nights).last_success, fresh(nights).failures) == (at(0), 40)


def test_closed_source_is_never_stale(nights):
    nights.night(0, records(range(3)))
    ledger = nights.federation.ledger()
    found = freshness(ledger, "jardins", {**ledger.sources()["jardins"], "closed": "fini"})

    assert found.stale_since(at(400)) is None


def test_stale_source_says_so_in_the_data_and_a_rebuild_says_the_same(nights, tmp_path):
    nights.night(0, records(range(3)))
    nights.partners.misbehave(LISTING, "status:503")
    for day in (1, 2, 3, 4):
        nights.night(day)
    federation = nights.federation
    federation.publish()

    rows = federation.ask("SELECT ?since { GRAPH ?g { ?s archipel:outdatedSince ?since } }")

    assert rows == [("2026-11-04T01:30:00Z",)]
    held = federation.dump()
    federation.layout.oxigraph.rename(tmp_path / "aside")
    assert federation.dump() == held


# --- on the command line -----------------------------------------------------------------------------


def run(nights, *arguments):
    place = ["--config", str(nights.federation.config), "--store", str(nights.federation.layout.root)]
    return CliRunner().invoke(app, [*arguments, *place])


def test_why_tells_the_way_the_reason_and_the_remedy(nights):
    nights.night(0, records(range(3)))
    nights.night(1, [record(0), record(1, nom="X")])

    stale = run(nights, "why", "jardins", "j1").stdout
    assert "listed → read → mapped → [stopped before: checked]" in stale
    assert "rejected by the shapes since 2026-11-02 01:30 UTC; mend it at the source" in stale
    assert "mend it at https://jardins.example/fiche/1" in stale
    missing = run(nights, "why", "https://www.jardins.example/fiche/2").stdout
    assert "missing, published" in missing
    assert "last seen 2026-11-01 01:30 UTC" in missing
    assert "leaves 2026-11-09 01:30 UTC" in missing
    assert "removed by the source" in missing


def test_why_of_a_page_never_seen_names_who_reads_that_host(nights):
    nights.night(0, records(range(3)))

    said = run(nights, "why", f"{nights.partners.url}/une/autre")

    assert said.exit_code == 1
    assert "its host is read by jardins" in said.stderr


def test_why_as_json_has_exits_steps_and_last_seen(nights):
    nights.night(0, records(range(3)))
    nights.night(1, records(range(2)))

    (found,) = json.loads(run(nights, "why", "jardins", "j2", "--json").stdout)

    assert (found["state"], found["exits"][0]["why"]) == ("missing", "removed")
    assert found["passed"] == [str(step) for step in Step]


def test_status_tells_past_gone_stale_held_and_closed(nights):
    nights.night(0, records(range(20)))
    nights.night(1, records(range(3)))

    (row,) = json.loads(run(nights, "status", "--json").stdout)["sources"]

    assert {"past", "gone", "missing", "ignored", "stale_since", "failures", "closed", "orphaned"} <= set(row)
    assert (row["held"], row["cause"], row["failures"], row["last_success"]) == (
        True,
        "guard",
        1,
        at(0).isoformat(),
    )
    assert "stale" in run(nights, "status").stdout
