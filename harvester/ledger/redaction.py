"""Room: the ledger forgets: what was withdrawn on request leaves every row that could tell it.

It is the one exception to a ledger that only grows. In: records to forget. Out: changes without triples, a
tombstone in the feed, rows without a name, runs that quote nothing. `redactions` counts how often the ledger
forgot: a projection made under another count must be made anew.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from harvester.errors import StoreError
from harvester.ledger.draft import Judged
from harvester.ledger.ledger import Ledger
from harvester.ledger.tables import changes, decisions, meta, records, runs
from harvester.model import Cause, Outcome, State

REQUESTED = "withdrawn on request"
"""The reason of a record withdrawn on request, the same for all of them."""

AGAIN = "a field was withdrawn on request; published again with the next harvest"

UNSAID = "not said any more: a record of this source was withdrawn on request"

_COUNT = "redactions"

_COUNTED = ("findings", "growth")
"""What is kept of the findings of a run: numbers. The rest quotes records."""

_PATIENCE_S = 60
_LATER = "it is not written anew yet; run `harvester withdraw` again, without more, to finish"


@dataclass(frozen=True, slots=True)
class Redaction:
    """A record to forget; unless `whole` it is published again as `version`, and not at all without one."""

    source: str
    ref: str
    whole: bool
    version: Judged | None = None


def redactions(ledger: Ledger) -> int:
    """How often the ledger forgot something."""
    with ledger.reading() as connection:
        return _count(connection)


def redact(
    ledger: Ledger,
    forgotten: Sequence[Redaction],
    sources: Sequence[str],
    *,
    tells: Callable[[str], bool],
    now: datetime,
) -> None:
    """Forget these records, and what the runs of these sources quote, in one transaction.

    `tells` says of a sentence that a person wrote whether it repeats what is withdrawn.
    """
    with ledger.writing() as connection:
        house = {"source": "", "started_at": now, "ended_at": now, "counts": {}, "findings": {}}
        made = insert(runs).values(**house, outcome=Outcome.DONE, message=REQUESTED)
        run = connection.execute(made.returning(runs.c.id)).scalar_one()
        for one in forgotten:
            _forget(connection, one, run)
        for source in sources:
            for row in connection.execute(select(runs).where(runs.c.source == source)).all():
                connection.execute(update(runs).where(runs.c.id == row.id).values(**_unsaid(row, tells)))
            _hush(connection, source, tells)
        _counted(connection)


def compact(path: Path) -> None:
    """Write the file of the ledger anew, so that no page of it holds what was forgotten.

    Raises:
        StoreError: others read from it without end.
    """
    deadline = time.monotonic() + _PATIENCE_S
    try:
        with closing(sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)) as database:
            database.execute("VACUUM")
            while database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() > deadline:
                    raise StoreError(f"{path}: others read it for {_PATIENCE_S} s; {_LATER}")
                time.sleep(0.1)
    except sqlite3.OperationalError as error:
        raise StoreError(f"{path}: {error}; {_LATER}") from error


def _count(connection: Connection) -> int:
    return int(connection.execute(select(meta.c.value).where(meta.c.key == _COUNT)).scalar() or 0)


def _counted(connection: Connection) -> None:
    once_more = str(_count(connection) + 1)
    connection.execute(delete(meta).where(meta.c.key == _COUNT))
    connection.execute(insert(meta).values(key=_COUNT, value=once_more))


def _forget(connection: Connection, one: Redaction, run: int) -> None:
    mine = (records.c.source == one.source) & (records.c.ref == one.ref)
    row = connection.execute(select(records).where(mine)).one()
    told = _row_of(one, row)
    last = _change(connection, one, row, run, told)
    about = (changes.c.source == one.source) & (changes.c.ref == one.ref)
    connection.execute(update(changes).where(about, changes.c.id != last).values(triples=None))
    connection.execute(update(records).where(mine).values(**told, change=last or None, run=run))


def _row_of(one: Redaction, row: Row[Any]) -> dict[str, Any]:
    """What the ledger says of a record from now on."""
    version, empty = one.version, {"name": None, "page": None, "place": None, "ends": None, "findings": None}
    if one.whole or (row.live and version is None):
        reason = REQUESTED if one.whole else AGAIN
        gone = {
            "state": State.WITHDRAWN,
            "live": False,
            "missing_since": None,
            "digest": None,
            "judged": None,
        }
        return {**empty, **gone, "reason": reason}
    if version is None or not row.live:
        return {**empty, "judged": None, "reason": row.reason if row.state == State.WITHDRAWN else UNSAID}
    assert version.triples is not None
    told = {name: getattr(version, name) for name in ("name", "page", "place", "ends")}
    seen = row.state in (State.PUBLISHED, State.MISSING, State.PAST)
    found = [asdict(finding) for finding in version.findings] or None
    return {
        **told,
        "findings": found if seen else None,
        "judged": version.judged if seen else None,
        "reason": row.reason if seen else UNSAID,
        "digest": version.triples.digest,
    }


def _change(connection: Connection, one: Redaction, row: Row[Any], run: int, told: Mapping[str, Any]) -> int:
    """The last change of the record, which alone may keep triples; 0 when it was never published."""
    if row.change is None:
        return 0
    withdrawn = not told.get("live", row.live)
    said = connection.execute(select(changes).where(changes.c.id == row.change)).one()
    if (said.operation == "withdraw" and said.reason == told["reason"]) or not (one.whole or row.live):
        return int(said.id)  # told already, or nothing is published that could be told otherwise
    if not withdrawn and row.digest == told["digest"]:
        return int(said.id)  # the field was not published
    kept = (
        None if withdrawn or one.version is None or one.version.triples is None else one.version.triples.data
    )
    values = {"run": run, "source": one.source, "ref": one.ref, "prior": row.change, "triples": kept}
    end = {"operation": "withdraw", "reason": told["reason"]} if withdrawn else {"operation": "update"}
    done = connection.execute(insert(changes).values(**values, **end).returning(changes.c.id))
    return int(done.scalar_one())


def _unsaid(row: Row[Any], tells: Callable[[str], bool]) -> dict[str, Any]:
    """A run without its answers, and without what quotes a record."""
    ours = Outcome(row.outcome).succeeded or row.cause == Cause.GUARD
    message = row.message if not row.message or (ours and not tells(row.message)) else UNSAID
    counted = {name: row.findings[name] for name in _COUNTED if name in row.findings}
    return {"answers": None, "message": message, "findings": counted}


def _hush(connection: Connection, source: str, tells: Callable[[str], bool]) -> None:
    """Decisions whose reason repeats what is withdrawn lose it."""
    for row in connection.execute(select(decisions).where(decisions.c.source == source)).all():
        if tells(row.reason):
            connection.execute(update(decisions).where(decisions.c.id == row.id).values(reason=UNSAID))
