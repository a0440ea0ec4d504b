"""What is special to murmurations."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from looks import Looks, seen
from looks import page as web_page
from shelf import Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Gone, Kept, posted

INDEX = "https://i.example/v2"
SCHEMA = "organizations_schema-v1.0.0"


def question(after: list[Any] | None = None, *, schema: str = SCHEMA) -> str:
    said = {"schema": schema, "page_size": 500} | ({"search_after": after} if after else {})
    return posted(f"{INDEX}/export", orjson.dumps(said))


def node(host: str, at: int = 1, /, **said: Any) -> dict[str, Any]:
    url = f"https://{host}.example/profile.json"
    return {"profile_url": url, "last_updated": at, "status": "posted", "linked_schemas": [SCHEMA]} | said


def url(name: str) -> str:
    return node(name)["profile_url"]


def index(*pages: list[dict[str, Any]], after: list[Any] | None = None, **said: Any) -> Shelf:
    """An index that exports these pages, and a profile for every node that is there."""
    bodies: dict[str, Any] = {}
    for page in pages:
        last = [page[-1]["last_updated"], page[-1]["profile_url"]]
        bodies[question(after)] = {"data": page, "meta": {"sort": last}}
        told = {"name": "Nom", "linked_schemas": [SCHEMA]}
        bodies |= {one["profile_url"]: told for one in page if one["status"] != "deleted"}
        after = last
    bodies[question(after)] = {"data": []}
    return Shelf({address: json.dumps(body).encode() for address, body in bodies.items()}, **said)


def murmurations(**options: Any):
    return source("murmurations", INDEX, **options)


def items(found) -> list[Any]:
    connector = connectors.load("murmurations")
    mapper, problems = compile_mapping(murmurations(), connector.mapping, ignored=connector.ignored)
    assert problems == []
    return [mapper.item(one)[0] for one in found]


# --- the walk -----------------------------------------------------------------------------------------


def test_murmurations_short_page_is_no_end_and_an_empty_one_is():
    shelf = index([node("a"), node("b", 2)], [node("c", 3)])
    assert refs(harvested(murmurations(), shelf)) == [url("a"), url("b"), url("c")]
    assert sum("export" in asked for asked in shelf.asked) == 3


def test_murmurations_empty_index_is_empty_not_broken():
    assert harvested(murmurations(), index()) == []


def test_murmurations_page_without_a_place_to_go_on_at_is_not_an_end():
    shelf = index([node("a")])
    shelf.bodies[question()] = json.dumps({"data": [node("a")]}).encode()
    with pytest.raises(SourceChanged, match=r"murmurations 'test': https://.*no 'meta.sort'"):
        harvested(murmurations(), shelf)


def test_murmurations_page_that_comes_twice_is_an_error():
    shelf = index([node("a")])
    shelf.bodies[question([1, url("a")])] = shelf.bodies[question()]
    with pytest.raises(SourceChanged, match="the same page came twice"):
        harvested(murmurations(), shelf)


def test_murmurations_error_told_in_an_answer_is_an_error():
    shelf = index()
    told = {"errors": [{"status": 400, "title": "Missing schema"}], "data": []}
    shelf.bodies[question()] = json.dumps(told).encode()
    with pytest.raises(SourceChanged, match="Missing schema"):
        harvested(murmurations(), shelf)


def test_murmurations_page_of_the_index_that_fails_lets_the_error_through():
    shelf = index([node("a")], failing={question([1, url("a")]): SourceUnavailable("answered 429")})
    with pytest.raises(SourceUnavailable, match="429"):
        harvested(murmurations(), shelf)


def test_murmurations_page_that_was_promised_and_not_kept_fails_the_source():
    shelf, connector = index([node("a")]), connectors.load("murmurations")
    kept = list(connector.answers(murmurations(), shelf, shelf))
    with pytest.raises(SourceChanged, match="no answer kept"):
        list(connector.records(murmurations(), kept[:-1], shelf))


def test_murmurations_node_of_two_declared_schemas_comes_once():
    other = "karte_von_morgen-v1.0.0"
    both = node("a", linked_schemas=[SCHEMA, other])
    shelf = index([both])
    shelf.bodies[question(schema=other)] = json.dumps(
        {"data": [both, node("b", 2, linked_schemas=[other])], "meta": {"sort": [2, url("b")]}}
    ).encode()
    shelf.bodies[question([2, url("b")], schema=other)] = b'{"data": []}'
    shelf.bodies[url("b")] = b'{"name": "B", "linked_schemas": []}'
    assert refs(harvested(murmurations(schemas=[SCHEMA, other]), shelf)) == [url("a"), url("b")]


def test_murmurations_only_changes_are_asked_for_in_seconds_and_read_again_from_kept_answers():
    since = datetime(2026, 11, 20, 2, tzinfo=UTC)
    shelf = index([node("late", 1_795_000_000)], after=[int(since.timestamp()), ""], since=since)
    connector = connectors.load("murmurations")
    kept = list(connector.answers(murmurations(), shelf, shelf))
    assert refs(list(connector.records(murmurations(), kept, shelf))) == [url("late")]
    assert connector.incremental


# --- nodes and profiles -------------------------------------------------------------------------------


def test_murmurations_deleted_node_is_a_tombstone_and_its_profile_is_not_asked_for():
    shelf = index([node("a"), node("b", 2, status="deleted")])
    assert harvested(murmurations(), shelf)[1] == Gone(url("b"))
    assert url("b") not in shelf.asked


@pytest.mark.parametrize(
    "error", [SourceChanged("answered 404"), SourceRefused("answered 403"), SourceUnavailable("time-out")]
)
def test_murmurations_profile_that_cannot_be_had_keeps_its_last_version(error):
    shelf = index([node("a"), node("b", 2)], failing={url("a"): error})
    found = harvested(murmurations(), shelf)
    assert found[0] == Kept(url("a"), "its detail did not answer")
    assert refs(found) == [url("b")]


@pytest.mark.parametrize("body", [b"", b"<html>404</html>", b"[]", b'{"name": "cut', b'{"error": "oops"}'])
def test_murmurations_answer_that_is_no_profile_keeps_its_last_version(body):
    shelf = index([node("a")])
    shelf.bodies[url("a")] = body
    (found,) = harvested(murmurations(), shelf)
    assert isinstance(found, Kept)


def test_murmurations_host_that_is_silent_is_left_alone_for_the_night():
    nodes = [node("a", at, profile_url=f"https://a.example/{at}.json") for at in range(1, 5)]
    failing = {one["profile_url"]: SourceUnavailable("time-out") for one in nodes}
    shelf = index(nodes, failing=failing)
    assert all(isinstance(one, Kept) for one in harvested(murmurations(), shelf))
    assert sum("a.example" in asked for asked in shelf.asked) == 1


def test_murmurations_hosts_that_fail_one_after_the_other_do_not_end_the_run():
    nodes = [node(f"n{at}", at) for at in range(1, 9)]
    failing = {one["profile_url"]: SourceUnavailable("time-out") for one in nodes[:7]}
    assert refs(harvested(murmurations(), index(nodes, failing=failing))) == [url("n8")]


def test_murmurations_index_alone_is_read_without_profiles():
    shelf = index([node("a", name="A", locality="Die", geolocation={"lat": 44.75, "lon": 5.37})])
    (item,) = items(harvested(murmurations(profiles=False), shelf))
    assert (item.values["name"], item.values["city"], float(item.values["lat"])) == ("A", "Die", 44.75)
    assert url("a") not in shelf.asked


def test_murmurations_only_the_declared_countries_and_bounds_are_read():
    nodes = [
        node("fr", 1, country="FR"),
        node("de", 2, country="DE"),
        node("inside", 3, geolocation={"lat": 44.7, "lon": 5.3}),
        node("outside", 4, geolocation={"lat": 51.5, "lon": -0.1}),
        node("nowhere", 5),
        node("gone", 6, status="deleted"),
    ]
    shelf = index(nodes)
    found = harvested(murmurations(countries=["FR"], bounds=[-5.3, 41.3, 9.7, 51.2]), shelf)
    assert refs(found) == [url("fr"), url("inside")]
    assert found[-1] == Gone(url("gone"))
    assert url("de") not in shelf.asked


def test_murmurations_person_is_rejected_and_never_read():
    shelf = index([node("a", linked_schemas=["people_schema-v0.1.0"])])
    assert reasons(harvested(murmurations(), shelf)) == ["the profile of a person: never read"]
    assert url("a") not in shelf.asked


def test_murmurations_persons_in_a_profile_never_reach_a_record():
    jardin = next(one for one in values(harvested(*recorded("murmurations"))) if "jardin" in one["_page"])
    assert "Camille" not in json.dumps(jardin)


def test_murmurations_node_without_an_address_is_rejected():
    shelf = index([node("a")])
    shelf.bodies[question()] = json.dumps(
        {"data": [{"name": "A"}, 3], "meta": {"sort": [1, url("a")]}}
    ).encode()
    assert len(reasons(harvested(murmurations(), shelf))) == 2


# --- mapping ------------------------------------------------------------------------------------------


def recorded_items():
    return {item.values["name"]: item for item in items(harvested(*recorded("murmurations"))[:-1])}


def test_murmurations_profile_is_mapped_with_what_the_index_adds():
    some = recorded_items()["Some Node"].values
    assert (some["city"], float(some["lat"]), some["homepage"]) == (
        "London",
        51.509865,
        "https://somenode.org",
    )


def test_murmurations_times_are_unix_seconds_or_milliseconds():
    for at in (1_601_979_232, 1_601_979_232_000):
        (item,) = items(harvested(murmurations(), index([node("a", at)])))
        assert item.values["modified"] == datetime(2020, 10, 6, 10, 13, 52, tzinfo=UTC)
    assert recorded_items()["Example Company"].values["founded"] == "2022-05-06"


def test_murmurations_coordinates_of_old_profiles_are_flat_texts():
    jardin = recorded_items()["Jardin des Rives"].values
    assert (float(jardin["lat"]), float(jardin["lon"])) == (44.7521, 5.3703)
    assert jardin["description"] == "Un jardin & un verger partagés."


def test_murmurations_status_scope_and_relationships_find_their_words():
    company = recorded_items()["Example Company"].values
    assert company["status"].endswith("statuts/en-cours")
    assert company["scope"].endswith("echelles/internationale")
    assert [one.name for one in company["part_of"]] == ["https://www.collaborative.tech/"]
    assert "telephone" not in company  # not a French landline


def test_murmurations_offers_and_wants_are_of_their_own_kind():
    assert recorded_items()["Perceuse à prêter"].kind == "resource"
    shelf = index([node("a")])
    shelf.bodies[url("a")] = b'{"linked_schemas": [], "title": "Un local", "exchange_type": "want"}'
    assert items(harvested(murmurations(), shelf))[0].kind == "need"


# --- recognition -------------------------------------------------------------------------------------


def counting(**counts: int) -> Looks:
    """An index that holds so many profiles, by the query of the search."""
    answers = {f"{INDEX}/nodes?{query}": count for query, count in counts.items()}
    return Looks({url: {"data": [{}], "meta": {"number_of_results": n}} for url, n in answers.items()})


def searched(schema: str = SCHEMA, *, country: str = "") -> str:
    return f"schema={schema}&status=posted&page_size=1{country}"


def recognised(found: Any, looks: Looks) -> Any:
    return connectors.load("murmurations").recognised(found, looks)


def test_murmurations_site_that_only_names_it_is_not_recognised():
    looks = Looks()
    assert recognised(web_page("https://i.example/", "We publish a Murmurations profile"), looks) is None
    assert looks.asked == [f"{INDEX}/nodes?{searched()}"]


def test_murmurations_profile_is_no_index():
    looks = Looks()
    profile = {"linked_schemas": [SCHEMA], "name": "Jardin"}
    assert recognised(seen("https://jardin.example/murmurations.json", profile), looks) is None
    assert looks.asked == []


def test_murmurations_country_of_the_address_is_proposed():
    looks = counting(**{searched(country="&country=FR"): 12})
    url = f"{INDEX}/nodes?schema={SCHEMA}&country=fr"
    found = recognised(seen(url, {"data": []}), looks)
    assert (found.url, found.count) == (INDEX, 12)
    assert found.keys == {"countries": ["FR"], "kind": "organisation"}


def test_murmurations_schemas_of_the_nodes_seen_are_counted_but_those_of_persons():
    linked = ["people_schema-v0.1.0", "offers_wants_schema-v0.1.0", 3]
    looks = counting(**{searched(): 0, searched("offers_wants_schema-v0.1.0"): 5})
    for query in ("", "?schema=people_schema-v0.1.0"):
        found = recognised(seen(f"{INDEX}/nodes{query}", {"data": [{"linked_schemas": linked}, None]}), looks)
        assert (found.keys, found.count) == ({"schemas": ["offers_wants_schema-v0.1.0"]}, 5)
