"""Room: the end of a source: what it published is withdrawn, because a person decided so."""

from __future__ import annotations

from datetime import datetime, timedelta

from harvester.ledger import Ledger, Listed, Tally
from harvester.model import Decision, Outcome


def closed(ledger: Ledger, decision: Decision, now: datetime) -> Tally:
    """Withdraw every record of a source that is harvested no more; says how many."""

    def settle(tally: Tally) -> tuple[Outcome, str]:
        return Outcome.DONE, f"closed by {decision.who} ({decision.reason}): {tally.withdrawn} withdrawn"

    run = {"source": decision.source, "started_at": now, "ended_at": now, "counts": {}, "findings": {}}
    with ledger.draft(decision.source) as draft:
        draft.close(f"source closed: {decision.reason}")
        return draft.commit(
            run,
            settle=settle,
            mark=lambda _ref, triples, _name: triples,
            grace=timedelta(0),
            listing=Listed.PARTIAL,
            decision=decision,
        ).tally
