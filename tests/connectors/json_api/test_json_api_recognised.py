"""Which answers in JSON are proposed, and what they hint at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from looks import Looks, page, seen

from harvester import connectors
from harvester.connectors._recognition import Certainty

URL = "https://api.example/v2/lieux"

recognised = connectors.load("json_api").recognised


def lieux(*numbers: int, **said: Any) -> list[dict[str, Any]]:
    return [{"id": n, "nom": f"Lieu {n}", "ville": "Die"} | said for n in numbers]


def options(body: Any, looks: Looks | None = None, url: str = URL) -> dict[str, Any]:
    found = recognised(seen(url, body), looks or Looks())
    return {name: one for name, one in found.keys.items() if name not in ("map", "ref")}


def test_json_api_list_is_found_wherever_it_is_and_is_the_least_sure():
    body = {"meta": {"liens": [{"rel": "a"}] * 9}, "reponse": {"results": lieux(1, 2)}, "licence": "ODbL"}
    found = recognised(seen(URL, body), Looks())
    assert (found.certainty, found.keys["records"], found.keys["ref"]) == (
        Certainty.READABLE, "reponse.results", "id"
    )  # fmt: skip
    assert (found.licence, found.count) == ("ODbL", 2)


def test_json_api_fields_inside_objects_are_mapped_by_path():
    nested = {
        "geo": {"lat": 44.7},
        "adresse": {"code postal": "26150"},
        "position": {"coordinates": [5.3, 44.7]},
    }
    found = recognised(seen(URL, {"data": lieux(1, **nested)}), Looks()).keys["map"]
    assert found["postcode"] == 'adresse."code postal"'
    assert (found["lat"], found["lon"]) == ("position.coordinates[1]", "position.coordinates[0]")


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ({"next": "/v2/lieux?p=2", "count": 40}, {"paginator": "next", "next": "next", "total": "count"}),
        ({"links": {"next": None}}, {"paginator": "next", "next": "links.next"}),
        ({"_links": {"next": {"href": f"{URL}?p=2"}}}, {"paginator": "next", "next": "_links.next.href"}),
        ({"next": "?p=2", "count": 2}, {"paginator": "next", "next": "next"}),
        ({"meta": {"total": 2}}, {"total": "meta.total"}),
        ({"count": 1}, {}),
    ],
)
def test_json_api_pages_and_totals_that_the_answer_tells_cost_nothing(beside, said):
    looks = Looks()
    assert options({"data": lieux(1, 2)} | beside, looks) == {"records": "data"} | said
    assert looks.asked == []


def test_json_api_pages_by_number_are_tried_when_there_are_more_records():
    second = {"data": lieux(3)}
    looks = Looks({f"{URL}?page=2": second})
    assert options({"data": lieux(1, 2), "total": 3}, looks) == {
        "records": "data", "paginator": "page", "total": "total"
    }  # fmt: skip
    looks = Looks({f"{URL}?offset=2": second, f"{URL}?page=2": {"data": lieux(1, 2), "total": 3}})
    assert options({"data": lieux(1, 2), "total": 3}, looks)["paginator"] == "offset"
    assert looks.asked == [f"{URL}?page=2", f"{URL}?offset=2"]


def test_json_api_parameter_of_the_address_is_the_one_that_turns():
    looks = Looks({f"{URL}?taille=2&p=1": {"data": lieux(3)}})
    found = recognised(seen(f"{URL}?p=0&taille=2", {"data": lieux(1, 2), "nb_pages": 2}), looks)
    assert found.url == f"{URL}?taille=2"
    assert {"parameter": "p", "first": 0, "pages": "nb_pages"}.items() <= found.keys.items()


def test_json_api_cursor_is_proposed_with_the_parameter_that_takes_it():
    looks = Looks({f"{URL}?after=k2": {"data": lieux(3)}})
    body = {"data": lieux(1, 2), "meta": {"next_cursor": "k2"}}
    assert options(body, looks) == {
        "records": "data", "paginator": "cursor", "next": "meta.next_cursor", "parameter": "after"
    }  # fmt: skip


def test_json_api_headers_tell_pages_and_totals_too():
    headers = {"link": f'<{URL}?page=2>; rel="next"', "x-total-count": "40"}
    found = recognised(replace(seen(URL, lieux(1, 2)), headers=headers), Looks())
    assert found.keys["paginator"] == "link"
    assert (found.keys["total"], found.count) == ("x-total-count", 40)


def test_json_api_records_that_cannot_be_asked_for_are_told_and_not_passed_over():
    found = recognised(seen(URL, {"data": lieux(1, 2), "total": 40}), Looks())
    assert found.keys["total"] == "total"
    assert any(sentence.startswith("paginator: 2 records of 40") for sentence in found.unknown)


def test_json_api_details_are_looked_at_only_when_the_list_tells_little():
    thin = [{"id": 1, "title": "Lieu 1", "links": {"self": "/v2/lieux/1"}}]
    looks = Looks({f"{URL}/1": {"data": {"title": "Lieu 1", "description": "Un lieu"}}})
    assert options({"data": thin}, looks) == {
        "records": "data", "detail": "{links.self}", "detail_record": "data"
    }  # fmt: skip
    rich = [thin[0] | {"description": "Un lieu"}]
    assert "detail" not in options({"data": rich}, looks)
    assert looks.asked == [f"{URL}/1"]


def test_json_api_address_on_the_same_host_is_a_page_and_the_apis_own_is_nothing():
    body = {"data": lieux(1, url="https://api.example/lieu/1", uri=f"{URL}/1", site="https://lieu.example/")}
    found = recognised(seen(URL, body), Looks()).keys["map"]
    assert found["homepage"] == "site"
    body["data"][0].pop("site")
    found = recognised(seen(URL, body), Looks()).keys["map"]
    assert found.get("page") == "url"
    assert "homepage" not in found


@pytest.mark.parametrize(
    "body",
    [
        "<p>Pas de JSON</p>",
        {"error": "no key", "data": [{"id": 1, "nom": "a"}]},
        {"status": "ok"},
        {"data": ["a", "b"]},
        {"data": []},
        [1, 2],
        "3",
        {"data": [{"nom": "Martin", "prenom": "Claude"}]},
    ],
    ids=["text", "error", "object", "names", "empty", "numbers", "number", "persons"],
)
def test_json_api_lookalikes_are_not_recognised(body):
    assert recognised(seen(URL, body), Looks()) is None


def test_json_api_web_page_costs_nothing():
    looks = Looks()
    assert recognised(page("https://api.example/", "Notre API rend du JSON"), looks) is None
    assert looks.asked == []
