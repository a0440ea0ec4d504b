"""Room: what became of a record, told from the ledger to the person who looks for it.

In comes what a person has at hand: the IRI of a record, the address of its page at the partner, or
"SOURCE REF"; out come stories, one for each record that fits. It asks nobody else and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from harvester import iri
from harvester.ledger.ledger import Ledger
from harvester.model import Finding, Severity, State


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a record: its number, create, update or withdraw, and the end of its run (UTC)."""

    change: int
    operation: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to one record; `live` when a version of it is published, `history` oldest first."""

    source: str
    ref: str
    name: str | None
    page: str | None
    state: State
    live: bool
    first_seen: datetime
    missing_since: datetime | None
    reason: str | None
    findings: tuple[Finding, ...]
    history: tuple[Step, ...]


def why(ledger: Ledger, asked: str, *, base: str) -> tuple[Story, ...]:
    """The stories of the records that `asked` names, sorted by source and ref; empty when never seen.

    `asked` is a record IRI under `base` (a fragment or a query does no harm), the address of a page at
    the partner (http or https, with or without its last slash), or a source id and a ref.
    """
    asked = asked.strip()
    named = iri.record_of(base, asked.partition("?")[0]) or _two_words(asked)
    if named:
        return tuple(filter(None, [story(ledger, *named)]))
    return tuple(_story(ledger, row) for row in _rows_of_page(ledger, asked))


def story(ledger: Ledger, source: str, ref: str) -> Story | None:
    """The story of one record; None when it was never seen."""
    row = ledger.record(source, ref)
    return _story(ledger, row) if row else None


def _two_words(asked: str) -> tuple[str, str] | None:
    source, space, ref = asked.partition(" ")
    return (source, ref.strip()) if space and "://" not in source else None


def _rows_of_page(ledger: Ledger, page: str) -> Sequence[Row[Any]]:
    return next((rows for address in _addresses(page) if (rows := ledger.records_of_page(address))), [])


def _addresses(page: str) -> Iterator[str]:
    """The address as asked, then as the partner may write it."""
    bare = page.removesuffix("/")
    _, separator, rest = bare.partition("://")
    yield page
    if separator and rest:
        yield from (f"{scheme}://{rest}{end}" for scheme in ("https", "http") for end in ("", "/"))


def _story(ledger: Ledger, row: Row[Any]) -> Story:
    history = ledger.history(row.source, row.ref)
    return Story(
        source=row.source,
        ref=row.ref,
        name=row.name,
        page=row.page,
        state=State(row.state),
        live=row.live,
        first_seen=row.first_seen,
        missing_since=row.missing_since,
        reason=row.reason,
        findings=tuple(
            Finding(**{**told, "severity": Severity(told["severity"])}) for told in row.findings or ()
        ),
        history=tuple(Step(one.id, one.operation, one.ended_at) for one in history),
    )
