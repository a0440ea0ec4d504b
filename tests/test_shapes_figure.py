"""The benchmark of the shapes: it measures what it says, and the figure that the design promises holds."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from conftest import ROOT

RECORDS = 200


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "shapes.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=1000, check=False)


@pytest.fixture(scope="module")
def ended() -> subprocess.CompletedProcess[str]:
    return run(str(RECORDS), "--json")


@pytest.fixture(scope="module")
def measured(ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    return json.loads(ended.stdout)


def test_the_records_are_those_of_a_harvest(measured):
    assert RECORDS == measured["records"]
    assert 20 < measured["triples"] / RECORDS < 100
    assert measured["findings"] < RECORDS
    assert measured["poor"]["findings"] >= 3 * RECORDS


def test_the_ratio_is_that_of_the_rounds_and_the_exit_code_is_the_verdict(ended, measured):
    assert measured["ratio"] == sorted(measured["ratios"])[len(measured["ratios"]) // 2]
    assert measured["verdict"] == ("holds" if measured["ratio"] <= measured["limit"] else "missed")
    assert ended.returncode == (measured["verdict"] == "missed")


def test_the_table_names_both_engines_the_figure_and_the_limit():
    said = run(str(RECORDS))
    assert said.stderr == ""
    lines = {line[:28].strip(): line.split() for line in said.stdout.splitlines()}
    assert lines["checked by shacl"][-2:] in (["2.50", "holds"], ["2.50", "missed"])
    assert "parsed by pyoxigraph" in lines
    assert "the same, 3 findings each" in lines
    assert "checked by pyshacl, of 100" in lines


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_checking_takes_at_most_what_is_promised():
    said = run("5000")
    assert said.returncode == 0, said.stdout


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_cost_of_each_property_shape_is_told():
    said = run("100", "--each")
    costs = dict(reversed(line.split(None, 1)) for line in said.stdout.splitlines())
    assert float(costs.pop("(everything else)")) > 0
    assert len(costs) > 100
