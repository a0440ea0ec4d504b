"""What is special to ical."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from looks import Looks, page, seen
from shelf import Shelf, harvested, read, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Gone, Item, Listing, Record, Rejected

PARIS = """BEGIN:VTIMEZONE
TZID:Maison
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""


def event(*lines: str, uid: str = "a") -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", "SUMMARY:Atelier", *lines, "END:VEVENT", ""])


def calendar(*parts: str) -> str:
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "".join(parts) + "END:VCALENDAR", ""])


def times(*lines: str, head: str = "", **said: Any) -> list[tuple[str, str | None]]:
    found = values(read("ical", calendar(head, event(*lines)), **said))
    return [(value["_start"], value.get("_end")) for value in found]


def items(feed: Any = None, shelf: Any = None) -> dict[str, Item]:
    feed, shelf = (feed, shelf) if feed else recorded("ical")
    connector = connectors.load("ical")
    mapper, problems = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    assert problems == []
    found = {one.ref: mapper.item(one)[0] for one in harvested(feed, shelf) if isinstance(one, Record)}
    assert (mapper.coverage.unmapped, mapper.coverage.unaligned) == ({}, {})
    return found


def test_ical_recording_gives_events_with_their_times():
    found = {
        one.ref: (one.value["_start"], one.value["_end"])
        for one in harvested(*recorded("ical"))
        if isinstance(one, Record)
    }
    repair = "reparation-2026@atelier.example.org"
    assert found == {
        f"{repair}/20261205T130000Z": ("2026-12-12T15:00:00+01:00", "2026-12-12T18:00:00+01:00"),
        f"{repair}/20261107T130000Z": ("2026-11-07T14:00:00+01:00", "2026-11-07T17:30:00+01:00"),
        f"{repair}/20270206T130000Z": ("2027-02-06T14:00:00+01:00", "2027-02-06T17:30:00+01:00"),
        f"{repair}/20270306T130000Z": ("2027-03-06T14:00:00+01:00", "2027-03-06T17:30:00+01:00"),
        "fete-2027@atelier.example.org": ("2027-06-12", "2027-06-13"),
        "assemblee-2026@atelier.example.org": ("2026-11-27T18:30:00+01:00", "2026-11-27T20:30:00+01:00"),
        "visio-2026@atelier.example.org": ("2026-11-30T19:00:00+00:00", "2026-11-30T20:30:00+00:00"),
    }


def test_ical_listing_is_a_window_that_makes_nothing_missing():
    assert connectors.load("ical").listing is Listing.WINDOW


def test_ical_date_taken_out_of_a_series_is_a_tombstone():
    gone = [one for one in harvested(*recorded("ical")) if isinstance(one, Gone)]
    assert gone == [Gone("reparation-2026@atelier.example.org/20270102T130000Z")]


def test_ical_folded_lines_and_escapes_are_undone():
    body = "Nous réparons, ensemble ; café\nfourni"
    folded = "DESCRIPTION:Nous réparons\\, ens\n emble \\; café\\nfour\n\tni"
    (value,) = values(read("ical", calendar(event("DTSTART:20261201T100000Z", folded)).replace("\n", "\r\n")))
    assert value["DESCRIPTION"] == body


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("DTSTART:20261201T100000Z", "2026-12-01T10:00:00+00:00"),
        ("DTSTART;TZID=Europe/Paris:20261201T100000", "2026-12-01T10:00:00+01:00"),
        ("DTSTART;TZID=Maison:20260701T100000", "2026-07-01T10:00:00+02:00"),
        ("DTSTART;TZID=Romance Standard Time:20261201T100000", "2026-12-01T10:00:00+01:00"),
        ("DTSTART;TZID=Nowhere/City:20261201T100000", "2026-12-01T10:00:00"),
        ("DTSTART:20261201T100000", "2026-12-01T10:00:00"),
        ("DTSTART;VALUE=DATE:20261201", "2026-12-01"),
    ],
    ids=["utc", "zone", "own zone", "outlook", "unknown zone", "floating", "day"],
)
def test_ical_times_keep_the_zone_they_are_written_in(start, expected):
    assert times(start, head=PARIS) == [(expected, None)]


