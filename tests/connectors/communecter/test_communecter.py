"""What is special to communecter."""

from __future__ import annotations

import json
from typing import Any

import pytest
from looks import Looks, seen
from looks import page as web_page
from shelf import HTML, Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Kept, Record, Rejected

ROOT = "https://co.example"


def organisation(name: str = "Jardin", **said: Any) -> dict[str, Any]:
    return {"@type": "Organization", "name": name, "typeCommunecter": "NGO"} | said


def page(entities: dict[str, Any], **meta: Any) -> dict[str, Any]:
    return {"meta": {"limit": len(entities), "next": f"{ROOT}/api/again"} | meta, "entities": entities or []}


def platform(bodies: dict[str, Any], **options: Any):
    """A source of organisations unless told otherwise, and a shelf of answers by what follows `/api/`."""
    feed = source("communecter", ROOT, **({"elements": ("organization",)} | options))
    return feed, Shelf({f"{ROOT}/api/{tail}": json.dumps(body).encode() for tail, body in bodies.items()})


def listed(*pages: dict[str, Any], element: str = "organization", size: int = 500) -> dict[str, Any]:
    bodies, index = {}, 0
    for entities in (*pages, {}):
        bodies[f"{element}/get?limit={size}&index={index}"] = page(entities)
        index += len(entities)
    return bodies


# --- pages -------------------------------------------------------------------------------------------


def test_communecter_pages_are_counted_by_us_until_an_empty_one():
    feed, shelf = platform(
        listed({"a": organisation(), "b": organisation()}, {"c": organisation()}, size=2), size=2
    )
    assert refs(harvested(feed, shelf)) == ["a", "b", "c"]
    assert [url.rpartition("=")[2] for url in shelf.asked] == ["0", "2", "3"]


def test_communecter_page_shorter_than_its_limit_is_no_end():
    feed, shelf = platform(listed({"a": organisation()}, {"b": organisation()}))
    assert refs(harvested(feed, shelf)) == ["a", "b"]


def test_communecter_filters_stay_on_every_page_though_the_platform_forgets_them():
    query = "key=tiers&tags=eau,sol%20vivant&insee=26113&limit=500&index="
    bodies = {
        f"organization/get?{query}0": page({"a": organisation()}),
        f"organization/get?{query}1": page({}),
    }
    feed, shelf = platform(bodies, network="tiers", tags=("eau", "sol vivant"), insee="26113")
    assert refs(harvested(feed, shelf)) == ["a"]


def test_communecter_element_on_two_pages_is_told_twice_and_asked_for_once():
    project = {"@type": "Project", "name": "Compost"}
    bodies = listed({"a": project, "b": project}, {"b": project, "c": project}, element="project")
    bodies |= {f"project/get/id/{ref}": page({ref: project}) for ref in "abc"}
    feed, shelf = platform(bodies, elements=("project",))
    assert refs(harvested(feed, shelf)) == ["a", "b", "b", "c"]
    assert sum("/id/b" in url for url in shelf.asked) == 1


def test_communecter_empty_list_is_empty_not_broken():
    assert harvested(*platform(listed())) == []


def test_communecter_platform_that_ignores_the_index_fails():
    bodies = {f"organization/get?limit=500&index={n}": page({"a": organisation()}) for n in range(3)}
    with pytest.raises(SourceChanged, match="the same page came twice; the platform ignores `index`"):
        harvested(*platform(bodies))


def test_communecter_list_without_end_is_stopped(monkeypatch):
    monkeypatch.setattr("harvester.connectors.communecter.MOST_PAGES", 2)
    with pytest.raises(SourceChanged, match="no end after 2 pages"):
        harvested(*platform(listed({"a": organisation()}, {"b": organisation()})))


@pytest.mark.parametrize(
    "body", [{"result": False, "msg": "Access denied"}, {"entities": ["a"]}, {"entities": None}, []]
)
def test_communecter_answer_without_entities_fails_the_source(body):
    with pytest.raises(
        SourceChanged, match=r"communecter 'test': https://co\.example.*expected entities, got"
    ):
        harvested(*platform({"organization/get?limit=500&index=0": body}))


def test_communecter_page_that_fails_ends_the_reading():
    feed, shelf = platform(listed({"a": organisation()}))
    shelf.failing = {shelf_url: SourceUnavailable("answered 503") for shelf_url in list(shelf.bodies)[1:]}
    with pytest.raises(SourceUnavailable):
        harvested(feed, shelf)


def test_communecter_address_may_be_that_of_its_api():
    feed = source("communecter", f"{ROOT}/api/organization/get/key/tiers", elements=("organization",))
    _, shelf = platform(listed({"a": organisation()}))
    assert refs(harvested(feed, shelf)) == ["a"]


# --- details -----------------------------------------------------------------------------------------


def event(**said: Any) -> dict[str, Any]:
    return {"@type": "Event", "name": "Fête", "url": {"api": "x"}} | said


def events(detail: bytes | None, **options: Any):
    feed, shelf = platform(listed({"e": event()}, element="event"), elements=("event",), **options)
    shelf.bodies |= {f"{ROOT}/api/event/get/id/e": detail} if detail else {}
    return feed, shelf


