"""Room: what was withdrawn on request is taken out of the records before anything sees them.

In: records as they are read, and the list of the ledger. Out: the same records without those withdrawn, and
without the fields withdrawn of others. Nothing of them is hashed, judged, kept or counted; the answers they
came in are not kept after the run.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from harvester.fetch import RawStore
from harvester.layout import Layout
from harvester.ledger.decisions import WHOLE, concerning, fingerprint
from harvester.mapping import Mapper
from harvester.model import Gone, Kept, Listed, Record, Rejected, Source

Suppressed = Mapping[str, Sequence[str]]
"""Fingerprint of a record -> the fields of it that are suppressed; see `ledger.decisions.suppressed`."""

_QUOTED = re.compile(r"'[^']*'")
_UNSAID = "not said: something of this record was withdrawn on request"


def applied(
    records: Iterable[Listed], listed: Suppressed, source: Source, mapper: Mapper | None
) -> Iterable[Listed]:
    """The records less what is suppressed; the same when nothing of their source is.

    Without a mapper nobody knows what fills a field: a record that lost one is left out whole.
    """
    names = (source.id, *source.was)
    return _less(records, listed, names, mapper) if concerning(listed, *names) else records


def fields(listed: Suppressed, names: Sequence[str], ref: str) -> tuple[str, ...]:
    """What is suppressed of a record, under one of the names that its source has or had."""
    return tuple(field for name in names for field in listed.get(fingerprint(name, ref), ()))


def unquoted(text: str) -> str:
    """A message without what it quotes: it may quote the answer, and the answer what was withdrawn."""
    return _QUOTED.sub("'…'", text)


def passing(layout: Layout, source: Source, listed: Suppressed) -> RawStore | None:
    """Where the answers go of a source of which something is suppressed; None for every other.

    They are gone when the run has ended: see `passed`.
    """
    return RawStore(layout.passing(source.id)) if concerning(listed, source.id, *source.was) else None


def passed(layout: Layout, source: str) -> None:
    """Drop the answers of a run that must not be kept, also those that a killed run left."""
    if layout.passing(source).exists():
        shutil.rmtree(layout.passing(source))


def _less(
    records: Iterable[Listed], listed: Suppressed, names: Sequence[str], mapper: Mapper | None
) -> Iterator[Listed]:
    for one in records:
        gone = fields(listed, names, one.ref) if one.ref is not None else ()
        if one.ref is None:
            yield replace(one, reason=unquoted(one.reason))
        elif isinstance(one, Gone) or not gone:
            yield one
        elif WHOLE not in gone and isinstance(one, Rejected | Kept):
            yield replace(one, reason=_UNSAID)
        elif WHOLE not in gone and isinstance(one, Record) and mapper is not None:
            yield _without(one, gone, mapper)


def _without(record: Record, gone: Sequence[str], mapper: Mapper) -> Record:
    """What is mapped of a record, less the source fields that fill these item fields."""
    lost = frozenset().union(*(mapper.heads(field) for field in gone))
    kept = {name: value for name, value in record.value.items() if name in mapper.needed and name not in lost}
    return Record(record.ref, kept)
