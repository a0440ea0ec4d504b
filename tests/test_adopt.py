"""What others publish as RDF becomes records of ours, and what we publish comes back as it was."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester import items, profile, territory, vocab
from harvester.cleaning import text
from harvester.harvest.judging import Judge
from harvester.items import FIELDS, FieldType
from harvester.mapping import Coverage, Mapper, compile_mapping
from harvester.mapping.typed import SPOKEN, Reference, Tagged
from harvester.model import Finding, Item, Record, Rejected, Severity, Source, State
from harvester.profile import adoption
from harvester.profile.adopt import IGNORED, MAPPING, adopted
from harvester.profile.writing import CLASSES, full
from harvester.profile.writing import FIELDS as WRITTEN
from harvester.rdf import things
from harvester.shapes import Checker

BASE = "http://localhost:8000/"
SITE = "https://partenaire.example.org/"


def source(**changed: Any) -> Source:
    given = {"id": "b", "title": "B", "connector": "c", "urls": (SITE,), "licence": "ODbL-1.0"}
    return Source(**{**given, **changed})


# The round trip: what we write, read by another federation, gives the same again.

LANGUAGES = ("en", "oc", "pt-br")
line = st.text("abcdeéïœ '’-.,&\"\\@", min_size=2, max_size=24).filter(
    lambda said: text.text(said) == said and text.scrub(said) == (said, 0)
)
prose = st.lists(line, min_size=1, max_size=3).map("\n".join)
prose = prose.filter(lambda said: text.prose(said) == said and text.scrub(said) == (said, 0))
word = line.filter(lambda said: not re.search(r"[,;|\n]", said))


def spoken(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """A text, a text with its language, or the same in several languages."""
    tagged = st.builds(Tagged, texts, st.sampled_from(LANGUAGES))
    several = st.lists(tagged, min_size=2, max_size=3, unique_by=lambda one: one.lang).map(tuple)
    return texts | tagged | several | st.tuples(texts, tagged)


offsets = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
moments = st.dates(date(1990, 1, 1), date(2060, 1, 1)) | st.datetimes(
    datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=offsets
).map(lambda moment: moment.replace(microsecond=0))
numbers = st.decimals(-(10**6), 10**6, places=3)
addresses = st.sampled_from(
    ["https://ex.org/a", "http://ex.org/b?x=1&y=2#z", "https://été.example/%C3%A9", "https://ex.org/(c)/d,e"]
)
references = st.sampled_from(["r2", "groupe/7", "https://ailleurs.example/x"]).map(Reference)
PLACES = (
    {},
    {"city": "Aniane", "postcode": "34150"},
    {"insee": "34010"},
    {"insee": "75111", "city": "Paris", "postcode": "75011", "street": "1 rue de la Roquette"},
    {"city": "Paris", "postcode": "75011"},
    {"city": "Aniane", "department": "34"},
    {"postcode": "34150"},
    {"lat": Decimal("43.684"), "lon": Decimal("3.585")},
    {"lat": Decimal("43.684"), "lon": Decimal("3.585"), "city": "Aniane", "street": "3 place d'Armes"},
    {"city": "Liège", "country": "BE", "lat": Decimal("50.63"), "lon": Decimal("5.57")},
)
covered = st.lists(
    st.sampled_from(
        ["commune/34172", "commune/75111", "departement/34", "departement/76", "region/76", "epci/243400017"]
    ),
    min_size=1,
    max_size=3,
    unique=True,
).map(tuple)

PLAIN = {
    FieldType.NUMBER: numbers,
    FieldType.FLAG: st.booleans(),
    FieldType.URL: addresses,
    FieldType.EMAIL: st.just("contact@ex.org"),
    FieldType.TELEPHONE: st.just("+33467000000"),
    FieldType.MOMENT: moments,
    FieldType.FOUNDED: st.sampled_from(["1998", "1998-05-12"]),
    FieldType.LICENCE: st.sampled_from(["CC0-1.0", "CC-BY-SA-4.0"]),
    FieldType.LANGUAGE: st.sampled_from(["br", "gcf"]),
}
ABSENT_FROM_DEPENDENTS = frozenset({"kind", "theme", "licence", "language", "covers", "insee", "department"})
"""What a dependent may hold and nothing is written of."""


def value_of(field: items.Field) -> st.SearchStrategy[Any]:
    """Any value that the mapping could have given to a field."""
    if field.type is FieldType.CONCEPT:
        concepts = [one.iri for name in field.schemes for one in vocab.scheme(name).values()]
        one = st.sampled_from(sorted(set(concepts)))
    elif field.name == "derived_from":
        one = st.just(Reference("https://ailleurs.example/d"))
    elif field.type is FieldType.REFERENCE:
        one = references
    elif field.type is FieldType.ITEM:
        one = dependent(str(field.holds))
    elif field.name == "keywords":
        one = word | st.builds(Tagged, word, st.sampled_from(LANGUAGES))
        words = st.lists(one, min_size=1, max_size=3, unique_by=lambda said: repr(said).casefold())
        return words.map(tuple)
    elif field.name in SPOKEN and field.many:
        one = line | st.builds(Tagged, line, st.sampled_from(LANGUAGES))
    elif field.name in SPOKEN:
        one = spoken(prose if field.type is FieldType.PROSE else line)
    else:
        one = PLAIN.get(field.type, line)
    return st.lists(one, min_size=1, max_size=2, unique_by=repr).map(tuple) if field.many else one


def values_of(fields: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    chosen = st.lists(st.sampled_from(fields), max_size=6, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({one: value_of(FIELDS[one]) for one in names}))


@st.composite
def dependent(draw: st.DrawFn, kind: str) -> Item:
    """A dependent that the mapping would keep, with the dependents that only its kind has."""
    fields = [
        name
        for name, field in items.fields(kind).items()
        if name not in {"ref", *ABSENT_FROM_DEPENDENTS, *items.PLACE}
        and (field.type is not FieldType.ITEM or field.kinds)
    ]
    values = draw(values_of(fields)) | {"name": draw(value_of(FIELDS["name"]))}
    place = {one: said for one, said in draw(st.sampled_from(PLACES)).items() if one in items.PLACE}
    if kind != "place":
        place = {one: said for one, said in place.items() if one not in ("lat", "lon")}
    values |= {one: said for one, said in place.items() if one not in ABSENT_FROM_DEPENDENTS}
    while lacking := items.lacking(kind, values):
        missing = lacking.split(" or ")[0]
        values[missing] = draw(value_of(FIELDS[missing]))
    if "currency" in values:
        values["currency"] = draw(st.sampled_from(["EUR", "CHF"]))
        if not {"amount", "requested"} & values.keys():
            del values["currency"]
    return Item(kind, "", values)


@st.composite
def records(draw: st.DrawFn, kind: str) -> Item:
    fields = [name for name in items.fields(kind) if name not in {"ref", "kind", *items.PLACE}]
    values = draw(values_of(fields)) | {"name": draw(value_of(FIELDS["name"]))}
    if "covers" in values:
        values["covers"] = draw(covered)
    return Item(kind, "r1", values | draw(st.sampled_from(PLACES)))


def written(item: Item, said_by: Source) -> bytes:
    return profile.writer(said_by, BASE, territory.load()).triples(item, [])


@cache
def mapper(kind: str, language: str | None) -> Mapper:
    compiled, problems = compile_mapping(source(kind=kind, language=language), MAPPING, ignored=IGNORED)
    assert problems == []
    return compiled


def mapped(record: Record, kind: str, language: str | None = None) -> tuple[Item, list[Finding], Coverage]:
    """The item of a record, what cleaning found, and what nobody mapped or aligned."""
    item, findings = mapper(kind, language).item(record)
    return item, findings, mapper(kind, language).coverage.taken()


def read_back(ntriples: bytes, by: Source, namespace: str) -> Item:
    """The item that another federation makes of what we publish; nothing is left over."""
    (thing,) = things(ntriples, "application/n-triples", base=namespace)
    record = adopted(thing, namespace=namespace)
    assert isinstance(record, Record)
    item, findings, met = mapped(record, by.kind)
    assert (findings, met.unmapped, met.unaligned) == ([], {}, {})
    return item


def shape(ntriples: bytes, record: str, *, but: tuple[str, ...] = ()) -> set[str]:
    """The triples whatever the source is called and the fragments are named, without some predicates."""
    dataset = ox.Dataset()
    for triple in ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES):
        said = [triple.subject, triple.predicate, triple.object]
        for place, term in enumerate(said):
            if isinstance(term, ox.NamedNode) and term.value.startswith(record + "#"):
                said[place] = ox.BlankNode(re.sub(r"\W", "", term.value.partition("#")[2]))
            elif isinstance(term, ox.NamedNode):
                said[place] = ox.NamedNode(re.sub(f"^{BASE}id/[ab]/", f"{BASE}id/x/", term.value))
        if said[1].value not in but:
            dataset.add(ox.Quad(*said))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


OWN = (full("dcterms:isPartOf"), full("dcterms:source"), full("prov:wasDerivedFrom"))
"""What differs from one federation to another."""


@pytest.mark.parametrize("kind", items.KINDS)
@pytest.mark.parametrize("language", ["fr", None])
@settings(max_examples=settings().max_examples // 4)  # for each kind, twice
@given(data=st.data())
def test_what_we_publish_of_any_kind_comes_back_as_it_was(kind, language, data):
    ours, theirs = source(id="a", kind=kind, language=language), source(id="b", kind=kind)
    item = data.draw(records(kind))
    first = written(item, ours)

    again = read_back(first, theirs, f"{BASE}id/a/")
    second = written(again, theirs)

    assert again.ref == "r1"
    assert shape(first, f"{BASE}id/a/r1", but=OWN) == shape(second, f"{BASE}id/b/r1", but=OWN)
    pages = {"page": again.values["page"]} if "page" not in item.values else {}
    assert pages in ({}, {"page": f"{BASE}id/a/r1"})
    assert Reference(f"{BASE}id/a/r1") in again.values["derived_from"]
    assert set(item.values.get("derived_from", ())) <= set(again.values["derived_from"])


def test_what_goes_with_a_postcode_is_found_again_among_what_is_covered():
    item = Item(
        "initiative", "r1", {"name": "Nom", "insee": "34010", "covers": ("commune/75111", "departement/76")}
    )
    first = written(item, source(id="a"))

    again = read_back(first, source(), f"{BASE}id/a/")

    assert set(again.values["covers"]) | {f"commune/{again.values['insee']}"} >= {
        "commune/34010",
        "departement/76",
    }
    assert shape(first, f"{BASE}id/a/r1", but=OWN) == shape(
        written(again, source()), f"{BASE}id/b/r1", but=OWN
    )


def test_every_term_that_we_write_is_read_or_known_and_not_kept():
    unread = {
        (kind, term)
        for kind in items.KINDS
        for name, (terms, _) in WRITTEN.items()
        if name in items.fields(kind)
        for term in terms
        if name not in {one.field.name for one in adoption.readings(kind).get(term, ())}
    }

    assert unread == set()


def test_every_class_that_we_write_is_of_its_own_kind():
    told = {kind: adoption.kind([full(one) for one in classes]) for kind, classes in CLASSES.items()}

    assert told == {kind: kind for kind in CLASSES}


def test_a_class_that_a_type_gives_beside_another_never_wins():
    implied = {one for concept in vocab.scheme("types").values() for one in concept.classes}
    assert implied

    for kind, classes in CLASSES.items():
        assert {adoption.kind([one, *map(full, classes)]) for one in implied} == {kind}


# The table of what others write


def test_the_table_says_each_thing_once_and_names_only_what_is():
    table = adoption.known()
    classes = [one for entry in table["class"] for one in entry["of"]]
    prefixes = vocab.prefixes() | table["prefixes"]
    terms = [part for paths in table["fields"].values() for path in paths for part in path.split("/")]

    assert len(classes) == len(set(classes))
    assert not set(classes) & ({*table["persons"]["classes"]} | {*table["quiet"]["classes"]})
    assert {entry["kind"] for entry in table["class"]} == {*items.KINDS, *items.DEPENDENTS}
    assert set(table["fields"]) <= set(FIELDS)
    assert set(table["fits"]) <= {*items.KINDS, *items.DEPENDENTS}
    for name in [*classes, *terms, *table["quiet"]["classes"], *table["persons"]["classes"]]:
        assert name.partition(":")[0] in prefixes, name
    assert not set(terms) & {*table["reading"]["ignored"], *table["persons"]["terms"]}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("https://schema.org/name", "schema:name"),
        ("http://virtual-assembly.org/ontologies/pair/depictedBy", "pair:depictedBy"),
        ("http://www.virtual-assembly.org/ontologies/1.0/pair#label", "pair:label"),
        ("http://purl.org/dc/elements/1.1/title", "dcterms:title"),
        ("https://www.w3.org/2003/01/geo/wgs84_pos#lat", "wgs:lat"),
        ("https://autre.example/ns#x", "https://autre.example/ns#x"),
    ],
)
def test_a_vocabulary_is_one_whatever_its_namespace_is_called(theirs, ours):
    assert adoption.short(theirs) == ours


@pytest.mark.parametrize(
    ("classes", "kind"),
    [
        (["https://schema.org/NGO"], "organisation"),
        (["http://schema.org/BusinessEvent"], "event"),
        (["http://schema.org/Place", "http://schema.org/LocalBusiness"], "organisation"),
        ([full("pair:Document"), full("schema:VideoObject")], "video"),
        ([full("org:Organization"), full("pair:Group")], "group"),
        ([full("foaf:Organization")], "organisation"),
        ([full("archipel:Initiative"), full("pair:Project")], "project"),
        ([full("schema:Report")], "document"),
        (["https://autre.example/ns#Jardin"], None),
    ],
)
def test_the_most_specific_class_tells_the_kind(classes, kind):
    assert adoption.kind(classes) == kind


# Documents of others


def adopted_from(
    document: str, media_type: str, *, namespace: str = SITE, **asked: Any
) -> list[Record | Rejected | None]:
    """What becomes of the things of a document, each seen beside the others."""
    found = list(things(document.encode(), media_type, base=f"{SITE}doc"))
    beside = {thing.iri: thing for thing in found if thing.iri}
    return [adopted(thing, namespace=namespace, beside=beside, **asked) for thing in found]


def published(record: Record, kind: str = "initiative") -> tuple[Item, Coverage, str]:
    """The item, what was met, and the triples, which the shapes must let through with warnings at most."""
    item, findings, met = mapped(record, kind, "fr")
    said_by = source(kind=kind, language="fr")
    triples = written(item, said_by)
    iri = f"{BASE}id/b/{record.ref}"
    found = [*findings, *Checker().findings([(iri, triples)]).get(iri, [])]
    assert [finding for finding in found if finding.severity is Severity.VIOLATION] == []
    return item, met, triples.decode()


CONTAINER = """{
  "@context": ["https://www.w3.org/ns/activitystreams", "https://partenaire.example.org/.well-known/context.jsonld"],
  "id": "https://partenaire.example.org/organizations",
  "type": ["ldp:Container", "ldp:BasicContainer"],
  "dc:title": "Organisations",
  "ldp:contains": [
    {
      "id": "https://partenaire.example.org/organizations/jardin",
      "type": "pair:Organization",
      "dc:created": "2024-03-01T10:00:00.000Z", "dc:modified": "2026-01-02T10:00:00.000Z",
      "dc:creator": "https://partenaire.example.org/users/camille",
      "pair:label": "Le Jardin partagé",
      "pair:comment": "Un jardin ouvert à tous",
      "pair:description": "On y cultive **ensemble**, joindre camille@exemple.org",
      "pair:homePage": "www.jardin.example",
      "pair:hasTopic": ["https://partenaire.example.org/themes/agriculture",
                        "https://w3id.org/archipel/vocab/themes/alimentation"],
      "pair:hasStatus": "https://partenaire.example.org/status/actif",
      "pair:partOf": "https://partenaire.example.org/organizations/reseau",
      "pair:partnerOf": ["https://ailleurs.example/org/1", {"type": "pair:Organization", "pair:label": "La Ressourcerie"}],
      "pair:involvedIn": ["https://partenaire.example.org/projects/compost", "https://partenaire.example.org/users/camille"],
      "pair:needs": [{"type": "pair:Resource", "pair:label": "Une serre"}, "https://partenaire.example.org/skills/greffe"],
      "pair:depictedBy": "https://partenaire.example.org/files/jardin.jpg",
      "pair:hasLocation": {
        "type": "pair:Place", "pair:label": "Aniane, France", "pair:latitude": "43.684", "pair:longitude": 3.585,
        "pair:hasPostalAddress": {"type": "pair:PostalAddress", "pair:addressStreet": "3 rue des Écoles",
          "pair:addressLocality": "Aniane", "pair:addressZipCode": 34150, "pair:addressCountry": "France"}
      },
      "pair:openingHours": "le samedi",
      "saison": "printemps"
    },
    {"id": "https://partenaire.example.org/users/camille", "type": "pair:Person", "pair:label": "Camille"}
  ]
}"""


def test_a_semapps_container_gives_its_organisations_and_no_person():
    container, jardin, camille = adopted_from(CONTAINER, "application/ld+json", language="fr")

    assert container is None
    assert camille == Rejected(None, "a person (pair:Person); persons are not harvested")
    assert isinstance(jardin, Record)
    assert jardin.ref == "organizations/jardin"
    assert "camille" not in repr(jardin.value).replace("camille@exemple.org", "")

    item, met, triples = published(jardin)
    values = item.values
    assert (item.kind, values["name"], values["homepage"]) == (
        "organisation",
        "Le Jardin partagé",
        "https://www.jardin.example",
    )
    assert values["description"] == "Un jardin ouvert à tous\nOn y cultive ensemble, joindre […]"
    assert (values["lat"], values["lon"], values["postcode"], values["city"]) == (
        Decimal("43.684"), Decimal("3.585"), "34150", "Aniane",
    )  # fmt: skip
    assert values["part_of"] == (Reference("organizations/reseau"),)
    assert values["partner_of"] == (Reference("https://ailleurs.example/org/1"),)
    assert [one.values["name"] for one in values["partners"]] == ["La Ressourcerie"]
    assert [one.values["name"] for one in values["needs"]] == ["Une serre"]
    assert values["related"] == (Reference("projects/compost"), Reference("skills/greffe"))
    assert values["page"] == f"{SITE}organizations/jardin"
    assert values["theme"] == ("https://w3id.org/archipel/vocab/themes/alimentation",)
    assert f"<{full('prov:wasDerivedFrom')}> <{SITE}organizations/jardin>" in triples
    assert f"<{full('pair:partOf')}> <{BASE}id/b/organizations/reseau>" in triples
    assert met.unmapped == {
        "pair:hasLocation/pair:label": 1,
        "pair:openingHours": 1,
        "undefined:saison": 1,
        "pair:involvedIn (a person, left out)": 1,
    }
    assert met.unaligned == {
        ("themes", f"{SITE}themes/agriculture"): 1,
        ("statuts", f"{SITE}status/actif"): 1,
    }


EVENT = """{
  "@context": "https://schema.org",
  "@type": ["Festival", "SocialEvent"],
  "@id": "https://partenaire.example.org/agenda/fete#event",
  "name": "Fête des possibles &amp; du climat",
  "description": "<p>Une journée pour tous.</p>",
  "startDate": "2026-09-20T10:00", "endDate": "2026-09-20T18:00:00+02:00",
  "eventStatus": "https://schema.org/EventPostponed",
  "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
  "isAccessibleForFree": true,
  "image": [{"@type": "ImageObject", "url": "/affiche.png"}],
  "url": "/agenda/fete",
  "keywords": "climat, fête",
  "inLanguage": "fr",
  "location": {"@type": "Place", "name": "Place de la Mairie",
    "address": {"@type": "PostalAddress", "streetAddress": "1 place de la Mairie", "postalCode": "34150", "addressLocality": "Aniane"},
    "geo": {"@type": "GeoCoordinates", "latitude": 43.684, "longitude": 3.585}},
  "organizer": [{"@type": "Person", "name": "Jean Dupont"}, {"@type": "NGO", "name": "Les Amis du climat", "url": "https://amis.example"}],
  "performer": {"@type": "Person", "name": "Une Chanteuse"},
  "offers": {"@type": "Offer", "price": "0"}
}"""


@pytest.mark.parametrize(
    "context", ["https://schema.org", "http://schema.org/", {"@vocab": "https://schema.org/"}]
)
def test_an_event_of_a_page_is_adopted_whatever_its_schema_org_is_called(context):
    document = EVENT.replace('"https://schema.org",', f"{json.dumps(context)},", 1)
    (event,) = adopted_from(document, "application/ld+json")
    assert isinstance(event, Record)
    assert "Dupont" not in repr(event.value)
    assert "Chanteuse" not in repr(event.value)

    item, met, triples = published(event, "event")
    values = item.values
    assert (event.ref, item.kind) == ("agenda/fete#event", "event")
    assert values["name"] == "Fête des possibles & du climat"
    assert values["start"].isoformat() == "2026-09-20T10:00:00+02:00"
    assert values["free"] is True
    assert values["keywords"] == ("climat", "fête")
    assert values["status"].endswith("/statuts/reporte")
    assert values["attendance"] == full("schema:OfflineEventAttendanceMode")
    assert values["venue"].values["name"] == "Place de la Mairie"
    assert values["organiser"].values == {"name": "Les Amis du climat", "homepage": "https://amis.example"}
    assert f"<{full('dcterms:spatial')}> <https://w3id.org/archipel/territoire/commune/34010>" in triples
    assert met.unmapped == {"schema:organizer (a person, left out)": 1, "schema:offers": 1}
    if isinstance(context, str):
        assert (values["page"], values["image"]) == (f"{SITE}agenda/fete", (f"{SITE}affiche.png",))


def test_pair_in_turtle_is_adopted_with_slash_terms_and_old_namespaces():
    (project,) = adopted_from(
        """
        @prefix pair: <http://virtual-assembly.org/ontologies/pair#> .
        @prefix slash: <http://virtual-assembly.org/ontologies/pair/> .
        @prefix old: <http://www.virtual-assembly.org/ontologies/1.0/pair#> .
        <projets/compost> a pair:Project ; pair:preferedLabel "Compost de quartier"@fr , "Compost del barri"@oc ;
            old:description "Composter ensemble"@fr ; slash:depictedBy <photo.jpg> ;
            pair:involves <organisations/jardin> , <personnes/camille> ; pair:startDate "2025-01-01"^^<http://www.w3.org/2001/XMLSchema#date> ;
            pair:hasPart [ a pair:Task ; pair:label "Construire les bacs" ; pair:dueDate "2025-03-01T00:00:00Z" ] ;
            pair:documentedBy [ a pair:Document ; pair:label "Le guide" ; pair:aboutPage <https://guide.example/> ] ;
            pair:hasType <https://w3id.org/archipel/vocab/types/compostage> .
        """,
        "text/turtle",
    )
    assert isinstance(project, Record)

    item, met, triples = published(project)
    values = item.values
    assert values["name"] == (Tagged("Compost de quartier", "fr"), Tagged("Compost del barri", "oc"))
    assert values["image"] == (f"{SITE}photo.jpg",)
    assert values["involves"] == (Reference("organisations/jardin"),)
    assert (values["start"], values["tasks"][0].values["due"]) == (
        date(2025, 1, 1),
        datetime(2025, 3, 1, tzinfo=UTC),
    )
    assert values["documents"][0].values == {"name": "Le guide", "page": "https://guide.example/"}
    assert f'<{full("rdfs:label")}> "Compost del barri"@oc' in triples
    assert set(met.unmapped) == {"pair:involves (a person, left out)"}


def test_foaf_and_org_in_rdf_xml_are_adopted():
    reseau, contact, antenne = adopted_from(
        """<?xml version="1.0" encoding="utf-8"?>
        <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:foaf="http://xmlns.com/foaf/0.1/"
          xmlns:org="http://www.w3.org/ns/org#" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:v="http://www.w3.org/2006/vcard/ns#"
          xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#">
          <org:FormalOrganization rdf:about="https://partenaire.example.org/reseau">
            <foaf:name>Réseau des ressourceries</foaf:name><dc:description>Un réseau national</dc:description>
            <foaf:homepage rdf:resource="https://reseau.example/"/><foaf:mbox rdf:resource="mailto:contact@reseau.example"/>
            <foaf:phone rdf:resource="tel:+33467000000"/><org:identifier>851234567</org:identifier>
            <dc:subject>réemploi</dc:subject><org:hasUnit rdf:resource="https://partenaire.example.org/antenne"/>
            <dc:creator>Jean Dupont</dc:creator>
            <org:hasPrimarySite><org:Site><org:siteAddress><v:Address><v:street-address>1 rue de la Paix</v:street-address>
              <v:postal-code>34150</v:postal-code><v:locality>Aniane</v:locality></v:Address></org:siteAddress></org:Site></org:hasPrimarySite>
            <foaf:based_near rdf:parseType="Resource"><geo:lat>43.684</geo:lat><geo:long>3.585</geo:long></foaf:based_near>
          </org:FormalOrganization>
          <foaf:Person rdf:about="https://partenaire.example.org/jean"><foaf:name>Jean Dupont</foaf:name></foaf:Person>
          <org:OrganizationalUnit rdf:about="https://partenaire.example.org/antenne">
            <foaf:name>Antenne du Sud</foaf:name><org:unitOf rdf:resource="https://partenaire.example.org/reseau"/>
          </org:OrganizationalUnit>
        </rdf:RDF>""",
        "application/rdf+xml",
    )
    assert isinstance(contact, Rejected)
    assert isinstance(reseau, Record)
    assert isinstance(antenne, Record)
    assert "Dupont" not in repr(reseau.value)

    item, met, _ = published(reseau)
    values = item.values
    assert (values["name"], values["email"], values["telephone"]) == (
        "Réseau des ressourceries", "contact@reseau.example", "+33467000000",
    )  # fmt: skip
    assert (values["street"], values["postcode"], values["lat"]) == (
        "1 rue de la Paix",
        "34150",
        Decimal("43.684"),
    )
    assert (values["registration"], values["has_part"]) == ("851234567", (Reference("antenne"),))
    assert (met.unmapped, met.unaligned) == ({}, {("themes", "réemploi"): 1})
    assert published(antenne)[0].values["sub_organisation_of"] == Reference("reseau")


# What is left out, and how it is told


def one(turtle: str, **asked: Any) -> Record | Rejected | None:
    (found,) = adopted_from(PREFIXES + turtle, "text/turtle", **asked)
    return found


PREFIXES = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in vocab.prefixes().items())


@pytest.mark.parametrize("person", ["foaf:Person", "schema:Person", "pair:Person"])
def test_a_person_is_never_adopted_whatever_else_it_is_said_to_be(person):
    found = one(f'<x> a pair:Organization, {person} ; pair:label "Jean" .', kinds={person: "organisation"})

    assert isinstance(found, Rejected)
    assert found.ref is None


@pytest.mark.parametrize(
    "thing",
    [
        '<c> a <http://www.w3.org/ns/ldp#Container> ; rdfs:label "Liste" .',
        '<t> a skos:Concept ; skos:prefLabel "Thème" .',
        '<t> a pair:Theme ; pair:label "Thème" .',
        '<x> rdfs:label "nommé seulement" .',
        '<a> a schema:PostalAddress ; schema:addressLocality "Aniane" .',
    ],
)
def test_what_is_no_record_is_passed_over(thing):
    assert one(thing) is None


def test_a_class_that_nobody_knows_is_told_and_a_source_may_say_its_kind():
    turtle = '<j> a <https://autre.example/ns#Jardin> ; rdfs:label "Le jardin" ; rdfs:comment "x" .'

    assert one(turtle) == Rejected(
        "j", "no kind for https://autre.example/ns#Jardin; say which in the source's `kinds`"
    )
    kept = one(turtle, kinds={"https://autre.example/ns#Jardin": "initiative"})
    assert isinstance(kept, Record)
    assert kept.value["kind"] == "initiative"


def test_a_thing_of_no_class_is_adopted_when_the_source_says_what_it_is():
    turtle = '<j> rdfs:label "Le jardin" ; foaf:homepage <https://j.example/> .'

    assert isinstance(one(turtle), Rejected)
    assert isinstance(one(turtle, kinds={"": "initiative"}), Record)


def test_a_thing_without_a_name_of_its_own_is_named_by_its_page_or_told():
    paged = one('[] a schema:Event ; schema:name "Fête" ; schema:url <agenda/fete> .')
    nowhere = one('[] a schema:Event ; schema:name "Fête" .')

    assert isinstance(paged, Record)
    assert (paged.ref, paged.value["page"]) == ("agenda/fete", f"{SITE}agenda/fete")
    assert isinstance(nowhere, Rejected)
    assert "nothing tells it from others" in nowhere.reason


def test_an_unknown_term_may_be_mapped_by_the_source_under_its_own_name():
    record = one(
        '<o> a pair:Organization ; pair:label "Nom" ; <https://autre.example/ns#siret> "123" ; pair:openingHours "lundi" .'
    )
    assert isinstance(record, Record)
    by_hand = {"registration": '"https://autre.example/ns#siret"', "slogan": '"pair:openingHours"'}
    compiled, problems = compile_mapping(source(map=by_hand), MAPPING, ignored=IGNORED)

    item, findings = compiled.item(record)

    assert (problems, findings, compiled.coverage.unmapped) == ([], [], {})
    assert (item.values["registration"], item.values["slogan"]) == ("123", "lundi")


def test_a_foreign_category_is_aligned_by_its_iri():
    record = one(f'<o> a pair:Organization ; pair:label "Nom" ; pair:hasTopic <{SITE}themes/agriculture> .')
    assert isinstance(record, Record)

    assert record.value["theme"] == f"{SITE}themes/agriculture"


def test_what_a_better_term_says_differently_is_told_under_its_own_name():
    record = one(
        '<o> a pair:Organization ; pair:label "Le jardin" ; schema:name "Le jardin" ; foaf:name "Jardin, asso" .'
    )
    assert isinstance(record, Record)

    assert (record.value["name"], record.value["foaf:name"]) == ("Le jardin", "Jardin, asso")
    assert "schema:name" not in record.value


def test_what_hangs_on_a_dependent_and_is_not_kept_is_told_with_the_way_to_it():
    record = one(
        """<o> a pair:Organization ; pair:label "Nom" ; pair:partnerOf [ a pair:Organization ; pair:label "Autre" ;
        pair:documentedBy [ a pair:Document ; pair:label "Un guide" ] ; pair:openingHours "lundi" ] ."""
    )
    assert isinstance(record, Record)

    assert record.value["partners"] == {"name": "Autre"}
    assert record.value["pair:partnerOf/pair:openingHours"] == "lundi"
    assert record.value["pair:partnerOf/pair:documentedBy"]["pair:label"] == "Un guide"


def test_a_dataset_gives_its_files_as_documents_and_nobody_who_is_to_be_contacted():
    prefixes = (
        "@prefix vcard: <http://www.w3.org/2006/vcard/ns#> . @prefix geodcat: <http://data.europa.eu/930/> . "
    )
    record = one(
        f"""{prefixes} <d> a dcat:Dataset ; dcterms:title "Jeu" ; dcat:landingPage <jeux/d> ; dcat:inSeries <serie> ;
        dcat:contactPoint [ a vcard:Kind ; vcard:fn "Camille" ; vcard:hasEmail <mailto:camille@example.org> ] ;
        geodcat:custodian <camille> ; dcterms:rightsHolder "Camille" ;
        dcat:distribution [ a dcat:Distribution ; dcterms:title "CSV" ; dcat:accessURL <voir> ; dcat:downloadURL <d.csv> ] .""",
        kinds={"dcat:Dataset": "document"},
    )
    assert isinstance(record, Record)

    assert "amille" not in str(record)
    assert (record.value["page"], record.value["part_of"]) == (f"{SITE}jeux/d", "serie")
    assert record.value["documents"] == {"name": "CSV", "page": f"{SITE}voir", "content": f"{SITE}d.csv"}


def test_an_empty_text_says_nothing():
    record = one('<o> a pair:Organization ; rdfs:label ""@fr, " " ; foaf:name "Nom" ; pair:openingHours "" .')
    assert isinstance(record, Record)

    assert record.value["name"] == "Nom"
    assert set(record.value) == {"kind", "name", "page", "derived_from"}


def test_the_page_is_on_the_host_of_the_partner_and_the_site_elsewhere():
    at_home = one('<o> a schema:Organization ; schema:name "Nom" ; schema:url <fiche/o> .')
    elsewhere = one('<o> a schema:Organization ; schema:name "Nom" ; schema:url <https://asso.example/> .')
    assert isinstance(at_home, Record)
    assert isinstance(elsewhere, Record)

    assert (at_home.value["page"], at_home.value.get("homepage")) == (f"{SITE}fiche/o", None)
    assert (elsewhere.value["page"], elsewhere.value["homepage"]) == (f"{SITE}o", "https://asso.example/")


def test_a_place_that_is_described_beside_is_read_and_a_person_beside_is_left_out():
    turtle = """
        <o> a pair:Organization ; pair:label "Nom" ; pair:hasLocation <lieux/1> ; pair:involves <camille> , <autre> .
        <lieux/1> a pair:Place ; pair:latitude "43.684" ; pair:longitude "3.585" ; pair:label "Ici" .
        <camille> a foaf:Person ; foaf:name "Camille" .
        """
    record, place, person = adopted_from(PREFIXES + turtle, "text/turtle")
    assert isinstance(record, Record)
    assert isinstance(place, Record)
    assert isinstance(person, Rejected)

    assert (record.value["lat"], record.value["involves"]) == ("43.684", "autre")
    assert record.value["pair:involves (a person, left out)"] == 1


def test_what_the_reader_left_out_is_told():
    record = one(f'<o> a pair:Organization ; pair:label "Nom" ; pair:description "{"x" * 100_001}" .')
    assert isinstance(record, Record)

    assert record.value["pair:description (a text of more than 100000 characters)"] == 1


def test_a_thing_of_somebody_else_keeps_its_iri_and_one_of_the_web_only_is_derived_from_it():
    foreign = one('<https://ailleurs.example/o> a pair:Organization ; pair:label "Nom" .')
    urn = one('<urn:uuid:7> a pair:Organization ; pair:label "Nom" .')
    assert isinstance(foreign, Record)
    assert isinstance(urn, Record)

    assert (foreign.ref, foreign.value["derived_from"]) == (
        "https://ailleurs.example/o",
        ["https://ailleurs.example/o"],
    )
    assert (urn.ref, "derived_from" in urn.value, "page" in urn.value) == ("urn:uuid:7", False, False)


def test_territories_of_the_insee_and_ours_are_covered():
    record = one(
        """<o> a pair:Organization ; pair:label "Nom" ; dcterms:spatial <http://id.insee.fr/geo/commune/34010> ,
        <https://w3id.org/archipel/territoire/departement/34> , <http://id.insee.fr/geo/commune/2217cf41-787a-4d8a> , "Aniane" ."""
    )
    assert isinstance(record, Record)

    assert record.value["covers"] == ["commune/34010", "departement/34"]
    assert record.value["dcterms:spatial"] == ["http://id.insee.fr/geo/commune/2217cf41-787a-4d8a", "Aniane"]


