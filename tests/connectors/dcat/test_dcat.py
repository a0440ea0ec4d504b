"""What is special to dcat."""

from __future__ import annotations

import pytest
from shelf import HTML, Shelf, harvested, reasons, recorded, refs, source, values

from harvester import connectors, vocab
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.mapping import compile_mapping
from harvester.model import Kept, Listing, Record

HOST = "https://p.example/"
FEED = f"{HOST}catalog.ttl"
ETALAB = "https://www.etalab.gouv.fr/licence-ouverte-open-licence"
PREFIXES = """
@base <https://p.example/> .
@prefix adms: <http://www.w3.org/ns/adms#> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix geodcat: <http://data.europa.eu/930/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
"""
TURTLE = "text/turtle"


def shelf(pages: dict[str, str], **said) -> Shelf:
    """Pages in Turtle, by the end of their address."""
    bodies = {f"{HOST}{path}": (PREFIXES + text).encode() for path, text in pages.items()}
    return Shelf(bodies, {url: {"media_type": TURTLE} for url in bodies}, **said)


def feed(url: str = FEED, **options):
    return source("dcat", url, **options)


def read(first: str, more: dict[str, str] | None = None, **options):
    said = {key: options.pop(key) for key in ("failing",) if key in options}
    return harvested(feed(**options), shelf({"catalog.ttl": first} | (more or {}), **said))


def catalogue(*names: str, more: str = "") -> str:
    listed = "".join(f" ; dcat:dataset <{name}>" for name in names)
    return f"<> a dcat:Catalog{listed} {more} . "


def dataset(name: str, said: str = "") -> str:
    return f'<{name}> a dcat:Dataset ; dct:title "{name}" {said} . '


def view(now: str, following: str = "", *, words: str = "hydra:next", text: bool = False) -> str:
    """What a page says of itself, and of the one that follows."""
    said = f'"{HOST}{following}"' if text else f"<{following}>"
    goes = f" ; {words} {said}" if following else ""
    return f"<{now}> a hydra:PartialCollectionView{goes} . "


def one(said: str, beside: str = "", **options) -> dict:
    """The one record of a dataset."""
    found = read(catalogue("d") + dataset("d", said) + beside, **options)
    assert reasons(found) == []
    (value,) = values(found)
    return dict(value)


def item(value: dict, **said):
    """What the mapping makes of a record: its item, and what it left over."""
    connector = connectors.load("dcat")
    mapper, problems = compile_mapping(feed(**said), connector.mapping, ignored=connector.ignored)
    assert problems == []
    made, findings = mapper.item(Record("d", value))
    assert findings == []
    return made.values, dict(mapper.coverage.unmapped)


# --- pages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["hydra:next", "hydra:nextPage"])
@pytest.mark.parametrize("text", [True, False])
def test_dcat_pages_follow_each_other_in_old_words_and_new_as_iri_and_as_text(words, text):
    first = catalogue("a") + dataset("a") + view("autre?page1", "catalog.ttl?page=2", words=words, text=text)
    last = catalogue("b") + dataset("b") + view("autre?page2")
    assert refs(read(first, {"catalog.ttl?page=2": last})) == ["a", "b"]


def test_dcat_short_or_empty_page_is_not_the_last():
    pages = {
        "p2": catalogue() + view("p2", "p3"),
        "p3": catalogue("b") + dataset("b"),
    }
    assert refs(read(catalogue("a") + dataset("a") + view("p1", "p2"), pages)) == ["a", "b"]


def test_dcat_catalogue_without_pages_is_whole():
    assert refs(read(catalogue("a", "b") + dataset("a") + dataset("b"))) == ["a", "b"]


@pytest.mark.parametrize("following", ["catalog.ttl", "p2"])
def test_dcat_page_that_was_read_already_is_a_circle(following):
    first = catalogue("a") + dataset("a") + view("p1", "p2")
    with pytest.raises(
        SourceChanged, match=r"dcat 'test': https://p.example/p2: its next page .* was read already"
    ):
        read(first, {"p2": catalogue() + view("p2", following)})


def test_dcat_two_next_pages_are_an_error_that_names_them():
    with pytest.raises(SourceChanged, match=r"2 next pages, 'https://p.example/p2', 'https://p.example/p3'"):
        read(catalogue() + view("p1", "p2") + view("autre", "p3"))


