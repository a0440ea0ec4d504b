"""Room: the sets of files under `store/dumps/`, each read by its manifest, replaced whole, dropped at once.

A set stands in a folder named by what it was made from; the manifest beside it names the one that counts, and
is replaced in one step. A reader sees the files of before or those of now, never some of each.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from harvester.dumps.files import File
from harvester.layout import Layout

SOURCES, LICENCES = "sources", "licences"
GROUPS = (LICENCES, SOURCES)
PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of one source, or of all sources under one licence.

    `stamp` names what it was made from; `position` is the last change in it and `redactions` how often the
    ledger had forgotten something by then; `credits` are one line for each source. `void` are the figures of
    a source (see `partitions`), empty for a licence.
    """

    group: str
    name: str
    stamp: str
    made_at: datetime
    position: int
    redactions: int
    records: int
    licence: str
    credits: Sequence[str]
    sources: Sequence[str]
    files: Sequence[File]
    void: Mapping[str, Any]

    def file(self, name: str) -> File | None:
        """The file of this name, with or without `.gz`."""
        return next((one for one in self.files if name in (one.name, one.name.removesuffix(".gz"))), None)

    def path(self, layout: Layout, file: File) -> Path:
        """Where a file of it stands."""
        return layout.dumps / self.group / self.name / self.stamp / file.name


def bundle(layout: Layout, group: str, name: str, redactions: int) -> Bundle | None:
    """The set of this name; None when there is none that is whole, or one of before the ledger forgot."""
    try:
        told = json.loads(_manifest(layout, group, name).read_text(encoding="utf-8"))
        files = tuple(File(**one) for one in told.pop("files"))
        made = datetime.fromisoformat(told.pop("made_at"))
        found = Bundle(**told, made_at=made, files=files)
    except (OSError, ValueError, KeyError, TypeError):  # none, or of another version
        return None
    return found if found.redactions == redactions and _whole(layout, found) else None


def bundles(layout: Layout, redactions: int) -> list[Bundle]:
    """Every set that counts: licences first, then sources, by name."""
    found = (bundle(layout, group, name, redactions) for group, name in kept(layout))
    return [one for one in found if one]


def kept(layout: Layout) -> Iterator[tuple[str, str]]:
    """(group, name) of every set on the disk."""
    for group in GROUPS:
        folder = layout.dumps / group
        yield from ((group, path.name) for path in sorted(folder.glob("*")) if path.is_dir())


def begin(layout: Layout, group: str, name: str, stamp: str) -> Path:
    """An empty folder for a new set, which nobody reads yet."""
    folder = layout.dumps / group / name / (stamp + PARTIAL)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def keep(layout: Layout, made: Bundle, folder: Path) -> None:
    """Let a finished set count, and drop the one of before."""
    home = layout.dumps / made.group / made.name
    shutil.rmtree(home / made.stamp, ignore_errors=True)
    folder.rename(home / made.stamp)
    manifest, fresh = _manifest(layout, made.group, made.name), home / ("manifest.json" + PARTIAL)
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(asdict(made), file, default=datetime.isoformat, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(manifest)
    sweep(layout, made)


def sweep(layout: Layout, current: Bundle) -> None:
    """Drop the folders of sets that do not count any more, and what was left half written."""
    for path in (layout.dumps / current.group / current.name).iterdir():
        if path.is_dir() and path.name != current.stamp:
            shutil.rmtree(path, ignore_errors=True)


def drop(layout: Layout, group: str, name: str) -> None:
    """Drop a set: the manifest first, so that nobody begins to read it."""
    _manifest(layout, group, name).unlink(missing_ok=True)
    shutil.rmtree(layout.dumps / group / name, ignore_errors=True)


def _whole(layout: Layout, one: Bundle) -> bool:
    """True when every file is there, in its size."""
    try:
        return all(one.path(layout, file).stat().st_size == file.size for file in one.files)
    except OSError:
        return False


def _manifest(layout: Layout, group: str, name: str) -> Path:
    return layout.dumps / group / name / "manifest.json"
