"""The founding documents, row by row: what they name is mapped, written, and conforms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import founding_documents as founding
import pyoxigraph as ox
import pytest
from founding_documents import FOLDER, Example, Told

from harvester import iri, profile, vocab
from harvester.items import FIELDS
from harvester.model import IRI, Finding, Item, Publisher, Severity, Source
from harvester.profile.writing import full
from harvester.shapes import Checker, pyshacl_engine, shacl_engine

BASE = "http://localhost:8000/"
EXAMPLES = founding.examples()
BY_NAME = {one.name: one for one in EXAMPLES}
KEPT = [one for one in EXAMPLES if not one.rejects]
ENGINES = {"shacl": shacl_engine, "pyshacl": pyshacl_engine}
README = (FOLDER / "README.md").read_text(encoding="utf-8")

each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
each_engine = pytest.mark.parametrize("engine", ENGINES)


@cache
def told(name: str) -> Told:
    """What became of an example, by name."""
    return founding.told(BY_NAME[name], BASE)


def subject(example: Example) -> IRI:
    return iri.record(BASE, example.source.id, example.record.ref)


@cache
def found(engine: str) -> Mapping[IRI, list[Finding]]:
    """What an engine finds in all the examples, as one batch."""
    batch = [(subject(one), told(one.name).triples) for one in EXAMPLES]
    return Checker(ENGINES[engine]()).findings(batch)


def parsed(ntriples: bytes) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES)]


# Each example


@each_example
def test_nothing_that_an_example_gives_is_lost(example):
    assert set(lost(example.record.value, told(example.name).item)) == example.refused


def lost(raw: Mapping[str, Any], item: Item) -> Iterator[str]:
    """The fields that an item does not hold, in part or whole, although they were given under their own name."""
    for name in FIELDS.keys() & raw.keys() - {"ref", "kind"}:
        given, held = raw[name], item.values.get(name)
        parts = held if isinstance(held, tuple) else [held]
        if held is None or (isinstance(given, list) and len(parts) != len(given)):
            yield name
        elif isinstance(parts[0], Item):
            for one, part in zip(given if isinstance(given, list) else [given], parts, strict=True):
                yield from lost(one, part)


@each_example
def test_only_what_is_said_stays_unmapped_and_every_category_is_known(example):
    coverage = told(example.name).coverage

    assert coverage.unmapped == Counter(example.unmapped)
    assert coverage.unaligned == Counter()


@each_example
@each_engine
def test_an_example_deserves_the_findings_it_says_and_no_others(example, engine):
    findings = [*told(example.name).findings, *found(engine).get(subject(example), ())]

    assert codes(findings, Severity.VIOLATION) == example.rejects
    assert codes(findings, Severity.WARNING) == example.warns


def codes(findings: list[Finding], severity: Severity) -> frozenset[str]:
    return frozenset(finding.code for finding in findings if finding.severity is severity)


@each_example
def test_an_example_says_what_its_row_asks(example):
    triples = parsed(told(example.name).triples)
    counts = {path: len(ends(triples, subject(example), path)) for path in example.counts}

    assert [expected for expected in example.expects if not holds(expected, example, triples)] == []
    assert counts == example.counts


def holds(expected: str, example: Example, triples: list[ox.Triple]) -> bool:
    """True when the path of an expectation leads to what it wants, or to anything when it names nothing."""
    path, _, wanted = expected.partition(" ")
    reached = ends(triples, subject(example), path)
    return any(not wanted or is_meant(wanted, end, example) for end in reached)


def is_meant(wanted: str, end: ox.NamedNode | ox.Literal, example: Example) -> bool:
    """True when an object is what an expectation names: an IRI, a CURIE, a ref, or a literal's text."""
    if isinstance(end, ox.Literal):
        return end.value == wanted
    prefix, _, local = wanted.partition(":")
    if prefix == "ref":
        return end.value == iri.record(BASE, example.source.id, local)
    return end.value == (full(wanted) if prefix in vocab.prefixes() else wanted.strip("<>"))


def ends(triples: list[ox.Triple], start: IRI, path: str) -> set[Any]:
    """What a path of prefixed predicates leads to from a record."""
    reached: set[Any] = {ox.NamedNode(start)}
    for step in path.split("/"):
        leads = full("rdf:type" if step == "a" else step)
        reached = {one.object for one in triples if one.subject in reached and one.predicate.value == leads}
    return reached


@each_example
def test_what_must_never_be_told_is_found_nowhere(example):
    written = told(example.name).triples.decode()

    assert [text for text in example.never if text in written] == []


def test_examples_never_name_a_person_except_to_show_that_the_name_is_dropped():
    named = {one.name for one in EXAMPLES if "EXEMPLE" in str(one.record.value)}
    dropping = {one.name for one in EXAMPLES if "EXEMPLE" in one.never and one.unmapped}

    assert named == dropping


def test_examples_made_up_say_so_in_their_name():
    told_so = {one.name for one in EXAMPLES if one.record.value["name"].endswith("(exemple)")}

    assert {one.name for one in EXAMPLES if one.illustration} == told_so


# All of them together


def test_the_examples_are_one_batch_of_unique_records_that_point_to_each_other():
    names = [one.name for one in EXAMPLES]
    pointed = {
        name
        for one in KEPT
        for triple in parsed(told(one.name).triples)
        if isinstance(triple.object, ox.NamedNode) and (name := iri.record_of(BASE, triple.object.value))
    }

    assert names == list(BY_NAME)
    assert {"/".join(name) for name in pointed} <= {one.name for one in KEPT}


