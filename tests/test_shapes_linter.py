"""Shapes with faults are told apart from sound ones: all at once, where, what is wrong, what to do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time

import pytest
from conftest import ROOT

from harvester.shapes import lint, shape_files
from harvester.shapes.patterns import faults

HEAD = """@prefix archipel: <https://w3id.org/archipel/ns#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix schema: <http://schema.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix shape: <https://w3id.org/archipel/shapes#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
SAID = 'sh:severity sh:Warning ; sh:message "Donnez-le."@fr, "Give it."@en .'
SOUND = f"""
shape:Thing a sh:NodeShape ;
    sh:targetClass schema:Thing ;
    sh:property shape:name, shape:size ;
    sh:or ( shape:is-thing shape:is-other ) ;
    {SAID}

shape:name a sh:PropertyShape ;
    sh:path schema:name ;
    sh:minCount 1 ;
    sh:maxCount 3 ;
    sh:datatype xsd:string ;
    sh:pattern "^[a-z]+$" ;
    sh:flags "i" ;
    archipel:concealsValue true ;
    {SAID}

shape:size a sh:PropertyShape ;
    sh:path ( schema:size schema:value ) ;
    sh:minInclusive 0.5 ;
    sh:maxInclusive 1 ;
    sh:in ( 0.5 1 ) ;
    {SAID}

shape:is-thing a sh:NodeShape ; sh:class schema:Thing ; {SAID}
shape:is-other a sh:NodeShape ; sh:nodeKind sh:IRI ; {SAID}
"""


@pytest.fixture
def linted(tmp_path):
    """What the linter says of one file, `shapes/thing.ttl`."""

    def said(turtle, head=HEAD):
        path = tmp_path / "shapes" / "thing.ttl"
        path.parent.mkdir(exist_ok=True)
        path.write_text(head + turtle, encoding="utf-8")
        return [str(problem) for problem in lint([path])]

    return said


def changed(old, new):
    """The sound shapes with one thing changed."""
    assert SOUND.count(old) >= 1, old
    return SOUND.replace(old, new, 1)


def test_the_shapes_of_the_house_have_no_fault():
    assert [str(problem) for problem in lint(shape_files())] == []


def test_sound_shapes_have_no_fault(linted):
    assert linted(SOUND) == []


def test_linting_all_the_shapes_takes_less_than_three_tenths_of_a_second():
    begun = time.process_time()
    lint(shape_files())
    assert time.process_time() - begun < 0.3


