"""What is special to html."""

from __future__ import annotations

from typing import Any

import pytest
from looks import Looks, page, seen
from shelf import Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Kept, Record

ROOT = "https://www.site.example/liste"


def web(body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


def anchors(*names: str) -> str:
    return "".join(f'<a class="f" href="/fiche/{name}">{name}</a>' for name in names)


def site(pages: dict[str, Any], **said: Any) -> Shelf:
    """Pages by what follows the host; a text becomes the body of a page."""
    label = {"media_type": "text/html"}
    bodies = {
        f"https://www.site.example{path}": web(body) if isinstance(body, str) else body
        for path, body in pages.items()
    }
    return Shelf(bodies, dict.fromkeys(bodies, label), **said)


def sheets(*names: str) -> dict[str, str]:
    return {f"/fiche/{name}": f"<h1>{name}</h1>" for name in names}


def feed(**options: Any):
    options.setdefault("fields", {"name": "h1"})
    if "record" not in options:
        options.setdefault("listing", "a.f")
    return source("html", options.pop("url", ROOT), **options)


def cards(body: str, **options: Any):
    return harvested(feed(record="li", **options), site({"/liste": f"<ul>{body}</ul>"}))


# --- the recording -----------------------------------------------------------------------------------


def test_recorded_initiatives_are_videos_known_by_their_number():
    found = harvested(*recorded("html"))
    assert refs(found) == ["84223790336", "640", "1792", "83981966016", "320"]
    value = values(found)[1]
    assert value["name"] == "Favoriser le lien avec nos voisins !"
    assert value["embed"] == "https://player.vimeo.com/video/126349259"
    assert value["_page"] == "https://www.onpassealacte.fr/initiative.repas-d-immeuble.640.html"
    assert value["keywords"] == ["Rompre isolement"]


def test_recorded_initiatives_become_items_without_a_mapping_of_their_own():
    feed, shelf = recorded("html")
    mapper, problems = compile_mapping(feed, connectors.load("html").mapping)
    assert problems == []
    records = [one for one in harvested(feed, shelf) if isinstance(one, Record)]
    item, _ = mapper.item(records[1])
    assert (item.kind, item.values["slogan"]) == ("video", "On a organisé un repas d'immeuble !")
    assert item.values["embed"] == "https://player.vimeo.com/video/126349259"
    assert "<p>" not in item.values["description"]
    assert mapper.coverage.unmapped == {}


# --- the listing -------------------------------------------------------------------------------------


def test_links_are_whole_and_each_page_is_asked_once():
    links = (
        '<a class="f" href="fiche/a#haut">A</a><a class="f" href="/fiche/a">image</a>'
        '<div class="f"><a href="https://site.example/fiche/b?x=1&amp;y=2">B</a></div>'
        '<a class="f" href="mailto:a@b.example">mail</a><a class="f" href="#haut">haut</a><a class="f">rien</a>'
    )
    shelf = site({"/liste": links, "/fiche/a": "<h1>A</h1>"})
    shelf.bodies["https://site.example/fiche/b?x=1&y=2"] = web("<h1>B</h1>")
    assert refs(harvested(feed(listing=".f"), shelf)) == ["fiche/a", "fiche/b?x=1&y=2"]
    assert shelf.asked == [ROOT, "https://www.site.example/fiche/a", "https://site.example/fiche/b?x=1&y=2"]


def test_base_of_the_page_is_where_its_links_start():
    shelf = site({"/liste": web('<a class="f" href="a">A</a>', '<base href="/fiche/">'), **sheets("a")})
    assert refs(harvested(feed(), shelf)) == ["fiche/a"]


def test_next_pages_are_followed_to_the_last():
    pages = {
        "/liste": anchors("a", "b") + '<a rel="next" href="?p=2">2</a>',
        "/liste?p=2": anchors("b", "c") + '<p class="next"></p>',
        **sheets("a", "b", "c"),
    }
    shelf = site(pages)
    assert refs(harvested(feed(next="a[rel=next]"), shelf)) == ["fiche/a", "fiche/b", "fiche/c"]
    assert len(shelf.asked) == len(set(shelf.asked)) == 5


def test_range_of_pages_is_asked_whole():
    pages = {"/liste?p=0": anchors("a"), "/liste?p=1": anchors("b"), **sheets("a", "b")}
    assert refs(harvested(feed(page_address="?p={page}", pages=[0, 1]), site(pages))) == [
        "fiche/a",
        "fiche/b",
    ]


def test_page_addresses_may_be_folders():
    shelf = site({"/liste/page/1/": anchors("a"), "/liste/page/2/": anchors("b"), **sheets("a", "b")})
    numbered = feed(url=f"{ROOT}/", pages=[1, 2], page_address="page/{page}/")
    assert refs(harvested(numbered, shelf)) == ["fiche/a", "fiche/b"]


@pytest.mark.parametrize("last", ["<p>Aucun résultat</p>", anchors("b")], ids=["empty", "last page again"])
def test_open_range_ends_at_a_page_with_nothing_new(last):
    pages = {"/liste?p=1": anchors("a"), "/liste?p=2": anchors("b"), "/liste?p=3": last, **sheets("a", "b")}
    shelf = site(pages)
    found = harvested(feed(page_address="?p={page}", pages=[1]), shelf)
    assert refs(found) == ["fiche/a", "fiche/b"]
    assert set(shelf.asked) == set(shelf.bodies)


@pytest.mark.parametrize(
    ("pages", "options", "says"),
    [
        ({"/liste": "<p>Bienvenue</p>"}, {}, "lists nothing"),
        ({"/liste": anchors("a")}, {"listing": ".renamed a"}, "lists nothing"),
        ({"/liste?p=1": "<p></p>"}, {"page_address": "?p={page}", "pages": [1]}, "lists nothing"),
        (
            {"/liste?p=1": anchors("a"), "/liste?p=2": "<p>Erreur</p>"},
            {"page_address": "?p={page}", "pages": [1, 2]},
            "lists nothing",
        ),
        (
            {"/liste": anchors("a") + '<a rel=next href="?p=2">', "/liste?p=2": anchors("a")},
            {"next": "[rel=next]"},
            "lists what a page before listed",
        ),
        (
            {
                "/liste": anchors("a") + '<a rel=next href="?p=2">',
                "/liste?p=2": anchors("b") + '<a rel=next href="/liste">',
            },
            {"next": "[rel=next]"},
            "leads to no end",
        ),
        ({"/liste": anchors("a") + "<p id=n>12 fiches</p>"}, {"total": "#n"}, "1 listed of the 12 it counts"),
        ({"/liste": anchors("a")}, {"total": "#n"}, "no number at '#n'"),
        ({"/liste": b'{"a": "<html>"}'}, {}, "without '</html>'"),
        ({"/liste": b"%PDF-1.4"}, {}, "expected a web page, got '%PDF-1.4'"),
    ],
)
def test_listing_that_is_not_what_was_told_fails_the_source(pages, options, says):
    with pytest.raises(SourceChanged) as raised:
        harvested(feed(**options), site({**pages, **sheets("a", "b")}))
    assert says in str(raised.value)
    assert "html 'test': https://" in str(raised.value)


def test_total_is_read_with_its_thousands_and_may_grow():
    pages = {
        "/liste": anchors("a") + "<p id=n>Il y a 2 actions</p><a rel=next href='?p=2'>",
        "/liste?p=2": anchors("b", "c") + "<p id=n>Il y a 3 actions</p>",
        **sheets("a", "b", "c"),
    }
    assert len(refs(harvested(feed(next="[rel=next]", total="#n"), site(pages)))) == 3
    with pytest.raises(SourceChanged, match="1 listed of the 1089 it counts"):
        harvested(
            feed(total="#n"), site({"/liste": anchors("a") + "<p id=n>1\u202f089 fiches</p>", **sheets("a")})
        )


def test_total_that_falls_meanwhile_defers():
    pages = {
        "/liste": anchors("a") + "<p id=n>3</p><a rel=next href='?p=2'>",
        "/liste?p=2": anchors("b") + "<p id=n>2</p>",
        **sheets("a", "b"),
    }
    with pytest.raises(SourceUnavailable, match="3 listed before, 2 now"):
        harvested(feed(next="[rel=next]", total="#n"), site(pages))


def test_listing_page_that_does_not_answer_lets_its_error_through():
    pages = {"/liste": anchors("a") + '<a rel=next href="?p=2">', **sheets("a")}
    shelf = site(pages, failing={f"{ROOT}?p=2": SourceUnavailable("503")})
    with pytest.raises(SourceUnavailable):
        harvested(feed(next="[rel=next]"), shelf)


def test_links_to_other_sites_are_rejected_and_never_asked():
    shelf = site(
        {"/liste": anchors("a") + '<a class="f" href="https://other.example/x">x</a>', **sheets("a")}
    )
    found = harvested(feed(), shelf)
    assert refs(found) == ["fiche/a"]
    assert "another site, https://other.example/x" in reasons(found)[0]
    assert "https://other.example/x" not in shelf.asked


# --- pages of records --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [None, b"", b"<!DOCTYPE html><html><body><h1>B</h1>", "<p>Maintenance</p>", b'{"error": 1}'],
    ids=["gone", "empty", "cut", "nothing of fields", "no page"],
)
def test_failing_page_keeps_the_last_version_of_its_record(page):
    pages = {"/liste": anchors("a", "b", "c"), **sheets("a", "c")}
    if page is not None:
        pages["/fiche/b"] = page
    found = harvested(feed(), site(pages))
    assert refs(found) == ["fiche/a", "fiche/c"]
    assert [one.ref for one in found if isinstance(one, Kept)] == ["fiche/b"]


