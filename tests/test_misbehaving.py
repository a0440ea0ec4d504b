"""No fault of a partner makes a listing look complete that lost a record; nothing takes longer, or more, than it may."""

from __future__ import annotations

import re
import shutil
import tomllib
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from misbehaving import MAX_BYTES, Part, Reading, Site
from shelf import harvested, recorded, refs

from harvester import connectors
from harvester.errors import SourceUnavailable
from harvester.harvest import Asked, Report, plan, run_source
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Federation, Kept, Outcome, Record, Rejected, State

KNOWN = tomllib.loads((Path(__file__).parent / "misbehaving.toml").read_text(encoding="utf-8"))
TOTALS, EXCEPTIONS = KNOWN["totals"], KNOWN.get("exception", [])
LONGEST_S = 20.0
MOST_MEMORY = 16 * MAX_BYTES
HASTE = timedelta(seconds=0.04)

FAULTS = {
    **{fault: fault for fault in ("empty", "cut", "torn", "half", "lines", "html", "error", "loop")},
    **{status: f"status:{status}" for status in ("500", "403", "404")},
    "429": "status:429:3600",
}
"""Faults that are the same for every answer, as `demo.faults` writes them."""

SPECIAL = ("page", "rename", "total")
"""Faults that depend on the answer: `ways` says how."""

ENCODINGS = {"charset": "charset:iso-8859-1", "recode": "recode:cp1252"}
"""Text in UTF-8 that is said to be in latin-1, and the reverse."""

ENDLESS = {"huge": ("huge:64", {}), "bomb": ("bomb:64", {}), "drip": ("drip:100", {"timeout": HASTE})}
"""Faults that would fill the memory or the night: one answer of each part has them."""

DEFERRED, FAILED = {Outcome.DEFERRED}, {Outcome.FAILED}
ENDS: Mapping[str, set[Outcome]] = {
    **dict.fromkeys(("cut", "torn", "500", "429", "drip"), DEFERRED),
    "403": FAILED,
    **dict.fromkeys(("404", "empty", "html", "loop", "huge", "bomb"), FAILED | DEFERRED),
    "error": FAILED | DEFERRED | {Outcome.DONE_ISSUES},
}
"""How a run ends when an answer of its listing has this fault: some connectors know that another night may be
better, where others cannot tell; in a file of many things, an error is one that cannot be read."""

ALL = pytest.mark.parametrize("name", connectors.names())
EACH = pytest.mark.parametrize("fault", [*FAULTS, *SPECIAL])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Site]]:
    """The recorded partner of a connector, started when it is first asked for."""
    opened: dict[str, Site] = {}

    def of(name: str) -> Site:
        if name not in opened:
            opened[name] = Site(name, tmp_path_factory.mktemp(name)).__enter__()
        return opened[name]

    yield of
    for one in opened.values():
        one.__exit__(None, None, None)


def spoiled(site: Site, fault: str) -> Iterator[tuple[str, Reading]]:
    """Each chosen answer, by its address, with a reading in which it has this fault in one of its ways."""
    for url in site.chosen:
        for way in ways(site, fault, url):
            if site.fits(way, url):
                yield url, site.under(way, url)


def ways(site: Site, fault: str, url: str) -> list[str]:
    if fault == "page":
        return [f"page:{target}" for target in site.before(url)]
    if fault == "rename":
        return [f"rename:{word}:{word}2" for word in words(site, url)]
    if fault == "total":
        return [f"count:{total}:{more}" for total in TOTALS.get(site.name, ()) for more in (1, -1)]
    return [FAULTS[fault]]


def words(site: Site, url: str) -> list[str]:
    """The fields to rename in an answer: what names its records, and the most used of those that are mapped."""
    records = [one for one in site.good.listed if isinstance(one, Record)]
    refs = Counter(name for one in records for name, value in one.value.items() if str(value) == one.ref)
    heads = {head for step in plan(site.source).mapper().steps for head in step.rule.heads}
    used = Counter(name for one in records for name in sorted(heads & one.value.keys()) if one.value[name])
    there = [
        [name for name, _ in found.most_common() if site.fits(f"rename:{name}:{name}2", url)]
        for found in (refs, used)
    ]
    return list(dict.fromkeys(names[0] for names in there if names))


def excused(name: str, fault: str) -> set[str]:
    """The files of a recording whose loss under this fault is a known exception."""
    return {
        file
        for one in EXCEPTIONS
        if one["connector"] == name and fault in one["faults"]
        for file in one["answers"]
    }


def test_every_fault_and_its_word_are_documented():
    page = (Path(__file__).parents[1] / "docs/explanation/when-a-partner-misbehaves.md").read_text("utf-8")
    rows = {row[2]: row[3] for row in (line.split("|") for line in page.splitlines()) if len(row) == 6}
    told = {word: ends for cell, ends in rows.items() for word in re.findall(r"`(\w+)`", cell)}

    assert {*FAULTS, *SPECIAL, *ENCODINGS, *ENDLESS} == told.keys()
    assert {fault: set(re.findall(r"`([\w-]+)`", told[fault])) for fault in ENDS} == ENDS


