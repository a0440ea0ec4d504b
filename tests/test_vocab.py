"""The vocabulary says what it must in both languages, and the shapes do what their examples say."""

import json
import re
from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
import shacl
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Graph

from harvester import vocab
from harvester.cleaning.text import scrub
from harvester.cleaning.web import GENERIC

SH = "http://www.w3.org/ns/shacl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SHAPE = "https://w3id.org/archipel/shapes#"
BOTH = {"fr", "en"}

EXAMPLES = sorted((Path(__file__).parent / "shapes").glob("*.ttl"))
EXPECTED = {"valid": [], "invalid": ["Violation"], "warns": ["Warning"], "informs": ["Info"]}
TERMS = [
    "datatype", "equals", "flags", "hasValue", "in", "lessThanOrEquals", "maxCount", "maxInclusive",
    "maxLength", "message", "minCount", "minInclusive", "minLength", "nodeKind", "not", "or", "path",
    "pattern", "property", "severity", "targetClass", "targetObjectsOf", "targetSubjectsOf", "uniqueLang",
]  # fmt: skip
SCHEMES = {
    "licence": "licences",
    "topic": "themes",
    "top-theme": "themes",
    "category": "types",
    "status": "statuts",
    "phase": "phases",
    "location-precision": "precisions",
}


@lru_cache(maxsize=1)
def shapes_ntriples():
    quads = (
        quad.triple for path in sorted(vocab.shapes_folder().glob("*.ttl")) for quad in ox.parse(path=path)
    )
    return ox.serialize(quads, format=ox.RdfFormat.N_TRIPLES).decode()


@lru_cache(maxsize=1)
def shapes_graph():
    return store(shapes_ntriples().encode())


def store(content):
    held = ox.Store()
    held.load(content, format=ox.RdfFormat.N_TRIPLES)
    return held


@lru_cache(maxsize=1)
def vocabulary():
    return store(vocab.ntriples())


def objects(held, subject, predicate):
    return [quad.object for quad in held.quads_for_pattern(subject, ox.NamedNode(predicate), None)]


def subjects(held, predicate, value=None):
    found = held.quads_for_pattern(None, ox.NamedNode(predicate), value and ox.NamedNode(value))
    return {quad.subject for quad in found}


def languages(held, subject, predicate):
    return {literal.language for literal in objects(held, subject, predicate)}


def members(held, head):
    while head.value != RDF + "nil":
        yield objects(held, head, RDF + "first")[0].value
        head = objects(held, head, RDF + "rest")[0]


def all_shapes():
    kinds = (SH + "NodeShape", SH + "PropertyShape")
    return {subject for kind in kinds for subject in subjects(shapes_graph(), RDF + "type", kind)}


# Vocabulary


@pytest.mark.parametrize("name", vocab.schemes())
def test_every_concept_has_its_labels_definition_notation_and_scheme(name):
    held = vocabulary()
    for concept in vocab.scheme(name).values():
        node = ox.NamedNode(concept.iri)
        assert concept.labels.keys() == BOTH, concept.iri
        assert {"fr"} == languages(held, node, SKOS + "definition"), concept.iri
        assert concept.notation, concept.iri
        assert concept.iri == concept.top
        assert [f"{vocab.BASE}{name}"] == [value.value for value in objects(held, node, SKOS + "inScheme")]


def test_own_terms_have_labels_and_comments_in_both_languages():
    held = vocabulary()
    terms = [node for node in subjects(held, RDF + "type") if node.value.startswith(vocab.ARCHIPEL)]
    assert len(terms) == 12
    for term in terms:
        assert languages(held, term, RDFS + "label") == BOTH, term
        assert languages(held, term, RDFS + "comment") == BOTH, term


def test_there_are_thirteen_themes_and_five_phases_in_order():
    assert len(vocab.scheme("themes")) == 13
    phases = vocab.scheme("phases")
    assert [phases[str(order)].notation for order in range(1, 6)] == ["1", "2", "3", "4", "5"]
    assert phases["3"] == phases["developpement"]


def test_types_count_under_existing_themes():
    themes = {theme.iri for theme in vocab.scheme("themes").values()}
    assert (f"{vocab.BASE}themes/alimentation",) == vocab.scheme("types")["amap"].themes
    assert all(themes.issuperset(kind.themes) for kind in vocab.scheme("types").values())