ONE_FAULT = {
    "misspelt-term": (
        ("sh:minCount 1", "sh:minCont 1"),
        "shapes/thing.ttl:16: shape:name: no term 'sh:minCont' of SHACL Core or of ours; did you mean 'minCount'?",
    ),
    "term-of-shacl-sparql": (("sh:minCount 1", 'sh:select "SELECT"'), "no term 'sh:select' of SHACL Core"),
    "misspelt-own-term": (
        ("archipel:concealsValue", "archipel:concealValue"),
        "no term 'archipel:concealValue' of SHACL Core or of ours; did you mean 'concealsValue'?",
    ),
    "own-term-in-words": (('concealsValue true', 'concealsValue "yes"'), '"yes"; give true or false'),
    "misspelt-class": (("shape:size a sh:PropertyShape", "shape:size a sh:PropertyShap, sh:PropertyShape"), "no class 'sh:PropertyShap'"),
    "no-path": (("    sh:path schema:name ;\n", ""), "shape:name: has no sh:path and checks nothing"),
    "two-paths": (("sh:path schema:name", "sh:path schema:name, schema:alternateName"), "has 2 values of sh:path; keep one"),
    "path-in-words": (("sh:path schema:name", 'sh:path "name"'), 'sh:path "name" is no property path'),
    "path-of-one-step": (("( schema:size schema:value )", "( schema:size )"), "is no property path"),
    "path-unknown-operator": (("( schema:size schema:value )", "[ sh:inversPath schema:size ]"), "is no property path"),
    "path-on-a-node-shape": (("shape:name a sh:PropertyShape", "shape:name a sh:NodeShape"), "has a sh:path but is no sh:PropertyShape"),
    "count-on-a-node-shape": (("sh:nodeKind sh:IRI", "sh:minCount 1"), "shape:is-other: sh:minCount means nothing on a node shape"),
    "count-in-words": (("sh:minCount 1", 'sh:minCount "1"'), 'sh:minCount is "1"; give an integer, 0 or more'),
    "count-negative": (("sh:minCount 1", "sh:minCount -1"), "give an integer, 0 or more"),
    "count-decimal": (("sh:minCount 1", "sh:minCount 1.0"), "give an integer, 0 or more"),
    "two-counts": (("sh:minCount 1", "sh:minCount 1, 2"), "has 2 values of sh:minCount; keep one"),
    "min-over-max-count": (("sh:minCount 1", "sh:minCount 4"), "sh:minCount 4 and sh:maxCount 3 leave no value"),
    "min-over-max-value": (("sh:minInclusive 0.5", "sh:minInclusive 2"), "sh:minInclusive 2 and sh:maxInclusive 1 leave no value"),
    "min-meets-exclusive-max": (("sh:maxInclusive 1", "sh:maxExclusive 0.5"), "sh:minInclusive 0.5 and sh:maxExclusive 0.5"),
    "bound-is-an-iri": (("sh:minInclusive 0.5", "sh:minInclusive schema:low"), "give a literal to compare with"),
    "misspelt-datatype": (("xsd:string", "xsd:sting"), "no datatype 'xsd:sting'; did you mean 'string'?"),
    "datatype-in-words": (("xsd:string", '"string"'), "give an IRI"),
    "misspelt-node-kind": (("sh:nodeKind sh:IRI", "sh:nodeKind sh:Literl"), "no sh:nodeKind 'sh:Literl'; did you mean 'Literal'?"),
    "target-in-words": (("sh:targetClass schema:Thing", 'sh:targetClass "Thing"'), "give an IRI"),
    "switch-in-words": (("sh:minCount 1", 'sh:uniqueLang "yes"'), 'sh:uniqueLang is "yes"; give true or false'),
    "pattern-not-closed": (("^[a-z]+$", "^([a-z]+$"), "is refused by Python"),
    "pattern-looks-ahead": (("^[a-z]+$", "^(?=a)[a-z]+$"), "looks around, which Rust refuses; write it without"),
    "pattern-refers-back": (("^[a-z]+$", r"^(a)\\1$"), "refers back to a group, which Rust refuses"),
    "pattern-repeats-repeats": (("^[a-z]+$", "^([a-z]+)+$"), "can take Python for ever"),
    "flags-unknown": (('sh:flags "i"', 'sh:flags "x"'), "has the flags 'x', which not both engines know"),
    "flags-alone": (('    sh:pattern "^[a-z]+$" ;\n', ""), "sh:flags without sh:pattern"),
    "list-empty": (("( 0.5 1 )", "()"), "sh:in is an empty list, which nothing meets"),
    "list-cyclic": (("( 0.5 1 )", "_:b . _:b rdf:first 1 ; rdf:rest _:b . shape:size sh:name \"\""), "sh:in is no well-formed list"),
    "list-forked": (("( 0.5 1 )", "_:b . _:b rdf:first 1, 2 ; rdf:rest () . shape:size sh:name \"\""), "sh:in is no well-formed list"),
    "list-not-a-list": (("( 0.5 1 )", "schema:list"), "sh:in is no well-formed list"),
    "language-is-an-iri": (("sh:in ( 0.5 1 )", "sh:languageIn ( schema:fr )"), "sh:languageIn lists <http://schema.org/fr>"),
    "ignored-is-text": (("sh:nodeKind sh:IRI", 'sh:closed true ; sh:ignoredProperties ( "a" )'), "sh:ignoredProperties lists"),
    "shape-not-written": (("shape:name, shape:size", "shape:nam, shape:name, shape:size"), "no shape 'shape:nam' for sh:property; did you mean 'name'?"),
    "shape-in-list-not-written": (("shape:is-thing shape:is-other", "shape:is-thing shape:is-other shape:zzz"), "no shape 'shape:zzz' for sh:or; write it or remove the call"),
    "node-shape-as-property": (("shape:name, shape:size", "shape:name, shape:size, shape:is-thing"), "'shape:is-thing', which has no sh:path; use sh:node"),
    "recursion": (("sh:minCount 1", "sh:node shape:Thing"), "shape:Thing: calls upon itself: shape:Thing → shape:name → shape:Thing; break the circle"),
    "anonymous-property": (("shape:name, shape:size", "shape:name, shape:size, [ a sh:PropertyShape ]"), "shape:Thing: calls upon a shape without a name in sh:property"),
    "anonymous-node": (("shape:is-thing shape:is-other", "shape:is-thing shape:is-other [ sh:nodeKind sh:IRI ]"), "calls upon a shape without a name in sh:or"),
    "no-english": ((', "Give it."@en', ""), "shape:Thing: has no message in English"),
    "two-french": ((', "Give it."@en', ', "Et de deux."@fr, "Give it."@en'), "has more than one message in French"),
    "message-empty": (('"Donnez-le."', '" "'), "has no message in French"),
    "message-in-german": ((', "Give it."@en', ', "Gib es."@de, "Give it."@en'), "has a message in 'de'"),
    "no-severity": (("sh:severity sh:Warning ;", ""), "shape:Thing: has no sh:severity"),
    "two-severities": (("sh:severity sh:Warning", "sh:severity sh:Warning, sh:Info"), "has 2 values of sh:severity"),
    "misspelt-severity": (("sh:severity sh:Warning", "sh:severity sh:Warn"), "no sh:severity 'sh:Warn'; did you mean 'Warning'?"),
    "no-target": (("    sh:targetClass schema:Thing ;\n", ""), "shape:Thing: has no target and no shape calls upon it"),
    "property-of-nobody": (("shape:name, shape:size", "shape:name"), "shape:size: has no target and no shape calls upon it"),
    "constrains-nothing": (("    sh:minInclusive 0.5 ;\n    sh:maxInclusive 1 ;\n    sh:in ( 0.5 1 ) ;\n", ""), "shape:size: constrains nothing"),
    "foreign-name": (("shape:is-other a", "shape:is-other sh:order 1 . schema:is-other a"), "its IRI is outside 'https://w3id.org/archipel/shapes#'"),
    "target-of-a-misspelt-shape": (("shape:is-thing a", "shape:Thin sh:targetClass schema:Event . shape:is-thing a"), "shape:Thin: constrains nothing"),
    "unknown-prefix": (("schema:Thing", "shema:Thing"), "shapes/thing.ttl:9: cannot be read as Turtle: The prefix shema: has not been declared; correct it"),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_FAULT)
