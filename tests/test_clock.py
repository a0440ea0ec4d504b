"""A clock that is set back or forward makes nothing end early, loses nothing, and stops nobody."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from test_harvest import LISTING, gardens, serve, table
from test_schedule import clock, source, until

from harvester.config import load
from harvester.harvest import Harvest
from harvester.model import Outcome
from harvester.schedule import overdue, trigger

FIRST = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=365)


@pytest.fixture
def garden(federation, partners):
    serve(partners, gardens(30))
    federation.declare(table(partners.url + LISTING))
    night(federation, FIRST)
    return federation


def night(federation, moment: datetime) -> Outcome:
    """A run when the clock of the machine shows this."""
    plan, configured = federation.plan("jardins"), load(federation.config).federation
    ledger = federation.ledger()
    try:
        return Harvest(plan, configured, federation.layout, ledger, now=lambda: moment).run().outcome
    finally:
        ledger.close()


def state(federation, ref: str = "j29") -> str:
    ledger = federation.ledger()
    try:
        return ledger.record("jardins", ref).state
    finally:
        ledger.close()


# Grace


def test_record_found_missing_by_a_clock_set_back_is_not_withdrawn_when_the_clock_is_right_again(
    garden, partners
):
    serve(partners, gardens(29))
    night(garden, FIRST + DAY - YEAR)
    night(garden, FIRST + 2 * DAY - YEAR)
    assert state(garden) == "missing"

    for day in range(3, 7):
        night(garden, FIRST + day * DAY)
        assert state(garden) == "missing"

    night(garden, FIRST + 9 * DAY)
    assert state(garden) == "withdrawn"


def test_record_found_missing_on_a_later_night_of_a_clock_set_back_has_its_grace_too(garden, partners):
    night(garden, FIRST + DAY - YEAR)
    serve(partners, gardens(29))
    night(garden, FIRST + 2 * DAY - YEAR)

    night(garden, FIRST + 3 * DAY)

    assert state(garden) == "missing"


def test_grace_that_runs_does_not_end_in_a_night_when_the_clock_leaps_a_year_forward(garden, partners):
    serve(partners, gardens(29))
    night(garden, FIRST + DAY)

    night(garden, FIRST + 2 * DAY + YEAR)
    assert state(garden) == "missing"
    night(garden, FIRST + 3 * DAY)
    assert state(garden) == "missing"
    night(garden, FIRST + 8 * DAY)

    assert state(garden) == "withdrawn"


def test_after_a_long_silence_a_record_that_is_still_missing_is_withdrawn_on_the_second_night(
    garden, partners
):
    serve(partners, gardens(29))
    night(garden, FIRST + DAY)

    night(garden, FIRST + 90 * DAY)
    assert state(garden) == "missing"
    night(garden, FIRST + 91 * DAY)

    assert state(garden) == "withdrawn"


def test_source_read_once_a_year_is_not_kept_waiting_for_ever(garden, partners):
    serve(partners, gardens(29))
    for year in range(1, 3):
        night(garden, FIRST + year * YEAR)

    assert state(garden) == "missing"
    night(garden, FIRST + 3 * YEAR)
    assert state(garden) == "withdrawn"


def test_event_that_is_over_is_past_also_for_a_clock_set_back(federation, partners):
    dated = '{ ref = "id", name = "nom", description = "texte", insee = "code", start = "debut" }'
    federation.declare(table(partners.url + LISTING, kind='"event"', map=dated))
    events = [{**one, "code": "34010", "debut": "2026-05-01"} for one in gardens(8)]
    serve(partners, events)
    night(federation, FIRST)
    serve(partners, events[:6])

    night(federation, FIRST + DAY - YEAR)

    assert state(federation, "j7") == "past"


# The schedule


@pytest.mark.parametrize("leap", [YEAR, timedelta(hours=1)])
def test_source_whose_last_run_lies_ahead_is_harvested_at_the_start(leap):
    assert overdue(source(), FIRST + leap, FIRST)


def test_run_planned_by_a_clock_that_was_set_back_since_is_planned_anew(garden):
    garden.run("jardins")
    with ThreadPoolExecutor(1) as pool:
        ticking = clock(garden, pool)
        ticking.start()
        planned = ticking.next_run("jardins")
        ticking._scheduler.modify_job("jardins", next_run_time=planned + YEAR)

        ticking.heed_time()

        assert ticking.next_run("jardins") == planned
        ticking.stop()


def test_run_that_is_due_is_not_put_off_by_looking_at_the_time(garden):
    reports = []
    with ThreadPoolExecutor(1) as pool:
        ticking = clock(garden, pool, reports.append)
        ticking.start()
        soon = datetime.now(UTC) + timedelta(seconds=1)
        ticking._scheduler.modify_job("jardins", next_run_time=soon)
        ticking.heed_time()
        assert ticking.next_run("jardins") == soon
        until(lambda: reports)
        ticking.stop()


def test_night_on_which_an_hour_comes_twice_has_one_run():
    due = trigger(source())
    before = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    first = due.get_next_fire_time(None, before)
    second = due.get_next_fire_time(first, first + timedelta(seconds=1))

    assert first.astimezone(UTC).date().isoformat() == "2026-10-25"
    assert second.astimezone(UTC).date().isoformat() == "2026-10-26"
    assert due.get_next_fire_time(None, first + timedelta(minutes=30)) == second


def test_store_is_kept_after_a_round(garden):
    """Once a day the clock forgets what is too old; here a leftover of a killed process."""
    left = garden.layout.runs / "jardins" / "1.partial"
    left.write_text("killed")
    os.utime(left, (1, 1))
    with ThreadPoolExecutor(1) as pool:
        ticking = clock(garden, pool)
        ticking.start()
        ticking._scheduler.modify_job("jardins", next_run_time=datetime.now(UTC))
        until(lambda: not left.exists())
        time.sleep(0.1)
        ticking.stop()
