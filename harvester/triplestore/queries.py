"""Room: foreign SPARQL in, answers out, by worker processes with a wall clock.

The calling process never evaluates a query: it refuses what must not run, hands the rest to an
idle worker, and kills the worker when time is up or the asker has gone. An answer cut after it
began is raised, never ended as if it were whole.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock
from typing import IO, cast

from harvester.errors import QueryError, StoreError
from harvester.triplestore import frames, lexer

LONGEST_QUERY = 1 << 20
"""Bytes; longer ones are refused before a worker sees them."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query and the formats wished for: `results` for rows and booleans, `graph` for triples."""

    text: str
    results: str = "json"
    graph: str = "turtle"
    default_graph: Sequence[str] = ()
    named_graphs: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answering:
    """An answer that has begun: the format chosen, and its bytes as they come."""

    format: str
    chunks: Iterator[bytes]


class QueryPool:
    """A fixed number of workers on the current checkpoint. Safe to call from any thread."""

    def __init__(
        self, checkpoint: Path | None, *, workers: int = 2, timeout_s: float = 30, memory: int = 4 << 30
    ) -> None:
        self.timeout_s = timeout_s
        self.killed = 0
        self._memory = memory
        self._checkpoint = checkpoint
        self._closed = False
        self._lock = Lock()
        self._idle: SimpleQueue[_Worker | None] = SimpleQueue()
        for _ in range(workers):
            self._idle.put(None)  # a place where a worker may live; it is started when first needed

    @property
    def checkpoint(self) -> Path | None:
        """The checkpoint that answers come from; None before anything is published."""
        with self._lock:
            return self._checkpoint

    def swap(self, checkpoint: Path) -> None:
        """Answer from another checkpoint from now on; running queries end on the old one."""
        with self._lock:
            self._checkpoint = checkpoint

    def close(self) -> None:
        """End every worker that is idle, and let none start."""
        self._closed = True
        while True:
            try:
                worker = self._idle.get_nowait()
            except Empty:
                return
            if worker:
                worker.kill()

    def ask(self, query: Query) -> Answering:
        """Evaluate a query; returns when its first bytes are there.

        Raises:
            QueryError: 400 syntax, 403 refused, 413 too long, 429 no worker free, 503 time or memory is up.
        """
        _refuse(query.text)
        deadline = time.monotonic() + self.timeout_s
        worker = self._take(deadline)
        try:
            worker.send(query)
            kind = worker.frame(deadline)
            first = worker.frame(deadline) if kind[0] == frames.KIND else kind
            if first[0] == frames.ERROR:
                self._put(worker)
                raise _said(json.loads(first[1]))
        except (TimeoutError, EOFError) as error:
            self._put(None)
            self._kill(worker)
            raise self._stopped(error) from error
        chunks = self._chunks(worker, first, deadline)
        next(chunks)  # begun, so that the worker is freed even if the asker leaves before reading
        return Answering(kind[1].decode(), chunks)

    def _chunks(self, worker: _Worker, frame: tuple[bytes, bytes], deadline: float) -> Iterator[bytes]:
        ended = False
        try:
            yield b""
            while frame[0] == frames.DATA:
                yield frame[1]
                frame = worker.frame(deadline)
            if frame[0] != frames.END:
                raise _said(json.loads(frame[1]))
            ended = True
        except (TimeoutError, EOFError) as error:
            raise self._stopped(error) from error
        finally:
            if not ended:
                self._kill(worker)
            self._put(worker if ended else None)

    def _take(self, deadline: float) -> _Worker:
        try:
            worker = self._idle.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty as error:
            raise QueryError("every worker is busy; try again later", status=429, kind="busy") from error
        with self._lock:
            checkpoint = self._checkpoint
        if checkpoint is None:
            self._idle.put(worker)
            raise QueryError("nothing is published yet; try again in a moment", status=503, kind="starting")
        if worker and worker.checkpoint == checkpoint and worker.alive():
            return worker
        if worker:
            worker.kill()
        if self._closed:
            self._idle.put(None)
            raise QueryError("the server is stopping", status=503, kind="stopping")
        try:
            return _Worker(checkpoint, self._memory, deadline)
        except (OSError, TimeoutError, EOFError) as error:
            self._idle.put(None)
            raise StoreError(f"{checkpoint}: no query worker could be started ({error})") from error

    def _kill(self, worker: _Worker) -> None:
        """End a worker in the middle of its query, and count it."""
        worker.kill()
        with self._lock:
            self.killed += 1

    def _put(self, worker: _Worker | None) -> None:
        if worker and self._closed:
            worker.kill()
        self._idle.put(None if self._closed else worker)

    def _stopped(self, error: Exception) -> QueryError:
        if isinstance(error, TimeoutError):
            text = f"no answer within {self.timeout_s:g} s; make the query more selective, or add LIMIT"
            return QueryError(text, status=503, kind="timeout")
        text = f"the query needed more than {self._memory >> 20} MiB; make it more selective, or add LIMIT"
        return QueryError(text, status=503, kind="memory")


class _Worker:
    """One worker process on one checkpoint."""

    def __init__(self, checkpoint: Path, memory: int, deadline: float) -> None:
        self.checkpoint = checkpoint
        command = [sys.executable, "-m", "harvester.triplestore.worker", str(checkpoint), str(memory)]
        self._process = subprocess.Popen(  # noqa: S603  # our own module, no shell
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            env={**os.environ, "MALLOC_ARENA_MAX": "2"},  # else threads reserve what the limit counts as used
        )  # fmt: skip
        self._held = bytearray()
        try:
            self.frame(deadline)  # it says when it is ready
        except (TimeoutError, EOFError):
            self.kill()
            raise

    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def send(self, query: Query) -> None:
        request = {
            "query": query.text,
            "results": query.results,
            "graph": query.graph,
            "default_graph": list(query.default_graph),
            "named_graphs": list(query.named_graphs),
        }
        try:
            frames.send(cast("IO[bytes]", self._process.stdin), frames.REQUEST, json.dumps(request).encode())
        except BrokenPipeError as error:
            raise EOFError from error

    def frame(self, deadline: float) -> tuple[bytes, bytes]:
        """The next frame.

        Raises:
            TimeoutError: it did not come in time.
            EOFError: the worker died.
        """
        size = frames.HEADER.size
        letter, length = frames.HEADER.unpack(self._bytes(size, deadline))
        return letter, self._bytes(length, deadline)

    def _bytes(self, wanted: int, deadline: float) -> bytes:
        out = cast("IO[bytes]", self._process.stdout)
        while len(self._held) < wanted:
            ready, _, _ = select.select([out], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            data = out.read(1 << 16)
            if not data:
                raise EOFError
            self._held += data
        taken = bytes(self._held[:wanted])
        del self._held[:wanted]
        return taken


def _refuse(text: str) -> None:
    if len(text.encode()) > LONGEST_QUERY:
        raise QueryError(f"the query is longer than {LONGEST_QUERY} bytes", status=413, kind="too-long")
    if lexer.is_update(text):
        raise QueryError("this endpoint is read-only; updates are refused", status=403, kind="update")
    if lexer.calls_service(text):
        raise QueryError(
            "SERVICE is refused here; run federated queries on your side", status=403, kind="service"
        )


def _said(error: dict[str, str]) -> QueryError:
    if error["kind"] == "syntax":
        return QueryError(error["text"], status=400, kind="syntax")
    return QueryError(error["text"], status=500, kind="engine")
