"""Room: foreign SPARQL in, answers out, by worker processes with a wall clock.

The calling process never evaluates a query: it refuses what must not run, and hands the rest to an
idle worker, on the current checkpoint. What happens to one query is told in `asking`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread

from harvester.errors import QueryError, StoreError
from harvester.triplestore.asking import Answering, Asking, Query
from harvester.triplestore.checkpoints import Mark, mark
from harvester.triplestore.soundness import LONGEST_QUERY, checked
from harvester.triplestore.turns import Asker, Turns, Waiting
from harvester.triplestore.workers import Worker

MEMORY = 4 << 30
"""Bytes that one worker may use at most; less where the machine has less."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may take: seconds, bytes of memory, bytes of text; queries of one asker at a time."""

    time_s: float
    memory: int
    length: int
    each: int


class QueryPool:
    """A fixed number of workers on the current checkpoint. Safe to call from any thread.

    Two places are left for quick queries; one asker has three places less than there are.
    """

    def __init__(
        self, checkpoint: Path | None, *, workers: int = 2, timeout_s: float = 30, memory: int | None = None
    ) -> None:
        self.timeout_s = timeout_s
        self.killed = 0
        self._memory = memory or _share(workers)
        self._checkpoint = checkpoint
        self._closed = False
        self._lock = Lock()
        # a place is where a worker may live; it is started when first needed
        self._turns: Turns[Worker | None] = Turns(
            [None] * workers, each=max(1, workers - 3), long=max(1, workers - 2)
        )

    @property
    def checkpoint(self) -> Path | None:
        """The checkpoint that answers come from; None before anything is published."""
        with self._lock:
            return self._checkpoint

    @property
    def mark(self) -> Mark | None:
        """What the current checkpoint is known by; None before anything is published."""
        checkpoint = self.checkpoint
        return mark(checkpoint) if checkpoint else None

    @property
    def limits(self) -> Limits:
        """What one query may take."""
        return Limits(self.timeout_s, self._memory, LONGEST_QUERY, self._turns.each)

    def swap(self, checkpoint: Path) -> None:
        """Answer from another checkpoint from now on; running queries end on the old one."""
        with self._lock:
            self._checkpoint = checkpoint
        Thread(target=self._move, name="move", daemon=True).start()

    def close(self) -> None:
        """End every worker that is idle, and let none start."""
        self._closed = True
        for worker in self._turns.withdraw():
            if worker:
                worker.kill()

    def ask(self, query: Query, asker: Asker | None = None) -> Answering:
        """Evaluate a query; returns when its first bytes are there.

        Raises:
            QueryError: 400 syntax, 403 refused, 413 too long, 429 no worker free, 501 the engine is known
                to answer it wrongly, 503 time or memory is up.
            StoreError: no worker can read the checkpoint.
        """
        told, asker, began = checked(query.text), asker or Asker(), time.monotonic()
        worker = self.take(asker, self.patience(began))
        return Asking(self, query, told, asker, worker, began).begun()

    def patience(self, began: float) -> float:
        """Until when a query that began to wait then waits for a worker: later it could not be answered."""
        return began + self.timeout_s / 2

    def take(self, asker: Asker, deadline: float) -> Worker:
        """A worker on the current checkpoint, in turn; to be given back by `leave`."""
        self._open()
        return self.made_ready(self._turns.take(asker, deadline), asker)

    def line_up(self, asker: Asker, wake: Callable[[], None]) -> Waiting[Worker | None]:
        """Stand in the line for a worker; `wake` is called, from any thread, when it is time to `collect`.

        Raises:
            QueryError: 429 too many wait, 503 nothing is published, or the server is stopping.
        """
        self._open()
        return self._turns.line_up(asker, wake)

    def _open(self) -> None:
        if self.checkpoint is None:
            raise QueryError("nothing is published yet; try again in a moment", status=503, kind="starting")
        if self._closed:
            raise QueryError("the server is stopping", status=503, kind="stopping")

    def collect(self, mine: Waiting[Worker | None]) -> Worker | None:
        """The place that one in the line was given; raises QueryError when it is none."""
        return self._turns.collect(mine)

    def fit(self, worker: Worker | None) -> bool:
        """True when a worker can be asked as it is."""
        return worker is not None and worker.checkpoint == self.checkpoint and worker.alive()

    def unused(self, worker: Worker | None, asker: Asker) -> None:
        """The asker does not want the place that they were given."""
        self._turns.leave(asker, lasted=False)
        self._turns.give(worker)

    def made_ready(self, worker: Worker | None, asker: Asker) -> Worker:
        """A worker on the current checkpoint in the place that the asker was given.

        Raises:
            StoreError: none can read the checkpoint.
        """
        try:
            return self._ready(worker)
        except BaseException:
            self.unused(None, asker)
            raise

    def last(self, asker: Asker) -> None:
        """A query of theirs has become a long one; raises QueryError when there is no room for it."""
        self._turns.last(asker)

    def leave(self, worker: Worker, asker: Asker, *, lasted: bool) -> None:
        """The asker has what they came for; a worker that ended or lasted is replaced first."""
        self._turns.leave(asker, lasted=lasted)
        with self._lock:
            self.killed += worker.ended or not worker.alive()
        if self._closed:
            worker.kill()
        elif worker.spent or not worker.alive():
            Thread(target=self._replace, args=(worker,), name="replace", daemon=True).start()
        else:
            self._turns.give(worker)

    def _ready(self, worker: Worker | None) -> Worker:
        """The worker, or a new one, on the checkpoint that is current, even if that changes meanwhile."""
        while True:
            checkpoint = self.checkpoint
            assert checkpoint is not None
            try:
                return self._on(worker, checkpoint)
            except (OSError, StoreError) as error:
                if self.checkpoint == checkpoint:
                    raise StoreError(f"{checkpoint}: no query worker can read it ({error})") from error
                worker = None  # it was dropped while we opened it

    def _on(self, worker: Worker | None, checkpoint: Path) -> Worker:
        if worker is None or not worker.alive():
            return Worker(checkpoint, self._memory)
        if worker.checkpoint != checkpoint:
            worker.open(checkpoint)
        return worker

    def _replace(self, spent: Worker) -> None:
        spent.kill()
        try:
            worker = self._ready(None)
        except StoreError:
            self._turns.give(None)  # the next asker is told why
            return
        if self._closed:
            worker.kill()
        self._turns.give(worker)

    def _move(self) -> None:
        """Let idle workers open the current checkpoint before they are asked: they hold no older one."""
        for worker in self._turns.withdraw():
            try:
                self._turns.give(self._ready(worker) if worker else None)
            except StoreError:
                self._turns.give(None)
        if self._closed:
            self.close()

    def out_of_memory(self) -> QueryError:
        """The refusal of a query that needed more than there is."""
        text = f"the query needed more than {self._memory >> 20} MiB; make it more selective, or add LIMIT"
        return QueryError(text, status=503, kind="memory")


def _share(workers: int) -> int:
    """What each worker may use when half the memory of the machine is for all that may last."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(MEMORY, max(512 << 20, machine // 2 // max(1, workers - 2)))