def test_dcat_address_of_another_page_than_the_first_is_refused():
    later = catalogue("a") + dataset("a") + "<p2> hydra:previous <p1> ."
    with pytest.raises(
        SourceChanged, match=r"is not the first page, 'https://p.example/p1' comes before; correct `url`"
    ):
        read(later)
    assert refs(read(catalogue("b") + dataset("b") + view("p1", "p2"), {"p2": later})) == ["b", "a"]


def test_dcat_catalogue_without_end_is_an_error_that_names_the_option():
    pages = {f"p{n}": catalogue() + view(f"p{n}", f"p{n + 1}") for n in range(9)}
    with pytest.raises(SourceChanged, match="more than 4 pages; raise `most_pages`"):
        read(catalogue() + view("x", "p0"), pages, most_pages=4)


def test_dcat_page_that_fails_lets_the_error_through():
    failing = {f"{HOST}p2": SourceUnavailable("answered 503")}
    with pytest.raises(SourceUnavailable, match="503"):
        read(catalogue("a") + dataset("a") + view("p1", "p2"), failing=failing)


def test_dcat_page_that_was_promised_and_not_kept_fails_the_source():
    held = shelf({"catalog.ttl": catalogue() + view("p1", "p2"), "p2": catalogue("a") + dataset("a")})
    connector = connectors.load("dcat")
    kept = list(connector.answers(feed(), held, held))
    with pytest.raises(SourceChanged, match="no answer kept for"):
        list(connector.records(feed(), kept[:-1], held))


def test_dcat_page_that_is_a_web_page_fails_the_source():
    held = shelf({"catalog.ttl": catalogue() + view("p1", "p2"), "p2": ""})
    held.bodies[f"{HOST}p2"] = HTML
    with pytest.raises(SourceChanged, match=r"dcat 'test': https://p.example/p2: "):
        harvested(feed(), held)


def test_dcat_answer_that_is_rdf_and_no_catalogue_is_a_changed_shape():
    with pytest.raises(SourceChanged, match="no `dcat:Catalog` and no dataset in it; check the address"):
        read('<x> a foaf:Document ; dct:title "Autre chose" .')


# --- what is declared ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place", ["<> hydra:totalItems 3 .", '<vue> a hydra:PagedCollection ; hydra:totalItems "3" .']
)
def test_dcat_fewer_datasets_than_declared_are_no_complete_listing(place):
    with pytest.raises(
        SourceChanged, match=r"dcat 'test': https://p.example/catalog.ttl: 2 datasets of the 3 that it"
    ):
        read(catalogue("a", "b") + dataset("a") + dataset("b") + place)
    assert len(values(read(catalogue() + dataset("a") + dataset("b") + dataset("c") + place))) == 3


def test_dcat_catalogue_that_changed_while_it_was_read_defers_the_run():
    first = catalogue("a") + dataset("a") + view("p1", "p2") + "<> hydra:totalItems 2 ."
    last = catalogue("a") + dataset("a") + "<> hydra:totalItems 3 ."
    with pytest.raises(
        SourceUnavailable, match="which changed while it was read; the next round tries again"
    ):
        read(first, {"p2": last})


def test_dcat_services_never_stand_for_datasets_that_are_lacking():
    services = "".join(f'<s{n}> a dcat:DataService ; dct:title "S" . ' for n in range(3))
    text = catalogue("a") + dataset("a") + services
    with pytest.raises(SourceChanged, match="1 datasets of the 3"):
        read(text + "<> hydra:totalItems 3 .")
    assert len(values(read(text + "<> hydra:totalItems 4 ."))) == 4
    assert len(values(read(text + "<> hydra:totalItems 1 ."))) == 4


def test_dcat_empty_catalogue_holds_nothing_and_is_no_error():
    assert read(catalogue() + "<> hydra:totalItems 0 . <vue> hydra:last <catalog.ttl?page=0> .") == []
    assert connectors.load("dcat").listing is Listing.FULL


# --- datasets, and where they are described -----------------------------------------------------------


