"""What is special to json_api."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from shelf import NOW, Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.connectors._link_header import linked
from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.harvest import kept as keeping
from harvester.mapping import compile_mapping
from harvester.model import HEADERS, Answer, Kept, Record

ROOT = "https://api.example/things"


def things(*ids: Any, **beside: Any) -> dict[str, Any]:
    return {"data": [{"id": one, "name": f"Thing {one}"} for one in ids], **beside}


def shelf(pages: dict[str, Any], links: dict[str, str] | None = None, **said: Any) -> Shelf:
    """Pages by what follows the root in their address, and the Link headers of some."""
    labels = {f"{ROOT}{tail}": {"headers": {"link": link}} for tail, link in (links or {}).items()}
    return Shelf({f"{ROOT}{tail}": json.dumps(page).encode() for tail, page in pages.items()}, labels, **said)


def api(**options: Any):
    return source("json_api", ROOT, **options)


# --- one document ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ([{"id": 1}, {"id": 2}], {}),
        ({"results": [{"id": 1}, {"id": 2}]}, {}),
        ({"meta": {"items": 3}, "a": {"b": [{"id": 1}, {"id": 2}]}}, {"records": "a.b"}),
        ({"a": {"x": {"id": 1}, "y": {"id": 2}}}, {"records": "a"}),
        ({"x": {"id": 1}, "y": {"id": 2}}, {"records": ""}),
        ({"data": [{"key": {"uuid": 1}}, {"key": {"uuid": 2}}]}, {"ref": "key.uuid"}),
    ],
    ids=["bare", "known name", "told path", "object at a path", "object", "told ref"],
)
def test_json_api_list_and_identifier_are_found_where_the_source_says(body, options):
    assert refs(harvested(api(**options), shelf({"": body}))) == ["1", "2"]


def test_json_api_several_addresses_are_several_lists():
    both = replace(api(), urls=(f"{ROOT}/a", f"{ROOT}/b"))
    assert refs(harvested(both, shelf({"/a": things(1), "/b": things(2)}))) == ["1", "2"]


def test_json_api_geojson_features_are_rows_of_their_properties():
    feature = {"type": "Feature", "id": "f1", "geometry": {"type": "Point", "coordinates": [4.2, 44.1]}}
    (value,) = values(harvested(api(), shelf({"": {"type": "FeatureCollection", "features": [feature]}})))
    assert {"id": "f1", "lon": 4.2, "lat": 44.1} == value


def test_json_api_values_without_identifier_are_rejected_alone():
    found = harvested(api(), shelf({"": [{"id": 1}, {"name": "?"}, 3, {"id": ""}, {"id": {}}, {"id": True}]}))
    assert refs(found) == ["1"]
    assert reasons(found)[:2] == [
        "nothing at 'id' to identify '{\"name\": \"?\"}'",
        "expected an object, got 3",
    ]
    assert len(reasons(found)) == 5


def test_json_api_empty_list_is_empty_not_broken():
    assert harvested(api(), shelf({"": {"data": []}})) == []
    assert harvested(api(paginator="page"), shelf({"": {"data": []}})) == []


@pytest.mark.parametrize("body", [{"error": "no token"}, {"data": [], "errors": ["down"]}, {"data": {}}])
def test_json_api_error_at_http_200_is_no_empty_list(body):
    with pytest.raises(SourceChanged, match=r"json_api 'test': https://api\.example/things: "):
        harvested(api(), shelf({"": body}))


# --- pages -------------------------------------------------------------------------------------------


def test_json_api_offset_goes_on_from_what_was_really_given():
    pages = {"?limit=3": things(1, 2, 3), "?limit=3&offset=3": things(4, 5), "?limit=3&offset=5": things()}
    kept = shelf(pages)
    assert refs(harvested(api(paginator="offset", size=3), kept)) == ["1", "2", "3", "4", "5"]
    assert [f"{ROOT}{tail}" for tail in pages] == kept.asked


def test_json_api_page_numbers_go_on_past_a_short_page_to_an_empty_one():
    pages = {"": things(1, 2), "?page=2": things(3), "?page=3": things(4, 5), "?page=4": things()}
    assert refs(harvested(api(paginator="page"), shelf(pages))) == ["1", "2", "3", "4", "5"]


def test_json_api_pages_may_be_counted_from_zero_and_have_names_of_their_own():
    options = {"paginator": "page", "parameter": "p", "first": 0, "size": 2, "size_parameter": "per_page"}
    pages = {"?per_page=2&p=0": things(1, 2), "?per_page=2&p=1": things()}
    assert refs(harvested(api(**options), shelf(pages))) == ["1", "2"]


def test_json_api_declared_number_of_pages_ends_the_list_without_one_more_question():
    pages = {"": things(1, meta={"pages": 3}), "?page=2": things(meta={"pages": 3}), "?page=3": things(2)}
    kept = shelf(pages | {"?page=3": things(2, meta={"pages": 3})})
    assert refs(harvested(api(paginator="page", pages="meta.pages"), kept)) == ["1", "2"]
    assert len(kept.asked) == 3


def test_json_api_declared_total_ends_the_list_without_one_more_question():
    pages = {"": things(1, 2, total=3), "?offset=2": things(3, total=3)}
    assert refs(harvested(api(paginator="offset", total="total"), shelf(pages))) == ["1", "2", "3"]


def test_json_api_cursor_is_followed_until_there_is_none():
    pages = {
        "?kind=a%20b": things(1, next="x/1="),
        "?kind=a%20b&cursor=x/1%3D": things(next=7),
        "?kind=a%20b&cursor=7": things(2, next=""),
    }
    feed = replace(api(paginator="cursor", next="next"), urls=(f"{ROOT}?kind=a%20b",))
    assert refs(harvested(feed, shelf(pages))) == ["1", "2"]


def test_json_api_link_header_is_followed_and_never_asked_conditionally():
    links = {
        "": '<https://api.example/things?page=1>; rel="first", </things?page=2>; title="a, b; rel=x"; rel=next',
        "?page=2": '<?page=3>; rel="last next"',
        "?page=3": "",
    }
    kept = shelf({tail: things(tail or "?page=1") for tail in links}, links)
    feed, get, conditions = api(paginator="link"), kept.get, []

    def noted(url: str, *, accept: str, conditional: bool) -> Answer:
        conditions.append(conditional)
        return get(url, accept=accept, conditional=conditional)

    kept.get = noted
    assert refs(harvested(feed, kept)) == ["?page=1", "?page=2", "?page=3"]
    assert conditions == [False] * 3


@pytest.mark.parametrize("end", [None, "", False])
def test_json_api_link_in_the_document_is_followed_relative_or_absolute(end):
    pages = {
        "": things(1, links={"next": "things?after=1"}),
        "?after=1": things(2, links={"next": f"{ROOT}?after=2"}),
        "?after=2": things(3, links={"next": end}),
    }
    assert refs(harvested(api(paginator="next", next="links.next"), shelf(pages))) == ["1", "2", "3"]


def test_json_api_paths_are_found_beside_and_above_a_nested_list():
    def page(ids, cursor):
        return {"meta": {"all": 2}, "d": {"page": {"next": cursor, "list": things(*ids)["data"]}}}

    options = {"records": "d.page.list", "next": "d.page.next", "total": "meta.all", "paginator": "cursor"}
    pages = {"": page([1], "c"), "?cursor=c": page([2], None)}
    assert refs(harvested(api(**options), shelf(pages))) == ["1", "2"]


def test_json_api_total_may_stand_in_a_header():
    kept = shelf({"": [{"id": 1}]})
    kept.labels = {ROOT: {"headers": {"x-total-count": "2"}}}
    with pytest.raises(SourceChanged, match="1 records of the 2 it declares"):
        harvested(api(total="X-Total-Count"), kept)


# --- what goes wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "pages"),
    [
        ({"paginator": "page"}, {"": things(1, 2), "?page=2": things(1, 2, at="later")}),
        ({"paginator": "offset"}, {"": [{"key": 1}], "?offset=1": [{"key": 1}]}),
        ({"paginator": "page"}, {"": things(1), "?page=2": things(2), "?page=3": things(2)}),
    ],
    ids=["parameter not heeded", "no identifiers", "last page for ever"],
)
def test_json_api_page_that_comes_twice_fails_the_source(options, pages):
    with pytest.raises(SourceChanged, match="the same page came twice; correct `paginator`"):
        harvested(api(**options), shelf(pages))


def test_json_api_loop_of_links_fails_the_source():
    pages = {"": things(1, next="?p=2"), "?p=2": things(2, next="?p=3"), "?p=3": things(3, next="?p=2")}
    with pytest.raises(SourceChanged, match=r"\?p=3: its next page was read before"):
        harvested(api(paginator="next", next="next"), shelf(pages))


def test_json_api_identifiers_that_come_on_two_pages_are_told_twice():
    pages = {"": things(1, 2), "?page=2": things(2, 3), "?page=3": things()}
    assert refs(harvested(api(paginator="page"), shelf(pages))) == ["1", "2", "2", "3"]


def test_json_api_total_that_falls_while_reading_defers_the_source():
    pages = {"": things(1, 2, total=4), "?page=2": things(4, total=3)}
    with pytest.raises(SourceUnavailable, match="4 records before, 3 now; the next round tries again"):
        harvested(api(paginator="page", total="total"), shelf(pages))


def test_json_api_total_that_grows_while_reading_is_read_to_its_end():
    pages = {"": things(1, 2, total=3), "?page=2": things(3, 4, total=5), "?page=3": things(5, total=5)}
    assert len(harvested(api(paginator="page", total="total"), shelf(pages))) == 5


def test_json_api_total_may_be_left_out_after_the_first_page():
    pages = {"": things(1, total=2), "?page=2": things(2)}
    assert len(harvested(api(paginator="page", total="total"), shelf(pages))) == 2


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (things(1, total=9), "1 records of the 9 it declares"),
        (things(1), "no number at 'total'"),
        (things(1, total=None), "no number at 'total'"),
    ],
    ids=["fewer", "renamed", "null"],
)
def test_json_api_total_not_reached_or_not_there_fails_the_source(page, fault):
    with pytest.raises(SourceChanged, match=fault):
        harvested(api(total="total"), shelf({"": page}))


def test_json_api_next_that_is_no_address_fails_the_source():
    with pytest.raises(SourceChanged, match=r"'next' is \{'href': '/2'\}; correct `next`"):
        harvested(api(paginator="next", next="next"), shelf({"": things(1, next={"href": "/2"})}))


def test_json_api_list_without_end_is_stopped(monkeypatch):
    monkeypatch.setattr("harvester.connectors._json_pages.MOST_PAGES", 2)
    pages = {"": things(1), "?page=2": things(2), "?page=3": things(3)}
    with pytest.raises(SourceChanged, match="no end after 2 pages"):
        harvested(api(paginator="page"), shelf(pages))


def test_json_api_page_that_fails_ends_the_reading():
    down = {f"{ROOT}?page=2": SourceUnavailable("answered 503")}
    with pytest.raises(SourceUnavailable):
        harvested(api(paginator="page"), shelf({"": things(1)}, failing=down))


def test_json_api_page_cut_after_the_first_never_ends_as_a_complete_list():
    feed, kept = recorded("json_api")
    connector = connectors.load("json_api")
    answers = list(connector.answers(feed, kept, kept))
    (second,) = [answer for answer in answers if "cursor" in answer.url]
    kept.bodies[second.url] = kept.bodies[second.url][:80]
    with pytest.raises(SourceChanged, match="cut or malformed"):
        list(connector.records(feed, answers, kept))


# --- details -----------------------------------------------------------------------------------------


def test_json_api_detail_adds_to_its_record_and_gives_it_a_page():
    value = values(harvested(*recorded("json_api")))[1]
    assert value["title"] == "Ressourcerie de l'Écluse"
    assert value["address"] == {"city": "Redon", "postcode": "35600"}
    assert value["_page"] == "https://www.example.org/lieux/r2"


def test_json_api_detail_of_a_list_of_identifiers():
    kept = shelf({"": ["a b", "c"], "/a%20b.json": {"name": "A"}, "/c.json": {"name": "C"}})
    found = values(harvested(api(detail=ROOT + "/{id}.json"), kept))
    assert [value["name"] for value in found] == ["A", "C"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, "its detail did not answer"),
        (b"<html><body>Sorry</body></html>", "its detail cannot be read: https://api.example/things/2: "),
        (b"[]", r"its detail is [], expected an object"),
        (b'{"id": 2}', "its detail holds no object at 'thing'"),
    ],
    ids=["404", "page", "list", "renamed"],
)
def test_json_api_detail_that_cannot_be_had_keeps_the_last_version(body, reason):
    kept = shelf({"": things(1, 2), "/1": {"thing": {"town": "Die"}}})
    kept.bodies |= {f"{ROOT}/2": body} if body else {}
    first, second = harvested(api(detail=ROOT + "/{id}", detail_record="thing"), kept)
    assert Record("1", {"id": 1, "name": "Thing 1", "town": "Die"}) == first
    assert Kept("2", second.reason) == second
    assert second.reason.startswith(reason)


def test_json_api_record_that_names_no_detail_is_kept_as_it_was():
    (found,) = harvested(api(detail="{links.self}"), shelf({"": things(1)}))
    assert Kept("1", "its detail did not answer") == found


def test_json_api_details_that_fail_one_after_the_other_defer_the_source():
    down = {f"{ROOT}/{n}": SourceUnavailable(f"{n} answered 503") for n in range(9)}
    kept = shelf({"": things(*range(9))}, failing=down)
    with pytest.raises(SourceUnavailable, match="4 answered 503"):
        harvested(api(detail=ROOT + "/{id}"), kept)
    assert len(kept.asked) == 6


def test_json_api_details_that_fail_here_and_there_do_not():
    down = {f"{ROOT}/{n}": SourceUnavailable("answered 503") for n in range(0, 20, 2)}
    pages = {"": things(*range(20))} | {f"/{n}": {"n": n} for n in range(1, 20, 2)}
    found = harvested(api(detail=ROOT + "/{id}"), shelf(pages, failing=down))
    assert sum(isinstance(one, Kept) for one in found) == 10


def test_json_api_details_closed_to_us_fail_the_source():
    closed = {f"{ROOT}/1": SourceRefused("answered 403")}
    with pytest.raises(SourceRefused):
        harvested(api(detail=ROOT + "/{id}"), shelf({"": things(1)}, failing=closed))


# --- options, headers, mapping -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"paginator": "cursor"}, "paginator 'cursor' needs `next`"),
        ({"paginator": "next"}, "paginator 'next' needs `next`"),
        ({"paginator": "pages"}, "'offset', 'page', 'cursor', 'link' or 'next'"),
        ({"total": "a b"}, "path 'a b' cannot be read"),
        ({"detail": "https://x.example/{a b}"}, "path 'a b' cannot be read"),
        ({"detail_record": "a["}, r"path 'a\[' cannot be read"),
    ],
)
def test_json_api_option_that_cannot_work_is_refused(options, fault):
    with pytest.raises(ValueError, match=fault):
        connectors.load("json_api").options(**options)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ('<a>; rel="prev"', None),
        ("<https://x.example/2>;rel=next", "https://x.example/2"),
        ('<https://x.example/a,b;c>; foo="rel=next"; rel="start", </2>; REL="Next"', "https://api.example/2"),
        ("garbage <", None),
        ("<http://[>; rel=next", "http://["),
    ],
)
def test_link_header_is_read_as_the_rfc_writes_it(header, expected):
    assert linked(header, "next", base="https://api.example/1") == expected


def test_answer_of_a_ledger_older_than_its_headers_is_still_read():
    answer = Answer(ROOT, 200, "0" * 64, "application/json", None, None, None, NOW, 2)
    told = asdict(answer) | {"fetched_at": NOW.isoformat()}
    assert told.pop("headers") == {}
    assert keeping.answer(told) == answer
    assert list(HEADERS) == sorted(HEADERS)


def test_json_api_recording_maps_to_items():
    feed, kept = recorded("json_api")
    connector = connectors.load("json_api")
    mapper, problems = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    first, *_ = (
        mapper.item(record)[0].values for record in harvested(feed, kept) if isinstance(record, Record)
    )
    assert problems == []
    assert (first["name"], first["city"], first["postcode"]) == ("Atelier du Vélo", "Lyon", "69001")
    assert first["description"] == "Lieu ouvert à tous à Lyon."
    assert first["page"] == "https://www.example.org/lieux/r1"
    assert first["keywords"] == ("réparation", "partage")
