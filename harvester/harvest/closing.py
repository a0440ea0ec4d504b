"""Room: the end of a source: what it published is withdrawn; a person decided so, or it has another id."""

from __future__ import annotations

from datetime import datetime, timedelta

from harvester.ledger import Ledger, Listed, Tally
from harvester.model import Action, Decision, Outcome, Source

RENAMED = "sources.toml"
"""Who decided that a source has another id."""


def renamed(ledger: Ledger, source: Source, now: datetime) -> None:
    """Withdraw what the earlier ids of a source published, once it is published under its own."""
    counts = ledger.counts()
    if not counts.get(source.id, {}).get("live"):
        return
    for old in source.was:
        if counts.get(old, {}).get("live"):
            closed(ledger, Decision(Action.REMOVE, old, RENAMED, f"moved to {source.id}", now), now)


def closed(ledger: Ledger, decision: Decision, now: datetime) -> Tally:
    """Withdraw every record of a source that is harvested no more; says how many."""

    def settle(tally: Tally) -> tuple[Outcome, str]:
        return Outcome.DONE, f"closed by {decision.who} ({decision.reason}): {tally.withdrawn} withdrawn"

    run = {"source": decision.source, "started_at": now, "ended_at": now, "counts": {}, "findings": {}}
    reason = decision.reason if decision.who == RENAMED else f"source closed: {decision.reason}"
    with ledger.draft(decision.source) as draft:
        draft.close(reason)
        return draft.commit(
            run,
            settle=settle,
            mark=lambda _ref, triples, _name: triples,
            grace=timedelta(0),
            listing=Listed.PARTIAL,
            decision=decision,
        ).tally
