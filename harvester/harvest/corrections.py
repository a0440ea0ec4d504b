"""Room: corrections by file: an item field mended while its source still says what was seen.

In: an item as mapped, and the corrections of its source. Out: the item as we publish it, and a sentence for
each correction, to be shown as ours. What the source has mended itself is left alone, and told as obsolete.
A correction is cleaned as a value of the source would be; one that gives nothing is a problem of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harvester import items
from harvester.errors import Problem, RecordError, suggestion
from harvester.harvest.suppression import Suppressed, fields
from harvester.items import FieldType
from harvester.ledger.decisions import WHOLE
from harvester.mapping import Mapper, compile_mapping
from harvester.mapping.typed import Tagged
from harvester.model import Correction, Finding, Item, Record, Severity, Source

_NEVER = ("ref", "kind")
_POINT = {"lat": "46.5", "lon": "2.5"}
"""What stands beside a coordinate that is looked at alone."""

_SEVERAL = ";"


@dataclass(frozen=True, slots=True)
class Mender:
    """The corrections of one source, by ref; `reader` reads the values that people wrote."""

    corrections: Mapping[str, Sequence[Correction]]
    reader: Mapper | None = None

    def mended(self, item: Item, findings: list[Finding]) -> tuple[Item, tuple[str, ...]]:
        """The item, and what was corrected in it; what no longer applies is added to `findings`."""
        told: dict[str, str] = {}
        for one in self.corrections.get(item.ref, ()):
            assert self.reader is not None
            value = _mended(self.reader, one, item)
            if value is None:
                findings.append(Finding(Severity.INFO, "correction-obsolete", one.field, one.where))
            else:
                values = {**item.values, one.field: value}
                item = replace(item, values={name: held for name, held in values.items() if held != ()})
                told[one.field] = sentence(one)
        if len(_POINT.keys() & item.values.keys()) == 1:  # half a point is none
            item = replace(
                item, values={name: held for name, held in item.values.items() if name not in _POINT}
            )
        return item, tuple(told.values())

    def refs(self) -> list[str]:
        """The records that are corrected."""
        return list(self.corrections)

    def gone(self, ref: str) -> Iterator[str]:
        """What to say of the corrections of a record that its source no longer lists."""
        for one in self.corrections[ref]:
            yield f"{one.where}: record '{ref}' is no longer in the listing; take the line out"


NONE = Mender({})


def mender(source: Source, listed: Suppressed) -> Mender:
    """The corrections of a source that hold: none of what was withdrawn on request, none of a faulty line."""
    sound = {one.line for one in source.corrections} - {problem.line for problem in problems(source)}
    names = (source.id, *source.was)
    held: dict[str, list[Correction]] = {}
    for one in source.corrections:
        if one.line in sound and not {WHOLE, one.field} & set(fields(listed, names, one.ref)):
            held.setdefault(one.ref, []).append(one)
    return Mender(held, _reader(source)) if held else NONE


def problems(source: Source) -> list[Problem]:
    """What is wrong with the corrections of a source, each with its line."""
    if not source.corrections:
        return []
    reader = _reader(source)
    told = ((one, _fault(reader, one, source)) for one in source.corrections)
    return [Problem(one.file, one.line, None, text) for one, text in told if text]


def sentence(one: Correction) -> str:
    """What is published of a correction: what the source says, what we say, who says so, when and why."""
    return (
        f"{one.field}: {one.seen or '—'} → {one.value or '—'} ({one.who}, {one.when.isoformat()}: {one.why})"
    )


def _reader(source: Source) -> Mapper:
    """A mapper of values that people wrote under the names of our own fields."""
    entries: dict[str, Any] = {
        name: {"from": name, "split": _SEVERAL} if field.many else name
        for name, field in items.FIELDS.items()
        if name != "ref" and field.type is not FieldType.ITEM
    }
    return compile_mapping(replace(source, map=entries, only=None, crs=None, drop=()), {})[0]


def _fault(reader: Mapper, one: Correction, source: Source) -> str | None:
    field = items.FIELDS.get(one.field)
    if field is None:
        return f"no item field '{one.field}'; {suggestion(one.field, items.FIELDS)}"
    if one.field in _NEVER or field.type is FieldType.ITEM:
        return f"'{one.field}' cannot be corrected here; ask the partner"
    if one.field == "name" and not one.value:
        return "a record needs a name; give one, or withdraw the record"
    kind = source.kind if not field.kinds or source.kind in field.kinds else field.kinds[0]
    for column, text in (("value seen", one.seen), ("value", one.value)):
        if text and not _typed(reader, one.field, text, Item(kind, one.ref, {})):
            return f"{column} '{text}' is none of '{one.field}' ({field.doc}); nothing is corrected"
    return None


def _mended(reader: Mapper, one: Correction, item: Item) -> Any:
    """What the field holds once corrected, `()` for nothing; None when the source says something else."""
    present = _each(item.values.get(one.field))
    seen, value = (_typed(reader, one.field, text, item) if text else () for text in (one.seen, one.value))
    said = [_plain(held) for held in present]
    many = items.FIELDS[one.field].many
    if not all(_plain(wanted) in said for wanted in seen) or (not seen and present and not many):
        return None
    if many and not seen and all(_plain(wanted) in said for wanted in value):
        return None
    if not seen:
        mended = [*present, *value]
    else:
        last = [_plain(wanted) for wanted in seen]
        at = said.index(last[0])
        new = [_spoken(wanted, present[at]) for wanted in value]
        rest = [held for held in present if _plain(held) not in last]
        mended = [*rest[:at], *new, *rest[at:]]
    distinct = tuple(dict.fromkeys(mended))
    return distinct if many or len(distinct) != 1 else distinct[0]


def _typed(reader: Mapper, field: str, text: str, item: Item) -> tuple[Any, ...]:
    """The values that a text means for a field; empty when it means none."""
    point = (
        {name: str(item.values.get(name, other)) for name, other in _POINT.items()} if field in _POINT else {}
    )
    try:
        read, _ = reader.item(Record(item.ref, {"name": "nom", "kind": item.kind, **point, field: text}))
    except RecordError:
        return ()
    return _each(read.values.get(field))


def _each(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _plain(value: Any) -> Any:
    """A value without its language: people do not write it in a cell."""
    return value.text if isinstance(value, Tagged) else value


def _spoken(value: Any, before: Any) -> Any:
    """A text in the language of the one it stands for."""
    return Tagged(value, before.lang) if isinstance(before, Tagged) and isinstance(value, str) else value


def obsolete(gone: Iterable[str], held: Mender) -> list[str]:
    """What to say of the corrections of records that are gone."""
    return [told for ref in gone for told in held.gone(ref)]
