"""The shapes do what their examples say, in both engines and both languages, and cover the whole profile."""

import re
import subprocess
import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from harvester import items, vocab
from harvester.cleaning.text import scrub
from harvester.cleaning.web import GENERIC
from harvester.model import Finding, Outcome, Severity
from harvester.profile import full, writing
from harvester.shapes import (
    Checker,
    concealing,
    message,
    messages,
    pyshacl_engine,
    shacl_engine,
    shapes_turtle,
)

SH = "http://www.w3.org/ns/shacl#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SHAPE = "https://w3id.org/archipel/shapes#"
BOTH = {"fr", "en"}

EXAMPLES = sorted((Path(__file__).parent / "shapes").glob("*.ttl"))
NAME = re.compile(r"(?P<kind>.+?)-(?P<expected>valid|invalid|warns|informs)-(?P<what>.+)")
EXPECTED = {"valid": set(), "invalid": {"Violation"}, "warns": {"Warning"}, "informs": {"Info"}}
KINDS = {*items.KINDS, *items.DEPENDENTS, "source", "run", "territory"}
TERMS = [
    "alternativePath", "closed", "datatype", "equals", "flags", "hasValue", "ignoredProperties", "in",
    "lessThanOrEquals", "maxCount", "maxInclusive", "maxLength", "message", "minCount", "minInclusive", "minLength",
    "node", "nodeKind", "not", "or", "path", "pattern", "property", "qualifiedMaxCount", "qualifiedValueShape",
    "severity", "targetClass", "targetObjectsOf", "targetSubjectsOf", "uniqueLang",
]  # fmt: skip
NOT_CONSTRAINTS = {"flags", "message", "path", "property", "severity"} | {
    term for term in TERMS if term.startswith("target")
}
SCHEMES = {
    "actor-type": "types-acteurs",
    "attendance": "presences",
    "category": "types besoins competences-ademe",
    "challenge": "defis-ademe-2021",
    "criterion": "criteres-pionniers boussole-2019 boussole-2026 criteres-entretiens criteres-recherche-action",
    "decision-mode": "decisions",
    "election": "elections",
    "funding-type": "financements",
    "legal-form": "formes-juridiques",
    "level": "niveaux",
    "licence": "licences",
    "location-precision": "precisions",
    "maturity": "maturites",
    "measure-known": "pacte-2020",
    "measured": "mesures",
    "membership-role": "roles",
    "objective": "objectifs",
    "phase": "phases",
    "planetary-boundary": "limites-planetaires",
    "post-role": "roles",
    "promise": "promesses",
    "scope": "echelles",
    "sdg": "odd",
    "source-licence": "licences",
    "status": "statuts",
    "territory-type": "types-territoires",
    "top-theme": "themes",
    "topic": "themes",
}
"""Property shape -> the schemes it takes concepts from."""


@lru_cache(maxsize=1)
def shapes_graph():
    held = ox.Store()
    held.load(shapes_turtle().encode(), format=ox.RdfFormat.TURTLE)
    return held


def objects(held, subject, predicate):
    return [quad.object for quad in held.quads_for_pattern(subject, ox.NamedNode(predicate), None)]


def subjects(held, predicate, value=None):
    found = held.quads_for_pattern(None, ox.NamedNode(predicate), value and ox.NamedNode(value))
    return {quad.subject for quad in found}


def languages(held, subject, predicate):
    return {literal.language for literal in objects(held, subject, predicate)}


def members(held, head):
    while head.value != RDF + "nil":
        yield objects(held, head, RDF + "first")[0]
        head = objects(held, head, RDF + "rest")[0]


def all_shapes():
    kinds = (SH + "NodeShape", SH + "PropertyShape")
    return {subject for kind in kinds for subject in subjects(shapes_graph(), RDF + "type", kind)}


def shape(name):
    return ox.NamedNode(SHAPE + name)


def called(shapes, *terms):
    """The names of the shapes that these call upon by the given terms, lists unrolled."""
    held = shapes_graph()
    found = (value for one in shapes for term in terms for value in objects(held, one, SH + term))
    parts = (members(held, one) if isinstance(one, ox.BlankNode) else (one,) for one in found)
    return {part.value.removeprefix(SHAPE) for several in parts for part in several}


# Shapes


def test_every_shape_is_named_bilingual_and_has_a_severity():
    held = shapes_graph()
    assert len(all_shapes()) > 200
    for one in all_shapes():
        assert isinstance(one, ox.NamedNode)
        assert one.value.startswith(SHAPE)
        assert languages(held, one, SH + "message") == BOTH, one
        assert len(objects(held, one, SH + "severity")) == 1, one


