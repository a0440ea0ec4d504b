"""How what a Communecter tells becomes items."""

from __future__ import annotations

from datetime import UTC, datetime

from shelf import harvested, recorded

from harvester import connectors
from harvester.mapping import compile_mapping
from harvester.model import Item, Record


def items() -> list[Item]:
    feed, shelf = recorded("communecter")
    connector = connectors.load("communecter")
    mapper, problems = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    found = [mapper.item(one)[0] for one in harvested(feed, shelf) if isinstance(one, Record)]
    assert problems == []
    assert mapper.coverage.unmapped == {}
    assert mapper.coverage.unaligned == {}
    return found


def test_communecter_kinds_become_ours():
    assert [item.kind for item in items()] == ["organisation", "group", "organisation", "project", "event"]


def test_communecter_dates_of_mongo_are_read():
    project, event = items()[3:]
    assert project.values["start"] == datetime(2020, 3, 1, tzinfo=UTC)
    assert event.values["end"] == datetime(2026, 11, 1, 17, tzinfo=UTC)


def test_communecter_types_of_organisations_tell_who_acts_and_in_what_form():
    told = [item.values for item in items()[:3]]
    assert [one["actor_type"][0].rpartition("/")[2] for one in told] == [
        "associations-collectifs",
        "associations-collectifs",
        "elus-institutions",
    ]
    assert [one.get("legal_form", "/-").rpartition("/")[2] for one in told] == [
        "association-1901",
        "collectif-informel",
        "-",
    ]
