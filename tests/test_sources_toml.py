"""The federation's own file: it can run, it publishes nothing it may not, and it says why a source is off."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harvester import vocab
from harvester.config import load
from harvester.fetch.guard import refusal
from harvester.harvest import plans

FILE = Path(__file__).parents[1] / "sources.toml"
TEXT = FILE.read_text(encoding="utf-8")
LINES = TEXT.splitlines()
TABLES = tomllib.loads(TEXT)["source"]
CONFIGURATION = load(FILE)
SOURCES = list(CONFIGURATION.sources.values())
OFF = [source.id for source in SOURCES if not source.enabled]
ON = [source for source in SOURCES if source.enabled]

REASON = re.compile(r"^Off: .{10,}?; ask \S.{5,}")
HEADER = re.compile(r"^# === (.+?) =+$")


def comment_above(source: str) -> str:
    """The comment right above a source's table, on one line; empty when there is none."""
    above: list[str] = []
    for line in reversed(LINES[: LINES.index(f"[source.{source}]")]):
        if not line.startswith("#") or HEADER.match(line):
            break
        above.insert(0, line.lstrip("# "))
    return " ".join(above)


def is_public(address: str) -> bool:
    """Whether the host of an address is a public name or a public number."""
    host = urlsplit(address).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal", ".invalid"))
    return refusal(host) is None


def test_the_file_has_no_problem():
    usable, problems = plans(CONFIGURATION)
    assert [str(problem) for problem in problems] == []
    assert set(TABLES) == set(usable)


def test_every_source_is_credited_guarded_and_in_a_language():
    assert [source.id for source in SOURCES if source.publisher is None or source.publisher.url is None] == []
    assert [source.id for source in SOURCES if source.language is None] == []
    assert [name for name, table in TABLES.items() if not {"expect", "grace"} <= set(table)] == []
    assert [source.id for source in SOURCES if source.expect.min_records < 2] == []


def test_ids_are_written_alike_in_tables_and_mappings():
    headers = re.findall(r"^\[source\.([^.\]]+)", TEXT, re.MULTILINE)
    assert [name for name in headers if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []
    assert set(headers) == set(TABLES)


@pytest.mark.parametrize("source", OFF)
def test_a_disabled_source_says_why_and_whom_to_ask(source):
    assert REASON.match(comment_above(source))


def test_a_source_that_is_on_is_not_said_to_be_off():
    assert [source.id for source in ON if comment_above(source.id).startswith("Off:")] == []


def test_at_least_one_source_is_on():
    assert ON


def test_no_source_is_on_without_a_licence():
    assert [source.id for source in ON if source.licence == "unknown"] == []


def test_every_licence_but_unknown_may_be_published():
    said = {source.id: source.licence for source in SOURCES}
    known = vocab.licences()
    assert {name: one for name, one in said.items() if one != "unknown" and not known[one].publishable} == {}


def test_no_address_is_private():
    addresses = [address for source in SOURCES for address in source.urls]
    assert [address for address in addresses if not is_public(address)] == []
    assert [source.id for source in SOURCES if source.allow_private or source.robots_ignored] == []


def test_no_two_sources_read_the_same_thing():
    read = Counter((url.rstrip("/"), str(one.options.get("form"))) for one in SOURCES for url in one.urls)
    assert [thing for thing, times in read.items() if times > 1] == []


def test_sections_follow_one_another_from_sources_to_platforms_without_an_address():
    headers = [found[1] for line in LINES if (found := HEADER.match(line))]
    assert headers[-2:] == ["Other platforms", "Known, address not documented"]


def test_the_base_and_the_contact_are_placeholders_that_say_so():
    federation = CONFIGURATION.federation
    assert (federation.base, federation.contact) == ("http://localhost:8000/", "mailto:contact@example.org")
    above = {line: LINES[n - 1] for n, line in enumerate(LINES) if line.startswith(("base =", "contact ="))}
    assert len(above) == 2
    assert all(line.startswith("# ") for line in above.values())