def test_a_licence_is_known_by_its_address_and_by_its_concept():
    record = one(
        '<o> a pair:Organization ; pair:label "Nom" ; dcterms:license <https://creativecommons.org/licenses/by-sa/4.0/> .'
    )
    concept = one('<o> a pair:Organization ; pair:label "Nom" ; schema:license licences:CC0-1.0 .')
    assert isinstance(record, Record)
    assert isinstance(concept, Record)

    assert (record.value["licence"], concept.value["licence"]) == ("CC-BY-SA-4.0", "CC0-1.0")


def test_a_text_beside_others_gets_the_language_of_the_source():
    record = one(
        '<o> a pair:Organization ; pair:label "Jardin", "Garden"@en, "Le jardin"@fr .', language="fr"
    )
    assert isinstance(record, Record)

    assert record.value["name"] == [
        {"@value": "Jardin", "@language": "fr"},
        {"@value": "Garden", "@language": "en"},
    ]
    assert record.value["pair:label"] == {"@value": "Le jardin", "@language": "fr"}


# Texts in several languages, as any mapping may find them


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ({"@value": "Garden", "@language": "en"}, Tagged("Garden", "en")),
        (
            [{"@value": "Garden", "@language": "EN"}, {"@value": "Jardin", "@language": "fr"}],
            (Tagged("Garden", "en"), Tagged("Jardin", "fr")),
        ),
        ([{"@value": "Garden", "@language": "en"}, "Jardin"], (Tagged("Garden", "en"), "Jardin")),
        (
            [{"@value": "Garden", "@language": "en"}, {"@value": "Yard", "@language": "en"}],
            Tagged("Garden", "en"),
        ),
        ({"@value": "Jardin", "@language": "fr_FR"}, Tagged("Jardin", "fr-fr")),
        ({"@value": "Jardin", "@language": "en français"}, "Jardin"),
        ({"@value": "Jardin"}, "Jardin"),
        (
            [{"@value": " ", "@language": "en"}, {"@value": "<b>Jardin</b>", "@language": "fr"}],
            Tagged("Jardin", "fr"),
        ),
    ],
)
def test_a_text_is_kept_in_each_language_it_is_said_in(raw, found):
    item, findings, _ = mapped(Record("r", {"name": raw}), "initiative")

    assert (item.values["name"], findings) == (found, [])


