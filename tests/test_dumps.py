"""Dumps: what is published, as files; whole or not there, each with its licence; gone with what is withdrawn."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256

import dumped
import islands
import pyoxigraph as ox
import pytest
import rdflib
from conftest import ROOT, Federation
from typer.testing import CliRunner

from demo.server import Partners
from harvester import cli, dumps, iri
from harvester.dumps import making, stock
from harvester.dumps.partitions import read
from harvester.harvest import Children
from harvester.keeping import leftovers
from harvester.ledger.redaction import redactions
from harvester.triplestore import FileLock

BASE = "http://localhost:8000/"


@pytest.fixture
def published(federation, partners):
    """A federation that a test may change."""
    return islands.declared(federation, partners)


@pytest.fixture(scope="module")
def still(tmp_path_factory, furnished):
    """One that none changes, its dumps made."""
    folder = tmp_path_factory.mktemp("still")
    (folder / "partners").mkdir()
    with Partners(folder / "partners") as partners:
        federation = islands.declared(Federation(folder, furnished), partners)
        federation.publish()
        assert made(federation) == ["ateliers", "cafes", "jardins", "ODbL-1.0", "etalab-2.0"]
        yield federation


def command(federation, *words: str):
    places = ["--json", "--config", str(federation.config), "--store", str(federation.layout.root)]
    ran = CliRunner().invoke(cli.app, [*words, *places])
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout)


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


def test_each_published_source_and_each_licence_has_its_set_and_the_unlicensed_none(still):
    assert sorted(stock.kept(still.layout)) == [
        ("licences", "ODbL-1.0"), ("licences", "etalab-2.0"),
        ("sources", "ateliers"), ("sources", "cafes"), ("sources", "jardins"),
    ]  # fmt: skip
    odbl = held(still, "licences", "ODbL-1.0")
    assert (odbl.sources, odbl.records, odbl.licence) == (["ateliers", "jardins"], 5, "ODbL-1.0")
    assert odbl.credits == ["Réseau des ateliers, ODbL-1.0", "Réseau des jardins, ODbL-1.0"]


def test_the_quads_are_those_of_the_published_graph_and_say_whose_they_are(still):
    own, prov = iri.source_graph(BASE, "jardins"), iri.graph(BASE, "prov")
    wanted = set(islands.graph(still, "jardins"))

    found = quads(content(still, "sources", "jardins", "nquads"))

    assert {quad for quad in found if quad.graph_name.value == own} == wanted
    said = {quad.object.value for quad in found if quad.graph_name.value == prov}
    assert {"Les jardins", "Réseau des jardins, ODbL-1.0", iri.concept("licences", "ODbL-1.0")} <= said


def test_every_form_of_triples_says_the_same(still):
    wanted = {quad.triple for quad in quads(content(still, "sources", "jardins", "nquads"))}
    turtle = content(still, "sources", "jardins", "turtle")
    lines = content(still, "sources", "jardins", "jsonld").decode().splitlines()

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


def test_csv_has_a_line_for_each_record_and_no_formula(still):
    text = content(still, "licences", "ODbL-1.0", "csv").decode()
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


def test_geojson_holds_every_record_those_without_a_point_included(still):
    told = json.loads(content(still, "licences", "ODbL-1.0", "geojson"))
    features = {one["id"]: one for one in told["features"]}

    assert len(features) == 5
    assert features[f"{BASE}id/jardins/j1"]["geometry"] == {"type": "Point", "coordinates": [3.587, 43.684]}
    assert features[f"{BASE}id/jardins/j/3"]["geometry"] is None
    assert {one["properties"]["credit"] for one in told["features"]} == {
        "Réseau des ateliers, ODbL-1.0", "Réseau des jardins, ODbL-1.0"
    }  # fmt: skip


def test_a_licence_holds_what_its_sources_hold_in_every_form(still):
    for form in ("nquads", "turtle"):
        syntax = ox.RdfFormat.N_QUADS if form == "nquads" else ox.RdfFormat.TURTLE
        parts = (content(still, "sources", name, form) for name in ("ateliers", "jardins"))
        wanted = {quad for part in parts for quad in ox.parse(part, format=syntax)}
        assert set(ox.parse(content(still, "licences", "ODbL-1.0", form), format=syntax)) == wanted
    assert len(content(still, "licences", "ODbL-1.0", "jsonld").splitlines()) == 5


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


@pytest.mark.parametrize("step", dumped.STEPS)
def test_killed_at_any_step_leaves_a_whole_set_and_the_next_call_goes_on(published, partners, step):
    made(published)
    islands.serve(partners, "jardins", [islands.place("j1", "Jardin renommé")])
    islands.harvest(published, "jardins")

    script = [sys.executable, dumped.__file__, step, str(published.config), str(published.layout.root)]
    ran = subprocess.run(script, check=False, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert ran.returncode == -signal.SIGKILL

    for one in dumps.bundles(published.layout, 0):  # what is named is whole
        for file in one.files:
            content(published, one.group, one.name, file.form)
    made(published)
    assert b"Jardin renomm" in content(published, "sources", "jardins", "csv")
    assert b"Jardin renomm" in content(published, "licences", "ODbL-1.0", "csv")
    assert list(published.layout.dumps.rglob("*.partial")) == []
    for group, name in stock.kept(published.layout):
        assert len(list((published.layout.dumps / group / name).iterdir())) == 2


def test_a_file_that_is_lost_or_cut_is_made_again(published):
    made(published)
    one = held(published, "sources", "cafes")
    path = one.path(published.layout, one.files[0])
    path.write_bytes(path.read_bytes()[:-1])
    assert held(published, "sources", "cafes") is None
    assert made(published) == ["cafes"]
    assert quads(content(published, "sources", "cafes", "nquads"))


def test_a_source_harvested_while_it_is_written_is_written_again(published, partners, monkeypatch):
    islands.serve(partners, "cafes", [islands.place("c1", "Café renommé"), islands.place("c2", "Café neuf")])
    told = making.entries

    def meanwhile(ledger, rights):
        yield from told(ledger, rights)
        if rights.source == "cafes":
            islands.harvest(published, "cafes")

    with monkeypatch.context() as patch:
        patch.setattr(making, "entries", meanwhile)
        assert "cafes" not in made(published)
    assert held(published, "sources", "cafes") is None
    assert made(published) == ["cafes", "etalab-2.0"]
    assert held(published, "sources", "cafes").records == 2


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


def test_figures_are_counted_with_the_dump(still):
    told = read(held(still, "sources", "jardins").void)
    parsed = list(ox.parse(content(still, "sources", "jardins", "nquads"), format=ox.RdfFormat.N_QUADS))
    own = [quad for quad in parsed if quad.graph_name.value.endswith("/jardins")]

    assert (told.records, told.triples, told.places) == (3, len(own), 3)
    assert told.subjects == len({quad.subject for quad in own})
    assert told.properties["http://www.w3.org/2000/01/rdf-schema#label"] == 3
    assert told.classes["https://w3id.org/archipel/ns#Initiative"] == 3
    assert told.links["http://purl.org/dc/terms/spatial", "territories"] == 3
    assert told.examples == [f"{BASE}id/jardins/{ref}" for ref in ("j/3", "j1", "j2")]


def test_the_server_has_them_made_when_nobody_harvests_and_ends_what_is_under_way(published):
    ledger, pool = published.ledger(), Children(1)
    at_work = FileLock(published.layout.source_lock("jardins"))
    assert at_work.acquire()
    keeper = dumps.Keeper(published.layout, islands.configured(published), ledger, pool, look_every_s=0.02)
    keeper.start()
    try:
        time.sleep(0.3)
        assert list(stock.kept(published.layout)) == []
        at_work.release()
        deadline = time.monotonic() + 60
        while held(published, "licences", "etalab-2.0") is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        keeper.stop()
        ledger.close()
    assert not keeper.is_alive()


def test_export_writes_one_file_for_each_published_source(still, tmp_path):
    told = command(still, "export", "--format", "csv", "--to", str(tmp_path / "ici"))
    assert [file["source"] for file in told["files"]] == ["ateliers", "cafes", "jardins"]
    file = tmp_path / "ici" / "jardins.csv.gz"
    assert sha256(file.read_bytes()).hexdigest() == told["files"][2]["sha256"]
    assert gzip.decompress(file.read_bytes()) == content(still, "sources", "jardins", "csv")
    assert sorted(path.name for path in (tmp_path / "ici").iterdir()) == [
        "ateliers.csv.gz", "cafes.csv.gz", "jardins.csv.gz"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["secrets"], "nothing of it is published"),
        (["personne"], "no source 'personne'"),
        (["--format", "xls"], "xls"),
    ],
)
def test_export_refuses_what_it_cannot_write(still, tmp_path, words, complaint):
    ran = CliRunner().invoke(
        cli.app,
        [
            "export",
            *words,
            "--to",
            str(tmp_path),
            "--config",
            str(still.config),
            "--store",
            str(still.layout.root),
        ],
    )
    assert ran.exit_code == 2
    assert complaint in ran.output


def test_the_doctor_finds_a_dump_that_was_left_half_written(published):
    folder = stock.begin(published.layout, "sources", "jardins", "abc")
    (folder / "jardins.csv.gz").write_bytes(b"half")
    os.utime(folder, (1, 1))
    assert list(leftovers.unfinished(published.layout)) == [folder]


# --- over HTTP ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(still):
    with islands.answering(still) as running:
        yield running


def test_the_list_tells_licence_credit_sizes_and_checksums(client):
    sets = client.get("/dumps/", headers={"accept": "application/json"}).json()["sets"]
    assert [(one["group"], one["name"], one["records"]) for one in sets] == [
        ("licences", "ODbL-1.0", 5), ("licences", "etalab-2.0", 1),
        ("sources", "ateliers", 2), ("sources", "cafes", 1), ("sources", "jardins", 3),
    ]  # fmt: skip
    assert sets[4]["credits"] == ["Réseau des jardins, ODbL-1.0"]
    assert sets[4]["licence_url"].startswith("https://opendatacommons.org/")
    page = client.get("/dumps/?lang=en", headers={"accept": "text/html"}).text
    assert "jardins.geojson.gz" in page
    assert "Réseau des jardins, ODbL-1.0" in page
    assert client.get("/dumps/", headers={"accept": "image/png"}).status_code == 406


def test_every_file_is_what_its_checksum_says(client):
    sums = dict(reversed(line.split("  ")) for line in client.get("/dumps/SHA256SUMS").text.splitlines())
    assert len(sums) == 25
    for name, wanted in sums.items():
        answer = client.get(f"/dumps/{name}", headers={"accept-encoding": "identity"})
        assert (answer.headers["content-type"], sha256(answer.content).hexdigest()) == (
            "application/gzip",
            wanted,
        )
        assert 'rel="license"' in answer.headers["link"]


def test_a_file_comes_in_pieces_and_is_not_sent_twice(client):
    whole = client.get("/dumps/sources/jardins.nq.gz")
    tag = whole.headers["etag"]
    part = client.get("/dumps/sources/jardins.nq.gz", headers={"range": "bytes=10-", "if-range": tag})
    assert (part.status_code, part.content) == (206, whole.content[10:])
    other = client.get("/dumps/sources/jardins.nq.gz", headers={"range": "bytes=10-", "if-range": '"other"'})
    assert (other.status_code, other.content) == (200, whole.content)
    assert client.get("/dumps/sources/jardins.nq.gz", headers={"if-none-match": tag}).status_code == 304
    assert client.head("/dumps/sources/jardins.nq.gz").headers["content-length"] == str(len(whole.content))


@pytest.mark.parametrize("coding", ["gzip", "identity", "gzip;q=0"])
def test_without_gz_it_comes_as_it_is(client, still, coding):
    answer = client.get("/dumps/sources/jardins.csv", headers={"accept-encoding": coding})
    assert answer.content == content(still, "sources", "jardins", "csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers.get("content-encoding") == ("gzip" if coding == "gzip" else None)
    assert "Accept-Encoding" in answer.headers["vary"]


@pytest.mark.parametrize(
    "path", ["sources/secrets.nq.gz", "sources/..%2f..%2fledger.sqlite", "sources/jardins.exe", "autres/jardins.nq.gz",
             "sources/jardins", "sources/..nq.gz"]
)  # fmt: skip
def test_what_is_no_dump_is_not_there(client, path):
    assert client.get(f"/dumps/{path}").status_code == 404
