"""Fetch: each promise of the polite client, against a real server on loopback."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import ipaddress
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable, StoreError
from harvester.fetch import Client, Pace, RawStore, agent, guard
from harvester.fetch.deadline import Deadline
from harvester.fetch.decoding import BadEncoding, CutShort, decoded
from harvester.fetch.guard import refusal
from harvester.fetch.retry import pause_s
from harvester.model import Secret, Source, posted

ROOT = Path(__file__).parents[1]
AGENT = agent("mailto:contact@example.org", "0.1.0")
BODY = b'[{"id": "a1", "name": "Le Jardin partag\xc3\xa9"}]'
JSON = {"Content-Type": "application/json; charset=UTF-8"}


class Asked(BaseHTTPRequestHandler):
    """One request: notes it, then lets the partner's script answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    partner: Partner

    def do_GET(self):
        self.partner.seen.append((self.path, dict(self.headers)))
        self.partner.scripts.get(self.path, absent)(self)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.partner.seen.append((f"{self.path}#{body.decode()}", dict(self.headers)))
        self.partner.scripts.get(self.path, absent)(self)

    def answer(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Partner:
    """A web site that answers as scripted and remembers what it was asked."""

    def __init__(self):
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.scripts: dict[str, Callable[[Asked], None]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("AskedHere", (Asked,), {"partner": self}))
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # clients that hang up are the point of some tests
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def asked(self, path):
        return [headers for seen, headers in self.seen if seen == path]


def absent(request):
    request.answer(404, b"not here")


def says(status, body=b"", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: request.answer(status, body, named)


def in_turn(*scripts):
    left = list(scripts)

    def next_one(request):
        script = left.pop(0) if len(left) > 1 else left[0]
        script(request)

    return next_one


@contextmanager
def running() -> Iterator[Partner]:
    partner = Partner()
    thread = threading.Thread(target=lambda: partner.server.serve_forever(poll_interval=0.01))
    thread.start()
    try:
        yield partner
    finally:
        partner.server.shutdown()
        partner.server.server_close()
        thread.join()


@pytest.fixture
def partner():
    with running() as partner:
        yield partner


@pytest.fixture
def raw(tmp_path):
    return RawStore(tmp_path / "raw")


@pytest.fixture
def loopback_is_public(monkeypatch):
    """The guard as it is, for a partner whose public address happens to be 127.0.0.1."""
    elsewhere = tuple(row for row in guard._REFUSED if str(row[0]) != "127.0.0.0/8")
    monkeypatch.setattr(guard, "_REFUSED", elsewhere)


def source(partner, **changes) -> Source:
    plain = Source(
        id="presdecheznous",
        title="Près de chez nous",
        connector="gogocarto",
        urls=(partner.url,),
        licence="ODbL-1.0",
        delay=timedelta(0),
        timeout=timedelta(seconds=2),
        allow_private=True,
    )
    return replace(plain, **changes)


@contextmanager
def client(partner, raw, *, known=None, pace=None, resolver=guard.resolve, **changes):
    with Client(
        source(partner, **changes),
        raw,
        agent=AGENT,
        known=known or {},
        pace=pace,
        backoff=0.01,
        resolver=resolver,
    ) as made:
        yield made


def fetched(partner, raw, path="/", **changes):
    with client(partner, raw, **changes) as made:
        return made.get(partner.url + path)


# An answer


def test_an_answer_is_kept_as_received_with_its_validators(partner, raw):
    partner.scripts["/"] = says(200, BODY, **JSON, ETag='"v1"', Last_Modified="Sat, 21 Nov 2026 02:00:00 GMT")
    answer = fetched(partner, raw)
    assert raw.read(answer) == BODY
    assert (200, "application/json", "utf-8", '"v1"', len(BODY)) == (
        answer.status,
        answer.media_type,
        answer.charset.lower(),
        answer.etag,
        answer.size,
    )
    assert answer.last_modified == "Sat, 21 Nov 2026 02:00:00 GMT"
    assert answer.fetched_at.tzinfo is UTC
    assert hashlib.sha256(BODY).hexdigest() == answer.body


def test_the_headers_that_tell_of_pages_are_kept_and_no_others(partner, raw):
    said = {"Link": '</2>; rel="next"', "X-WP-Total": "7", "Set-Cookie": "a=b"}
    partner.scripts["/"] = in_turn(says(200, BODY, ETag='"v1"', **said), says(304, X_WP_Total="8"))
    first = fetched(partner, raw)
    again = fetched(partner, raw, known={first.url: first})
    assert first.headers == {"link": '</2>; rel="next"', "x-wp-total": "7"}
    assert again.headers == {"link": '</2>; rel="next"', "x-wp-total": "8"}


def test_a_question_is_posted_and_its_answer_kept_under_an_address_of_its_own(partner, raw):
    partner.scripts["/api"] = in_turn(says(503), says(200, BODY))
    with client(partner, raw) as made:
        answer = made.post(partner.url + "/api", b'{"query": "a"}', accept="application/json")
        other = made.post(partner.url + "/api", b'{"query": "b"}')

    assert [seen for seen, _ in partner.seen if "query" in seen] == [
        '/api#{"query": "a"}',
        '/api#{"query": "a"}',
        '/api#{"query": "b"}',
    ]
    assert partner.seen[-1][1]["Content-Type"] == "application/json"
    assert answer.url == posted(partner.url + "/api", b'{"query": "a"}') != other.url
    assert raw.read(answer) == BODY


def test_a_question_is_not_posted_to_another_address(partner, raw):
    partner.scripts["/api"] = says(307, location="/elsewhere")

    with (
        client(partner, raw) as made,
        pytest.raises(SourceChanged, match="redirects a question sent by POST"),
    ):
        made.post(partner.url + "/api", b"{}")


def test_every_request_says_who_we_are_and_keeps_no_cookie(partner, raw):
    partner.scripts["/"] = says(200, BODY, Set_Cookie="visit=1; Path=/")
    with client(partner, raw, headers={"user-agent": "Mozilla/5.0", "X-Plain": "yes"}) as made:
        made.get(partner.url + "/")
        made.get(partner.url + "/")
    for headers in partner.asked("/"):
        assert headers["User-Agent"] == "ArchipelHarvester/0.1.0 (+mailto:contact@example.org)"
        assert headers["X-Plain"] == "yes"
        assert headers["Accept-Encoding"] == "gzip, deflate"
        assert "Cookie" not in headers
    assert len(partner.asked("/")) == 2


def test_a_proxy_of_the_environment_is_not_trusted(partner, raw, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    partner.scripts["/"] = says(200, BODY)
    assert fetched(partner, raw).size == len(BODY)


def test_the_load_counts_requests_bytes_and_answers_unchanged(partner, raw):
    partner.scripts["/"] = says(200, gzip.compress(BODY * 50), Content_Encoding="gzip")
    chunks = []
    with Client(source(partner), raw, agent=AGENT, on_bytes=chunks.append) as made:
        answer = made.get(partner.url + "/")
    on_wire = len(gzip.compress(BODY * 50))
    assert answer.size == len(BODY) * 50
    assert sum(chunks) == on_wire
    assert (made.load.requests, made.load.bytes) == (2, on_wire)


# Conditional requests


def test_a_304_gives_back_the_known_answer(partner, raw):
    partner.scripts["/"] = in_turn(says(200, BODY, ETag='"v1"', **JSON), says(304))
    first = fetched(partner, raw)
    with client(partner, raw, known={first.url: first}) as made:
        again = made.get(first.url)
    assert replace(first, status=304, fetched_at=again.fetched_at) == again
    assert partner.asked("/")[1]["If-None-Match"] == '"v1"'
    assert made.load.not_modified == 1


def test_nothing_is_conditional_when_the_known_body_is_gone(partner, raw):
    partner.scripts["/"] = says(200, BODY, ETag='"v1"')
    first = fetched(partner, raw)
    raw.remove(first.body)
    again = fetched(partner, raw, known={first.url: first})
    assert "If-None-Match" not in partner.asked("/")[1]
    assert again.status == 200
    assert raw.has(again.body)


def test_nothing_is_conditional_when_the_connector_wants_the_whole(partner, raw):
    partner.scripts["/"] = says(200, BODY, ETag='"v1"')
    first = fetched(partner, raw)
    with client(partner, raw, known={first.url: first}) as made:
        made.get(first.url, conditional=False)
    assert "If-None-Match" not in partner.asked("/")[1]


def test_a_304_nobody_asked_for_is_an_answer_that_changed(partner, raw):
    partner.scripts["/"] = says(304)
    with pytest.raises(SourceChanged, match="answered 304"):
        fetched(partner, raw)


# Patience


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_status_is_asked_again(partner, raw, status):
    partner.scripts["/"] = in_turn(says(status), says(200, BODY))
    assert fetched(partner, raw).size == len(BODY)


def test_a_lasting_503_is_told_in_one_line_and_changes_nothing(partner, raw):
    partner.scripts["/"] = says(503, b"down")
    with pytest.raises(SourceUnavailable) as told:
        fetched(partner, raw)
    assert str(told.value) == (
        f"presdecheznous: {partner.url}/ answered 503 three times; "
        "published data kept, the next round tries again"
    )
    assert list(raw.digests()) == []
    assert len(partner.asked("/")) == 3


def test_different_failures_are_told_one_by_one(partner, raw):
    partner.scripts["/"] = in_turn(says(503), says(429))
    with pytest.raises(SourceUnavailable, match="answered 503, then answered 429;"):
        fetched(partner, raw, attempts=2)


def test_retry_after_is_honoured(partner, raw):
    partner.scripts["/"] = in_turn(says(429, Retry_After="1"), says(200, BODY))
    began = time.monotonic()
    with client(partner, raw) as made:
        made.get(partner.url + "/")
    assert time.monotonic() - began >= 1
    assert made.load.waited_s >= 1


def test_a_partner_who_asks_for_an_hour_is_left_alone_at_once(partner, raw):
    partner.scripts["/"] = says(503, Retry_After="3600")
    with pytest.raises(SourceUnavailable, match="answered 503 and asks to wait 3600 s"):
        fetched(partner, raw)
    assert len(partner.asked("/")) == 1


def test_a_server_that_cannot_be_reached_is_unavailable(raw):
    with running() as gone:
        pass
    with pytest.raises(SourceUnavailable, match=r"could not be reached .* three times"):
        fetched(gone, raw)


def test_a_truncated_answer_is_never_kept(partner, raw):
    def breaks_off(request):
        request.answer(200, BODY, {"Content-Length": str(len(BODY) + 10)})
        request.close_connection = True

    partner.scripts["/"] = breaks_off
    with pytest.raises(SourceUnavailable, match="broke off its answer"):
        fetched(partner, raw)
    assert list(raw.folder.rglob("*")) == []


def test_a_truncated_answer_may_be_whole_the_second_time(partner, raw):
    cut = gzip.compress(BODY)[:-12]
    partner.scripts["/"] = in_turn(says(200, cut, Content_Encoding="gzip"), says(200, BODY))
    assert raw.read(fetched(partner, raw)) == BODY


def test_a_silent_server_times_out(partner, raw):
    partner.scripts["/"] = lambda _: time.sleep(0.3)
    with pytest.raises(SourceUnavailable, match=r"did not answer within 0.1 s"):
        fetched(partner, raw, timeout=timedelta(seconds=0.1), attempts=1)


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"]
)
def test_a_slow_drip_meets_the_deadline(partner, raw, start):
    def drips(request):
        request.wfile.write(start)
        for _ in range(100):
            request.wfile.write(b"a")
            time.sleep(0.02)

    partner.scripts["/"] = drips
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match=r"took longer than 0.5 s"):
        fetched(partner, raw, timeout=timedelta(seconds=0.05), robots_ignored="ours")
    assert time.monotonic() - began < 1.5
    assert len(partner.asked("/")) == 1


# Refusals and changes


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_not_asked_again(partner, raw, status):
    partner.scripts["/"] = says(status)
    with pytest.raises(SourceRefused, match=f"answered {status}"):
        fetched(partner, raw)
    assert len(partner.asked("/")) == 1


@pytest.mark.parametrize("status", [202, 206, 400, 404, 410, 300])
def test_any_other_status_is_an_answer_that_changed(partner, raw, status):
    partner.scripts["/"] = says(status)
    with pytest.raises(SourceChanged, match=f"answered {status}"):
        fetched(partner, raw)


def test_an_odd_server_error_is_unavailable_at_once(partner, raw):
    partner.scripts["/"] = says(520)
    with pytest.raises(SourceUnavailable, match="answered 520;"):
        fetched(partner, raw)
    assert len(partner.asked("/")) == 1


@pytest.mark.parametrize(
    "url", ["ftp://example.org/x", "file:///etc/passwd", "example.org", "http://[::1", "http://"]
)
def test_only_web_addresses_are_asked(partner, raw, url):
    with client(partner, raw) as made, pytest.raises(SourceChanged, match="is not an http or https address"):
        made.get(url)


def test_a_password_in_an_address_is_never_told(partner, raw):
    with client(partner, raw) as made, pytest.raises(SourceChanged) as told:
        made.get(partner.url.replace("//", "//me:hunter2@") + "/none")
    assert "hunter2" not in str(told.value)


# Secrets


def test_a_secret_is_read_from_the_environment_at_use(partner, raw, monkeypatch):
    partner.scripts["/"] = says(200, BODY)
    with client(partner, raw, headers={"Authorization": Secret("PARTNER_KEY")}) as made:
        monkeypatch.setenv("PARTNER_KEY", "Bearer s3cret")
        made.get(partner.url + "/")
    assert partner.asked("/")[0]["Authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(("value", "fault"), [(None, "is not set"), ("s3cret\nX: y", "is malformed")])
def test_a_missing_or_malformed_secret_names_its_variable_only(partner, raw, monkeypatch, value, fault):
    monkeypatch.delenv("PARTNER_KEY", raising=False)
    if value:
        monkeypatch.setenv("PARTNER_KEY", value)
    with pytest.raises(SourceRefused, match=f"'PARTNER_KEY' {fault}") as told:
        fetched(partner, raw, headers={"X-Key": Secret("PARTNER_KEY")})
    assert "s3cret" not in str(told.value)
    assert partner.seen == []


def test_a_secret_does_not_follow_a_redirect_to_another_host(partner, raw, monkeypatch):
    monkeypatch.setenv("PARTNER_KEY", "s3cret")
    with running() as other:
        other.scripts["/data"] = says(200, BODY)
        partner.scripts["/"] = says(302, Location=other.url + "/data")
        fetched(partner, raw, headers={"X-Key": Secret("PARTNER_KEY")})
    assert partner.asked("/")[0]["X-Key"] == "s3cret"
    assert "X-Key" not in other.asked("/data")[0]


# Redirects


def test_a_redirect_is_followed_and_the_answer_keeps_the_address_asked(partner, raw):
    partner.scripts["/"] = says(301, Location="/new?page=1")
    partner.scripts["/new?page=1"] = says(200, BODY)
    assert fetched(partner, raw).url == partner.url + "/"


def test_a_redirect_loop_ends(partner, raw):
    partner.scripts["/"] = says(302, Location="/")
    with pytest.raises(SourceChanged, match="redirects more than 5 times"):
        fetched(partner, raw)
    assert len(partner.asked("/")) == 6


@pytest.mark.usefixtures("loopback_is_public")
@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/", "http://169.254.169.254/latest", "http://[::ffff:7f00:1]/"]
)
def test_a_redirect_to_a_private_address_is_refused(partner, raw, target):
    partner.scripts["/"] = says(302, Location=target)
    with pytest.raises(SourceRefused, match="set allow_private = true"):
        fetched(partner, raw, allow_private=False)


def test_a_redirect_to_a_file_is_refused(partner, raw):
    partner.scripts["/"] = says(302, Location="file:///etc/passwd")
    with pytest.raises(SourceChanged, match="'file:///etc/passwd' is not an http or https address"):
        fetched(partner, raw)


def test_a_redirect_is_checked_against_the_robots_of_its_target(partner, raw):
    with running() as other:
        other.scripts["/robots.txt"] = says(200, b"User-agent: *\nDisallow: /closed")
        partner.scripts["/"] = says(302, Location=other.url + "/closed/data")
        with pytest.raises(SourceRefused, match="is closed to 'ArchipelHarvester'"):
            fetched(partner, raw)
    assert other.asked("/closed/data") == []


# Sizes and encodings


def test_an_answer_that_says_it_is_huge_is_not_read(partner, raw):
    partner.scripts["/"] = says(200, b"x" * 2000)
    with pytest.raises(SourceChanged, match="is larger than 1000 bytes"):
        fetched(partner, raw, max_bytes=1000)
    assert list(raw.digests()) == []


def test_an_endless_answer_is_stopped_at_the_cap(partner, raw):
    def endless(request):
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        while True:
            request.wfile.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")

    partner.scripts["/"] = endless
    with (
        client(partner, raw, max_bytes=100_000) as made,
        pytest.raises(SourceChanged, match="larger than 100000"),
    ):
        made.get(partner.url + "/")
    assert made.load.bytes < 400_000


def test_a_gzip_bomb_is_stopped_as_it_inflates(partner, raw):
    partner.scripts["/"] = says(200, gzip.compress(b"\0" * 50_000_000), Content_Encoding="gzip")
    with pytest.raises(SourceChanged, match="is larger than 100000 bytes"):
        fetched(partner, raw, max_bytes=100_000)
    assert list(raw.folder.rglob("*")) == []


def test_an_encoding_we_did_not_ask_for_is_told(partner, raw):
    partner.scripts["/"] = says(200, BODY, Content_Encoding="br")
    with pytest.raises(SourceChanged, match="is encoded as 'br', which was not asked for"):
        fetched(partner, raw)


@given(st.lists(st.binary(max_size=300), max_size=4), st.integers(1, 40))
def test_gzip_members_come_back_whole_however_they_are_cut(members, width):
    packed = b"".join(gzip.compress(member) for member in members)
    chunks = [packed[start : start + width] for start in range(0, len(packed), width)]
    assert b"".join(members) == b"".join(decoded(chunks, "gzip"))


@given(st.binary(max_size=2000), st.booleans())
def test_deflate_is_understood_with_and_without_its_header(body, bare):
    made = zlib.compressobj(wbits=-15 if bare else 15)
    assert body == b"".join(decoded([made.compress(body) + made.flush()], "deflate"))


@given(st.binary(min_size=1, max_size=500), st.data())
def test_a_compressed_body_cut_anywhere_is_noticed(body, data):
    packed = gzip.compress(body)
    cut = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(CutShort):
        list(decoded([packed[:cut]], "gzip"))


def test_a_body_that_is_not_gzip_is_noticed():
    with pytest.raises(BadEncoding, match="is not compressed as its header says"):
        list(decoded([b"<html>"], "gzip"))


def test_a_long_body_inflates_in_small_pieces():
    body = b"abc" * 1_000_000
    pieces = list(decoded([gzip.compress(body)], "gzip"))
    assert body == b"".join(pieces)
    assert max(map(len, pieces)) <= 1 << 16


# Robots


def test_robots_txt_is_asked_once_and_obeyed(partner, raw):
    partner.scripts["/robots.txt"] = says(200, b"User-agent: ArchipelHarvester\nDisallow: /api/private")
    partner.scripts["/api/open"] = says(200, BODY)
    with client(partner, raw) as made:
        made.get(partner.url + "/api/open")
        with pytest.raises(SourceRefused, match="is closed to 'ArchipelHarvester' by http"):
            made.get(partner.url + "/api/private")
    assert [path for path, _ in partner.seen] == ["/robots.txt", "/api/open"]


def test_robots_txt_is_not_consulted_when_the_source_says_why(partner, raw):
    partner.scripts["/robots.txt"] = says(200, b"User-agent: *\nDisallow: /")
    partner.scripts["/"] = says(200, BODY)
    fetched(partner, raw, robots_ignored="the partner asked us to")
    assert partner.asked("/robots.txt") == []


@pytest.mark.parametrize("status", [429, 503])
def test_an_unreachable_robots_txt_defers_the_source(partner, raw, status):
    partner.scripts["/robots.txt"] = says(status)
    partner.scripts["/"] = says(200, BODY)
    with pytest.raises(SourceUnavailable, match=f"/robots.txt answered {status} three times"):
        fetched(partner, raw)
    assert partner.asked("/") == []


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_host_without_robots_txt_allows(partner, raw, status):
    partner.scripts["/robots.txt"] = says(status)
    partner.scripts["/"] = says(200, BODY)
    assert fetched(partner, raw).status == 200


def test_crawl_delay_slows_the_pace(partner, raw, tmp_path):
    partner.scripts["/robots.txt"] = says(200, b"User-agent: *\nCrawl-delay: 0.2")
    partner.scripts["/"] = says(200, BODY)
    with client(partner, raw, pace=Pace(tmp_path / "pace")) as made:
        for _ in range(3):
            made.get(partner.url + "/")
    assert 0.35 < made.load.waited_s < 1


# Pace


def test_two_sources_share_the_pace_of_a_host(tmp_path):
    one, two = Pace(tmp_path), Pace(tmp_path)
    began = time.monotonic()
    waits = [one.wait("example.org", 0.1), two.wait("example.org", 0.1), one.wait("other.example", 0.1)]
    assert waits[0] < 0.05 <= waits[1] <= time.monotonic() - began
    assert waits[2] < 0.05


def test_no_delay_costs_nothing_and_writes_nothing(tmp_path):
    assert Pace(tmp_path / "pace").wait("example.org", 0) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("last", ["", "1.7e", "99999999999.0"])
def test_a_damaged_pace_never_stops_a_host_for_longer_than_its_delay(tmp_path, last):
    (tmp_path / "example.org").write_text(last)
    assert Pace(tmp_path).wait("example.org", 0.05) < 0.5


def test_processes_share_the_pace_of_a_host(tmp_path):
    script = (
        "import sys, pathlib; from harvester.fetch.pace import Pace;"
        "print(Pace(pathlib.Path(sys.argv[1])).wait('example.org', 0.2))"
    )
    began = time.time()
    made = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT)
        for _ in range(3)
    ]
    assert all(process.communicate()[0] for process in made)
    assert float((tmp_path / "example.org").read_text()) - began >= 0.4