def test_prose_is_scrubbed_in_each_language():
    raw = [
        {"@value": "Écrire à a.b@exemple.org", "@language": "fr"},
        {"@value": "Call 06 12 34 56 78", "@language": "en"},
    ]
    item, findings, _ = mapped(Record("r", {"name": "Nom", "description": raw}), "initiative")

    assert item.values["description"] == (Tagged("Écrire à […]", "fr"), Tagged("Call […]", "en"))
    assert [finding.code for finding in findings] == ["contact-scrubbed"] * 2


def test_a_field_that_is_not_said_in_a_language_keeps_the_text_alone():
    raw = {"@value": "Aniane", "@language": "fr"}
    item, _, _ = mapped(
        Record("r", {"name": "Nom", "city": raw, "founded": {"@value": "1998"}}), "initiative"
    )

    assert (item.values["city"], item.values["founded"]) == ("Aniane", "1998")


def test_the_fields_said_in_a_language_are_those_that_are_written_so():
    assert {name for name, (_, write) in WRITTEN.items() if write is WRITTEN["name"][1]} == SPOKEN


@pytest.mark.parametrize(
    ("field", "lang", "problem"),
    [("city", "fr", "is not said in a language"), ("name", "en français", "is no language tag")],
)
def test_a_language_where_it_means_nothing_is_a_problem_of_the_mapping(field, lang, problem):
    _, problems = compile_mapping(source(map={field: {"from": "x", "lang": lang}}), {"name": "name"})

    assert [name for name, said in problems if problem in said] == [field]


def test_a_record_that_is_named_in_several_languages_has_a_title():
    plan = Judge(
        mapper("initiative", None), profile.writer(source(), BASE, territory.load()), Checker(), "recipe"
    )
    names = [{"@value": "Jardin", "@language": "fr"}, {"@value": "Garden", "@language": "en"}]
    record = Record("r", {"name": names, "page": f"{SITE}r"})

    (judged,) = plan.verdict([(record, plan.hash(record))]).judged

    assert (judged.state, judged.name) == (State.PUBLISHED, "Jardin")
