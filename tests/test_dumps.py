"""Dumps: what is published, as files; whole or not there, each with its licence; gone with what is withdrawn."""

from __future__ import annotations

import csv
import gzip
import io
import json
from hashlib import sha256

import islands
import pyoxigraph as ox
import pytest
import rdflib

from harvester import dumps, iri
from harvester.dumps import making, stock
from harvester.dumps.partitions import read
from harvester.ledger.redaction import redactions

BASE = "http://localhost:8000/"


@pytest.fixture
def published(federation, partners):
    return islands.declared(federation, partners)


def made(federation) -> list[str]:
    return dumps.make(federation.layout, islands.configured(federation))


def held(federation, group: str, name: str):
    ledger = federation.ledger()
    try:
        return dumps.bundle(federation.layout, group, name, redactions(ledger))
    finally:
        ledger.close()


def content(federation, group: str, name: str, form: str) -> bytes:
    one = held(federation, group, name)
    file = next(file for file in one.files if file.form == form)
    packed = one.path(federation.layout, file).read_bytes()
    assert (sha256(packed).hexdigest(), len(packed)) == (file.sha256, file.size)
    unpacked = gzip.decompress(packed)
    assert len(unpacked) == file.unpacked
    return unpacked


def quads(text: bytes) -> set[ox.Quad]:
    return set(ox.parse(text, format=ox.RdfFormat.N_QUADS))


def test_each_published_source_and_each_licence_has_its_set_and_the_unlicensed_none(published):
    assert made(published) == ["ateliers", "cafes", "jardins", "ODbL-1.0", "etalab-2.0"]
    assert sorted(stock.kept(published.layout)) == [
        ("licences", "ODbL-1.0"), ("licences", "etalab-2.0"),
        ("sources", "ateliers"), ("sources", "cafes"), ("sources", "jardins"),
    ]  # fmt: skip
    odbl = held(published, "licences", "ODbL-1.0")
    assert (odbl.sources, odbl.records, odbl.licence) == (["ateliers", "jardins"], 5, "ODbL-1.0")
    assert odbl.credits == ["Réseau des ateliers, ODbL-1.0", "Réseau des jardins, ODbL-1.0"]


def test_the_quads_are_those_of_the_published_graph_and_say_whose_they_are(published):
    made(published)
    own, prov = iri.source_graph(BASE, "jardins"), iri.graph(BASE, "prov")
    wanted = {quad for quad in quads(published.dump()) if quad.graph_name.value == own}

    found = quads(content(published, "sources", "jardins", "nquads"))

    assert {quad for quad in found if quad.graph_name.value == own} == wanted
    said = {quad.object.value for quad in found if quad.graph_name.value == prov}
    assert {"Les jardins", "Réseau des jardins, ODbL-1.0", iri.concept("licences", "ODbL-1.0")} <= said


def test_every_form_of_triples_says_the_same(published):
    made(published)
    wanted = {quad.triple for quad in quads(content(published, "sources", "jardins", "nquads"))}
    turtle = content(published, "sources", "jardins", "turtle")
    lines = content(published, "sources", "jardins", "jsonld").decode().splitlines()

    found = {quad.triple for quad in ox.parse(turtle, format=ox.RdfFormat.TURTLE)}
    told = set()
    for line in lines:
        told |= {quad.triple for quad in ox.parse(line.encode(), format=ox.RdfFormat.JSON_LD)}

    assert found == wanted
    records = {triple for triple in wanted if triple.subject.value != iri.source(BASE, "jardins")}
    assert {one for one in told if one.subject.value != iri.source(BASE, "jardins")} == records
    assert len(lines) == 3
    assert all("Réseau des jardins, ODbL-1.0" in line for line in lines)
    graph = rdflib.Graph().parse(data=turtle.decode(), format="turtle")
    assert len(graph) == len(wanted)


def test_csv_has_a_line_for_each_record_and_no_formula(published):
    made(published)
    text = content(published, "licences", "ODbL-1.0", "csv").decode()
    rows = {row["iri"]: row for row in csv.DictReader(io.StringIO(text))}
    garden = rows[f"{BASE}id/jardins/j1"]

    assert len(rows) == 5
    assert (garden["name"], garden["keywords"], garden["commune"]) == (
        "Jardin des possibles",
        "eau | sol",
        "34010",
    )
    assert (garden["lat"], garden["lon"], garden["kind"]) == ("43.684", "3.587", "initiative")
    assert (garden["licence"], garden["credit"]) == ("ODbL-1.0", "Réseau des jardins, ODbL-1.0")
    assert garden["licence_url"].startswith("https://opendatacommons.org/")
    assert rows[f"{BASE}id/jardins/j2"]["name"].startswith("'=cmd")
    assert rows[f"{BASE}id/ateliers/a1"]["kind"] == "organisation"
    assert rows[f"{BASE}id/jardins/j/3"]["lat"] == ""