def test_dcat_thing_on_several_pages_is_one_record():
    service = '<s> a dcat:DataService ; dct:title "API" . '
    first = catalogue("a") + dataset("a") + service + view("p1", "p2")
    assert refs(read(first, {"p2": catalogue("a", "b") + service + dataset("a") + dataset("b")})) == [
        "s",
        "a",
        "b",
    ]


def test_dcat_dataset_described_over_pages_is_put_together():
    first = catalogue("a") + dataset("a", '; dcat:keyword "un" ; dcat:distribution <f>') + view("p1", "p2")
    last = '<a> a dcat:Dataset ; dct:description "Texte" ; dcat:keyword "deux" . <f> a dcat:Distribution ; dct:title "F" ; dcat:accessURL <f.csv> . '
    (value,) = values(read(first, {"p2": last}))
    assert (value["name"], value["description"], sorted(value["keywords"])) == ("a", "Texte", ["deux", "un"])
    assert value["documents"] == {"name": "F", "page": f"{HOST}f.csv"}


def test_dcat_file_described_on_another_page_than_its_dataset_is_found():
    first = '<f> a dcat:Distribution ; dct:title "F" ; dcat:downloadURL <f.csv> . ' + view("p1", "p2")
    (value,) = values(read(first, {"p2": catalogue("a") + dataset("a", "; dcat:distribution <f>")}))
    assert value["documents"] == {"name": "F", "content": f"{HOST}f.csv"}


def test_dcat_dataset_that_is_listed_and_not_described_keeps_its_version():
    found = read(catalogue("a", "b") + dataset("a"))
    assert found[1:] == [Kept("b", "the catalogue lists it without describing it")]


def test_dcat_dataset_that_is_described_and_not_listed_is_read_and_a_mere_reference_is_not():
    text = catalogue("a") + dataset("a", "; dct:relation <c>") + dataset("b") + "<c> a dcat:Dataset . "
    assert refs(read(text)) == ["a", "b"]


def test_dcat_catalogue_is_no_dataset_and_those_inside_it_are():
    inner = '<c2> a dcat:Catalog, dcat:Dataset ; dct:title "Inclus" ; dcat:dataset <b> . '
    assert refs(read(catalogue("a", more="; dcat:catalog <c2>") + dataset("a") + inner + dataset("b"))) == [
        "a",
        "b",
    ]


def test_dcat_dataset_without_an_iri_goes_by_its_identifier_then_by_its_page():
    text = (
        '<> a dcat:Catalog ; dcat:dataset [ a dcat:Dataset ; dct:title "Un" ; dct:identifier "jeu 1" ], '
        '[ a dcat:Dataset ; dct:title "Deux" ; dct:identifier "https://autre.example/2" ], '
        '[ a dcat:Dataset ; dct:title "Trois" ; dcat:landingPage "https://p.example/trois" ], '
        '[ a dcat:Dataset ; dct:title "Quatre" ] .'
    )
    found = read(text)
    assert refs(found) == ["jeu%201", "https://autre.example/2", "trois"]
    assert [one.reason for one in found if one.ref is None] == [
        "document without an IRI or a page of its own; nothing tells it from others"
    ]
    assert {"page", "derived_from"}.isdisjoint(values(found)[0])


def test_dcat_kinds_are_those_of_the_classes_and_a_source_may_say_others():
    text = (
        catalogue("a", more="; dcat:service <s>")
        + dataset("a", "; dcat:inSeries <serie>")
        + '<s> a dcat:DataService ; dct:title "S" ; dcat:endpointURL <api> ; dcat:servesDataset <a> . '
        + '<serie> a dcat:DatasetSeries, dcat:Dataset ; dct:title "Série" . <x> a <https://ex.org/Jeu> ; dct:title "X" . '
    )
    found = {one.ref: one.value for one in read(text) if isinstance(one, Record)}
    assert {ref: value["kind"] for ref, value in found.items()} == {
        "a": "document",
        "s": "resource",
        "serie": "document",
    }
    assert (found["a"]["part_of"], found["s"]["related"], found["s"]["homepage"]) == (
        "serie",
        "a",
        f"{HOST}api",
    )
    other = {
        one.ref: one.value["kind"]
        for one in read(text, kinds={"dcat:Dataset": "resource", "https://ex.org/Jeu": "document"})
    }
    assert (other["a"], other["x"], other["s"]) == ("resource", "document", "resource")