# The address guard


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("127.0.0.1", "loopback"),
        ("10.1.2.3", "private"),
        ("172.31.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("169.254.1.1", "link-local"),
        ("169.254.169.254", "cloud metadata"),
        ("168.63.129.16", "cloud metadata"),
        ("0.0.0.0", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("fe80::1%lo", "link-local"),
        ("fd12::1", "private"),
        ("fd00:ec2::254", "cloud metadata"),
        ("ff02::1", "multicast"),
        ("::ffff:8.8.8.8", "embedded IPv4"),
        ("64:ff9b::a00:1", "embedded IPv4"),
        ("2002:a00:1::", "embedded IPv4"),
        ("2001:0:a00:1::", "embedded IPv4"),
        ("2001:db8::1", "reserved"),
        ("4000::1", "reserved"),
        ("8.8.8.8", None),
        ("2001:4860:4860::8888", None),
    ],
)
def test_each_class_of_address_has_its_word(address, word):
    assert word == refusal(address)


@given(st.ip_addresses().filter(lambda address: not address.is_global or address.is_multicast))
def test_no_address_that_is_not_global_passes(address):
    assert refusal(str(address)) is not None


@given(st.ip_addresses(v=4, network="8.0.0.0/8") | st.ip_addresses(v=6, network="2a00::/12"))
def test_public_addresses_pass(address):
    assert refusal(str(address)) is None


