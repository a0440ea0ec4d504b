"""Room: the ledger -> the triple store -> a checkpoint that readers see whole.

Only the holder of the writer's lock publishes. Each source is brought from the position the
store remembers to the ledger's; what the federation says of itself is brought up by difference;
then one checkpoint is made. Doing it again changes nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harvester import canonical, iri, territory, vocab
from harvester.layout import Layout
from harvester.ledger import Ledger, NetChange
from harvester.model import Federation, Finding, Outcome, Severity
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


class Publication:
    """The store of one federation, opened for writing; hold the writer's lock around it."""

    def __init__(self, layout: Layout, federation: Federation, ledger: Ledger) -> None:
        """Open the store and bring the vocabulary and the territories up to date.

        Raises:
            StoreError: the store cannot be opened.
        """
        self._layout = layout
        self._base = federation.base
        self._ledger = ledger
        self.checkpoints = Checkpoints(layout.checkpoints, keep=federation.checkpoints)
        self._store = TripleStore(layout.oxigraph, positions=iri.graph(self._base, "position"))
        self._changed = self._store.replace(iri.graph(self._base, "vocab"), vocab.ntriples())
        self._changed |= self._refresh_territories()

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def behind(self) -> bool:
        """True when the ledger holds a run, or the house a vocabulary, that is not published yet."""
        told = (
            published(self._layout)["run"] == self._ledger.last_run()
            and self.checkpoints.current() is not None
        )
        return self._changed or not told

    def refresh(self) -> Path | None:
        """Bring everything up to the ledger; returns the new checkpoint, None when nothing changed."""
        run = self._ledger.last_run()
        told = published(self._layout)["run"]
        described = self._ledger.sources()
        for source, description in described.items():
            loaded = self._store.position(iri.source(self._base, source)) is None
            self._changed |= self._bring_up(source, description)
            self._changed |= self._report(source, description, after=-1 if loaded else told)
        self._changed |= self._store.replace(iri.graph(self._base, "prov"), self._provenance(described))
        made = None
        if self._changed or self.checkpoints.current() is None:
            made = self.checkpoints.make(self._store)
            self._changed = False
        _note(self._layout.published, {"run": run, "change": self._ledger.position()})
        return made

    def dump(self) -> bytes:
        """Every quad but those of the territories, sorted: how two stores are compared."""
        return self._store.canonical_dump(without=[iri.graph(self._base, "territoire")])

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
            self._store.patch(owner, graph, position, _effect(net))
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
            (row.ref, Finding(**{**told, "severity": Severity.VIOLATION}))
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
            lines += freshness_triples(
                self._base, source, [(Outcome(run.outcome), run.ended_at) for run in runs]
            )
            for run in runs:
                lines += run_triples(self._base, run)
        return canonical.lines(lines)


def published(layout: Layout) -> Mapping[str, int]:
    """How far publication has come: {"run": last run seen, "change": last change applied}."""
    try:
        told: Mapping[str, int] = json.loads(layout.published.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"run": -1, "change": -1}
    return told


def _effect(net: list[NetChange]) -> tuple[bytes, bytes]:
    """Net changes -> (triples to delete, triples to insert): the difference, line by line."""
    delete: list[bytes] = []
    insert: list[bytes] = []
    for change in net:
        old = set((change.old or b"").splitlines(keepends=True))
        new = set((change.new or b"").splitlines(keepends=True))
        delete += sorted(old - new)
        insert += sorted(new - old)
    return b"".join(delete), b"".join(insert)


def _note(path: Path, told: Mapping[str, int]) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
