"""What is special to semantic_mediawiki."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from looks import Looks, seen
from looks import page as web_page
from shelf import HTML, Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors
from harvester.connectors._smw_pages import CEILING, RIGHTS
from harvester.connectors._smw_wiki import ABOUT, BROWSE, CATEGORIES
from harvester.errors import SourceChanged, SourceRefused, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Record

ROOT = "https://w.example"
API = f"{ROOT}/api.php"
RIGHTS_BODY = {"query": {"rightsinfo": {"url": "https://creativecommons.org/licenses/by-sa/4.0/"}}}


class Wiki(Shelf):
    """A wiki that answers each question as Semantic MediaWiki does: bounds, order, offset, limit."""

    def __init__(self, rows: list[dict[str, Any]], *, api: str = API, **said: Any) -> None:
        super().__init__({api + RIGHTS: json.dumps(RIGHTS_BODY).encode()}, **said)
        self.rows = rows

    def get(self, url: str, *, accept: str = "*/*", conditional: bool = True):
        if "action=ask" in url and url not in self.bodies and url not in self.failing:
            self.bodies[url] = json.dumps(self.told(question(url))).encode()
        return super().get(url, accept=accept, conditional=conditional)

    def told(self, asked: str) -> dict[str, Any]:
        condition, *parts = asked.split("|")
        said = dict(part.split("=", 1) for part in parts if not part.startswith("?"))
        after = condition.partition("::≥")[2].rstrip("]")
        found = [row for row in self.rows if not after or seconds(row) >= moment(after)]
        start, limit = int(said["offset"]), int(said["limit"])
        more = {"query-continue-offset": start + limit} if len(found) > start + limit else {}
        return more | told(*found[start : start + limit])


def question(url: str) -> str:
    return parse_qs(urlsplit(url).query)["query"][0]


def moment(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())


def seconds(row: dict[str, Any]) -> int:
    return int(row["printouts"]["_modified"][0]["timestamp"])


def row(ref: str, changed: int = 0, /, **printouts: Any) -> dict[str, Any]:
    """A page last changed so many seconds after the start of 2024."""
    at = datetime(2024, 1, 1, tzinfo=UTC).timestamp() + changed
    raw = datetime.fromtimestamp(at, UTC).strftime("1/%Y/%-m/%-d/%-H/%-M/%-S")
    dated = {"_modified": [{"timestamp": str(int(at)), "raw": raw}]}
    return {
        "printouts": dated | printouts,
        "fulltext": ref,
        "fullurl": f"//w.example/wiki/{ref}",
        "namespace": 0,
        "exists": "1",
        "displaytitle": "",
    }


def told(*rows: dict[str, Any], types: dict[str, str] | None = None) -> dict[str, Any]:
    requests = [{"label": label, "typeid": typeid} for label, typeid in (types or {}).items()]
    results = {one["fulltext"]: one for one in rows}
    return {"query": {"printrequests": requests, "results": results or []}}


def wiki(**options: Any):
    return source("semantic_mediawiki", f"{ROOT}/wiki/Accueil", query="[[Category:Commun]]", **options)


def answering(body: Any) -> Shelf:
    """A wiki that gives one answer to every question."""
    shelf = Wiki([])
    shelf.told = lambda _asked: body
    return shelf


def value(types: dict[str, str] | None = None, **printouts: Any):
    (found,) = values(harvested(wiki(), answering(told(row("A", **printouts), types=types))))
    return found


def item(found: Record | dict[str, Any], **said: Any):
    connector = connectors.load("semantic_mediawiki")
    mapper, problems = compile_mapping(wiki(kind="resource", **said), connector.mapping)
    assert problems == []
    return mapper.item(found if isinstance(found, Record) else Record("A", found))[0].values


# --- paging -----------------------------------------------------------------------------------------


def test_semantic_mediawiki_slices_by_date_of_change_never_meet_the_ceiling_on_offsets():
    shelf = Wiki([row(f"P{number}", number * 10) for number in range(23)])
    assert refs(harvested(wiki(limit=5), shelf)) == [f"P{number}" for number in range(23)]
    assert all("offset=0" in question(url) for url in shelf.asked if "ask" in url)


def test_semantic_mediawiki_pages_changed_in_the_same_second_are_told_apart_by_offsets():
    rows = [row("Before", 1), *(row(f"P{number}", 50) for number in range(7)), row("After", 60)]
    assert refs(harvested(wiki(limit=2), Wiki(rows))) == [one["fulltext"] for one in rows]


def test_semantic_mediawiki_page_changed_while_it_is_read_passes_nobody_over():
    shelf = Wiki([row(f"P{number}", number * 10) for number in range(6)])
    told_before = shelf.told
    asked = []

    def told_and_changed(question: str) -> dict[str, Any]:
        found = told_before(question)
        asked.append(question)
        if len(asked) == 1:
            del shelf.rows[0]
            shelf.rows.append(row("P0", 900))
        return found

    shelf.told = told_and_changed
    assert set(refs(harvested(wiki(limit=2), shelf))) == {f"P{number}" for number in range(6)}


def test_semantic_mediawiki_bound_is_inclusive_whatever_the_wiki_makes_of_greater_than():
    shelf = Wiki([row("A")], since=datetime(2023, 12, 31, 2, 30, 15, 999, tzinfo=UTC))
    harvested(wiki(), shelf)
    assert "[[Category:Commun]][[Modification date::≥2023-12-31T02:30:15]]|?" in question(shelf.asked[-1])


def test_semantic_mediawiki_bound_holds_for_every_part_of_an_alternative():
    feed = source("semantic_mediawiki", f"{ROOT}/wiki/", query="[[Category:A]] OR [[Category:B]]")
    shelf = Wiki([row("A")], since=datetime(2023, 12, 31, tzinfo=UTC))
    harvested(feed, shelf)
    asked = question(shelf.asked[-1])
    assert asked.startswith(
        "<q>[[Category:A]] OR [[Category:B]]</q>[[Modification date::≥2023-12-31T00:00:00]]|"
    )


def test_semantic_mediawiki_only_changes_are_asked_for_and_read_again_from_kept_answers():
    shelf = Wiki([row("Old", 0), row("New", 86_400)], since=datetime(2024, 1, 1, 12, tzinfo=UTC))
    feed, connector = wiki(), connectors.load("semantic_mediawiki")
    kept = list(connector.answers(feed, shelf, shelf))
    shelf.since = None
    assert refs(list(connector.records(feed, kept, shelf))) == ["New"]
    assert connector.incremental


def test_semantic_mediawiki_wiki_without_dates_of_change_is_read_by_offsets():
    rows = [row(f"P{number}") for number in range(5)]
    shelf = Wiki(rows)
    assert refs(harvested(wiki(limit=2, sliced=False), shelf)) == ["P0", "P1", "P2", "P3", "P4"]
    assert not any("sort=" in question(url) for url in shelf.asked if "ask" in url)


def test_semantic_mediawiki_more_pages_than_offsets_reach_is_an_error_not_an_end():
    rows = [row(f"P{number}") for number in range(CEILING + 1000)]
    with pytest.raises(SourceChanged, match=f"more than {CEILING} pages that their date does not tell apart"):
        harvested(wiki(limit=1000, sliced=False), Wiki(rows))


def test_semantic_mediawiki_order_that_the_wiki_ignores_is_not_trusted_for_slices():
    rows = [row("Late", 900), row("B", 10), row("C", 20), row("D", 30)]
    assert refs(harvested(wiki(limit=2), Wiki(rows))) == ["Late", "B", "C", "D"]


def test_semantic_mediawiki_wiki_that_announces_the_same_page_for_ever_is_an_error():
    with pytest.raises(SourceChanged, match="the same page again"):
        harvested(wiki(), answering({"query-continue-offset": 0, **told()}))


def test_semantic_mediawiki_listing_page_that_fails_lets_the_error_through():
    shelf = Wiki([row(f"P{number}", number * 10) for number in range(6)])
    harvested(wiki(limit=2), shelf)
    failing = Wiki(shelf.rows, failing={shelf.asked[-1]: SourceUnavailable("answered 503")})
    with pytest.raises(SourceUnavailable, match="503"):
        harvested(wiki(limit=2), failing)


# --- shapes of an answer ------------------------------------------------------------------------------


def test_semantic_mediawiki_no_result_is_an_empty_list_not_a_changed_shape():
    assert harvested(wiki(), answering(told())) == []


def test_semantic_mediawiki_results_of_version_3_are_read_too():
    rows = [{"A": row("A")}, {"B": row("B")}]
    assert refs(harvested(wiki(), answering({"query": {"results": rows}}))) == ["A", "B"]


@pytest.mark.parametrize("query", [{}, {"results": None}, {"results": {"A": "x"}}])
def test_semantic_mediawiki_answer_without_rows_is_a_changed_shape(query):
    with pytest.raises(SourceChanged, match=r"semantic_mediawiki 'test': https://w\.example"):
        harvested(wiki(), answering({"query": query}))


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        ({"query": ["The condition is not valid"]}, SourceChanged, "The condition is not valid"),
        ({"code": "unknown_action", "info": 'Unrecognized "ask"'}, SourceChanged, "unknown_action"),
        ({"code": "maxlag", "info": "Waiting for a database"}, SourceUnavailable, "maxlag"),
        ({"code": "internal_api_error_DBQueryError", "info": ""}, SourceUnavailable, "internal_api_error"),
        ({"code": "readapidenied", "info": "You need read permission"}, SourceRefused, "readapidenied"),
    ],
)
def test_semantic_mediawiki_error_told_at_http_200_is_an_error(error, kind, words):
    with pytest.raises(kind, match=words):
        harvested(wiki(), answering({"error": error}))


def test_semantic_mediawiki_page_that_exists_no_more_is_rejected_by_name():
    for exists in ("", False):
        gone = row("A") | {"exists": exists}
        assert reasons(harvested(wiki(), answering(told(gone)))) == ["its page does not exist any more"]
    assert refs(harvested(wiki(), answering(told(row("A") | {"exists": True})))) == ["A"]


# --- where the API is ---------------------------------------------------------------------------------


def test_semantic_mediawiki_api_is_found_at_its_usual_places():
    for place in ("/api.php", "/w/api.php"):
        shelf = Wiki([row("A")], api=f"{ROOT}{place}")
        assert refs(harvested(wiki(), shelf)) == ["A"]


def test_semantic_mediawiki_api_is_found_in_the_page_when_every_address_answers_a_page():
    shelf = Wiki([row("A")], api="https://w.example/deep/api.php")
    link = b"""<head><link rel="EditURI" type="x" href="//w.example/deep/api.php?action=rsd"/></head>"""
    shelf.bodies |= {f"{ROOT}/wiki/Accueil": link, API + RIGHTS: HTML, f"{ROOT}/w/api.php{RIGHTS}": HTML}
    assert refs(harvested(wiki(), shelf)) == ["A"]


def test_semantic_mediawiki_address_of_the_api_itself_is_taken_as_it_is():
    feed = source("semantic_mediawiki", "https://w.example/x/api.php", query="[[A::+]]")
    shelf = Wiki([row("A")], api="https://w.example/x/api.php")
    assert refs(harvested(feed, shelf)) == ["A"]
    assert len(shelf.asked) == 2


def test_semantic_mediawiki_wiki_without_an_api_says_what_it_answered_first():
    shelf = Shelf({f"{ROOT}/wiki/Accueil": HTML})
    with pytest.raises(SourceChanged, match=r"https://w\.example/api\.php.*404"):
        harvested(wiki(), shelf)


def test_semantic_mediawiki_licence_of_the_wiki_is_told():
    feed, shelf = recorded("semantic_mediawiki")
    connector = connectors.load("semantic_mediawiki")
    kept = list(connector.answers(feed, shelf, shelf))
    assert connector.stated_licence(kept, shelf) == "https://creativecommons.org/licenses/by-sa/4.0/"


# --- typed values -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"raw": "1/2021", "timestamp": "1609459200"}, "2021"),
        ({"raw": "1/2021/3", "timestamp": "1614556800"}, "2021-03"),
        ({"raw": "1/2021/3/5", "timestamp": "1614902400"}, "2021-03-05"),
        ({"raw": "1/2021/3/5/12/0/0", "timestamp": "1614945600"}, "2021-03-05T12:00:00"),
        ({"raw": "2/1571/3/5", "timestamp": "0"}, "1571"),
        ("1381456128", "2013-10-11T01:48:48+00:00"),
        ("1381449600", "2013-10-11"),
    ],
    ids=["year", "month", "day", "local moment", "Julian", "old moment", "old day"],
)
def test_semantic_mediawiki_dates_are_as_precise_as_they_were_written(written, expected):
    assert value({"when": "_dat"}, when=[written])["when"] == [expected]


def test_semantic_mediawiki_dates_of_the_wiki_are_utc():
    assert value()["_modified"] == ["2024-01-01T00:00:00+00:00"]


def test_semantic_mediawiki_values_lose_their_envelope():
    target = {"fulltext": "Autre page", "fullurl": "//w.example/wiki/Autre_page", "namespace": 0}
    found = value(
        {"open": "_boo"},
        related=[target],
        open=["f", "t"],
        size=[{"value": 3, "unit": "ha"}],
        point=[{"lat": 43.6, "lon": 1.4}],
        empty=[],
    )
    assert found["related"] == ["Autre page"]
    assert found["open"] == [False, True]
    assert found["size"] == [{"value": 3, "unit": "ha"}]
    assert found["point"] == [{"lat": 43.6, "lon": 1.4}]
    assert "empty" not in found


def test_semantic_mediawiki_text_with_a_language_keeps_it():
    part = {
        "Text": {"label": "Text", "key": "_TEXT", "typeid": "_txt", "item": ["Jardin"]},
        "Language code": {"label": "Language code", "key": "_LCODE", "typeid": "__lcode", "item": ["fr"]},
    }
    assert value(title=[part])["title"] == [{"@value": "Jardin", "@language": "fr"}]


def test_semantic_mediawiki_record_value_is_its_parts_by_name():
    part = {"Durée": {"label": "Durée", "key": "Duree", "typeid": "_num", "item": [3]}}
    assert value(course=[part])["course"] == [{"Durée": [3]}]


def test_semantic_mediawiki_files_are_addresses_that_need_no_language_nor_folder():
    page = {"fulltext": "Fichier:Vue d'été.png", "fullurl": "//w.example/x", "namespace": 6}
    expected = "https://w.example/index.php?title=Special:FilePath/"
    assert value(files=[page])["files"] == [f"{expected}Vue_d%27%C3%A9t%C3%A9.png"]
    assert value(image=["Image:Vue.png", "https://x.example/a.png"])["image"] == [
        f"{expected}Vue.png",
        "https://x.example/a.png",
    ]


def test_semantic_mediawiki_address_without_a_scheme_takes_that_of_the_api():
    assert value()["_page"] == "https://w.example/wiki/A"


def test_semantic_mediawiki_several_properties_fill_one_field_in_their_order():
    asked = question(harvest_asked(wiki(properties={"needs": ["Besoins", "Autres besoins"], "title": "T"})))
    assert "|?Besoins=needs|?Autres besoins=needs+1|?T=title|" in asked
    assert value(**{"needs": ["a"], "needs+1": ["b"]})["needs"] == ["a", "b"]


def harvest_asked(feed) -> str:
    shelf = Wiki([])
    harvested(feed, shelf)
    return shelf.asked[-1]


# --- subobjects ---------------------------------------------------------------------------------------


def test_semantic_mediawiki_subobjects_join_their_page_wherever_they_come():
    rows = [row("A#besoin 1", need=["Local"]), row("A", title=["Alpha"]), row("A#besoin 2", need=["Temps"])]
    (found,) = values(harvested(wiki(sliced=False, limit=2), Wiki(rows)))
    assert [one["_name"] for one in found["_subobjects"]] == ["besoin 1", "besoin 2"]
    assert [one["need"] for one in found["_subobjects"]] == [["Local"], ["Temps"]]


def test_semantic_mediawiki_subobject_without_its_page_is_rejected_not_lost():
    found = harvested(wiki(sliced=False), Wiki([row("A"), row("B#x")]))
    assert (refs(found), reasons(found)) == (
        ["A"],
        ["a subobject of a page that the query does not hold; widen `query`"],
    )


def test_semantic_mediawiki_subobjects_may_be_records_of_their_own():
    found = harvested(wiki(sliced=False, subobjects="records"), Wiki([row("A"), row("A#x")]))
    assert refs(found) == ["A", "A#x"]


# --- the ADEME wiki -----------------------------------------------------------------------------------


def test_semantic_mediawiki_needs_are_aligned_by_the_words_of_the_ademe_pages():
    feed, shelf = recorded("semantic_mediawiki")
    found = item(next(one for one in harvested(feed, shelf) if one.ref == "Jardins du canal"))
    assert [need.values["name"] for need in found["needs"]] == ["Cas d'usages", "Financement", "Général"]
    assert [
        need.values.get("support", need.values.get("skill"))[0].split("/")[-2:] for need in found["needs"]
    ] == [
        ["besoins", "cas-usage"],
        ["besoins", "financement"],
        ["competences-ademe", "general"],
    ]
    assert found["maturity"].endswith("maturites/disponible-non-valide")
    assert [one.rpartition("/")[2] for one in found["challenge"]] == ["gouvernance", "modele-economique"]


def test_semantic_mediawiki_nothing_of_the_recording_is_unmapped_or_unaligned():
    feed, shelf = recorded("semantic_mediawiki")
    connector = connectors.load("semantic_mediawiki")
    mapper, problems = compile_mapping(feed, connector.mapping, ignored=connector.ignored)
    for one in harvested(feed, shelf):
        mapper.item(one)
    assert (problems, dict(mapper.coverage.unmapped), dict(mapper.coverage.unaligned)) == ([], {}, {})


def test_semantic_mediawiki_wikitext_and_entities_leave_the_texts():
    feed, shelf = recorded("semantic_mediawiki")
    found = item(next(one for one in harvested(feed, shelf) if one.ref == "Jardins du canal"))
    assert (found["name"], found["description"]) == (
        "Jardins du canal & vergers",
        "Un commun de jardins partagés.",
    )


def test_semantic_mediawiki_persons_are_not_even_asked_for():
    asked = question(harvest_asked(wiki()))
    assert not any(word in asked for word in ("éférent", "referent", "Contributeurs", "Porté par"))


# --- recognition -------------------------------------------------------------------------------------

WIKI = "https://w.example/w/api.php"
EDIT = '<link rel="EditURI" href="/w/api.php?action=rsd">'


def known(*labels: str, **pages: int) -> Looks:
    """A wiki with these properties, and categories of so many pages."""
    listed = [{"*": name, "pages": count} for name, count in pages.items()]
    return Looks(
        {
            WIKI + ABOUT: {"query": {"extensions": [{"name": "Semantic MediaWiki"}]}},
            WIKI + CATEGORIES: {"query": {"allcategories": listed}},
            WIKI + BROWSE: {"query": {label: {"label": label} for label in labels}},
        }
    )


def recognised(found: Any, looks: Looks) -> Any:
    return connectors.load("semantic_mediawiki").recognised(found, looks)


@pytest.mark.parametrize(
    "extensions", [[{"name": "Cite"}, {"name": "Maps"}], [None, "SemanticMediaWiki"], {}, None]
)
def test_semantic_mediawiki_without_the_semantic_extension_is_not_recognised(extensions):
    looks = Looks({WIKI + ABOUT: {"query": {"extensions": extensions, "general": {"sitename": "Wikipédia"}}}})
    assert recognised(web_page("https://w.example/wiki/A", "", head=EDIT), looks) is None
    assert looks.asked == [WIKI + ABOUT]


def test_semantic_mediawiki_page_of_another_software_is_not_looked_further_into():
    looks = Looks()
    rsd = '<link rel="EditURI" href="https://b.example/xmlrpc.php?rsd">'
    for other in (
        web_page("https://b.example/", "MediaWiki", head=rsd),
        seen("https://b.example/", {"query": 1}),
    ):
        assert recognised(other, looks) is None
    assert looks.asked == []


def test_semantic_mediawiki_largest_category_is_proposed_unless_the_page_given_is_one():
    looks = known(Lieu=3, Acteur=12)
    own = '<script>RLCONF={"wgCanonicalNamespace":"Category","wgTitle":"Mati\\u00e8re"};</script>'
    found = recognised(web_page("https://w.example/wiki/A", "", head=EDIT), looks)
    assert (found.keys, found.count) == ({"query": "[[Category:Acteur]]"}, 12)
    found = recognised(web_page("https://w.example/wiki/B", "", head=EDIT + own), looks)
    assert (found.keys, found.count) == ({"query": "[[Category:Matière]]"}, None)


def test_semantic_mediawiki_without_categories_is_proposed_whole():
    assert recognised(seen(f"{WIKI}?action=help", "help"), known()).keys == {
        "query": "[[Modification date::+]]"
    }


def test_semantic_mediawiki_properties_that_are_called_otherwise_are_guessed():
    found = recognised(seen(WIKI, "help"), known("Nom", "Coordonnées", "description", "Tags", "_MDAT"))
    assert found.keys["properties"] == {
        "title": "Nom",
        "description": "description",
        "point": "Coordonnées",
        "keywords": "Tags",
    }