def test_property_shapes_have_one_path_and_no_shape_is_anonymous():
    held = shapes_graph()
    assert subjects(held, SH + "path") == subjects(held, RDF + "type", SH + "PropertyShape")
    assert all(len(objects(held, one, SH + "path")) == 1 for one in subjects(held, SH + "path"))
    nested = called(all_shapes(), "property", "not", "node", "or", "qualifiedValueShape")
    assert nested <= {one.value.removeprefix(SHAPE) for one in all_shapes()}


def test_shapes_use_only_the_terms_they_are_meant_to_use():
    used = {
        quad.predicate.value.removeprefix(SH)
        for quad in shapes_graph()
        if quad.predicate.value.startswith(SH)
    }
    assert sorted(used) == sorted(TERMS)


def test_patterns_compile_without_look_around_or_back_reference():
    patterns = [
        quad.object.value
        for quad in shapes_graph().quads_for_pattern(None, ox.NamedNode(SH + "pattern"), None)
    ]
    assert len(patterns) > 5
    for pattern in patterns:
        re.compile(pattern)
        assert not re.search(r"\(\?|\\[1-9]", pattern), pattern


def test_messages_speak_to_somebody_who_can_act():
    imperative = re.compile(r"^(\w+ez|Dites) ")
    for name, said in messages().items():
        assert imperative.match(said["fr"]), (name, said["fr"])
        assert said["fr"].endswith((".", "…")), name
        assert said["en"].endswith((".", "…")), name


def test_no_node_shape_hands_the_same_rule_to_a_thing_twice():
    """A thing of two classes meets both node shapes; what they share must be in one of them only."""
    held = shapes_graph()
    aimed = {}
    for one in subjects(held, SH + "targetClass"):
        for target in objects(held, one, SH + "targetClass"):
            aimed.setdefault(target.value, set()).add(one)
    written = [{full(name) for name in classes} for classes in writing.CLASSES.values()]
    written += [
        {full("archipel:Initiative"), *(full(name) for name in writing.CLASSES[kind])}
        for kind in writing.SHOWN_AS_INITIATIVES
    ]
    for classes in written:
        node_shapes = set().union(*(aimed.get(one, set()) for one in classes))
        parts = Counter(part for one in node_shapes for part in called([one], "property"))
        assert [part for part, times in parts.items() if times > 1] == [], classes


# Concepts