def test_triples_by_source_are_those_of_the_examples_kept():
    by_source = founding.ntriples_by_source(BASE)

    assert by_source.keys() == founding.sources().keys()
    assert sum(text.count(b"\n") for text in by_source.values()) == sum(
        told(one.name).triples.count(b"\n") for one in KEPT
    )


def test_both_engines_find_the_same_in_the_founding_documents():
    assert found("pyshacl") == found("shacl")


ROW = re.compile(r"^\| (\d+) \| (S\d) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def test_every_row_of_the_table_has_its_examples_or_its_reason():
    table = {int(number): cell for number, _, _, cell in ROW.findall(README)}
    shown = {number: " ".join(one.name for one in EXAMPLES if number in one.rows) for number in table}

    assert list(table) == list(range(1, 79))
    assert {row for one in EXAMPLES for row in one.rows} <= table.keys()
    assert {row: " ".join(re.findall(r"`([^`]+/[^`]+)`", cell)) for row, cell in table.items()} == shown
    assert {row for row, cell in table.items() if not shown[row]} == {8, 14, 21}


# Figures that must agree with each other


def amounts(leads: str, path: str) -> list[Decimal]:
    """The amounts of the candidate project, node by node, sorted."""
    triples = parsed(told("on-passe-a-lacte/agora").triples)
    nodes = ends(triples, subject(BY_NAME["on-passe-a-lacte/agora"]), leads)
    return sorted(Decimal(end.value) for node in nodes for end in ends(triples, IRI(node.value), path))


def test_the_amounts_of_the_call_add_up_as_the_document_says():
    requested = amounts("schema:funding", "archipel:requestedAmount/schema:value")
    budgets = amounts("schema:funding", "schema:amount/schema:value")
    spent = amounts("archipel:indicator", "schema:value")

    assert requested == [5_000, 8_000, 20_000, 27_000, 38_000, 78_000]
    assert budgets == [10_000, 14_600, 48_700, 67_400, 140_700]
    assert 5_000 + 8_000 + 27_000 + 38_000 == requested[-1]
    assert sum(budgets[:-1]) == sum(spent) == budgets[-1]


# What the rows say that is no record: terms, sources, persons


@cache
def vocabulary() -> ox.Store:
    store = ox.Store()
    store.bulk_load(vocab.ntriples(), format=ox.RdfFormat.N_TRIPLES)
    return store


def defined(subject: str, predicate: str) -> set[str]:
    """What the vocabulary says of one of its terms."""
    quads = vocabulary().quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(full(predicate)), None)
    return {quad.object.value for quad in quads}


def test_the_definition_of_an_initiative_says_which_sources_are_ours():
    (said,) = (text for text in defined(full("archipel:Initiative"), "rdfs:comment") if "citoyens" in text)

    for word in ("ascendante", "durable", "transition", "fait plutôt qu'elle ne demande"):
        assert word in said


def test_three_compasses_gather_criteria_of_the_pioneers():
    compasses = ("boussole-individuelle", "boussole-synergie", "boussole-societale")
    gathered = {
        member.rpartition("/")[2]
        for name in compasses
        for member in defined(iri.concept("criteres-pionniers", name), "skos:member")
    }

    assert gathered == {"engagement", "connexions", "soin-vivant"}


BOUNDARIES = {
    "changement-climatique": {
        "decentralisation-productions", "sobriete-energetique", "habitat-energie-positive",
        "energies-renouvelables", "plantation-arbres", "recyclage", "synergie-acteurs", "economie-circulaire",
        "culture-sans-labour", "compostage",
    },
    "erosion-biodiversite": {"semences", "synergie-acteurs", "soin-faune-sauvage", "apiculture", "eco-lieu"},
    "usage-sols": {"regeneration-sols", "preservation-terres", "agriculture-urbaine"},
    "acidification-oceans": {"sensibilisation", "pollution-rivieres"},
}  # fmt: skip
"""The solutions that the document lists under each planetary boundary, as types."""


def test_each_kind_of_solution_is_related_to_its_planetary_boundaries():
    related = {
        boundary: {
            name
            for name in vocab.scheme("types")
            if iri.concept("limites-planetaires", boundary)
            in defined(iri.concept("types", name), "skos:related")
        }
        for boundary in BOUNDARIES
    }

    assert related == BOUNDARIES


CANDIDATE = Source(
    id="bretagne-creative",
    title="Bretagne créative",
    connector="table",
    urls=("https://bretagne-creative.example.org/",),
    licence="unknown",
    publisher=Publisher("Bretagne créative"),
    enabled=False,
)


@each_engine
def test_a_candidate_source_is_described_and_publishes_nothing(engine):
    expected = {str(quad.triple) for quad in ox.parse(path=FOLDER / "candidate-source.ttl")}
    described = profile.description(CANDIDATE)
    written = "\n".join(profile.source_triples(BASE, CANDIDATE.id, described, live=0, recipe=None)).encode()
    source = iri.source(BASE, CANDIDATE.id)
    findings = Checker(ENGINES[engine]()).findings([(source, written)]).get(source, [])

    assert {str(triple) for triple in parsed(written)} == expected
    assert codes(findings, Severity.VIOLATION) == frozenset()
    assert codes(findings, Severity.WARNING) == {"source-mapping"}
    assert not vocab.licences()["unknown"].publishable


@each_engine
def test_a_person_is_kept_out_and_the_report_does_not_say_who(engine):
    quads = ox.parse(path=FOLDER / "person.ttl")
    ntriples = ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES)
    person = iri.record(BASE, "axionled", "personne")
    findings = Checker(ENGINES[engine]()).findings([(person, ntriples)])[person]

    assert "privacy-person" in codes(findings, Severity.VIOLATION)
    assert not any("EXEMPLE" in (finding.value or "") for finding in findings)
