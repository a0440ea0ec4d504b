"""The figures that the design promises, at the sizes it names; minutes long."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("records", [10_000, 100_000])
def test_the_figures_hold(records):
    command = [sys.executable, ROOT / "benchmarks/harvest.py", str(records), "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    assert [line for line in told["nights"] if line["verdict"] == "missed"] == [], told
