"""Room: what a run came to, as numbers and words for the ledger and the people who read it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from harvester.errors import GuardHeld, SourceChanged, SourceError, SourceRefused, SourceUnavailable
from harvester.fetch import Load
from harvester.harvest.drift import Drift
from harvester.harvest.reading import Sums
from harvester.ledger import Tally
from harvester.model import Cause, Outcome

SHOWN = 50
"""Fields and categories not used that a run remembers, the most frequent first."""

_ENDS = (
    (SourceUnavailable, Outcome.DEFERRED, Cause.UNAVAILABLE),
    (GuardHeld, Outcome.HELD, Cause.GUARD),
    (SourceRefused, Outcome.FAILED, Cause.REFUSED),
    (SourceChanged, Outcome.FAILED, Cause.CHANGED),
)


def end(error: SourceError) -> tuple[Outcome, Cause]:
    """How a run ends that met this error, and why."""
    found = ((outcome, cause) for kind, outcome, cause in _ENDS if isinstance(error, kind))
    return next(found, (Outcome.FAILED, Cause.FAULT))


def summary(tally: Tally, sums: Sums, drifted: Drift, grown: str | None) -> str:
    """What a run that was accepted did, in one line."""
    said = [
        (tally.created, "created"),
        (tally.updated, "updated"),
        (tally.withdrawn, "withdrawn"),
        (tally.missing, "missing"),
        (sums.rejected, "rejected"),
        (sums.unread, "could not be read"),
    ]
    told = [f"{n} {word}" for n, word in said if n] or ["0 changes"]
    told += ["other fields or categories"] if any(drifted.sentences()) else []
    return ", ".join([*told, *([grown] if grown else [])])


def findings(sums: Sums, drifted: Drift) -> dict[str, Any]:
    """What was found in the records, and what they held that nobody uses."""
    coverage = sums.coverage
    return {
        "findings": {f"{severity} {code}": n for (severity, code), n in sorted(sums.findings.items())},
        "issues": sums.issues,
        "unmapped": dict(coverage.unmapped.most_common(SHOWN)),
        "unaligned": [[*key, n] for key, n in coverage.unaligned.most_common(SHOWN)],
        "drift": asdict(drifted),
    }


def counts(sums: Sums) -> dict[str, int]:
    """How many records went which way."""
    names = ("read", "kept", "judged", "rejected", "ignored", "repeated", "unread")
    return {name: getattr(sums, name) for name in names}


def caused(load: Load) -> dict[str, int | float]:
    """The load we were to the partner."""
    return {
        "requests": load.requests,
        "bytes": load.bytes,
        "not_modified": load.not_modified,
        "waited_s": round(load.waited_s, 1),
    }
