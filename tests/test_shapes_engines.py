"""Two engines, one contract: they find the same but for the differences listed, and neither spoils a batch."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache

import pyoxigraph as ox
import pytest
import rdflib
from conftest import ROOT
from shapes_generator import records

from harvester.errors import RecordError
from harvester.model import IRI, Finding, Severity
from harvester.shapes import (
    Checker,
    Engine,
    Result,
    messages,
    pyshacl_engine,
    shacl_engine,
    shape_files,
)
from harvester.shapes.written import Written, written

Batch = Sequence[tuple[IRI, bytes]]

ENGINES = {"shacl": shacl_engine, "pyshacl": pyshacl_engine}
DIFFERENCES = tomllib.loads((ROOT / "tests" / "known-differences.toml").read_text(encoding="utf-8"))[
    "difference"
]
XSD = "http://www.w3.org/2001/XMLSchema#"
PREFIXES = f"""@prefix e: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix shape: <https://w3id.org/archipel/shapes#> .
@prefix xsd: <{XSD}> .
"""
THING = "http://localhost:8000/id/demo/1"
OTHER = "http://localhost:8000/id/demo/2"

both = pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)


def about(constraint: str, target: str = "sh:targetSubjectsOf e:value") -> str:
    """Shapes that constrain the values of `e:value`."""
    return (
        f"{PREFIXES} shape:Thing a sh:NodeShape ; {target} ; sh:property shape:value .\n"
        f"shape:value a sh:PropertyShape ; sh:path e:value ; {constraint} ."
    )


def triples(turtle: str) -> bytes:
    written_out = ox.parse(input=PREFIXES + turtle, format=ox.RdfFormat.TURTLE)
    return ox.serialize((quad.triple for quad in written_out), format=ox.RdfFormat.N_TRIPLES)


# The contract


@both
def test_a_result_names_focus_severity_shape_path_and_value(engine):
    shapes = about('sh:severity sh:Warning ; sh:pattern "^b"')
    assert engine(shapes)(triples(f'<{THING}> e:value "a \\"é\\""@fr .')) == [
        Result(
            THING,
            Severity.WARNING,
            "https://w3id.org/archipel/shapes#value",
            "http://example.org/value",
            'a "é"',
        )
    ]


@both
def test_a_longer_path_and_a_missing_value_are_left_empty(engine):
    shapes = about("sh:minCount 1").replace("sh:path e:value", "sh:path ( e:value e:name )")
    (result,) = engine(shapes)(triples(f"<{THING}> e:value <{THING}#a> ."))
    assert (result.path, result.value) == ("", None)


@both
def test_an_inverse_path_is_no_property(engine):
    shapes = about("sh:minCount 1").replace("sh:path e:value", "sh:path [ sh:inversePath e:value ]")
    assert [one.path for one in engine(shapes)(triples(f"<{THING}> e:value 1 ."))] == [""]


@both
def test_a_focus_that_is_a_literal_is_written_as_in_ntriples(engine):
    shapes = about("sh:minCount 1", "sh:targetObjectsOf e:owner")
    data = triples(f"<{THING}> e:owner \"l'une\\nl'autre\"@fr, 1 .")
    assert sorted(one.focus for one in engine(shapes)(data)) == [
        f'"1"^^<{XSD}integer>',
        "\"l'une\\nl'autre\"@fr",
    ]


@both
def test_what_a_called_shape_finds_is_not_told_twice(engine):
    shapes = about("sh:node shape:short") + "shape:short a sh:NodeShape ; sh:maxLength 1 ."
    assert [one.shape[-6:] for one in engine(shapes)(triples(f'<{THING}> e:value "ab" .'))] == ["#value"]


@both
def test_conforming_and_empty_data_give_no_result(engine):
    check = engine(about("sh:minLength 1"))
    assert check(b"") == check(triples(f'<{THING}> e:value "ab" .')) == []


@both
@pytest.mark.parametrize(
    "data", [b"<a> <b> .", b'<http://a> <http://b> "c"@1 .', b"\xff\xfe", b"<http://a b> <http://b> 1 ."]
)
def test_what_an_engine_cannot_read_is_the_fault_of_a_record(engine, data):
    with pytest.raises(RecordError, match="the SHACL engine cannot read the batch: "):
        engine(about("sh:minCount 1"))(data)


@both
def test_each_engine_reads_the_shapes_of_the_house(engine):
    assert engine()(b"") == []


def test_a_panic_of_the_fast_engine_is_the_fault_of_a_record():
    data = triples(f'<{THING}> e:value "{"9" * 30}-01-01"^^xsd:date .')
    with pytest.raises(RecordError, match="the SHACL engine stopped at the batch: "):
        shacl_engine(about("sh:datatype xsd:date"))(data)


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize(
    "data",
    [
        b'<http://a> <http://b> "x"@1 .',
        f'<{THING}> <http://example.org/value> "01"^^<{XSD}integer> .'.encode(),
    ],
)
def test_the_slow_engine_leaves_rdflib_as_it_was(normalize, data):
    before, level = rdflib.NORMALIZE_LITERALS, logging.getLogger("rdflib").level
    rdflib.NORMALIZE_LITERALS = normalize
    try:
        Checker(pyshacl_engine(about("sh:minCount 2"))).findings([(IRI(THING), data)])
        assert rdflib.NORMALIZE_LITERALS is normalize
        assert logging.getLogger("rdflib").level == level
        assert str(rdflib.Literal("01", datatype=rdflib.XSD.integer)) == ("1" if normalize else "01")
    finally:
        rdflib.NORMALIZE_LITERALS = before


@both
def test_values_are_told_as_they_were_written(engine):
    shapes = about("sh:maxInclusive 0")
    data = f'<{THING}> <http://example.org/value> "01.50"^^<{XSD}decimal> .\n'.encode()
    assert [one.value for one in engine(shapes)(data)] == ["01.50"]


WITHOUT_WHEEL = """
import sys
sys.modules["shacl"] = None  # as where it has no wheel
from harvester import logs, shapes
logs.to_stderr(verbose=False)
for _ in range(2):
    engine = shapes.default_engine()
