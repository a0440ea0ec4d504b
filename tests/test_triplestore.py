"""The store on disk, its checkpoints, and the workers that answer foreign queries."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.errors import QueryError, StoreError
from harvester.model import IRI
from harvester.triplestore import Checkpoints, FileLock, Query, QueryPool, TripleStore, lexer, soundness

OWNER, GRAPH, POSITIONS = IRI("http://e/source"), IRI("http://e/graph"), IRI("http://e/positions")
CARTESIAN = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"

lines = st.lists(st.integers(0, 30), max_size=12).map(
    lambda numbers: b"".join(sorted({f'<http://e/{n}> <http://e/p> "{n}" .\n'.encode() for n in numbers}))
)


@pytest.fixture
def store(tmp_path: Path):
    opened = TripleStore(tmp_path / "oxigraph", positions=POSITIONS)
    yield opened
    opened.close()


def rows(count: int) -> bytes:
    return b"".join(f'<http://e/{n}> <http://e/p> "{n}" .\n'.encode() for n in range(count))


@pytest.fixture
def pool(store: TripleStore, tmp_path: Path):
    store.load(OWNER, GRAPH, 1, [rows(2000)])
    opened = QueryPool(Checkpoints(tmp_path / "checkpoints").make(store), workers=2, timeout_s=2)
    yield opened
    opened.close()


def answer(pool: QueryPool, text: str, **wished: str) -> bytes:
    return b"".join(pool.ask(Query(text, **wished)).chunks)


def test_a_load_brings_triples_and_position_together(store):
    store.load(OWNER, GRAPH, 7, [rows(3)])

    assert (store.position(OWNER), len(store.triples(GRAPH).splitlines())) == (7, 3)


@given(lines, lines)
def test_a_patch_of_the_difference_gives_the_target(tmp_path_factory, old, new):
    store = TripleStore(tmp_path_factory.mktemp("s"), positions=POSITIONS)
    store.load(OWNER, GRAPH, 1, [old])
    before, after = set(old.splitlines(keepends=True)), set(new.splitlines(keepends=True))

    store.patch(OWNER, GRAPH, 2, (b"".join(before - after), b"".join(after - before)))

    assert (store.position(OWNER), b"".join(sorted(store.triples(GRAPH).splitlines(keepends=True)))) == (
        2,
        new,
    )
    store.close()


def test_replacing_a_graph_by_itself_changes_nothing(store):
    assert [store.replace(GRAPH, rows(5)), store.replace(GRAPH, rows(5)), store.replace(GRAPH, rows(4))] == [
        True,
        False,
        True,
    ]


def test_forgetting_a_source_takes_graph_and_position(store):
    store.load(OWNER, GRAPH, 7, [rows(3)])

    assert [store.forget(OWNER, GRAPH), store.forget(OWNER, GRAPH)] == [True, False]
    assert (store.position(OWNER), store.triples(GRAPH)) == (None, b"")


def test_a_faulty_load_leaves_the_store_as_it_was(store):
    with pytest.raises(StoreError, match="bulk load refused"):
        store.load(OWNER, GRAPH, 7, [rows(3), b"<not an iri> <http://e/p> 1 .\n"])

    assert (store.position(OWNER), store.triples(GRAPH)) == (None, b"")


def test_what_an_interrupted_bulk_load_left_behind_is_cleared(tmp_path):
    folder = tmp_path / "oxigraph"
    folder.mkdir()
    (folder / "bulk-42.sst").write_bytes(b"half")

    TripleStore(folder, positions=POSITIONS).close()

    assert list(folder.glob("bulk-*.sst")) == []


def test_checkpoints_grow_in_number_and_old_ones_go(store, tmp_path):
    checkpoints = Checkpoints(tmp_path / "checkpoints", keep=2)
    made = [checkpoints.make(store) for _ in range(4)]

    assert checkpoints.current() == made[-1]
    assert [path.name for path in made if path.exists()] == ["00000003", "00000004"]


def test_a_second_process_cannot_take_the_writers_lock(tmp_path):
    held, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")

    assert (held.acquire(), other.acquire()) == (True, False)
    with pytest.raises(StoreError, match="held by another process"), other:
        pass
    held.release()
    assert other.acquire()


def test_rows_booleans_and_triples_come_in_the_format_wished(pool):
    assert answer(pool, "SELECT ?o { <http://e/1> ?p ?o }", results="csv") == b"o\r\n1\r\n"
    assert b'"boolean":true' in answer(pool, "ASK {}").replace(b" ", b"")
    assert (
        answer(pool, "CONSTRUCT WHERE { <http://e/1> ?p ?o }", graph="ntriples")
        == b'<http://e/1> <http://e/p> "1" .\n'
    )


def test_the_default_graph_is_the_union_unless_the_asker_names_one(pool):
    count = "SELECT (COUNT(*) AS ?n) { ?s <http://e/p> ?o }"

    assert answer(pool, count, results="csv").split()[-1] == b"2000"
    only = pool.ask(Query(count, results="csv", default_graph=["http://e/elsewhere"]))
    assert b"".join(only.chunks).split()[-1] == b"0"


@pytest.mark.parametrize(
    ("text", "status", "kind"),
    [
        ("SELECT ?s { ?s ?p }", 400, "syntax"),
        ("INSERT DATA { <a:a> <a:b> 1 }", 403, "update"),
        ("PREFIX e: <http://e/> DELETE WHERE { ?s ?p ?o }", 403, "update"),
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", 403, "service"),
        ("SELECT * { S\\u0045RVICE SILENT ?e { ?s ?p ?o } }", 403, "service"),
        ("SELECT ?s {" + " " * (1 << 20) + "}", 413, "too-long"),
    ],
)
def test_what_cannot_be_answered_says_so_with_its_status(pool, text, status, kind):
    with pytest.raises(QueryError) as caught:
        pool.ask(Query(text))

    assert (caught.value.status, caught.value.kind) == (status, kind)


@pytest.mark.parametrize(
    "text",
    [
        'SELECT * { ?s ?p "SERVICE <x> {}" }',
        "SELECT * { ?s <http://e/SERVICE> ?service }",
        "# SERVICE <x> {}\nSELECT * { ?s ?p ?o }",
        "PREFIX service: <http://e/> SELECT * { ?s service:service service:INSERT }",
        "SELECT * { ?s ?p '''it's\nSERVICE''' }",
    ],
)
def test_the_word_service_in_strings_names_and_comments_is_no_call(text):
    assert (soundness.checked(text).text, lexer.is_update(text)) == (text, False)


def test_a_query_without_end_is_stopped_and_the_pool_goes_on(pool):
    start = time.monotonic()
    with pytest.raises(QueryError) as caught:
        pool.ask(Query(CARTESIAN))

    assert (caught.value.status, caught.value.kind) == (503, "timeout")
    assert time.monotonic() - start < pool.timeout_s + 1
    assert answer(pool, "ASK {}")


def test_a_query_that_eats_memory_is_stopped_and_the_pool_goes_on(store, tmp_path):
    store.load(OWNER, GRAPH, 1, [rows(3000)])
    pool = QueryPool(Checkpoints(tmp_path / "c").make(store), workers=1, timeout_s=60, memory=3 << 29)
    with pytest.raises(QueryError) as caught:
        b"".join(pool.ask(Query("SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f")).chunks)

    assert caught.value.kind in ("memory", "engine")
    assert answer(pool, "ASK {}")
    pool.close()


def test_an_answer_cut_after_it_began_is_raised_not_ended(pool):
    begun = pool.ask(Query("SELECT * { ?a ?b ?c . ?d ?e ?f }", results="csv"))

    with pytest.raises(QueryError, match="no answer within"):
        for _ in begun.chunks:
            pass


def test_an_asker_who_goes_away_frees_the_worker(pool):
    for _ in range(4):
        begun = pool.ask(Query("SELECT * { ?a ?b ?c . ?d ?e ?f }", results="csv"))
        next(begun.chunks)
        begun.chunks.close()

    assert answer(pool, "ASK {}")


def test_when_every_worker_is_busy_the_next_asker_is_told(pool):
    threads = [threading.Thread(target=_ask_without_end, args=(pool,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    pool.timeout_s = 0.5

    with pytest.raises(QueryError) as caught:
        pool.ask(Query("ASK {}"))

    assert (caught.value.status, caught.value.kind) == (429, "busy")
    for thread in threads:
        thread.join()


def _ask_without_end(pool: QueryPool) -> None:
    with pytest.raises(QueryError):
        pool.ask(Query(CARTESIAN))


def test_after_a_swap_answers_come_from_the_new_checkpoint(store, pool, tmp_path):
    count = "SELECT (COUNT(*) AS ?n) { GRAPH <http://e/graph> { ?s ?p ?o } }"
    assert answer(pool, count, results="csv").split()[-1] == b"2000"
    store.load(OWNER, GRAPH, 2, [rows(5)])

    pool.swap(Checkpoints(tmp_path / "checkpoints").make(store))

    assert answer(pool, count, results="csv").split()[-1] == b"5"


def test_before_the_first_checkpoint_the_asker_is_told_to_come_back():
    with pytest.raises(QueryError) as caught:
        QueryPool(None, workers=1).ask(Query("ASK {}"))

    assert (caught.value.status, caught.value.kind) == (503, "starting")


def test_the_union_may_hold_a_triple_once_only(store):
    store.load(OWNER, GRAPH, 1, [rows(2), rows(2)])

    assert len(list(ox.parse(store.triples(GRAPH), format=ox.RdfFormat.N_TRIPLES))) == 2