def test_site_redesigned_or_behind_a_wall_fails_the_source():
    pages = {"/liste": anchors("a", "b"), "/fiche/a": "<h2>A</h2>", "/fiche/b": "<h2>B</h2>"}
    with pytest.raises(SourceChanged, match="none of 2 records can be read, the first because nothing of"):
        harvested(feed(), site(pages))


def test_refused_pages_fail_the_source():
    shelf = site(
        {"/liste": anchors("a")}, failing={"https://www.site.example/fiche/a": SourceRefused("robots")}
    )
    with pytest.raises(SourceRefused):
        harvested(feed(), shelf)


def test_ref_pattern_finds_the_number_in_new_and_old_addresses():
    links = '<a class=f href="/initiative.jardin.42.html">1</a><a class=f href="/recettes.php?r=320">2</a>'
    pages = {"/liste": links, "/initiative.jardin.42.html": "<h1>A</h1>", "/recettes.php?r=320": "<h1>B</h1>"}
    pattern = r"\.(\d+)\.html|[?&]r=(\d+)"
    assert refs(harvested(feed(ref_pattern=pattern), site(pages))) == ["42", "320"]


def test_link_without_the_pattern_is_rejected_and_never_asked():
    shelf = site({"/liste": anchors("12", "a-propos"), **sheets("12")})
    found = harvested(feed(ref_pattern=r"/(\d+)$"), shelf)
    assert (refs(found), len(reasons(found))) == (["12"], 1)
    assert "https://www.site.example/fiche/a-propos" not in shelf.asked


