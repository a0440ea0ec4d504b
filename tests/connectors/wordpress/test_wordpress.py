"""What is special to wordpress."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from looks import Looks, seen
from looks import page as web_page
from shelf import HTML, Shelf, harvested, reasons, recorded, refs, source

from harvester import connectors
from harvester.connectors.wordpress import _address
from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Record, Rejected

SITE = "https://s.example"
API = f"{SITE}/wp-json/"
TYPES = {"post": {"rest_base": "posts"}, "page": {"rest_base": "pages"}}
SINCE = datetime(2026, 11, 20, 2, tzinfo=UTC)


def post(ref: Any, **said: Any) -> dict[str, Any]:
    return {
        "id": ref,
        "title": {"rendered": f"Post {ref}"},
        "content": {"rendered": "", "protected": False},
    } | said


def envelope(
    body: Any, *, status: int = 200, total: int | None = None, pages: int | None = None
) -> dict[str, Any]:
    headers = {"X-WP-Total": total, "X-WP-TotalPages": pages} if total is not None else []
    return {"body": body, "status": status, "headers": headers}


PAST = envelope({"code": "rest_post_invalid_page_number", "message": "No such page"}, status=400)


def site(
    *pages: Any, route: str = "wp/v2/posts", root: str = API, since: datetime | None = None, **options: Any
):
    """A source, and a shelf that holds its types and the pages of one route."""
    feed = source("wordpress", SITE, **({"types": ("post",)} | options))
    told = connectors.load("wordpress").options(**feed.options)
    bodies = {f"{root}wp/v2/types": TYPES}
    bodies |= {_address(told, root + route, since, number): page for number, page in enumerate(pages, 1)}
    return feed, Shelf({url: json.dumps(body).encode() for url, body in bodies.items()}, since=since)


def one(**said: Any) -> Record | Rejected:
    (found,) = harvested(*site(envelope([post(1, **said)], total=1, pages=1)))
    return found


# --- where the API is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("home", "headers", "root"),
    [
        (b"<html></html>", {"link": f'<{SITE}/api/>; rel="https://api.w.org/"'}, f"{SITE}/api/"),
        (b"<link rel='https://api.w.org/' href='/?rest_route=/' />", {}, f"{SITE}/?rest_route=/"),
        (b"<html></html>", {}, f"{SITE}/?rest_route=/"),
        (None, {}, f"{SITE}/?rest_route=/"),
        (
            HTML,
            {"link": '<https://cms.example/wp-json/>; rel="https://api.w.org/"'},
            "https://cms.example/wp-json/",
        ),
    ],
    ids=["header", "element", "said nowhere", "no home page", "another host"],
)
def test_wordpress_api_is_found_where_the_site_says(home, headers, root):
    feed, shelf = site(envelope([post(1)], total=1, pages=1), root=root)
    shelf.bodies |= {SITE: home} if home else {}
    shelf.labels = {SITE: {"headers": headers}}
    assert refs(harvested(feed, shelf)) == ["1"]


def test_wordpress_page_in_place_of_the_api_is_not_the_api():
    feed, shelf = site(envelope([post(1)], total=1, pages=1), root=f"{SITE}/?rest_route=/")
    shelf.bodies[f"{API}wp/v2/types"] = HTML
    assert refs(harvested(feed, shelf)) == ["1"]


@pytest.mark.parametrize("url", [f"{SITE}/index.php?rest_route=/", f"{SITE}/fr/wp-json", f"{SITE}/wp-json/"])
def test_wordpress_address_of_the_api_is_taken_as_it_is(url):
    root = url if url.endswith("/") else f"{url}/"
    feed, shelf = site(envelope([post(1)], total=1, pages=1), root=root)
    assert refs(harvested(replace(feed, urls=(url,)), shelf)) == ["1"]
    assert shelf.asked[0] == f"{root}wp/v2/types"


def test_wordpress_site_without_api_says_what_else_to_try():
    feed, shelf = site()
    shelf.bodies = {}
    with pytest.raises(
        SourceChanged, match=r"wordpress 'test': https://s\.example: no REST API .* read its feed"
    ):
        harvested(feed, shelf)


def test_wordpress_api_that_is_closed_is_not_tried_another_way():
    feed, shelf = site()
    shelf.failing = {f"{API}wp/v2/types": SourceRefused("answered 401")}
    with pytest.raises(SourceRefused):
        harvested(feed, shelf)
    assert shelf.asked == [f"{API}wp/v2/types"]


def test_wordpress_types_are_known_by_name_or_base_and_have_their_namespace():
    feed, shelf = site(envelope([], total=0, pages=0), route="plugin/v2/lieux", types=("lieu",))
    types = TYPES | {"lieu": {"rest_base": "lieux", "rest_namespace": "plugin/v2"}}
    shelf.bodies[f"{API}wp/v2/types"] = json.dumps(types).encode()
    assert harvested(feed, shelf) == []
    assert harvested(replace(feed, options={"types": ("lieux",)}), shelf) == []


def test_wordpress_type_that_is_not_shown_fails_with_the_nearest():
    feed, shelf = site(types=("pots",))
    with pytest.raises(SourceChanged, match=r"wp/v2/types: no public type 'pots'; did you mean 'post'\?"):
        harvested(feed, shelf)


# --- pages -------------------------------------------------------------------------------------------


def test_wordpress_short_page_is_no_end():
    feed, shelf = site(
        envelope([post(1)], total=5, pages=3),
        envelope([], total=5, pages=3),
        envelope([post(5)], total=5, pages=3),
    )
    assert refs(harvested(feed, shelf)) == ["1", "5"]
    assert len(shelf.asked) == 4


def test_wordpress_empty_collection_is_one_empty_page():
    feed, shelf = site(envelope([], total=0, pages=0))
    assert harvested(feed, shelf) == []


def test_wordpress_page_past_the_last_ends_a_list_that_declares_nothing():
    feed, shelf = site(envelope([post(1), post(2)]), envelope([post(3)]), PAST)
    assert refs(harvested(feed, shelf)) == ["1", "2", "3"]


def test_wordpress_empty_page_ends_a_list_that_declares_nothing():
    feed, shelf = site([post(1)], [])
    assert refs(harvested(feed, shelf)) == ["1"]


def test_wordpress_site_that_ignores_the_envelope_is_read_by_its_headers():
    feed, shelf = site([post(1)], [post(2)])
    headers = {"x-wp-total": "2", "x-wp-totalpages": "2"}
    shelf.labels = {url: {"headers": headers} for url in shelf.bodies}
    assert refs(harvested(feed, shelf)) == ["1", "2"]


def test_wordpress_posts_are_asked_for_by_number_whole_and_without_authors():
    options = connectors.load("wordpress").options(fields=("prix",), query={"lang": "fr"})
    asked = _address(options, f"{API}wp/v2/posts", None, 2)
    assert asked.startswith(f"{API}wp/v2/posts?per_page=100&page=2&orderby=id&order=asc&_fields=id,type,")
    assert ",prix,acf,meta,_links,_embedded&_embed=wp:term,wp:featuredmedia&_envelope=1&lang=fr" in asked
    assert "author" not in asked


@pytest.mark.parametrize("last", [envelope([post(3)], total=2, pages=2), PAST], ids=["total", "page gone"])
def test_wordpress_list_that_shrinks_while_it_is_read_defers_the_source(last):
    feed, shelf = site(envelope([post(1), post(2)], total=3, pages=2), last)
    with pytest.raises(SourceUnavailable, match="the list shrank while it was read"):
        harvested(feed, shelf)


def test_wordpress_list_that_grows_while_it_is_read_is_read_to_its_end():
    pages = [([1], 2, 2), ([2], 3, 3), ([3], 3, 3)]
    feed, shelf = site(*(envelope([post(ref) for ref in ids], total=n, pages=m) for ids, n, m in pages))
    assert refs(harvested(feed, shelf)) == ["1", "2", "3"]


def test_wordpress_cache_that_ignores_the_page_fails_the_source():
    page = envelope([post(1), post(2)], total=4, pages=2)
    with pytest.raises(SourceChanged, match="the same page came twice; the site or its cache ignores `page`"):
        harvested(*site(page, page))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, SourceRefused),
        (403, SourceRefused),
        (429, SourceUnavailable),
        (503, SourceUnavailable),
        (404, SourceChanged),
    ],
)
def test_wordpress_error_in_the_envelope_means_what_its_status_means(status, error):
    body = {"code": "rest_forbidden", "message": "Sorry", "data": {"status": status}}
    with pytest.raises(error, match=rf"expected posts, got 'rest_forbidden: Sorry' \(status {status}\)"):
        harvested(*site(envelope(body, status=status)))


@pytest.mark.parametrize(
    "body", [PAST, {"code": "rest_no_route"}, {"posts": []}, envelope({"1": {}}, total=1, pages=1)]
)
def test_wordpress_first_page_that_is_no_list_fails_the_source(body):
    with pytest.raises(SourceChanged, match=r"wordpress 'test': https://s\.example/wp-json/wp/v2/posts"):
        harvested(*site(body))


def test_wordpress_page_that_fails_ends_the_reading():
    feed, shelf = site(envelope([post(1)], total=2, pages=2), PAST)
    shelf.failing = {list(shelf.bodies)[-1]: SourceUnavailable("answered 503")}
    with pytest.raises(SourceUnavailable):
        harvested(feed, shelf)


# --- changes only ------------------------------------------------------------------------------------


def changed(ref: int, day: int) -> dict[str, Any]:
    return post(ref, modified_gmt=f"2026-11-{day:02}T10:00:00")


def test_wordpress_changes_are_asked_for_with_an_offset_newest_first():
    feed, shelf = site(envelope([changed(7, 22), changed(2, 21)], total=2, pages=1), since=SINCE)
    assert refs(harvested(feed, shelf)) == ["7", "2"]
    assert "orderby=modified&order=desc" in shelf.asked[-1]
    assert "modified_after=2026-11-20T02:00:00%2B00:00" in shelf.asked[-1]


def test_wordpress_site_that_ignores_the_bound_is_left_at_the_first_older_post():
    pages = [
        [changed(7, 22), changed(2, 21)],
        [changed(3, 20), changed(1, 9)],
        [changed(4, 8)],
        [changed(5, 7)],
    ]
    feed, shelf = site(*(envelope(page, total=7, pages=4) for page in pages), since=SINCE)
    assert refs(harvested(feed, shelf)) == ["7", "2", "3", "1"]
    assert len(shelf.asked) == 3


def test_wordpress_night_without_change_is_one_empty_page():
    feed, shelf = site(envelope([], total=0, pages=0), since=SINCE)
    assert harvested(feed, shelf) == []
    assert connectors.load("wordpress").incremental


# --- posts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        {"content": {"rendered": "", "protected": True}},
        {"content": {"rendered": "Password protected", "protected": None}},
        {"class_list": ["post-1", "post-password-required"]},
    ],
    ids=["core", "calendar", "class"],
)
def test_wordpress_protected_post_is_rejected_by_name(said):
    assert Rejected("1", "protected by a password on the site") == one(**said)


@pytest.mark.parametrize("status", ["draft", "private", "future", "pending", "trash"])
def test_wordpress_post_that_is_not_published_is_rejected_by_name(status):
    assert Rejected("1", f"status '{status}': not published on the site") == one(status=status)


def test_wordpress_custom_fields_flip_between_list_and_object():
    empty, full = one(acf=[], meta=[]), one(acf={"ville": "Die"}, meta={"geo_latitude": "44.7"})
    assert not {"acf", "meta"} & empty.value.keys()
    assert (full.value["acf"], full.value["meta"]) == ({"ville": "Die"}, {"geo_latitude": "44.7"})


def test_wordpress_people_never_reach_a_record():
    people = {"author": 3, "yoast_head_json": {"author": "Jeanne"}, "_links": {"author": [{"href": "x"}]}}
    value = one(**people, _embedded={"author": [{"name": "Jeanne"}]}).value
    assert {"id", "title", "content"} == value.keys()


def test_wordpress_terms_and_picture_are_told_by_name_whatever_else_is_embedded():
    error = {"code": "rest_forbidden", "message": "no"}
    embedded = {
        "wp:term": [
            [{"taxonomy": "category", "name": "Eau &amp; sols"}],
            error,
            [error, {"taxonomy": "lieu", "name": "Die"}],
        ],
        "wp:featuredmedia": [error, {"source_url": "https://s.example/a.jpg"}],
    }
    value = one(_embedded=embedded, categories=[3], tags=[]).value
    assert value["_terms"] == {"category": ["Eau &amp; sols"], "lieu": ["Die"]}
    assert value["_keywords"] == ["Eau &amp; sols", "Die"]
    assert value["_image"] == "https://s.example/a.jpg"


@pytest.mark.parametrize("name", ["Uncategorized", "Non classé", "NON CLASSÉ"])
def test_wordpress_category_of_posts_that_were_given_none_is_no_keyword(name):
    terms = [
        [{"taxonomy": "category", "name": name}],
        [{"taxonomy": "thematique", "name": "Eau"}],
    ]
    value = one(_embedded={"wp:term": terms}).value
    assert (value["_terms"], value["_keywords"]) == ({"thematique": ["Eau"]}, ["Eau"])
    assert "_keywords" not in one(_embedded={"wp:term": terms[:1]}).value


def test_wordpress_dates_are_those_in_utc():
    value = one(
        date="2026-07-01T12:00:00", date_gmt="2026-07-01T10:00:00", modified_gmt="2026-07-02T10:00:00"
    ).value
    assert (value["_created"], value["_modified"]) == ("2026-07-01T10:00:00Z", "2026-07-02T10:00:00Z")


def test_wordpress_bad_posts_do_not_spoil_the_others():
    feed, shelf = site(
        envelope([None, {"link": "https://s.example/x"}, post(True), post(4)], total=4, pages=1)
    )
    found = harvested(feed, shelf)
    assert refs(found) == ["4"]
    assert reasons(found)[:2] == ["expected a post, got None", "no 'id'; page 'https://s.example/x'"]


def test_wordpress_recording_maps_to_items_with_plain_titles():
    feed, shelf = recorded("wordpress")
    connector = connectors.load("wordpress")
    mapper, problems = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    items = [mapper.item(one)[0] for one in harvested(feed, shelf) if isinstance(one, Record)]
    assert problems == []
    assert [one.values["name"] for one in items[:2]] == [
        "Un potager & un four – L’ouverture",
        "Repair café d’automne",
    ]
    assert items[0].values["description"] == "Le four est ouvert chaque samedi."
    assert items[0].values["keywords"] == ("Alimentation", "four à pain")
    assert items[0].values["modified"] == datetime(2026, 10, 2, 7, 15, tzinfo=UTC)
    assert [float(items[3].values[name]) for name in ("lat", "lon")] == [44.7536, 5.3703]
    assert mapper.coverage.unmapped == {}


# --- recognition -------------------------------------------------------------------------------------


ROOT = {"name": "Valley &amp; hills", "namespaces": ["oembed/1.0", "wp/v2"], "home": SITE}
ONE = "per_page=1&_fields=id,acf,meta&_envelope=1"


def api(root: str, types: dict[str, Any], **bodies: Any) -> dict[str, Any]:
    """The API of a site at `root`; `bodies` are one post and a total by base."""
    sign = "&" if "?" in root else "?"
    counted = {
        f"{root}wp/v2/{base}{sign}{ONE}": envelope([one], total=n) for base, (n, one) in bodies.items()
    }
    return {root: ROOT, f"{root}wp/v2/types": types, **counted}


def proposed(address: str, looks: Looks, *, head: str = "", classes: str = "", body: Any = None) -> Any:
    given = seen(address, body) if body is not None else None
    page = f'<!DOCTYPE html><html><head>{head}</head><body class="{classes}"></body></html>'
    return connectors.load("wordpress").recognised(given or seen(address, page), looks)


def test_wordpress_page_that_only_speaks_of_it_is_not_recognised_nor_looked_further():
    looks = Looks()
    page = web_page(SITE, "Made with WordPress", head="<link rel=alternate href=/wp-content-guide>")
    assert connectors.load("wordpress").recognised(page, looks) is None
    assert connectors.load("wordpress").recognised(seen(f"{SITE}/posts", [{"id": 1}]), looks) is None
    assert looks.asked == []


def test_wordpress_site_whose_api_is_closed_is_not_proposed():
    looks = Looks({API: {"code": "rest_disabled", "namespaces": "wp/v2"}})
    assert proposed(SITE, looks, head="<script src=/wp-content/a.js></script>") is None
    assert looks.asked == [API]


@pytest.mark.parametrize(
    ("address", "head", "root", "url"),
    [
        (f"{SITE}/", f'<link rel="https://api.w.org/" href="{API}">', API, SITE),
        (
            f"{SITE}/blog/2",
            "<script src=/blog/wp-content/a.js></script>",
            f"{SITE}/blog/wp-json/",
            f"{SITE}/blog",
        ),
        (f"{SITE}/?rest_route=/wp/v2/types", "", f"{SITE}/?rest_route=/", f"{SITE}/?rest_route=/"),
        (f"{SITE}/data/wp/v2/types", "", f"{SITE}/data/", SITE),
    ],
    ids=["link", "folder", "route", "other prefix"],
)
def test_wordpress_api_is_recognised_wherever_it_is(address, head, root, url):
    found = proposed(address, Looks(api(root, TYPES, posts=(3, post(1)))), head=head)
    assert (found.url, found.title, found.count) == (url, "Valley & hills", 3)
    assert found.keys["types"] == ["post"]
    assert found.keys["kind"] == "document"


def test_wordpress_types_of_the_house_of_other_connectors_and_empty_ones_are_left_out():
    names = ["post", "page", "wp_block", "attachment", "tribe_events", "vide", "lieu"]
    types = {name: {"rest_base": name, "name": name} for name in names}
    looks = Looks(api(API, types, post=(2, post(1)), page=(9, post(2)), lieu=(4, post(3)), vide=(0, post(4))))
    found = proposed(f"{SITE}/wp-json", looks)
    assert found.keys["types"] == ["post", "lieu"]
    assert found.count == 6
    assert list(found.learned) == [
        "type post: post, 2",
        "type page: page, 9",
        "type vide: vide, 0",
        "type lieu: lieu, 4",
    ]


def test_wordpress_page_of_a_type_proposes_that_type_alone():
    types = {"post": {"rest_base": "posts"}, "lieu": {"rest_base": "lieux"}}
    bodies = api(API, types, posts=(2, post(1)), lieux=(4, post(3)))
    link = f'<link rel="https://api.w.org/" href="{API}">'
    page = proposed(f"{SITE}/lieux/", Looks(bodies), head=link, classes="archive post-type-archive-lieu")
    address = proposed(f"{API}wp/v2/lieux?per_page=5", Looks(bodies))
    assert page.keys["types"] == address.keys["types"] == ["lieu"]


def test_wordpress_map_field_gives_its_place_and_names_are_quoted():
    place = {"address": "x", "lat": 44.1, "lng": 5.2, "city": "Die"}
    one = post(1) | {"acf": {"où-est-ce": place, "site": "https://x.example"}, "meta": []}
    found = proposed(f"{SITE}/wp-json/", Looks(api(API, TYPES, posts=(1, one))))
    assert found.keys["map"] == {
        "lat": 'acf."où-est-ce".lat',
        "lon": 'acf."où-est-ce".lng',
        "city": 'acf."où-est-ce".city',
    }
    assert found.learned[0] == "type post: post, 1, with acf.où-est-ce, acf.site"


def test_wordpress_totals_are_read_in_the_headers_by_a_site_without_envelopes():
    bodies = api(API, TYPES)

    def look(url: str, *, accept: str = "*/*", content: bytes | None = None) -> Any:
        if url == f"{API}wp/v2/posts?{ONE}":
            return replace(seen(url, [post(1)]), headers={"x-wp-total": "7"})
        return Looks(bodies)(url, accept=accept, content=content)

    found = connectors.load("wordpress").recognised(seen(f"{SITE}/wp-json/", ROOT), look)
    assert found is not None
    assert found.count == 7
