"""The wheel carries what it needs to run without a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import pytest
from conftest import ROOT


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """A wheel built from this tree, unpacked in a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_vocabulary_shapes_and_pages_are_in_the_wheel(unpacked):
    for name in ("vocab/prefixes.toml", "vocab/territoire/communes-2026.csv.gz", "shapes/record.ttl"):
        assert (unpacked / "harvester/_shipped" / name).is_file()
    assert list((unpacked / "harvester/web/templates").iterdir())


def test_the_command_runs_from_the_wheel_alone(unpacked, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    command = [sys.executable, "-m", "harvester", "territory", "Aniane 34150"]
    said = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)

    assert said.stdout.startswith("34010 Aniane")


def test_the_console_script_is_declared(unpacked):
    (entry_points,) = unpacked.glob("*.dist-info/entry_points.txt")

    assert "harvester = harvester.cli:main" in entry_points.read_text()
