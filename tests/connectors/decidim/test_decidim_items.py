"""How what a Decidim tells becomes items."""

from __future__ import annotations

from shelf import harvested, recorded

from harvester import connectors
from harvester.mapping import compile_mapping
from harvester.mapping.typed import Reference, Tagged
from harvester.model import Item, Record


def items() -> dict[str, Item]:
    feed, shelf = recorded("decidim")
    connector = connectors.load("decidim")
    mapper, problems = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    found = {one.ref: mapper.item(one)[0] for one in harvested(feed, shelf) if isinstance(one, Record)}
    assert problems == []
    assert mapper.coverage.unmapped == {}
    return found


def test_decidim_kinds_become_ours():
    kinds = {ref: item.kind for ref, item in items().items()}
    assert kinds["process-5"] == kinds["project-70"] == "project"
    assert (kinds["assembly-3"], kinds["meeting-646"], kinds["proposal-805"]) == ("group", "event", "idea")


def test_decidim_translations_keep_their_languages():
    assert items()["process-5"].values["name"] == (
        Tagged("Normes de Participació", "ca"),
        Tagged("Normas de Participación", "es"),
    )
    assert items()["process-5"].values["keywords"] == (Tagged("Democràcia", "ca"), Tagged("Democracia", "es"))


def test_decidim_meeting_has_its_venue_its_hours_and_its_process():
    values = items()["meeting-646"].values
    venue = values["venue"]
    assert venue.values["street"] == "Carrer del Regomir, 3, 08002 Barcelona, Espanya"
    assert (float(venue.values["lat"]), float(venue.values["lon"])) == (41.381565, 2.179024)
    assert values["start"].isoformat() == "2016-10-17T12:00:00+02:00"
    assert values["attendance"].endswith("OfflineEventAttendanceMode")
    assert values["part_of"] == (Reference("process-5"),)
    assert not {"lat", "street", "status"} & values.keys()


def test_decidim_meeting_withdrawn_is_cancelled():
    feed, _ = recorded("decidim")
    connector = connectors.load("decidim")
    mapper, _ = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    value = {
        "title": "Réunion",
        "_kind": "event",
        "_withdrawn": True,
        "startTime": "2026-12-01T18:00:00+01:00",
    }
    assert mapper.item(Record("meeting-1", value))[0].values["status"].endswith("/statuts/annule")