def test_dcat_statements_in_another_order_make_the_same_records():
    files = '<f1> a dcat:Distribution ; dct:title "1" ; dcat:accessURL <1> . <f2> a dcat:Distribution ; dct:title "2" ; dcat:accessURL <2> . '
    one_way = one('; dcat:keyword "b", "a" ; dcat:distribution <f2>, <f1> ; dct:description "x"', files)
    other_way = one('; dct:description "x" ; dcat:distribution <f1>, <f2> ; dcat:keyword "a", "b"', files)
    assert (one_way, list(one_way)) == (other_way, list(other_way))


# --- contacts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "term",
    ["dcat:contactPoint", "dct:creator", "dct:contributor", "dct:publisher", "dct:rightsHolder", "geodcat:custodian",
     "geodcat:pointOfContact", "prov:qualifiedAttribution"],
)  # fmt: skip
@pytest.mark.parametrize(
    "contact",
    [
        '[ a vcard:Individual ; vcard:fn "Camille" ; vcard:hasEmail <mailto:camille@example.org> ]',
        "<contacts/camille>",
        '"Camille"',
    ],
)
def test_dcat_contacts_never_reach_a_record(term, contact):
    value = one(f"; {term} {contact}", '<contacts/camille> a vcard:Kind ; vcard:fn "Camille" . ')
    assert "amille" not in str(value)
    assert set(value) == {"kind", "name", "page", "derived_from"}


def test_dcat_recording_holds_no_contact():
    assert "amille" not in str(harvested(*recorded("dcat")))


# --- licences -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "licence", "family"),
    [
        (f"; dct:license <{ETALAB}>", "etalab-2.0", None),
        (
            f'; dct:license "{ETALAB}" ; dct:rights "Licence Ouverte / Open Licence version 2.0"',
            "etalab-2.0",
            None,
        ),
        (
            "; dct:license <http://publications.europa.eu/resource/authority/licence/CC_BY_4_0>",
            "CC-BY-4.0",
            None,
        ),
        ('; dct:license "Licence Ouverte Version 2.0"', None, "Licence Ouverte Version 2.0"),
        ('; dct:rights "Licence Ouverte Version 2.0"', None, "Licence Ouverte Version 2.0"),
        ('; dct:license [ a dct:LicenseDocument ; rdfs:label "Licence maison" ]', None, "Licence maison"),
        ('; dct:rights "License Not Specified"', None, None),
        ("", None, None),
    ],
)
def test_dcat_licence_is_known_by_its_address_and_words_are_kept_as_words(said, licence, family):
    made, rest = item(one(said))
    assert (made.get("licence"), made.get("licence_family"), rest) == (licence, family, {})


@pytest.mark.parametrize(
    ("licences", "expected"),
    [
        ((ETALAB, ETALAB), "etalab-2.0"),
        ((ETALAB, "https://creativecommons.org/licenses/by/4.0/"), None),
        ((ETALAB, None), None),
    ],
)
def test_dcat_licence_of_all_files_is_that_of_their_dataset(licences, expected):
    files = "".join(
        f'<f{n}> a dcat:Distribution ; dct:title "F" ; dcat:accessURL <f{n}.csv> {f"; dct:license <{one_}>" if one_ else ""} . '
        for n, one_ in enumerate(licences)
    )
    assert one("; dcat:distribution <f0>, <f1>", files).get("licence") == expected


def test_dcat_licence_of_the_catalogue_is_stated():
    def stated(text: str) -> str | None:
        held = shelf({"catalog.ttl": text})
        connector = connectors.load("dcat")
        return connector.stated_licence(list(connector.answers(feed(), held, held)), held)

    assert vocab.licence_of(stated(catalogue(more=f"; dct:license <{ETALAB}>"))) == "etalab-2.0"
    assert stated(catalogue("a") + dataset("a", f"; dct:license <{ETALAB}>")) is None


