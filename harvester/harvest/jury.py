"""Room: batches judged side by side, by this process and by helpers forked from it.

A helper takes a whole batch; this process judges slices of its own meanwhile, so that no helper
waits long. Verdicts come as they are ready, each with the number of its batch. Helpers start
only when a listing turns out long, and end when this process does, however it ends.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection

from harvester.harvest.judging import Judge, Listed, Verdict

Batch = Sequence[tuple[Listed, bytes]]

_LONG = 1
"""Batches judged alone first: a helper costs more than it saves on a short listing."""

_SLICE = 100
"""Records judged between two looks at the helpers; batches of 100 are as quick to check as of 1000."""


def verdicts(judge: Judge, batches: Iterable[Batch], *, helpers: int) -> Iterator[tuple[int, Verdict]]:
    """(number of the batch, a verdict on it or on a slice of it), until every record is judged."""
    numbered = enumerate(batches)
    own: deque[tuple[int, Batch]] = deque()
    hired: list[_Helper] = []
    more = True
    with ExitStack() as stack:
        while more or own or any(helper.busy for helper in hired):
            idle = next((helper for helper in hired if helper.alive and not helper.busy), None)
            if more and (idle or not own):
                number, batch = next(numbered, (-1, ()))
                more = number >= 0
                if number == _LONG:
                    hired = [stack.enter_context(_Helper(judge)) for _ in range(helpers)]
                if idle and more:
                    idle.ask(number, batch)
                else:
                    own.extend((number, batch[at : at + _SLICE]) for at in range(0, len(batch), _SLICE))
            if own:
                number, batch = own.popleft()
                yield number, judge.verdict(batch)
            for helper in hired:
                if helper.busy and (helper.ready() or not (own or more)):
                    yield helper.answer(judge)


class _Helper:
    """A forked process that judges what it is asked, one batch at a time."""

    def __init__(self, judge: Judge) -> None:
        context = multiprocessing.get_context("fork")  # it shares the territories and shapes already loaded
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_help, args=(judge, other, self._pipe), daemon=True)
        self._process.start()
        other.close()
        self.alive = True
        self._asked: tuple[int, Batch] | None = None

    @property
    def busy(self) -> bool:
        return self._asked is not None

    def ask(self, number: int, batch: Batch) -> None:
        self._asked = number, batch
        with suppress(BrokenPipeError):  # it died: `answer` finds out
            self._pipe.send(batch)

    def ready(self) -> bool:
        return self._pipe.poll()

    def answer(self, judge: Judge) -> tuple[int, Verdict]:
        """Wait for the verdict; when the helper died of it, `judge` gives it here, or fails in words."""
        assert self._asked is not None
        number, batch = self._asked
        self._asked = None
        try:
            return number, self._pipe.recv()
        except (EOFError, ConnectionResetError):
            self.alive = False
            return number, judge.verdict(batch)

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
        pipe.send(judge.verdict(batch))
