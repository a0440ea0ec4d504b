"""Which addresses hold a table, and which do not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from looks import Looks, page, seen

from harvester import connectors
from harvester.connectors._recognition import Certainty

ROOT = "https://data.example"
LINES = "id;nom;commune\n1;Jardin;Die\n2;Verger;Crest\n"

recognised = connectors.load("table").recognised


def test_table_is_recognised_by_its_rows_whatever_its_name_and_label():
    for url in (f"{ROOT}/export?format=csv", f"{ROOT}/annuaire.csv"):
        found = recognised(seen(url, LINES), Looks())
        assert (found.certainty, found.count, found.keys["map"]["ref"]) == (Certainty.FORMAT, 2, "id")


def test_table_file_names_itself():
    assert recognised(seen(f"{ROOT}/f/lieux-de_m%C3%A9diation.csv", LINES), Looks()).title == (
        "lieux de médiation"
    )


def test_table_page_that_links_to_files_leads_to_the_first():
    links = '<a href="/a.csv">CSV</a> <a href="b.xlsx">Excel</a> <a href="/c.json">JSON</a>'
    looks = Looks({f"{ROOT}/a.csv": LINES})
    found = recognised(page(f"{ROOT}/jeu", f"<title>Lieux</title>{links}"), looks)
    assert (found.certainty, found.url, found.title) == (Certainty.READABLE, f"{ROOT}/a.csv", "Lieux")
    assert found.learned[-1] == f"also linked: {ROOT}/b.xlsx"
    assert looks.asked == [f"{ROOT}/a.csv"]


def test_table_shared_spreadsheet_stays_at_the_address_people_copy():
    looks = Looks({"https://lite.framacalc.org/annuaire.csv": LINES})
    found = recognised(page("https://lite.framacalc.org/annuaire", "calc"), looks)
    assert (found.certainty, found.url) == (Certainty.FORMAT, "https://lite.framacalc.org/annuaire")


@pytest.mark.parametrize(
    "content",
    [
        "User-agent: *\nDisallow: /admin\n",
        "Bonjour, voici le jardin.\nIl fait beau, il fait chaud, il pleut.\nA bientôt.\n",
        "# Notes\n\nun, deux\n",
        "@prefix pair: <http://x.example/>, <http://y.example/> .\n",
        "<http://x.example/a> <http://x.example/b> \"c, d\" .\n",
        "BEGIN:VCALENDAR\nVERSION:2.0\n",
        "<?xml version='1.0'?>\n<rss/>\n",
        "%PDF-1.4",
        "",
        "id;nom\n",
        {"data": [{"id": 1, "nom": "Jardin"}]},
        [{"@id": "http://x.example/a", "name": "Jardin"}],
        ["a.md", "b.md"],
        [],
        "Nom;Prénom;Ville\nMartin;Claude;Die\n",
    ],
    ids=[
        "robots", "prose", "markdown", "turtle", "n-triples", "calendar", "xml", "pdf", "empty", "header-only",
        "envelope", "json-ld", "names", "no-rows", "persons",
    ],
)  # fmt: skip
def test_table_lookalikes_are_not_recognised(content):
    assert recognised(seen(f"{ROOT}/f", content), Looks()) is None


def test_table_part_of_a_longer_list_is_left_to_who_can_turn_pages():
    rows = seen(f"{ROOT}/a", [{"id": 1, "nom": "Jardin"}])
    for headers in ({"link": f'<{ROOT}/b>; rel="next"'}, {"x-total-count": "40"}):
        assert recognised(replace(rows, headers=headers), Looks()) is None
    assert recognised(replace(rows, headers={"x-total-count": "1"}), Looks()) is not None


def test_table_page_without_a_file_costs_nothing():
    looks = Looks()
    assert recognised(page(ROOT, '<a href="/data.json">JSON</a>'), looks) is None
    assert looks.asked == []