def test_a_fault_is_told(linted, name):
    (old, new), expected = ONE_FAULT[name]
    said = linted(changed(old, new))
    assert [line for line in said if expected in line], said


ALONE = [
    name
    for name in ONE_FAULT
    if not re.search("shape-not|in-list|recursion|foreign|misspelt-shape|prefix|on-a-node|node-shape|alone|no-path|list|anonymous|operator", name)
]  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_one_fault_is_told_once_and_brings_no_other(linted, name):
    (old, new), _ = ONE_FAULT[name]
    assert len(linted(changed(old, new))) == 1


def test_the_line_is_that_of_the_fault_and_not_of_the_shape(linted):
    said = linted(changed("sh:maxInclusive 1", "sh:maxInclusive schema:high"))
    (line,) = [n for n, text in enumerate((HEAD + SOUND).splitlines(), 1) if "maxInclusive" in text]
    assert [one.split(": ")[0] for one in said] == [f"shapes/thing.ttl:{line}"]


def test_all_faults_are_told_at_once_by_file_and_line(linted):
    turtle = changed("sh:minCount 1", "sh:minCont 1").replace("( 0.5 1 )", "()").replace("sh:IRI", "sh:Iri")
    said = linted(turtle)
    assert len(said) == 3
    assert said == sorted(said, key=lambda line: int(line.split(":")[1]))


