"""Room: the diary of runs, `store/runs/`: a summary of each, the records of those that changed something.

In: the records of a run as they go by, and how it ended. Out: `SOURCE/NUMBER.json`, and, with one record a
line, `SOURCE/NUMBER.jsonl.zst`, from which the run can be told again. A run that changed nothing keeps no
records: they are those of the run before it.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import zstandard

from harvester.errors import SourceUnavailable
from harvester.harvest.asking import Report
from harvester.harvest.spelled import spelled
from harvester.model import Gone, Kept, Listed, Outcome, Record, Rejected

_LEVEL = 3
_PARTIAL = ".partial"
_KEPT = frozenset({Outcome.DONE, Outcome.DONE_ISSUES, Outcome.HELD})


class Diary:
    """The diary of one source."""

    def __init__(self, folder: Path, source: str) -> None:
        self._source = source
        self._folder = folder / source
        self._partial: Path | None = None

    def noted(self, records: Iterable[Listed]) -> Iterator[Listed]:
        """The same records, each written down as it goes by."""
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._folder / f"{os.getpid()}{_PARTIAL}"
        self._partial = partial
        with partial.open("wb") as file, zstandard.ZstdCompressor(_LEVEL).stream_writer(file) as out:
            for one in records:
                out.write(_line(one))
                yield one

    def end(self, report: Report) -> None:
        """Keep what was noted under the number of its run, when it changed something or is held."""
        if report.run is not None and self._partial and report.outcome in _KEPT:
            self._partial.replace(self._records(report.run))
        elif self._partial:
            self._partial.unlink(missing_ok=True)
        self._partial = None
        if report.run is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._summarise(report.run, _summary(report))

    def records(self, run: int) -> Iterator[Listed]:
        """The records of a run, in the order of its listing.

        Raises:
            SourceUnavailable: they are not kept.
        """
        path = self._records(run)
        if not path.is_file():
            raise SourceUnavailable(
                f"{self._source}: no records are kept of run {run}; name another with --of, or use --from raw"
            )
        return _read(path)

    def holds(self, run: int) -> bool:
        """True when the records of a run are kept."""
        return self._records(run).is_file()

    def forget(self, run: int) -> None:
        """Drop the records of a run."""
        self._records(run).unlink(missing_ok=True)

    def size(self, run: int) -> int:
        """Bytes that the records of a run take; 0 when they are not kept."""
        return self._records(run).stat().st_size if self.holds(run) else 0

    def forget_summary(self, run: int) -> None:
        """Drop the summary of a run."""
        (self._folder / f"{run}.json").unlink(missing_ok=True)

    def kept(self) -> list[int]:
        """The runs whose records are kept, newest first."""
        return self._numbers("*.jsonl.zst")

    def summaries(self) -> list[int]:
        """The runs of which there is a summary, newest first."""
        return self._numbers("*.json")

    def rewrite(self, run: int, records: Iterable[Listed]) -> None:
        """Keep these as the records of a run; killed on the way, the old ones are still there."""
        fresh = self._folder / f"{run}{_PARTIAL}"
        with fresh.open("wb") as file:
            with zstandard.ZstdCompressor(_LEVEL).stream_writer(file, closefd=False) as out:
                for one in records:
                    out.write(_line(one))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._records(run))

    def hush(self, run: int, message: str) -> None:
        """Leave of the summary of a run its numbers and this message, nothing that quotes a record."""
        path = self._folder / f"{run}.json"
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:  # damaged: nobody knows what it quotes
            path.unlink()
        else:
            self._summarise(run, {**told, "message": message, "issues": []})

    def sweep(self) -> None:
        """Drop what killed runs left; nothing may run meanwhile."""
        for path in self._folder.glob(f"*{_PARTIAL}"):
            path.unlink(missing_ok=True)

    def _numbers(self, pattern: str) -> list[int]:
        names = (path.name.partition(".")[0] for path in self._folder.glob(pattern))
        return sorted((int(name) for name in names if name.isdigit()), reverse=True)

    def _summarise(self, run: int, told: Mapping[str, Any]) -> None:
        fresh = self._folder / f"{run}.json{_PARTIAL}"
        fresh.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self._folder / f"{run}.json")

    def _records(self, run: int) -> Path:
        return self._folder / f"{run}.jsonl.zst"


def _read(path: Path) -> Iterator[Listed]:
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        buffered: BinaryIO = io.BufferedReader(stream)
        for line in buffered:
            yield _listed(orjson.loads(line))


def _line(one: Listed) -> bytes:
    told: dict[str, Any] = {"ref": one.ref}
    if isinstance(one, Record):
        told["value"] = one.value
    elif isinstance(one, Rejected | Kept):
        told["rejected" if isinstance(one, Rejected) else "kept"] = one.reason
    return spelled(told, option=orjson.OPT_APPEND_NEWLINE)


def _listed(told: Mapping[str, Any]) -> Listed:
    ref = told["ref"]
    if "value" in told:
        return Record(ref, told["value"])
    if "rejected" in told:
        return Rejected(ref, told["rejected"])
    return Kept(ref, told["kept"]) if "kept" in told else Gone(ref)


def _summary(report: Report) -> dict[str, Any]:
    return {
        "source": report.source,
        "run": report.run,
        "outcome": report.outcome,
        "message": report.message,
        "counts": dict(report.counts),
        "issues": list(report.issues),
    }


def swept(folder: Path, before: datetime) -> int:
    """Drop what killed runs left since `before` (aware); returns how many files."""
    left = [path for path in folder.glob(f"*/*{_PARTIAL}") if path.stat().st_mtime < before.timestamp()]
    for path in left:
        with suppress(FileNotFoundError):
            path.unlink()
    return len(left)