@pytest.mark.parametrize("name", vocab.alignments())
def test_alignments_point_to_existing_themes_and_types(name):
    known = {concept.iri for scheme in ("themes", "types") for concept in vocab.scheme(scheme).values()}
    assert vocab.alignment(name)
    assert all(known.issuperset(matches) for matches in vocab.alignment(name).values())


def test_categories_are_found_by_identifier_and_by_unambiguous_label():
    mobility, cycling = f"{vocab.BASE}themes/mobilite", f"{vocab.BASE}types/velo"
    aligned = vocab.alignment("presdecheznous")
    assert (mobility, cycling) == aligned["10490"] == aligned["595"] == aligned["Vélo"]
    assert "Autre" not in aligned


def test_category_wider_than_our_themes_is_known_and_gives_none():
    assert vocab.alignment("transiscope")["33"] == ()


def test_unknown_alignment_is_refused_with_the_known_names():
    with pytest.raises(LookupError, match="no alignment 'colibri'; known: colibris, onpassealacte"):
        vocab.alignment("colibri")


def test_unknown_scheme_is_refused_with_the_known_names():
    with pytest.raises(LookupError, match="no scheme 'theme'; known: licences, phases"):
        vocab.scheme("theme")


def test_unknown_licence_is_not_publishable_and_all_others_are():
    licences = vocab.licences()
    assert {"unknown"} == {name for name, licence in licences.items() if not licence.publishable}
    assert {"CC0-1.0", "unknown"} == {name for name, licence in licences.items() if not licence.attribution}
    assert licences["ODbL-1.0"].url == "https://opendatacommons.org/licenses/odbl/1-0/"
    assert licences["permission"].url is None


def test_vocabulary_graph_is_sorted_without_duplicate_or_blank_node():
    lines = vocab.ntriples().splitlines()
    assert sorted(set(lines)) == lines
    assert not any(line.startswith(b"_:") or b" _:" in line.rpartition(b'"')[2] for line in lines)


def test_context_and_turtle_files_agree_with_the_prefix_table():
    table = vocab.prefixes()
    context = json.loads((vocab.folder() / "context.jsonld").read_text())["@context"]
    assert table.items() <= context.items()
    for path in (*vocab.folder().rglob("*.ttl"), *vocab.shapes_folder().glob("*.ttl")):
        for prefix, namespace in re.findall(r"@prefix (\w+): <(.*)> \.", path.read_text()):
            assert table[prefix] == namespace, path.name


def test_schema_and_wgs_keep_their_http_namespaces():
    assert vocab.prefixes()["schema"] == "http://schema.org/"
    assert vocab.prefixes()["wgs"] == "http://www.w3.org/2003/01/geo/wgs84_pos#"


def test_fingerprint_is_a_stable_sha256():
    first = vocab.fingerprint()
    vocab.fingerprint.cache_clear()
    assert re.fullmatch("[0-9a-f]{64}", first)
    assert first == vocab.fingerprint()


# Shapes


def test_every_shape_is_named_bilingual_and_has_a_severity():
    held = shapes_graph()
    assert len(all_shapes()) > 60
    for shape in all_shapes():
        assert isinstance(shape, ox.NamedNode)
        assert shape.value.startswith(SHAPE)
        assert languages(held, shape, SH + "message") == BOTH, shape
        assert len(objects(held, shape, SH + "severity")) == 1, shape


def test_property_shapes_have_one_path_and_no_shape_is_anonymous():
    held = shapes_graph()
    assert subjects(held, SH + "path") == subjects(held, RDF + "type", SH + "PropertyShape")
    assert all(len(objects(held, shape, SH + "path")) == 1 for shape in subjects(held, SH + "path"))
    nested = {
        node
        for term in ("property", "not", "node")
        for shape in all_shapes()
        for node in objects(held, shape, SH + term)
    }
    assert nested <= all_shapes()


def test_shapes_use_only_the_terms_they_are_meant_to_use():
    known = set(TERMS)
    used = {
        quad.predicate.value.removeprefix(SH)
        for quad in shapes_graph()
        if quad.predicate.value.startswith(SH)
    }
    assert used <= known


def test_patterns_compile_without_look_around_or_back_reference():
    patterns = [
        quad.object.value
        for quad in shapes_graph().quads_for_pattern(None, ox.NamedNode(SH + "pattern"), None)
    ]
    assert len(patterns) > 5
    for pattern in patterns:
        re.compile(pattern)
        assert not re.search(r"\(\?|\\[1-9]", pattern), pattern


