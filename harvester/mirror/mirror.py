"""Room: the mirror, asked where it stands and brought to what is published, graph by graph.

A source is brought up by the net effect of its changes since the last one that was sent, in steps: a mark
says which step was begun, so that one killed in its middle is done again, whole, before anything else. What
has no mark, or one of before the ledger forgot something, is put anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from harvester import __version__, iri
from harvester.errors import MirrorError, StoreError
from harvester.fetch import agent
from harvester.fetch.remote import Remote
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.difference import difference
from harvester.mirror.marks import Mark, Marks, Position
from harvester.mirror.note import Note, note, written
from harvester.mirror.sending import Patch, Sender, Unfit
from harvester.mirror.wanted import Wanted, state, wanted
from harvester.model import IRI, Federation, RemoteStore
from harvester.triplestore import Checkpoints, FileLock

_STEP = 5000
"""Changes applied under one mark; bounds memory."""

_NEW = Mark()


class Mirror:
    """An open mirror; hold its lock around it."""

    def __init__(self, at: RemoteStore, layout: Layout, federation: Federation, ledger: Ledger) -> None:
        """Open it; nothing is asked yet.

        Raises:
            MirrorError: the variable that holds user and password does not.
        """
        self._layout, self._base, self._ledger = layout, federation.base, ledger
        self._remote = Remote(at, agent=agent(federation.contact, __version__))
        self._sender = Sender(self._remote, dict(note(layout).sizes))
        self._marks = Marks(self._remote, iri.graph(self._base, "position"))

    def close(self) -> None:
        """Close every connection."""
        self._remote.close()

    @property
    def sizes(self) -> dict[str, int]:
        """How many triples it takes at once, as far as that is known."""
        return dict(self._sender.sizes)

    def bring_up(self, checkpoint: Path) -> None:
        """Bring every graph to what is published; a graph that it refuses does not keep the others back.

        Raises:
            MirrorError: something is behind; calling it again goes on.
        """
        held, graphs = self._marks.held(), wanted(self._base, self._ledger, checkpoint)
        unfit: list[Unfit] = []
        for graph in held.keys() - graphs.keys():
            self._forget(graph)
        for graph, want in graphs.items():
            try:
                self._bring(graph, want, held.get(graph, _NEW))
            except Unfit as error:
                unfit.append(error)
        if unfit:
            raise unfit[0]

    def forget(self) -> None:
        """Take every mark away, so that all is put anew; raises MirrorError."""
        for graph in self._marks.held():
            self._sender.update(self._marks.none(graph))

    def counts(self, checkpoint: Path) -> Iterator[tuple[IRI, int, int]]:
        """For each graph, the triples that were to be sent and those that it counts; raises MirrorError."""
        for graph, want in wanted(self._base, self._ledger, checkpoint).items():
            rows = self._remote.rows(f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
            yield graph, sum(1 for _ in want.lines()), int(rows[0]["n"])

    def doubt(self, graph: IRI) -> None:
        """Take the mark of a graph away, so that it is put anew; raises MirrorError."""
        self._sender.update(self._marks.none(graph))

    def _forget(self, graph: str) -> None:
        self._sender.drop(graph)
        self._sender.update(self._marks.none(graph))

    def _bring(self, graph: IRI, want: Wanted, mark: Mark) -> None:
        if mark == Mark(want.state):
            return
        holds, wished = Position.read(mark.holds), Position.read(want.state)
        if want.source is None or holds is None or wished is None or not _continues(holds, wished, mark):
            self._load(graph, want)
        else:
            self._patch(graph, want.source, holds, mark)

    def _load(self, graph: IRI, want: Wanted) -> None:
        """Without a mark meanwhile: killed in its middle, it begins anew."""
        self._sender.update(self._marks.none(graph))
        self._sender.load(graph, want.lines())
        if want.source and state(self._ledger, want.source) != want.state:
            raise MirrorError(
                f"mirror: '{want.source}' changed while it was sent; it is put anew the next time"
            )
        self._sender.update(self._marks.ended(graph, want.state))

    def _patch(self, graph: IRI, source: str, holds: Position, mark: Mark) -> None:
        """Step by step; the one that was begun first, exactly as it was begun."""
        begun = Position.read(mark.begun)
        upto = begun.change if begun else None
        while True:
            change, net = self._ledger.net_changes(source, holds.change, limit=_STEP, upto=upto)
            if change == holds.change:
                return
            after, upto = replace(holds, change=change), None
            marks = self._marks.begun(graph, str(after)), self._marks.ended(graph, str(after))
            self._sender.patch(Patch(graph, *difference(net), *marks))
            holds = after


def mirrored(
    at: RemoteStore, layout: Layout, federation: Federation, ledger: Ledger, *, anew: bool = False
) -> Note | None:
    """Bring the mirror to the current checkpoint, with `anew` all of it, and note how that went.

    None when there is nothing to mirror yet, or another process is at it. What the mirror refuses is told in
    the note and raised nowhere: nothing else waits for it.
    """
    checkpoint, change = Checkpoints(layout.checkpoints).current(), ledger.position()
    with _alone(layout) as mine:
        if checkpoint is None or not mine:
            return None
        try:
            with opened(at, layout, federation, ledger) as mirror:
                return _noted(mirror, layout, checkpoint, change, anew=anew)
        except MirrorError as error:
            return written(layout, note(layout).failed(str(error), datetime.now(UTC)))


@contextmanager
def opened(at: RemoteStore, layout: Layout, federation: Federation, ledger: Ledger) -> Iterator[Mirror]:
    """A mirror, closed at the end."""
    mirror = Mirror(at, layout, federation, ledger)
    try:
        yield mirror
    finally:
        mirror.close()


def _noted(mirror: Mirror, layout: Layout, checkpoint: Path, change: int, *, anew: bool) -> Note:
    try:
        if anew:
            mirror.forget()
        mirror.bring_up(checkpoint)
    except StoreError:
        written(layout, replace(note(layout), sizes=mirror.sizes))
        raise
    return written(layout, Note(checkpoint.name, change, datetime.now(UTC), sizes=mirror.sizes))


@contextmanager
def _alone(layout: Layout) -> Iterator[bool]:
    lock = FileLock(layout.source_lock("-mirror"))
    mine = lock.acquire()
    try:
        yield mine
    finally:
        lock.release()


def _continues(holds: Position, wished: Position, mark: Mark) -> bool:
    """True when the difference leads from what it holds to what is wished: nothing was forgotten here."""
    begun = Position.read(mark.begun)
    known = (
        begun is None if mark.begun is None else begun is not None and begun.redactions == wished.redactions
    )
    return known and holds.redactions == wished.redactions and max(holds, begun or holds) <= wished
