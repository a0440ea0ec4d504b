"""Publication under load: no request fails, and a run of a thousand changes is seen whole, soon."""

from __future__ import annotations

import shutil
import threading
import time

import pyoxigraph as ox
import pytest
from queried import checkpoint, endpoint

from harvester.model import IRI
from harvester.triplestore import Asker, Checkpoints, Query, QueryPool, TripleStore

OWNER, GRAPH, POSITIONS = IRI("http://e/source"), IRI("http://e/graph"), IRI("http://e/positions")
VERSIONS = "SELECT (COUNT(*) AS ?n) (MIN(?v) AS ?least) (MAX(?v) AS ?most) { GRAPH <http://e/graph> { ?s <http://e/v> ?v } }"
CHANGES = 1000


def version(number: int) -> bytes:
    lines = (f'<http://e/{n}> <http://e/v> "{number:04d}" .\n' for n in range(CHANGES))
    return "".join(sorted(lines)).encode()


@pytest.fixture
def store(tmp_path):
    store = TripleStore(tmp_path / "oxigraph", positions=POSITIONS)
    store.load(OWNER, GRAPH, 0, [version(0)])
    yield store
    store.close()


def seen(client, who="10.0.0.1"):
    answer = client.get(
        "/sparql", params={"query": VERSIONS, "format": "csv"}, headers={"x-forwarded-for": who}
    )
    assert answer.status_code == 200, answer.text
    count, least, most = answer.text.splitlines()[1].split(",")
    assert (str(CHANGES), least) == (count, most), "a half is seen"
    return int(most)


def test_publication_under_load_fails_no_request_and_is_seen_whole_within_two_seconds(store, tmp_path):
    checkpoints = Checkpoints(tmp_path / "checkpoints", keep=2)
    pool = QueryPool(checkpoints.make(store), workers=5, timeout_s=20)
    over, failures, asked = threading.Event(), [], []

    def go_on(who):
        try:
            last = 0
            while not over.is_set():
                now = seen(client, who)
                assert now >= last
                last = now
                asked.append(now)
        except AssertionError as error:
            failures.append(error)

    with endpoint(pool, tmp_path) as client:
        seen(client)
        threads = [threading.Thread(target=go_on, args=(f"10.0.0.{n}",)) for n in range(3)]
        for thread in threads:
            thread.start()
        late = []
        for number in range(1, 9):
            began = time.monotonic()
            store.patch(OWNER, GRAPH, number, (version(number - 1), version(number)))
            pool.swap(checkpoints.make(store))
            while seen(client) != number:
                pass
            late.append(time.monotonic() - began)
        over.set()
        for thread in threads:
            thread.join()
    pool.close()
    assert failures == []
    assert set(range(2, 8)) <= set(asked)
    assert sorted(late)[len(late) // 2] < 2, late


def test_a_long_answer_ends_on_the_state_on_which_it_began(store, tmp_path):
    checkpoints = Checkpoints(tmp_path / "checkpoints", keep=1)
    pool = QueryPool(checkpoints.make(store), workers=2, timeout_s=20)
    pairs = "SELECT ?v { GRAPH <http://e/graph> { ?s <http://e/v> ?v } ?x <http://e/v> ?y }"
    answering = pool.ask(Query(pairs, results="csv"))
    body = next(answering.chunks)
    for number in range(1, 4):  # its checkpoint is not even there any more
        store.patch(OWNER, GRAPH, number, (version(number - 1), version(number)))
        pool.swap(checkpoints.make(store))
    body += b"".join(answering.chunks)
    assert body.split() == [b"v"] + [b"0000"] * CHANGES**2
    assert b"0003" in b"".join(pool.ask(Query(VERSIONS, results="csv")).chunks)
    pool.close()


def test_an_answer_whose_checkpoint_is_gone_is_given_all_the_same(store, tmp_path):
    made = Checkpoints(tmp_path / "checkpoints").make(store)
    pool = QueryPool(made, workers=1)
    with endpoint(pool, tmp_path) as client:
        tag = client.get("/sparql", params={"query": VERSIONS}).headers["etag"]
        shutil.rmtree(made)
        answer = client.get("/sparql", params={"query": VERSIONS}, headers={"if-none-match": tag})
    assert (200, tag) == (answer.status_code, answer.headers["etag"])
    pool.close()


def test_idle_workers_let_go_of_a_checkpoint_that_is_dropped(store, tmp_path):
    checkpoints = Checkpoints(tmp_path / "checkpoints", keep=1)
    first = checkpoints.make(store)
    pool = QueryPool(first, workers=1)
    pool.ask(Query(VERSIONS))
    pool.swap(checkpoints.make(store))
    deadline = time.monotonic() + 10
    while (found := open_files(first)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == []
    pool.close()


def open_files(folder):
    import psutil

    files = [one.path for child in psutil.Process().children() for one in child.open_files()]
    return [path for path in files if str(folder) in path]


def test_a_checkpoint_that_cannot_be_read_is_told_as_ours(tmp_path):
    made = checkpoint(tmp_path, ox.serialize([], format=ox.RdfFormat.N_QUADS) or b"")
    (made / "CURRENT").unlink()
    pool = QueryPool(made, workers=1)
    with endpoint(pool, tmp_path / "layout") as client:
        answer = client.get("/sparql", params={"query": "ASK {}"})
    assert (503, "store") == (answer.status_code, answer.json()["kind"])
    pool.close()


def test_nobody_waits_for_a_worker_of_an_asker_who_left_during_a_swap(store, tmp_path):
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    pool = QueryPool(checkpoints.make(store), workers=1, timeout_s=20)
    leaving = Asker("leaving")
    leaving.leave()
    with pytest.raises(Exception, match="left"):
        pool.ask(Query(VERSIONS), leaving)
    pool.swap(checkpoints.make(store))
    assert b"0000" in b"".join(pool.ask(Query(VERSIONS, results="csv")).chunks)
    pool.close()
