"""Room: withdrawals as they were ordered: written down with the suppression, until they are carried out.

In: what a person decided, or the list of another installation. Out: what is still to be done, so that a
withdrawal killed anywhere is gone on with; and what the ledger knows of where the data went.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select

from harvester.ledger.decisions import Suppression, fingerprint, lift, suppress
from harvester.ledger.ledger import Ledger
from harvester.ledger.tables import decisions, meta, records, runs
from harvester.model import Decision, Outcome

_PENDING = "withdrawing"

Ordered = frozenset[tuple[str, str]]
"""(fingerprint of a record, field or `WHOLE`)."""


def order(ledger: Ledger, ordered: Sequence[Suppression], decision: Decision | None = None) -> bool:
    """Put records or fields on the list, with the decision that says so; False when all were there before."""
    with ledger.writing() as connection:
        fresh = [one for one in ordered if suppress(connection, one)]
        if fresh:
            _note(connection, [*_ordered(connection), *((one.hash, one.field) for one in fresh)])
        if fresh and decision:
            connection.execute(insert(decisions).values(**asdict(decision)))
    return bool(fresh)


def reinstate(ledger: Ledger, one: Suppression, decision: Decision) -> bool:
    """Take a record or a field off the list, with the decision that says so; False when it is not on it."""
    with ledger.writing() as connection:
        lifted = lift(connection, one.hash, one.field)
        if lifted:
            connection.execute(insert(decisions).values(**asdict(decision)))
    return lifted


def pending(ledger: Ledger) -> Ordered:
    """What was ordered and is not carried out to its end, as (fingerprint, field)."""
    with ledger.reading() as connection:
        return frozenset(_ordered(connection))


def carried_out(ledger: Ledger) -> None:
    """Nothing is left to do of what was ordered."""
    with ledger.writing() as connection:
        connection.execute(delete(meta).where(meta.c.key == _PENDING))


def named(ledger: Ledger, wanted: Ordered) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The records of the ledger that these fingerprints name, as (source, ref, fields)."""
    fields: dict[str, list[str]] = {}
    for hash_, field in sorted(wanted):
        fields.setdefault(hash_, []).append(field)
    for source in sorted({hash_.rpartition(":")[0] for hash_ in fields}):
        with ledger.reading() as connection:
            for ref in connection.scalars(select(records.c.ref).where(records.c.source == source)):
                if hits := fields.get(fingerprint(source, ref)):
                    yield source, ref, tuple(hits)


def bodies(ledger: Ledger, source: str | None = None) -> frozenset[str]:
    """The digests of the answers that runs of a source were told from, or those of every source."""
    query = select(runs.c.answers).where(runs.c.answers.is_not(None))
    if source is not None:
        query = query.where(runs.c.source == source)
    with ledger.reading() as connection:
        return frozenset(one["body"] for answers in connection.scalars(query) for one in answers)


def messages(ledger: Ledger, source: str) -> Mapping[int, str | None]:
    """What each run of a source said at its end, by its number."""
    with ledger.reading() as connection:
        told = connection.execute(select(runs.c.id, runs.c.message).where(runs.c.source == source))
        return {row.id: row.message for row in told}


def judged_runs(ledger: Ledger, source: str) -> frozenset[int]:
    """The runs of a source whose records were accepted."""
    wrote = select(runs.c.id).where(
        runs.c.source == source, runs.c.outcome.in_((Outcome.DONE, Outcome.DONE_ISSUES))
    )
    with ledger.reading() as connection:
        return frozenset(connection.scalars(wrote))


def _ordered(connection: Connection) -> list[tuple[str, str]]:
    held = connection.execute(select(meta.c.value).where(meta.c.key == _PENDING)).scalar()
    return [(hash_, field) for hash_, field in json.loads(held)] if held else []


def _note(connection: Connection, ordered: Sequence[tuple[str, str]]) -> None:
    connection.execute(delete(meta).where(meta.c.key == _PENDING))
    connection.execute(insert(meta).values(key=_PENDING, value=json.dumps(ordered)))