@pytest.mark.parametrize(("shape", "scheme"), sorted(SCHEMES.items()))
def test_shape_lists_exactly_the_concepts_of_its_scheme(shape, scheme):
    (head,) = objects(shapes_graph(), ox.NamedNode(SHAPE + shape), SH + "in")
    listed = set(members(shapes_graph(), head))
    assert listed == {concept.iri for concept in vocab.scheme(scheme).values()}


def test_every_shape_about_contacts_conceals_its_value():
    held = shapes_graph()
    concealed = subjects(held, vocab.ARCHIPEL + "concealsValue")
    wary = (
        subjects(held, SH + "not")
        | subjects(held, SH + "path", "http://schema.org/email")
        | subjects(held, SH + "path", RDFS + "label")
    )
    assert wary <= concealed


def pattern_of(shape):
    held = shapes_graph()
    (pattern,) = objects(held, ox.NamedNode(SHAPE + shape), SH + "pattern")
    return re.compile(
        pattern.value, re.IGNORECASE if objects(held, ox.NamedNode(SHAPE + shape), SH + "flags") else 0
    )


def test_every_generic_address_that_cleaning_keeps_is_accepted():
    refused = [local for local in GENERIC if not pattern_of("privacy-email").search(f"{local}@example.org")]
    assert refused == []


CONTACTS = st.sampled_from(
    ["marie@example.org", "06 12 34 56 78", "+33612345678", "+33 (0)7.12.34.56.78", "0033 6 12 34 56 78"]
)


@given(st.lists(st.one_of(CONTACTS, st.text(max_size=12), st.sampled_from([" ", "\n", ", "])), max_size=8))
def test_what_cleaning_scrubs_passes_the_privacy_patterns(pieces):
    scrubbed, _ = scrub(" ".join(pieces))
    assert pattern_of("holds-email").search(scrubbed) is None
    assert pattern_of("holds-mobile").search(scrubbed) is None


@given(st.text(alphabet="<>ab 1/!", max_size=30))
def test_title_pattern_refuses_html_tags_and_nothing_else(title):
    assert (re.search("<[a-z/!]", title) is None) == bool(pattern_of("label").search(title))


# Examples: the file name is the expectation


def ntriples(path):
    return ox.serialize((quad.triple for quad in ox.parse(path=path)), format=ox.RdfFormat.N_TRIPLES)


def batch(path):
    return ntriples(path) + vocab.ntriples()


@lru_cache(maxsize=1)
def compiled():
    return shacl.Shapes.from_text(shapes_ntriples(), "ntriples")


def results_by_shacl(data):
    report = compiled().validate_text(data.decode(), "ntriples")
    rows = ((result.focus_node, result.source_shape, result.severity) for result in report.results)
    return sorted((focus.strip("<>"), shape.strip("<>"), severity) for focus, shape, severity in rows)


def results_by_pyshacl(data):
    shapes = Graph().parse(data=shapes_ntriples(), format="nt")
    _, report, _ = pyshacl.validate(
        Graph().parse(data=data, format="nt"), shacl_graph=shapes, inference="none"
    )
    rows = report.query(
        "PREFIX sh: <http://www.w3.org/ns/shacl#> SELECT ?focus ?shape ?severity { [] sh:result ?result . "
        "?result sh:focusNode ?focus ; sh:sourceShape ?shape ; sh:resultSeverity ?severity }"
    )
    return sorted((str(focus), str(shape), str(severity).removeprefix(SH)) for focus, shape, severity in rows)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_does_what_its_name_says(path):
    found = results_by_shacl(batch(path))
    assert EXPECTED[path.stem.split("-")[1]] == [severity for _, _, severity in found], found


def test_both_engines_find_the_same_in_all_examples():
    own_iri = (ntriples(path).replace(b"/demo/1", f"/demo/{path.stem}".encode()) for path in EXAMPLES)
    data = b"".join(own_iri) + vocab.ntriples()
    assert results_by_pyshacl(data) == results_by_shacl(data)


def test_vocabulary_itself_meets_no_shape():
    assert results_by_shacl(vocab.ntriples()) == []


def test_batch_needs_no_vocabulary_beside_it():
    for path in EXAMPLES:
        assert results_by_shacl(batch(path)) == results_by_shacl(ntriples(path)), path.stem


def test_there_are_examples_of_every_class_and_expectation():
    kinds = {path.stem.split("-")[0] for path in EXAMPLES}
    assert {"initiative", "project", "organisation", "place", "event", "resource", "video"} == kinds
    assert EXPECTED.keys() == {path.stem.split("-")[1] for path in EXAMPLES}
    assert len(EXAMPLES) >= 25
