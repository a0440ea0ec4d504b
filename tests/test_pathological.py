"""What nobody should ask is answered in time with its own status, and nobody else waits for it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from pathological import HUGE, LIGHT, QUERIES, ask, data, light_beside, memory, unread
from queried import checkpoint, endpoint

from harvester.triplestore import QueryPool

STATUS = {
    "timeout": 503, "memory": 503, "too-complex": 400, "syntax": 400, "service": 403, "update": 403, "too-long": 413,
}  # fmt: skip
LIMIT_S = 2
BUSY_S = 0.7
"""What the machine may add, running other tests."""


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """Little time for each query."""
    folder = tmp_path_factory.mktemp("hasty")
    pool = QueryPool(checkpoint(folder, data(2000)), workers=4, timeout_s=LIMIT_S, memory=1 << 30)
    with endpoint(pool, folder) as client:
        for _ in range(4):
            ask(client, LIGHT, "10.0.0.1")
        yield client
    pool.close()


@pytest.mark.parametrize("name", QUERIES)
def test_it_is_answered_within_the_limit_with_its_own_status(hasty, name):
    query, kinds = QUERIES[name]
    took, answer = ask(hasty, query, "10.0.0.2")
    told = answer.json()
    assert told["kind"] in kinds
    assert answer.status_code == STATUS[told["kind"]]
    assert took < LIMIT_S + 1 + BUSY_S
    assert answered_soon(hasty, "10.0.0.1")


def answered_soon(client, who):
    """A light query finds a worker: the one that was killed is replaced, at once where others do no work."""
    deadline = time.monotonic() + 10
    while ask(client, LIGHT, who)[1].status_code != 200:
        if time.monotonic() > deadline:
            return False
    return True


def test_a_client_that_stops_reading_gets_a_broken_transfer_and_holds_nothing(hasty):
    assert unread(hasty, "10.0.0.2", LIMIT_S + 1) == "broken"
    assert answered_soon(hasty, "10.0.0.2")


def test_askers_of_endless_queries_do_not_keep_others_waiting(tmp_path):
    endless = QUERIES["3-way cartesian"][0]
    pool = QueryPool(checkpoint(tmp_path, data(2000)), workers=5, timeout_s=4)
    with endpoint(pool, tmp_path) as client, ThreadPoolExecutor() as threads, light_beside(client) as took:
        asked = [threads.submit(ask, client, endless, f"10.0.1.{n}") for n in range(4)]
        kinds = sorted(one.result()[1].json()["kind"] for one in asked)
    pool.close()
    assert kinds == ["busy", "timeout", "timeout", "timeout"]
    assert len(took) > 5
    assert sorted(took)[len(took) // 2] < 0.25


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_whole_set_at_once_for_minutes(tmp_path):
    """Every query by four askers over and over; light ones beside, memory bounded, nothing left behind."""
    limit, room = 10, 1 << 30
    pool = QueryPool(checkpoint(tmp_path, data(50_000)), workers=5, timeout_s=limit, memory=room)
    with endpoint(pool, tmp_path) as client, ThreadPoolExecutor(6) as threads:
        for _ in range(5):
            ask(client, LIGHT, "10.0.0.1")
        with memory() as held, light_beside(client) as took:
            began = held[-1] if held else 0
            some = {name: query for name, (query, _) in QUERIES.items()}
            asked = {
                (n, name): threads.submit(ask, client, query, f"10.0.2.{n}")
                for n in range(4)
                for name, query in some.items()
            }
            idle = [threads.submit(unread, client, f"10.0.3.{n}", limit + 1) for n in range(2)]
            for (_, name), one in asked.items():
                seconds, answer = one.result()
                assert answer.json()["kind"] in QUERIES[name][1] | {"busy"}, (name, answer.text)
                assert seconds < limit + 1, name
            assert {one.exception() or one.result() for one in idle} <= {"broken"}
        assert sorted(took)[int(len(took) * 0.99)] < 0.25, sorted(took)[-10:]
        assert max(held) - began < 5 * room
        time.sleep(1)
        assert ask(client, LIGHT, "10.0.2.0")[1].status_code == 200
    pool.close()


def test_the_set_holds_what_it_should():
    assert HUGE.count("?") == 9
    assert len(QUERIES["5 MB"][0]) > 5_000_000