print(engine.__qualname__, [str(problem) for problem in shapes.lint(shapes.shape_files())])
"""


def test_without_a_wheel_the_slow_engine_is_used_and_the_log_says_so_once():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WITHOUT_WHEEL]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)

    assert said.stdout == "pyshacl_engine.<locals>.check []\n"
    (line,) = said.stderr.splitlines()
    assert "shapes are checked by the slow engine" in line
    assert "engine=pyshacl" in line


def test_every_message_is_told_in_both_languages():
    assert len(messages()) > 100
    assert {name for name, said in messages().items() if said.keys() != {"fr", "en"}} == set()


# Batches


@both
def test_an_unreadable_record_is_found_out_and_spoils_no_other(engine):
    good = [
        (
            IRI(f"http://localhost:8000/id/demo/{n}"),
            triples(f"<http://localhost:8000/id/demo/{n}> e:value {n} ."),
        )
        for n in range(9)
    ]
    batch = [*good[:6], (IRI("http://localhost:8000/id/demo/bad"), b"<a> nonsense .\n"), *good[6:]]

    found = Checker(engine(about("sh:maxInclusive 7"))).findings(batch)

    bad = found.pop(IRI("http://localhost:8000/id/demo/bad"))
    assert [(one.severity, one.code, one.field) for one in bad] == [
        (Severity.VIOLATION, "unreadable", "record")
    ]
    assert found == {
        IRI("http://localhost:8000/id/demo/8"): [Finding(Severity.VIOLATION, "value", "value", "8")]
    }


@both
def test_findings_of_a_dependent_are_those_of_its_record(engine):
    found = Checker(engine(about("sh:maxInclusive 0"))).findings(
        [(IRI(THING), triples(f"<{THING}#lieu> e:value 1 ."))]
    )
    assert list(found) == [THING]


@both
@pytest.mark.parametrize("foreign", ["<http://elsewhere.org/>", '"nowhere"@fr'])
def test_findings_about_something_foreign_are_told_to_every_record_that_speaks_of_it(engine, foreign):
    check = Checker(engine(about("sh:minCount 1", "sh:targetObjectsOf e:owner")))
    batch = [
        (IRI(THING), triples(f"<{THING}> e:owner {foreign} .")),
        (IRI(OTHER), triples(f"<{OTHER}> e:owner {foreign} .")),
        (IRI(OTHER + "0"), triples(f"<{OTHER}0> e:other 1 .")),
    ]
    found = check.findings(batch)
    assert sorted(found) == [THING, OTHER]
    assert found[IRI(THING)] == found[IRI(OTHER)] == check.findings(batch[:1])[IRI(THING)]


def test_a_long_value_is_cut_and_findings_are_sorted():
    shapes = about('sh:maxLength 3 ; sh:pattern "^a"')
    found = Checker(shacl_engine(shapes)).findings(
        [(IRI(THING), triples(f'<{THING}> e:value "b", "{"b" * 900}" .'))]
    )
    values = [one.value for one in found[IRI(THING)]]
    assert values == sorted(values)
    assert [len(value) for value in values] == [1, 200, 200]


# Generated records


@lru_cache(maxsize=1)
def shapes_as_written() -> Written:
    return written(shape_files())


@lru_cache(maxsize=2)
def engine_named(name: str) -> Engine:
    return ENGINES[name]()


Row = tuple[str, str, str, str]
"""Focus, path, severity, shape."""


def rows(name: str, batch: Batch) -> tuple[Counter[Row], list[IRI]]:
    """The results of an engine, and the records at which it stopped."""
    try:
        results = engine_named(name)(b"".join(ntriples for _, ntriples in batch))
        return Counter((one.focus, one.path, str(one.severity), one.shape) for one in results), []
    except RecordError:
        if len(batch) == 1:
            return Counter(), [batch[0][0]]
        middle = len(batch) // 2
        (one, stopped), (two, also) = rows(name, batch[:middle]), rows(name, batch[middle:])
        return one + two, stopped + also


def differences(batch: Batch) -> Iterator[tuple[str, str, Row | None, bytes]]:
    """("reports" or "stops", the engine that does, the result, the record) for all that differs."""
    known = dict(batch)
    found = {name: rows(name, batch) for name in ENGINES}
    stopped = {record for _, records in found.values() for record in records}
    for name, other in (("shacl", "pyshacl"), ("pyshacl", "shacl")):
        for record in found[name][1]:
            yield "stops", name, None, known[record]
        for row in found[name][0] - found[other][0]:
            record = next((one for one in known if row[0] == one or row[0].startswith(f"{one}#")), None)
            if record not in stopped:
                yield "reports", name, row, known.get(record, b"")


def explained(verb: str, name: str, row: Row | None, record: bytes) -> bool:
    """True when a listed difference says so."""
    return any(
        rule.get(verb) == name
        and (row is None or constrained(row[3], rule))
        and concerned(rule, literals_in(record, row))
        for rule in DIFFERENCES
    )


def constrained(shape: str, rule: dict) -> bool:
    return any(said(shape, term) for term in rule["constraint"])


@cache
def said(shape: str, term: str) -> tuple:
    """The values of a SHACL term in a shape or in those it calls upon."""
    whole, left, found = shapes_as_written(), [ox.NamedNode(shape)], []
    while left:
        one = left.pop()
        found += whole.values(one, term)
        left += [part for _, part in whole.parts(one)]
    return tuple(found)


def concerned(rule: dict, literals: Sequence[ox.Literal]) -> bool:
    """True when one of the literals is what the rule speaks of."""
    if rule.get("mixed"):
        return len({one.datatype for one in literals}) > 1
    return any(
        one.datatype.value.removeprefix(XSD) in rule.get("datatype", [one.datatype.value.removeprefix(XSD)])
        and re.fullmatch(rule["value"], one.value)
        for one in literals
    )


def literals_in(record: bytes, row: Row | None = None) -> list[ox.Literal]:
    """The literals of a record, or those at which the shape of a result looked."""
    return [
        quad.object
        for quad in ox.parse(input=record, format=ox.RdfFormat.N_TRIPLES)
        if isinstance(quad.object, ox.Literal) and (row is None or looked_at(quad, row))
    ]


def looked_at(quad: ox.Quad, row: Row) -> bool:
    focus, path, _, shape = row
    compared = [other.value for term in ("lessThan", "lessThanOrEquals") for other in said(shape, term)]
    return quad.subject.value == focus and quad.predicate.value in (path, *compared)


def unexplained(hundred: int, seed: int, count: int) -> list:
    """The differences in one hundred of `count` records that the list does not explain."""
    made = list(records(count, seed=seed, only=range(100 * hundred, 100 * (hundred + 1))))
    return [difference for difference in differences(made) if not explained(*difference)]


@pytest.mark.parametrize("hundred", range(10))
def test_both_engines_find_the_same_in_a_thousand_records_but_for_known_differences(hundred):
    assert unexplained(hundred, seed=1, count=1000) == []


@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(100))
def test_both_engines_find_the_same_in_ten_thousand_records_but_for_known_differences(hundred):
    assert unexplained(hundred, seed=2, count=10_000) == []


def test_whole_generated_records_meet_every_shape_but_broken_ones_do_not():
    check = Checker(engine_named("shacl"))
    assert check.findings(list(records(500, seed=3, broken=0))) == {}
    assert len(check.findings(list(records(500, seed=3, broken=1)))) > 350


def test_generated_records_break_nearly_every_property_shape():
    results = engine_named("shacl")(b"".join(ntriples for _, ntriples in records(6000, seed=4, broken=1)))
    whole = shapes_as_written()
    properties = {part.value for shape in whole.shapes for part in whole.values(shape, "property")}
    unbroken = properties - {one.shape for one in results}
    assert len(unbroken) < 0.1 * len(properties), sorted(unbroken)


def test_a_record_is_judged_alone_as_it_is_beside_others():
    """References to each other and all; only what a shape follows from one record to another may differ."""
    followed = [
        target.value
        for shape in shapes_as_written().shapes
        for target in shapes_as_written().values(shape, "targetObjectsOf")
    ]
    made = list(records(1000, seed=5, broken=0.6))
    others = {iri for iri, _ in made}
    kept = [(iri, ntriples) for iri, ntriples in made if not strays(iri, ntriples, followed, others)]
    check = Checker(engine_named("shacl"))

    together = check.findings(kept)

    assert len(kept) > 900
    assert {iri: found for one in kept for iri, found in check.findings([one]).items()} == together


def strays(iri: IRI, ntriples: bytes, followed: list[str], others: set[IRI]) -> bool:
    """True when a shape would follow the record into another."""
    quads = ox.parse(input=ntriples, format=ox.RdfFormat.N_TRIPLES)
    ends = [quad.object.value for quad in quads if quad.predicate.value in followed]
    return any(end.split("#")[0] in others - {iri} for end in ends)


# The list of differences


def literals_of(rule: dict) -> Iterator[bytes]:
    for literal in rule["literals"]:
        typed = (
            literal
            if "^^" in literal or "@" in literal or "datatype" not in rule
            else f"{literal}^^xsd:{rule['datatype'][0]}"
        )
        other = f" ; e:other {rule['other']}" if "other" in rule else ""
        yield triples(f"<{THING}> e:value {typed}{other} .".replace("\n", "\\n"))


def count(check: Engine, data: bytes) -> int | None:
    try:
        return len(check(data))
    except RecordError:
        return None


@pytest.mark.parametrize("rule", DIFFERENCES, ids=lambda rule: rule["name"])
def test_a_listed_difference_is_still_one(rule):
    shapes = about(rule["shape"])
    counts = [tuple(count(make(shapes), data) for make in ENGINES.values()) for data in literals_of(rule)]
    expected: Callable[[tuple], bool] = {
        ("reports", "shacl"): lambda found: None not in found and found[0] > found[1],
        ("reports", "pyshacl"): lambda found: None not in found and found[0] < found[1],
        ("stops", "shacl"): lambda found: found[0] is None and found[1] is not None,
        ("stops", "pyshacl"): lambda found: found[0] is not None and found[1] is None,
    }[next((verb, rule[verb]) for verb in ("reports", "stops") if verb in rule)]
    assert [found for found in counts if not expected(found)] == [], (
        f"{counts} (shacl, pyshacl): mend the list"
    )


@pytest.mark.parametrize("rule", DIFFERENCES, ids=lambda rule: rule["name"])
def test_a_listed_difference_recognises_its_own_examples(rule):
    assert rule["reason"].strip()
    assert [data for data in literals_of(rule) if not concerned(rule, literals_in(data))] == []


@pytest.mark.parametrize(
    "literal", ['"2026-02-28T10:00:00Z"^^xsd:dateTime', '"43.61"^^xsd:decimal', '"34000"', '"2026-02-28"^^xsd:date', "7"]
)  # fmt: skip
def test_a_literal_that_both_engines_judge_alike_is_no_known_difference(literal):
    alone = [rule for rule in DIFFERENCES if {"datatype", "pattern"} & set(rule["constraint"])]
    literals = literals_in(triples(f"<{THING}> e:value {literal} ."))
    assert [rule["name"] for rule in alone if concerned(rule, literals)] == []
