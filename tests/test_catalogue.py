"""The catalogue: read back by our own connector and by rdflib, valid by the rules portals check."""

from __future__ import annotations

import time

import islands
import pyoxigraph as ox
import pytest
import rdflib
from conftest import Federation
from pyshacl import validate
from rdflib import DCAT, DCTERMS, RDF, VOID, URIRef

from harvester import dumps
from harvester.catalogue import periodicity

DQV = rdflib.Namespace("http://www.w3.org/ns/dqv#")
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")
FORMATS = {"turtle": "turtle", "jsonld": "json-ld", "ntriples": "nt", "rdfxml": "xml"}

DCAT_AP = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> . @prefix spdx: <http://spdx.org/rdf/terms#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix : <urn:x:> .

:Catalogue a sh:NodeShape ; sh:targetClass dcat:Catalog ;
  sh:property [ sh:path dct:title ; sh:minCount 1 ; sh:nodeKind sh:Literal ; sh:uniqueLang true ],
    [ sh:path dct:description ; sh:minCount 1 ; sh:nodeKind sh:Literal ],
    [ sh:path dct:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ],
    [ sh:path dcat:dataset ; sh:minCount 1 ; sh:class dcat:Dataset ],
    [ sh:path dcat:service ; sh:class dcat:DataService ],
    [ sh:path dct:language ; sh:nodeKind sh:IRI ] .
:Dataset a sh:NodeShape ; sh:targetClass dcat:Dataset ;
  sh:property [ sh:path dct:title ; sh:minCount 1 ; sh:nodeKind sh:Literal ],
    [ sh:path dct:description ; sh:minCount 1 ; sh:nodeKind sh:Literal ],
    [ sh:path dct:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ],
    [ sh:path dcat:contactPoint ; sh:class vcard:Kind ],
    [ sh:path dct:accrualPeriodicity ; sh:maxCount 1 ; sh:nodeKind sh:IRI ],
    [ sh:path dct:temporal ; sh:class dct:PeriodOfTime ],
    [ sh:path dct:issued ; sh:maxCount 1 ; sh:datatype xsd:dateTime ],
    [ sh:path dct:modified ; sh:maxCount 1 ; sh:datatype xsd:dateTime ],
    [ sh:path dct:accessRights ; sh:maxCount 1 ; sh:nodeKind sh:IRI ],
    [ sh:path dcat:distribution ; sh:minCount 7 ; sh:class dcat:Distribution ],
    [ sh:path dcat:landingPage ; sh:nodeKind sh:IRI ] .
:Distribution a sh:NodeShape ; sh:targetClass dcat:Distribution ;
  sh:property [ sh:path dcat:accessURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ],
    [ sh:path dcat:downloadURL ; sh:nodeKind sh:IRI ],
    [ sh:path dct:license ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ],
    [ sh:path dct:format ; sh:maxCount 1 ; sh:nodeKind sh:IRI ],
    [ sh:path dcat:mediaType ; sh:maxCount 1 ; sh:nodeKind sh:IRI ],
    [ sh:path dcat:byteSize ; sh:maxCount 1 ; sh:datatype xsd:nonNegativeInteger ],
    [ sh:path spdx:checksum ; sh:maxCount 1 ; sh:class spdx:Checksum ],
    [ sh:path dcat:accessService ; sh:class dcat:DataService ] .
:Service a sh:NodeShape ; sh:targetClass dcat:DataService ;
  sh:property [ sh:path dct:title ; sh:minCount 1 ], [ sh:path dcat:endpointURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ] .
:Checksum a sh:NodeShape ; sh:targetClass spdx:Checksum ;
  sh:property [ sh:path spdx:algorithm ; sh:minCount 1 ; sh:maxCount 1 ],
    [ sh:path spdx:checksumValue ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:hexBinary ] .