def test_subdomain_is_part_of_the_ref():
    links = '<a class="f" href="https://paris.site.example/fiche/a">A</a>' + anchors("a")
    shelf = site({"/liste": links, **sheets("a")})
    shelf.bodies["https://paris.site.example/fiche/a"] = web("<h1>P</h1>")
    assert refs(harvested(feed(), shelf)) == ["paris.site.example/fiche/a", "fiche/a"]


# --- records in the listing --------------------------------------------------------------------------


def test_records_in_the_listing_are_read_without_a_further_request():
    found = cards(
        '<li data-id="7"><h3>A</h3><a href="/a">voir</a></li><li data-id="8"><h3>B</h3></li>',
        fields={"name": "h3"},
        ref="@data-id",
    )
    assert refs(found) == ["7", "8"]
    assert [value["_page"] for value in values(found)] == ["https://www.site.example/a", ROOT]


def test_record_in_the_listing_is_known_by_its_link_or_rejected():
    found = cards('<li><h3>A</h3><a href="/a">voir</a></li><li><h3>B</h3></li>', fields={"name": "h3"})
    assert refs(found) == ["a"]
    assert "nothing to identify 'B'" in reasons(found)[0]


# --- fields ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (".t", "Café & Bon jour"),
        (".adresse", "12 rue des Lilas 34000 Montpellier"),
        (".tag", "un"),
        ({"select": ".tag", "many": True}, ["un", "deux"]),
        (".texte@html", "<p>Un <b>texte</b></p>"),
        ("img@src", "https://www.site.example/i.png"),
        ("a.site@href", "https://ailleurs.example/"),
        ("@data-id", "7"),
        ("@class", "a b"),
        ({"select": "script:-soup-contains('lat')", "pattern": r"lat = ([\d.]+)"}, "43.6"),
        ("dt:-soup-contains('Ville') + dd", "Alès"),
        ({"select": "h3", "pattern": "xyz"}, None),
        (".absent", None),
    ],
)
def test_field_is_found_where_it_stands(field, expected):
    card = """<li data-id="7" class="a b"><h3>A</h3><p class="t"> Café &amp;
      Bon<!-- ici --> <i>jo</i><b>ur</b></p><p class="adresse">12 rue des Lilas<br>34000 Montpellier</p>
      <i class="tag"> </i><i class="tag">un</i><i class="tag">deux</i><div class="texte"><p>Un <b>texte</b></p></div>
      <img src="/i.png"><a class="site" href="https://ailleurs.example/">s</a><script>var lat = 43.6;</script>
      <dl><dt>Ville</dt><dd>Alès</dd></dl></li>"""
    (value,) = values(cards(card, fields={"name": "h3", "x": field}, ref="@data-id"))
    assert value.get("x") == expected


