"""Which addresses hold linked data that can be harvested, and which do not."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest
from looks import Looks, page, seen

from harvester import connectors
from harvester.connectors._recognition import Certainty, Seen

ROOT = "https://data.example"
PREFIXES = (
    "@prefix pair: <http://virtual-assembly.org/ontologies/pair#> . "
    "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix void: <http://rdfs.org/ns/void#> . "
    "@prefix dcterms: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> . "
)
GARDEN = f'{PREFIXES}<{ROOT}/a> a pair:Organization ; rdfs:label "Le jardin" .'
LINES = (
    f"<{ROOT}/a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
    "<http://virtual-assembly.org/ontologies/pair#Organization> .\n"
    f'<{ROOT}/a> <http://www.w3.org/2000/01/rdf-schema#label> "Le jardin" .\n'
)
LINKED = {
    "@context": {"pair": "http://virtual-assembly.org/ontologies/pair#"},
    "@id": f"{ROOT}/a",
    "@type": "pair:Organization",
    "pair:label": "Le jardin",
}
XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:pair="http://virtual-assembly.org/ontologies/pair#">'
    f'<pair:Organization rdf:about="{ROOT}/a"><pair:label>Le jardin</pair:label></pair:Organization></rdf:RDF>'
)

recognised = connectors.load("rdf_dump").recognised


@pytest.mark.parametrize(
    ("name", "media_type", "content"),
    [
        ("a.ttl", "", GARDEN.encode()),
        ("a", "text/turtle", GARDEN.encode()),
        ("a.nt.gz", "application/gzip", gzip.compress(LINES.encode())),
        ("a.json", "application/json", json.dumps(LINKED).encode()),
        ("a", "text/plain", json.dumps([LINKED]).encode()),
        ("a.rdf", "text/xml", XML.encode()),
    ],
)
def test_rdf_dump_is_recognised_in_every_syntax(name, media_type, content):
    found = recognised(Seen(f"{ROOT}/{name}", content, media_type), Looks())
    assert (found.certainty, found.count) == (Certainty.FORMAT, 1)
    assert "class pair:Organization: 1 of kind organisation" in found.learned


def test_rdf_dump_that_nothing_labels_has_its_format_said():
    assert recognised(seen(f"{ROOT}/a.ttl", GARDEN), Looks()).keys == {}
    assert recognised(seen(f"{ROOT}/a", GARDEN), Looks()).keys == {"format": "turtle"}
    assert recognised(seen(f"{ROOT}/a", XML), Looks()).keys == {"format": "rdf-xml"}
    assert recognised(seen(f"{ROOT}/a", LINES), Looks()).keys == {"format": "n-triples"}


def test_rdf_dump_of_things_named_elsewhere_has_their_namespace():
    assert recognised(seen("https://files.example/a.ttl", GARDEN), Looks()).keys == {"namespace": f"{ROOT}/"}


def test_rdf_dump_described_by_void_tells_of_its_dataset_and_never_of_persons():
    void = f'{PREFIXES}<#d> a void:Dataset ; dcterms:title "Jardins" ; void:dataDump </a.ttl>, </b.nt> ; '
    looks = Looks({f"{ROOT}/a.ttl": GARDEN})
    by = 'dcterms:publisher [ a foaf:{} ; foaf:name "Les Jardins" ] .'
    found = recognised(seen(f"{ROOT}/void.ttl", void + by.format("Organization")), looks)
    assert (found.url, found.title, found.publisher) == (
        [f"{ROOT}/a.ttl", f"{ROOT}/b.nt"], "Jardins", "Les Jardins"
    )  # fmt: skip
    assert recognised(seen(f"{ROOT}/void.ttl", void + by.format("Person")), looks).publisher is None


def test_rdf_dump_linked_by_a_page_is_surer_than_nothing_only():
    looks = Looks({f"{ROOT}/d/a.ttl": GARDEN})
    found = recognised(page(f"{ROOT}/d/", '<a href="a.ttl">A</a><a href="b.nq.gz">B</a>'), looks)
    assert (found.certainty, found.url) == (Certainty.READABLE, f"{ROOT}/d/a.ttl")
    assert found.learned[-1] == f"also linked: {ROOT}/d/b.nq.gz"
    assert looks.asked == [f"{ROOT}/d/a.ttl"]


@pytest.mark.parametrize(
    "body",
    [
        {"id": 1, "name": "Le jardin"},
        [{"name": "Le jardin"}],
        {"@context": "https://unknown.example/context", "name": "Le jardin"},
        "@prefix pair: <http://x.example/",
        f'{PREFIXES}<{ROOT}/a> a foaf:Person ; foaf:name "Camille" .',
        f'{PREFIXES}<{ROOT}/#C> a <http://www.w3.org/2002/07/owl#Class> ; rdfs:label "Classe" .',
        XML.replace("xmlns:pair", 'xmlns="http://purl.org/rss/1.0/" xmlns:pair'),
        '<?xml version="1.0"?><rss xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
        "id;nom\n1;Le jardin\n",
        "Le jardin",
        "",
    ],
    ids=[
        "json", "list", "context-that-nobody-has", "cut", "person", "vocabulary", "news", "rss", "table", "text",
        "empty",
    ],
)  # fmt: skip
def test_rdf_dump_lookalikes_are_not_recognised(body):
    assert recognised(seen(f"{ROOT}/a", body), Looks()) is None


def test_rdf_dump_page_without_linked_data_costs_nothing():
    looks = Looks()
    html = page(
        ROOT, '<a href="/a.csv">CSV</a>', head='<link rel="alternate" type="application/rss+xml" href="/f">'
    )
    assert recognised(html, looks) is None
    assert recognised(replace(html, media_type="text/turtle"), looks) is None
    assert looks.asked == []
