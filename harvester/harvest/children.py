"""Room: child processes behind the interface of an executor, one for each call.

The standard process pool loses every task when one process dies; here a death concerns its own
task only. Children are forked from a clean server process, so that threads of the parent are no
danger and a start costs milliseconds.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any, ParamSpec, TypeVar, cast

from harvester import logs
from harvester.errors import HarvesterError

P = ParamSpec("P")
T = TypeVar("T")

Told = Callable[[str, int], None]
"""(source, records read so far): how a run tells of its progress."""

_to_parent: Connection | None = None


class ChildDied(HarvesterError):
    """The process that did the work ended without an answer (killed, out of memory)."""


class Children(Executor):
    """At most `workers` children at a time; `told` hears what they tell of their progress."""

    def __init__(
        self, workers: int | None = None, *, told: Told | None = None, verbose: bool = False
    ) -> None:
        self._threads = ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="harvest")
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["harvester.harvest"])
        self._told = told
        self._verbose = verbose
        self._lock = Lock()
        self._running: set[Any] = set()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `fn(*args, **kwargs)` in a child of its own; all of it must be picklable."""
        return self._threads.submit(self._run, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # Executor's
        """End; with `cancel_futures`, running children are killed as well."""
        if cancel_futures:
            with self._lock:
                for child in self._running:
                    child.kill()
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _run(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        receiver, sender = self._context.Pipe(duplex=False)
        child = self._context.Process(
            target=_in_child, args=(sender, (fn, args, kwargs)), kwargs={"verbose": self._verbose}
        )
        child.start()
        sender.close()
        with self._lock:
            self._running.add(child)
        try:
            return cast("T", self._listen(receiver))
        except EOFError as error:
            child.join()
            raise ChildDied(f"process ended with code {child.exitcode}") from error
        finally:
            child.join()
            with self._lock:
                self._running.discard(child)
            receiver.close()

    def _listen(self, receiver: Connection) -> Any:
        while True:
            word, said = receiver.recv()
            if word == "result":
                return said
            if word == "error":
                raise said
            if self._told:
                self._told(*said)


def helpers() -> int:
    """How many processes a run may fork to help it: one for each other core, in a child only."""
    return (os.cpu_count() or 1) - 1 if _to_parent is not None else 0


def tell(source: str, records: int) -> None:
    """In a child: tell the parent how far a run has come. Elsewhere nothing happens."""
    if _to_parent is not None:
        _to_parent.send(("told", (source, records)))


def _in_child(
    sender: Connection, call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]], *, verbose: bool
) -> None:
    global _to_parent  # noqa: PLW0603  # a child has one parent
    _to_parent = sender
    logs.to_stderr(verbose=verbose)
    try:
        fn, args, kwargs = call
        result = fn(*args, **kwargs)
    except HarvesterError as error:
        sender.send(("error", error))
    else:
        sender.send(("result", result))
