"""Room: the ledger -> the triple store -> a checkpoint that readers see whole.

Only the holder of the writer's lock publishes. Each source is brought from the position the
store remembers to the ledger's; what the federation says of itself is brought up by difference;
then one checkpoint is made. Doing it again changes nothing.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from harvester import canonical, iri, territory, vocab
from harvester.errors import StoreError, disk_error
from harvester.index import Index
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.difference import difference
from harvester.ledger.faults import finding
from harvester.ledger.freshness import freshness
from harvester.ledger.redaction import redactions
from harvester.model import Federation, Outcome, Severity
from harvester.profile import (
    freshness_triples,
    report_triples,
    run_triples,
    source_triples,
    territory_triples,
)
from harvester.triplestore import Checkpoints, TripleStore

_STEP = 5000
"""Changes applied in one transaction; bounds memory, readers only ever see checkpoints."""

_RUNS_SHOWN = 30

_JUDGED = frozenset({Outcome.DONE, Outcome.DONE_ISSUES})

Swapped = Callable[[Path], None]
"""Hears of each new checkpoint."""


class Publication:
    """The store of one federation, opened for writing; hold the writer's lock around it."""

    def __init__(self, layout: Layout, federation: Federation, ledger: Ledger) -> None:
        """Open the store and bring the vocabulary and the territories up to date.

        Raises:
            StoreError: the store cannot be opened or written.
        """
        self._layout = layout
        self._base = federation.base
        self._ledger = ledger
        self.checkpoints = Checkpoints(layout.checkpoints, keep=federation.checkpoints)
        self._index = Index(layout.index, ledger, federation.base)
        self._open()

    def _open(self) -> None:
        """Open the store; one made before the ledger forgot something is made anew."""
        self._redactions = redactions(self._ledger)
        self._indexed = self._index.stands(self._redactions)
        with self._writing():
            _renew(self._layout, self._redactions)
            self._store = TripleStore(self._layout.oxigraph, positions=iri.graph(self._base, "position"))
        try:
            with self._writing():
                self._changed = self._store.replace(iri.graph(self._base, "vocab"), vocab.ntriples())
                self._changed |= self._refresh_territories()
        except StoreError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def behind(self) -> bool:
        """True when the ledger holds a run, or the house a vocabulary, that is not published yet."""
        with self._writing():
            told = published(self._layout)["run"] == self._ledger.last_run()
            return self._changed or not told or not self._indexed or self.checkpoints.current() is None

    def refresh(self, swapped: Swapped = lambda _made: None) -> Path | None:
        """Bring everything up to the ledger; returns the new checkpoint, None when nothing changed.

        `swapped` hears of it before older ones may go.

        Raises:
            StoreError: the disk refuses; readers keep the last checkpoint, the next time goes on.
        """
        if self._redactions != redactions(self._ledger):
            self.close()
            self._open()
        with self._writing():
            return self._refresh(swapped)

    def _refresh(self, swapped: Swapped) -> Path | None:
        run, change = self._ledger.last_run(), self._ledger.position()
        told = published(self._layout)["run"]
        described = self._ledger.sources()
        for source, description in described.items():
            loaded = self._store.position(iri.source(self._base, source)) is None
            self._changed |= self._bring_up(source, description)
            self._changed |= self._report(source, description, after=-1 if loaded else told)
        self._changed |= self._store.replace(iri.graph(self._base, "prov"), self._provenance(described))
        made = None
        unseen = self._changed or told != run  # the latter also when killed before the checkpoint
        if unseen or self.checkpoints.current() is None:
            made = self.checkpoints.make(self._store)
            self._changed = False
            swapped(made)
        self.checkpoints.forget(self._redactions)
        self._index.bring_up(self._publishable(), upto=change, redactions=self._redactions)
        self._indexed = True
        _note(self._layout.published, {"run": run, "change": self._ledger.position()})
        return made

    def positions(self) -> Mapping[str, tuple[int | None, int]]:
        """How far each publishable source is, and how far the ledger: (change applied, last change)."""
        return {
            source: (self._store.position(iri.source(self._base, source)), self._ledger.position(source))
            for source in self._publishable()
        }

    def reload_different(self) -> Iterator[str]:
        """Load anew each source of which the store says something else than the ledger; yields them."""
        for source in self._publishable():
            owner, graph = iri.source(self._base, source), iri.source_graph(self._base, source)
            position, payloads = self._ledger.published(source)
            if self._store.position(owner) != position:
                continue  # only behind, or ahead
            wanted = _fingerprint(line for payload in payloads for line in payload.splitlines())
            if wanted != _fingerprint(self._store.triples(graph).splitlines()):
                self._store.load(owner, graph, *self._ledger.published(source))
                self._changed = True
                yield source

    def _publishable(self) -> list[str]:
        described, licences = self._ledger.sources(), vocab.licences()
        return [source for source, told in described.items() if licences[told["licence"]].publishable]

    def dump(self) -> bytes:
        """Every quad but those of the territories, sorted: how two stores are compared."""
        return self._store.canonical_dump(without=[iri.graph(self._base, "territoire")])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise disk_error(error, self._layout.root) from error

    def _bring_up(self, source: str, description: Mapping[str, Any]) -> bool:
        """Bring one source to the ledger's position; True when the store changed."""
        owner, graph = iri.source(self._base, source), iri.source_graph(self._base, source)
        if not vocab.licences()[description["licence"]].publishable:
            return self._store.forget(owner, graph)
        held, newest = self._store.position(owner), self._ledger.position(source)
        if held == newest:
            return False
        if held is None or held > newest:  # never loaded, or ahead of a ledger restored from a backup
            position, payloads = self._ledger.published(source)
            self._store.load(owner, graph, position, payloads)
            return True
        while True:
            position, net = self._ledger.net_changes(source, held, limit=_STEP)
            if position == held:
                return True
            delete, insert = difference(net)
            self._store.patch(owner, graph, position, (b"".join(delete), b"".join(insert)))
            held = position

    def _report(self, source: str, description: Mapping[str, Any], *, after: int) -> bool:
        """The report of a source, made again when a run after `after` judged something; True if changed."""
        graph = iri.graph(self._base, f"report/{source}")
        if not vocab.licences()[description["licence"]].publishable:
            return self._store.replace(graph, b"")
        last = next((run for run in self._ledger.runs(source) if run.outcome in _JUDGED), None)
        if last is None or last.id <= after:
            return False
        violations = (
            (row.ref, finding(told))
            for row in self._ledger.violations(source)
            for told in row.findings
            if told["severity"] == Severity.VIOLATION
        )
        lines = report_triples(self._base, source, self._ledger.finding_counts(source), violations)
        return self._store.replace(graph, canonical.lines(lines))

    def _refresh_territories(self) -> bool:
        """The territories change once a year: written when their fingerprint is another."""
        graph, mark = iri.graph(self._base, "territoire"), self._layout.oxigraph / "territoire.fingerprint"
        fingerprint = territory.load().fingerprint()
        if mark.is_file() and mark.read_text(encoding="utf-8") == fingerprint:
            return False
        changed = self._store.replace(graph, territory_triples(territory.load()))
        mark.write_text(fingerprint, encoding="utf-8")
        return changed

    def _provenance(self, described: Mapping[str, Mapping[str, Any]]) -> bytes:
        counts = self._ledger.counts()
        lines: list[str] = []
        for source, description in described.items():
            runs = self._ledger.runs(source, limit=_RUNS_SHOWN)
            if not runs:
                continue  # declared, never harvested: there is nothing to tell yet
            live = counts.get(source, {}).get("live", 0)
            recipe = next((run.recipe for run in runs if run.recipe), None)
            lines += source_triples(self._base, source, description, live=live, recipe=recipe)
            fresh, now = freshness(self._ledger, source, description), self._ledger_now()
            told = {"last_success": fresh.last_success, "stale_since": fresh.stale_since(now)}
            lines += freshness_triples(self._base, source, failures=fresh.failures, **told)
            for run in runs:
                lines += run_triples(self._base, run)
        return canonical.lines(lines)

    def _ledger_now(self) -> datetime:
        """The end of the last run: a rebuild must tell the same, whenever it is done."""
        ended: datetime = self._ledger.run(self._ledger.last_run()).ended_at
        return ended