def test_a_file_that_cannot_be_read_hides_no_fault_of_the_others(tmp_path):
    broken, other = tmp_path / "broken.ttl", tmp_path / "other.ttl"
    broken.write_text(HEAD + "shape:Thing a sh:NodeShape ; sh:property .")
    other.write_text(
        HEAD
        + f"shape:Thing sh:targetClass schema:Thing . shape:a a sh:NodeShape ; sh:nodeKind sh:Iri ; {SAID}"
    )
    said = [str(problem).split(": ", 1)[1] for problem in lint([broken, other])]
    assert len(said) == 2, said
    assert said[0].startswith("cannot be read as Turtle")
    assert said[1].startswith("shape:a: no sh:nodeKind 'sh:Iri'")


def test_a_shape_declared_in_two_files_is_told(tmp_path):
    one, two = tmp_path / "one.ttl", tmp_path / "two.ttl"
    one.write_text(HEAD + SOUND)
    two.write_text(HEAD + "shape:name a sh:PropertyShape .")
    assert [problem.text for problem in lint([one, two])] == [
        "shape:name: is declared twice, and means both together; keep one or rename the other"
    ]


def test_a_target_given_in_another_file_is_no_fault(tmp_path):
    one, two = tmp_path / "one.ttl", tmp_path / "two.ttl"
    one.write_text(HEAD + changed("    sh:targetClass schema:Thing ;\n", ""))
    two.write_text(HEAD + "shape:Thing sh:targetClass schema:Thing .")
    assert lint([one, two]) == []


@pytest.mark.parametrize("turtle", ["", "schema:Thing a rdf:Property ."])
def test_shapes_without_a_shape_are_refused(linted, turtle):
    assert linted(turtle) == ["shapes/: there is no shape, so that nothing would be checked; add the shapes"]


def test_no_file_at_all_is_refused():
    assert [problem.text for problem in lint([])] == [
        "there is no shape, so that nothing would be checked; add the shapes"
    ]


@pytest.mark.parametrize(
    "pattern",
    [r"(?!a)b", r"(?<=a)b", r"(a)\1", r"(?P<n>a)(?P=n)", r"a++", r"(?>a)", r"a\Z", r"[[:alpha:]]", r"[a&&b]", r"*a", "a{3,2}"],
)  # fmt: skip
def test_a_pattern_outside_the_shared_dialect_is_refused(pattern):
    assert len(list(faults(pattern))) == 1


@pytest.mark.parametrize(
    "pattern",
    [r"^https?://[^/]", r"\(\?=a\)", r"[(?=]", r"\\1?", r"^([^<]|<+[^A-Za-z/!<])*<*$", r"(a|b)+\+", r"[*+]+", "[\u00a0\u202f.]", r"(?:a+)b", r"(?P<n>a)"],
)  # fmt: skip
def test_a_pattern_of_the_shared_dialect_is_sound(pattern):
    assert list(faults(pattern)) == []


@pytest.fixture
def house(tmp_path):
    """The package with shapes of its own, in a folder."""
    shutil.copytree(ROOT / "harvester", tmp_path / "harvester", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes" / "thing.ttl").write_text(HEAD + SOUND)
    (tmp_path / "vocab").symlink_to(ROOT / "vocab")
    (tmp_path / "sources.toml").write_text('[federation]\ntitle = "Essai"\n', encoding="utf-8")
    return tmp_path


def told(house, *command):
    environment = {**os.environ, "PYTHONPATH": str(house)}
    return subprocess.run(
        [sys.executable, "-m", "harvester", *command],
        cwd=house, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["check", "run"])
def test_the_harvester_refuses_to_start_with_faulty_shapes_and_says_each_fault(house, command):
    path = house / "shapes" / "more.ttl"
    path.write_text(HEAD + "shape:More a sh:NodeShape ; sh:targetClass schema:Thing ; sh:nodeKind sh:Iri .")

    said = told(house, command)

    assert said.returncode == 2
    assert [line.partition(": shape:More: ")[2][:12] for line in said.stderr.splitlines()] == [
        "has no messa", "has no messa", "has no sh:se", "no sh:nodeKi",
    ]  # fmt: skip
    assert all(line.startswith("shapes/more.ttl:7: ") for line in said.stderr.splitlines())


def test_the_harvester_starts_with_sound_shapes(house):
    assert told(house, "check").returncode == 0