def test_every_exception_says_why_and_what_guards_it():
    faults = {*FAULTS, *SPECIAL, *(f"night {fault}" for fault in NIGHT)}
    assert TOTALS.keys() | {one["connector"] for one in EXCEPTIONS} <= set(connectors.names())
    for one in EXCEPTIONS:
        assert one.keys() == {"connector", "faults", "answers", "reason", "guard"}
        assert set(one["faults"]) <= faults
        assert min(len(one["reason"]), len(one["guard"])) > 10


# One reading after the other


@ALL
def test_recorded_partner_on_loopback_answers_as_it_was_recorded(site, name):
    partner = site(name)
    partner.forget()

    assert len(partner.read().named) == len(refs(harvested(*recorded(name)))) == len(partner.good.named)
    assert {seen.status for seen in partner.requests} == {200}


def test_record_that_a_complete_listing_lost_is_told(site):
    partner = site("gogocarto")
    first, *others = partner.good.listed

    assert partner.lost(Reading(listed=others)) == {first.ref}
    assert partner.lost(Reading(listed=[Kept(first.ref, "no answer"), *others])) == set()
    assert partner.lost(Reading(listed=[Rejected(None, "a broken line"), *others])) == set()
    assert partner.lost(Reading(error=SourceUnavailable("answered 500"))) == set()


@ALL
@EACH
def test_listing_never_ends_as_complete_without_a_record(site, name, fault):
    partner = site(name)
    readings = list(spoiled(partner, fault))

    assert {partner.file(url) for url, reading in readings if partner.lost(reading)} == excused(name, fault)
    for url, reading in readings:
        if fault in ENDS and partner.parts[url] is Part.LISTING:
            assert reading.word in ENDS[fault], partner.file(url)
    assert max((reading.took_s for _, reading in readings), default=0.0) < LONGEST_S


@ALL
@pytest.mark.parametrize("fault", ENCODINGS)
def test_wrong_encoding_is_seen_through_or_told(site, name, fault):
    partner = site(name)
    good = {one.ref: one for one in partner.good.listed}

    for url in (url for url in partner.chosen if partner.fits(ENCODINGS[fault], url)):
        reading = partner.under(ENCODINGS[fault], url)
        mangled = [one.ref for one in reading.listed if isinstance(one, Record) and one != good[one.ref]]
        assert mangled == [] or partner.parts[url] is Part.BESIDE
        assert partner.lost(reading) == set()


@ALL
@pytest.mark.parametrize("fault", ENDLESS)
def test_answer_without_an_end_takes_neither_the_memory_nor_the_night(site, name, fault):
    partner, (way, changed) = site(name), ENDLESS[fault]
    first, *others = partner.one_of_each
    tracemalloc.start()
    try:
        readings = [partner.under(way, first, **changed)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    readings += [partner.under(way, url, **changed) for url in others]

    assert readings[0].word in ENDS[fault]
    assert peak < MOST_MEMORY
    assert [one.took_s for one in readings if one.took_s > LONGEST_S] == []
    assert [one for one in readings if partner.lost(one)] == []


# A whole night, from the first request to the ledger

NIGHT = {
    "status:500": {Part.LISTING: {Outcome.DEFERRED}, Part.DETAIL: {Outcome.DONE_ISSUES}},
    "empty": {Part.LISTING: {Outcome.FAILED, Outcome.DEFERRED}, Part.DETAIL: {Outcome.DONE_ISSUES}},
    "half": {
        Part.LISTING: {Outcome.FAILED, Outcome.DEFERRED, Outcome.DONE_ISSUES},
        Part.DETAIL: {Outcome.DONE_ISSUES},
    },
}
"""How a run may end when an answer has this fault; what stands beside the records may be missed for a night."""


@pytest.fixture(scope="module")
def first_night(site, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The store of a federation after one good night with the recorded partner of a connector."""

    @cache
    def of(name: str) -> Path:
        store = tmp_path_factory.mktemp(f"{name}-store")
        assert run(site(name), store).outcome is Outcome.DONE
        return store

    return of


def run(site: Site, store: Path) -> Report:
    """One run that reads the whole listing."""
    return run_source(replace(site.source, full_every=timedelta(0)), Federation(), Layout(store), Asked())


def published(store: Path) -> tuple[list[bytes], int]:
    """The published triples, record by record, and how many records are missing."""
    ledger = Ledger.open(Layout(store).ledger, base=Federation().base)
    triples = list(ledger.published("recorded")[1])
    missing = ledger.counts()["recorded"].get(State.MISSING, 0)
    ledger.close()
    return triples, missing


@ALL
@pytest.mark.parametrize("fault", NIGHT)
def test_night_with_a_fault_leaves_what_is_published(site, first_night, tmp_path, name, fault):
    partner, store = site(name), first_night(name)
    before = published(store)
    changed = set()

    last = [url for url, part in partner.parts.items() if part is Part.LISTING][-1]
    for number, url in enumerate(dict.fromkeys((*partner.one_of_each, last))):
        tonight = shutil.copytree(store, tmp_path / str(number))
        with partner.spoiled(fault, url):
            report = run(partner, tonight)
        words = NIGHT[fault].get(partner.parts[url], set(Outcome))
        # what never changes is not asked for again
        assert report.outcome in (words if partner.met(url) else {Outcome.UNCHANGED}), (url, report)
        if published(tonight) != before:
            changed.add(partner.file(url))

    assert changed == excused(name, f"night {fault}")
