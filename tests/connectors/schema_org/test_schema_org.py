"""What is special to schema_org."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from typing import Any

import pytest
from looks import Looks, page, seen
from shelf import Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.connectors._sitemap import listed
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Kept, Record

HOST = "https://site.example"
EVENT = {"@context": "https://schema.org", "@type": "Event", "name": "Fête", "startDate": "2026-12-05T14:00"}


def script(*blocks: Any, kind: str = "application/ld+json") -> str:
    texts = (one if isinstance(one, str) else json.dumps(one) for one in blocks)
    return "".join(f'<script type="{kind}">{text}</script>' for text in texts)


def web(body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


def urlset(*paths: str) -> bytes:
    entries = "".join(f"<url><loc>{HOST}{path}</loc></url>" for path in paths)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'.encode()


def index(*paths: str) -> bytes:
    entries = "".join(f"<sitemap>\n <loc> {HOST}{path} </loc></sitemap>" for path in paths)
    return f"<?xml version='1.0'?>\n<sitemapindex>{entries}</sitemapindex>".encode()


def site(pages: dict[str, bytes | str], **said: Any) -> Shelf:
    """Bodies by path; a text is the body of a page; a sitemap of all pages unless one is given."""
    bodies = {f"{HOST}{path}": body if isinstance(body, bytes) else web(body) for path, body in pages.items()}
    bodies.setdefault(f"{HOST}/sitemap.xml", urlset(*pages))
    return Shelf(bodies, {url: {"media_type": "text/html"} for url in bodies}, **said)


def feed(url: str | list[str] = f"{HOST}/sitemap.xml", **options: Any):
    return source("schema_org", url, **options)


def one(body: str | bytes, **options: Any) -> dict[str, Any]:
    """The one record of a page."""
    found = harvested(feed(**options), site({"/p": body}))
    assert reasons(found) == []
    (value,) = values(found)
    return dict(value)


def event(**said: Any) -> dict[str, Any]:
    return one(script({**EVENT, "@id": "/p", **said}))


# --- the recording -----------------------------------------------------------------------------------


def test_recorded_pages_become_items_of_several_kinds():
    feed, shelf = recorded("schema_org")
    mapper, problems = compile_mapping(feed, connectors.load("schema_org").mapping)
    assert problems == []
    found = [mapper.item(record) for record in harvested(feed, shelf) if isinstance(record, Record)]
    assert [(item.kind, item.ref) for item, _ in found] == [
        ("organisation", "#organization"),
        ("event", "evenement/atelier-velo/#event"),
        ("event", "evenement/visite/#event"),
        ("event", "evenement/conference/#event"),
        ("organisation", "boutique/"),
        ("video", "film/"),
    ]
    assert [findings for _, findings in found if findings] == []
    assert mapper.coverage.unmapped == {}
    assert found[0][0].values["name"] == "Le Relais & Cie"
    assert found[1][0].values["start"].isoformat() == "2026-12-05T14:00:00+01:00"
    assert found[1][0].values["venue"].values["city"] == "Montpellier"


def test_persons_of_a_page_are_neither_records_nor_values():
    assert "Prénom Nom" not in json.dumps(values(harvested(*recorded("schema_org"))), ensure_ascii=False)
    value = event(organizer={"@type": "Person", "name": "Prénom Nom"}, performer="Prénom Nom")
    assert "Prénom" not in json.dumps(value, ensure_ascii=False)


# --- sitemaps ----------------------------------------------------------------------------------------


def test_index_leads_to_sitemaps_gzipped_or_not_each_asked_once():
    pages = {f"/{name}": script({**EVENT, "name": name}) for name in "ab"}
    maps = {
        "/sitemap.xml": index("/1.xml", "/2.xml.gz", "/1.xml", "/sitemap.xml"),
        "/1.xml": urlset("/a"),
        "/2.xml.gz": gzip.compress(urlset("/b", "/a")),
    }
    shelf = site(maps | pages)
    assert refs(harvested(feed(), shelf)) == ["a", "b"]
    assert len(shelf.asked) == 5


def test_sitemaps_and_pages_are_chosen_by_expressions():
    page = script(EVENT)
    maps = {
        "/sitemap.xml": index("/post.xml", "/event.xml"),
        "/event.xml": urlset("/agenda/a", "/agenda/page/2", "/x"),
    }
    shelf = site(maps | {"/agenda/a": page})
    chosen = feed(sitemaps="event", include="/agenda/", exclude="/page/")
    assert refs(harvested(chosen, shelf)) == ["agenda/a"]
    assert f"{HOST}/post.xml" not in shelf.asked
    assert f"{HOST}/x" not in shelf.asked


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html><body>Maintenance</body></html>", "expected a sitemap, got '<html>"),
        (urlset("/p")[:-12], "cut or malformed"),
        (gzip.compress(urlset("/p"))[:-12], "cut or damaged"),
        (urlset(), "no page to read in 1 sitemaps"),
        (index("/sitemap.xml"), "no page to read in 1 sitemaps"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><urlset><url><loc>&b;</loc></url></urlset>', "cut or malformed"),
    ],
    ids=["page", "cut", "cut gzip", "empty", "circle", "entity"],
)
def test_sitemap_that_is_none_fails_the_source(body, says):
    with pytest.raises(SourceChanged, match=says) as raised:
        harvested(feed(), site({"/sitemap.xml": body, "/p": script(EVENT)}))
    assert "schema_org 'test': https://" in str(raised.value)


def test_sitemap_that_does_not_answer_lets_its_error_through():
    shelf = site({"/sitemap.xml": index("/1.xml")}, failing={f"{HOST}/1.xml": SourceUnavailable("time-out")})
    with pytest.raises(SourceUnavailable):
        harvested(feed(), shelf)


def test_pages_of_other_sites_are_rejected_and_never_asked():
    body = urlset("/p").replace(b"</urlset>", b"<url><loc>https://other.example/</loc></url></urlset>")
    shelf = site({"/sitemap.xml": body, "/p": script(EVENT)})
    found = harvested(feed(), shelf)
    assert (refs(found), len(reasons(found))) == (["p"], 1)
    assert "https://other.example/" not in shelf.asked


def test_listing_of_links_takes_the_place_of_a_sitemap():
    pages = {
        "/agenda": '<a class=e href="/a">A</a><a rel=next href="?p=2">2</a>',
        "/agenda?p=2": '<a class=e href="/b">B</a>',
        "/a": script(EVENT),
        "/b": script(EVENT),
    }
    listed = feed(f"{HOST}/agenda", listing="a.e", next="[rel=next]")
    assert refs(harvested(listed, site(pages))) == ["a", "b"]


def test_addresses_may_be_the_pages_themselves():
    pages = feed([f"{HOST}/a", f"{HOST}/b"], sitemap=False)
    shelf = site({"/a": script(EVENT), "/b": script({**EVENT, "name": "B"})})
    assert refs(harvested(pages, shelf)) == ["a", "b"]


# --- scripts -----------------------------------------------------------------------------------------

NAMED = '{"@context": "https://schema.org", "@type": "Event", "@id": "/p", "name": "%s", "startDate": "2026-12-05"}'


@pytest.mark.parametrize(
    "text",
    [
        NAMED % "Fête",
        "\n//<![CDATA[\n" + NAMED % "Fête" + "\n//]]>\n",
        "/* <![CDATA[ */" + NAMED % "Fête" + "/* ]]> */",
        "<!-- " + NAMED % "Fête" + " -->",
        "<!-- agenda { } -->" + NAMED % "Fête",
        (NAMED % "Fête").replace("}", ", // fin\n}"),
        (NAMED % "Fête").replace("}", ", /* , */ }"),
        NAMED % "Fête" + ";",
        "\ufeff" + NAMED % "Fête",
        (NAMED % "Fête").replace('"', "&quot;"),
    ],
    ids=["plain", "cdata", "starred", "hidden", "comment", "line", "block", "semicolon", "mark", "escaped"],
)
def test_scripts_are_read_as_people_write_them(text):
    assert one(script(text))["name"] == "Fête"


def test_marks_inside_of_texts_stay():
    text = (NAMED % "http://x // <!-- a --> /* b */ , }").replace('05"}', '05",}')
    assert one(script(text))["name"] == "http://x // <!-- a --> /* b */ , }"


def test_raw_control_characters_are_read():
    assert one(script(NAMED % "Fête\tde\nquartier"))["name"] == "Fête\tde\nquartier"


def test_two_values_in_one_script_and_lists_are_all_read():
    two = NAMED % "A" + "\n" + (NAMED % "B").replace("/p", "/q")
    found = harvested(feed(), site({"/x": script(two, [{**EVENT, "@id": "/r"}, {**EVENT, "@id": "/s"}])}))
    assert refs(found) == ["p", "q", "r", "s"]


def test_bad_or_empty_script_never_loses_the_page():
    body = script("", "{ pas du JSON", NAMED % "Fête", {"@context": "https://inconnu.example/", "@type": "X"})
    found = harvested(feed(), site({"/x": body}))
    assert refs(found) == ["p"]
    assert [type(one) for one in found] == [Record, Kept]
    assert "is not JSON" in found[1].reason


def test_script_that_was_broken_keeps_the_last_version_of_its_record():
    pages = {"/a": script({**EVENT, "@id": "/a#event"}), "/b": script('{"@type": "Event", "name": "B" "C"}')}
    found = harvested(feed(), site(pages))
    assert [(one.ref, type(one)) for one in found] == [("a#event", Record), ("b#event", Kept)]
    assert "is not JSON" in found[1].reason


@pytest.mark.parametrize("kind", ["application/ld+json; charset=utf-8", "Application/LD+JSON"])
def test_type_of_the_script_may_say_more(kind):
    assert one(script(EVENT, kind=kind))["name"] == "Fête"


@pytest.mark.parametrize(
    "context",
    ["http://schema.org", "https://schema.org/", "//schema.org", "schema.org", ["https://schema.org", {"x": "y:"}],
     {"@vocab": "http://schema.org/"}, None],
)  # fmt: skip
def test_context_is_known_however_it_is_written(context):
    assert event(**{"@context": context})["kind"] == "event"


# --- things ------------------------------------------------------------------------------------------


def test_graph_lists_and_main_entities_are_opened():
    graph = {
        "@context": "https://schema.org",
        "@graph": [{"@type": "WebSite", "@id": "/#w"}, {**EVENT, "@id": "/1"}],
    }
    listed = {
        "@context": "https://schema.org",
        "@type": "ItemList",
        "itemListElement": [
            {"@type": "ListItem", "position": 1, "item": {"@type": "Event", "name": "A", "url": "/2"}},
            {"@type": "ListItem", "position": 2, "item": {"@type": "Event", "name": "B", "url": "/3"}},
        ],
    }
    about = {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "mainEntity": {"@type": "Event", "name": "C", "@id": "/4"},
    }
    found = harvested(feed(), site({"/x": script(graph, listed, about)}))
    assert sorted(refs(found)) == ["1", "2", "3", "4"]


def test_types_in_a_list_and_subclasses_tell_the_kind():
    assert event(**{"@type": ["Thing", "MusicEvent"]})["kind"] == "event"
    assert event(**{"@type": ["LocalBusiness", "Store"]})["kind"] == "organisation"


def test_kinds_of_the_source_win():
    page = script({**EVENT, "@type": "Course"})
    assert one(page, kinds={"Course": "event"})["kind"] == "event"
    with pytest.raises(ValueError, match="no kind 'evenement'"):
        connectors.load("schema_org").options(kinds={"Course": "evenement"})


def test_class_that_means_no_kind_is_rejected_with_its_name():
    found = harvested(feed(), site({"/x": script({**EVENT, "@type": "Recipe", "@id": "/r"}, NAMED % "Fête")}))
    assert (refs(found), reasons(found)) == (
        ["p"],
        ["no kind for schema:Recipe; say which in the source's `kinds`"],
    )


def test_thing_without_name_of_its_own_is_known_by_its_page():
    value = one(script(EVENT))
    assert (value["page"], "derived_from" in value) == (f"{HOST}/p", False)
    assert refs(harvested(feed(), site({"/x": script({**EVENT, "url": "/fete/1"})}))) == ["fete/1"]
    assert refs(harvested(feed(), site({"/x": script({**EVENT, "url": "https://billets.example/1"})}))) == [
        "x"
    ]
    assert refs(harvested(feed(), site({"/x": script({**EVENT, "url": f"{HOST}/"})}))) == ["x"]


def test_several_nameless_things_are_told_apart_by_name_and_date_not_by_place_or_text():
    first, second = EVENT | {"name": "A"}, EVENT | {"name": "B"}
    told = refs(harvested(feed(), site({"/x": script(first, second)})))
    turned = refs(harvested(feed(), site({"/x": script(second | {"description": "neuf"}, first)})))
    assert told == turned[::-1]
    assert len(set(told)) == 2
    assert all(ref.startswith("x#") for ref in told)


def test_same_thing_on_many_pages_is_one_record_unless_it_says_other_things():
    asso = {"@context": "https://schema.org", "@type": "NGO", "@id": f"{HOST}/#asso", "name": "Asso"}
    same = site({"/a": script(asso), "/b": script(asso)})
    assert refs(harvested(feed(), same)) == ["#asso"]
    other = site({"/a": script(asso), "/b": script({**asso, "name": "Autre"})})
    assert refs(harvested(feed(), other)) == ["#asso", "#asso"]


@pytest.mark.parametrize(
    ("location", "venue", "attendance"),
    [
        ("Salle des fêtes, Alès", {"name": "Salle des fêtes, Alès"}, None),
        ({"@type": "Place", "name": "MJC", "address": "1 rue X"}, {"name": "MJC", "street": "1 rue X"}, None),
        ([{"@type": "Place", "name": "MJC"}], {"name": "MJC"}, None),
        ({"name": "MJC"}, {"name": "MJC"}, None),
        ({"@type": "VirtualLocation", "url": "https://v.example"}, None, "Online"),
        ([{"@type": "VirtualLocation"}, {"@type": "Place", "name": "MJC"}], {"name": "MJC"}, "Mixed"),
    ],
    ids=["text", "place", "list", "untyped", "on line", "both"],
)
def test_location_may_be_a_text_a_place_a_video_room_or_a_list(location, venue, attendance):
    value = event(location=location)
    assert value.get("venue") == venue
    said = f"http://schema.org/{attendance}EventAttendanceMode" if attendance else None
    assert value.get("attendance") == said


def test_mode_that_the_page_says_wins_over_the_one_we_tell():
    value = event(
        location={"@type": "VirtualLocation"},
        eventAttendanceMode="https://schema.org/MixedEventAttendanceMode",
    )
    assert value["attendance"].endswith("MixedEventAttendanceMode")


def test_place_of_an_event_described_elsewhere_on_the_page_is_its_venue():
    place = {"@context": "https://schema.org", "@type": "Place", "@id": f"{HOST}/#mjc", "name": "MJC",
             "address": {"@type": "PostalAddress", "addressLocality": "Alès"}}  # fmt: skip
    body = script({**EVENT, "@id": "/p", "location": {"@id": f"{HOST}/#mjc"}}, place)
    found = {value["kind"]: value for value in values(harvested(feed(), site({"/p": body})))}
    assert found["event"]["venue"]["city"] == "Alès"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-12-05T14:00", "2026-12-05T14:00:00+01:00"),
        ("2026-12-05T14:00:00-05:00", "2026-12-05T14:00:00-05:00"),
        ("2026-12-05", "2026-12-05"),
    ],
)
def test_dates_without_zone_are_local_to_the_source(written, read):
    page = site({"/p": script({**EVENT, "startDate": written})})
    mapper, _ = compile_mapping(feed(), connectors.load("schema_org").mapping)
    (record,) = harvested(feed(), page)
    assert mapper.item(record)[0].values["start"].isoformat() == read


def test_relative_addresses_start_from_the_base_of_the_page():
    body = web(script({**EVENT, "@id": "fete", "image": "a.jpg"}), '<base href="/agenda/">')
    value = one(body)
    assert (value["page"], value["image"]) == (f"{HOST}/agenda/fete", f"{HOST}/agenda/a.jpg")


# --- microdata ---------------------------------------------------------------------------------------

SHOP = """<div itemscope itemtype="https://schema.org/Store" itemref="suite ici">
<meta itemprop="name" content="Boutique"><div itemprop="geo" itemscope itemtype="https://schema.org/GeoCoordinates">
<meta itemprop="latitude" content="43.6"><span itemprop="longitude" content="3.8">3°</span></div>
<img itemprop="image logo" src="/i.png"><div><p itemprop="description">Un <b>lieu</b></p></div></div>
<div id="suite"><span itemprop="telephone">04 67 00 00 00</span></div>
<div id="ici" itemprop="address" itemscope itemtype="https://schema.org/PostalAddress">
<span itemprop="addressLocality">Alès</span></div>"""


def test_microdata_is_read_with_what_stands_elsewhere():
    value = one(SHOP)
    assert (value["kind"], value["name"], value["city"]) == ("organisation", "Boutique", "Alès")
    assert (value["lat"], value["lon"], value["telephone"]) == ("43.6", "3.8", "04 67 00 00 00")
    assert (value["image"], value["description"]) == (f"{HOST}/i.png", "Un lieu")


def test_microdata_of_an_event_with_times_and_links():
    body = """<div itemscope itemtype="http://schema.org/Event" itemid="#e"><h2 itemprop="name">Fête</h2>
    <time itemprop="startDate" datetime="2026-12-05T14:00">samedi</time><a itemprop="url" href="/fete">voir</a>
    <span itemprop="location" itemscope itemtype="http://schema.org/Place"><b itemprop="name">MJC</b></span></div>"""
    value = one(body)
    assert (value["start"], value["venue"]) == ("2026-12-05T14:00", {"name": "MJC"})
    assert value["page"] == f"{HOST}/fete"


def test_microdata_is_left_where_json_ld_says_something():
    found = harvested(feed(), site({"/p": script(EVENT) + SHOP}))
    assert [value["kind"] for value in values(found)] == ["event"]


def test_microdata_in_circles_ends():
    body = '<div id="a" itemscope itemtype="http://schema.org/Event" itemref="a b"><p itemprop="name">F</p></div>'
    body += '<div id="b"><div itemprop="subEvent" itemscope itemref="b"><p itemprop="name">G</p></div></div>'
    assert one(body)["name"] == "F"


# --- pages that fail ---------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [None, b"<html><body>", b"\x00\x01"], ids=["gone", "cut", "no page"])
def test_page_that_fails_keeps_what_pages_like_it_would_have(body):
    pages: dict[str, Any] = {
        "/a/": script({**EVENT, "@id": f"{HOST}/a/#event"}),
        "/sitemap.xml": urlset("/a/", "/b/"),
    }
    if body is not None:
        pages["/b/"] = body
    found = harvested(feed(), site(pages))
    assert [(one.ref, type(one)) for one in found] == [("a/#event", Record), ("b/#event", Kept)]


def test_page_without_anything_is_nothing():
    assert refs(harvested(feed(), site({"/p": "<p>Contact</p>", "/q": script(EVENT)}))) == ["q"]


def test_site_where_no_page_says_anything_fails():
    with pytest.raises(SourceChanged, match="no page describes anything that we know"):
        harvested(feed(), site({"/p": "<p>Contact</p>", "/q": "<p>Agenda</p>"}))


@pytest.mark.parametrize(
    ("said", "status"), [("EventCancelled", "annule"), ("https://schema.org/EventPostponed", "reporte")]
)
def test_event_that_is_called_off_says_so(said, status):
    assert event(eventStatus=said)["status"].endswith(f"/statuts/{status}")


# --- recognition -------------------------------------------------------------------------------------


def recognised(where: Any, looks: Looks) -> Any:
    return connectors.load("schema_org").recognised(where, looks)


def things(*names: str) -> str:
    return script(*({**EVENT, "name": name, "url": f"/e/{name}"} for name in names))


def test_schema_org_page_that_describes_nothing_is_not_recognised_nor_looked_further():
    looks = Looks()
    others = (
        page(f"{HOST}/", "Welcome", head=script({"@context": "https://example.org", "@type": "Event"})),
        page(f"{HOST}/", "Welcome", head="<script type='application/ld+json'>{</script>"),
        seen(f"{HOST}/feed", "<rss version='2.0'><channel><title>schema.org</title></channel></rss>"),
        seen(f"{HOST}/sitemap.json", {"urlset": [], "@context": "https://schema.org", "@type": "Event"}),
    )
    assert [recognised(one, looks) for one in others] == [None, None, None, None]
    assert looks.asked == []


def test_schema_org_page_that_describes_its_site_or_a_person_alone_is_no_source():
    own = {"@context": "https://schema.org", "@type": "Organization", "name": "Us", "url": f"{HOST}/"}
    person = {"@context": "https://schema.org", "@type": "Person", "name": "Somebody", "url": f"{HOST}/who"}
    looks = Looks()
    assert recognised(page(f"{HOST}/", "", head=script(own, person)), looks) is None
    assert looks.asked == [f"{HOST}/robots.txt", f"{HOST}/sitemap.xml"]


def test_schema_org_page_of_several_things_is_proposed_alone_unless_it_is_the_home_page():
    looks = Looks()
    found = recognised(page(f"{HOST}/agenda", "", head=things("a", "b")), looks)
    assert (found.url, found.count, found.keys) == (f"{HOST}/agenda", 2, {"sitemap": False})
    assert looks.asked == []
    assert recognised(page(f"{HOST}/", "", head=things("a", "b")), looks).keys == {"sitemap": False}
    assert looks.asked == [f"{HOST}/robots.txt", f"{HOST}/sitemap.xml"]


def test_schema_org_folders_of_a_sitemap_that_describe_nothing_are_left_out():
    paths = ["/", "/about", "/e/a", "/e/b", "/e/c", "/news/1", "/news/2", "https://other.example/e/d"]
    listed = "".join(f"<url><loc>{one if '//' in one else HOST + one}</loc></url>" for one in paths)
    looks = Looks(
        {
            f"{HOST}/robots.txt": f"User-agent: *\nsitemap: {HOST}/map.xml\nSitemap: https://other.example/map.xml",
            f"{HOST}/map.xml": f"<urlset>{listed}</urlset>",
            f"{HOST}/e/a": web("", things("a")).decode(),
            f"{HOST}/news/1": web("News").decode(),
        }
    )
    found = recognised(page(f"{HOST}/", "schema.org"), looks)
    assert (found.url, found.keys) == (f"{HOST}/map.xml", {"include": "/e/"})
    asked = ["/robots.txt", "/map.xml", "/e/a", "/about", "/news/1"]
    assert [f"{HOST}{one}" for one in asked] == looks.asked


def test_schema_org_sitemaps_that_differ_by_a_number_are_looked_at_once_and_all_are_read():
    looks = Looks(
        {
            f"{HOST}/post-sitemap.xml": urlset("/", "/p/1").decode(),
            f"{HOST}/p/1": web("", things("a")).decode(),
        }
    )
    given = seen(
        f"{HOST}/sitemap.xml", index("/post-sitemap.xml", "/post-sitemap2.xml", "/page-sitemap.xml").decode()
    )
    found = recognised(given, looks)
    assert found.keys == {"sitemaps": r"/post-sitemap\d*\.xml$"}
    assert f"{HOST}/post-sitemap2.xml" not in looks.asked
    assert found.publisher is None


@pytest.mark.parametrize("space", ["http://e.example/%}b", "é}{", "a{b"])
def test_sitemap_in_an_odd_namespace_lists_what_it_can(space):
    entry = b"<url><loc>https://lieu.example/1</loc></url>"
    body = f"<urlset xmlns='{space}'>".encode() + entry + b"</urlset>"

    with suppress(SourceChanged):
        assert listed(body, where="s").addresses in ((), ("https://lieu.example/1",))
