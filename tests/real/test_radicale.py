"""A real Radicale, a calendar server, harvested night after night while people change its calendar."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import httpx
import pytest
from conftest import ROOT
from running import answering, free_port, started

PYTHON = ROOT / ".venv/radicale/bin/python"
PARIS = ZoneInfo("Europe/Paris")
SINGLE, SERIES, TIMES = 54, 6, 8
ALL = SINGLE + SERIES * TIMES
TOML = """
[source.agenda]
title = "L'agenda de l'atelier"
connector = "ical"
url = "{url}/atelier/agenda/"
licence = "CC-BY-SA-4.0"
allow_private = true
delay = "0s"
past = {past}
"""
CONFIGURATION = """
[auth]
type = none
delay = 0
[rights]
type = from_file
file = {folder}/rights
[storage]
filesystem_folder = {folder}/kept
"""
RIGHTS = """
[owner]
user: .+
collection: {user}(/.*)?
permissions: RrWw
[visitor]
user: .*
collection: [^/]+/agenda
permissions: i
"""
ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE"""

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


class Calendar:
    """The calendar of the workshop, as its owner writes it and as visitors read it."""

    def __init__(self, url, today):
        self.url, self.today = url, today

    def fill(self):
        """Write all of it at once."""
        lines = [self.single(n) for n in range(SINGLE)] + [self.series(n) for n in range(SERIES)]
        self._owner("PUT", "", calendar(*lines))

    def write(self, name, lines):
        """Add the event `name`, or make it say something else."""
        self._owner("PUT", f"{name}.ics", calendar(lines))

    def delete(self, name):
        self._owner("DELETE", f"{name}.ics")

    def day(self, days):
        """18:30 in Paris, so many days from today."""
        return datetime.combine(self.today + timedelta(days=days), time(18, 30), PARIS)

    def single(self, n, summary="Chantier"):
        """An event that takes place once, the first ones in the past."""
        return event(f"chantier-{n}", self.day(n - 10), f"SUMMARY:{summary} {n}")

    def series(self, n, *more):
        """An evening that comes back each week, thrice in the past."""
        rule = f"RRULE:FREQ=WEEKLY;COUNT={TIMES}"
        return event(f"veillee-{n}", self.day(-21 + n % 3), f"SUMMARY:Veillée {n}", rule, *more)

    def evening(self, n, week):
        """The ref of one evening of the series `n`."""
        return f"veillee-{n}/{self.day(-21 + n % 3 + 7 * week).astimezone(UTC):%Y%m%dT%H%M%SZ}"

    def _owner(self, method, name, text=None):
        answer = httpx.request(
            method, f"{self.url}/atelier/agenda/{name}", content=text, auth=("atelier", "x"), trust_env=False, timeout=60,
            headers={"Content-Type": "text/calendar; charset=utf-8"},
        )  # fmt: skip
        assert answer.is_success, (method, name, answer.status_code, answer.text)


def event(uid, start, *lines):
    written = [f"UID:{uid}", "DTSTAMP:20261101T000000Z", f"DTSTART;TZID=Europe/Paris:{start:%Y%m%dT%H%M%S}"]
    return "\n".join(["BEGIN:VEVENT", *written, "DURATION:PT2H", *lines, "END:VEVENT"])


def calendar(*events):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Atelier//FR", ZONE, *events, "END:VCALENDAR", ""]
    return "\n".join(lines).replace("\n", "\r\n")


@contextmanager
def radicale(folder, today):
    """The calendar on a server of its own, that keeps it in `folder`."""
    assert PYTHON.exists(), "Radicale is missing; run scripts/services radicale"
    port = free_port()
    (folder / "rights").write_text(RIGHTS)
    (folder / "configuration").write_text(CONFIGURATION.format(folder=folder))
    serve = [PYTHON, "-m", "radicale", "--config", folder / "configuration"]
    url = f"http://127.0.0.1:{port}"
    here = f"--server-hosts=127.0.0.1:{port}"
    with started([*serve, here], partial(answering, url), said=folder / "log"):
        yield Calendar(url, today)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """What a server keeps of the calendar when it is filled, and the day on which it was."""
    folder, today = tmp_path_factory.mktemp("radicale"), datetime.now(PARIS).date()
    with radicale(folder, today) as workshop:
        workshop.fill()
    return folder / "kept", today