def test_latin_1_is_read_by_its_label_and_utf_8_whatever_the_label():
    head = '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">'
    for code in ("iso-8859-1", "utf-8"):
        body = web("<ul><li id=1><h3>Forêt</h3></li></ul>", head).decode().encode(code)
        (value,) = values(
            harvested(feed(record="li", fields={"name": "h3"}, ref="@id"), site({"/liste": body}))
        )
        assert value["name"] == "Forêt"


def test_xhtml_and_comments_after_the_end_are_read():
    body = b'<?xml version="1.0" encoding="UTF-8"?>\n' + web(anchors("a")) + b"\n<!-- cached -->"
    assert refs(harvested(feed(), site({"/liste": body, **sheets("a")}))) == ["fiche/a"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"fields": {"name": "h1"}}, "give either `listing`"),
        ({"fields": {"name": "h1"}, "listing": "a", "record": "li"}, "give either `listing`"),
        ({"fields": {}, "listing": "a"}, "at least 1"),
        ({"fields": {"name": "h1 >>"}, "listing": "a"}, "no CSS selector"),
        ({"fields": {"name": {"select": "h1", "pattern": "("}}, "listing": "a"}, "no regular expression"),
        ({"fields": {"name": "h1"}, "listing": "a[", "record": None}, "no CSS selector"),
        ({"fields": {"name": "h1"}, "listing": "a", "ref": "@id"}, "`ref` goes with `record`"),
        ({"fields": {"name": "h1"}, "listing": "a", "next": "a", "pages": [1]}, "two ways"),
        ({"fields": {"name": "h1"}, "listing": "a", "pages": [1], "page_address": "?p=1"}, "page_address"),
    ],
)
def test_faulty_configuration_is_told(options, says):
    with pytest.raises(ValueError, match=says):
        connectors.load("html").options(**options)