# --- files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('dct:title "Le fichier" ; dct:format "CSV"', "Le fichier"),
        ('dct:format "CSV"', "CSV"),
        ("dct:format <http://publications.europa.eu/resource/authority/file-type/CSV>", "CSV"),
        ('dct:format [ a dct:MediaTypeOrExtent ; rdfs:label "CSV" ]', "CSV"),
        ("dcat:downloadURL <fichiers/jeu%20complet.csv?x=1>", "jeu complet.csv"),
        ('dct:description "Un fichier"', "d"),
    ],
)
def test_dcat_file_without_a_title_is_called_by_its_format_its_name_or_its_dataset(said, name):
    file = f"{said} ; dcat:accessURL <voir/>"
    for written in (f"; dcat:distribution [ a dcat:Distribution ; {file} ]", "; dcat:distribution <f>"):
        value = one(written, f"<f> a dcat:Distribution ; {file} . ")
        expected = "voir" if name == "d" else name
        assert (value["documents"]["name"], value["documents"]["page"]) == (expected, f"{HOST}voir/")


def test_dcat_file_with_nothing_but_a_bare_address_is_called_as_its_dataset():
    value = one('; dcat:distribution [ a dcat:Distribution ; dcat:accessURL "https://autre.example/" ]')
    assert value["documents"] == {"name": "d", "page": "https://autre.example/"}


def test_dcat_what_is_said_of_files_and_not_kept_is_known():
    file = (
        '; dcat:distribution [ a dcat:Distribution ; dct:title "F" ; dcat:accessURL <f> ; dct:format "CSV" ; dcat:byteSize 12 ; '
        '<http://spdx.org/rdf/terms#checksum> [ <http://spdx.org/rdf/terms#checksumValue> "ab" ] ; dcat:mediaType "text/csv" ; '
        'dcat:accessService [ a dcat:DataService ; dct:title "WMS" ] ; dct:rights "Oui" ] ; dct:temporal [ dcat:startDate "2024" ] '
        '; owl:versionInfo "1.0" ; dct:accrualPeriodicity "daily"'
    )
    made, rest = item(one(file))
    assert rest == {}
    assert [document.values["name"] for document in made["documents"]] == ["F"]


def test_dcat_file_that_is_named_and_not_described_is_counted():
    assert item(one("; dcat:distribution <ailleurs>"))[1] == {"dcat:distribution": 1}


# --- words, places, languages -------------------------------------------------------------------------


def test_dcat_themes_are_categories_to_align_and_keywords_stay_words():
    theme = "http://publications.europa.eu/resource/authority/data-theme/ENVI"
    value = one(
        f'; dcat:theme <{theme}>, "geodesy" ; dcat:keyword "eau"@fr, "water"@en',
        f'<{theme}> a skos:Concept ; skos:prefLabel "Environnement"@fr . ',
    )
    assert sorted(value["theme"]) == ["geodesy", theme]
    assert sorted(one_["@value"] for one_ in value["keywords"]) == ["eau", "water"]


@pytest.mark.parametrize(
    ("said", "covers"),
    [
        ("<http://id.insee.fr/geo/commune/34172>", "commune/34172"),
        ("<api/1/spatial/zone/fr:commune:34172>", "commune/34172"),
        ("<zones/fr:departement:2A@1976-01-01>", "departement/2A"),
        ('"fr:region:76"', "region/76"),
        ('"fr/epci/243400017"', "epci/243400017"),
        ('[ a dct:Location ; dct:identifier "fr:commune:34172" ]', "commune/34172"),
        ("[ a dct:Location ; owl:sameAs <http://id.insee.fr/geo/departement/34> ]", "departement/34"),
        ("<lieu>", "region/11"),
        ("<https://sws.geonames.org/3017382/>", None),
        ('"6.5735,46.3912,6.6069,46.4028"', None),
        ('[ a dct:Location ; dcat:bbox "POLYGON((0 0,1 0,1 1,0 0))" ]', None),
    ],
)
def test_dcat_territories_are_covered_and_other_places_are_counted(said, covers):
    value = one(
        f"; dct:spatial {said}",
        "<lieu> a dct:Location ; skos:exactMatch <http://id.insee.fr/geo/region/11> . ",
    )
    assert value.get("covers") == covers
    assert ("dcterms:spatial" in value) == (covers is None)


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ('"fr"', "fr"),
        ('"fre"', "fr"),
        ("<http://publications.europa.eu/resource/authority/language/OCI>", "oc"),
        ("<http://id.loc.gov/vocabulary/iso639-1/en>", "en"),
        ('"pt_BR"', "pt-br"),
        ('"fr", <http://publications.europa.eu/resource/authority/language/FRA>', "fr"),
        ('"fr", "en"', None),
        ('"français"', None),
    ],
)
def test_dcat_language_of_the_texts_is_a_tag_however_it_is_written(said, language):
    assert one(f"; dct:language {said}").get("language") == language