@pytest.fixture
def agenda(filled, tmp_path):
    """The calendar as it was filled."""
    kept, today = filled
    folder = tmp_path / "radicale"
    shutil.copytree(kept, folder / "kept")
    with radicale(folder, today) as workshop:
        yield workshop


@pytest.fixture
def harvested(federation, agenda):
    """A federation that has harvested the calendar once."""
    federation.declare(TOML.format(url=agenda.url, past=31))
    assert told(night(federation)) == ("done", ALL, 0, 0, 0, ALL)
    return federation


def night(federation):
    return federation.run("agenda")


def told(report):
    """How a run ended, and all that it changed; a run that counted nothing fails with its message."""
    assert report.counts, report.message
    names = ("created", "updated", "withdrawn", "missing", "changes")
    return (report.outcome, *(report.counts[name] for name in names))


def state(federation, ref):
    return federation.ledger().record("agenda", ref).state


def test_events_have_their_hour_and_series_are_written_out(agenda, harvested):
    harvested.publish()

    starts = dict(harvested.ask("SELECT ?r ?start { ?e dcterms:identifier ?r ; schema:startDate ?start }"))

    assert len(starts) == ALL
    assert datetime.fromisoformat(starts["chantier-30"]) == agenda.day(20)
    assert datetime.fromisoformat(starts[agenda.evening(2, 7)]) == agenda.day(-21 + 2 + 49)


def test_what_is_changed_deleted_and_added_is_all_that_changes(agenda, harvested):
    agenda.write("chantier-30", agenda.single(30, "Grand chantier"))
    agenda.delete("chantier-31")
    agenda.write("chantier-99", agenda.single(99))

    report = night(harvested)

    assert told(report) == ("done", 1, 1, 0, 0, 2)
    assert (
        state(harvested, "chantier-31") == "published"
    )  # a calendar holds coming events: leaving it proves nothing
    harvested.publish()
    names = {name for (name,) in harvested.ask("SELECT ?n { ?e dcterms:isPartOf ?s ; rdfs:label ?n }")}
    assert {"Grand chantier 30", "Chantier 31", "Chantier 99"} <= names
    assert "Chantier 30" not in names


def test_a_night_without_change_is_unchanged(harvested):
    assert told(night(harvested)) == ("unchanged", 0, 0, 0, 0, 0)


def test_an_evening_taken_out_of_its_series_is_withdrawn_and_one_that_is_moved_is_the_same(agenda, harvested):
    cancelled, moved = agenda.day(-21 + 35), agenda.day(-21 + 42)
    exception = event(
        "veillee-0", moved + timedelta(hours=1), "SUMMARY:Veillée 0",
        f"RECURRENCE-ID;TZID=Europe/Paris:{moved:%Y%m%dT%H%M%S}",
    )  # fmt: skip
    series = agenda.series(0, f"EXDATE;TZID=Europe/Paris:{cancelled:%Y%m%dT%H%M%S}")

    agenda.write("veillee-0", f"{series}\n{exception}")
    report = night(harvested)

    assert told(report) == ("done", 0, 1, 1, 0, 2)
    assert state(harvested, agenda.evening(0, 5)) == "withdrawn"
    assert state(harvested, agenda.evening(0, 6)) == "published"


def test_past_events_that_leave_the_calendar_or_its_window_stay_published(agenda, harvested):
    agenda.delete("chantier-0")
    harvested.declare(TOML.format(url=agenda.url, past=3))

    report = night(harvested)

    assert report.counts["read"] == ALL - 1 - SERIES * 3
    assert (report.counts["missing"], report.counts["changes"]) == (0, 0)
    assert [state(harvested, ref) for ref in ("chantier-0", agenda.evening(1, 0))] == ["published"] * 2
    harvested.publish()
    assert harvested.ask("SELECT (COUNT(?e) AS ?n) { ?e a schema:Event }") == [(str(ALL),)]
