"""Search everything under a store for a text: every file, decompressed, raw pages included."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyoxigraph as ox
import zstandard

_FRAME = b"\x28\xb5\x2f\xfd"
_GZIP = b"\x1f\x8b"


def traces(root: Path, text: str, aside: Path) -> set[str]:
    """Where the text stands under `root`, in UTF-8 or escaped as in JSON; `aside` is an empty folder to work in."""
    needles = {text.encode(), json.dumps(text).strip('"').encode()}
    found = {where for where, content in _contents(root) if any(needle in content for needle in needles)}
    return found | {
        where for where, quads in _stores(root, aside) if any(needle in quads for needle in needles)
    }


def _contents(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        if path.is_file():
            where, content = str(path.relative_to(root)), path.read_bytes()
            yield where, where.encode()
            yield where, content
            if content.startswith(_FRAME):
                yield where, _unpacked(content)
            if content.startswith(_GZIP):
                yield where, gzip.decompress(content)
            if content.startswith(b"SQLite format 3"):
                yield from ((where, cell) for cell in _cells(path))


def _cells(path: Path) -> Iterator[bytes]:
    """Every cell of every table, unpacked; no page may be left that no table has."""
    with closing(sqlite3.connect(path)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            for row in database.execute(f'SELECT * FROM "{name}"'):
                for cell in row:
                    content = cell if isinstance(cell, bytes) else str(cell).encode()
                    yield _unpacked(content) if content.startswith(_FRAME) else content


def _unpacked(content: bytes) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(content, read_across_frames=True) as stream:
        return stream.read()


def _stores(root: Path, aside: Path) -> Iterator[tuple[str, bytes]]:
    """Every quad of every triple store, read from a copy; the territories are those of the house."""
    for number, current in enumerate(sorted(root.rglob("CURRENT"))):
        copy = aside / str(number)
        shutil.copytree(current.parent, copy)
        store = ox.Store(str(copy))
        for graph in store.named_graphs():
            if not graph.value.endswith("/graph/territoire"):
                yield (
                    str(current.parent.relative_to(root)),
                    store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=graph) or b"",
                )
        shutil.rmtree(copy)


def unused_pages(path: Path) -> int:
    """Pages of a ledger that no table has, and that may hold what was deleted."""
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("PRAGMA freelist_count").fetchone()[0])