def test_ical_floating_time_is_in_the_zone_of_the_calendar_when_it_says_one():
    head = "X-WR-TIMEZONE:America/Cayenne\n"
    assert times("DTSTART:20261201T100000", head=head) == [("2026-12-01T10:00:00-03:00", None)]
    assert times("DTSTART:20261201T100000", head="X-WR-TIMEZONE:Mars\n") == [("2026-12-01T10:00:00", None)]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("DTEND;VALUE=DATE:20261203", "2026-12-02"),
        ("DTEND;VALUE=DATE:20261202", "2026-12-01"),
        ("DTEND;VALUE=DATE:20261201", "2026-12-01"),
        ("DURATION:P2D", "2026-12-02"),
        ("DTEND:20261203T100000Z", None),
        ("SEQUENCE:1", None),
    ],
    ids=["two days", "one day", "no day", "duration", "of another type", "none"],
)
def test_ical_end_of_whole_days_is_exclusive_in_the_calendar_and_the_last_day_here(end, expected):
    assert times("DTSTART;VALUE=DATE:20261201", end) == [("2026-12-01", expected)]


def test_ical_end_is_told_by_a_duration_and_never_lies_before_the_start():
    assert times("DTSTART:20261201T100000Z", "DURATION:PT90M") == [
        ("2026-12-01T10:00:00+00:00", "2026-12-01T11:30:00+00:00")
    ]
    assert times("DTSTART:20261201T100000Z", "DTEND:20261201T090000Z") == [
        ("2026-12-01T10:00:00+00:00", None)
    ]


def test_ical_series_stays_at_its_hour_when_the_clocks_change():
    found = times("DTSTART;TZID=Europe/Paris:20270320T180000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3")
    assert found == [
        ("2027-03-20T18:00:00+01:00", "2027-03-20T19:00:00+01:00"),
        ("2027-03-27T18:00:00+01:00", "2027-03-27T19:00:00+01:00"),
        ("2027-04-03T18:00:00+02:00", "2027-04-03T19:00:00+02:00"),
    ]


@pytest.mark.parametrize(
    ("start", "until"),
    [
        ("DTSTART;TZID=Europe/Paris:20261203T180000", "20261210T170000Z"),
        ("DTSTART;TZID=Europe/Paris:20261203T180000", "20261210"),
        ("DTSTART:20261203T180000", "20261210T180000"),
        ("DTSTART:20261203T180000", "20261210T230000Z"),
        ("DTSTART;VALUE=DATE:20261203", "20261210"),
        ("DTSTART:20261203T180000Z", "20261210T180000Z"),
    ],
    ids=["utc", "a day for a time", "floating", "utc for floating", "days", "utc both"],
)
def test_ical_last_date_of_a_rule_is_included_however_it_is_written(start, until):
    assert len(times(start, f"RRULE:FREQ=WEEKLY;UNTIL={until}")) == 2


def test_ical_endless_rule_is_read_within_the_window_only():
    rule = ("DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=DAILY")
    found = [start for start, _ in times(*rule, past=2, ahead=3)]
    assert found == [f"2026-11-{day}" for day in range(20, 26)]
    assert times(*rule, past=0, ahead=0) == [("2026-11-22", None)]


def test_ical_event_without_a_rule_is_kept_whatever_its_date():
    assert times("DTSTART;VALUE=DATE:19990101", past=0, ahead=0) == [("1999-01-01", None)]


