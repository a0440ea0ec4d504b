"""Room: the store looked over, from the disk up: what is sound, what was mended, what needs a person.

In: a store and its configuration. Out: one finding after another, as they come. What can be made anew from
the ledger is mended at once; nothing that cannot is ever touched. While a server holds the store, what is its
own business is only looked at.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime

from harvester.errors import disk_error
from harvester.keeping import ledger_health, leftovers, mirroring
from harvester.keeping.disk import disk
from harvester.keeping.patient import Found, Health, Patient
from harvester.ledger import Ledger
from harvester.triplestore import FileLock, held_since

_WITHIN = (
    ledger_health.clock,
    ledger_health.withdrawals,
    ledger_health.held_runs,
    ledger_health.raw_answers,
    ledger_health.what_is_published,
    mirroring.mirror,
)
"""Looks that need a sound ledger."""


def examined(patient: Patient) -> Iterator[Found]:
    """Look the store over; what depends on a sound ledger is left out when it is not."""
    for look in (_disk, _folders, _locks, _leftovers):
        yield from look(patient)
    sound = True
    for found in ledger_health.ledger_file(patient):
        sound &= found.state != Health.WRONG
        yield found
    if not sound or not patient.layout.ledger.exists():
        return
    ledger = Ledger.open(patient.layout.ledger, base=patient.federation.base)
    try:
        for within in _WITHIN:
            yield from within(patient, ledger)
    finally:
        ledger.close()


def _disk(patient: Patient) -> Iterator[Found]:
    found = disk(patient.layout.root)
    left = f"{found.free / 1e9:.1f} of {found.total / 1e9:.1f} GB are free"
    if found.nearly_full():
        yield Found("disk", Health.WRONG, f"{left}; free some: a night and its checkpoint need 1 GB and 5 %")
    else:
        yield Found("disk", Health.GOOD, left)


def _folders(patient: Patient) -> Iterator[Found]:
    layout = patient.layout
    layout.root.mkdir(parents=True, exist_ok=True)
    own = (
        layout.root,
        layout.raw,
        layout.runs,
        layout.oxigraph,
        layout.checkpoints,
        layout.index,
        layout.hosts,
    )
    wrong = []
    for folder in (one for one in own if one.exists()):
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            said = disk_error(OSError(error.errno, error.strerror), folder)
            wrong.append(Found("folders", Health.WRONG, str(said)))
    yield from wrong or [Found("folders", Health.GOOD, "all can be written")]


def _locks(patient: Patient) -> Iterator[Found]:
    held_now = {name: since for name, since in leftovers.locks(patient.layout).items() if since is not None}
    serving = held_since(patient.layout.writer_lock)
    if serving is not None:
        held_now["a server, or a publication"] = serving
    for name, since in sorted(held_now.items()):
        began = datetime.fromtimestamp(since, UTC)
        text = f"'{name.removeprefix('-')}' is at work since {began:%Y-%m-%d %H:%M} UTC"
        yield Found("locks", Health.TOLD, text)
    if not held_now:
        yield Found("locks", Health.GOOD, "nobody is at work; a lock file without a living holder is nothing")


def _leftovers(patient: Patient) -> Iterator[Found]:
    lock = FileLock(patient.layout.writer_lock)
    alone = lock.acquire()
    try:
        found = [*leftovers.unfinished(patient.layout)]
        found += leftovers.idle_checkpoints(patient.layout, patient.federation.checkpoints) if alone else ()
        freed = sum(map(leftovers.drop, found))
    finally:
        lock.release()
    if found:
        text = f"{len(found)} files of killed processes dropped ({freed / 1e6:.1f} MB)"
        yield Found("leftovers", Health.MENDED, text)
    for copy in sorted(patient.layout.root.glob(f"{patient.layout.ledger.stem}-schema-*.sqlite")):
        text = f"{copy.name} is the ledger as it was before an upgrade; drop it when all is well"
        yield Found("leftovers", Health.TOLD, text)
    if not found:
        yield Found("leftovers", Health.GOOD, "nothing unfinished lies about")
