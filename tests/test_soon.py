"""Queries asked from the event loop: a quick one costs no thread, and no place is ever lost."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from queried import checkpoint

from harvester.errors import QueryError
from harvester.triplestore import Answering, Asker, Query, QueryPool, soon

ONE = Query("SELECT ?o { <http://e/1> ?p ?o }", results="csv")
ENDLESS = Query("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c != ?f && ?f != ?i) }")
DATA = b"".join(b'<http://e/%d> <http://e/p> "%d" <http://e/g> .\n' % (n, n) for n in range(2000))


@pytest.fixture
def pool(tmp_path):
    """One worker, started."""
    opened = QueryPool(checkpoint(tmp_path, DATA), workers=1, timeout_s=3)
    opened.ask(ONE)
    yield opened
    opened.close()


async def thread(call):
    return await asyncio.to_thread(call)


async def no_thread(_call) -> Answering:
    raise AssertionError("a quick query went to a thread")


@asynccontextmanager
async def unwatched():
    yield


def asked(pool: QueryPool, query: Query, asker: Asker | None = None, elsewhere=thread):
    return soon.asked(pool, query, asker or Asker(), elsewhere, unwatched)


def body(answering: Answering) -> bytes:
    return b"".join(answering.chunks)


def test_a_quick_query_is_answered_whole_without_a_thread(pool):
    told = asyncio.run(asked(pool, ONE, elsewhere=no_thread))

    assert (body(told), told.whole) == (b"o\r\n1\r\n", True)


def test_quick_queries_wait_for_their_turn_without_a_thread(pool):
    async def many() -> list[Answering]:
        return await asyncio.gather(*(asked(pool, ONE, Asker(f"a{n}"), no_thread) for n in range(20)))

    assert {body(told) for told in asyncio.run(many())} == {b"o\r\n1\r\n"}


def test_a_long_answer_streams_after_its_beginning(pool):
    told = asyncio.run(asked(pool, Query("SELECT ?s ?o { ?s ?p ?o . ?t ?q ?u } LIMIT 40000", results="csv")))

    assert not told.whole
    assert body(told).count(b"\n") == 40_001
    assert body(asyncio.run(asked(pool, ONE))) == b"o\r\n1\r\n"


def test_a_query_that_lasts_goes_on_in_a_thread_until_its_time_is_up(pool):
    began, handed = time.monotonic(), []

    async def noted(call):
        handed.append(time.monotonic() - began)
        return await asyncio.to_thread(call)

    with pytest.raises(QueryError) as refusal:
        asyncio.run(asked(pool, ENDLESS, elsewhere=noted))

    assert (refusal.value.kind, len(handed)) == ("timeout", 1)
    assert time.monotonic() - began < 5
    assert body(asyncio.run(asked(pool, ONE))) == b"o\r\n1\r\n"


def test_a_mistake_is_told_and_the_worker_goes_on(pool):
    with pytest.raises(QueryError) as refusal:
        asyncio.run(asked(pool, Query("SELECT {"), elsewhere=no_thread))

    assert (refusal.value.status, refusal.value.kind) == (400, "syntax")
    assert body(asyncio.run(asked(pool, ONE, elsewhere=no_thread))) == b"o\r\n1\r\n"


def test_who_leaves_the_line_takes_no_place(pool):
    first, second = Asker("first"), Asker("second")
    held = pool.take(first, time.monotonic() + 1)

    async def leaving() -> None:
        waiting = asyncio.create_task(asked(pool, ONE, second))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(second.leave)
        await waiting

    with pytest.raises(QueryError) as refusal:
        asyncio.run(leaving())
    pool.unused(held, first)

    assert refusal.value.kind == "left"
    assert body(asyncio.run(asked(pool, ONE))) == b"o\r\n1\r\n"


@pytest.mark.parametrize("lined_up", [True, False], ids=["in-the-line", "at-a-worker"])
def test_a_task_that_is_cancelled_gives_its_place_back(pool, lined_up):
    holder = Asker("holder")
    held = pool.take(holder, time.monotonic() + 1) if lined_up else None

    async def cancelled() -> None:
        task = asyncio.create_task(asked(pool, ENDLESS))
        await asyncio.sleep(0.1)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    if lined_up:
        pool.unused(held, holder)

    assert body(asyncio.run(asked(pool, ONE))) == b"o\r\n1\r\n"
