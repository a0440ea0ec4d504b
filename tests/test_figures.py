"""The figures that the design promises, at the sizes it names; minutes long."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from typing import Any

import pytest
from conftest import ROOT

from benchmarks.nights import LIMITS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("records", [10_000, 100_000])
def test_the_figures_hold(records):
    command = [sys.executable, ROOT / "benchmarks/harvest.py", str(records), "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    assert [line for line in told["nights"] if line["verdict"] == "missed"] == [], told


@pytest.mark.parametrize("records", [2_000, 100_000])
@pytest.mark.timeout(3 * 3600)
def test_sixty_nights_lose_nothing_and_stay_as_quick_and_as_small(records):
    command = [sys.executable, ROOT / "benchmarks/nights.py", str(records), "--json"]
    told = subprocess.run(command, capture_output=True, check=False).stdout
    nights = [json.loads(line) for line in told.splitlines()]

    assert len(nights) == 61
    assert [night for night in nights if night["wrong"]] == []
    assert nights[60]["store"] < 1.5 * nights[30]["store"]
    if records == 100_000:
        assert {name: limit for name, limit in LIMITS.items() if _middle(nights, name) > limit} == {}


def _middle(nights: list[dict[str, Any]], kind: str) -> float:
    return median(night["ratio"] for night in nights if night["kind"] == kind)
