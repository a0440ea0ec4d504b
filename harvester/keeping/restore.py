"""Room: a backup -> a store that goes on where it stood, less what was withdrawn since.

In: a backup, an empty store, perhaps a newer list of what is withdrawn. All is checked before anything is
written; the store is made aside, what is on the list leaves it there, and only then does it come to its
place, the ledger last: killed anywhere, there is no store yet, and the next call begins again.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harvester import vocab
from harvester.errors import StoreError, disk_error
from harvester.harvest import Plan
from harvester.harvest.withdrawal import Withdrawal, finish
from harvester.keeping import leftovers, manifest
from harvester.keeping.backup import ALIGNMENTS, CORRECTIONS, SOURCES, SUPPRESSIONS
from harvester.keeping.manifest import Manifest
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.decisions import imported
from harvester.ledger.withdrawals import order
from harvester.model import Federation

_ASIDE = "restoring"
_SHOWN = 10


def checked(folder: Path) -> Manifest:
    """The manifest of a backup whose every file is as it says.

    Raises:
        StoreError: it is not a backup, or something of it is damaged or missing.
    """
    made = manifest.read(folder)
    wrong = list(manifest.faults(folder, made.files))
    if wrong:
        more = [f"and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
        raise StoreError(f"{folder}: damaged; take another backup: " + "; ".join([*wrong[:_SHOWN], *more]))
    return made


def refuse_occupied(layout: Layout) -> None:
    """Refuse a store that holds anything but what an unfinished restore left.

    Raises:
        StoreError: it holds something.
    """
    held = [
        path.name for path in _places(layout) if path.is_file() or (path.is_dir() and any(path.iterdir()))
    ]
    if held and (layout.ledger.exists() or not (layout.root / _ASIDE).exists()):
        raise StoreError(f"{layout.root}: holds {', '.join(held)}; give an empty --store, or move it away")


def put_back_written(folder: Path, made: Manifest, config: Path) -> tuple[str, ...]:
    """Put back what people wrote, where nothing stands; returns what stands there and is unlike."""
    homes = {
        SOURCES: config,
        CORRECTIONS: config.parent / CORRECTIONS,
        ALIGNMENTS: vocab.folder() / ALIGNMENTS,
    }
    unlike = []
    for name in made.files:
        first, _, rest = name.partition("/")
        if first not in homes or (rest and first == SOURCES):
            continue
        home = homes[first] / rest if rest else homes[first]
        if not home.exists():
            manifest.copy(folder / name, home)
        elif manifest.measured(home) != made.files[name]:
            unlike.append(str(home))
    return tuple(unlike)


@dataclass(frozen=True, slots=True)
class Restoring:
    """A checked backup on its way into an empty store; hold the writer's lock, and that of the keeper."""

    folder: Path
    made: Manifest
    layout: Layout
    federation: Federation
    plans: Mapping[str, Plan]

    def run(self, newer: Path | None = None) -> int:
        """Make the store; returns how much was withdrawn from it on the way.

        `newer` is a list of what is withdrawn, of today.

        Raises:
            StoreError: the list cannot be read, the configuration is of another base, or the disk refuses.
        """
        aside = Layout(self.layout.root / _ASIDE)
        try:
            self._clear(aside)
            for name in (name for name in self.made.files if _belongs(name)):
                manifest.copy(self.folder / name, aside.root / name)
            withdrawn = self._withdraw(aside, newer)
            for path in (aside.raw, aside.runs, aside.ledger):
                if path.exists():
                    path.rename(self.layout.root / path.name)
            shutil.rmtree(aside.root)
        except StoreError:
            shutil.rmtree(aside.root, ignore_errors=True)
            raise
        except OSError as error:
            raise disk_error(error, self.layout.root) from error
        return withdrawn

    def _clear(self, aside: Layout) -> None:
        """Take away what a killed restore left."""
        aside.root.mkdir(parents=True, exist_ok=True)
        for path in [*_places(self.layout), *aside.root.iterdir()]:
            leftovers.drop(path)

    def _withdraw(self, aside: Layout, newer: Path | None) -> int:
        """What is withdrawn today leaves the store before anybody sees it."""
        listed = [self.folder / SUPPRESSIONS, *([newer] if newer else [])]
        ledger = Ledger.open(aside.ledger, base=self.federation.base)
        try:
            for path in listed:
                order(ledger, imported(path.read_text(encoding="utf-8").splitlines()))
            return finish(Withdrawal(self.plans, self.federation, aside, ledger, lambda: None))
        finally:
            ledger.close()


def _places(layout: Layout) -> list[Path]:
    """Where a store holds what is its own."""
    own = (
        layout.ledger,
        layout.raw,
        layout.runs,
        layout.oxigraph,
        layout.checkpoints,
        layout.index,
        layout.published,
    )
    return [*own, *(layout.ledger.with_name(f"{layout.ledger.name}{end}") for end in ("-wal", "-shm"))]


def _belongs(name: str) -> bool:
    """True of what goes into the store: the ledger, the answers, the diary."""
    store = Layout(Path())
    return name == store.ledger.name or name.partition("/")[0] in (store.raw.name, store.runs.name)