def test_geojson_holds_every_record_those_without_a_point_included(published):
    made(published)
    told = json.loads(content(published, "licences", "ODbL-1.0", "geojson"))
    features = {one["id"]: one for one in told["features"]}

    assert len(features) == 5
    assert features[f"{BASE}id/jardins/j1"]["geometry"] == {"type": "Point", "coordinates": [3.587, 43.684]}
    assert features[f"{BASE}id/jardins/j/3"]["geometry"] is None
    assert {one["properties"]["credit"] for one in told["features"]} == {
        "Réseau des ateliers, ODbL-1.0", "Réseau des jardins, ODbL-1.0"
    }  # fmt: skip


def test_a_licence_holds_what_its_sources_hold_in_every_form(published):
    made(published)
    for form in ("nquads", "turtle"):
        syntax = ox.RdfFormat.N_QUADS if form == "nquads" else ox.RdfFormat.TURTLE
        parts = (content(published, "sources", name, form) for name in ("ateliers", "jardins"))
        wanted = {quad for part in parts for quad in ox.parse(part, format=syntax)}
        assert set(ox.parse(content(published, "licences", "ODbL-1.0", form), format=syntax)) == wanted
    assert len(content(published, "licences", "ODbL-1.0", "jsonld").splitlines()) == 5


def test_only_what_changed_is_made_again_and_twice_is_nothing(published, partners):
    made(published)
    before = content(published, "sources", "cafes", "nquads")
    assert made(published) == []

    islands.serve(
        partners, "jardins", [islands.place("j1", "Jardin renommé"), *islands.RECORDS["jardins"][1:]]
    )
    islands.harvest(published, "jardins")

    assert made(published) == ["jardins", "ODbL-1.0"]
    assert content(published, "sources", "cafes", "nquads") == before
    assert "Jardin renommé" in content(published, "licences", "ODbL-1.0", "csv").decode()


def test_the_same_records_make_the_same_file_byte_for_byte(published):
    made(published)
    sums = [file.sha256 for file in held(published, "sources", "jardins").files]
    stock.drop(published.layout, "sources", "jardins")
    assert "jardins" in made(published)
    assert [file.sha256 for file in held(published, "sources", "jardins").files] == sums


def test_a_source_that_loses_its_licence_loses_its_dump(published, partners):
    made(published)
    published.declare(islands.toml(partners.url).replace('licence = "etalab-2.0"', 'licence = "unknown"'))
    islands.harvest(published, "cafes")
    made(published)
    assert [name for _, name in stock.kept(published.layout)] == ["ODbL-1.0", "ateliers", "jardins"]


@pytest.mark.parametrize("place", ["begin", "close", "rename", "manifest"])
def test_killed_at_any_place_leaves_the_set_of_before_and_the_next_call_goes_on(
    published, partners, place, monkeypatch
):
    made(published)
    before = content(published, "sources", "jardins", "csv")
    islands.serve(partners, "jardins", [islands.place("j1", "Jardin renommé")])
    islands.harvest(published, "jardins")

    class Killed(BaseException):
        """As by SIGKILL: nothing is caught, nothing is tidied."""

    def dies(*_args, **_named):
        raise Killed

    with monkeypatch.context() as patch:
        where = {"begin": (making, "Packing"), "close": (making, "_bundle")}
        inside = {"rename": (stock.Path, "rename"), "manifest": (stock.Path, "replace")}
        patch.setattr(*(where | inside)[place], dies)
        with pytest.raises(Killed):
            made(published)

    one = held(published, "sources", "jardins")
    if one is not None:  # what is named is whole
        assert content(published, "sources", "jardins", "csv") == before
    assert "jardins" in made(published)
    assert b"Jardin renomm" in content(published, "sources", "jardins", "csv")
    assert list(published.layout.dumps.rglob("*.partial")) == []


def test_what_was_made_before_the_ledger_forgot_is_not_shown_and_is_made_again(published):
    from sqlalchemy import insert

    from harvester.ledger.tables import meta

    made(published)
    ledger = published.ledger()
    with ledger.writing() as connection:
        connection.execute(insert(meta).values(key="redactions", value="1"))
    assert dumps.bundles(published.layout, redactions(ledger)) == []
    ledger.close()

    assert made(published) == ["ateliers", "cafes", "jardins", "ODbL-1.0", "etalab-2.0"]


def test_figures_are_counted_with_the_dump(published):
    made(published)
    told = read(held(published, "sources", "jardins").void)
    parsed = list(ox.parse(content(published, "sources", "jardins", "nquads"), format=ox.RdfFormat.N_QUADS))
    own = [quad for quad in parsed if quad.graph_name.value.endswith("/jardins")]

    assert (told.records, told.triples, told.places) == (3, len(own), 3)
    assert told.subjects == len({quad.subject for quad in own})
    assert told.properties["http://www.w3.org/2000/01/rdf-schema#label"] == 3
    assert told.classes["https://w3id.org/archipel/ns#Initiative"] == 3
    assert told.links["http://purl.org/dc/terms/spatial", "territories"] == 3
    assert told.examples == [f"{BASE}id/jardins/{ref}" for ref in ("j/3", "j1", "j2")]