"""
"""The mandatory properties, ranges and cardinalities of DCAT-AP 3 of the classes that we use."""


@pytest.fixture(scope="module")
def archipelago(tmp_path_factory, furnished):
    with islands.archipelago(tmp_path_factory.mktemp("archipelago"), furnished) as running:
        yield running


def read(client, path: str, name: str = "turtle") -> rdflib.Graph:
    answer = client.get(path, params={"format": name})
    assert answer.status_code == 200, answer.text
    return rdflib.Graph().parse(data=answer.content, format=FORMATS[name])


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # by rdflib, of itself
@pytest.mark.parametrize("path", ["/catalog", "/.well-known/void"])
def test_every_format_says_the_same_without_blank_nodes(archipelago, path):
    _, _, client = archipelago
    graphs = {name: set(read(client, path, name)) for name in FORMATS}
    assert len({len(one) for one in graphs.values()}) == 1
    assert not any(isinstance(term, rdflib.BNode) for triple in graphs["turtle"] for term in triple)


def test_the_catalogue_has_one_dataset_for_each_published_source(archipelago):
    federation, _, client = archipelago
    base, graph = islands.configured(federation).base, read(client, "/catalog")
    catalogue = URIRef(f"{base}catalog")
    wanted = {URIRef(f"{base}sources/{one}") for one in ("jardins", "cafes", "ateliers")}
    assert set(graph.objects(catalogue, DCAT.dataset)) == wanted
    assert set(graph.subjects(RDF.type, DCAT.Dataset)) == wanted
    assert set(graph.objects(catalogue, DCAT.service)) == {URIRef(f"{base}sparql"), URIRef(f"{base}changes")}
    garden = URIRef(f"{base}sources/jardins")
    (every,) = graph.objects(garden, DCTERMS.accrualPeriodicity)
    assert every.endswith("/DAILY")
    shares = {str(graph.value(one, DQV.isMeasurementOf)).rpartition("-")[2]: graph.value(one, DQV.value).toPython()
              for one in graph.objects(garden, DQV.hasQualityMeasurement)}  # fmt: skip
    assert float(shares["located"]) == 1
    assert round(float(shares["linked"]), 3) == 0.333


def test_its_files_are_there_with_their_size_and_checksum(archipelago):
    _, _, client = archipelago
    graph = read(client, "/catalog")
    sums = dict(reversed(line.split("  ")) for line in client.get("/dumps/SHA256SUMS").text.splitlines())
    files = [one for one in graph.subjects(RDF.type, DCAT.Distribution) if graph.value(one, DCAT.downloadURL)]
    assert len(files) == 15
    for one in files:
        address = str(graph.value(one, DCAT.downloadURL))
        answer = client.get("/" + address.split("/", 3)[3])
        assert len(answer.content) == int(graph.value(one, DCAT.byteSize))
        said = str(graph.value(graph.value(one, SPDX.checksum), SPDX.checksumValue))
        assert said.lower() == sums[address.partition("/dumps/")[2]]


def test_it_is_valid_by_the_rules_that_portals_check(archipelago):
    _, _, client = archipelago
    shapes = rdflib.Graph().parse(data=DCAT_AP, format="turtle")
    valid, _, told = validate(read(client, "/catalog"), shacl_graph=shapes)
    assert valid, told


def test_our_own_connector_reads_it_back(archipelago, tmp_path, furnished):
    federation, _, _ = archipelago
    base = islands.configured(federation).base
    copy = Federation(tmp_path, furnished)
    copy.declare(
        f'[source.catalogue]\ntitle = "Catalogue"\nconnector = "dcat"\nlicence = "etalab-2.0"\nurl = "{base}catalog"\n'
        'allow_private = true\ndelay = "0s"\nattempts = 1\nkind = "document"\n'
    )
    report = copy.run("catalogue")
    copy.publish()
    names = {name for (name,) in copy.ask("SELECT ?n { ?r rdfs:label ?n ; dcterms:isPartOf ?s }")}
    assert (report.outcome.succeeded, report.counts["created"]) == (True, 5)
    assert {"Les jardins", "Les cafes", "Les ateliers"} <= names


def test_void_counts_what_is_published(archipelago):
    federation, _, client = archipelago
    base, graph = islands.configured(federation).base, read(client, "/.well-known/void")
    source = URIRef(f"{base}sources/jardins")
    quads = islands.graph(federation, "jardins")
    assert graph.value(source, VOID.triples).toPython() == len(quads)
    assert graph.value(source, VOID.distinctSubjects).toPython() == len({quad.subject for quad in quads})
    for part in graph.objects(source, VOID.propertyPartition):
        term = ox.NamedNode(str(graph.value(part, VOID.property)))
        assert graph.value(part, VOID.triples).toPython() == sum(quad.predicate == term for quad in quads)
    for part in graph.objects(source, VOID.classPartition):
        class_ = ox.NamedNode(str(graph.value(part, VOID["class"])))
        assert graph.value(part, VOID.entities).toPython() == len(
            {one.subject for one in quads if one.object == class_}
        )
    whole = URIRef(f"{base}catalog#tout")
    every = sum(len(islands.graph(federation, one)) for one in ("jardins", "cafes", "ateliers"))
    assert graph.value(whole, VOID.triples).toPython() == every
    assert len(set(graph.objects(whole, VOID.subset))) == 3
    links = {str(graph.value(one, VOID.linkPredicate)): graph.value(one, VOID.triples).toPython()
             for one in graph.subjects(VOID.subjectsTarget, source)}  # fmt: skip
    assert links["http://purl.org/dc/terms/spatial"] == 3
    for dump in graph.objects(whole, VOID.dataDump):
        assert client.get("/" + str(dump).split("/", 3)[3]).status_code == 200


def test_what_is_told_again_is_not_sent_again_and_costs_nothing(archipelago):
    _, _, client = archipelago
    first = client.get("/.well-known/void")
    began = time.monotonic()
    again = client.get("/.well-known/void", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert time.monotonic() - began < 1


def test_it_changes_with_what_it_tells(tmp_path, furnished):
    with islands.archipelago(tmp_path, furnished) as (federation, partners, client):
        before = client.get("/catalog")
        islands.serve(
            partners, "ateliers", [*islands.RECORDS["ateliers"], islands.place("a3", "Atelier couture")]
        )
        islands.harvest(federation, "ateliers")
        dumps.make(federation.layout, islands.configured(federation))
        after = client.get("/catalog", headers={"if-none-match": before.headers["etag"]})
        assert after.status_code == 200
        assert "3 fiches" in after.text


def test_browsers_get_a_page_in_both_languages(archipelago):
    _, _, client = archipelago
    for language, word in (("fr", "chaque jour"), ("en", "daily")):
        page = client.get("/catalog", params={"lang": language}, headers={"accept": "text/html"})
        assert page.status_code == 200
        assert word in page.text
        assert "Réseau des jardins, ODbL-1.0" in page.text
    assert client.get("/catalog?format=xls").status_code == 406


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("0 2 * * *", "DAILY"), ("0 2 * * 1", "WEEKLY"), ("0 2 * * mon", "WEEKLY"), ("0 2 1 * *", "MONTHLY"),
     ("0 2 1 1 *", "IRREG"), ("0 2 */3 * *", "IRREG"), ("0 2 * * 1,4", "IRREG"), ("", "UNKNOWN")],
)  # fmt: skip
def test_periodicity_is_told_from_the_schedule(schedule, expected):
    assert periodicity({"schedule": schedule}) == expected
