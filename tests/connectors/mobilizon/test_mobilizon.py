"""What is special to mobilizon."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from looks import Looks, seen
from looks import page as web_page
from shelf import Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.connectors._mobilizon import CHANGES, EVENT, WHOLE, question
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Item, Listing, Record, posted

ROOT = "https://m.example"
SINCE = datetime(2026, 11, 20, tzinfo=UTC)


def event(number: int, **said: Any) -> dict[str, Any]:
    return {
        "uuid": f"u{number}",
        "url": f"{ROOT}/events/u{number}",
        "local": True,
        "title": f"N {number}",
        "beginsOn": "2026-12-01T17:30:00Z",
        "updatedAt": "2026-11-21T10:00:00Z",
        "options": {"isOnline": False, "timezone": "Europe/Paris"},
        **said,
    }


def page(*events: Any, total: int, key: str = "searchEvents") -> bytes:
    return json.dumps({"data": {key: {"total": total, "elements": list(events)}}}).encode()


def address(number: int, kind: str = WHOLE, group: str | None = None) -> str:
    return posted(f"{ROOT}/api", question(kind, number, group=group))


def walked(
    bodies: dict[str, bytes], since: datetime | None = None, **said: Any
) -> tuple[list[Any], list[str]]:
    shelf = Shelf(bodies, since=since)
    return harvested(source("mobilizon", said.pop("url", ROOT), **said), shelf), shelf.asked


def one(**said: Any) -> dict[str, Any]:
    (value,) = values(walked({address(1): page(event(1, **said), total=1)})[0])
    return dict(value)


def test_mobilizon_recording_gives_the_events_of_the_instance_past_and_cancelled_ones_too():
    found = [record for record in harvested(*recorded("mobilizon")) if isinstance(record, Record)]
    assert [(record.value["title"], record.value["status"], record.value["_start"]) for record in found] == [
        ("Café réparation", "CONFIRMED", "2025-11-08T14:00:00+01:00"),
        ("Assemblée générale", "CANCELLED", "2026-11-27T18:30:00+01:00"),
        ("Découvrir les communs", "TENTATIVE", "2026-11-30T20:00:00+01:00"),
        ("Fête de la transition", "CONFIRMED", "2027-06-12"),
    ]


def test_mobilizon_whole_reading_asks_for_all_dates_because_the_plain_list_holds_coming_events_only():
    connector = connectors.load("mobilizon")
    assert (connector.listing, connector.incremental) == (Listing.FULL, True)
    asked = json.loads(question(WHOLE, 1, group=None))["query"]
    assert 'searchEvents(term: "", beginsOn: "1970-01-01T00:00:00Z"' in asked


def test_mobilizon_question_stays_below_the_limits_of_the_platform():
    asked = json.loads(question(WHOLE, 7, group=None))
    assert asked["variables"] == {"page": 7, "limit": 50}
    assert asked["variables"]["limit"] < 100
    assert len(EVENT.replace("{", " ").replace("}", " ").split()) < 300 / 2


def test_mobilizon_persons_are_never_asked_for():
    assert [
        word
        for word in ("organizerActor", "contacts", "participants", "comments", "attendees")
        if word in EVENT
    ] == []


def test_mobilizon_event_attributed_to_a_person_has_no_organiser():
    group = {"type": "GROUP", "name": "Atelier", "preferredUsername": "atelier", "url": f"{ROOT}/@atelier"}
    assert one(attributedTo=group)["attributedTo"] == group
    assert "attributedTo" not in one(attributedTo=group | {"type": "PERSON"})
    assert "attributedTo" not in one(attributedTo=None)


def test_mobilizon_pages_are_counted_by_the_declared_total_however_few_they_hold():
    bodies = {
        address(1): page(event(1), total=101),
        address(2): page(total=101),
        address(3): page(event(3), total=101),
    }
    found, asked = walked(bodies)
    assert (refs(found), asked) == (["u1", "u3"], list(bodies))


def test_mobilizon_last_page_that_is_full_ends_the_list():
    found, asked = walked({address(1): page(*(event(number) for number in range(50)), total=50)})
    assert (len(refs(found)), asked) == (50, [address(1)])


def test_mobilizon_list_that_grows_is_read_to_its_new_end_and_an_event_may_come_twice():
    bodies = {address(1): page(event(1), total=51), address(2): page(event(1), event(2), total=52)}
    assert refs(walked(bodies)[0]) == ["u1", "u1", "u2"]


def test_mobilizon_list_that_shrinks_is_left_for_the_next_round():
    bodies = {address(1): page(event(1), total=60), address(2): page(event(2), total=59)}
    with pytest.raises(SourceUnavailable, match="59 events, 60 a page before; the next round tries again"):
        walked(bodies)


def test_mobilizon_page_that_fails_leaves_everything_as_it_is():
    shelf = Shelf(
        {address(1): page(event(1), total=60)}, failing={address(2): SourceUnavailable("timed out")}
    )
    with pytest.raises(SourceUnavailable):
        harvested(source("mobilizon", ROOT), shelf)


def test_mobilizon_page_that_was_promised_and_not_kept_fails_the_source():
    shelf = Shelf({address(1): page(event(1), total=60), address(2): page(total=60)})
    feed, connector = source("mobilizon", ROOT), connectors.load("mobilizon")
    kept = list(connector.answers(feed, shelf, shelf))
    with pytest.raises(SourceChanged, match="no answer kept"):
        list(connector.records(feed, kept[:1], shelf))


def test_mobilizon_empty_instance_is_empty_not_broken():
    assert walked({address(1): page(total=0)})[0] == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"errors": [{"message": "events_max_limit_reached"}], "data": {"searchEvents": None}}, "refused the question: 'events_max_limit_reached'"),
        ({"errors": [{"message": "Operation is too complex: complexity is 310 and maximum is 300"}]}, "refused the question: 'Operation is too complex"),
        ({"data": {"group": None}}, "no events in"),
        ({"data": {"searchEvents": {"total": 3}}}, "no events in"),
        ([], "no events in"),
    ],
    ids=["limit", "complexity", "no group", "no list", "list"],
)  # fmt: skip
def test_mobilizon_error_at_http_200_is_told_in_the_words_of_the_instance(body, told):
    with pytest.raises(SourceChanged, match=told):
        walked({address(1): json.dumps(body).encode()})


def test_mobilizon_error_beside_a_list_spoils_no_event():
    body = json.loads(page(event(1), None, event(3), total=3)) | {
        "errors": [{"message": "picture not found"}]
    }
    found, _ = walked({address(1): json.dumps(body).encode()})
    assert (refs(found), reasons(found)) == (
        ["u1", "u3"],
        ["expected an event with 'uuid' and 'url', got None"],
    )


def test_mobilizon_events_of_other_instances_are_left_to_them_unless_asked_for():
    far = event(2, url="https://far.example/events/9", local=False)
    body = {address(1): page(event(1), far, total=2)}
    assert refs(walked(body)[0]) == ["u1"]
    found, _ = walked(body, federated=True)
    assert refs(found) == ["u1", "https://far.example/events/9"]
    assert [value.get("_origin") for value in values(found)] == [None, "far.example"]


def test_mobilizon_point_is_longitude_then_latitude():
    place = one(physicalAddress={"description": "Salle", "locality": "Die", "geom": "5.37;44.75"})[
        "physicalAddress"
    ]
    assert place == {"description": "Salle", "locality": "Die", "lat": "44.75", "lon": "5.37"}
    assert "lat" not in one(physicalAddress={"locality": "Die", "geom": None})["physicalAddress"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"timezone": "Europe/Paris"}, "2026-07-01T00:30:00+02:00"),
        ({"timezone": "Europe/Paris", "showStartTime": True}, "2026-07-01T00:30:00+02:00"),
        ({"timezone": "Europe/Paris", "showStartTime": False}, "2026-07-01"),
        ({"timezone": "Mars/Base"}, "2026-06-30T22:30:00Z"),
        ({}, "2026-06-30T22:30:00Z"),
        (None, "2026-06-30T22:30:00Z"),
    ],
    ids=["zone", "shown", "hidden", "unknown zone", "no zone", "no options"],
)
def test_mobilizon_time_is_in_the_zone_of_the_event_and_a_hidden_hour_is_not_invented(options, expected):
    assert one(beginsOn="2026-06-30T22:30:00Z", options=options)["_start"] == expected


def test_mobilizon_event_that_cannot_be_read_is_rejected_alone():
    bodies = {address(1): page(event(1, beginsOn="demain"), {"uuid": "x"}, event(3), total=3)}
    found, _ = walked(bodies)
    assert refs(found) == ["u3"]
    assert reasons(found) == [
        "Invalid isoformat string: 'demain'",
        "expected an event with 'uuid' and 'url', got {'uuid': 'x'}",
    ]


def test_mobilizon_changes_are_read_newest_first_until_one_is_old_enough():
    old = event(3, updatedAt="2026-11-19T23:59:59Z")
    bodies = {
        address(1, CHANGES): page(event(1), total=500, key="events"),
        address(2, CHANGES): page(event(2), old, total=500, key="events"),
    }
    found, asked = walked(bodies, SINCE)
    assert (refs(found), asked) == (["u1", "u2", "u3"], list(bodies))


def test_mobilizon_changes_end_with_the_list_too():
    bodies = {address(1, CHANGES): page(event(1), total=1, key="events")}
    assert walked(bodies, SINCE)[1] == list(bodies)


def test_mobilizon_instance_that_cannot_order_by_change_is_read_whole():
    refused = b'{"errors": [{"message": "Unknown argument \\"orderBy\\""}]}'
    bodies = {address(1, CHANGES): refused, address(1): page(event(1), total=1)}
    found, asked = walked(bodies, SINCE)
    assert (refs(found), asked) == (["u1"], list(bodies))


def test_mobilizon_one_group_is_asked_for_by_its_name_and_always_whole():
    asked = json.loads(question(WHOLE, 1, group="atelier"))["query"]
    assert 'group(preferredUsername: "atelier") { organizedEvents(page: $page, limit: $limit) {' in asked
    body = {"data": {"group": {"organizedEvents": {"total": 1, "elements": [event(1)]}}}}
    bodies = {address(1, group="atelier"): json.dumps(body).encode()}
    found, urls = walked(bodies, SINCE, group="atelier")
    assert (refs(found), urls) == (["u1"], list(bodies))


def test_mobilizon_name_of_a_group_cannot_change_the_question():
    with pytest.raises(ValueError, match="group"):
        connectors.load("mobilizon").options(group='x") { id } evil: person(id: "1')


@pytest.mark.parametrize("url", [ROOT, f"{ROOT}/", f"{ROOT}/api"])
def test_mobilizon_root_is_found_in_whatever_address_is_given(url):
    assert walked({address(1): page(total=0)}, url=url)[1] == [address(1)]


def test_mobilizon_items_hold_states_presence_places_and_groups():
    feed, shelf = recorded("mobilizon")
    connector = connectors.load("mobilizon")
    mapper, problems = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    found: list[Item] = [mapper.item(one)[0] for one in harvested(feed, shelf) if isinstance(one, Record)]
    assert (problems, mapper.coverage.unmapped, mapper.coverage.unaligned) == ([], {}, {})
    assert {item.kind for item in found} == {"event"}
    assert [item.values["status"].rpartition("/")[2] for item in found] == [
        "prevu",
        "annule",
        "en-reflexion",
        "prevu",
    ]
    assert [item.values["attendance"].rpartition("/")[2] for item in found] == [
        "OfflineEventAttendanceMode",
        "OfflineEventAttendanceMode",
        "OnlineEventAttendanceMode",
        "OfflineEventAttendanceMode",
    ]
    first, second, _, feast = (item.values for item in found)
    assert (str(first["lat"]), str(first["lon"]), first["postcode"], first["city"]) == (
        "44.7534",
        "5.3703",
        "26150",
        "Die",
    )
    assert (first["organiser"].values["name"], "organiser" in second) == ("Atelier des Communs", False)
    assert first["venue"].values["name"] == "Atelier des Communs"
    assert first["derived_from"][0].name == first["page"]
    assert (str(feast["start"]), str(feast["end"])) == ("2027-06-12", "2027-06-13")


# --- recognition -------------------------------------------------------------------------------------


def asked(query: str) -> str:
    return posted(f"{ROOT}/api", json.dumps({"query": query}, separators=(",", ":")).encode())


NAME = asked("{ config { name } }")
GROUP = asked('{ group(preferredUsername: "die") { name } }')


def recognised(where: Any, looks: Looks) -> Any:
    return connectors.load("mobilizon").recognised(where, looks)


def listed(group: str | None = None, *events: Any, total: int) -> dict[str, Any]:
    found = {"total": total, "elements": list(events)}
    body = {"group": {"organizedEvents": found}} if group else {"searchEvents": found}
    return {posted(f"{ROOT}/api", question(WHOLE, 1, group=group)): {"data": body}}


def test_mobilizon_page_that_only_links_to_an_instance_is_not_recognised():
    looks = Looks()
    assert recognised(web_page(f"{ROOT}/@die", "Find us on Mobilizon"), looks) is None
    assert looks.asked == [NAME]


def test_mobilizon_other_software_of_the_fediverse_is_not_looked_at():
    looks = Looks()
    assert recognised(seen(f"{ROOT}/nodeinfo/2.0", {"software": {"name": "gancio"}}), looks) is None
    assert recognised(seen(f"{ROOT}/nodeinfo/2.0", {"software": ["Mobilizon"]}), looks) is None
    assert recognised(web_page(f"{ROOT}/@die", "A group of Mastodon"), looks) is None
    assert looks.asked == []


def test_mobilizon_person_s_page_proposes_the_instance_and_asks_for_no_person():
    bodies = {
        NAME: {"data": {"config": {"name": "Agenda"}}},
        GROUP: {"data": {"group": None}, "errors": [{}]},
    }
    looks = Looks(bodies | listed(None, event(1), event(2, local=False), total=2))
    found = recognised(web_page(f"{ROOT}/@die", "Mobilizon"), looks)
    assert (found.title, found.publisher, found.keys["group"]) == ("Agenda", None, None)
    assert (found.count, list(found.learned)) == (1, ["2 events, with those that other instances sent"])


def test_mobilizon_own_events_are_not_counted_by_a_total_that_holds_those_of_others():
    looks = Looks({NAME: {"data": {"config": {"name": "Agenda"}}}} | listed(None, event(1), total=900))
    assert recognised(web_page(ROOT, "Mobilizon"), looks).count is None
