"""Room: what is known here of the mirror: how far it has come, and since when it is behind.

A file under the store, written by whoever brings the mirror up, read by pages, commands and metrics; without
it nothing is lost, the mirror itself says where it stands.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from harvester.layout import Layout


@dataclass(frozen=True, slots=True)
class Note:
    """How the mirror stands.

    `checkpoint` is the name of the last one mirrored whole, `change` the last change it holds, -1 before the
    first; `at` when it was last seen to be in step (aware); `trouble` what keeps it from that, `since` when.
    `sizes` are the numbers of triples that it takes at once, as far as that was found out.
    """

    checkpoint: str | None = None
    change: int = -1
    at: datetime | None = None
    trouble: str | None = None
    since: datetime | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)

    def failed(self, trouble: str, now: datetime) -> Note:
        """The same, behind since `now` or since before."""
        return replace(self, trouble=trouble, since=self.since or now)

    def behind(self, change: int) -> int:
        """How many changes are not mirrored, when `change` is the last one of the ledger."""
        return max(0, change - max(self.change, 0))


def note(layout: Layout) -> Note:
    """The note as it stands; one that is not there or cannot be read counts as none."""
    try:
        told = json.loads(layout.mirror.read_text(encoding="utf-8"))
        times = {name: told[name] and datetime.fromisoformat(told[name]) for name in ("at", "since")}
        return Note(**{**told, **times})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return Note()


def written(layout: Layout, fresh: Note) -> Note:
    """Write the note, whole or not at all; returns it."""
    told = {
        name: one.isoformat() if isinstance(one, datetime) else one for name, one in asdict(fresh).items()
    }
    _replace(layout.mirror, json.dumps(told))
    return fresh


def _replace(path: Path, text: str) -> None:
    passing = path.with_suffix(f".{os.getpid()}.partial")
    passing.write_text(text, encoding="utf-8")
    passing.replace(path)