# --- recognition -------------------------------------------------------------------------------------


def proposed(body: str, looks: Looks, *, url: str = "https://guess.example/actions") -> Any:
    return connectors.load("html").recognised(page(url, body), looks)


def record(name: str) -> str:
    return f"<!DOCTYPE html><html><body><h1>{name}</h1><main><p>Text of {name}</p></main></body></html>"


GUESS = "https://guess.example"


def test_html_page_without_three_links_that_are_alike_is_not_guessed_nor_looked_further():
    looks = Looks()
    menu = "<nav><a href=/a/1>1</a><a href=/a/2>2</a><a href=/a/3>3</a></nav>"
    files = "<a href=/f/1.pdf>1</a><a href=/f/2.pdf>2</a><a href=/f/3.pdf>3</a>"
    others = "".join(f"<a href=https://{one}.example/x/1>{one}</a>" for one in "abcd")
    turning = "".join(f"<a href=?page={one}>{one}</a>" for one in range(5))
    for body in (menu, files, others, turning, "<a href=/a/1>1</a><a href=/a/1#x>1</a><a href=/b>b</a>"):
        assert proposed(body, looks) is None
    assert looks.asked == []
    assert connectors.load("html").recognised(seen(f"{GUESS}/x", {"a": ["/a/1", "/a/2"]}), looks) is None


def test_html_listing_whose_pages_have_no_name_of_their_own_is_not_proposed():
    body = "".join(f"<a href=/a/{one}>{one}</a>" for one in range(3))
    looks = Looks({f"{GUESS}/a/0": record("The same")})
    assert proposed(f"<h1>The same</h1>{body}", looks) is None
    assert proposed(body, Looks()) is None


@pytest.mark.parametrize(
    ("links", "selector"),
    [
        (["/fiche.php?id=1", "/fiche.php?id=2", "fiche.php?id=3"], "a[href*='fiche.php?id=']"),
        (["/lieux/a", "/lieux/b", "/lieux/c"], "a[href*='/lieux/']"),
        (["action-1.html", "action-2.html", "action-3.html"], "a[href*='action-']"),
    ],
    ids=["parameter", "folder", "first word"],
)
def test_html_links_that_are_alike_share_a_parameter_a_folder_or_a_first_word(links, selector):
    body = "".join(f"<p><a href={one}>{one}</a></p>" for one in links)
    first = f"{GUESS}/{links[0].lstrip('/')}"
    found = proposed(f"<a href=/about>About</a>{body}", Looks({first: record("One")}))
    assert found.keys["listing"] == selector
    assert found.keys["fields"] == {"name": "h1", "description": "main@html"}
    assert (found.count, found.keys["next"]) == (3, None)


def test_html_links_with_headings_win_over_more_links_without():
    records = "".join(f"<h2><a href=/a/{one}>{one}</a></h2>" for one in range(3))
    themes = "".join(f"<a href=/theme/{one}>{one}</a>" for one in range(9))
    found = proposed(themes + records, Looks({f"{GUESS}/a/0": record("One")}))
    assert found.keys["listing"] == "a[href*='/a/']"


def test_html_selector_is_narrowed_to_what_holds_the_links():
    menu = "<nav><a href=/a/contact>Contact</a></nav>"
    body = "".join(f"<h2><a href=/a/{one}>{one}</a></h2>" for one in range(3))
    found = proposed(f"{menu}<div class='x all'>{body}</div>", Looks({f"{GUESS}/a/0": record("One")}))
    assert found.keys["listing"] == ".x a[href*='/a/']"