@given(st.ip_addresses(v=4))
def test_no_ipv4_hides_in_an_ipv6(address):
    for prefix in ("::ffff:0:0", "64:ff9b::", "::"):
        hidden = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + int(address))
        assert refusal(str(hidden)) is not None


def test_a_private_partner_is_refused_unless_the_source_says_so(partner, raw):
    partner.scripts["/"] = says(200, BODY)
    with pytest.raises(SourceRefused, match=r"host '127.0.0.1' is at '127.0.0.1', a loopback address"):
        fetched(partner, raw, allow_private=False)
    assert partner.seen == []


@pytest.mark.usefixtures("loopback_is_public")
def test_a_name_that_changes_its_address_after_the_check_gains_nothing(partner, raw):
    partner.scripts["/"] = lambda request: request.answer(200, BODY, {"Connection": "close"})
    partner.scripts["/robots.txt"] = says(200)
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    asked = []

    def rebinding(host, _port):
        asked.append(host)
        return next(answers)

    url = f"http://partner.example:{partner.port}/"
    with client(partner, raw, allow_private=False, resolver=rebinding) as made:
        assert made.get(url).size == len(BODY)
        assert asked == ["partner.example"]
        with pytest.raises(SourceRefused, match=r"'partner.example' is at '10.0.0.1', a private address"):
            made.get(url)
    assert partner.asked("/")[0]["Host"] == f"partner.example:{partner.port}"


