"""The benchmark of harvests: it runs, its partner is what it says, and its nights change what they should."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).resolve().parents[1]))  # `benchmarks` is not installed

from benchmarks import elements, figures, partner
from benchmarks.footprint import disk
from benchmarks.harvest import NIGHTS

ROOT = Path(__file__).resolve().parents[1]
RECORDS = 300
MAP = elements.load(1)
NUMBERS = st.integers(min_value=0, max_value=10_000_000)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "harvest.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    ended = run(str(RECORDS), "--json", "--gzip")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def nights(measured: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {night["night"]: night for night in measured["nights"]}


def test_every_night_is_measured_in_its_order(measured: dict[str, Any]) -> None:
    expected = ["first", *(night.name for night in NIGHTS)]
    assert expected == [night["night"] for night in measured["nights"]]


def test_every_night_tells_its_figures(nights: dict[str, dict[str, Any]]) -> None:
    expected = {
        "night", "seconds", "records_per_s", "outcome", "changes", "rejected", "stages", "rss", "pss",
        "store", "load", "ratio", "of", "limit", "verdict",
    }  # fmt: skip
    assert [expected] * 5 == [set(night) for night in nights.values()]


def test_stages_fill_the_time_of_a_night(nights: dict[str, dict[str, Any]]) -> None:
    for night in nights.values():
        assert 0 < sum(night["stages"].values()) <= night["seconds"]


def test_first_harvest_creates_every_record(nights: dict[str, dict[str, Any]]) -> None:
    first = nights["first"]
    assert (first["changes"], first["rejected"], first["outcome"]) == (RECORDS, 0, "done")


@pytest.mark.parametrize("name", ["304", "same", "shuffled"])
def test_unchanged_night_changes_nothing(nights: dict[str, dict[str, Any]], name: str) -> None:
    assert (nights[name]["changes"], nights[name]["outcome"]) == (0, "unchanged")


def test_changed_night_changes_two_percent(nights: dict[str, dict[str, Any]]) -> None:
    assert math.ceil(RECORDS * 0.02) == nights["changed"]["changes"]


def test_nothing_is_judged_where_nothing_is_promised(nights: dict[str, dict[str, Any]]) -> None:
    assert {"-"} == {night["verdict"] for night in nights.values()}


def test_table_has_a_line_for_each_night(measured: dict[str, Any]) -> None:
    lines = list(figures.table(measured))
    for night in measured["nights"]:
        assert sum(line.startswith(f"{night['night']} ") for line in lines) == 2


def test_records_are_as_large_as_those_of_real_maps(measured: dict[str, Any]) -> None:
    assert 800 < measured["listing_bytes"] / RECORDS < 1300
    assert 25 <= measured["triples_per_record"] <= 35


def test_a_step_that_takes_too_long_ends_the_benchmark_with_a_sentence() -> None:
    ended = run("300", "--patience", "0.01")
    assert ended.returncode == 1
    assert ended.stderr == "benchmark: step 'publish': not done after 0.01 s; give a longer --patience\n"


def test_no_records_are_refused() -> None:
    ended = run("0")
    assert ended.returncode == 2
    assert "records is '0'; give 1 or more" in ended.stderr


@given(NUMBERS)
def test_an_element_is_the_same_whenever_it_is_drawn(number: int) -> None:
    assert MAP.element(number) == MAP.element(number)


@given(NUMBERS)
def test_a_revised_element_differs_in_description_and_date_only(number: int) -> None:
    before, after = MAP.element(number), MAP.element(number, revised=True)
    assert {"description", "updatedAt"} == {name for name in before if before[name] != after[name]}
    assert set(before) == set(after)


@given(st.lists(NUMBERS, unique=True))
def test_elements_never_share_a_ref(numbers: list[int]) -> None:
    assert len(numbers) == len({MAP.element(number)["id"] for number in numbers})


def test_shuffled_listing_holds_the_same_elements_in_other_bytes(tmp_path: Path) -> None:
    partner.write_listings(tmp_path, 40, 1, packed=False)
    first, shuffled = ((tmp_path / f"{name}.json").read_bytes() for name in ("first", "shuffled"))
    assert json.loads(first)["data"] != json.loads(shuffled)["data"]
    assert by_ref(first) == by_ref(shuffled)


def by_ref(listing: bytes) -> list[dict[str, Any]]:
    return sorted(json.loads(listing)["data"], key=lambda element: element["id"])


def test_a_file_with_two_names_is_counted_once(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"x" * 100)
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    assert disk(tmp_path) == 100


@pytest.mark.parametrize(("ratio", "verdict"), [(2.4, "holds"), (2.6, "missed")])
def test_first_harvest_is_judged_against_the_floor(ratio: float, verdict: str) -> None:
    assert verdict == figures.judged("first", {"first": ratio, "floor": 1.0}, 100_000)["verdict"]
