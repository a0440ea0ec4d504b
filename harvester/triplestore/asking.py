"""Room: one query under way at a worker: asked, its first bytes waited for, its answer handed on, or cut.

In: a place at a worker, a query that was read. Out: an answer that has begun. An answer cut after it began is
raised, never ended as if it were whole.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harvester.errors import QueryError
from harvester.evaluator import frames
from harvester.triplestore import soundness
from harvester.triplestore.checkpoints import Mark
from harvester.triplestore.soundness import Checked
from harvester.triplestore.turns import QUICK_S, Asker
from harvester.triplestore.workers import Frame, Worker

if TYPE_CHECKING:
    from harvester.triplestore.queries import QueryPool


@dataclass(frozen=True, slots=True)
class Query:
    """A query and the formats wished for: `results` for rows and booleans, `graph` for triples.

    `encoding` is gzip, zstd or nothing; `base` resolves the relative IRIs of the query.
    """

    text: str
    results: str = "json"
    graph: str = "turtle"
    default_graph: Sequence[str] = ()
    named_graphs: Sequence[str] = ()
    encoding: str = ""
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Answering:
    """An answer that has begun: its format and encoding, the state that it tells of, its bytes as they come.

    `whole` says that all of it is here already; `deadline` is when it is cut, by the monotonic clock.
    """

    format: str
    encoding: str
    mark: Mark | None
    chunks: Iterator[bytes]
    deadline: float
    whole: bool = False


class Asking:
    """One query under way: its worker, its clock. Until `quick` it counts as a quick one."""

    def __init__(  # noqa: PLR0913, PLR0917  # all that a query under way is made of
        self, pool: QueryPool, query: Query, told: Checked, asker: Asker, worker: Worker, began: float
    ) -> None:
        self._pool, self._query, self._told, self._asker, self.worker = pool, query, told, asker, worker
        self._deadline = began + pool.timeout_s
        self.quick = min(self._deadline, time.monotonic() + QUICK_S)
        self._lasted = False

    def begun(self) -> Answering:
        """Ask the worker; the answer, once its first bytes are here."""
        self.sent()
        return self.answer()

    def sent(self) -> None:
        """Ask the worker."""
        try:
            self._asker.until(self.worker)
            self.worker.ask(_request(self._query, self._told))
        except EOFError as error:
            raise self.stopped(error) from error

    def given_up(self) -> None:
        """Nobody waits for the answer any more."""
        self._leave(ended=False)

    def answer(self) -> Answering:
        """The answer, once its first bytes are here; at once when the worker has `begun`."""
        try:
            kind, said = self._frame()
            first = self._frame() if kind == frames.KIND else (kind, said)
            following = self.worker.ready()
        except (TimeoutError, EOFError) as error:
            raise self.stopped(error) from error
        except QueryError:
            self._leave(ended=False)
            raise
        if first[0] == frames.ERROR:
            self._leave(ended=True)
            raise self._said(first[1])
        told = json.loads(said)
        about = (told["format"], told["encoding"], self.worker.mark)
        if following and following[0] == frames.END:
            self._leave(ended=True)
            return Answering(*about, iter([first[1]]), self._deadline, whole=True)
        chunks = self._chunks(first, following)
        next(chunks)  # begun, so that the worker is freed even if the asker leaves before reading
        return Answering(*about, chunks, self._deadline)

    def _chunks(self, frame: Frame, following: Frame | None) -> Iterator[bytes]:
        over = False
        try:
            yield b""
            while frame[0] == frames.DATA:
                yield frame[1]
                frame, following = following or self._frame(), None
            over = True
            self._leave(ended=True)
            if frame[0] != frames.END:
                raise self._said(frame[1])
        except (TimeoutError, EOFError) as error:
            over = True
            raise self.stopped(error) from error
        finally:
            if not over:
                self._leave(ended=False)

    def _frame(self) -> Frame:
        """The next frame; a query that becomes a long one needs room among them."""
        if self._lasted:
            return self.worker.frame(self._deadline)
        try:
            return self.worker.frame(self.quick)
        except TimeoutError:
            if time.monotonic() >= self._deadline:
                raise
        self._pool.last(self._asker)
        self._lasted = True
        self.worker.yield_to_others()
        return self.worker.frame(self._deadline)

    def _leave(self, *, ended: bool) -> None:
        self._asker.done()
        if not ended:
            self.worker.end()
        self._pool.leave(self.worker, self._asker, lasted=self._lasted)

    def stopped(self, error: Exception) -> QueryError:
        """Why there is no more to come; the worker is gone."""
        crashed = isinstance(error, EOFError) and self.worker.crashed()
        self._leave(ended=False)
        if self._asker.left:
            return QueryError("the asker has left", status=499, kind="left")
        if isinstance(error, TimeoutError):
            text = f"no answer within {self._pool.timeout_s:g} s; make the query more selective, or add LIMIT"
            return QueryError(text, status=503, kind="timeout")
        return soundness.too_complex() if crashed else self._pool.out_of_memory()

    def _said(self, frame: bytes) -> QueryError:
        """What the worker complains of."""
        error = json.loads(frame)
        if error["kind"] == "probe":
            probe = self._told.probes[int(error["text"])]
            return soundness.fault_error(probe.fault, probe.constant)
        if error["kind"] == "syntax":
            return soundness.syntax_error(self._query.text, said=error["text"])
        if "memory" in error["text"].lower():
            return self._pool.out_of_memory()
        return QueryError(error["text"], status=500, kind="engine")


def _request(query: Query, told: Checked) -> Mapping[str, Any]:
    return {
        "query": told.text,
        "union": not told.names_dataset,
        "probes": [(probe.ask, probe.expected) for probe in told.probes],
        "results": query.results,
        "graph": query.graph,
        "default_graph": list(query.default_graph),
        "named_graphs": list(query.named_graphs),
        "encoding": query.encoding,
        "base": query.base,
    }
