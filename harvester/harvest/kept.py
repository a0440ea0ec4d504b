"""Room: answers as the ledger tells of them, and those kept of a source's last readings.

In: an answer, or the ledger and the raw store. Out: plain values for the ledger, or answers to read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from harvester.errors import SourceUnavailable
from harvester.fetch import RawStore
from harvester.harvest.diary import Diary
from harvester.ledger import Ledger
from harvester.model import Answer, Listed


def told(answer: Answer) -> dict[str, Any]:
    """An answer as the ledger keeps it."""
    return {**asdict(answer), "fetched_at": answer.fetched_at.isoformat()}


def answer(told: Mapping[str, Any]) -> Answer:
    """The answer that the ledger tells of."""
    return Answer(**{**told, "fetched_at": datetime.fromisoformat(told["fetched_at"])})


def readings(ledger: Ledger, raw: RawStore, source: str, of: int | None = None) -> list[list[Answer]]:
    """The answers of the last complete listing, before them those of the changes since, newest first.

    Those that stood when run `of` had ended, when it is given.

    Raises:
        SourceUnavailable: none are kept whole.
    """
    last = ledger.last_complete(source, upto=of)
    runs = [*ledger.later_readings(source, last.id, upto=of), last] if last is not None else []
    kept = [[answer(one) for one in run.answers] for run in runs]
    if not kept or not all(raw.has(one.body) for answers in kept for one in answers):
        raise SourceUnavailable(f"{source}: no complete answers are kept; run it without --from raw")
    return kept


def noted(ledger: Ledger, diary: Diary, source: str, of: int | None = None) -> Iterator[Listed]:
    """The records that the last runs noted, or those up to run `of`, newest first.

    Raises:
        SourceUnavailable: they are not kept.
    """
    for run in ledger.noted_runs(source, upto=of):
        yield from diary.records(run)


def same(told: Sequence[Mapping[str, Any]], answers: Sequence[Answer]) -> bool:
    """The same bodies under the same addresses, whatever the partner said of them."""
    return [(one["url"], one["body"]) for one in told] == [(one.url, one.body) for one in answers]