def test_ical_too_many_occurrences_reject_the_event_not_the_calendar():
    crowd = event("DTSTART;VALUE=DATE:20261101", "RRULE:FREQ=DAILY", uid="crowd")
    found = read("ical", calendar(crowd, event("DTSTART;VALUE=DATE:20261101", uid="b")), occurrences=10)
    expected = "more than 10 occurrences; raise `occurrences` or shorten `ahead`"
    assert (Rejected("crowd", expected), ["b"]) == (found[0], refs(found))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=HOURLY;COUNT=3",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=SOMETIMES",
        "COUNT=2",
        "UNTIL=",
        "x",
    ],
)
def test_ical_rule_that_cannot_be_read_rejects_its_event_alone(rule):
    found = read(
        "ical",
        calendar(
            event("DTSTART;VALUE=DATE:20261101", f"RRULE:{rule}"),
            event("DTSTART;VALUE=DATE:20261101", uid="b"),
        ),
    )
    assert refs(found) == ["b"]
    assert [one.ref for one in found if isinstance(one, Rejected)] == ["a"]
    assert "RRULE" in reasons(found)[0]


def test_ical_rule_that_no_day_fits_gives_its_first_day_and_ends():
    rule = "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
    assert times("DTSTART;VALUE=DATE:20261101", rule) == [("2026-11-01", None)]


def test_ical_dates_added_by_hand_are_occurrences_too():
    found = times(
        "DTSTART:20261201T100000Z",
        "DURATION:PT1H",
        "RDATE:20261203T100000Z",
        "RDATE;VALUE=PERIOD:20261204T100000Z/PT3H",
    )
    assert [start for start, _ in found] == [
        "2026-12-01T10:00:00+00:00",
        "2026-12-03T10:00:00+00:00",
        "2026-12-04T10:00:00+00:00",
    ]


@pytest.mark.parametrize(
    ("start", "excluded"),
    [
        ("DTSTART;TZID=Europe/Paris:20261201T180000", "EXDATE;TZID=Europe/Paris:20261208T180000"),
        ("DTSTART;TZID=Europe/Paris:20261201T180000", "EXDATE:20261208T170000Z"),
        ("DTSTART;TZID=Europe/Paris:20261201T180000", "EXDATE;VALUE=DATE:20261208"),
        ("DTSTART;VALUE=DATE:20261201", "EXDATE;VALUE=DATE:20261208"),
        ("DTSTART;VALUE=DATE:20261201", "EXDATE:20261208T000000"),
    ],
    ids=["same zone", "utc", "a day for a time", "days", "a time for a day"],
)
def test_ical_date_is_taken_out_in_whatever_form_it_is_written(start, excluded):
    found = read("ical", calendar(event(start, "RRULE:FREQ=WEEKLY;COUNT=3", excluded)))
    assert [value["_start"][:10] for value in values(found)] == ["2026-12-01", "2026-12-15"]
    assert [one.ref[:10] for one in found if isinstance(one, Gone)] == ["a/20261208"]


def test_ical_exception_replaces_its_occurrence_under_the_same_ref():
    moved = event("RECURRENCE-ID:20261208T170000Z", "DTSTART;TZID=Europe/Paris:20261209T200000")
    regular = event("DTSTART;TZID=Europe/Paris:20261201T180000", "RRULE:FREQ=WEEKLY;COUNT=3")
    plain, changed = (read("ical", calendar(*parts)) for parts in ([regular], [moved, regular]))
    assert set(refs(plain)) == set(refs(changed))
    by_ref = {one.ref: one.value["_start"] for one in changed if isinstance(one, Record)}
    assert by_ref["a/20261208T170000Z"] == "2026-12-09T20:00:00+01:00"


def test_ical_exceptions_alone_are_events():
    found = read("ical", calendar(event("RECURRENCE-ID;VALUE=DATE:20261208", "DTSTART;VALUE=DATE:20261208")))
    assert refs(found) == ["a/20261208"]


def test_ical_exception_that_cannot_be_read_leaves_the_others():
    bad = event("RECURRENCE-ID;VALUE=DATE:20261208", "DTSTART:mardi")
    found = read("ical", calendar(bad, event("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=WEEKLY;COUNT=3")))
    assert (refs(found), reasons(found)) == (
        ["a/20261201", "a/20261215"],
        ["DTSTART 'mardi' is not a date or a time"],
    )


