"""Room: the ledger and what hangs on it, looked over: answers, held runs, withdrawals, what is published.

In: a patient, and its ledger once that was found sound.
Out: findings; what can be made anew is mended at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

from sqlalchemy import select

from harvester.errors import StoreError
from harvester.fetch import RawStore
from harvester.harvest.diary import Diary
from harvester.harvest.withdrawal import Withdrawal, finish
from harvester.keeping import answers, leftovers, projection
from harvester.keeping.patient import Found, Health, Patient
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.decisions import held
from harvester.ledger.tables import runs
from harvester.ledger.withdrawals import pending
from harvester.publish import published
from harvester.triplestore import FileLock

_AHEAD = timedelta(minutes=1)
"""So much a run may end after now: clocks of several machines differ."""

_PATIENCE = timedelta(minutes=10)
"""So long a server may take to publish a run."""

_SHOWN = 5


def ledger_file(patient: Patient) -> Iterator[Found]:
    """Whether the file is there, whole, and of this version."""
    path = patient.layout.ledger
    if not path.exists():
        yield Found("ledger", Health.TOLD, "there is none yet: nothing was harvested")
        return
    try:
        with closing(sqlite3.connect(path)) as ledger:
            wrong = [row[0] for row in ledger.execute(f"PRAGMA integrity_check({_SHOWN})") if row[0] != "ok"]
            loose = ledger.execute("PRAGMA foreign_key_check").fetchmany(_SHOWN)
            wrong += [
                f"row {row[1]} of '{row[0]}' names a row of '{row[2]}' that is not there" for row in loose
            ]
        Ledger.open(path, base=patient.federation.base).close()
    except (sqlite3.DatabaseError, StoreError) as error:
        wrong = [str(error)]
    remedy = "keep this file, and `harvester restore` the last backup into another store"
    yield from (Found("ledger", Health.WRONG, f"{one}; {remedy}") for one in wrong)
    if not wrong:
        yield Found("ledger", Health.GOOD, f"whole, {leftovers.size(path) / 1e6:.1f} MB")


def clock(patient: Patient, ledger: Ledger) -> Iterator[Found]:
    """Whether now is after every run."""
    newest = select(runs.c.id, runs.c.ended_at).order_by(runs.c.ended_at.desc()).limit(1)
    with ledger.reading() as connection:
        last = connection.execute(newest).first()
    here = f"it is {patient.now:%Y-%m-%d %H:%M} UTC here"
    if last is None or last.ended_at <= patient.now + _AHEAD:
        yield Found("clock", Health.GOOD, f"{here}, after every run")
        return
    text = f"{here}, but run {last.id} ended at {last.ended_at:%Y-%m-%d %H:%M}: behind now, or ahead then"
    remedy = (
        "set it; nothing is withdrawn early, what is found missing meanwhile is withdrawn that much later"
    )
    yield Found("clock", Health.WRONG, f"{text}; {remedy}")


def withdrawals(patient: Patient, ledger: Ledger) -> Iterator[Found]:
    """Carry out what a killed process left undone."""
    if not pending(ledger):
        yield Found("withdrawals", Health.GOOD, "all were carried out")
        return
    work = Withdrawal(
        patient.plans, patient.federation, patient.layout, ledger, lambda: patient.publish(ledger)
    )
    try:
        text = f"{finish(work)} that were interrupted are carried out"
        yield Found("withdrawals", Health.MENDED, text)
    except StoreError as error:
        yield Found("withdrawals", Health.WRONG, str(error))


def held_runs(patient: Patient, ledger: Ledger) -> Iterator[Found]:
    """Which runs wait for a person, and whether they still can be released."""
    for source in sorted(ledger.sources()):
        run = held(ledger, source)
        if run is not None and Diary(patient.layout.runs, source).holds(run.id):
            yield Found("held", Health.TOLD, f"run {run.id} of '{source}' waits: release it, or discard it")
        elif run is not None:
            text = (
                f"run {run.id} of '{source}' waits, and what it read is not kept: run it again, or discard it"
            )
            yield Found("held", Health.WRONG, text)


def raw_answers(patient: Patient, ledger: Ledger) -> Iterator[Found]:
    """Whether kept answers are there and whole; the damaged ones are dropped."""
    raw, day = RawStore(patient.layout.raw), patient.now.toordinal()
    found = answers.looked_at(ledger, raw, day=day, deep=patient.deep)
    asked = ", ".join(sorted(found.sources))
    if found.damaged:
        text = f"{len(found.damaged)} damaged were dropped; the next run asks again: {asked}"
        yield Found("answers", Health.MENDED, text)
    if found.missing:
        text = f"{len(found.missing)} are gone; the next run asks again: {asked}"
        yield Found("answers", Health.TOLD, text)
    if not found.sources:
        yield Found("answers", Health.GOOD, f"{found.looked_at} of {found.of} looked at, all are whole")


def what_is_published(patient: Patient, ledger: Ledger) -> Iterator[Found]:
    """Whether store and checkpoint say what the ledger says: mended, or, beside a server, looked at."""
    lock = FileLock(patient.layout.writer_lock)
    if not lock.acquire():
        yield _served(patient, ledger)
        return
    try:
        wrong = [*_note(patient.layout)]
        wrong += projection.mended(patient.layout, patient.federation, ledger, deep=patient.deep)
    except StoreError as error:
        yield Found("published", Health.WRONG, str(error))
        return
    finally:
        lock.release()
    yield from (Found("published", Health.MENDED, text) for text in wrong)
    if not wrong:
        yield Found("published", Health.GOOD, f"what the ledger says, up to change {ledger.position()}")


def _note(layout: Layout) -> Iterator[str]:
    """How far publication has come is noted anew when the note cannot be read."""
    if layout.published.exists() and published(layout)["run"] < 0:
        layout.published.unlink()
        yield f"{layout.published.name} could not be read; written anew"


def _served(patient: Patient, ledger: Ledger) -> Found:
    """A server holds the store: is it at work?"""
    at, last = published(patient.layout)["run"], ledger.last_run()
    if at == last:
        return Found("published", Health.GOOD, f"a server publishes, up to run {at}")
    waiting = patient.now - ledger.run(last).ended_at
    if waiting < _PATIENCE:
        return Found("published", Health.TOLD, f"a server publishes run {last}")
    text = f"a server has published run {at}, and not yet run {last}; look at its log, then start it again"
    return Found("published", Health.WRONG, text)