def test_communecter_detail_completes_its_element():
    (value,) = values(harvested(*events(json.dumps(page({"e": event(tags=["bal"])})).encode())))
    assert (value["name"], value["tags"]) == ("Fête", ["bal"])


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        (None, "its detail did not answer"),
        (HTML, "its detail cannot be read: "),
        (b'{"entities": []}', "its detail does not hold it"),
        (b'{"entities": {"other": {}}}', "its detail does not hold it"),
    ],
    ids=["404", "page", "empty", "another"],
)
def test_communecter_detail_that_cannot_be_had_keeps_the_last_version(detail, reason):
    (found,) = harvested(*events(detail))
    assert Kept("e", found.reason) == found
    assert found.reason.startswith(reason)


def test_communecter_details_may_be_left_out():
    feed, shelf = events(None, details=False)
    assert refs(harvested(feed, shelf)) == ["e"]
    assert len(shelf.asked) == 2


def test_communecter_organisations_have_no_detail():
    feed, shelf = platform(listed({"a": organisation()}))
    harvested(feed, shelf)
    assert len(shelf.asked) == 2


def test_communecter_closed_list_of_resources_fails_the_source():
    feed, shelf = platform({}, elements=("poi",))
    shelf.failing = {f"{ROOT}/api/poi/get?limit=500&index=0": SourceRefused("answered 401")}
    with pytest.raises(SourceRefused):
        harvested(feed, shelf)


# --- elements ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("element", "said", "kind"),
    [
        ("organization", {"typeCommunecter": "NGO"}, "organisation"),
        ("organization", {"typeCommunecter": "Group"}, "group"),
        ("organization", {"typeCommunecter": "GovernmentOrganization"}, "organisation"),
        ("organization", {}, "organisation"),
        ("project", {"typeCommunecter": "Group"}, "project"),
        ("event", {}, "event"),
        ("poi", {"type": "tool"}, "resource"),
    ],
)
def test_communecter_kind_follows_the_type(element, said, kind):
    feed, shelf = platform(
        listed({"a": {"name": "X"} | said}, element=element), elements=(element,), details=False
    )
    assert [value["_kind"] for value in values(harvested(feed, shelf))] == [kind]


def test_communecter_links_of_persons_never_reach_a_record():
    names = ("links", "creator", "contacts", "parent", "organizer", "author", "invitedBy")
    people = {name: {"name": "Jeanne"} for name in names}
    (value,) = values(harvested(*platform(listed({"a": organisation(**people)}))))
    assert {"@type", "name", "typeCommunecter", "_kind", "_page"} == value.keys()
    assert not any("links" in one for one in values(harvested(*recorded("communecter"))))


def test_communecter_persons_are_neither_asked_for_nor_taken():
    found = harvested(*platform(listed({"p": {"@type": "Person", "name": "Jeanne"}, "x": "y"})))
    assert found[0] == Rejected("p", "a person: never harvested")
    assert reasons(found)[1] == "expected an element, got 'y'"
    with pytest.raises(ValueError, match="elements"):
        connectors.load("communecter").options(elements=("person",))


def test_communecter_recording_maps_to_items():
    feed, shelf = recorded("communecter")
    connector = connectors.load("communecter")
    mapper, _ = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    items = [mapper.item(one)[0].values for one in harvested(feed, shelf) if isinstance(one, Record)]
    assert [one["name"] for one in items[:2]] == ["Les Jardins de Die", "Cercle d'habitants"]
    assert items[0]["description"] == "Jardins partagés.\nQuatre jardins, soixante parcelles."
    assert (str(items[0]["lat"]), str(items[0]["lon"])) == ("44.7536", "5.3703")
    assert (items[0]["insee"], items[0]["homepage"]) == ("26113", "https://jardins.example.org")
    assert items[3]["telephone"] == "+33475000000"
    assert items[3]["keywords"] == ("compost",)
    assert items[3]["page"] == "https://co.example.org/#@compostDie"


# --- recognition -------------------------------------------------------------------------------------


def test_communecter_page_that_only_names_the_platform_is_not_recognised():
    looks = Looks()
    found = connectors.load("communecter").recognised(web_page(f"{ROOT}/a", "Find us on Communecter"), looks)
    assert found is None
    assert looks.asked == [f"{ROOT}/api/organization/get?limit=500&index=0"]


def test_communecter_looks_at_nothing_that_no_page_hints_at():
    looks = Looks()
    for other in (
        web_page(ROOT, "Welcome"),
        seen(f"{ROOT}/api/users/get", {"entities": {}}),
        seen(ROOT, [1]),
    ):
        assert connectors.load("communecter").recognised(other, looks) is None
    assert looks.asked == []


def test_communecter_address_of_its_api_tells_what_it_selects_in_its_path_or_its_query():
    query = "?key=tiers&tags=eau,sol&limit=500&index=0"
    bodies = {f"{ROOT}/co/api/organization/get{query}": page({"a": organisation()})}
    for address in ("get/key/tiers/limit/50/tags/eau,sol", "get?tags=eau,sol&key=tiers"):
        looks = Looks(bodies)
        found = connectors.load("communecter").recognised(
            seen(f"{ROOT}/co/api/organization/{address}", {}), looks
        )
        assert found.url == f"{ROOT}/co"
        assert found.keys == {"network": "tiers", "tags": ["eau", "sol"], "elements": ["organization"]}


def test_communecter_full_page_is_not_taken_for_all_there_is():
    many = {str(number): organisation() for number in range(500)}
    looks = Looks({f"{ROOT}/api/organization/get?limit=500&index=0": page(many)})
    found = connectors.load("communecter").recognised(web_page(ROOT, "Communecter"), looks)
    assert (found.count, list(found.learned)) == (None, ["organization: 500 or more elements"])