@pytest.mark.parametrize("name", ["mardi", "PT1H"])
def test_ical_exception_that_names_no_date_is_rejected_and_its_event_stays(name):
    lost = event(f"RECURRENCE-ID:{name}", "DTSTART;VALUE=DATE:20261209")
    found = read("ical", calendar(lost, event("DTSTART;VALUE=DATE:20261201")))
    assert (refs(found), reasons(found)) == (["a"], [f"RECURRENCE-ID '{name}' is not a date or a time"])


def test_ical_latest_version_of_an_event_wins_wherever_it_stands():
    new = event("DTSTART;VALUE=DATE:20261202", "SEQUENCE:3", "DTSTAMP:20260101T000000Z")
    old = event("DTSTART;VALUE=DATE:20261201", "SEQUENCE:2", "DTSTAMP:20261101T000000Z")
    stamped = event("DTSTART;VALUE=DATE:20261203", "SEQUENCE:3", "DTSTAMP:20260202T000000Z")
    changed = event("DTSTART;VALUE=DATE:20261204", "SEQUENCE:3", "LAST-MODIFIED:20250101T000000Z")
    for versions, expected in (
        ([old, new], "2026-12-02"),
        ([new, old], "2026-12-02"),
        ([stamped, new], "2026-12-03"),
        ([changed, stamped], "2026-12-04"),
    ):
        (value,) = values(read("ical", calendar(*versions)))
        assert value["_start"] == expected


def test_ical_stamp_of_the_request_makes_no_event_new():
    first, second = (
        values(read("ical", calendar(event("DTSTART;VALUE=DATE:20261201", f"DTSTAMP:{stamp}", "SEQUENCE:0"))))
        for stamp in ("20261121T020000Z", "20261122T020000Z")
    )
    assert first == second


def test_ical_event_without_uid_or_start_is_rejected_alone():
    nameless = "BEGIN:VEVENT\nSUMMARY:Sans nom\nDTSTART;VALUE=DATE:20261201\nEND:VEVENT\n"
    found = read(
        "ical", calendar(nameless, event("STATUS:CONFIRMED"), event("DTSTART;VALUE=DATE:20261201", uid="b"))
    )
    assert found[:2] == [Rejected(None, "no UID; summary 'Sans nom'"), Rejected("a", "no DTSTART")]
    assert refs(found) == ["b"]


def test_ical_private_event_is_rejected():
    (found,) = read("ical", calendar(event("DTSTART;VALUE=DATE:20261201", "CLASS:PRIVATE")))
    assert found == Rejected("a", "CLASS 'PRIVATE': not public")


def test_ical_tasks_and_free_times_are_no_events():
    other = "BEGIN:VTODO\nUID:t\nSUMMARY:Ranger\nEND:VTODO\nBEGIN:VFREEBUSY\nUID:f\nEND:VFREEBUSY\n"
    assert read("ical", calendar(other)) == []


def test_ical_persons_never_reach_a_record():
    people = [
        "ORGANIZER;CN=Camille:mailto:c@x.fr",
        "ATTENDEE;CN=Sacha:mailto:s@x.fr",
        "CONTACT:Sacha",
        "COMMENT:oui",
    ]
    found = read("ical", calendar(event("DTSTART;VALUE=DATE:20261201", *people, "ATTENDEE:mailto:d@x.fr")))
    assert "mailto" not in json.dumps(values(found))
    assert values(found)[0].keys() == {"UID", "SUMMARY", "_start"}


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("Salle, 3 rue du Four, 26150 Die", {"postcode": "26150", "city": "Die"}),
        ("26400 Crest (Drôme)", {"postcode": "26400", "city": "Crest"}),
        ("97410 Saint-Pierre, La Réunion", {"postcode": "97410", "city": "Saint-Pierre"}),
        ("Salle, Die, 26150, France", {}),
        ("Au pied du chêne", {}),
    ],
)
def test_ical_town_is_told_by_its_postcode_when_the_place_names_both(place, expected):
    text = place.replace(",", "\\,")
    (value,) = values(read("ical", calendar(event("DTSTART;VALUE=DATE:20261201", f"LOCATION:{text}"))))
    assert value["_venue"] == {"name": place, **expected}