def test_private_addresses_of_a_name_that_has_public_ones_are_never_tried():
    backend = guard.GuardedBackend("x", Deadline(), resolver=lambda *_: ["10.0.0.1", "8.8.8.8", "::1"])
    assert backend._allowed("partner.example", 80) == ["8.8.8.8"]


def test_a_name_without_address_is_unavailable(partner, raw):
    def unknown(*_):
        raise socket.gaierror(-2, "Name or service not known")

    with (
        client(partner, raw, resolver=unknown) as made,
        pytest.raises(SourceUnavailable, match="has no address"),
    ):
        made.get("https://partner.example/")


def test_tls_still_asks_for_the_name_not_the_checked_address(partner, raw):
    hellos = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen():
            stream, _ = listener.accept()
            with stream:
                hellos.append(stream.recv(4096))

        thread = threading.Thread(target=listen)
        thread.start()
        url = f"https://partner.example:{listener.getsockname()[1]}/"
        with (
            client(partner, raw, attempts=1, resolver=lambda *_: ["127.0.0.1"]) as made,
            pytest.raises(SourceUnavailable, match="could not be reached"),
        ):
            made.get(url)
        thread.join()
    assert b"partner.example" in hellos[0]


# Retry-After


NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120),
        ("Sun, 22 Nov 2026 02:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 01:00:00 GMT", 0),
        ("Sun, 22 Nov 2026 02:00:30 -0000", 30),
        ("soon", None),
        ("-5", None),
        ("1 Jan 99999999999999999999 00:00:00 GMT", None),
        ("1 Jan 2026 00:00:00 +99999999999999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert seconds == pause_s(header, NOW)


@given(st.text("0123456789 :,-+.SunovGMT٣", max_size=40))
def test_no_retry_after_breaks_the_client(header):
    assert (pause_s(header, NOW) or 0) >= 0


# The raw store


@given(st.lists(st.binary(max_size=1000), max_size=5))
def test_a_body_comes_back_as_it_was_written(tmp_path_factory, chunks):
    raw = RawStore(tmp_path_factory.mktemp("raw"))
    with raw.writer() as writer:
        for chunk in chunks:
            writer.write(chunk)
    body = b"".join(chunks)
    assert (hashlib.sha256(body).hexdigest(), len(body)) == (writer.digest, writer.size)
    assert raw.read(writer.digest) == body


def kept(raw, body):
    with raw.writer() as writer:
        writer.write(body)
    return writer.digest


def test_the_same_body_is_stored_once_and_can_be_removed(raw):
    digest = kept(raw, BODY)
    assert kept(raw, BODY) == digest
    assert list(raw.digests()) == [digest]
    raw.remove(digest)
    assert not raw.has(digest)
    raw.remove(digest)


def test_a_block_that_raises_keeps_nothing(raw):
    def broken():
        yield BODY
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), raw.writer() as writer:
        list(map(writer.write, broken()))
    assert list(raw.folder.rglob("*")) == []


