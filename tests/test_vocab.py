"""The vocabulary says what it must in both languages, keeps its promises, and reads as data everywhere."""

import json
import re
from functools import lru_cache

import pyoxigraph as ox
import pytest
from rdflib import Graph

from harvester import vocab

SKOS = "http://www.w3.org/2004/02/skos/core#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
DCTERMS = "http://purl.org/dc/terms/"
SCHEMA = "http://schema.org/"
PAIR = "http://virtual-assembly.org/ontologies/pair#"
BOTH = {"fr", "en"}

FOREIGN = {"odd": "http://metadata.un.org/sdg/", "presences": SCHEMA}
"""Schemes whose concepts are those of somebody else, and their namespace."""

ESSGLOBAL = r"http://purl\.org/essglobal/standard/"
KNOWN_TARGETS = re.compile(
    r"http://metadata\.un\.org/sdg/([1-9]|1[0-7])$|http://schema\.org/[A-Z]\w+$"
    rf"|{ESSGLOBAL}activities-modified/AM\d+0$|{ESSGLOBAL}themes/T([1-9]|1\d)$"
    rf"|{ESSGLOBAL}legal-form/L[1-5]$|{ESSGLOBAL}organisational-structure/OS\d+$"
)
"""What a match may point to outside our vocabulary."""


def store(content, form=ox.RdfFormat.N_TRIPLES):
    held = ox.Store()
    held.load(content, format=form)
    return held


@lru_cache(maxsize=1)
def vocabulary():
    return store(vocab.ntriples())


def objects(held, subject, predicate):
    return [quad.object for quad in held.quads_for_pattern(subject, ox.NamedNode(predicate), None)]


def values(held, subject, predicate):
    return [found.value for found in objects(held, ox.NamedNode(subject), predicate)]


def subjects(held, predicate, value=None):
    found = held.quads_for_pattern(None, ox.NamedNode(predicate), value and ox.NamedNode(value))
    return {quad.subject for quad in found}


def languages(held, subject, predicate):
    return {literal.language for literal in objects(held, subject, predicate)}


def instances(held, kind):
    return {node.value for node in subjects(held, RDF + "type", SKOS + kind)}


def members_by_scheme(held):
    concepts = instances(held, "Concept")
    for scheme in sorted(instances(held, "ConceptScheme")):
        yield scheme, sorted(concepts & {node.value for node in subjects(held, SKOS + "inScheme", scheme)})


def shown(names):
    return sorted(name.removeprefix(vocab.BASE) for name in names)


# What every concept says


@pytest.mark.parametrize("name", vocab.schemes())
def test_every_concept_has_its_labels_definitions_notation_and_scheme(name):
    held = vocabulary()
    for concept in vocab.scheme(name).values():
        node = ox.NamedNode(concept.iri)
        assert concept.labels.keys() == BOTH, concept.iri
        assert concept.definitions.keys() == BOTH, concept.iri
        assert concept.notation, concept.iri
        assert concept.top, concept.iri
        assert [f"{vocab.BASE}{name}"] == [value.value for value in objects(held, node, SKOS + "inScheme")]


def test_every_scheme_has_titles_descriptions_a_licence_and_the_version_of_a_release():
    held = vocabulary()
    releases = re.findall(r"^## (\S+)", (vocab.folder() / "CHANGELOG.md").read_text(), re.MULTILINE)
    for scheme in map(ox.NamedNode, instances(held, "ConceptScheme")):
        assert languages(held, scheme, DCTERMS + "title") == BOTH, scheme
        assert "fr" in languages(held, scheme, DCTERMS + "description"), scheme
        assert len(objects(held, scheme, DCTERMS + "license")) == 1, scheme
    versions = list(held.quads_for_pattern(None, ox.NamedNode(OWL + "versionInfo"), None))
    assert len(versions) > len(instances(held, "ConceptScheme"))
    assert {version.object.value for version in versions} <= set(releases)