def test_ical_web_address_as_place_is_an_event_on_line():
    (value,) = values(
        read("ical", calendar(event("DTSTART;VALUE=DATE:20261201", "LOCATION:https://visio.example.org/x")))
    )
    assert (value["_online"], "_venue" in value) == (True, False)


def test_ical_point_is_latitude_then_longitude():
    (value,) = values(read("ical", calendar(event("DTSTART;VALUE=DATE:20261201", "GEO:44.75;5.37"))))
    assert value["_venue"] == {"lat": 44.75, "lon": 5.37}


def test_ical_several_calendars_one_after_the_other_and_at_several_addresses_are_read():
    day = "DTSTART;VALUE=DATE:20261201"
    bodies = {
        "https://a.example/1.ics": calendar(event(day, uid="1")) + calendar(event(day, uid="2")),
        "https://a.example/2.ics": "\ufeff" + calendar(event(day, uid="3")),
    }
    shelf = Shelf({url: body.encode() for url, body in bodies.items()})
    assert refs(harvested(source("ical", list(bodies)), shelf)) == ["1", "2", "3"]


def test_ical_empty_calendar_is_empty_not_broken():
    assert read("ical", calendar()) == []


def test_ical_calendar_in_latin_1_is_read_as_labelled():
    body = calendar(event("DTSTART;VALUE=DATE:20261201")).replace("Atelier", "Café").encode("latin-1")
    assert values(read("ical", body, charset="iso-8859-1"))[0]["SUMMARY"] == "Café"


def test_ical_address_that_does_not_answer_leaves_everything_as_it_is():
    feed, shelf = recorded("ical")
    shelf.failing[feed.url] = SourceUnavailable("timed out")
    with pytest.raises(SourceUnavailable):
        harvested(feed, shelf)


def test_ical_calendar_larger_than_its_bound_is_refused_before_it_is_read():
    feed, shelf = recorded("ical")
    (answer,) = connectors.load("ical").answers(feed, shelf, shelf)
    with pytest.raises(SourceChanged, match="67108865 bytes, 67108864 at most"):
        list(connectors.load("ical").records(feed, [replace(answer, size=(1 << 26) + 1)], shelf))


NAMES = [
    "DTSTART:",
    "DTSTART;VALUE=DATE:",
    "DTSTART;TZID=",
    "DTEND:",
    "DURATION:",
    "RRULE:FREQ=WEEKLY",
    "RRULE:FREQ=DAILY;UNTIL=",
    "EXDATE:",
    "EXDATE;VALUE=DATE:",
    "RDATE:",
    "RDATE;VALUE=PERIOD:",
    "RECURRENCE-ID:",
    "SEQUENCE:",
    "LAST-MODIFIED:",
    "UID:",
    "GEO:",
    "CATEGORIES:",
    "ATTACH;FMTTYPE=image/png:",
    "CLASS:",
    "LOCATION:",
    "X-A;b=c:",
    ";",
    ":",
    "=",
]
WRITTEN = (
    "20261201T100000Z",
    "20261201",
    "20261201T100000Z/PT1H",
    "99999999",
    "-P1D",
    "PT1H",
    "1;2;3",
    "é",
    "\0",
    "",
)


@given(st.lists(st.builds(str.__add__, st.sampled_from(NAMES), st.sampled_from(WRITTEN)), max_size=6))
def test_ical_whatever_is_written_in_an_event_the_others_stay(lines):
    found = read("ical", calendar(event(*lines), event("DTSTART;VALUE=DATE:20261201", uid="b")))
    assert all(isinstance(one, Record | Rejected | Gone) for one in found)
    assert "b" in refs(found)


