"""The recorded partners: what they hold, how they answer, and how they fail when asked to."""

from __future__ import annotations

import csv
import gzip
import http.client
import io
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).resolve().parents[1]))  # `demo` is not installed

from demo import altered, faults, sites
from demo.negotiation import negotiated
from demo.reply import Reply
from demo.server import Partners, digest

DEMO = Path(__file__).resolve().parents[1] / "demo"
RECORDED = DEMO / "partners"
ELEMENTS = "/presdecheznous/api/elements.json"
ENTRIES = "/wiki/?api/forms/4/entries"
ENTRIES_BODY = (RECORDED / "wiki" / "entries-4.json").read_bytes()

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


class Got(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def started() -> Iterator[Partners]:
    with Partners(RECORDED) as partners:
        yield partners


@pytest.fixture
def partners(started: Partners) -> Partners:
    started.behave()
    started.requests.clear()
    return started


@pytest.fixture
def connection(partners: Partners) -> Iterator[http.client.HTTPConnection]:
    connection = connected(partners)
    yield connection
    connection.close()


def connected(partners: Partners) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(partners.url.removeprefix("http://"), timeout=5)


def get(
    connection: http.client.HTTPConnection,
    path: str,
    method: str = "GET",
    body: str | None = None,
    **headers: str,
) -> Got:
    connection.request(
        method, path, body, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    answer = connection.getresponse()
    return Got(answer.status, {name.title(): text for name, text in answer.getheaders()}, answer.read())


# What is recorded


def test_every_address_of_every_partner_has_its_file():
    declared = [address for name in sites.partners(RECORDED) for address in sites.addresses(RECORDED, name)]
    assert [address.path for address in declared if not address.file.exists()] == []


def test_every_recorded_file_is_served_and_attributed():
    attribution = (DEMO / "ATTRIBUTION.md").read_text(encoding="utf-8")
    served = {a.file for name in sites.partners(RECORDED) for a in sites.addresses(RECORDED, name)}
    files = {file for file in RECORDED.rglob("*") if file.is_file() and file.name != "site.toml"}
    assert set() == {file for file in files if not served & {file, *file.parents}}
    assert set() == {file.name for file in served if f"`{file.relative_to(RECORDED)}" not in attribution}


def test_the_recordings_hold_the_records_that_the_attribution_counts():
    workbook = openpyxl.load_workbook(RECORDED / "mediation-numerique/ultra-num.xlsx", read_only=True)
    rows = sum(1 for _ in workbook.worksheets[0].iter_rows()) - 1
    workbook.close()
    counted = {
        "elements": len(recorded("presdecheznous/elements.json")["data"]),
        "compact": len(recorded("presdecheznous/elements-compact.json")["data"]),
        "pwa": len(recorded("pwa/elements.json")["data"]),
        "gironde": len(gironde()),
        "creuse": len((RECORDED / "mediation-numerique/creuse.jsonl").read_bytes().splitlines()),
        "corse": len(recorded("mediation-numerique/corse.json")),
        "reunion": rows,
        "supermarches": len(recorded("supermarches-cooperatifs/supermarches.json")),
        "onpassealacte": len(recorded("onpassealacte/index.json")),
        "wiki": len(recorded("wiki/entries-2.json")) + len(recorded("wiki/entries-4.json")),
    }
    attribution = (DEMO / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert sum(counted.values()) == 1778
    assert [name for name, count in counted.items() if f"| {count} |" not in attribution] == []


def test_the_index_of_the_sheets_names_every_sheet_once():
    folder = RECORDED / "onpassealacte/fiches"
    files = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    assert files == recorded("onpassealacte/index.json")


def test_columns_that_named_persons_are_blank():
    corse = recorded("mediation-numerique/corse.json")
    assert {None} == {row[column] for row in corse for column in ("Contact", "Conseiller numérique")}
    assert {""} == {record["contact"] for record in recorded("pwa/elements.json")["data"]}
    assert {""} == {row[column] for row in gironde() for column in ("Email", "Téléphone")}
    assert [e for e in recorded("presdecheznous/elements.json")["data"] if "contributions" in e] == []


def test_the_gironde_csv_keeps_its_decimal_commas_and_line_breaks():
    first = gironde()[0]
    assert (first["Coord. X"], first["Coord. Y"]) == ("44,839574881764", "-0,58023800736287")
    assert first["Description"].count("\n") == 2


def test_the_demo_sources_only_name_addresses_that_the_partners_answer():
    declared = tomllib.loads((DEMO / "sources.toml").read_text(encoding="utf-8"))["source"]
    suffixes = {
        "gogocarto": ["/api/elements.json"],
        "yeswiki": ["?api/forms/{form}/entries", "?api/forms/{form}"],
    }
    paths = [
        source["url"].removeprefix("http://127.0.0.1:8018") + suffix.format(form=source.get("form"))
        for source in declared.values()
        for suffix in suffixes.get(source["connector"], [""])
    ]
    assert [path for path in paths if sites.reply(RECORDED, path) is None] == []
    assert {True} == {source["allow_private"] for source in declared.values()}


def recorded(name: str):
    return json.loads((RECORDED / name).read_text(encoding="utf-8"))


def gironde() -> list[dict[str, str]]:
    text = (RECORDED / "mediation-numerique/gironde.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


# Good answers


def test_an_address_with_a_query_string_answers_its_file(connection):
    got = get(connection, ENTRIES)
    assert (got.status, got.body) == (200, ENTRIES_BODY)
    assert got.headers["Content-Type"] == "application/json; charset=utf-8"


def test_a_folder_answers_each_of_its_files(connection):
    path = "onpassealacte/fiches/habiter_ensemble/habitat_solidaire.md"
    got = get(connection, f"/{path}")
    assert (RECORDED / path).read_bytes() == got.body
    assert got.headers["Content-Type"] == "text/markdown; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nobody/x",
        "/pwa/site.toml",
        "/onpassealacte/fiches/../site.toml",
        "/..",
        "/wiki/?api/forms/1/entries",
    ],
)
def test_an_unknown_address_is_404(connection, path):
    assert get(connection, path).status == 404


def test_a_connection_serves_many_requests(connection):
    first = get(connection, ENTRIES)
    socket_used = connection.sock
    assert first == get(connection, ENTRIES)._replace(headers=first.headers)
    assert socket_used is connection.sock


def test_head_says_the_length_and_sends_no_body(connection):
    got = get(connection, ENTRIES, "HEAD")
    assert (200, str(len(ENTRIES_BODY)), b"") == (got.status, got.headers["Content-Length"], got.body)


def test_validators_are_answered_by_304(connection):
    headers = get(connection, ENTRIES).headers
    by_tag = get(connection, ENTRIES, If_None_Match=headers["Etag"])
    by_date = get(connection, ENTRIES, If_Modified_Since=headers["Last-Modified"])
    assert [(got.status, got.body) for got in (by_tag, by_date)] == [(304, b""), (304, b"")]
    assert headers["Last-Modified"] == "Thu, 17 Oct 2024 10:00:00 GMT"


def test_another_validator_or_an_older_date_gets_the_body(connection):
    older = "Wed, 16 Oct 2024 10:00:00 GMT"
    assert get(connection, ENTRIES, If_None_Match='W/"other"').status == 200
    assert get(connection, ENTRIES, If_Modified_Since=older).status == 200
    assert get(connection, ENTRIES, If_Modified_Since="yesterday").status == 200


def test_a_tag_outweighs_a_date(connection):
    headers = get(connection, ENTRIES).headers
    got = get(connection, ENTRIES, If_None_Match='"x"', If_Modified_Since=headers["Last-Modified"])
    assert got.status == 200


def test_gzip_is_sent_only_to_those_who_take_it(connection):
    packed = get(connection, ENTRIES, Accept_Encoding="deflate, gzip")
    refused = get(connection, ENTRIES, Accept_Encoding="gzip;q=0")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert ENTRIES_BODY == gzip.decompress(packed.body) == refused.body
    assert packed.headers["Etag"] == refused.headers["Etag"]


@given(st.binary(max_size=2000), st.integers(0, 4_000_000_000))
def test_any_reply_is_confirmed_by_its_own_validators(body, seconds):
    reply = Reply(body=body, date=datetime.fromtimestamp(seconds, UTC))
    headers = negotiated(reply, {}).headers
    assert negotiated(reply, {"If-None-Match": f'"a", {headers["ETag"]}'}).status == 304
    assert negotiated(reply, {"If-Modified-Since": headers["Last-Modified"]}).status == 304


def test_robots_allows_everything_but_what_a_partner_disallows(connection, tmp_path):
    assert get(connection, "/robots.txt").body == b"User-agent: *\nAllow: /\n"
    site = tmp_path / "wiki" / "site.toml"
    site.parent.mkdir()
    site.write_text('date = 2024-10-17T10:00:00Z\ndisallow = ["/private/"]\nanswer = []\n', encoding="utf-8")
    assert sites.robots(tmp_path) == "User-agent: *\nDisallow: /wiki/private/\nAllow: /\n"


def test_an_edited_copy_answers_anew(tmp_path):
    shutil.copytree(RECORDED / "wiki", tmp_path / "wiki")
    with Partners(tmp_path) as partners:
        connection = connected(partners)
        before = get(connection, ENTRIES)
        (tmp_path / "wiki" / "entries-4.json").write_bytes(b"{}")
        after = get(connection, ENTRIES, If_None_Match=before.headers["Etag"])
        connection.close()
    assert (after.status, after.body) == (200, b"{}")


def test_requests_are_kept_in_order(partners, connection):
    get(connection, ENTRIES, User_Agent="archipel")
    get(connection, "/nobody", "HEAD")
    assert [seen[:3] for seen in partners.requests] == [("GET", ENTRIES, 200), ("HEAD", "/nobody", 404)]
    assert partners.requests[0].headers["User-Agent"] == "archipel"


def test_a_test_may_serve_bytes_or_a_function_of_the_path(partners, connection):
    partners.serve("/pages", lambda path: path.encode(), "text/csv")
    partners.serve("/pages?p=2", b"second", "text/csv")
    assert get(connection, "/pages?p=1").body == b"/pages?p=1"
    assert get(connection, "/pages?p=2").body == b"second"


# Faults


@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [
        ("status:500", 500, None),
        ("status:503", 503, "1"),
        ("status:503:120", 503, "120"),
        ("status:429:2", 429, "2"),
        ("status:403", 403, None),
        ("status:404", 404, None),
        ("status:410", 410, None),
    ],
)
def test_a_status_is_answered_with_its_retry_after(partners, connection, fault, status, retry_after):
    partners.misbehave(ENTRIES, fault)
    got = get(connection, ENTRIES)
    assert (status, retry_after) == (got.status, got.headers.get("Retry-After"))


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        ("empty", b""),
        ("list", b"[]"),
        ("null", b"null"),
        ("half", ENTRIES_BODY[: len(ENTRIES_BODY) // 2]),
        ("html", faults.MAINTENANCE.encode()),
        ("page:/wiki/?api/forms/2/entries", (RECORDED / "wiki" / "entries-2.json").read_bytes()),
    ],
)
def test_a_wrong_body_comes_whole_at_200_without_validators(partners, connection, fault, body):
    partners.misbehave(ENTRIES, fault)
    got = get(connection, ENTRIES, Accept_Encoding="gzip", If_None_Match="*")
    assert (200, body) == (got.status, got.body)
    assert set() == {"Etag", "Last-Modified", "Content-Encoding"} & got.headers.keys()


def test_a_maintenance_page_says_it_is_html(partners, connection):
    partners.misbehave(ENTRIES, "html")
    assert get(connection, ENTRIES).headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_wrong_charset_label_leaves_the_bytes(partners, connection):
    partners.misbehave(ENTRIES, "charset:iso-8859-1")
    got = get(connection, ENTRIES)
    assert (got.headers["Content-Type"], got.body) == ("application/json; charset=iso-8859-1", ENTRIES_BODY)


def test_a_cut_answer_ends_before_its_length(partners, connection):
    partners.misbehave(ENTRIES, "cut")
    with pytest.raises(http.client.IncompleteRead) as cut:
        get(connection, ENTRIES)
    assert ENTRIES_BODY[: len(ENTRIES_BODY) // 2] == cut.value.partial


def test_a_slow_answer_comes_whole_at_its_rate(partners, connection):
    partners.serve("/slow", b"x" * 100, "text/plain")
    partners.misbehave("/slow", "drip:500")
    begun = time.monotonic()
    assert get(connection, "/slow").body == b"x" * 100
    assert 0.15 < time.monotonic() - begun < 2


def test_a_late_answer_is_the_good_one(partners, connection):
    partners.misbehave(ENTRIES, "hang:0.2")
    begun = time.monotonic()
    assert get(connection, ENTRIES).body == ENTRIES_BODY
    assert time.monotonic() - begun > 0.2


def test_a_reset_connection_gives_no_answer(partners, connection):
    partners.misbehave(ENTRIES, "reset")
    with pytest.raises(ConnectionResetError):
        get(connection, ENTRIES)
    assert [seen.status for seen in partners.requests] == [0]


def test_a_torn_answer_begins_and_is_broken_off_by_a_reset(partners, connection):
    partners.misbehave(ENTRIES, "torn")
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        get(connection, ENTRIES)
    assert [seen.status for seen in partners.requests] == [200]


@pytest.mark.parametrize(("fault", "location"), [("redirect:/elsewhere", "/elsewhere"), ("loop", ENTRIES)])
def test_a_redirect_names_where_to_go(partners, connection, fault, location):
    partners.misbehave(ENTRIES, fault)
    got = get(connection, ENTRIES)
    assert (302, location) == (got.status, got.headers["Location"])


def test_a_huge_body_is_generated_to_its_size(partners, connection):
    partners.misbehave(ENTRIES, "huge:3")
    assert len(get(connection, ENTRIES).body) == 3 << 20


def test_a_gzip_bomb_is_small_on_the_wire(partners, connection):
    partners.misbehave(ENTRIES, "bomb:8")
    got = get(connection, ENTRIES)
    assert got.headers["Content-Encoding"] == "gzip"
    assert len(got.body) < 1 << 16
    assert len(zlib.decompress(got.body, wbits=31)) == 8 << 20


def test_a_key_is_renamed_at_any_depth(partners, connection):
    partners.misbehave(ELEMENTS, "rename:latitude:lat")
    data = json.loads(get(connection, ELEMENTS).body)["data"]
    assert [{"lat", "longitude"}] == [set(geo) for geo in [data[0]["geo"]]]


@pytest.mark.parametrize(
    ("body", "fault", "spoiled"),
    [
        (b"nom;ville\nnom de rue;Die\n", "rename:nom:name", b"name;ville\nname de rue;Die\n"),
        (b"<liste><nom>A</nom><noms/></liste>", "rename:nom:name", b"<liste><name>A</name><noms/></liste>"),
        (b'{"total": 3, "sous-total": 4}', "count:total:2", b'{"total": 5, "sous-total": 4}'),
        (b'<token size="3" cursor="0"/>', "count:size:-1", b'<token size="2" cursor="0"/>'),
        (b'<n:total t="#int2">3</n:total>', "count:n:total:1", b'<n:total t="#int2">4</n:total>'),
        (b'{"n": {"type": "int", "value": "3"}}', "count:n:1", b'{"n": {"type": "int", "value": "4"}}'),
        ("café\nthé\n".encode(), "recode:iso-8859-1", "café\nthé\n".encode("latin-1")),
        (b"a,b\n1,2\n3,4\n5,6", "lines", b"a,b\n"),
        (b"123456", "lines", b"123"),
        (b"{}", "error", faults.ERROR.encode()),
    ],
    ids=["word", "element", "key", "attribute", "content", "value", "latin-1", "lines", "one-line", "error"],
)
def test_a_body_is_spoiled_a_little(partners, connection, body, fault, spoiled):
    partners.serve("/spoiled", body, "text/plain")
    partners.misbehave("/spoiled", fault)
    assert spoiled == get(connection, "/spoiled").body


@pytest.mark.parametrize("fault", ["rename:b:c", "recode:iso-8859-1", "count:total:1"])
def test_a_fault_that_would_spoil_nothing_is_said(partners, connection, fault):
    partners.serve("/good", b'{"a": 1}', "application/json")
    partners.misbehave("/good", fault)
    assert get(connection, "/good").status == 500


def test_a_fault_that_does_not_fit_the_answer_is_said(partners, connection):
    partners.misbehave("/mediation-numerique/gironde.csv", "rename:colour:couleur")
    got = get(connection, "/mediation-numerique/gironde.csv")
    assert got.status == 500
    assert b"faults: argument 'colour:couleur' does not fit 'rename'" in got.body


@given(JSON_VALUES)
def test_renaming_there_and_back_changes_nothing(value):
    assert value == altered.rekeyed(altered.rekeyed(value, "a", "never used"), "never used", "a")


@given(JSON_VALUES)
def test_a_renamed_key_is_nowhere_to_be_found(value):
    assert '"a":' not in json.dumps(
        altered.rekeyed(value, "a", "b"), separators=(",", ":"), ensure_ascii=True
    )


def test_a_fault_lasts_as_often_as_asked(partners, connection):
    partners.misbehave(ENTRIES, "status:500", times=2)
    assert [get(connection, ENTRIES).status for _ in range(3)] == [500, 500, 200]


def test_a_fault_that_never_happens_is_refused(partners):
    with pytest.raises(faults.UnknownFault, match="times is '0'; give 1 or more"):
        partners.misbehave(ENTRIES, "null", times=0)


def test_a_fault_spares_other_addresses_unless_a_star_covers_them(partners, connection):
    partners.misbehave("/wiki/*", "status:503")
    partners.misbehave(ENTRIES, "list")
    paths = [ENTRIES, "/wiki/?api/forms/2/entries", ELEMENTS]
    assert [get(connection, path).status for path in paths] == [200, 503, 200]


@pytest.mark.parametrize(
    "fault",
    [
        "nonsense",
        "status:200",
        "status:x",
        "drip:0",
        "hang:-1",
        "hang:601",
        "huge:1025",
        "bomb:nan",
        "recode:klingon",
        "count:total:many",
        "page:",
        "charset:",
    ],
)
def test_a_fault_that_cannot_be_understood_is_refused_when_asked(partners, fault):
    with pytest.raises(faults.UnknownFault, match=r"^faults: "):
        partners.misbehave(ENTRIES, fault)


def test_an_unknown_fault_names_the_known_ones(partners):
    with pytest.raises(faults.UnknownFault, match=r"no fault 'hmtl'; known: bomb, .*html"):
        partners.misbehave(ENTRIES, "hmtl")


# The control path


def test_another_process_may_ask_for_faults_and_take_them_back(partners, connection):
    asked = json.dumps({"path": ENTRIES, "fault": "status:410", "times": None})
    statuses = [get(connection, "/_faults", "POST", asked).status, get(connection, ENTRIES).status]
    statuses += [get(connection, "/_faults", "DELETE").status, get(connection, ENTRIES).status]
    assert statuses == [204, 410, 204, 200]
    assert [seen.path for seen in partners.requests] == [ENTRIES, ENTRIES]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not JSON",
        "[]",
        '{"path": "/"}',
        '{"path": "/", "fault": 5}',
        '{"path": "/", "fault": "null", "times": "x"}',
    ],
)
def test_a_control_request_that_says_nothing_useful_is_400(connection, body):
    got = get(connection, "/_faults", "POST", body)
    assert got.status == 400
    assert got.body.startswith(b"/_faults: cannot use this fault: ")