def test_the_lists_of_concepts_are_what_the_schemes_say():
    script = [sys.executable, ROOT / "scripts" / "schemes.py", "--check"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("scheme", vocab.schemes())
def test_list_of_a_scheme_holds_every_concept_and_no_other(scheme):
    (head,) = objects(shapes_graph(), shape(f"in-{scheme}"), SH + "in")
    listed = {node.value for node in members(shapes_graph(), head)}
    assert listed == {concept.iri for concept in vocab.scheme(scheme).values()}


@pytest.mark.parametrize(("name", "schemes"), sorted(SCHEMES.items()))
def test_property_takes_the_concepts_of_its_schemes(name, schemes):
    found = {one for one in called([shape(name)], "node", "or") if one.startswith("in-")}
    assert found == {f"in-{scheme}" for scheme in schemes.split()}


def test_every_scheme_is_asked_for_by_the_property_named_above():
    asking = {
        one.value.removeprefix(SHAPE)
        for one in all_shapes()
        if any(part.startswith("in-") for part in called([one], "node", "or"))
    }
    assert asking == SCHEMES.keys()
    assert {scheme for schemes in SCHEMES.values() for scheme in schemes.split()} == set(vocab.schemes())


def test_frameworks_are_the_schemes_of_the_criteria():
    (head,) = objects(shapes_graph(), shape("framework"), SH + "in")
    listed = {node.value.removeprefix(vocab.BASE) for node in members(shapes_graph(), head)}
    assert listed == set(SCHEMES["criterion"].split())


def test_outcomes_of_a_run_are_those_of_the_code():
    (head,) = objects(shapes_graph(), shape("run-outcome"), SH + "in")
    assert [literal.value for literal in members(shapes_graph(), head)] == list(Outcome)


# The whole profile is covered


def paths():
    """Every property that a property shape looks at, as IRIs."""
    held = shapes_graph()
    for quad in held.quads_for_pattern(None, ox.NamedNode(SH + "path"), None):
        if isinstance(quad.object, ox.NamedNode):
            yield quad.object.value
        else:
            (head,) = objects(held, quad.object, SH + "alternativePath")
            yield from (one.value for one in members(held, head))


def written_terms(kind=None):
    """What the profile writes for the fields of a kind, or of all, as prefixed names."""
    fields = items.fields(kind) if kind else items.FIELDS
    for name, (terms, _) in writing.FIELDS.items():
        if name in fields:
            yield from terms
    for table in (writing.DEPENDENTS, writing.AMOUNTS):
        yield from (term for name, (term, _) in table.items() if name in fields)
    yield from (term for name, term in writing.ADDRESS.items() if name in fields and kind is None)
    yield from writing.ROLES.values() if kind is None else ()


def test_every_property_that_the_profile_writes_has_its_shape():
    assert {full(term) for term in written_terms()} - set(paths()) == set()


def test_a_list_may_say_what_the_profile_writes_of_it_and_nothing_else():
    (head,) = objects(shapes_graph(), shape("list-allowed"), SH + "ignoredProperties")
    allowed = {node.value for node in members(shapes_graph(), head)}
    beside = (
        "rdf:type dcterms:identifier dcterms:isPartOf dcterms:license pair:hasTopic archipel:topTheme dcterms:spatial "
        "archipel:inTerritory archipel:locationPrecision pair:hasLocation schema:address archipel:missingSince "
        "archipel:staleSince archipel:correction"
    )
    written = {full(term) for term in (*written_terms("participatory-list"), *beside.split())}
    assert allowed == written


def test_every_class_that_the_profile_writes_is_a_known_kind_of_record():
    (head,) = objects(shapes_graph(), shape("type"), SH + "in")
    known = {node.value for node in members(shapes_graph(), head)}
    written = {full(name) for kind in items.KINDS for name in writing.CLASSES[kind]}
    implied = {one for concept in vocab.scheme("types").values() for one in concept.classes}
    assert known == written | implied


# Privacy


def test_every_shape_about_contacts_conceals_its_value():
    held = shapes_graph()
    texts = {RDFS + "label", "http://schema.org/email", "http://schema.org/telephone"}
    wary = {one for one in all_shapes() if called([one], "not") & {"holds-email", "holds-mobile"}}
    wary |= {one for one in all_shapes() if one.value.startswith(SHAPE + "privacy-")}
    wary |= {
        one
        for path in texts
        for one in subjects(held, SH + "path", path)
        if not objects(held, one, SH + "minCount") or objects(held, one, SH + "pattern")
    }
    assert wary - {shape("territory-name")} <= subjects(held, vocab.ARCHIPEL + "concealsValue")


def pattern_of(name):
    held = shapes_graph()
    (pattern,) = objects(held, shape(name), SH + "pattern")
    return re.compile(pattern.value, re.IGNORECASE if objects(held, shape(name), SH + "flags") else 0)


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


def test_whoever_names_a_person_is_looked_at_wherever_it_stands():
    """The targets of a privacy shape are the very properties of its path."""
    held = shapes_graph()
    for name in ("privacy-text", "privacy-name", "privacy-member"):
        (path,) = objects(held, shape(name), SH + "path")
        (head,) = objects(held, path, SH + "alternativePath")
        assert set(members(held, head)) == set(objects(held, shape(name), SH + "targetSubjectsOf")), name


# Examples: the file name is the expectation, the first line names the rules that are broken


def told(path):
    """The kind of thing and what is expected of it, by the file's name."""
    found = NAME.fullmatch(path.stem)
    return found["kind"], found["expected"]


def broken(path):
    """The shapes that the example says it breaks."""
    first, _, _ = path.read_text(encoding="utf-8").partition("\n")
    return set(first.removeprefix("# breaks: ").split(", ")) if first.startswith("# breaks: ") else set()


def ntriples(path):
    return ox.serialize((quad.triple for quad in ox.parse(path=path)), format=ox.RdfFormat.N_TRIPLES)


@lru_cache(maxsize=1)
def fast():
    return shacl_engine()


def local(result):
    return result.shape.removeprefix(SHAPE)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_does_what_its_name_says(path):
    found = fast()(ntriples(path))
    _, expected = told(path)
    assert {result.severity.value for result in found} == EXPECTED[expected], found
    assert {local(result) for result in found} == broken(path)


@pytest.mark.parametrize("path", [one for one in EXAMPLES if broken(one)], ids=lambda path: path.stem)
def test_example_is_told_in_both_languages(path):
    for name in broken(path):
        (severity,) = objects(shapes_graph(), shape(name), SH + "severity")
        finding = Finding(Severity(severity.value.removeprefix(SH)), name, "", None)
        held = {one.language: one.value for one in objects(shapes_graph(), shape(name), SH + "message")}
        assert held == {language: message(finding, language) for language in BOTH}
        assert held["fr"] != held["en"]


def constraining():
    """The shapes that may be reported: those that constrain something themselves, and are aimed or handed on."""
    used_only = called(all_shapes(), "node", "not", "or", "qualifiedValueShape") - called(
        all_shapes(), "property"
    )
    held = shapes_graph()
    for one in all_shapes():
        said = {quad.predicate.value.removeprefix(SH) for quad in held.quads_for_pattern(one, None, None)}
        if said & (set(TERMS) - NOT_CONSTRAINTS) and one.value.removeprefix(SHAPE) not in used_only:
            yield one.value.removeprefix(SHAPE)


def test_every_rule_is_broken_by_an_example():
    named = set().union(*map(broken, EXAMPLES))
    assert named == set(constraining())


def own(path):
    """The triples of an example under names that no other example has, so that all fit in one batch."""
    data = ntriples(path)
    for shared in (b"id/demo/1", b"run/demo/1", b"sources/demo"):
        for end in (b">", b"#"):
            data = data.replace(b"8000/" + shared + end, b"8000/" + shared + b"-" + path.stem.encode() + end)
    territory, mine = b"/territoire/", b"/territoire/" + path.stem.encode() + b"-"
    return data.replace(territory, mine) if told(path)[0] == "territory" else data


def test_both_engines_find_the_same_in_all_examples():
    data = b"".join(map(own, EXAMPLES))
    by_shacl, by_pyshacl = (Counter(engine(data)) for engine in (fast(), pyshacl_engine()))
    assert len(by_shacl) > 200
    assert by_pyshacl == by_shacl


def test_one_thing_hears_the_same_rule_once_for_each_value():
    figures = {"run-kept", "source-entities", "territory-population"}  # ill-formed, and then not above zero
    for path in EXAMPLES:
        said = Counter((one.focus, one.shape, one.path, one.value) for one in fast()(ntriples(path)))
        twice = {key[1].removeprefix(SHAPE) for key, times in said.items() if times > 1}
        assert twice <= figures, path.stem


def test_findings_of_an_example_do_not_depend_on_the_batch():
    checker = Checker(fast())
    batch = [(f"http://localhost:8000/id/demo/1-{path.stem}", own(path)) for path in EXAMPLES]
    records = [one for one, path in zip(batch, EXAMPLES, strict=True) if b"/id/demo/1-" in own(path)]
    together = checker.findings(records)
    alone = {}
    for one in records:
        alone |= checker.findings([one])
    assert together == alone


def test_concealed_values_are_in_no_finding():
    checker = Checker(fast())
    seen = set()
    for path in EXAMPLES:
        for findings in checker.findings([("http://localhost:8000/id/demo/1", ntriples(path))]).values():
            for finding in findings:
                if finding.code in concealing():
                    seen.add(finding.code)
                    assert finding.value is None, path.stem
    assert len(seen) > 8


def test_vocabulary_itself_meets_no_shape():
    assert fast()(vocab.ntriples()) == []


def test_batch_needs_no_vocabulary_beside_it():
    data = b"".join(map(own, EXAMPLES))
    assert Counter(fast()(data + vocab.ntriples())) == Counter(fast()(data))


def test_there_is_a_minimal_and_a_complete_example_of_every_kind():
    stems = {path.stem for path in EXAMPLES}
    assert {told(path)[0] for path in EXAMPLES} == KINDS
    assert {f"{kind}-valid-{size}" for kind in KINDS for size in ("minimal", "complete")} - stems == set()


@pytest.mark.parametrize("kind", [*items.KINDS, *items.DEPENDENTS])
def test_complete_example_says_what_is_proper_to_its_kind(kind):
    path = Path(__file__).parent / "shapes" / f"{kind}-valid-complete.ttl"
    said = {quad.predicate.value for quad in ox.parse(path=path)}
    proper = {name for name, field in items.FIELDS.items() if kind in field.kinds}
    terms = {term for name in proper & writing.FIELDS.keys() for term in writing.FIELDS[name][0]}
    terms |= {writing.DEPENDENTS[name][0] for name in proper & writing.DEPENDENTS.keys()}
    assert {full(term) for term in terms} - said == set()


def test_complete_initiative_says_all_that_any_record_may_say():
    path = Path(__file__).parent / "shapes" / "initiative-valid-complete.ttl"
    said = {quad.predicate.value for quad in ox.parse(path=path)}
    common = {name for name, field in items.FIELDS.items() if not field.kinds}
    terms = {term for name in common & writing.FIELDS.keys() for term in writing.FIELDS[name][0]}
    terms |= {writing.DEPENDENTS[name][0] for name in common & writing.DEPENDENTS.keys()}
    assert {full(term) for term in terms} - said == {full("archipel:licenseFamily")}  # which always warns
