"""What is special to the_events_calendar."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from looks import Looks, seen
from looks import page as web_page
from shelf import HTML, Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.connectors._tribe_api import APIS
from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Item, Listing, Record, Rejected

ROOT = "https://site.example/agenda"
LEGACY = f"{ROOT}/wp-json/tribe/events/v1/events?per_page=50&start_date=1970-01-01&end_date=2100-01-01&page="
MODERN = f"{ROOT}/wp-json/tec/v1/events?per_page=100&page="
PLAIN = (
    f"{ROOT}/?rest_route=/tribe/events/v1/events&per_page=50&start_date=1970-01-01&end_date=2100-01-01&page="
)
TEC_V1 = Path(__file__).with_name("tec-v1.json")


def event(number: int, **said: Any) -> dict[str, Any]:
    times = {
        "start_date": "2026-07-01 18:00:00",
        "end_date": "2026-07-01 20:00:00",
        "utc_start_date": "2026-07-01 16:00:00",
        "utc_end_date": "2026-07-01 18:00:00",
    }
    return {
        "id": number,
        "title": f"N {number}",
        "url": f"{ROOT}/{number}/",
        "all_day": False,
        **times,
        **said,
    }


def page(*events: Any, total: int, pages: int) -> bytes:
    return json.dumps(
        {"events": list(events), "rest_url": "x", "total": total, "total_pages": pages}
    ).encode()


def walked(bodies: dict[str, bytes], labels: Any = None, url: str = ROOT) -> tuple[list[Any], list[str]]:
    shelf = Shelf(bodies, labels)
    return harvested(source("the_events_calendar", url), shelf), shelf.asked


def one(**said: Any) -> dict[str, Any]:
    (value,) = values(walked({f"{LEGACY}1": page(event(1, **said), total=1, pages=1)})[0])
    return dict(value)


def test_tec_recording_gives_past_and_coming_events_page_by_page():
    found = harvested(*recorded("the_events_calendar"))
    assert [(record.ref, record.value["_start"], record.value["_end"]) for record in found] == [
        ("801", "2019-05-04T14:00:00+02:00", "2019-05-04T17:30:00+02:00"),
        ("914", "2026-06-13", "2026-06-14"),
        ("950", "2026-11-27T18:30:00+01:00", "2026-11-27T20:30:00+01:00"),
        ("951", "2026-11-30T20:00:00+01:00", "2026-11-30T21:30:00+01:00"),
    ]


def test_tec_listing_is_full_because_all_dates_are_asked_for():
    assert connectors.load("the_events_calendar").listing is Listing.FULL
    _, shelf = recorded("the_events_calendar")
    assert all("start_date=1970-01-01&end_date=2100-01-01" in url for url in shelf.bodies)


def test_tec_short_page_is_not_the_last():
    bodies = {
        f"{LEGACY}1": page(event(1), total=101, pages=3),
        f"{LEGACY}2": page(total=101, pages=3),
        f"{LEGACY}3": page(event(3), total=101, pages=3),
    }
    found, asked = walked(bodies)
    assert (refs(found), asked) == (["1", "3"], list(bodies))


def test_tec_list_that_grows_while_it_is_read_is_read_to_its_new_end():
    bodies = {
        f"{LEGACY}1": page(event(1), total=50, pages=1 + 1),
        f"{LEGACY}2": page(event(1), event(2), total=101, pages=3),
        f"{LEGACY}3": page(event(3), total=101, pages=3),
    }
    assert refs(walked(bodies)[0]) == ["1", "1", "2", "3"]


def test_tec_list_that_shrinks_while_it_is_read_is_left_for_the_next_round():
    bodies = {
        f"{LEGACY}1": page(event(1), total=60, pages=2),
        f"{LEGACY}2": page(event(2), total=59, pages=2),
    }
    with pytest.raises(SourceUnavailable, match="59 events, 60 a page before; the next round tries again"):
        walked(bodies)
    del bodies[f"{LEGACY}2"]
    with pytest.raises(SourceUnavailable, match="the list became shorter while it was read"):
        walked(bodies)


@pytest.mark.parametrize("error", [SourceUnavailable("500"), SourceRefused("403")])
def test_tec_page_that_fails_leaves_everything_as_it_is(error):
    feed, shelf = recorded("the_events_calendar")
    shelf.failing[list(shelf.bodies)[1]] = error
    with pytest.raises(type(error)):
        harvested(feed, shelf)


def test_tec_page_that_was_promised_and_not_kept_fails_the_source():
    feed, shelf = recorded("the_events_calendar")
    connector = connectors.load("the_events_calendar")
    kept = list(connector.answers(feed, shelf, shelf))
    with pytest.raises(SourceChanged, match=r"no answer kept for 'https://.*page=2'"):
        list(connector.records(feed, kept[:1], shelf))


def test_tec_empty_agenda_is_empty_not_broken():
    assert walked({f"{LEGACY}1": page(total=0, pages=0)})[0] == []


def test_tec_error_object_at_http_200_is_not_an_agenda():
    with pytest.raises(SourceChanged, match="no list at 'events' or the top; found 'code=rest_disabled"):
        walked({f"{LEGACY}1": b'{"code": "rest_disabled", "message": "no", "data": {"status": 401}}'})


def test_tec_page_that_does_not_say_how_many_there_are_fails_the_source():
    with pytest.raises(SourceChanged, match="it does not say how many pages there are"):
        walked({f"{LEGACY}1": b'{"events": []}'})


def test_tec_newer_api_takes_over_with_its_totals_in_the_headers():
    events = json.loads(TEC_V1.read_text(encoding="utf-8"))
    listed = [{**event, "id": number} for number, event in enumerate(events, 1)]
    bodies = {f"{MODERN}1": json.dumps(listed[:7]).encode(), f"{MODERN}2": json.dumps(listed[7:]).encode()}
    headers = {"headers": {"x-wp-total": "12", "x-wp-totalpages": "2"}}
    found, asked = walked(bodies, dict.fromkeys(bodies, headers))
    assert asked == [f"{LEGACY}1", *bodies]
    assert refs(found) == [str(number) for number in range(1, 12) if number not in (6, 7)]
    assert [(one.ref, one.reason) for one in found if isinstance(one, Rejected)] == [
        ("6", "status 'private': not published on the site"),
        ("7", "status 'draft': not published on the site"),
        ("12", "start_date is 'Password protected', a date was expected; is it public?"),
    ]
    first = values(found)[0]
    assert {name: first[name] for name in ("title", "description", "_page", "_start", "_venue")} == {
        "title": "Past Conference 2023",
        "description": "<p>A past conference that already happened.</p>\n",
        "_page": "http://wordpress.test/event/past-conference-2023/",
        "_start": "2023-01-15T09:00:00+00:00",
        "_venue": {"name": "Test Venue 1", "address": "123 Main St, Anytown, USA"},
    }


def test_tec_newer_api_never_says_what_depends_on_the_day_of_the_reading():
    headers = {f"{MODERN}1": {"headers": {"x-wp-total": "12", "x-wp-totalpages": "1"}}}
    found = values(walked({f"{MODERN}1": TEC_V1.read_bytes()}, headers)[0])
    passing = {"is_past", "is_now", "starts_this_week", "schedule_details", "dates", "author", "organizers"}
    assert [passing & value.keys() for value in found] == [set()] * 9


def test_tec_site_without_readable_addresses_is_read_by_its_other_ones():
    bodies = {f"{LEGACY}1": HTML, f"{MODERN}1": HTML, f"{PLAIN}1": page(event(1), total=1, pages=1)}
    found, asked = walked(bodies)
    assert (refs(found), asked) == (["1"], list(bodies))


def test_tec_site_that_has_neither_api_is_told_what_the_first_one_said():
    with pytest.raises(SourceChanged, match=r"tribe/events/v1/events.*answered 404"):
        walked({})


@pytest.mark.parametrize(
    "url", [ROOT, f"{ROOT}/", f"{ROOT}/wp-json/", f"{ROOT}/wp-json/tribe/events/v1/events"]
)
def test_tec_root_is_found_in_whatever_address_is_given(url):
    assert walked({f"{LEGACY}1": page(event(1), total=1, pages=1)}, url=url)[1] == [f"{LEGACY}1"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, "2026-07-01T18:00:00+02:00"),
        ({"timezone": "UTC+2"}, "2026-07-01T18:00:00+02:00"),
        ({"utc_start_date": "2026-07-01 22:30:00"}, "2026-07-01T18:00:00-04:30"),
        ({"utc_start_date": "2026-07-01 12:30:00"}, "2026-07-01T18:00:00+05:30"),
        ({"utc_start_date": None}, "2026-07-01T18:00:00"),
        ({"all_day": True}, "2026-07-01"),
    ],
    ids=["zone", "offset as zone", "west", "half hours", "no twin", "all day"],
)
def test_tec_local_times_have_the_offset_that_their_utc_twins_tell(said, expected):
    assert one(**said)["_start"] == expected


def test_tec_end_of_an_all_day_event_is_its_last_day():
    assert one(all_day=True, end_date="2026-07-03 23:59:59")["_end"] == "2026-07-03"


def test_tec_dates_of_the_record_are_utc_without_saying_so():
    value = one(date_utc="2026-01-02 03:04:05", modified_utc="0000-00-00 00:00:00")
    assert (value["_created"], "_modified" in value) == ("2026-01-02T03:04:05+00:00", False)


VENUE = {
    "venue": "Salle",
    "address": "1 rue",
    "city": "Die",
    "zip": "26150",
    "country": "France",
    "phone": "06",
}


@pytest.mark.parametrize(
    "venue", [VENUE, [VENUE], [VENUE, {"venue": "Autre"}]], ids=["object", "list", "two"]
)
def test_tec_venue_is_found_as_an_object_or_in_a_list(venue):
    place = {"name": "Salle", "address": "1 rue", "city": "Die", "zip": "26150", "country": "France"}
    assert one(venue=venue)["_venue"] == place


@pytest.mark.parametrize("venue", [[], {}, None, False, [[]]])
def test_tec_event_without_a_venue_has_none(venue):
    assert "_venue" not in one(venue=venue)


def test_tec_point_of_a_venue_is_kept_when_both_halves_are_there():
    assert one(venue=VENUE | {"geo_lat": 44.7, "geo_lng": 5.3})["_venue"]["lon"] == 5.3
    assert "lat" not in one(venue=VENUE | {"geo_lat": 44.7})["_venue"]


@pytest.mark.parametrize(
    ("cost", "amounts", "expected"),
    [
        ("Gratuit", ["0"], True),
        ("Gratuit", [], True),
        ("8€ – 12€", ["8", "12"], False),
        ("0€ – 12€", ["0", "12"], False),
        ("Prix libre", ["Prix libre"], True),
        ("Sur inscription", [], None),
        ("", [], None),
    ],
)
def test_tec_price_tells_whether_an_event_is_free_or_nothing(cost, amounts, expected):
    assert one(cost=cost, cost_details={"values": amounts}).get("_free") is expected


def test_tec_site_of_an_event_that_is_its_own_page_is_no_site():
    assert "_homepage" not in one(website=f"{ROOT}/1/")
    assert one(website="https://fete.example.org")["_homepage"] == "https://fete.example.org"


def test_tec_event_imported_from_another_site_tells_its_origin():
    assert (
        one(global_id_lineage=["site.example?id=1", "ailleurs.example?id=5"])["_origin"] == "ailleurs.example"
    )
    assert "_origin" not in one(global_id_lineage=["site.example?id=1"])


def test_tec_number_of_events_in_a_category_makes_no_event_new():
    first, second = (
        one(categories=[{"id": 7, "name": "Vélo", "slug": "velo", "count": count}]) for count in (3, 4)
    )
    assert first == second
    assert first["categories"] == [{"id": 7, "slug": "velo", "name": "Vélo"}]


def test_tec_persons_never_reach_a_record():
    found = values(harvested(*recorded("the_events_calendar")))
    assert {"author", "organizer", "venue"} & {name for value in found for name in value} == set()
    assert [word for word in ("exemple@", "06 00 00") if word in json.dumps(found)] == []
    mapped = json.dumps(connectors.load("the_events_calendar").mapping)
    assert "_organiser" not in mapped


def test_tec_event_that_is_not_published_is_rejected():
    found, _ = walked({f"{LEGACY}1": page(event(1, status="draft"), event(2), total=2, pages=1)})
    assert (refs(found), reasons(found)) == (["2"], ["status 'draft': not published on the site"])


def test_tec_event_that_cannot_be_read_is_rejected_alone():
    found, _ = walked(
        {f"{LEGACY}1": page(event(1, start_date="bientôt"), None, {"title": "x"}, event(2), total=4, pages=1)}
    )
    assert refs(found) == ["2"]
    assert reasons(found) == [
        "start_date is 'bientôt', a date was expected; is it public?",
        "expected an event with an 'id', got None",
        "expected an event with an 'id', got {'title': 'x'}",
    ]


def test_tec_items_hold_clean_titles_places_and_prices():
    feed, shelf = recorded("the_events_calendar")
    connector = connectors.load("the_events_calendar")
    mapper, problems = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    found: list[Item] = [mapper.item(one)[0] for one in harvested(feed, shelf) if isinstance(one, Record)]
    assert (problems, mapper.coverage.unmapped) == ([], {})
    assert {item.kind for item in found} == {"event"}
    first, second = found[0].values, found[1].values
    assert (first["name"], second["name"]) == ("Café réparation", "Fête de la transition")
    assert first["description"] == "Apportez un objet en panne ; nous le réparons ensemble."
    assert (first["free"], second["free"]) == (True, False)
    assert (str(first["lat"]), str(first["lon"]), first["postcode"]) == ("44.7534", "5.3703", "26150")
    assert (str(second["start"]), str(second["end"])) == ("2026-06-13", "2026-06-14")
    assert (first["venue"].kind, first["venue"].values["name"]) == ("place", "Atelier des Communs")
    assert (first["keywords"], found[2].values["origin"]) == (
        ("Réparation", "vélo"),
        "coordination.example.org",
    )


def test_tec_page_that_comes_twice_fails_the_source():
    bodies = dict.fromkeys((f"{LEGACY}1", f"{LEGACY}2"), page(event(1), event(2), total=4, pages=2))
    with pytest.raises(SourceChanged, match="the same page came twice; the site or its cache ignores `page`"):
        walked(bodies)


# --- recognition -------------------------------------------------------------------------------------


HEAD = f'<link rel="https://theeventscalendar.com/" href="{ROOT}/wp-json/tribe/events/v1/">'


def recognised(where: Any, looks: Looks) -> Any:
    return connectors.load("the_events_calendar").recognised(where, looks)


def test_tec_site_of_another_calendar_is_not_recognised_nor_looked_further():
    looks = Looks()
    others = (
        web_page(f"{ROOT}/events/", "The Events Calendar of our town", head="<link href=/wp-json/ rel=x>"),
        seen(f"{ROOT}/wp-json/", {"namespaces": ["wp/v2", "mec/v1"]}),
        seen(f"{ROOT}/events.json", {"events": [], "total": 0}),
    )
    assert [recognised(one, looks) for one in others] == [None, None, None]
    assert looks.asked == []


def test_tec_page_whose_api_does_not_answer_with_events_is_not_recognised():
    looks = Looks({f"{ROOT}{api}1": {"code": "closed", "events": "none", "total": 3} for api in APIS})
    assert recognised(web_page(ROOT, "", head=HEAD), looks) is None


def test_tec_home_page_and_root_of_the_api_are_less_sure_than_what_is_of_events():
    looks = Looks({f"{ROOT}{APIS[0]}1": {"events": [], "total": 12, "total_pages": 1}})
    agenda = (
        f'<!DOCTYPE html><html><head>{HEAD}</head><body class="single single-tribe_events"></body></html>'
    )
    found = [
        recognised(one, looks)
        for one in (
            web_page(f"{ROOT}/", "", head=HEAD),
            seen(f"{ROOT}/wp-json/", {"namespaces": ["tribe/events/v1"]}),
            seen(f"{ROOT}/agenda/fete/", agenda),
            seen(f"{ROOT}/wp-json/tribe/events/v1/events?page=2", {"events": []}),
        )
    ]
    assert [one.certainty.name for one in found] == ["SHAPE", "SHAPE", "NAMED", "NAMED"]
    assert {(one.url, one.count) for one in found} == {(f"{ROOT}/", 12)}


def test_tec_newer_api_is_recognised_by_its_headers():
    def look(url: str, *, accept: str = "*/*", content: bytes | None = None) -> Any:
        if url == f"{ROOT}{APIS[1]}1":
            return replace(seen(url, []), headers={"x-wp-total": "3"})
        return Looks()(url, accept=accept, content=content)

    found = recognised(seen(f"{ROOT}/wp-json/tec/v1/events", []), look)
    assert (found.count, found.title) == (3, None)