def test_own_terms_have_labels_and_comments_in_both_languages():
    held = vocabulary()
    terms = [node for node in subjects(held, RDF + "type") if node.value.startswith(vocab.ARCHIPEL)]
    assert len(terms) >= 30
    for term in terms:
        assert languages(held, term, RDFS + "label") == BOTH, term
        assert languages(held, term, RDFS + "comment") == BOTH, term


# Rules for life: what no change of the vocabulary may break


def misshapen_ids(held):
    """Ids are lower-case words joined by hyphens; those of licences are SPDX identifiers."""
    for scheme, concepts in members_by_scheme(held):
        word = r"[A-Za-z0-9.-]+" if scheme.endswith("/licences") else r"[a-z0-9]+(-[a-z0-9]+)*"
        space = FOREIGN.get(scheme.removeprefix(vocab.BASE))
        pattern = re.escape(space or f"{scheme}/") + (r"\w+" if space else word)
        if not scheme.startswith(vocab.BASE + "alignments/"):
            yield from (one for one in concepts if not re.fullmatch(pattern, one))


def shared_names(held):
    """A notation, an id or a preferred label names one concept of its scheme only."""
    for scheme, concepts in members_by_scheme(held):
        ours = not scheme.startswith(vocab.BASE + "alignments/")
        taken = {}
        for concept in concepts:
            names = {("id", concept.rpartition("/")[2])} if ours else set()
            names |= {("id", notation) for notation in values(held, concept, SKOS + "notation")}
            labels = objects(held, ox.NamedNode(concept), SKOS + "prefLabel") if ours else []
            names |= {(label.language, label.value) for label in labels}
            yield from (concept for name in names if taken.setdefault(name, concept) != concept)


def misplaced(held):
    """A concept of ours is a top one or has a wider one; `skos:broader` stays in the scheme, no cycle."""
    for scheme, concepts in members_by_scheme(held):
        for concept in concepts:
            wider = values(held, concept, SKOS + "broader")
            top = scheme in values(held, concept, SKOS + "topConceptOf")
            flat = scheme.startswith(vocab.BASE + "alignments/")
            if not set(wider) <= set(concepts) or (top == bool(wider) and not flat):
                yield concept
            above = set()
            while wider:
                above.update(wider)
                wider = {two for one in wider for two in values(held, one, SKOS + "broader")} - above
            if concept in above:
                yield concept


def one_sided(held):
    """`skos:related` is said by both."""
    for concept in instances(held, "Concept"):
        for other in values(held, concept, SKOS + "related"):
            if concept not in values(held, other, SKOS + "related"):
                yield concept


def pointing_nowhere(held):
    """A match or a member is a concept of ours, or a term of a vocabulary we know."""
    concepts = instances(held, "Concept")
    relations = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch", "related", "member")
    for relation in relations:
        for quad in held.quads_for_pattern(None, ox.NamedNode(SKOS + relation), None):
            target = quad.object.value
            if target not in concepts and not KNOWN_TARGETS.match(target):
                yield quad.subject.value


def retired_without_a_word(held):
    """A deprecated concept names a living one that replaces it, or says why there is none."""
    retired = {node.value for node in subjects(held, OWL + "deprecated")}
    living = instances(held, "Concept") - retired
    for concept in retired & instances(held, "Concept"):
        heirs = values(held, concept, DCTERMS + "isReplacedBy")
        if not set(heirs) <= living or not (heirs or values(held, concept, SKOS + "changeNote")):
            yield concept