def test_dcat_dates_are_read_with_and_without_a_zone_and_in_years():
    made, _ = item(
        one('; dct:issued "2016" ; dct:modified "2016-12-14T19:01:24.184120" ; dct:created "2016-12-12"'),
        timezone="Europe/Paris",
    )
    assert (made["issued"], str(made["modified"])) == ("2016", "2016-12-14 19:01:24.184120+01:00")


def test_dcat_page_is_the_landing_page_iri_or_text_and_else_the_iri():
    assert (
        one('; dcat:landingPage "https://ailleurs.example/jeu" ; foaf:page <doc>')["page"]
        == "https://ailleurs.example/jeu"
    )
    assert one("")["page"] == f"{HOST}d"


# --- serialisations -----------------------------------------------------------------------------------


def test_dcat_context_of_the_portal_is_asked_for_and_kept():
    page = b'{"@context": "/context.jsonld", "@id": "/", "@type": "Catalog", "dataset": {"@id": "d", "@type": "Dataset", "title": "Jeu"}}'
    context = (
        b'{"@context": {"@vocab": "http://www.w3.org/ns/dcat#", "title": "http://purl.org/dc/terms/title"}}'
    )
    held = Shelf(
        {FEED: page, f"{HOST}context.jsonld": context}, {FEED: {"media_type": "application/ld+json"}}
    )
    assert [value["name"] for value in values(harvested(feed(), held))] == ["Jeu"]
    assert held.asked == [FEED, f"{HOST}context.jsonld"]


def test_dcat_context_that_nobody_has_is_named():
    page = b'{"@context": "https://autre.example/catalog.jsonld", "@type": "dcat:Catalog"}'
    held = Shelf({FEED: page}, {FEED: {"media_type": "application/json"}})
    with pytest.raises(
        SourceChanged, match=r"dcat 'test': .*no JSON-LD context 'https://autre.example/catalog.jsonld'"
    ):
        harvested(feed(), held)


def test_dcat_rdf_xml_that_is_malformed_fails_the_source_and_names_the_page():
    page = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#">'
        b'<dcat:Dataset rdf:about="d"><dcat:theme rdf:resource="t">Un texte de trop</dcat:theme></dcat:Dataset></rdf:RDF>'
    )
    held = Shelf({FEED: page}, {FEED: {"media_type": "application/rdf+xml"}})
    with pytest.raises(
        SourceChanged, match=r"dcat 'test': https://p.example/catalog.ttl: not readable as RDF/XML"
    ):
        harvested(feed(), held)


def test_dcat_recording_is_mapped_without_a_rest():
    feed_, held = recorded("dcat")
    connector = connectors.load("dcat")
    mapper, problems = compile_mapping(feed_, connector.mapping, ignored=connector.ignored)
    found = {one_.ref: mapper.item(one_)[0].values for one_ in harvested(feed_, held)}
    assert (problems, dict(mapper.coverage.unmapped)) == ([], {})
    assert list(found) == [
        "composteurs", "pistes", "arbres", "marches", "https://donnees.example.org/dataservices/adresses", "repair",
    ]  # fmt: skip
    assert (found["composteurs"]["covers"], found["pistes"]["covers"]) == (
        ("commune/34172",),
        ("departement/34",),
    )
    assert {ref: values_.get("licence") for ref, values_ in found.items()} == {
        "composteurs": "etalab-2.0",
        "pistes": None,
        "arbres": "ODbL-1.0",
        "marches": "etalab-2.0",
        "https://donnees.example.org/dataservices/adresses": None,
        "repair": None,
    }
    assert [document.values["name"] for document in found["composteurs"]["documents"]] == [
        "csv",
        "composteurs.geojson",
    ]