def _renew(layout: Layout, redactions: int) -> None:
    """Drop a store that was made before the ledger forgot something: its dictionary keeps every literal."""
    mark, dropped = layout.oxigraph / "redactions", layout.oxigraph.with_name("oxigraph.dropped")
    held = int(mark.read_text(encoding="utf-8") or 0) if mark.is_file() else 0
    if dropped.exists():
        shutil.rmtree(dropped)
    if layout.oxigraph.exists() and held != redactions:
        layout.oxigraph.rename(dropped)  # at once, so that half of one never counts as one
        shutil.rmtree(dropped)
    layout.oxigraph.mkdir(parents=True, exist_ok=True)
    mark.write_text(str(redactions), encoding="utf-8")


def published(layout: Layout) -> Mapping[str, int]:
    """How far publication has come: {"run": last run seen, "change": last change applied}.

    A note that is not there or cannot be read counts as none: publishing again changes nothing.
    """
    try:
        told = json.loads(layout.published.read_text(encoding="utf-8"))
        return {name: int(told[name]) for name in ("run", "change")}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {"run": -1, "change": -1}


def _fingerprint(lines: Iterable[bytes]) -> tuple[int, int]:
    """How many lines there are, and a sum of their hashes: the same in whatever order they come."""
    count = total = 0
    for line in lines:
        count += 1
        total += int.from_bytes(blake2b(line, digest_size=8).digest())
    return count, total


def _note(path: Path, told: Mapping[str, int]) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
