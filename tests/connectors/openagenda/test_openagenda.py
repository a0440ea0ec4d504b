"""What is special to openagenda."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from looks import Looks, seen
from looks import page as web_page
from shelf import Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Gone, Item, Listing, Record

AGENDA = "https://api.openagenda.com/v2/agendas/7"
FIRST = f"{AGENDA}/events?detailed=1&includeLabels=1&size=100&sort=updatedAt.asc"
SINCE = datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)
CHANGES = f"{FIRST}&updatedAt%5Bgte%5D=2026-11-20T03%3A04%3A05.000Z&removed=null"


def event(number: int, **said: Any) -> dict[str, Any]:
    times = [{"begin": "2026-12-01T18:00:00+01:00", "end": "2026-12-01T20:00:00+01:00"}]
    return {
        "uid": number,
        "slug": f"n-{number}",
        "title": {"fr": f"N {number}"},
        "timings": times,
        "state": 2,
        **said,
    }


def page(*events: Any, total: int, after: list[str] | None = None) -> bytes:
    return json.dumps({"total": total, "events": list(events), "after": after}).encode()


def walked(
    bodies: dict[str, bytes], since: datetime | None = None, **said: Any
) -> tuple[list[Any], list[str]]:
    shelf = Shelf(bodies, since=since)
    return harvested(source("openagenda", said.pop("url", AGENDA), **said), shelf), shelf.asked


def one(**said: Any) -> dict[str, Any]:
    (value,) = values(walked({FIRST: page(event(1, **said), total=1)})[0])
    return dict(value)


def times(*days: str) -> list[dict[str, str]]:
    return [{"begin": f"{day}T10:00:00+01:00", "end": f"{day}T12:00:00+01:00"} for day in days]


def test_openagenda_recording_gives_events_from_their_first_to_their_last_hour():
    found = [record for record in harvested(*recorded("openagenda")) if isinstance(record, Record)]
    assert [(record.ref, record.value["_start"], record.value["_end"]) for record in found] == [
        ("2001", "2026-09-05T14:00:00+02:00", "2026-11-07T17:30:00+01:00"),
        ("2002", "2027-06-12T10:00:00+02:00", "2027-06-13T18:00:00+02:00"),
        ("2003", "2026-11-27T18:30:00+01:00", "2026-11-27T20:30:00+01:00"),
        ("2004", "2026-11-30T20:00:00+01:00", "2026-11-30T21:30:00+01:00"),
    ]


def test_openagenda_pages_are_followed_by_their_cursor_every_part_of_it_repeated():
    second = f"{FIRST}&after%5B%5D=1760537700000&after%5B%5D=4%2F2"
    bodies = {FIRST: page(event(1), total=2, after=["1760537700000", "4/2"]), second: page(event(2), total=2)}
    found, asked = walked(bodies)
    assert (refs(found), asked) == (["1", "2"], list(bodies))


def test_openagenda_short_or_empty_page_with_a_cursor_is_not_the_last():
    bodies = {
        FIRST: page(total=1, after=["a"]),
        f"{FIRST}&after%5B%5D=a": page(event(1), total=1, after=["b"]),
        f"{FIRST}&after%5B%5D=b": page(total=1),
    }
    assert walked(bodies)[1] == list(bodies)


def test_openagenda_details_are_asked_for_or_the_timings_would_be_missing():
    assert "detailed=1" in FIRST


def test_openagenda_cursor_that_goes_in_circles_ends_the_run():
    bodies = {
        FIRST: page(event(1), total=9, after=["a"]),
        f"{FIRST}&after%5B%5D=a": page(event(2), total=9, after=["b"]),
        f"{FIRST}&after%5B%5D=b": page(event(3), total=9, after=["a"]),
    }
    with pytest.raises(SourceChanged, match="its cursor goes in circles"):
        walked(bodies)


def test_openagenda_fewer_events_than_declared_fail_the_source():
    with pytest.raises(SourceChanged, match="1 events of the 3 it declares; ask OpenAgenda"):
        walked({FIRST: page(event(1), total=3)})


def test_openagenda_page_that_was_promised_and_not_kept_fails_the_source():
    feed, shelf = recorded("openagenda")
    connector = connectors.load("openagenda")
    kept = list(connector.answers(feed, shelf, shelf))
    with pytest.raises(SourceChanged, match=r"no answer kept for 'https://.*after%5B%5D=2002'"):
        list(connector.records(feed, kept[:1], shelf))


@pytest.mark.parametrize("error", [SourceUnavailable("429"), SourceRefused("403: wrong key")])
def test_openagenda_page_that_fails_leaves_everything_as_it_is(error):
    feed, shelf = recorded("openagenda")
    shelf.failing[list(shelf.bodies)[1]] = error
    with pytest.raises(type(error)):
        harvested(feed, shelf)


def test_openagenda_empty_agenda_is_empty_not_broken():
    assert walked({FIRST: page(total=0)})[0] == []


@pytest.mark.parametrize(
    "body",
    [{"success": False, "message": "agenda not found"}, {"events": [], "total": 0}, {"events": None, "total": 0, "after": None}, []],
    ids=["error", "no cursor", "no events", "list"],
)  # fmt: skip
def test_openagenda_answer_of_another_shape_at_http_200_fails_the_source(body):
    with pytest.raises(SourceChanged, match="no 'events', 'total', 'after' in"):
        walked({FIRST: json.dumps(body).encode()})


def test_openagenda_changes_are_asked_for_with_their_tombstones():
    gone = {"uid": 5, "removed": True, "updatedAt": "2026-11-21T13:49:59.024Z"}
    found, asked = walked({CHANGES: page(gone, event(6, removed=False), total=2)}, SINCE)
    assert (found[0], refs(found), asked) == (Gone("5"), ["6"], [CHANGES])


def test_openagenda_changes_prove_nothing_about_the_rest():
    connector = connectors.load("openagenda")
    assert (connector.listing, connector.incremental) == (Listing.FULL, True)
    assert refs(walked({CHANGES: page(event(6), total=462)}, SINCE)[0]) == ["6"]


def test_openagenda_filters_go_with_every_page():
    first = f"{FIRST}&adminLevel2%5B%5D=Dr%C3%B4me&keyword%5B%5D=eau&keyword%5B%5D=terre"
    bodies = {first: page(event(1), total=2, after=["x"]), f"{first}&after%5B%5D=x": page(event(2), total=2)}
    filters = {"adminLevel2[]": "Drôme", "keyword[]": ["eau", "terre"]}
    assert walked(bodies, filters=filters)[1] == list(bodies)


@pytest.mark.parametrize("url", [AGENDA, f"{AGENDA}/", f"{AGENDA}/events", f"{AGENDA}/events?size=20"])
def test_openagenda_agenda_is_found_in_whatever_address_is_given(url):
    assert walked({FIRST: page(total=0)}, url=url)[1] == [FIRST]


@pytest.mark.parametrize(
    ("days", "kind"),
    [
        (["2026-12-01"], "event"),
        (["2026-12-01", "2026-12-01", "2026-12-02", "2026-12-03"], "event"),
        (["2026-12-03", "2026-12-01", "2026-12-02"], "event"),
        (["2026-12-01", "2026-12-03"], "series"),
        (["2026-12-01", "2026-12-08", "2026-12-15"], "series"),
    ],
    ids=["once", "days in a row", "in no order", "a day between", "weekly"],
)
def test_openagenda_event_that_comes_back_is_a_series_not_one_event_of_many_weeks(days, kind):
    value = one(timings=times(*days))
    assert (value["_kind"], value["_start"][:10], value["_end"][:10]) == (kind, min(days), max(days))


def test_openagenda_night_that_ends_after_midnight_is_one_event_with_the_next():
    nights = [
        {"begin": "2026-12-01T22:00:00+0100", "end": "2026-12-02T02:00:00+0100"},
        {"begin": "2026-12-02T22:00:00+0100", "end": "2026-12-03T02:00:00+0100"},
    ]
    assert one(timings=nights)["_kind"] == "event"


def test_openagenda_event_without_timings_has_its_first_and_last():
    first, last = times("2026-12-01", "2026-12-09")
    value = one(timings=None, firstTiming=first, lastTiming=last)
    assert (value["_start"], value["_end"]) == ("2026-12-01T10:00:00+01:00", "2026-12-09T12:00:00+01:00")


def test_openagenda_texts_keep_their_languages():
    value = one(
        title={"fr": "Fête", "en": "Party"},
        description={"fr": "Court", "en": "Short"},
        longDescription={"fr": "Long", "de": "Lang"},
        keywords={"fr": ["eau", "", "terre, ciel"], "en": None},
    )
    assert value["_name"] == [{"@value": "Fête", "@language": "fr"}, {"@value": "Party", "@language": "en"}]
    assert [(text["@language"], text["@value"]) for text in value["_description"]] == [
        ("fr", "Court\n\nLong"),
        ("en", "Short"),
        ("de", "Lang"),
    ]
    assert [word["@value"] for word in value["_keywords"]] == ["eau", "terre, ciel"]


def test_openagenda_texts_in_one_language_only_are_read_too():
    value = one(title="Fête", description="Court", longDescription="Long", keywords=["eau"])
    assert (value["_name"], value["_description"], value["_keywords"]) == ("Fête", "Court\n\nLong", ["eau"])


def test_openagenda_picture_is_made_of_its_two_parts():
    assert (
        one(image={"base": "https://cdn.example/", "filename": "a.jpg"})["_image"]
        == "https://cdn.example/a.jpg"
    )
    assert "_image" not in one(image=None)
    assert "_image" not in one(image={"filename": "a.jpg"})


def test_openagenda_page_and_origin_are_those_of_the_agenda_it_was_written_in():
    own = one(originAgenda={"uid": 7, "slug": "vallee"})
    assert (own["_page"], "_origin" in own) == ("https://openagenda.com/vallee/events/n-1", False)
    other = one(originAgenda={"uid": 8, "slug": "ville"})
    assert (other["_page"], other["_origin"]) == (
        "https://openagenda.com/ville/events/n-1",
        "https://openagenda.com/ville",
    )
    assert "_page" not in one(originAgenda=None)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"fr": "Gratuit, sur inscription"}, True),
        ({"fr": "Entrée libre"}, True),
        ({"fr": "5 €"}, None),
        ({}, None),
    ],
)
def test_openagenda_event_is_free_when_its_conditions_begin_so(conditions, expected):
    assert one(conditions=conditions).get("_free") is expected


def test_openagenda_members_and_contacts_never_reach_a_record():
    found = values(harvested(*recorded("openagenda")))
    told = json.dumps(found, ensure_ascii=False)
    assert [word for word in ("Camille", "@atelier", "0600000000", "member") if word in told] == []
    assert found[1]["_homepage"] == "https://fete.example.org"
    assert "member" not in one(member={"email": "x@y.fr"}, _agg="e30=")


def test_openagenda_day_of_the_reading_makes_no_event_new():
    first, second = (
        one(nextTiming=timing, dateRange={"fr": str(timing)}) for timing in (None, times("2026-12-01")[0])
    )
    assert first == second


@pytest.mark.parametrize("said", [{"state": 0}, {"state": -1}, {"draft": 1}, {"private": 1}])
def test_openagenda_event_that_is_not_published_is_rejected(said):
    found, _ = walked({FIRST: page(event(1, **said), event(2), total=2)})
    assert refs(found) == ["2"]
    assert "not published in the agenda" in reasons(found)[0]


def test_openagenda_event_that_cannot_be_read_is_rejected_alone():
    bad = event(1, timings=[{"begin": "demain", "end": "2026-12-01T10:00:00Z"}])
    mixed = event(
        2, timings=[*times("2026-12-01"), {"begin": "2026-12-02T10:00:00", "end": "2026-12-02T11:00:00"}]
    )
    found, _ = walked({FIRST: page(bad, mixed, {"title": "x"}, event(3), total=4)})
    assert refs(found) == ["3"]
    assert [reason.partition(":")[0] for reason in reasons(found)] == [
        "its timings cannot be read",
        "its timings cannot be read",
        "expected an event with a 'uid', got {'title'",
    ]


def test_openagenda_fields_of_the_agenda_itself_may_be_mapped():
    value = one(thematique={"id": 3, "label": {"fr": "Eau"}})
    assert value["thematique"] == {"id": 3, "label": {"fr": "Eau"}}


def test_openagenda_items_hold_kinds_states_presence_and_places():
    feed, shelf = recorded("openagenda")
    connector = connectors.load("openagenda")
    mapper, problems = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    found: list[Item] = [mapper.item(one)[0] for one in harvested(feed, shelf) if isinstance(one, Record)]
    assert (problems, mapper.coverage.unmapped, mapper.coverage.unaligned) == ([], {}, {})
    assert [item.kind for item in found] == ["series", "event", "event", "event"]
    repair, feast, assembly, visio = (item.values for item in found)
    assert [(name.text, name.lang) for name in repair["name"]] == [
        ("Café réparation", "fr"),
        ("Repair café", "en"),
    ]
    assert (repair["free"], repair["insee"], repair["venue"].values["name"]) == (
        True,
        "26113",
        "Atelier des Communs",
    )
    assert (str(feast["lat"]), str(feast["lon"]), feast["homepage"]) == (
        "44.7281",
        "5.0226",
        "https://fete.example.org",
    )
    assert assembly["status"].endswith("/annule")
    assert visio["attendance"] == "http://schema.org/OnlineEventAttendanceMode"
    assert (visio["origin"], visio["homepage"]) == (
        "https://openagenda.com/communs",
        "https://visio.example.org/communs",
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [(1, "prevu"), (2, "prevu"), (3, "prevu"), (4, "reporte"), (5, "prevu"), (6, "annule")],
)
def test_openagenda_states_are_ours(status, expected):
    assert connectors.load("openagenda").mapping["status"]["cases"][str(status)] == expected


# --- recognition -------------------------------------------------------------------------------------


def recognised(where: Any, looks: Looks) -> Any:
    return connectors.load("openagenda").recognised(where, looks)


def test_openagenda_other_agendas_are_not_recognised_nor_looked_further():
    looks = Looks()
    others = (
        web_page("https://t.example/", "Our agenda is on OpenAgenda"),
        web_page("https://t.example/agendas/12/events", "An agenda of another make"),
        seen("https://t.example/agendas/12", {"uid": 12, "events": []}),
        seen("https://t.example/v2/agendas/12/events", {"message": "key is missing"}),
        seen("https://t.example/v2/agendas", {"total": 3, "agendas": []}),
    )
    assert [recognised(one, looks) for one in others] == [None, None, None, None, None]
    assert looks.asked == []


@pytest.mark.parametrize(
    "widget",
    [
        '<blockquote class="oa-agenda"><a href="https://openagenda.com/agendas/5109558?relative=x">A</a></blockquote>',
        '<iframe class="cibulFrame" src="//openagenda.com/agendas/5109558/embeds/8131954/events"></iframe>',
    ],
)
def test_openagenda_page_that_shows_an_agenda_tells_its_number_and_a_key_is_asked_for(widget):
    looks = Looks()
    found = recognised(web_page("https://t.example/agenda", widget), looks)
    assert found.url == "https://api.openagenda.com/v2/agendas/5109558"
    assert found.unknown[0].startswith("headers: ")
    assert (found.certainty.name, looks.asked) == ("SHAPE", [])


def test_openagenda_key_of_the_address_asks_for_the_rest_and_is_not_proposed():
    agenda = "https://t.example/v2/agendas/12"
    looks = Looks({f"{agenda}?key=k%2F1": {"title": "Valley"}, f"{agenda}/events?key=k%2F1": {"total": 7}})
    given = seen(f"{agenda}/events?size=1&key=k%2F1", {"total": 7, "events": [], "after": None})
    found = recognised(given, looks)
    assert (found.url, found.title, found.count) == (agenda, "Valley", 7)
    assert "k/1" not in repr(found)
    assert "k%2F1" not in repr(found)
