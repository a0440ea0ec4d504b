"""Room: lines of N-Triples -> requests of a size that the other store takes.

What it takes is found by trying: a request that is too much for it is halved, and the size that went through
is kept. Sending the same again changes nothing, so that every request may be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from harvester.errors import MirrorError
from harvester.fetch.remote import Remote, TooMuch
from harvester.model import IRI

T = TypeVar("T")
Send = Callable[[Sequence[T], bool, bool], None]
"""Sends a part; told whether it is the first, and whether it is the last."""

FIRST_SIZES = {"update": 4096, "load": 20_000}
"""Triples in one request, at first; an update is parsed as a query, which stores bear less of."""


class Unfit(MirrorError):
    """The other store refuses this very triple; other graphs may go on."""


@dataclass(frozen=True, slots=True)
class Patch:
    """What becomes of a graph, line by line; the updates `before` and `after` go first and last with it."""

    graph: IRI
    delete: Sequence[bytes]
    insert: Sequence[bytes]
    before: str
    after: str


class Sender:
    """Sends to one remote store; `sizes` is what it has found out."""

    def __init__(self, remote: Remote, sizes: dict[str, int]) -> None:
        self._remote = remote
        self.sizes = {**FIRST_SIZES, **{name: size for name, size in sizes.items() if size > 0}}

    def patch(self, patch: Patch) -> None:
        """Apply a patch, in one request if it is small enough.

        Raises:
            MirrorError: it could not be applied whole; applying it again is safe.
        """
        changes = [
            *((line, b"DELETE") for line in patch.delete),
            *((line, b"INSERT") for line in patch.insert),
        ]
        if not changes:
            self.update(patch.after)

        def send(part: Sequence[tuple[bytes, bytes]], first: bool, last: bool) -> None:
            middle = [_data(patch.graph, word, part) for word in (b"DELETE", b"INSERT")]
            steps = [patch.before if first else "", *middle, patch.after if last else ""]
            self._remote.update(" ;\n".join(step for step in steps if step))

        self._in_parts("update", changes, send)

    def load(self, graph: IRI, lines: Iterator[bytes]) -> None:
        """Make a graph hold just these triples; at once when they go in one request.

        Raises:
            MirrorError: it may hold some of them only.
        """
        held = list(islice(lines, self.sizes["load"]))
        more = next(lines, None)
        if more is None and self._put(graph, held):
            return
        self._once(lambda: self._remote.drop(graph))
        while held:
            self._in_parts("load", held, lambda part, _first, _last: self._remote.post(graph, b"".join(part)))
            held = [*([more] if more else ()), *islice(lines, self.sizes["load"])]
            more = None

    def update(self, text: str) -> None:
        """Send a small update; raises MirrorError."""
        self._once(lambda: self._remote.update(text))

    def drop(self, graph: str) -> None:
        """Take a graph out; raises MirrorError."""
        self._once(lambda: self._remote.drop(graph))

    def _put(self, graph: IRI, lines: Sequence[bytes]) -> bool:
        """True when all went in one request; False when it was told to be too much."""
        try:
            self._remote.put(graph, b"".join(lines))
        except TooMuch as error:
            if not error.answered:  # it may still be at work, and end after what we would send next
                raise self._slow("load", len(lines), error) from error
            return False
        return True

    def _once(self, send: Callable[[], None]) -> None:
        try:
            send()
        except TooMuch as error:
            raise MirrorError(f"mirror: {error}; it stays behind, and is brought up later") from error

    def _in_parts(self, kind: str, lines: Sequence[T], send: Send[T]) -> None:
        known, done = self.sizes[kind], 0
        while done < len(lines):
            part = lines[done : done + self.sizes[kind]]
            try:
                send(part, done == 0, done + len(part) == len(lines))
            except TooMuch as error:
                if not error.answered:
                    raise self._slow(kind, len(part), error) from error
                if len(part) <= 1:
                    self.sizes[kind] = known  # it was not the size
                    raise Unfit(f"mirror: a single triple is refused: {error}; look at its log") from error
                self.sizes[kind] = len(part) // 2
                continue
            done += len(part)

    def _slow(self, kind: str, size: int, error: TooMuch) -> MirrorError:
        """Less the next time; not at once, because what was sent may still be under way over there."""
        self.sizes[kind] = max(1, size // 2)
        return MirrorError(f"mirror: {error} for {size} triples; it is sent less at once the next time")


def _data(graph: IRI, word: bytes, part: Iterable[tuple[bytes, bytes]]) -> str:
    lines = b"".join(line for line, its in part if its == word)
    return f"{word.decode()} DATA {{ GRAPH <{graph}> {{\n{lines.decode()}}} }}" if lines else ""
