"""Room: what stands where under `store/`; the only place that knows these names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders and files of one store; nothing is created by asking."""

    root: Path

    @property
    def ledger(self) -> Path:
        """The ledger: the truth, everything else but `raw` is rebuilt from it."""
        return self.root / "ledger.sqlite"

    @property
    def raw(self) -> Path:
        """Answers as received, by content."""
        return self.root / "raw"

    @property
    def runs(self) -> Path:
        """The diary of runs: a summary of each, the records of those that changed something."""
        return self.root / "runs"

    @property
    def oxigraph(self) -> Path:
        """The live triple store, opened by the holder of the writer's lock only."""
        return self.root / "oxigraph"

    @property
    def checkpoints(self) -> Path:
        """Immutable copies that queries read."""
        return self.root / "checkpoints"

    @property
    def index(self) -> Path:
        """The index by which published records are found."""
        return self.root / "index"

    @property
    def published(self) -> Path:
        """How far publication has come, for other processes to read."""
        return self.root / "published.json"

    @property
    def dumps(self) -> Path:
        """What is published, as files to take away."""
        return self.root / "dumps"

    @property
    def mirror(self) -> Path:
        """How far the mirror on another machine has come, and what keeps it behind."""
        return self.root / "mirror.json"

    @property
    def writer_lock(self) -> Path:
        """Whoever holds it applies changes."""
        return self.root / "writer.lock"

    @property
    def hosts(self) -> Path:
        """When each host was last asked, across processes."""
        return self.root / "hosts"

    def passing(self, source: str) -> Path:
        """Answers of a run under way, of a source of which something was withdrawn; gone with the run."""
        return self.root / "passing" / source

    def source_lock(self, source: str) -> Path:
        """Whoever holds it harvests this source."""
        return self.root / "locks" / f"{source}.lock"
