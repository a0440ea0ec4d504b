"""Room: what became different in the records of a source since its last whole reading.

In: the fields and categories met in a run, and what the last run remembered of them. Out: fields that are
new or gone, categories that are new. It tells, a person decides; nothing is held for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_MANY = 1000
"""Fields remembered: records with more of them name their values, not their fields."""

_COMMON = 0.05
"""A field that fewer of the records held may be absent by chance."""

_FEW = 5

_CATEGORIES = 5000
"""Categories remembered."""


@dataclass(slots=True)
class Fields:
    """The top-level fields met: in how many records, and the ref of the first."""

    count: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def see(self, ref: str, value: Mapping[str, Any]) -> None:
        """Count the fields of one record."""
        self.count.update(value.keys())
        if len(self.first) != len(self.count):
            for name in value:
                self.first.setdefault(name, ref)


@dataclass(frozen=True, slots=True)
class Drift:
    """What is different.

    Fields met for the first time, with a record that has them; fields gone, with the records that had them
    last time; categories met for the first time that nobody aligned, with their records.
    """

    new_fields: Mapping[str, str] = field(default_factory=dict)
    gone_fields: Mapping[str, int] = field(default_factory=dict)
    new_categories: Sequence[tuple[str, str, int]] = ()

    def sentences(self) -> Iterator[str]:
        """What to look at, one sentence each."""
        for name, ref in self.new_fields.items():
            yield f"new field '{name}', first in record '{ref}'; map it, or let it be"
        for name, n in self.gone_fields.items():
            yield f"field '{name}' is gone; {n} records had it; look at the mapping"
        for scheme, category, n in self.new_categories:
            yield f"new category '{category}' in {n} records; align it ({scheme})"


NONE = Drift()


def remembered(
    fields: Fields, unaligned: Mapping[tuple[str, str], int], last: Mapping[str, Any], *, whole: bool
) -> dict[str, Any]:
    """What this run leaves for the next to compare with; `last` is what the last one left."""
    known = {tuple(one) for one in last.get("categories", ())} | unaligned.keys()
    return {
        "fields": dict(fields.count.most_common(_MANY)) if whole else last.get("fields", {}),
        "categories": [list(one) for one in sorted(known)[:_CATEGORIES]],
    }


def drift(
    fields: Fields, unaligned: Mapping[tuple[str, str], int], last: Mapping[str, Any], *, whole: bool
) -> Drift:
    """What is different from what the last run remembered; nothing when it remembered nothing.

    Only a whole reading can tell that a field is gone.
    """
    before = last.get("fields")
    if not before or len(before) >= _MANY or not fields.count:
        return NONE
    common = max(_FEW, _COMMON * max(before.values()))
    known = {tuple(one) for one in last.get("categories", ())}
    return Drift(
        {name: ref for name, ref in fields.first.items() if name not in before},
        {name: n for name, n in before.items() if whole and n > common and name not in fields.count},
        [(*key, n) for key, n in unaligned.items() if key not in known],
    )
