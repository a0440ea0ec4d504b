"""Somebody is told what needs a person, once, and once more when it is over."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from test_harvest import LISTING, gardens, serve, table
from test_keeping import said
from test_schedule import clock, until

from harvester.config import load
from harvester.fetch.notify import sent
from harvester.harvest import Harvest
from harvester.keeping.alarming import alarm
from harvester.keeping.disk import LEAST, Disk
from harvester.ledger.alarms import told
from harvester.model import Outcome, Secret

FIRST = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)


class Room(ThreadingHTTPServer):
    """Where messages arrive: a chat server on loopback, which may be out of order."""

    def __init__(self) -> None:
        self.heard: list[dict[str, object]] = []
        self.status = 200
        self.silent = threading.Event()
        super().__init__(("127.0.0.1", 0), _Hearing)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook/secret-word"


class _Hearing(BaseHTTPRequestHandler):
    server: Room

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.status == 200:
            self.server.heard.append({**message, "agent": self.headers["User-Agent"]})
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def listening() -> Iterator[Room]:
    room = Room()
    thread = threading.Thread(target=room.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield room
    finally:
        room.shutdown()
        room.server_close()
        thread.join()


@pytest.fixture
def room() -> Iterator[Room]:
    with listening() as running:
        yield running


@pytest.fixture
def garden(federation, partners, room):
    serve(partners, gardens(30))
    federation.declare(table(partners.url + LISTING))
    notified(federation, f'"{room.url}"')
    return federation


def notified(federation, webhook: str) -> None:
    text = federation.config.read_text(encoding="utf-8")
    federation.config.write_text(text.replace("[source", f"notify = {{ webhook = {webhook} }}\n[source", 1))


def night(garden, number: int) -> Outcome:
    """A night: the run, then whoever is to be told."""
    moment = FIRST + timedelta(days=number)
    federation, ledger = load(garden.config).federation, garden.ledger()
    plan = garden.plan("jardins")
    outcome = Harvest(plan, federation, garden.layout, ledger, now=lambda: moment).run().outcome
    alarm(ledger, garden.layout, federation, ["jardins"], moment)
    ledger.close()
    return outcome


def heard(room: Room) -> list[object]:
    """The alarms told of, less those of this machine's own disk."""
    return [message["alarm"] for message in room.heard if message["source"]]


def test_one_message_when_held_none_the_next_night_one_when_good_again(garden, partners, room):
    night(garden, 0)
    assert room.heard == []
    serve(partners, gardens(5))

    assert [night(garden, 1), night(garden, 2)] == [Outcome.HELD, Outcome.HELD]

    assert heard(room) == ["held"]
    message = room.heard[0]
    assert (message["federation"], message["source"]) == ("Essai", "jardins")
    assert message["page"] == "http://localhost:8000/sources/jardins"
    assert "Jardins: the run is held until a person decides." in message["text"]
    assert "25 of 30 published records are missing" in message["text"]
    assert "attend une décision" in message["text_fr"]
    assert message["agent"].startswith("ArchipelHarvester/")

    serve(partners, gardens(30))
    assert night(garden, 3) == Outcome.UNCHANGED
    assert heard(room) == ["held", "good"]
    night(garden, 4)
    assert heard(room) == ["held", "good"]


def test_failing_is_told_after_three_nights_and_stale_after_that(garden, partners, room):
    night(garden, 0)
    partners.misbehave(LISTING, "status:503")

    told_by = {}
    for number in range(1, 8):
        night(garden, number)
        night(garden, number)  # twice in a night is one night
        told_by[number] = heard(room)

    assert told_by[2] == []
    assert told_by[3][0] == "failing"
    assert told_by[7] == ["failing", "stale"]
    assert "failing for 3 nights" in room.heard[0]["text"]
    partners.behave()
    night(garden, 8)
    assert heard(room) == ["failing", "stale", "good"]


def test_message_that_is_not_accepted_is_sent_again_and_disturbs_no_run(garden, partners, room):
    night(garden, 0)
    serve(partners, gardens(5))
    room.status = 500

    assert night(garden, 1) == Outcome.HELD
    assert told(garden.ledger()) == {}

    room.status = 200
    night(garden, 2)
    assert heard(room) == ["held"]


def test_house_that_hears_nothing_harvests_all_the_same(garden, partners):
    with listening() as gone:
        notified(garden, f'"{gone.url}"')
    garden.declare(table(partners.url + LISTING, expect="{ min_records = 31 }"))
    notified(garden, f'"{gone.url}"')

    assert night(garden, 0) == Outcome.HELD
    assert told(garden.ledger()) == {}


def test_address_may_be_a_secret_of_the_environment_and_is_told_to_nobody(
    garden, partners, room, monkeypatch, capsys
):
    garden.declare(table(partners.url + LISTING, expect="{ min_records = 31 }"))
    notified(garden, '{ env = "NOTIFY_URL" }')
    night(garden, 0)
    assert room.heard == []  # not set: said in the log, tried again

    monkeypatch.setenv("NOTIFY_URL", room.url)
    night(garden, 1)
    assert heard(room) == ["held"]

    for address in (
        "nonsense secret-word",
        "http://[secret-word",
        "http://127.0.0.1:1/secret-word",
        "ftp://secret-word/",
    ):
        monkeypatch.setenv("NOTIFY_URL", address)
        refused = sent(Secret("NOTIFY_URL"), {}, agent="x")
        assert refused
        assert "secret-word" not in refused
    shown = capsys.readouterr()
    assert "secret-word" not in shown.out + shown.err


def test_source_that_is_harvested_no_more_leaves_no_alarm(garden, partners, room):
    night(garden, 0)
    serve(partners, gardens(5))
    night(garden, 1)

    federation = load(garden.config).federation
    alarm(garden.ledger(), garden.layout, federation, [], FIRST + timedelta(days=2))

    assert heard(room) == ["held"]
    assert told(garden.ledger()) == {}


def test_command_tells_when_it_has_run(garden, partners, room):
    garden.declare(table(partners.url + LISTING, expect="{ min_records = 31 }"))
    notified(garden, f'"{room.url}"')
    garden.publish()

    said(garden, "run")
    said(garden, "run")

    assert heard(room) == ["held"]


def test_schedule_tells_after_its_rounds(garden, partners, room):
    garden.declare(table(partners.url + LISTING, expect="{ min_records = 31 }"))
    notified(garden, f'"{room.url}"')
    with ThreadPoolExecutor(1) as pool:
        ticking = clock(garden, pool)
        ticking.start()
        until(lambda: heard(room) == ["held"])
        ticking.stop()


@pytest.mark.parametrize(
    ("free", "total", "full"),
    [
        (LEAST - 1, 2 * LEAST, True),
        (LEAST, 2 * LEAST, False),
        (4 * LEAST, 100 * LEAST, True),
        (6 * LEAST, 100 * LEAST, False),
    ],
)
def test_disk_is_nearly_full_below_one_gigabyte_or_five_hundredths(free, total, full):
    assert Disk(free, total).nearly_full() == full


def test_disk_that_was_nearly_full_must_have_some_more_room_to_be_good_again():
    assert Disk(LEAST + 1, 2 * LEAST).nearly_full(was=True)
    assert not Disk(LEAST * 3 // 2, 2 * LEAST).nearly_full(was=True)
