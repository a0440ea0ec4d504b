"""Room: the ledger -> the sets of files that are not made yet, or are of before.

One set for each source that changed, then one for each licence whose sources did; those that may not be
shown any more go first. Killed anywhere, the next call goes on; called twice, the second has nothing to do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from typing import Any

from harvester import canonical, vocab
from harvester.dumps import stock
from harvester.dumps.entries import entries
from harvester.dumps.files import File, Packing
from harvester.dumps.forms import VERSION, Form, forms
from harvester.dumps.partitions import Partitions
from harvester.dumps.stock import LICENCES, SOURCES, Bundle
from harvester.errors import StoreError
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.redaction import redactions
from harvester.model import Federation
from harvester.rights import Rights, publishable
from harvester.triplestore import FileLock

LOCK = "-dumps"
"""The name of the lock of who makes dumps; no source can bear it."""

_GENTLE = 10
"""Whoever asks something goes first."""

ALONE = frozenset({"permission"})
"""Licences that are not one licence: each source has its own, and is not put together with others."""


@dataclass(frozen=True, slots=True)
class Making:
    """What dumps are made from; `forgotten` is how often the ledger had forgotten something when it began."""

    layout: Layout
    ledger: Ledger
    rights: Mapping[str, Rights]
    forgotten: int

    def held(self, group: str, name: str) -> Bundle | None:
        """The set of this name, unless it may not be shown any more."""
        return stock.bundle(self.layout, group, name, self.forgotten)

    def stamp(self, source: str, position: int) -> str:
        """What the set of a source is made from."""
        rights = self.rights[source]
        told = [
            VERSION,
            position,
            self.forgotten,
            rights.base,
            rights.title,
            rights.told(),
            vocab.fingerprint(),
        ]
        return _hashed(told)

    def outdated(self) -> list[str]:
        """The sources whose set is none, or of before."""
        wanted = {source: self.stamp(source, self.ledger.position(source)) for source in self.rights}
        held = {source: self.held(SOURCES, source) for source in wanted}
        return [
            source for source, stamp in wanted.items() if (one := held[source]) is None or one.stamp != stamp
        ]


def begun(layout: Layout, federation: Federation, ledger: Ledger) -> Making:
    """The state of the ledger now."""
    return Making(layout, ledger, publishable(federation.base, ledger), redactions(ledger))


def due(layout: Layout, federation: Federation, ledger: Ledger) -> bool:
    """True when there is something to make, or to drop."""
    work = begun(layout, federation, ledger)
    return bool(work.outdated()) or any(True for _ in _unwanted(work)) or bool(list(_due_licences(work)))


def make(layout: Layout, federation: Federation) -> list[str]:
    """Make what is due; says what was made. Nothing is done when another process is at it."""
    lock = FileLock(layout.source_lock(LOCK))
    ledger = Ledger.open(layout.ledger, base=federation.base)
    try:
        return list(made(begun(layout, federation, ledger))) if lock.acquire() else []
    finally:
        lock.release()
        ledger.close()


def make_gently(layout: Layout, federation: Federation) -> list[str]:
    """The same in a process of its own, which lets all others go first."""
    with suppress(OSError):
        os.nice(_GENTLE)
    return make(layout, federation)


def made(work: Making) -> Iterator[str]:
    """Drop what may not be shown, make what is due; yields names as they are done. Hold the lock."""
    for group, name in list(_unwanted(work)):
        stock.drop(work.layout, group, name)
    for source in work.outdated():
        if _kept(work, _of_source(work, source)):
            yield source
    for licence, members in list(_due_licences(work)):
        if _kept(work, _of_licence(work, licence, members)):
            yield licence
    for one in stock.bundles(work.layout, work.forgotten):
        stock.sweep(work.layout, one)


def export(work: Making, source: str, form: Form, folder: Path) -> File:
    """One file of one source, whatever sets there are."""
    packing = Packing(folder, source, form)
    packing.opening(form.opening(work.rights[source]))
    position = work.ledger.position(source)
    for entry in entries(work.ledger, work.rights[source]):
        packing.add(form.body(entry))
    if work.ledger.position(source) != position:
        raise StoreError(f"{source}: harvested while it was written; run it again")
    return packing.close()


def _of_source(work: Making, source: str) -> tuple[Bundle, Path]:
    """The set of a source: its records are read once, for all forms and for its figures."""
    rights = work.rights[source]
    position, counted = work.ledger.position(source), Partitions()
    stamp = work.stamp(source, position)
    folder = stock.begin(work.layout, SOURCES, source, stamp)
    packings = [Packing(folder, source, form) for form in forms().values()]
    for packing in packings:
        packing.opening(packing.form.opening(rights))
    for entry in entries(work.ledger, rights):
        counted.take(entry.record, entry.said, entry.quads)
        for packing in packings:
            packing.add(packing.form.body(entry))
    files = tuple(packing.close() for packing in packings)
    return _bundle(work, (SOURCES, source, stamp), position, [rights], files, counted.plain()), folder


def _of_licence(work: Making, licence: str, members: Sequence[Bundle]) -> tuple[Bundle, Path]:
    """The set of a licence: the files of its sources, one after the other."""
    stamp = _stamp_of(members)
    folder = stock.begin(work.layout, LICENCES, licence, stamp)
    files = []
    for form in forms().values():
        packing = Packing(folder, licence, form)
        for one in members:
            file = next(file for file in one.files if file.form == form.name)
            packing.append(one.path(work.layout, file))
        files.append(packing.close())
    position = max(one.position for one in members)
    rights = [work.rights[one.name] for one in members]
    told = {"records": sum(one.records for one in members)}
    return _bundle(work, (LICENCES, licence, stamp), position, rights, files, told), folder


def _bundle(  # noqa: PLR0913, PLR0917  # all that a manifest tells
    work: Making,
    name: tuple[str, str, str],
    position: int,
    rights: Sequence[Rights],
    files: Sequence[File],
    told: Mapping[str, Any],
) -> Bundle:
    return Bundle(
        *name,
        made_at=canonical.utc(datetime.now(UTC)),
        position=position,
        redactions=work.forgotten,
        records=told["records"],
        licence=rights[0].licence.notation,
        credits=[one.credit() for one in rights],
        sources=[one.source for one in rights],
        files=files,
        void=told if name[0] == SOURCES else {},
    )


def _kept(work: Making, finished: tuple[Bundle, Path]) -> bool:
    """Keep a set, unless the ledger has forgotten something since, or its source was harvested meanwhile.

    Then the next call makes it.
    """
    one, folder = finished
    if one.group == SOURCES and work.ledger.position(one.name) != one.position:
        return False
    if redactions(work.ledger) != work.forgotten:
        stock.drop(work.layout, one.group, one.name)
        return False
    stock.keep(work.layout, one, folder)
    return True


def _unwanted(work: Making) -> Iterator[tuple[str, str]]:
    """The sets of sources that are not published, of licences that nobody has, and those of before."""
    licences = {rights.licence.notation for rights in work.rights.values()} - ALONE
    wanted = {SOURCES: work.rights.keys(), LICENCES: licences}
    for group, name in stock.kept(work.layout):
        if name not in wanted[group] or work.held(group, name) is None:
            yield group, name


def _due_licences(work: Making) -> Iterator[tuple[str, list[Bundle]]]:
    """The licences whose set is none or of before, each with the sets of its sources; none that lacks one."""
    found = [one for source in sorted(work.rights) if (one := work.held(SOURCES, source))]
    for licence, group in groupby(sorted(found, key=_by_licence), key=_by_licence):
        members, held = list(group), work.held(LICENCES, licence)
        if licence not in ALONE and (held is None or held.stamp != _stamp_of(members)):
            yield licence, members


def _by_licence(one: Bundle) -> str:
    return one.licence


def _stamp_of(members: Iterable[Bundle]) -> str:
    return _hashed([one.stamp for one in members])


def _hashed(told: object) -> str:
    return blake2b(json.dumps(told).encode(), digest_size=8).hexdigest()