def test_recorded_paths_take_neither_post_nor_delete(partners, connection):
    assert [get(connection, ENTRIES, method).status for method in ("POST", "DELETE")] == [405, 405]
    partners.misbehave(ENTRIES, "status:410")
    assert get(connection, ENTRIES, "DELETE").status == 405
    assert get(connection, ENTRIES).status == 410


def test_a_question_sent_by_post_is_answered_by_what_it_says(partners, connection):
    partners.serve("/api", lambda asked: asked.partition("#")[2].upper().encode(), "text/plain")
    assert get(connection, "/api", "POST", "first").body == b"FIRST"
    partners.misbehave("/api", "status:503", times=1)
    assert get(connection, "/api", "POST", "second").status == 503
    assert get(connection, "/api", "POST", "third").body == b"THIRD"


def test_each_question_sent_by_post_may_have_its_own_reply_and_its_own_fault(partners, connection):
    for question in ("one", "two"):
        reply = Reply(body=question.upper().encode(), headers={"X-WP-Total": "2"})
        partners.answer(f"/api#{digest(question)}", reply)
    partners.misbehave(f"/api#{digest('two')}", f"page:/api#{digest('one')}")
    got = [get(connection, "/api", "POST", question) for question in ("one", "two")]
    assert [(one.body, one.headers["X-Wp-Total"]) for one in got] == [(b"ONE", "2"), (b"ONE", "2")]
    partners.misbehave("/api", "status:503", times=1)
    assert get(connection, "/api", "POST", "one").status == 503


