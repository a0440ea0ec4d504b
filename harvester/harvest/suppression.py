"""Room: what was withdrawn on request is taken out of the records before anything sees them.

In: records as they are read, and the list of the ledger. Out: the same records without those withdrawn, and
without the fields withdrawn of others. Nothing of them is hashed, judged, kept or counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from harvester.ledger.decisions import WHOLE, fingerprint
from harvester.mapping import Mapper
from harvester.model import Gone, Listed, Record


def applied(
    records: Iterable[Listed], listed: Mapping[str, Sequence[str]], source: str, mapper: Mapper
) -> Iterable[Listed]:
    """The records less what is suppressed; the same when nothing is."""
    return _less(records, listed, source, mapper) if listed else records


def concerns(listed: Mapping[str, Sequence[str]], source: str, refs: Iterable[str]) -> bool:
    """True when one of these records is on the list, whole or in part."""
    return any(fingerprint(source, ref) in listed for ref in refs)


def _less(
    records: Iterable[Listed], listed: Mapping[str, Sequence[str]], source: str, mapper: Mapper
) -> Iterator[Listed]:
    for one in records:
        fields = listed.get(fingerprint(source, one.ref), ()) if one.ref is not None else ()
        if isinstance(one, Record) and fields and WHOLE not in fields:
            yield _without(one, fields, mapper)
        elif WHOLE not in fields or isinstance(one, Gone):
            yield one


def _without(record: Record, fields: Sequence[str], mapper: Mapper) -> Record:
    """What is mapped of a record, less the source fields that fill these item fields."""
    gone = frozenset().union(*(mapper.heads(field) for field in fields))
    kept = {name: value for name, value in record.value.items() if name in mapper.known and name not in gone}
    return Record(record.ref, kept)
