"""Room: one run of one source, prepared in temporary tables and committed in one transaction.

The harvest tells the draft which refs the listing holds and what was judged of them; at commit
the draft works out what is created, updated, missing and withdrawn, writes the changes in the
order of their refs, and says how many. Until then nothing in the ledger has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    delete,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite

from harvester.ledger.packing import Packed, pack, unpack
from harvester.ledger.reckoning import finding_counts
from harvester.ledger.tables import buried, changes, decisions, records, runs, seen, staged, staging
from harvester.model import Decision, Finding, Outcome, State

WRITE = "BEGIN IMMEDIATE"
"""How a writing transaction begins: it waits for its turn, a deferred one would fail."""

Mark = Callable[[str, bytes, str], bytes]
"""(ref, published triples, "missingSince" or "staleSince") -> the triples with that mark."""

_JUDGED = (State.PUBLISHED, State.REJECTED, State.IGNORED)

_LEFT = {
    State.PAST: "left the source's listing after its end",
    State.GONE: "no longer in the source's listing",
}

_SILENCE = timedelta(days=32)
"""Nights further apart than sources are harvested: nobody was there, or a clock was set forward."""

_SAMPLE = 50
"""Records about to go that are named."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What judging a record gave: its triples when it may be published, else the reason."""

    ref: str
    judged: bytes
    state: State
    triples: Packed | None = None
    name: str | None = None
    page: str | None = None
    findings: Sequence[Finding] = ()
    reason: str | None = None
    place: str | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a reading is about to do to what is published, in records.

    `gone` would be missing or withdrawn, `live` are published now, `new` would be published for the first
    time; `sample` are the first that would go, as (ref, name); `renamed` are those of `gone` that the
    listing holds under another ref, as (ref, new ref).
    """

    gone: int
    live: int
    new: int
    sample: Sequence[tuple[str, str | None]] = ()
    renamed: Sequence[tuple[str, str]] = ()


@dataclass(slots=True)
class Tally:
    """What a commit did, in records."""

    created: int = 0
    updated: int = 0
    withdrawn: int = 0
    missing: int = 0
    changes: int = 0


Settle = Callable[[Tally], tuple[Outcome, str]]
"""What the commit did -> the outcome of the run, and its sentence."""


class Listed(StrEnum):
    """What a run read of the listing."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    CHANGES = "changes"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Committed:
    """A run written down; `run` is None when it was not kept."""

    run: int | None
    outcome: Outcome
    message: str
    tally: Tally
    findings: Mapping[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    """Without `keep`: how often each (severity, code, field) was found before and would be after."""


def _missing_for(row: Any, now: datetime, patience: timedelta) -> bool:
    return row.missing_since is not None and now - row.missing_since >= patience


def _withdrawn(row: Any) -> dict[str, Any]:
    """A record whose grace has ended."""
    told = {"ref": row.ref, "state": State.WITHDRAWN, "reason": "removed by the source"}
    return dict.fromkeys(staged.c.keys()) | told | {"missing_since": row.missing_since}


def _told(finding: Finding) -> dict[str, Any]:
    return {name: getattr(finding, name) for name in ("severity", "code", "field", "value")}


class Draft:
    """See `Ledger.draft`."""

    def __init__(self, connection: Connection, source: str) -> None:
        self._connection = connection
        self._source = source
        with connection.begin():
            staging.create_all(connection)

    def see(self, refs: Sequence[str], *, note: bool = True) -> set[str]:
        """Note that the listing holds these refs (distinct); returns those it had already told of."""
        told = (select(table.c.ref).where(table.c.ref.in_(refs)) for table in (seen, buried))
        with self._connection.begin():
            again = set(self._connection.scalars(union_all(*told)))
            if note and (fresh := [{"ref": ref} for ref in refs if ref not in again]):
                self._connection.execute(insert(seen), fresh)
        return again

    def bury(self, refs: Sequence[str]) -> None:
        """Note that the source says these records are gone, unless it already told of them."""
        known = self.see(refs, note=False)
        if fresh := [{"ref": ref} for ref in dict.fromkeys(refs) if ref not in known]:
            with self._connection.begin():
                self._connection.execute(insert(buried), fresh)

    def known(self, refs: Sequence[str]) -> Mapping[str, tuple[bytes, str]]:
        """(hash last judged, state) of these refs; one missing or withdrawn must be judged again."""
        query = select(records.c.ref, records.c.judged, records.c.state).where(
            records.c.source == self._source, records.c.ref.in_(refs), records.c.state.in_(_JUDGED)
        )
        with self._connection.begin():
            return {row.ref: (row.judged, row.state) for row in self._connection.execute(query)}

    def stage(self, judged: Iterable[Judged]) -> None:
        """Prepare what was judged; a ref may be staged once."""
        rows = [self._row(one) for one in judged]
        if rows:
            with self._connection.begin():
                self._connection.execute(insert(staged), rows)

    def outlook(self, now: datetime, *, complete: bool) -> Outlook:
        """What committing would do: a complete listing loses what it does not hold, another the buried ones.

        An event whose end lies before `now` is not lost when it leaves.
        """
        mine = and_(records.c.source == self._source, records.c.live)
        with self._connection.begin():
            self._forget_ignored()
            over = self._past(self._reached(now))
            absent = and_(mine, self._unseen(), ~over) if complete else and_(mine, self._buried())
            gone = self._count(absent)
            new = and_(staged.c.state == State.PUBLISHED, ~self._is_live(staged.c.ref))
            return Outlook(
                gone,
                self._count(mine),
                self._connection.scalar(select(func.count()).select_from(staged).where(new)) or 0,
                [tuple(row) for row in self._connection.execute(self._sample(absent))] if gone else [],
                [tuple(row) for row in self._connection.execute(self._renamed(absent))] if gone else [],
            )

    def close(self, reason: str) -> None:
        """Stage the end of every record of the source: what is published is withdrawn."""
        empty = dict.fromkeys(staged.c.keys())
        mine = select(records.c.ref, records.c.live).where(
            records.c.source == self._source, records.c.state != State.WITHDRAWN
        )
        with self._connection.begin():
            rows = [
                {**empty, "ref": ref, "state": State.WITHDRAWN if live else State.GONE, "reason": reason}
                for ref, live in self._connection.execute(mine)
            ]
            if rows:
                self._connection.execute(insert(staged), rows)

    def commit(  # noqa: PLR0913  # a run ends in one place, with all that it needs
        self,
        run: Mapping[str, Any],
        *,
        settle: Settle,
        mark: Mark,
        grace: timedelta,
        listing: Listed,
        decision: Decision | None = None,
        keep: bool = True,
    ) -> Committed:
        """Write the run and its effect, all or nothing.

        A `COMPLETE` listing makes the published records that it does not hold missing; on an
        `UNCHANGED` night, or one of `CHANGES` only, those already missing are looked at again. Either way,
        those missing for `grace` are withdrawn, and buried ones at once. Without `keep` everything is
        worked out, then undone. The `decision` of a person that led to it is written with it.
        """
        now: datetime = run["ended_at"]
        writer = self._connection.execution_options(begin=WRITE)
        with writer.begin() as transaction:
            before = {} if keep else finding_counts(self._connection, self._source)
            self._forget_ignored()
            self._mark_stale(mark)
            self._withdraw_buried()
            if listing is not Listed.PARTIAL:
                self._mark_absent(mark, now, grace, listing)
            first = {**run, "outcome": Outcome.DONE, "message": ""}
            run_id = writer.execute(insert(runs).values(**first).returning(runs.c.id)).scalar_one()
            self._write_changes(run_id)
            self._write_records(run_id, now)
            tally = self._tally(run_id)
            outcome, message = settle(tally)
            settled = {"outcome": outcome, "message": message, "counts": {**run["counts"], **asdict(tally)}}
            writer.execute(runs.update().where(runs.c.id == run_id).values(**settled))
            if decision:
                writer.execute(insert(decisions).values(**{**asdict(decision), "run": run_id}))
            after = {} if keep else finding_counts(self._connection, self._source)
            if not keep:
                transaction.rollback()
        writer.execution_options(begin="BEGIN")
        found = {key: (before.get(key, 0), after.get(key, 0)) for key in before.keys() | after.keys()}
        return Committed(run_id if keep else None, outcome, message, tally, found)

    def _count(self, condition: ColumnElement[bool]) -> int:
        return self._connection.scalar(select(func.count()).select_from(records).where(condition)) or 0

    def _is_live(self, ref: ColumnElement[str]) -> ColumnElement[bool]:
        held = select(records.c.ref).where(records.c.source == self._source, records.c.live)
        return ref.in_(held)

    def _reached(self, now: datetime) -> datetime:
        """The latest time that any run tells of: a clock set back lets nothing begin or end earlier."""
        latest = self._connection.scalar(select(func.max(runs.c.ended_at)))
        return max(now, latest or now)

    def _patience(self, now: datetime, grace: timedelta) -> timedelta:
        """For how long a record must be missing tonight to be withdrawn.

        After a long silence, or with a clock set forward, grace that ended since the last run has been seen
        by nobody: the next night decides.
        """
        mine = select(runs.c.ended_at).where(runs.c.source == self._source).order_by(runs.c.id.desc())
        last = self._connection.scalar(mine.limit(1))
        silence = now - last if last else timedelta(0)
        return grace + silence if silence > max(2 * grace, _SILENCE) else grace

    def _past(self, now: datetime) -> ColumnElement[bool]:
        over = and_(records.c.ends.is_not(None), records.c.ends < now, records.c.state != State.MISSING)
        return func.coalesce(over, false())

    def _sample(self, absent: ColumnElement[bool]) -> Select[Any]:
        return select(records.c.ref, records.c.name).where(absent).order_by(records.c.ref).limit(_SAMPLE)

    def _renamed(self, absent: ColumnElement[bool]) -> Select[Any]:
        """Records about to go, and new ones with the same page, or the same name at the same place."""
        known = select(records.c.ref).where(records.c.source == self._source)
        alike = or_(
            records.c.page == staged.c.page,
            and_(records.c.name == staged.c.name, records.c.place == staged.c.place),
        )
        pairs = select(records.c.ref, func.min(staged.c.ref)).join(staged, alike)
        new = and_(staged.c.state == State.PUBLISHED, ~staged.c.ref.in_(known))
        return pairs.where(absent, new).group_by(records.c.ref).order_by(records.c.ref)

    def _row(self, one: Judged) -> dict[str, Any]:
        return {
            "ref": one.ref,
            "judged": one.judged,
            "state": one.state,
            "digest": one.triples and one.triples.digest,
            "triples": one.triples and one.triples.data,
            "name": one.name,
            "page": one.page,
            "findings": [_told(finding) for finding in one.findings] or None,
            "reason": one.reason,
            "place": one.place,
            "ends": one.ends,
            "missing_since": None,
        }

    def _buried(self) -> ColumnElement[bool]:
        return select(buried.c.ref).where(buried.c.ref == records.c.ref).exists()

    def _withdraw_buried(self) -> None:
        """A tombstone skips grace."""
        empty = dict.fromkeys(staged.c.keys()) | {"state": State.WITHDRAWN, "reason": "removed by the source"}
        if rows := [{**empty, "ref": row.ref} for row in self._held(self._buried())]:
            self._connection.execute(insert(staged), rows)

    def _unseen(self) -> ColumnElement[bool]:
        return ~select(seen.c.ref).where(seen.c.ref == records.c.ref).exists()

    def _forget_ignored(self) -> None:
        """A published record that `only` now leaves out goes the way of a missing one."""
        published = select(records.c.ref).where(records.c.source == self._source, records.c.live)
        ignored = select(staged.c.ref).where(staged.c.state == State.IGNORED, staged.c.ref.in_(published))
        self._connection.execute(delete(seen).where(seen.c.ref.in_(ignored)))
        self._connection.execute(
            delete(staged).where(staged.c.state == State.IGNORED, staged.c.ref.in_(published))
        )

    def _held(self, *conditions: ColumnElement[bool]) -> list[Any]:
        query = select(records.c.ref, records.c.missing_since, changes.c.triples).join(
            changes, changes.c.id == records.c.change
        )
        mine = query.where(records.c.source == self._source, records.c.live, *conditions)
        return list(self._connection.execute(mine))

    def _mark_stale(self, mark: Mark) -> None:
        """A rejected record keeps its last valid version, marked stale."""
        rejected = select(staged.c.ref).where(staged.c.state == State.REJECTED)
        for row in self._held(records.c.ref.in_(rejected)):
            triples = pack(mark(row.ref, unpack(row.triples), "staleSince"))
            values = {"triples": triples.data, "digest": triples.digest}
            self._connection.execute(staged.update().where(staged.c.ref == row.ref).values(**values))

    def _mark_absent(self, mark: Mark, now: datetime, grace: timedelta, listing: Listed) -> None:
        mine = true() if listing is Listed.COMPLETE else records.c.state == State.MISSING
        reached, patience = self._reached(now), self._patience(now, grace)
        over = self._past(reached)
        absent = self._held(mine, self._unseen(), ~self._buried(), ~over)
        rows = [
            _withdrawn(row) if _missing_for(row, now, patience) else self._missing(row, mark, reached)
            for row in absent
        ]
        if listing is Listed.COMPLETE:
            rows += self._left(over, records.c.live, records.c.state != State.PAST, become=State.PAST)
            never = records.c.state.in_((State.REJECTED, State.IGNORED))
            rows += self._left(~records.c.live, never, become=State.GONE)
        if rows:
            self._connection.execute(insert(staged), rows)

    def _left(self, *conditions: ColumnElement[bool], become: State) -> list[dict[str, Any]]:
        """Records that a complete listing does not hold, and of which nothing published changes."""
        mine = select(records.c.ref).where(records.c.source == self._source, self._unseen(), *conditions)
        base = dict.fromkeys(staged.c.keys()) | {"state": become, "reason": _LEFT[become]}
        return [{**base, "ref": ref} for ref in self._connection.scalars(mine)]

    def _missing(self, row: Any, mark: Mark, now: datetime) -> dict[str, Any]:
        """A record that is missing, from `now` on unless it was already."""
        told = {"state": State.MISSING, "reason": "not in the source's listing"}
        base = dict.fromkeys(staged.c.keys()) | told | {"ref": row.ref}
        if row.missing_since:
            return {**base, "missing_since": row.missing_since}
        triples = pack(mark(row.ref, unpack(row.triples), "missingSince"))
        return {**base, "missing_since": now, "triples": triples.data, "digest": triples.digest}

    def _joined(self) -> Any:
        mine = and_(records.c.source == self._source, records.c.ref == staged.c.ref)
        return staged.outerjoin(records, mine)

    def _write_changes(self, run_id: int) -> None:
        operation = case(
            (staged.c.state == State.WITHDRAWN, "withdraw"), (records.c.live, "update"), else_="create"
        )
        published = func.coalesce(records.c.live, false())
        differs = or_(~published, records.c.digest != staged.c.digest)
        wanted = or_(
            and_(staged.c.state == State.WITHDRAWN, published), and_(staged.c.triples.is_not(None), differs)
        )
        columns: list[Any] = [
            literal(run_id),
            literal(self._source),
            staged.c.ref,
            operation,
            records.c.change,
            staged.c.triples,
            case((staged.c.state == State.WITHDRAWN, staged.c.reason), else_=null()),
        ]
        effect = select(*columns).select_from(self._joined()).where(wanted).order_by(staged.c.ref)
        names = ["run", "source", "ref", "operation", "prior", "triples", "reason"]
        self._connection.execute(insert(changes).from_select(names, effect))

    def _write_records(self, run_id: int, now: datetime) -> None:
        """Bring `records` to what was staged; what a row does not say stays as it was."""
        new = and_(changes.c.run == run_id, changes.c.source == self._source, changes.c.ref == staged.c.ref)
        live = case(
            (staged.c.state == State.WITHDRAWN, false()),
            (staged.c.triples.is_not(None), true()),
            else_=func.coalesce(records.c.live, false()),
        )
        values = {
            "source": literal(self._source),
            "ref": staged.c.ref,
            "judged": func.coalesce(staged.c.judged, records.c.judged),
            "state": staged.c.state,
            "live": live,
            "change": func.coalesce(changes.c.id, records.c.change),
            "digest": func.coalesce(staged.c.digest, records.c.digest),
            "name": func.coalesce(staged.c.name, records.c.name),
            "page": func.coalesce(staged.c.page, records.c.page),
            "findings": case((staged.c.judged.is_not(None), staged.c.findings), else_=records.c.findings),
            "reason": staged.c.reason,
            "place": func.coalesce(staged.c.place, records.c.place),
            "ends": case((staged.c.judged.is_not(None), staged.c.ends), else_=records.c.ends),
            "first_seen": func.coalesce(records.c.first_seen, literal(now, records.c.first_seen.type)),
            "missing_since": staged.c.missing_since,
            "run": literal(run_id),
        }
        rows = select(*values.values()).select_from(self._joined().outerjoin(changes, new)).where(true())
        dialect = {"sqlite": sqlite, "postgresql": postgresql}[self._connection.dialect.name]
        upsert = dialect.insert(records).from_select(list(values), rows)
        excluded = {name: upsert.excluded[name] for name in values if name not in ("source", "ref")}
        self._connection.execute(
            upsert.on_conflict_do_update(index_elements=["source", "ref"], set_=excluded)
        )

    def _tally(self, run_id: int) -> Tally:
        query = (
            select(changes.c.operation, func.count().label("n"))
            .where(changes.c.run == run_id)
            .group_by(changes.c.operation)
        )
        done: dict[str, int] = {row.operation: row.n for row in self._connection.execute(query)}
        missing = select(func.count()).where(
            records.c.source == self._source, records.c.state == State.MISSING
        )
        return Tally(
            created=done.get("create", 0),
            updated=done.get("update", 0),
            withdrawn=done.get("withdraw", 0),
            missing=self._connection.scalar(missing) or 0,
            changes=sum(done.values()),
        )