# Start and stop


@pytest.mark.parametrize("fault", ["hang:600", "drip:1"])
def test_stopping_ends_every_wait(fault):
    before = set(threading.enumerate())
    with Partners(RECORDED) as partners:
        partners.misbehave(ENTRIES, fault)
        client = socket.create_connection(partners.url.removeprefix("http://").split(":"))
        client.sendall(f"GET {ENTRIES} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        while not partners.requests:
            time.sleep(0.01)
        begun = time.monotonic()
    client.close()
    assert time.monotonic() - begun < 2
    assert set() == set(threading.enumerate()) - before


def test_the_partners_may_stop_twice_and_start_again():
    partners = Partners(RECORDED)
    for _ in range(2):
        partners.start()
        partners.stop()
        partners.stop()
    with pytest.raises(RuntimeError, match="not started; call start"):
        _ = partners.url


def test_the_script_serves_until_it_is_told_to_stop():
    with subprocess.Popen(
        [sys.executable, str(DEMO / "server.py"), "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as script:
        said = script.stdout.readline()
        connection = http.client.HTTPConnection(said.split("http://")[1].strip().rstrip("/"), timeout=5)
        status = get(connection, ENTRIES).status
        connection.close()
        script.send_signal(signal.SIGTERM)
        assert (status, script.wait(timeout=5)) == (200, 0)
    assert said.startswith("7 recorded partners at http://127.0.0.1:")
