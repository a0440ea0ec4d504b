"""Room: a query asked from the event loop, so that a quick one costs no thread.

In: a pool and a query. Out: its answer, once begun. What is slow (a long query text, a worker to be started,
an answer that is not there soon) is handed to a thread, where it goes on as `QueryPool.ask` does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial

from harvester.errors import QueryError
from harvester.triplestore.asking import Answering, Asking, Query
from harvester.triplestore.queries import QueryPool
from harvester.triplestore.soundness import checked
from harvester.triplestore.turns import Asker
from harvester.triplestore.workers import Worker

SHORT = 4096
"""Characters of a query that is read on the event loop."""

Elsewhere = Callable[[Callable[[], Answering]], Awaitable[Answering]]
"""Calls it in a thread."""


Watching = Callable[[], AbstractAsyncContextManager[None]]
"""Inside, the asker leaves when their connection does."""


async def asked(
    pool: QueryPool, query: Query, asker: Asker, elsewhere: Elsewhere, watching: Watching
) -> Answering:
    """As `QueryPool.ask`, which see for what it raises; a quick query is not ended when its asker leaves."""
    if len(query.text) > SHORT:
        return await elsewhere(lambda: pool.ask(query, asker))
    told, began = checked(query.text), time.monotonic()
    worker = await _place(pool, asker, pool.patience(began), watching)
    if worker is None or not pool.fit(worker):
        return await elsewhere(
            lambda: Asking(pool, query, told, asker, pool.made_ready(worker, asker), began).begun()
        )
    asking = Asking(pool, query, told, asker, worker, began)
    asking.sent()
    if await _begun(asking):
        return asking.answer()
    return await elsewhere(asking.answer)


async def _place(pool: QueryPool, asker: Asker, deadline: float, watching: Watching) -> Worker | None:
    """The worker whose turn it is; None when one is to be started."""
    loop = asyncio.get_running_loop()
    turn: asyncio.Future[None] = loop.create_future()
    mine = pool.line_up(asker, partial(_tell, loop, turn))
    if not mine.given:
        try:
            async with watching():
                await asyncio.wait([turn], timeout=deadline - time.monotonic())
        except asyncio.CancelledError:
            with suppress(QueryError):
                pool.unused(pool.collect(mine), asker)
            raise
    return pool.collect(mine)


def _tell(loop: asyncio.AbstractEventLoop, what: asyncio.Future[None]) -> None:
    """From any thread."""
    loop.call_soon_threadsafe(_happened, what)


def _happened(what: asyncio.Future[None]) -> None:
    if not what.done():
        what.set_result(None)


async def _begun(asking: Asking) -> bool:
    """True once all of a short answer is here, or the second part of a long one; False when it takes long."""
    worker, loop = asking.worker, asyncio.get_running_loop()
    try:
        while not worker.begun():
            if not await _readable(worker.fileno(), asking.quick - time.monotonic(), loop):
                return False
            worker.take_in()
    except EOFError as error:
        raise asking.stopped(error) from error
    except asyncio.CancelledError:
        asking.given_up()
        raise
    return True


async def _readable(descriptor: int, seconds: float, loop: asyncio.AbstractEventLoop) -> bool:
    """True when there is something to read within so many seconds."""
    there: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, _happened, there)
    try:
        done, _ = await asyncio.wait([there], timeout=max(0.0, seconds))
        return bool(done)
    finally:
        loop.remove_reader(descriptor)
