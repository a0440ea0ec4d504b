"""Room: the read-write store on disk; whoever holds the writer's lock opens it, nobody else.

Each source stands in its own graph and remembers, in the same transaction as its triples, the
last change applied: killed anywhere, the next start goes on from there, and applying twice
changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import IO, cast

import pyoxigraph as ox

from harvester.canonical import in_graph, integer
from harvester.errors import DiskError, StoreError
from harvester.iri import term
from harvester.model import IRI

_APPLIED = term("appliedChange")

_BROKEN = (OSError, RuntimeError)
"""What the engine raises when a disk refuses, and when its files are damaged."""

_FULL = "No space left"

_LARGE = 50_000
"""Triples that differ; beyond, a graph is cheaper to load anew than to mend."""


class TripleStore:
    """See the room. `positions` is the graph that holds the position of each source."""

    def __init__(self, folder: Path, *, positions: IRI) -> None:
        """Open the store, first clearing what an interrupted bulk load left behind.

        Raises:
            StoreError: the folder cannot be opened (damaged, locked, full).
        """
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob("bulk-*.sst"):
            leftover.unlink()
        try:
            self._store = ox.Store(str(folder))
        except _BROKEN as error:
            raise self._refused("cannot be opened", error) from error
        self._positions = ox.NamedNode(positions)

    def close(self) -> None:
        """Write everything down and let go of the folder, also when the disk takes no more."""
        try:
            self._store.flush()
        except _BROKEN as error:  # the engine has it in its own log, or the next start applies it again
            raise self._refused("cannot be written", error) from error
        finally:
            del self._store

    def position(self, owner: IRI) -> int | None:
        """The last change applied for a source; None when it was never loaded."""
        quads = self._store.quads_for_pattern(
            ox.NamedNode(owner), ox.NamedNode(_APPLIED), None, self._positions
        )
        quad = next(quads, None)
        return int(cast("ox.Literal", quad.object).value) if quad else None

    def load(self, owner: IRI, graph: IRI, position: int, payloads: Iterable[bytes]) -> None:
        """Fill the empty graph of a source in one atomic bulk load, its position included."""
        self.forget(owner, graph)
        last = in_graph(self._position_line(owner, position), self._positions.value)
        self._bulk_load(_Stream(chain((in_graph(payload, graph) for payload in payloads), [last])))

    def patch(self, owner: IRI, graph: IRI, position: int, effect: tuple[bytes, bytes]) -> None:
        """Apply (triples to delete, triples to insert) and the new position in one transaction."""
        delete, insert = effect
        held = self.position(owner)
        old = b"" if held is None else self._position_line(owner, held)
        new = self._position_line(owner, position)
        where = self._positions.value
        self._update(
            f"DELETE DATA {{ {_block(graph, delete)} {_block(where, old)} }} ;\n"
            f"INSERT DATA {{ {_block(graph, insert)} {_block(where, new)} }}"
        )

    def forget(self, owner: IRI, graph: IRI) -> bool:
        """Take a source out, graph and position; False when there was nothing of it."""
        held = self.position(owner)
        if held is None and not self._store.contains_named_graph(ox.NamedNode(graph)):
            return False
        old = b"" if held is None else self._position_line(owner, held)
        self._update(f"DROP SILENT GRAPH <{graph}> ; DELETE DATA {{ {_block(self._positions.value, old)} }}")
        return True

    def replace(self, graph: IRI, ntriples: bytes) -> bool:
        """Make a graph hold just these triples, by the difference; False when it already did."""
        held = self.triples(graph)
        if not held and ntriples:
            self._bulk_load(BytesIO(in_graph(ntriples, graph)))
            return True
        old, new = set(held.splitlines(keepends=True)), set(ntriples.splitlines(keepends=True))
        if old == new:
            return False
        if len(old ^ new) > _LARGE:  # killed in the middle, the graph is empty, and filled at the next start
            self._update(f"DROP SILENT GRAPH <{graph}>")
            self._bulk_load(BytesIO(in_graph(ntriples, graph)))
            return True
        delete, insert = b"".join(sorted(old - new)), b"".join(sorted(new - old))
        self._update(
            f"DELETE DATA {{ {_block(graph, delete)} }} ;\nINSERT DATA {{ {_block(graph, insert)} }}"
        )
        return True

    def triples(self, graph: IRI) -> bytes:
        """The triples of one graph as N-Triples, in no order.

        Raises:
            StoreError: the folder is damaged.
        """
        try:
            return self._store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(graph)) or b""
        except _BROKEN as error:
            raise self._refused("cannot be read", error) from error

    def canonical_dump(self, *, without: Collection[IRI] = ()) -> bytes:
        """Every quad as sorted N-Quads: two stores are equal when these are. Graphs may be left out."""
        names = [graph for graph in self._store.named_graphs() if graph.value not in without]
        graphs = (in_graph(self.triples(IRI(graph.value)), graph.value) for graph in names)
        return b"".join(sorted(line for quads in graphs for line in quads.splitlines(keepends=True)))

    def checkpoint(self, folder: Path) -> None:
        """Write everything down, then copy the store by hard links into a new folder.

        Raises:
            StoreError: the disk refuses, or the store is damaged.
        """
        try:
            self._store.flush()
            self._store.backup(str(folder))
        except _BROKEN as error:
            raise self._refused("cannot be copied", error) from error

    def _refused(self, what: str, error: Exception) -> StoreError:
        if _FULL in str(error):
            return DiskError(f"{self._folder}: {what} ({error}); the ledger keeps all; free some space")
        return StoreError(
            f"{self._folder}: {what} ({error}); the ledger keeps all; `harvester doctor` mends it"
        )

    def _position_line(self, owner: IRI, position: int) -> bytes:
        return f"<{owner}> <{_APPLIED}> {integer(position)} .\n".encode()

    def _bulk_load(self, quads: BytesIO | _Stream) -> None:
        try:
            self._store.bulk_load(cast("IO[bytes]", quads), format=ox.RdfFormat.N_QUADS)
        except (*_BROKEN, SyntaxError, ValueError) as error:
            raise self._refused("bulk load refused", error) from error

    def _update(self, update: str) -> None:
        try:
            self._store.update(update)
        except (*_BROKEN, SyntaxError, ValueError) as error:
            raise self._refused("update refused", error) from error


class _Stream:
    """What the engine reads from: chunks made as it asks for them, beside its own work."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = b""

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, all that is left when negative; none at the end."""
        parts, length = [self._held], len(self._held)
        while size < 0 or length < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            parts.append(chunk)
            length += len(chunk)
        whole = b"".join(parts)
        cut = len(whole) if size < 0 else size
        self._held = whole[cut:]
        return whole[:cut]


def _block(graph: str, ntriples: bytes) -> str:
    return f"GRAPH <{graph}> {{\n{ntriples.decode()}}}" if ntriples else ""
