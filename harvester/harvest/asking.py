"""Room: how a run is asked for, and how it ended: plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from harvester.model import Decision, Outcome


class From(StrEnum):
    """What a run may start from instead of the network."""

    RAW = "raw"
    RECORDS = "records"


@dataclass(frozen=True, slots=True)
class Asked:
    """How a run was asked for.

    `origin` with `of` reads again the listing as it stood after that run; `release` is the decision that
    lets a held run, its `run`, through.
    """

    dry: bool = False
    limit: int | None = None
    origin: From | None = None
    of: int | None = None
    release: Decision | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended; `run` is its number in the ledger, None when nothing was written.

    `effect` says of a dry run how often each (severity, code, field) was found before, and would be after.
    """

    source: str
    outcome: Outcome
    message: str
    counts: Mapping[str, int | float]
    run: int | None = None
    issues: Sequence[str] = ()
    effect: Mapping[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
