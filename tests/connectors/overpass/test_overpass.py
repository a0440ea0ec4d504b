"""What is special to overpass."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

import pytest
from looks import Looks, seen
from looks import page as web_page
from shelf import HTML, Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.connectors._overpass import Options, content
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import posted

URL = "https://o.example/api/interpreter"
QUERY = "[out:json][timeout:60];nwr[repair];out center meta;"
COPYRIGHT = (
    "The data included in this document is from www.openstreetmap.org. It is made available under ODbL."
)


def element(kind: str = "node", ref: int = 1, /, **said: Any) -> dict[str, Any]:
    place = {"lat": 44.7, "lon": 5.3} if kind == "node" else {"center": {"lat": 44.7, "lon": 5.3}}
    return {"type": kind, "id": ref, "tags": {"name": "Lieu"}} | place | said


def answer(*elements: Any, **beside: Any) -> bytes:
    return json.dumps({"osm3s": {"copyright": COPYRIGHT}, "elements": elements} | beside).encode()


def asked(since: datetime | None = None, **options: Any) -> str:
    return unquote(content(Options(**options), since).decode().removeprefix("data="))


def read(body: bytes):
    shelf = Shelf({posted(URL, content(Options(query=QUERY), None)): body})
    return harvested(source("overpass", URL, query=QUERY), shelf)


def items(found) -> list[Any]:
    connector = connectors.load("overpass")
    mapper, problems = compile_mapping(
        source("overpass", URL, kind="place"),
        connector.mapping,
        ignored=connector.ignored,
        columns=connector.columns,
    )
    assert problems == []
    return [mapper.item(one)[0].values for one in found]


# --- the question -------------------------------------------------------------------------------------


def test_overpass_query_is_sent_as_it_is_written():
    assert asked(query=QUERY) == QUERY


def test_overpass_tags_and_area_make_a_query_with_one_position_for_each_element():
    assert asked(tags=["leisure=garden+garden:type=community", "repair"], area="FR", patience=60) == (
        '[out:json][timeout:60];area["ISO3166-1"="FR"]->.here;'
        '(nwr["leisure"="garden"]["garden:type"="community"](area.here);nwr["repair"](area.here););'
        "out center meta;"
    )
    assert 'area["ISO3166-2"="FR-26"]' in asked(tags=["repair"], area="FR-26")


def test_overpass_only_changes_are_asked_for_where_the_query_is_ours():
    since = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
    assert 'nwr["repair"](area.here)(newer:"2026-11-20T02:30:00Z");' in asked(since, tags=["repair"])
    assert asked(since, query=QUERY) == QUERY


def test_overpass_changes_are_read_again_from_kept_answers():
    since = datetime(2026, 11, 20, tzinfo=UTC)
    url = posted(URL, content(Options(tags=("repair",)), since))
    shelf, feed = Shelf({url: answer(element())}, since=since), source("overpass", URL, tags=("repair",))
    connector = connectors.load("overpass")
    kept = list(connector.answers(feed, shelf, shelf))
    assert refs(list(connector.records(feed, kept, shelf))) == ["node/1"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "either `query` or `tags`"),
        ({"query": QUERY, "tags": ["repair"]}, "either `query` or `tags`"),
        ({"query": "nwr[repair];out;"}, r"does not say `\[out:json\]`"),
        ({"tags": ['a"]=b']}, "is neither `key` nor `key=value`"),
        ({"tags": ['name=x"](1,2,3,4);//']}, "is neither `key` nor `key=value`"),
        ({"tags": ["repair"], "area": 'FR"'}, "area"),
    ],
)
def test_overpass_question_that_cannot_be_asked_is_refused_at_once(options, words):
    with pytest.raises(ValueError, match=words):
        Options(**options)


# --- the answer ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "remark",
    [
        'runtime error: Query timed out in "query" at line 1 after 181 seconds.',
        "runtime error: Query run out of memory using about 2048 MB of RAM.",
    ],
)
def test_overpass_remark_of_an_error_is_no_complete_listing(remark):
    with pytest.raises(SourceUnavailable, match=r"overpass 'test': https://.*runtime error"):
        read(answer(element(), remark=remark))


def test_overpass_other_remark_is_a_fault_of_the_query():
    with pytest.raises(SourceChanged, match="it remarks 'Unknown thing'; correct the query"):
        read(answer(remark="Unknown thing"))


def test_overpass_page_of_a_busy_server_defers_the_run():
    page = (
        b"<?xml version='1.0'?><html><body><p>Error: runtime error: open64: 0 rate_limited</p></body></html>"
    )
    with pytest.raises(SourceUnavailable, match="too busy"):
        read(page)
    with pytest.raises(SourceChanged, match="expected JSON"):
        read(HTML)


def test_overpass_nothing_found_is_an_empty_list():
    assert read(answer()) == []


def test_overpass_same_number_of_another_type_is_another_element():
    assert refs(read(answer(element("node", 1), element("way", 1), element("relation", 1)))) == [
        "node/1",
        "way/1",
        "relation/1",
    ]


def test_overpass_position_is_that_of_a_node_or_the_centre_of_the_rest():
    found = read(answer(element("node", 1), element("way", 2), element("way", 3, center=None)))
    assert [(one.get("lat"), one.get("lon")) for one in values(found)] == [
        (44.7, 5.3),
        (44.7, 5.3),
        (None, None),
    ]


def test_overpass_element_without_tags_or_identifier_is_rejected_and_the_rest_goes_on():
    found = read(answer(element(tags={}), {"type": "count", "id": 0}, 3, element("node", 2)))
    assert refs(found) == ["node/2"]
    assert [reason[:24] for reason in reasons(found)] == [
        "an element without tags:",
        "expected an element with",
        "expected an element with",
    ]


def test_overpass_who_mapped_never_reaches_a_record():
    private = {"contact:mobile": "06", "mobile": "06", "note": "x", "fixme": "x", "contact:person": "x"}
    body = answer(element(user="camille", uid=3, changeset=9, version=2, tags={"name": "Lieu"} | private))
    (value,) = values(read(body))
    assert value.keys() == {"name", "_type", "_id", "_page", "lat", "lon"}
    assert "contributeur" not in str(values(harvested(*recorded("overpass"))))


def test_overpass_licence_of_the_data_is_told():
    connector = connectors.load("overpass")
    feed, shelf = recorded("overpass")
    kept = list(connector.answers(feed, shelf, shelf))
    assert connector.stated_licence(kept, shelf) == "ODbL-1.0"


# --- mapping ------------------------------------------------------------------------------------------


def test_overpass_tags_are_mapped_by_their_whole_name():
    garden, way, *_ = items(harvested(*recorded("overpass")))
    assert (garden["street"], garden["city"], garden["founded"]) == ("3 Chemin des Rives", "Die", "2012")
    assert garden["page"] == "https://www.openstreetmap.org/node/1001"
    assert way["name"] == "Les Jardins de la gare"
    assert way["modified"] == datetime(2025, 2, 1, 10, tzinfo=UTC)


def test_overpass_what_an_element_is_becomes_a_type():
    found = [one["type"][0].rpartition("/")[2] for one in items(harvested(*recorded("overpass")))]
    assert found == ["jardin-partage", "jardin-partage", "jardin-partage", "troc-don"]


# --- recognition -------------------------------------------------------------------------------------


def recognised(found: Any, looks: Looks) -> Any:
    return connectors.load("overpass").recognised(found, looks)


@pytest.mark.parametrize(
    "status", [{}, {"https://o.example/api/status": "All systems go"}], ids=["none", "other"]
)
def test_overpass_page_about_it_is_not_recognised(status):
    looks = Looks(status)
    assert recognised(web_page("https://o.example/blog", "We ask the Overpass API"), looks) is None
    assert looks.asked == ["https://o.example/api/status"]


def test_overpass_other_json_of_elements_is_not_recognised():
    looks = Looks()
    for body in ({"elements": [element()]}, [{"osm3s": {}}], "Overpass API"):
        assert recognised(seen(f"{URL}?data={quote(QUERY)}", body), looks) is None
    assert looks.asked == []


def test_overpass_query_is_that_of_the_address_which_says_json_itself():
    untagged = {"type": "node", "id": 2}
    found = recognised(
        seen(f"{URL}?data={quote(QUERY)}", json.loads(answer(element(), untagged, 3))), Looks()
    )
    assert (found.url, found.keys["query"], found.count, found.unknown) == (URL, QUERY, 1, ())
    xml = QUERY.removeprefix("[out:json]")
    for query in ("", f"?data={quote(xml)}"):
        assert recognised(seen(URL + query, json.loads(answer())), Looks()) is None


def test_overpass_query_without_centres_is_told():
    (told,) = recognised(
        seen(f"{URL}?data=[out:json];way[repair];out;", json.loads(answer())), Looks()
    ).unknown
    assert told.startswith("query: end it with `out center meta;`")


def test_overpass_center_that_is_no_point_is_not_read():
    assert refs(read(answer(element(center="Crest")))) == ["node/1"]
