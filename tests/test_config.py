"""A configuration with faults says all of them at once, each with its line, and stops nobody else."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.config import load
from harvester.config.lines import lines
from harvester.errors import ConfigError
from harvester.harvest import plans
from harvester.model import Secret

GOOD = """[federation]
title = "Essai"

[source.bon]
title = "Bon"
connector = "gogocarto"
url = "https://example.org"
licence = "ODbL-1.0"
grace = "3d"
headers = { Authorization = { env = "JETON" } }
"""


def problems(tmp_path: Path, toml: str) -> list[str]:
    """Every problem of a file, as said to its maintainer."""
    path = tmp_path / "sources.toml"
    path.write_text(toml, encoding="utf-8")
    return [str(problem) for problem in plans(load(path))[1]]


def refused(tmp_path: Path, toml: str) -> str:
    path = tmp_path / "sources.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


def test_a_good_file_has_no_problem_and_reads_as_written(tmp_path):
    assert problems(tmp_path, GOOD) == []
    source = load(tmp_path / "sources.toml").sources["bon"]
    assert (source.grace, source.schedule, source.timezone) == (
        timedelta(days=3),
        "0 2 * * *",
        "Europe/Paris",
    )
    assert source.headers == {"Authorization": Secret("JETON")}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('connector = "gogocrato"', "no connector 'gogocrato'; did you mean 'gogocarto'?"),
        ('licence = "OBdL-1.0"', "licence is 'OBdL-1.0': no licence of that name; did you mean 'ODbL-1.0'?"),
        ('licence = "permission"', 'licence "permission" needs `permission = "https://…"`; add the address'),
        ('licnce = "ODbL-1.0"', "unknown key 'licnce'; did you mean 'licence'?"),
        ('url = "ftp://example.org"', "expected an address beginning with http:// or https://"),
        ('schedule = "2 o\'clock"', "expected a five-field cron line"),
        ('timezone = "Europe/Pari"', 'expected a time zone such as "Europe/Paris"'),
        ('grace = "a week"', 'expected a duration such as "30s", "10m", "7d"'),
        ('kind = "initative"', "no kind 'initative'; did you mean 'initiative'?"),
        ('drop = ["phon"]', "drop names no item field 'phon'"),
        ('map = { nmae = "name" }', "no item field 'nmae' for kind 'initiative'; did you mean 'name'?"),
        ('map = { name = "a[?b]" }', "path 'a[?b]' uses a filter projection"),
        (
            'map = { name = { from = "a", claen = "text" } }',
            "unknown mapping key 'claen'; did you mean 'clean'?",
        ),
        ('map = { name = { from = "a", clean = "txet" } }', "no cleaner 'txet'; did you mean 'text'?"),
        ('map = { theme = { from = "a", align = "colibri" } }', "no alignment 'colibri'"),
        ('map = { theme = { const = "alimentaton" } }', "no concept 'alimentaton' in the scheme 'themes'"),
        ('map = { start = "debut" }', "no item field 'start' for kind 'initiative'"),
        ("expect = { max_shrink = 4 }", "max_shrink is 4"),
        ('robots = { ignore = "" }', "ignore is ''"),
    ],
)
def test_each_fault_is_said_with_its_line_its_value_and_a_way_out(tmp_path, line, said):
    key = line.split(" = ")[0]
    kept = [old for old in GOOD.splitlines() if not old.startswith(key + " =")]
    text = "\n".join([*kept, line])

    found = problems(tmp_path, text)

    assert len(found) == 1, found
    assert found[0].startswith(f"sources.toml:{len(kept) + 1}: source 'bon': ")
    assert said in found[0]


def test_every_problem_is_said_at_once_and_the_good_source_still_runs(tmp_path):
    bad = '\n[source.mauvais]\nconnector = "nul"\nurl = "x"\nlicence = "?"\n\n[source.Pire]\ntitle = "Pire"\n'
    path = tmp_path / "sources.toml"
    path.write_text(GOOD + bad, encoding="utf-8")

    usable, found = plans(load(path))

    assert list(usable) == ["bon"]
    assert len(found) >= 5
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[federation\n", "sources.toml:1: not TOML"),
        ("a = " + "[" * 5000, "values nested too deeply"),
        ('[federation]\nbase = "http://localhost:8000"\n', "sources.toml:2: base is 'http://localhost:8000'"),
        ('[federation]\ncontact = "me"\n', "sources.toml:2: contact is 'me'"),
        (
            '[fedration]\ntitle = "x"\n',
            "sources.toml:1: unknown table 'fedration'; did you mean 'federation'?",
        ),
    ],
)
def test_a_bad_file_refuses_to_start(tmp_path, toml, said):
    assert said in refused(tmp_path, toml)


def test_a_file_that_is_not_there_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "nowhere.toml")


def test_lines_are_not_fooled_by_strings_and_arrays():
    text = '[a]\nx = """\n[b]\ny = 1\n"""\nz = [\n  "q = 1",\n]\n[a.b]\n"é" = 2\n'

    assert lines(text) == {("a",): 1, ("a", "x"): 2, ("a", "z"): 6, ("a", "b"): 9, ("a", "b", "é"): 10}


@given(st.text(max_size=200))
def test_any_text_is_either_loaded_or_refused_in_words(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "sources.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(ConfigError):
        assert load(path).federation
