"""Room: what the mirror says of itself: for each graph the state it holds, and the one it is brought to.

It stands in the mirror's own graph of positions, as plain strings, because some stores change every other
kind of literal. A graph without a mark counts as not there: it is put anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harvester import canonical
from harvester.fetch.remote import Remote
from harvester.iri import term
from harvester.model import IRI

_HOLDS = term("mirrors")
_BEGUN = term("mirroring")


@dataclass(frozen=True, slots=True)
class Mark:
    """The state that a graph holds, and the one that was begun and not ended; None for none."""

    holds: str | None = None
    begun: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """The state of a source: how often the ledger had forgotten something, then the last change applied."""

    redactions: int
    change: int

    def __str__(self) -> str:
        return f"{self.redactions}:{self.change}"

    @classmethod
    def read(cls, text: str | None) -> Position | None:
        """The position that `str` wrote; None for anything else."""
        redactions, colon, change = (text or "").partition(":")
        return cls(int(redactions), int(change)) if colon and (redactions + change).isdecimal() else None


class Marks:
    """The marks in the graph `positions` of a mirror."""

    def __init__(self, remote: Remote, positions: IRI) -> None:
        self._remote = remote
        self._positions = positions

    def held(self) -> Mapping[str, Mark]:
        """The mark of each graph; a graph with two is not to be trusted, and has none."""
        found: dict[str, dict[str, list[str]]] = {}
        query = f"SELECT ?graph ?said ?state {{ GRAPH <{self._positions}> {{ ?graph ?said ?state }} }}"
        for row in self._remote.rows(query):
            found.setdefault(row["graph"], {}).setdefault(row["said"], []).append(row["state"])
        return {
            graph: Mark(_only(said.get(_HOLDS)), _only(said.get(_BEGUN))) for graph, said in found.items()
        }

    def begun(self, graph: IRI, state: str) -> str:
        """The update that says that a graph is being brought to a state."""
        return f"INSERT DATA {{ {self._said(graph, _BEGUN, state)} }}"

    def ended(self, graph: IRI, state: str) -> str:
        """The update that says that a graph holds a state; killed in its middle, the graph has no mark."""
        return f"{self.none(graph)} ;\nINSERT DATA {{ {self._said(graph, _HOLDS, state)} }}"

    def none(self, graph: str) -> str:
        """The update that takes the marks of a graph away."""
        return f"DELETE WHERE {{ GRAPH <{self._positions}> {{ <{graph}> ?said ?state }} }}"

    def _said(self, graph: IRI, what: IRI, state: str) -> str:
        return f"GRAPH <{self._positions}> {{ <{graph}> <{what}> {canonical.string(state)} }}"


def _only(states: list[str] | None) -> str | None:
    return states[0] if states and len(states) == 1 else None
