"""A disk that is full, or that may not be written: one clear line, nothing lost, the next night goes on."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from test_harvest import LISTING, gardens, table
from test_keeping import said

from harvester.layout import Layout
from harvester.model import Outcome

OWN_DISK = ["unshare", "--map-root-user", "--mount"]


def namespaces() -> bool:
    """Whether this machine gives a process disks of its own."""
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*OWN_DISK, "true"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def garden(federation, partners):
    """Every night all three hundred records are others."""
    nights = itertools.count()

    def listing(_asked: str) -> bytes:
        night = next(nights)
        return json.dumps(gardens(300, name=f"Jardin {{}} de la nuit {night}")).encode()

    partners.serve(LISTING, listing, "application/json")
    federation.declare(table(partners.url + LISTING, delay='"0.05s"'))
    return federation


@pytest.mark.timeout(400)  # six processes, one after the other
@pytest.mark.skipif(not namespaces(), reason="a disk of its own needs namespaces of Linux")
def test_full_disk_is_said_in_one_line_wherever_it_is_met_and_the_next_night_goes_on(garden, tmp_path):
    command = [*OWN_DISK, sys.executable, ROOT / "tests/crowded.py", garden.config, garden.layout.root]
    done = subprocess.run(
        [*command, garden.furnished, tmp_path / "out"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "500"},
    )
    assert done.returncode == 0, done.stderr
    first, *crowded, last = json.loads(done.stdout)

    assert (first[0], last[0]) == (0, 0), (first, last)
    for code, _, stderr in crowded:
        if code:
            assert "Traceback" not in stderr, stderr
            assert "free some space" in stderr or "disk" in stderr, stderr
            assert len(stderr.splitlines()) <= 3, stderr
    assert sum(code == 1 for code, _, _ in crowded) >= 3, crowded
    assert "300 updated" in last[2]
    shutil.rmtree(garden.layout.root)
    (tmp_path / "out").rename(garden.layout.root)
    assert garden.dump() == garden.dump(Layout(tmp_path / "anew"))
    assert garden.run("jardins").outcome == Outcome.DONE


@pytest.mark.parametrize(
    "folder", ["raw", "runs", "locks", "hosts", "checkpoints", "oxigraph", "ledger.sqlite"]
)
def test_place_that_cannot_be_written_is_said_in_one_line_and_the_next_night_goes_on(
    garden, tmp_path, folder
):
    garden.run("jardins")
    garden.publish()
    away = tmp_path / "away"
    place: Path = garden.layout.root / folder
    place.rename(away)
    if folder.endswith(".sqlite"):
        place.mkdir()
    else:
        place.write_text("in the way", encoding="utf-8")

    told = said(garden, "run")

    assert told.exit_code == 1, told.output
    assert told.exception is None or isinstance(told.exception, SystemExit)
    lines = [
        line for line in told.stderr.splitlines() if "jardins " in line or str(garden.layout.root) in line
    ]
    assert lines
    assert "Traceback" not in told.stderr
    assert "nothing committed is lost" in told.stderr or "the ledger keeps" in told.stderr, told.stderr
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    away.rename(place)
    assert said(garden, "run").exit_code == 0
    assert garden.dump() == garden.dump(Layout(tmp_path / "anew"))
