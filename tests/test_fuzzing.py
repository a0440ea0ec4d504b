"""Nothing that a partner sends or a person writes crashes, hangs or fills the memory: bad inputs, by the thousand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import fuzzed
import pytest
from conftest import ROOT
from shelf import harvested, read, recorded
from test_harvest import LISTING, table

from harvester import connectors, territory
from harvester.cleaning import CLEANERS
from harvester.cleaning.town import last_line, town
from harvester.connectors._expressions import expression, fits, matched
from harvester.connectors._markdown import sheet
from harvester.connectors._text import encoding
from harvester.errors import SourceChanged
from harvester.harvest.diary import Diary
from harvester.harvest.spelled import spelled
from harvester.model import Outcome, Record

FEW, MANY = 3_000, 1_000_000
PART = 10_000
"""Inputs of one process of the long run: what it tells is not lost when it ends."""

ALL_FUZZED = len(connectors.names()) * 2 + 7
HOSTILE = ["(a|a)*$", "(a|aa)+$", "^(([a-z])|([a-z]))+$"]


def fuzz(first: int, count: int, folder: Path) -> tuple[list[dict[str, Any]], str]:
    """What a part of the series finds; what its process said when it did not come to the end."""
    command = [sys.executable, ROOT / "tests/fuzzed.py", str(first), str(count), "--folder", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=False, env=environment, cwd=ROOT, capture_output=True, text=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    if told and told[-1] == {"done": count}:
        return told[:-1], ""
    last = (folder / f"{first}.at").read_text(encoding="ascii").strip()
    return told, f"input {last} ended its process ({done.returncode}): {done.stderr[-2000:]}"


def test_a_few_thousand_bad_inputs_end_in_words(tmp_path):
    wrong, death = fuzz(0, FEW, tmp_path)

    assert death == ""
    assert wrong == []


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_a_million_bad_inputs_end_in_words(tmp_path):
    """`FUZZ_FROM=N` goes on at input N; `FUZZ_COUNT` says how many."""
    first = int(os.environ.get("FUZZ_FROM", "0"))
    until = first + int(os.environ.get("FUZZ_COUNT", str(MANY)))
    running: dict[int, subprocess.Popen[str]] = {}
    wrong: list[str] = []
    began = time.monotonic()
    starts = iter(range(first, until, PART))
    while True:
        while len(running) < (os.cpu_count() or 1) and (start := next(starts, None)) is not None:
            running[start] = _started(start, min(PART, until - start), tmp_path)
        if not running:
            break
        start, process = next(iter(running.items()))
        said, complaint = process.communicate()
        del running[start]
        lines = said.splitlines()
        wrong += lines[:-1] if process.returncode == 0 else [*lines, _death(start, tmp_path, complaint)]
        rate = (start + PART - first) / (time.monotonic() - began)
        print(f"fuzzed up to {start + PART}: {len(wrong)} found, {rate:.0f} a second", flush=True)  # noqa: T201
    assert wrong == []


def _started(first: int, count: int, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, ROOT / "tests/fuzzed.py", str(first), str(count), "--folder", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _death(first: int, folder: Path, complaint: str) -> str:
    last = (folder / f"{first}.at").read_text(encoding="ascii").strip()
    return f"input {last} ended its process: {complaint[-1000:]}"


def test_everything_that_reads_is_fuzzed(tmp_path):
    names = fuzzed.targets(tmp_path)

    assert len(names) == ALL_FUZZED
    assert {f"records of {name}" for name in connectors.names()} <= names.keys()


def test_an_input_that_raises_what_it_should_not_is_told():
    def broken(_dice: object) -> None:
        raise KeyError("x")

    wrong = fuzzed.told(7, [("broken", broken)])

    assert (wrong["input"], wrong["target"], wrong["error"]) == (7, "broken", "KeyError('x')")
    assert fuzzed.told(7, [("sound", lambda _dice: None)]) is None


def test_an_input_that_hangs_ends_its_process():
    code = (
        "import fuzzed, re; fuzzed.HANG_S = 0.5; fuzzed._limit();"
        "fuzzed.told(1, [('hangs', lambda _dice: re.match('(a|a)*$', 'a' * 64 + 'b'))])"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run([sys.executable, "-c", code], check=False, env=environment, capture_output=True)

    assert done.returncode == -27  # SIGPROF
    assert b"in told" in done.stderr


# What was found


@pytest.mark.parametrize("label", ["hex", "zip", "undefined", "idna", "punycode", "utf-7", "\x00", ""])
def test_a_label_that_is_no_encoding_of_texts_is_not_believed(label):
    import io

    assert encoding(io.BytesIO(b"caf\xe9"), charset=label) == "cp1252"


ODD = [1 << 64, -(10**400), 10**5000, "\ud800", {"\udfff": 1}, [1 << 70, {"a": "\ud800"}]]


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_values_that_json_has_no_words_for_are_written_all_the_same(value):
    assert spelled(value) == spelled(value)
    assert json.loads(spelled({"a": value}))


def test_a_record_nested_without_end_is_noted_and_read_again(tmp_path):
    value: Any = "deep"
    for _ in range(900):
        value = [value]
    diary = Diary(tmp_path, "s")
    list(diary.noted([Record("a", {"v": value})]))

    (line,) = [one for path in (tmp_path / "s").iterdir() for one in _lines(path)]
    assert json.loads(line)["ref"] == "a"


def _lines(path: Path) -> list[bytes]:
    import zstandard

    with path.open("rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file).read().splitlines()


def test_a_number_without_end_in_one_record_does_not_fail_its_source(federation, partners):
    records = [{"id": f"r{n}", "nom": f"Lieu {n}", "taille": n} for n in range(5)]
    body = json.dumps(records).replace('"taille": 3', '"taille": 1' + "0" * 30).encode()
    partners.serve(LISTING, body, "application/json")
    federation.declare(table(partners.url + LISTING, map='{ ref = "id", name = "nom" }'))

    report = federation.run("jardins")

    assert (report.outcome, report.counts["created"]) == (Outcome.DONE, 5)
    assert federation.run("jardins").outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("pattern", HOSTILE)
def test_an_expression_that_may_try_for_ever_is_refused_at_check(pattern):
    with pytest.raises(ValueError, match="may try for ever"):
        expression(pattern)
    connector = connectors.load("schema_org")
    with pytest.raises(ValueError, match="may try for ever"):
        connector.options(include=pattern)


def test_an_expression_that_tries_too_long_on_a_text_of_the_partner_fails_the_source():
    began = time.process_time()

    with pytest.raises(SourceChanged, match="tries for more than 2 s"):
        fits("(x|x)*$", "x" * 5000 + "y")

    assert time.process_time() - began < 5


def test_an_expression_takes_its_first_group_or_all_of_it():
    assert matched(r"/lieu/(\d+)", "https://a.example/lieu/12/x") == "12"
    assert matched(r"\d+", "lieu 12") == "12"
    assert matched(r"\d+", "lieu") is None
    assert matched(None, "lieu") == "lieu"


def test_a_page_nested_without_end_costs_its_record_a_night_not_the_run():
    feed, shelf = recorded("schema_org")
    url = next(url for url in shelf.bodies if shelf.bodies[url].lstrip().lower().startswith(b"<!doctype"))
    good = harvested(feed, shelf)
    shelf.bodies[url] = b"<!DOCTYPE html><html><body>" + b"<div>" * 20_000 + shelf.bodies[url]

    listed = harvested(feed, shelf)

    assert [one for one in listed if "nested more than" in getattr(one, "reason", "")] != []
    assert len(listed) >= len(good) - 3


# Large, and many


def test_a_field_of_5_mb_is_kept_out_and_its_record_stays_small(federation, partners):
    text = "Un texte sans fin. " * 280_000
    records = [
        {"id": f"r{n}", "nom": f"Lieu {n}", "texte": text if n == 2 else "Un texte."} for n in range(4)
    ]
    partners.serve(LISTING, json.dumps(records).encode(), "application/json")
    federation.declare(
        table(partners.url + LISTING, map='{ ref = "id", name = "nom", description = "texte" }')
    )
    began = time.process_time()

    report = federation.run("jardins")

    assert report.outcome in (Outcome.DONE, Outcome.DONE_ISSUES)
    assert time.process_time() - began < 20
    ledger = federation.ledger()
    assert max(len(triples) for triples in ledger.published("jardins")[1]) < 50_000
    assert ledger.record("jardins", "r1").live


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_million_tiny_records_do_not_fill_the_memory(tmp_path, partners):
    lines = b"".join(b"%d,x%d\n" % (number, number) for number in range(1_000_000))
    partners.serve("/lieux.csv", b"id,nom\n" + lines, "text/csv")
    code = (
        "import resource, sys; from pathlib import Path; from dataclasses import replace;"
        "from harvester.config import load; from harvester.harvest import Asked, plans, run_source;"
        "from harvester.layout import Layout; c = load(Path(sys.argv[1])); u, _ = plans(c);"
        "r = run_source(u['jardins'].source, c.federation, Layout(Path(sys.argv[2])), Asked());"
        "print(r.outcome, r.counts['read'], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    config = tmp_path / "sources.toml"
    config.write_text(
        table(partners.url + "/lieux.csv", map='{ ref = "id", name = "nom" }', timeout='"600s"')
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, config, tmp_path / "store"],
        check=True, env=environment, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    outcome, read, megabytes = done.stdout.split()

    assert (outcome, int(read)) == ("done", 1_000_000)
    assert int(megabytes) < 1500


FIVE_MB = 5 << 20
ENDLESS = (
    "a",
    "1",
    " ",
    "\n",
    "a ",
    "1 ",
    "<",
    "<a ",
    '<a b="',
    "[[",
    "[[Aa",
    "](",
    "'' ",
    "**a",
    "//a",
    "é'",
    "0612",
    "a@",
    "a.",
    "&amp;",
    "http://",
    "Aa1 ",
)


@pytest.mark.parametrize("name", CLEANERS)
def test_a_value_of_5_mb_takes_no_cleaner_long(name):
    for part in ENDLESS:
        value = part * (FIVE_MB // len(part))
        began = time.process_time()
        with suppress(ValueError):
            CLEANERS[name](value)
        assert time.process_time() - began < 2, part


@pytest.mark.parametrize("part", ENDLESS)
def test_a_town_or_an_address_of_5_mb_is_not_looked_for_for_long(part):
    value = part * (FIVE_MB // len(part))
    began = time.process_time()

    town(value)
    last_line(value)
    territory.load().resolve(name=value, street=value, postcode="34150")

    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "body",
    [
        b"<rss><channel></channel></rss>" + b"<!--x-->" * 60 + b"y",
        b"<rss>" + b"</rss>" * 20_000 + b"<!--" * 20_000,
    ],
    ids=["comments", "ends"],
)
def test_a_feed_followed_by_comments_is_told_cut_at_once(body):
    began = time.process_time()

    with pytest.raises(SourceChanged):
        read("feed", body)

    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "part", ["[", "![", "[](", "![a](", "# # ", "#  \t", "https://a", "[ ](", "> \n", "---\n"]
)
def test_a_sheet_of_brackets_is_read_in_a_moment(part):
    began = time.process_time()

    sheet(part * (300_000 // len(part)), "https://a.example/")

    assert time.process_time() - began < 3


@pytest.mark.parametrize("part", ['"\\', "/*", "<!--", ', "', "//", ",  "])
def test_a_script_of_quotes_is_told_broken_in_a_moment(part):
    feed, shelf = recorded("schema_org")
    url = next(url for url in shelf.bodies if shelf.bodies[url].lstrip().lower().startswith(b"<!doctype"))
    script = '<script type="application/ld+json">{"a": ' + part * (300_000 // len(part)) + "</script></head>"
    shelf.bodies[url] = shelf.bodies[url].replace(b"</head>", script.encode(), 1)
    began = time.process_time()

    harvested(feed, shelf)

    assert time.process_time() - began < 3
