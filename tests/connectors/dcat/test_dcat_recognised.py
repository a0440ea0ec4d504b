"""Which addresses lead to a catalogue, and which do not."""

from __future__ import annotations

import pytest
from looks import Looks, page, seen

from harvester import connectors
from harvester.connectors._recognition import Certainty

ROOT = "https://data.example"
PREFIXES = (
    "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dcterms: <http://purl.org/dc/terms/> . "
    "@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix hydra: <http://www.w3.org/ns/hydra/core#> . "
)
CATALOGUE = (
    f'{PREFIXES}<{ROOT}/#c> a dcat:Catalog ; dcterms:title "Données" ; dcat:dataset <{ROOT}/d/1>, <{ROOT}/d/2> ; '
    'dcterms:publisher [ a foaf:Organization ; foaf:name "Ville" ] . '
    f'<{ROOT}/d/1> a dcat:Dataset ; dcterms:title "Arbres" . '
)
PAGES = (
    f"<{ROOT}/c?page=2> a hydra:PartialCollectionView ; hydra:first <{ROOT}/c?page=1> ; "
    f"hydra:previous <{ROOT}/c?page=1> . <{ROOT}/all> hydra:totalItems 40 . "
)

recognised = connectors.load("dcat").recognised


def test_dcat_catalogue_tells_what_it_is_and_what_it_holds():
    found = recognised(seen(f"{ROOT}/catalog.ttl", CATALOGUE), Looks())
    assert (found.certainty, found.url, found.count) == (Certainty.SHAPE, f"{ROOT}/catalog.ttl", 2)
    assert (found.title, found.publisher) == ("Données", "Ville")
    assert found.keys == {"namespace": f"{ROOT}/d/"}
    assert found.learned == ["class dcat:Dataset: 1 on this page"]


def test_dcat_later_page_leads_to_the_first_and_the_declared_total_counts():
    found = recognised(seen(f"{ROOT}/c?page=2", CATALOGUE + PAGES), Looks())
    assert (found.url, found.count) == (f"{ROOT}/c?page=1", 40)


def test_dcat_pages_without_a_total_are_not_counted():
    more = f"{CATALOGUE}<{ROOT}/c> hydra:next <{ROOT}/c?page=2> ."
    assert recognised(seen(f"{ROOT}/c", more), Looks()).count is None


@pytest.mark.parametrize(
    "link",
    ['<link rel="alternate" type="text/turtle" href="/catalog.ttl">', '<a href="/catalog.ttl">RDF</a>'],
)
def test_dcat_portal_that_links_to_its_catalogue_leads_to_it(link):
    looks = Looks({f"{ROOT}/catalog.ttl": CATALOGUE})
    found = recognised(page(ROOT, link), looks)
    assert (found.certainty, found.url) == (Certainty.READABLE, f"{ROOT}/catalog.ttl")


@pytest.mark.parametrize(
    "body",
    [
        f'{PREFIXES}<{ROOT}/d/1> a dcat:Dataset ; dcterms:title "Arbres" .',
        {"@type": "dcat:Catalog", "dataset": []},
        f"{CATALOGUE} <",
        "http://www.w3.org/ns/dcat#",
    ],
    ids=["one-dataset", "json", "cut", "text"],
)
def test_dcat_lookalikes_are_not_recognised(body):
    looks = Looks()
    assert recognised(seen(f"{ROOT}/catalog", body), looks) is None
    assert recognised(page(ROOT, '<a href="/catalog">Catalogue</a>'), looks) is None
    assert looks.asked == []
