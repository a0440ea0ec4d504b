"""Room: batches judged side by side, by this process and by helpers forked from it.

Verdicts come back in the order of their batches, a few at a time, whoever judged them. Helpers
start only when a listing turns out long, and end when this process does, however it ends.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection

from harvester.harvest.judging import Judge, Listed, Verdict

Batch = Sequence[tuple[Listed, bytes]]

_LONG = 2
"""Batches judged alone first: a helper costs more than it saves on a short listing."""


def verdicts(judge: Judge, batches: Iterable[Batch], *, helpers: int) -> Iterator[Verdict]:
    """The verdicts of batches, in their order; with helpers, as many batches at once more."""
    hired: list[_Helper] = []
    waiting: deque[_Helper | Verdict] = deque()
    with ExitStack() as stack:
        for number, batch in enumerate(batches):
            if number == _LONG:
                hired = [stack.enter_context(_Helper(judge)) for _ in range(helpers)]
            free = next((helper for helper in hired if helper not in waiting), None)
            if free:
                free.ask(batch)
                waiting.append(free)
            else:
                waiting.append(judge.verdict(batch))
            while waiting and (isinstance(waiting[0], Verdict) or waiting[0].ready()):
                yield _said(waiting.popleft())
        while waiting:
            yield _said(waiting.popleft())


def _said(one: _Helper | Verdict) -> Verdict:
    return one if isinstance(one, Verdict) else one.answer()


class _Helper:
    """A forked process that judges what it is asked, one batch at a time."""

    def __init__(self, judge: Judge) -> None:
        context = multiprocessing.get_context("fork")  # it shares the territories and shapes already loaded
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_help, args=(judge, other, self._pipe), daemon=True)
        self._process.start()
        other.close()

    def ask(self, batch: Batch) -> None:
        self._pipe.send(batch)

    def ready(self) -> bool:
        return self._pipe.poll()

    def answer(self) -> Verdict:
        """Wait for the verdict; an error of the helper is raised here."""
        said = self._pipe.recv()
        if isinstance(said, BaseException):
            raise said
        return said  # type: ignore[no-any-return]  # a pipe carries anything, this one verdicts

    def __enter__(self) -> _Helper:  # noqa: PYI034  # private, never inherited
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _help(judge: Judge, pipe: Connection, others_end: Connection) -> None:
    """Judge until the other side closes; its death closes it too, once our copy is."""
    others_end.close()
    while True:
        try:
            batch = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(judge.verdict(batch))
        except Exception as error:  # noqa: BLE001  # told to the process that runs the source, which decides
            pipe.send(error)