def test_a_body_reads_as_a_stream_of_text(raw):
    digest = kept(raw, "ref;nom\n1;Épicerie\n".encode() * 50_000)
    with io.TextIOWrapper(raw.open(digest), encoding="utf-8", newline="") as text:
        rows = sum(1 for _ in csv.reader(text, delimiter=";"))
    assert rows == 100_000


def test_a_body_longer_than_the_limit_is_not_read_whole(raw):
    digest = kept(raw, BODY)
    with pytest.raises(StoreError, match="holds more than 10 bytes"):
        raw.read(digest, limit=10)


def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage", [flipped, lambda content: content[:-5], lambda _: b"", lambda _: b"not zstd"]
)
def test_a_damaged_body_is_named_never_returned(raw, damage):
    digest = kept(raw, bytes(range(256)) * 400)
    path = raw.path(digest)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StoreError, match=f"{digest}.zst: the raw answer is damaged"):
        raw.read(digest)


def test_writing_a_body_again_mends_its_damaged_file(raw):
    digest = kept(raw, BODY)
    raw.path(digest).write_bytes(b"")
    kept(raw, BODY)
    assert raw.read(digest) == BODY


def test_a_missing_body_is_named(raw):
    with pytest.raises(StoreError, match=r"ab/abcd.zst: the raw answer is not there"):
        raw.open("abcd")


def test_what_a_killed_writer_left_is_swept(raw):
    raw.writer()._file.close()
    digest = kept(raw, BODY)
    assert raw.sweep(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert raw.sweep(datetime.now(UTC) + timedelta(hours=1)) == 1
    assert list(raw.digests()) == [digest]


def test_reading_kept_answers_does_not_load_the_http_library():
    script = "import sys, harvester.fetch.raw, harvester.fetch.pace; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT).returncode == 0
