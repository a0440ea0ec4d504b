"""The clock: who is due, when, and never twice."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_harvest import LISTING, gardens, serve, table

from harvester.errors import ConfigError
from harvester.model import Source
from harvester.schedule import Clock, jitter, overdue, trigger

NIGHT = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


def source(name: str = "s", **changed) -> Source:
    return Source(
        id=name, title="S", connector="table", urls=("https://e.org/",), licence="ODbL-1.0", **changed
    )


@pytest.fixture
def garden(federation, partners):
    serve(partners, gardens(3))
    federation.declare(table(partners.url + LISTING))
    return federation


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as executor:
        yield executor


def clock(garden, pool, ended=lambda _report: None) -> Clock:
    return Clock(garden.config, garden.layout, garden.ledger(), pool, ended)


def until(condition, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def test_two_in_the_morning_is_of_the_sources_zone_summer_and_winter():
    for day, hour_utc in (("2026-07-14", 0), ("2026-11-22", 1)):
        midnight = datetime.fromisoformat(day + "T00:00:00+02:00").astimezone(UTC) - timedelta(hours=1)
        fire = trigger(source()).get_next_fire_time(None, midnight) - jitter("s")

        assert (fire.astimezone(UTC).hour, fire.astimezone(UTC).date().isoformat()) == (hour_utc, day)


@given(st.text("abcdefghij-0123456789", min_size=1, max_size=20))
def test_the_delay_of_a_source_is_stable_and_below_half_an_hour(name):
    assert jitter(name) == jitter(name)
    assert timedelta(0) <= jitter(name) < timedelta(minutes=30)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))
def test_each_night_fires_once_and_in_order(now):
    due = trigger(source())
    first = due.get_next_fire_time(None, now)
    second = due.get_next_fire_time(first, first)

    assert first >= now
    assert timedelta(hours=22) < second - first < timedelta(hours=26)


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (None, True),
        (NIGHT - timedelta(days=3), True),
        (NIGHT + timedelta(hours=2), False),
        (NIGHT + timedelta(hours=11, minutes=59), False),
    ],
    ids=["never-harvested", "three-nights-ago", "tonight", "a-minute-ago"],
)
def test_what_was_missed_is_known_from_the_last_run(last, due):
    assert overdue(source(), last, NIGHT + timedelta(hours=12)) == due


def test_at_the_start_a_missed_round_is_made_up_for_once(garden, pool):
    reports = []
    ticking = clock(garden, pool, reports.append)
    ticking.start()
    until(lambda: reports)
    ticking.stop()

    again = clock(garden, pool, reports.append)
    again.start()
    time.sleep(0.5)
    due = again.next_run("jardins")
    again.stop()

    assert [report.message for report in reports] == ["3 created"]
    assert due > datetime.now(UTC)


def test_a_disabled_source_is_not_scheduled(garden, pool, partners):
    garden.declare(table(partners.url + LISTING, enabled="false"))
    ticking = clock(garden, pool)
    ticking.start()
    due = ticking.next_run("jardins")
    ticking.stop()

    assert due is None


def test_a_faulty_file_at_the_start_is_refused(garden, pool):
    garden.config.write_text("[federation", encoding="utf-8")

    with pytest.raises(ConfigError):
        clock(garden, pool).start()


def test_a_file_that_breaks_later_leaves_the_last_good_one_in_force(garden, pool):
    ticking = clock(garden, pool)
    ticking.start()
    garden.config.write_text("[federation", encoding="utf-8")
    ticking.reread()
    due, problems = ticking.next_run("jardins"), [str(problem) for problem in ticking.problems()]
    ticking.stop()

    assert due is not None
    assert "sources.toml:1: not TOML" in problems[0]


def test_a_file_caught_empty_while_it_is_written_leaves_the_last_good_one_in_force(garden, pool):
    ticking = clock(garden, pool)
    ticking.start()
    garden.config.write_text("", encoding="utf-8")
    ticking.reread()
    due, problems = ticking.next_run("jardins"), [str(problem) for problem in ticking.problems()]
    ticking.stop()

    assert due is not None
    assert "declares no usable source any more" in problems[0]


def test_a_source_added_to_the_file_is_harvested_without_a_restart(garden, pool, partners):
    reports = []
    ticking = clock(garden, pool, reports.append)
    ticking.start()
    until(lambda: reports)
    both = table(partners.url + LISTING) + table(partners.url + LISTING).replace(
        "[source.jardins]", "[source.autres]"
    )
    garden.declare(both)
    ticking.reread()
    until(lambda: len(reports) == 2)
    ticking.stop()

    assert {report.source for report in reports} == {"jardins", "autres"}