def test_ical_items_hold_times_places_and_states_of_ours():
    found = items()
    feast = found["fete-2027@atelier.example.org"]
    assert feast.kind == "event"
    assert {name: str(feast.values[name]) for name in ("start", "end", "postcode", "city")} == {
        "start": "2027-06-12",
        "end": "2027-06-13",
        "postcode": "26400",
        "city": "Crest",
    }
    states = {ref.partition("@")[0]: item.values["status"].rpartition("/")[2] for ref, item in found.items()}
    assert states == {
        "reparation-2026": "prevu",
        "fete-2027": "en-reflexion",
        "assemblee-2026": "annule",
        "visio-2026": "prevu",
    }
    visio = found["visio-2026@atelier.example.org"].values
    assert (visio["attendance"], "venue" in visio) == ("http://schema.org/OnlineEventAttendanceMode", False)
    repaired = found["reparation-2026@atelier.example.org/20261107T130000Z"].values
    assert repaired["venue"].values["name"] == "Atelier des Communs, 12 rue des Tanneurs, 26150 Die"
    assert repaired["keywords"] == ("Réparation", "Vélo")
    assert str(found["assemblee-2026@atelier.example.org"].values["start"]) == "2026-11-27 18:30:00+01:00"


# --- recognition -------------------------------------------------------------------------------------


def recognised(where: Any, looks: Looks) -> Any:
    return connectors.load("ical").recognised(where, looks)


CALENDAR = (
    f"BEGIN:VCALENDAR\r\nX-WR-CALNAME;VALUE=TEXT:Fêtes\\, ate\r\n liers\r\n{PARIS}{event()}END:VCALENDAR\r\n"
)


def test_ical_is_not_seen_in_a_page_or_a_text_that_speaks_of_one():
    looks = Looks()
    others = (
        page(
            "https://t.example/agenda", "BEGIN:VCALENDAR <a href=/calendar/>Calendar</a> <a href=/ics>ics</a>"
        ),
        seen("https://t.example/agenda.ics", "Not found: agenda.ics"),
        seen("https://t.example/agenda", {"VCALENDAR": []}),
    )
    assert [recognised(one, looks) for one in others] == [None, None, None]
    assert looks.asked == []


def test_ical_name_is_unfolded_and_rules_of_zones_are_no_recurrence():
    found = recognised(seen("https://t.example/a.ics", CALENDAR), Looks())
    assert (found.title, found.certainty.name) == ("Fêtes, ateliers", "FORMAT")
    assert list(found.learned) == ["1 events, of which 0 recur"]


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("/calendar/embed?ctz=Europe&src=a%40b.example", "/calendar/ical/a%40b.example/public/basic.ics"),
        ("/apps/calendar/p/aBc-1/dayGridMonth/now", "/remote.php/dav/public-calendars/aBc-1?export"),
        ("/c/index.php/apps/calendar/embed/aBc1", "/c/remote.php/dav/public-calendars/aBc1?export"),
    ],
)
def test_ical_text_behind_the_page_that_shows_it_is_found_there_or_framed(address, text):
    looks = Looks({f"https://t.example{text}": CALENDAR})
    shown = recognised(page(f"https://t.example{address}", "Loading"), looks)
    framed = recognised(
        page("https://u.example/", f'<iframe src="https://t.example{address}"></iframe>'), looks
    )
    assert shown.url == framed.url == f"https://t.example{text}"
    assert (shown.certainty.name, framed.certainty.name) == ("FORMAT", "READABLE")


def test_ical_subscription_is_read_by_the_scheme_of_its_page_and_others_are_told():
    looks = Looks({"https://t.example/a.ics?x=1": CALENDAR})
    body = "<a href='webcal://t.example/a.ics?x=1'>A</a><a href=/b.ics>B</a><a href=/b.ics.html>C</a>"
    found = recognised(page("https://t.example/", body), looks)
    assert found.url == "https://t.example/a.ics?x=1"
    assert found.learned[1:] == ["another calendar of the page: https://t.example/b.ics"]
    assert looks.asked == ["https://t.example/a.ics?x=1"]


def test_ical_event_whose_mark_of_version_cannot_be_read_stays():
    day = "DTSTART;VALUE=DATE:20261208"
    both = calendar(event(day, "DTSTAMP:20261101T000000Z"), event(day, "DTSTAMP:{}"))

    assert refs(read("ical", both)) == ["a"]
