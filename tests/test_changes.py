"""The feed of changes: whoever follows it from nothing holds what is published, and full pages never change."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import islands
import pyoxigraph as ox
import pytest
from conftest import Federation
from lxml import etree

from harvester import feed as feeds
from harvester.feed import views

TREE, LDES = "https://w3id.org/tree#", "https://w3id.org/ldes#"
AS = "https://www.w3.org/ns/activitystreams#"
OF = "http://purl.org/dc/terms/isVersionOf"
TIME = "http://www.w3.org/ns/prov#generatedAtTime"
SEQUENCE = "http://schema.org/position"
ATOM = {"a": "http://www.w3.org/2005/Atom", "at": "http://purl.org/atompub/tombstones/1.0",
        "fh": "http://purl.org/syndication/history/1.0"}  # fmt: skip
SYNTAXES = {"trig": ox.RdfFormat.TRIG, "nquads": ox.RdfFormat.N_QUADS, "jsonld": ox.RdfFormat.JSON_LD}


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    """Three changes on a page, six in a section, so that a few records fill some."""
    for module in (views, feeds, sys.modules["harvester.feed.ldes"], sys.modules["harvester.feed.atom"]):
        for name, size in (("PAGE", 3), ("SECTION", 6)):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, size)


@pytest.fixture(scope="module")
def archipelago(tmp_path_factory, furnished):
    with islands.archipelago(tmp_path_factory.mktemp("archipelago"), furnished) as running:
        yield running


def path(address: str) -> str:
    return "/" + address.split("/", 3)[3]


def read(client, address: str, name: str = "trig") -> ox.Store:
    """A page, as a store."""
    answer = (
        client.get(path(address), headers={"accept": "*/*"}, params=None)
        if name == "trig"
        else client.get(path(address) + ("&" if "?" in address else "?") + f"format={name}")
    )
    assert answer.status_code == 200, answer.text
    store = ox.Store()
    store.load(answer.content, format=SYNTAXES[name])
    return store


def objects(store: ox.Store, subject, term: str) -> list:
    about = ox.NamedNode(subject) if isinstance(subject, str) else subject
    return [quad.object for quad in store.quads_for_pattern(about, ox.NamedNode(term), None)]


def followed(client, root: str, name: str = "trig"):
    """What a client makes of the feed that begins at `root`: pages met, newest version of each record."""
    waiting, met, newest = [root], {}, {}
    while waiting:
        address = waiting.pop()
        if address in met:
            continue
        store = met[address] = read(client, address, name)
        waiting += [
            quad.object.value for quad in store.quads_for_pattern(None, ox.NamedNode(TREE + "node"), None)
        ]
        for quad in store.quads_for_pattern(None, ox.NamedNode(TREE + "member"), None):
            (record,) = objects(store, quad.object, OF)
            (number,) = objects(store, quad.object, SEQUENCE)
            if int(number.value) > newest.get(record.value, (0,))[0]:
                told = {one.triple for one in store.quads_for_pattern(None, None, None, quad.object)}
                newest[record.value] = (int(number.value), told)
    return met, newest


def held(newest) -> set[ox.Triple]:
    return {triple for _, triples in newest.values() for triple in triples}


def published(federation, *sources: str) -> set[ox.Triple]:
    return {quad.triple for one in sources or islands.LICENCES for quad in islands.graph(federation, one)}


@pytest.mark.parametrize("name", SYNTAXES)
def test_following_the_feed_from_nothing_gives_what_is_published_in_every_format(archipelago, name):
    federation, _, client = archipelago
    base = islands.configured(federation).base
    met, newest = followed(client, f"{base}changes", name)
    assert held(newest) == published(federation)
    assert len(newest) == 6
    assert not any(store.query("ASK { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } FILTER(isBlank(?s) || isBlank(?o)) }")
                   for store in met.values())  # fmt: skip


def test_the_feed_of_one_source_holds_that_source_only(archipelago):
    federation, _, client = archipelago
    base = islands.configured(federation).base
    _, newest = followed(client, f"{base}changes?source=ateliers")
    assert held(newest) == published(federation, "ateliers")
    assert {one.split("/")[4] for one in newest} == {"ateliers"}
    assert client.get("/changes?source=secrets").status_code == 404
    assert client.get("/changes?source=personne").status_code == 404


def test_updates_and_withdrawals_are_followed_to_the_same_graph(tmp_path, furnished):
    with islands.archipelago(tmp_path, furnished) as (federation, partners, client):
        base = islands.configured(federation).base
        islands.serve(partners, "jardins", [islands.place("j1", "Jardin renommé")])
        islands.harvest(federation, "jardins")
        islands.harvest(federation, "jardins")  # grace is over: two are withdrawn
        federation.publish()

        met, newest = followed(client, f"{base}changes")

        assert held(newest) == published(federation)
        assert newest[f"{base}id/jardins/j2"][1] == set()
        root = met[f"{base}changes"]
        assert [one.value for one in objects(root, f"{base}changes#flux", TREE + "view")] == [
            f"{base}changes"
        ]
        paths = {name: objects(root, f"{base}changes#flux", LDES + name)[0].value
                 for name in ("timestampPath", "sequencePath", "versionOfPath", "versionDeleteObject")}  # fmt: skip
        assert paths == {"timestampPath": TIME, "sequencePath": SEQUENCE, "versionOfPath": OF,
                         "versionDeleteObject": AS + "Delete"}  # fmt: skip
        gone = [quad.subject for store in met.values()
                for quad in store.quads_for_pattern(None, None, ox.NamedNode(AS + "Delete"))
                if quad.predicate.value.endswith("type")]  # fmt: skip
        assert len(gone) == 2


def test_full_pages_never_change_and_say_so(tmp_path, furnished):
    with islands.archipelago(tmp_path, furnished) as (federation, partners, client):
        first = client.get("/changes/pages/0")
        last = client.get("/changes/pages/2")
        assert "immutable" in first.headers["cache-control"]
        assert "immutable" not in last.headers["cache-control"]
        assert client.get("/changes/sections/0").headers["cache-control"].endswith("immutable")
        assert b"immutable" in first.content

        islands.serve(
            partners, "jardins", [islands.place("j1", "Jardin renommé"), *islands.RECORDS["jardins"][1:]]
        )
        islands.harvest(federation, "jardins")

        again = client.get("/changes/pages/0")
        assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
        assert (
            client.get("/changes/pages/0", headers={"if-none-match": first.headers["etag"]}).status_code
            == 304
        )
        assert client.get("/changes/pages/2").content != last.content
        assert client.get("/changes/pages/9").status_code == 404


def test_relations_bound_what_they_lead_to(archipelago):
    federation, _, client = archipelago
    base = islands.configured(federation).base
    met, _ = followed(client, f"{base}changes")
    checked = 0
    for store in met.values():
        for quad in store.quads_for_pattern(None, ox.NamedNode(TREE + "node"), None):
            (kind,) = objects(store, quad.subject, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
            (bound,) = (
                datetime.fromisoformat(one.value) for one in objects(store, quad.subject, TREE + "value")
            )
            times = [datetime.fromisoformat(one.object.value)
                     for one in met[quad.object.value].quads_for_pattern(None, ox.NamedNode(TIME), None)]  # fmt: skip
            greater = kind.value == TREE + "GreaterThanOrEqualToRelation"
            assert all(bound <= at if greater else at <= bound for at in times)
            checked += len(times)
    assert checked


def test_time_never_goes_back_whatever_the_clock_did(tmp_path):
    from test_web import ALPHA, BASE, commit
    from test_web import published as judged

    from harvester.layout import Layout
    from harvester.ledger import Ledger

    ledger = Ledger.open(Layout(tmp_path).ledger, base=BASE)
    night = datetime(2026, 11, 20, 2, tzinfo=UTC)
    timeline = feeds.Timeline(ledger)
    records = []
    for number, hours in enumerate((0, 24, -48, 30)):
        records.append(judged("alpha", f"r{number}", f"Nom {number}"))
        commit(ledger, ALPHA, records, night + timedelta(hours=hours))
        timeline.at(ledger.position())
    times = [timeline.at(number) for number in range(1, ledger.position() + 1)]
    ledger.close()
    assert times == sorted(times)
    assert times == [night + timedelta(hours=hours, seconds=42) for hours in (0, 24, 24, 30)]


def test_without_graphs_the_version_itself_says_what_its_record_is(archipelago):
    federation, _, client = archipelago
    base = islands.configured(federation).base
    turtle = client.get("/changes/pages/0?format=turtle")
    store = ox.Store()
    store.load(turtle.content, format=ox.RdfFormat.TURTLE)
    label = "http://www.w3.org/2000/01/rdf-schema#label"
    named = {quad.object.value for quad in store.quads_for_pattern(None, ox.NamedNode(label), None)}
    assert turtle.headers["content-type"].startswith("text/turtle")
    assert len(named) == 3
    subjects = {quad.subject.value for quad in store}
    assert not any(one.startswith(f"{base}id/") for one in subjects)
    assert client.get("/version/1", follow_redirects=False).headers["location"].endswith("/changes/pages/0")


def test_what_the_ledger_forgot_is_in_no_page_and_its_tombstone_is(tmp_path, furnished):
    from sqlalchemy import select

    from harvester.ledger.redaction import Redaction, redact
    from harvester.ledger.tables import runs

    with islands.archipelago(tmp_path, furnished) as (federation, _, client):
        before = client.get("/changes/pages/0")
        base, ledger = islands.configured(federation).base, federation.ledger()
        redact(ledger, [Redaction("jardins", "j1", True)], ["jardins"], tells=lambda _said: False,
               now=datetime.now(UTC).replace(microsecond=0))  # fmt: skip
        with ledger.reading() as connection:
            assert connection.execute(select(runs).where(runs.c.source == "")).first()
        ledger.close()

        _met, newest = followed(client, f"{base}changes")

        assert client.get("/changes/pages/0").headers["etag"] != before.headers["etag"]
        assert newest[f"{base}id/jardins/j1"][1] == set()
        assert len(newest) == 6
        assert b"Jardin des possibles" not in client.get("/changes.atom").content


def test_a_source_that_is_no_longer_published_ends_in_tombstones(tmp_path, furnished):
    with islands.archipelago(tmp_path, furnished) as (federation, _partners, client):
        base = islands.configured(federation).base
        told = federation.config.read_text().replace('licence = "etalab-2.0"', 'licence = "unknown"')
        federation.config.write_text(told)
        islands.harvest(federation, "cafes")
        federation.publish()
        _, newest = followed(client, f"{base}changes")
        assert newest[f"{base}id/cafes/c1"][1] == set()
        assert held(newest) == published(federation)


def test_our_own_connector_replicates_the_feed(archipelago, tmp_path, furnished):
    federation, _, _ = archipelago
    base = islands.configured(federation).base
    (tmp_path / "copy").mkdir()
    copy = Federation(tmp_path / "copy", furnished)
    copy.declare(
        f'[source.voisins]\ntitle = "Voisins"\nconnector = "ldes"\nlicence = "ODbL-1.0"\nurl = "{base}changes"\n'
        f'namespace = "{base}id/"\nallow_private = true\ndelay = "0s"\nattempts = 1\n'
    )
    report = copy.run("voisins")
    copy.publish()
    names = "SELECT ?n ?lat { ?r rdfs:label ?n ; dcterms:isPartOf ?s OPTIONAL { ?r pair:hasLocation/<http://www.w3.org/2003/01/geo/wgs84_pos#lat> ?lat } }"
    federation.publish()
    assert (report.outcome.succeeded, report.counts["created"]) == (True, 6)
    assert sorted(map(str, copy.ask(names))) == sorted(map(str, federation.ask(names)))


def test_atom_tells_each_record_once_with_its_licence_and_what_is_gone(tmp_path, furnished):
    with islands.archipelago(tmp_path, furnished) as (federation, partners, client):
        islands.serve(partners, "ateliers", [islands.place("a1", "Atelier \x01 renommé")])
        islands.harvest(federation, "ateliers")
        islands.harvest(federation, "ateliers")
        answer = client.get("/changes.atom?source=ateliers")
        document = etree.fromstring(answer.content)
        base = islands.configured(federation).base

        assert answer.headers["content-type"].startswith("application/atom+xml")
        (entry,) = document.findall("a:entry", ATOM)
        assert entry.findtext("a:id", namespaces=ATOM) == f"{base}id/ateliers/a1"
        assert "Réseau des ateliers, ODbL-1.0" in entry.findtext("a:rights", namespaces=ATOM)
        links = {one.get("rel"): one.get("href") for one in entry.findall("a:link", ATOM)}
        assert links["via"] == "https://partenaire.example/a1"
        (gone,) = document.findall("at:deleted-entry", ATOM)
        assert gone.get("ref") == f"{base}id/ateliers/a2"
        assert client.get("/changes.atom?source=secrets").status_code == 404


def test_atom_archives_lead_back_to_the_beginning(archipelago):
    _, _, client = archipelago
    seen, address, archives = set(), "/changes.atom", []
    while address:
        document = etree.fromstring(client.get(address).content)
        seen |= {one.findtext("a:id", namespaces=ATOM) for one in document.findall("a:entry", ATOM)}
        archives.append(document.find("fh:archive", ATOM) is not None)
        links = {one.get("rel"): one.get("href") for one in document.findall("a:link", ATOM)}
        address = path(links["prev-archive"]) if "prev-archive" in links else None
    assert len(seen) == 6
    assert archives == [False, *[True] * (len(archives) - 1)]
    assert len(archives) > 2
    assert client.get("/changes.atom?page=77").status_code == 404


def test_a_browser_sees_the_last_changes_and_how_they_are_followed(archipelago):
    _, _, client = archipelago
    page = client.get("/changes?lang=en", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "/changes.atom" in page.text
    assert "id/jardins/j1" in page.text
    assert "id/secrets" not in page.text
