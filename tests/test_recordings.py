"""What the recordings become, record by record: the triples and the remarks that are seen in review."""

from __future__ import annotations

import json
import shutil
from functools import cache

import pytest
from shelf import RECORDINGS

from harvester import connectors
from harvester.config import load
from harvester.harvest import plans
from scripts import recordings
from scripts.recordings import FINDINGS, TRIPLES, Expected

ALL = pytest.mark.parametrize("name", connectors.names())


@cache
def becomes(name: str) -> Expected:
    return recordings.expected(name)


def held(name: str, file: str) -> str | None:
    path = RECORDINGS / name / file
    return path.read_text(encoding="utf-8") if path.is_file() else None


@ALL
def test_recording_is_declared_as_a_maintainer_would(name):
    usable, problems = plans(load(RECORDINGS / name / "source.toml"))

    assert [str(problem) for problem in problems] == []
    assert [plan.connector.name for plan in usable.values()] == [name]


@ALL
def test_recording_becomes_the_expected_triples(name):
    assert held(name, TRIPLES) == becomes(name)[TRIPLES], (
        f"run `python scripts/recordings.py {name}`, read it"
    )


@ALL
def test_every_finding_on_a_recording_is_named(name):
    assert held(name, FINDINGS) == becomes(name)[FINDINGS], (
        f"run `python scripts/recordings.py {name}`, read it"
    )


@ALL
def test_recorded_items_pass_the_shapes(name):
    remarks = json.loads(becomes(name)[FINDINGS] or "{}")

    assert [told for told in remarks.get("findings", {}) if told.startswith("Violation")] == []
    assert remarks.get("rejected", {}) == {}


def test_a_file_that_drifted_or_lost_its_reason_is_told(tmp_path):
    shutil.copytree(RECORDINGS / "directory", tmp_path / "directory")
    (tmp_path / "directory" / TRIPLES).write_text("<a> <b> <c> .\n", encoding="utf-8")
    (tmp_path / "directory" / FINDINGS).write_text("{}\n", encoding="utf-8")

    found = {path.name: text for path, text in recordings.drifted(["directory"], tmp_path)}

    assert found == becomes("directory")
    assert found[FINDINGS] is None


def test_a_recording_that_became_what_is_expected_has_not_drifted():
    assert list(recordings.drifted(["directory"])) == []