RULES = (misshapen_ids, shared_names, misplaced, one_sided, pointing_nowhere, retired_without_a_word)
BREACHES = {
    misshapen_ids: "t:Deux_Mots a skos:Concept ; skos:inScheme <t> .",
    shared_names: """t:a a skos:Concept ; skos:inScheme <t> ; skos:prefLabel "Pain"@fr .
        t:b a skos:Concept ; skos:inScheme <t> ; skos:prefLabel "Pain"@fr .""",
    misplaced: """t:a a skos:Concept ; skos:inScheme <t> ; skos:broader t:b .
        t:b a skos:Concept ; skos:inScheme <t> ; skos:broader t:a .""",
    one_sided: "t:a a skos:Concept ; skos:inScheme <t> ; skos:related t:b . t:b a skos:Concept .",
    pointing_nowhere: "t:a a skos:Concept ; skos:inScheme <t> ; skos:closeMatch t:gone .",
    retired_without_a_word: """t:a a skos:Concept ; owl:deprecated true ; dcterms:isReplacedBy t:b .
        t:b a skos:Concept ; owl:deprecated true ; skos:changeNote "Sans usage"@fr .""",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_concept_breaks_the_rule(rule):
    assert shown(rule(vocabulary())) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_finds_a_breach(rule):
    head = f"@base <{vocab.BASE}> . @prefix t: <{vocab.BASE}t/> . <t> a skos:ConceptScheme . "
    spaces = {"skos": SKOS, "owl": OWL, "dcterms": DCTERMS}
    prefixes = "".join(f"@prefix {name}: <{space}> . " for name, space in spaces.items())
    faulty = store((prefixes + head + BREACHES[rule]).encode(), ox.RdfFormat.TURTLE)
    assert shown(rule(faulty)) != []


def test_deprecated_concept_is_still_known_and_says_so(tmp_path, monkeypatch):
    (tmp_path / "schemes").mkdir()
    (tmp_path / "schemes" / "retired.ttl").write_text(
        f"""@prefix skos: <{SKOS}> . @prefix owl: <{OWL}> . @base <{vocab.BASE}retired/> .
        <old> a skos:Concept ; skos:notation "old" ; owl:deprecated true ; skos:changeNote "Sans usage"@fr .
        <new> a skos:Concept ; skos:notation "new" ."""
    )
    monkeypatch.setattr(vocab, "folder", lambda: tmp_path)
    retired = vocab.scheme("retired")
    assert {name: concept.deprecated for name, concept in retired.items()} == {"old": True, "new": False}


# What the schemes hold


def test_there_are_thirteen_themes_and_five_phases_in_order():
    assert len(vocab.scheme("themes")) == 13
    phases = vocab.scheme("phases")
    assert [phases[str(order)].notation for order in range(1, 6)] == ["1", "2", "3", "4", "5"]
    assert phases["3"] == phases["developpement"]


def test_types_count_under_existing_themes():
    themes = {theme.iri for theme in vocab.scheme("themes").values()}
    assert (f"{vocab.BASE}themes/alimentation",) == vocab.scheme("types")["amap"].themes
    assert all(themes.issuperset(kind.themes) for kind in vocab.scheme("types").values())


def test_records_of_some_types_get_a_class_as_well():
    classes = {name: kind.classes for name, kind in vocab.scheme("types").items() if kind.classes}
    assert classes == {
        "formation": (SCHEMA + "Course",),
        "film": (SCHEMA + "Movie",),
        "rapport": (SCHEMA + "Report",),
        "entretien": (SCHEMA + "CreativeWork",),
        "plateforme": (PAIR + "BitBasedResource",),
        "competence": (PAIR + "Skill",),
    }


def test_statuses_of_events_are_those_of_schema_org():
    exact = {name: status.exact for name, status in vocab.scheme("statuts").items() if status.exact}
    assert exact == {
        "prevu": (SCHEMA + "EventScheduled",),
        "reporte": (SCHEMA + "EventPostponed",),
        "annule": (SCHEMA + "EventCancelled",),
    }


def test_concepts_of_others_keep_their_iris():
    goals, attendance = vocab.scheme("odd"), vocab.scheme("presences")
    assert {f"{FOREIGN['odd']}{number}" for number in range(1, 18)} == {goal.iri for goal in goals.values()}
    assert attendance["online"].iri == SCHEMA + "OnlineEventAttendanceMode"
    assert attendance["online"] == attendance["OnlineEventAttendanceMode"]


def test_every_theme_is_close_to_a_goal_and_to_essglobal():
    held = vocabulary()
    for theme in vocab.scheme("themes").values():
        close = " ".join(values(held, theme.iri, SKOS + "closeMatch"))
        assert "http://metadata.un.org/sdg/" in close, theme.iri
        assert "http://purl.org/essglobal/standard/" in close, theme.iri


def test_solutions_lead_to_planetary_boundaries_and_back():
    boundary = f"{vocab.BASE}limites-planetaires/acidification-oceans"
    assert len(vocab.scheme("limites-planetaires")) == 9
    related = values(vocabulary(), boundary, SKOS + "related")
    assert shown(related) == ["types/pollution-rivieres", "types/sensibilisation"]


def test_concept_in_a_hierarchy_knows_its_wider_concept_and_its_top():
    needs = vocab.scheme("besoins")
    assert needs["silos"].broader == (needs["difficultes"].iri,)
    assert needs["silos"].top == needs["difficultes"].iri == needs["difficultes"].top


def test_compasses_gather_criteria_and_are_no_criteria():
    held = vocabulary()
    compasses = instances(held, "Collection")
    assert len(compasses) == 3
    criteria = {criterion.iri for criterion in vocab.scheme("criteres-pionniers").values()}
    assert len(criteria) == 7
    for compass in compasses:
        assert criteria.issuperset(values(held, compass, SKOS + "member"))
        assert compass not in criteria


def test_pact_has_three_principles_and_thirty_two_measures_of_which_the_unread_say_so():
    pact = vocab.scheme("pacte-2020")
    assert [pact[letter].notation for letter in "ABC"] == ["A", "B", "C"]
    for number in range(1, 33):
        measure = pact[str(number)]
        assert measure == pact[f"mesure-{number:02}"]
        unread = values(vocabulary(), measure.iri, vocab.ARCHIPEL + "toAlign") == ["true"]
        assert unread == measure.labels["fr"].endswith("(intitulé à compléter)"), measure.iri


# Alignments


@pytest.mark.parametrize("name", vocab.alignments())
def test_alignments_point_to_existing_concepts(name):
    known = {concept.iri for scheme in vocab.schemes() for concept in vocab.scheme(scheme).values()}
    assert vocab.alignment(name)
    assert all(known.issuperset(matches) for matches in vocab.alignment(name).values())


@pytest.mark.parametrize("name", vocab.alignments())
def test_what_a_category_is_close_to_it_also_gives(name):
    held = vocabulary()
    for node in subjects(held, SKOS + "inScheme", f"{vocab.BASE}alignments/{name}"):
        close = values(held, node.value, SKOS + "closeMatch")
        assert set(close) <= set(values(held, node.value, SKOS + "broadMatch")), node


def test_categories_are_found_by_identifier_and_by_unambiguous_label():
    mobility, cycling = f"{vocab.BASE}themes/mobilite", f"{vocab.BASE}types/velo"
    aligned = vocab.alignment("presdecheznous")
    assert (mobility, cycling) == aligned["10490"] == aligned["595"] == aligned["Vélo"]
    assert "Autre" not in aligned


def test_category_wider_than_our_themes_is_known_and_gives_none():
    assert vocab.alignment("transiscope")["33"] == ()


def test_categories_lead_to_statuses_and_needs_as_well():
    assert vocab.alignment("colibris-etats")["2"] == (f"{vocab.BASE}statuts/en-sommeil",)
    assert vocab.alignment("ademe-fiches")["Cas d'usages"] == (f"{vocab.BASE}besoins/cas-usage",)


def test_transiscope_has_its_24_categories_under_8_headings():
    space = f"{vocab.BASE}alignments/transiscope"
    held = vocabulary()
    top = {node.value for node in subjects(held, SKOS + "topConceptOf", space)}
    headings = {one for one in top if not values(held, one, SKOS + "exactMatch")}
    below = {node.value for node in subjects(held, SKOS + "broader") if node.value.startswith(space)}
    assert len(headings) == 8
    assert len(below) + len({f"{space}/13"} & headings) == 24


def test_unknown_alignment_is_refused_with_the_known_names():
    with pytest.raises(LookupError, match="no alignment 'colibri'; known: ademe-domaines, ademe-fiches"):
        vocab.alignment("colibri")


def test_unknown_scheme_is_refused_with_the_known_names():
    with pytest.raises(LookupError, match="no scheme 'theme'; known: besoins, boussole-2019"):
        vocab.scheme("theme")


def test_unknown_licence_is_not_publishable_and_all_others_are():
    licences = vocab.licences()
    assert {"unknown"} == {name for name, licence in licences.items() if not licence.publishable}
    assert {"CC0-1.0", "unknown"} == {name for name, licence in licences.items() if not licence.attribution}
    assert licences["ODbL-1.0"].url == "https://opendatacommons.org/licenses/odbl/1-0/"
    assert licences["permission"].url is None


# Files, prefixes and context


def turtle_files():
    return [path for path in vocab.folder().rglob("*.ttl") if path.parent.name != "territoire"]


def test_vocabulary_graph_is_sorted_without_duplicate_or_blank_node():
    lines = vocab.ntriples().splitlines()
    assert sorted(set(lines)) == lines
    assert not any(line.startswith(b"_:") or b" _:" in line.rpartition(b'"')[2] for line in lines)


def test_every_file_of_the_vocabulary_is_published_whole():
    published = set(vocab.ntriples().splitlines())
    for path in turtle_files():
        lines = ox.serialize((quad.triple for quad in ox.parse(path=path)), format=ox.RdfFormat.N_TRIPLES)
        assert published.issuperset(lines.splitlines()), path.name


def test_context_and_turtle_files_agree_with_the_prefix_table():
    table = vocab.prefixes()
    context = json.loads((vocab.folder() / "context.jsonld").read_text())["@context"]
    assert table.items() <= context.items()
    for path in (*turtle_files(), *vocab.shapes_folder().glob("*.ttl")):
        for prefix, namespace in re.findall(r"@prefix ([^:\s]+): <(.*)> \.", path.read_text()):
            assert table[prefix] == namespace, path.name


def test_every_scheme_has_a_prefix():
    spaces = set(vocab.prefixes().values())
    assert spaces.issuperset(FOREIGN.get(name, f"{vocab.BASE}{name}/") for name in vocab.schemes())


def test_context_names_every_own_term_and_no_other():
    context = json.loads((vocab.folder() / "context.jsonld").read_text())["@context"]
    named = {term if isinstance(term, str) else term["@id"] for term in context.values() if term != 1.1}
    own = {name.removeprefix("archipel:") for name in named if name.startswith("archipel:")}
    declared = subjects(vocabulary(), RDF + "type")
    assert own == {
        node.value.removeprefix(vocab.ARCHIPEL) for node in declared if node.value.startswith(vocab.ARCHIPEL)
    }


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph")  # until rdflib's own JSON-LD parser stops using it
def test_context_and_hyphenated_prefixes_are_understood_by_both_libraries():
    context = json.loads((vocab.folder() / "context.jsonld").read_text())
    document = {
        **context,
        "id": "https://example.org/1",
        "legalForm": "formes-juridiques:scic",
        "value": "23",
    }
    by_rdflib = Graph().parse(data=json.dumps(document), format="json-ld")
    by_oxigraph = [quad.triple for quad in ox.parse(json.dumps(document), format=ox.RdfFormat.JSON_LD)]
    said = {(triple.predicate.value, triple.object.value) for triple in by_oxigraph}
    assert said == {(str(predicate), str(value)) for _, predicate, value in by_rdflib}
    assert (vocab.ARCHIPEL + "legalForm", f"{vocab.BASE}formes-juridiques/scic") in said


def test_rdflib_reads_the_schemes_as_pyoxigraph_does():
    for path in (vocab.folder() / "schemes").glob("*.ttl"):
        assert len(Graph().parse(path)) == len(set(ox.parse(path=path))), path.name


def test_schema_and_wgs_keep_their_http_namespaces():
    assert vocab.prefixes()["schema"] == "http://schema.org/"
    assert vocab.prefixes()["wgs"] == "http://www.w3.org/2003/01/geo/wgs84_pos#"


def test_fingerprint_is_a_stable_sha256():
    first = vocab.fingerprint()
    vocab.fingerprint.cache_clear()
    assert re.fullmatch("[0-9a-f]{64}", first)
    assert first == vocab.fingerprint()
