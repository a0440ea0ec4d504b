"""Room: one entry of a mapping (data) -> one function that reads a record.

An entry is a path, a list of paths (the first non-empty wins) or a table with `from`, `join`,
`split`, `clean`, `cases`, `const`, `align`, `lang`, `when`. The function returns the raw value, or None;
typing it, and the dependents of an entry with `each`, are the mapper's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harvester.cleaning import CLEANERS
from harvester.errors import suggestion
from harvester.mapping import paths
from harvester.model import Raw

KEYS = ("from", "join", "split", "clean", "cases", "const", "align", "lang", "when")
DEPENDENT_KEYS = ("each", "map", "when")
_EMPTY: tuple[Raw, ...] = (None, "", [], {})

Read = Callable[[Raw], Raw]


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled entry: how to read the value, and what is still to be done with it."""

    read: Read
    align: str | None
    lang: str | None
    heads: frozenset[str]


def rule(entry: Raw, *, columns: bool) -> Rule:
    """Compile one entry; with `columns`, a path is a whole column name.

    Raises:
        ValueError: what is wrong with the entry, with the offending value.
    """
    table = entry if isinstance(entry, Mapping) else {"from": entry}
    _check_keys(table)
    if "const" in table:
        constant = table["const"]
        read: Read = lambda _value: constant  # noqa: E731  # a constant rule is its value
        froms: list[str] = []
    else:
        froms = [table["from"]] if isinstance(table["from"], str) else list(table["from"])
        read = _reader([_getter(one, columns=columns) for one in froms], table.get("join"))
    read = _with_steps(read, table)
    if when := table.get("when"):
        read = _guarded(read, _condition(when, columns=columns))
        froms.append(when["path"])
    heads = frozenset(filter(None, map(paths.head, froms))).union(froms if columns else ())
    return Rule(read, table.get("align"), table.get("lang"), heads)


def _check_keys(table: Mapping[str, Any]) -> None:
    for key in table:
        if key not in KEYS:
            hint = suggestion(key, KEYS)
            raise ValueError(f"unknown mapping key '{key}'; {hint}")
    if ("from" in table) == ("const" in table):
        raise ValueError("a mapping entry needs either `from` or `const`")
    source = table.get("from", "")
    if not (
        isinstance(source, str) or (isinstance(source, Sequence) and all(isinstance(s, str) for s in source))
    ):
        raise ValueError(f"`from` is {source!r}; expected a path or a list of paths")


def _getter(text: str, *, columns: bool) -> paths.Getter:
    return paths.column(text) if columns else paths.path(text)


def _reader(getters: Sequence[paths.Getter], join: str | None) -> Read:
    if join is not None:
        return lambda value: join.join(
            str(found).strip()
            for get in getters
            if (found := get(value)) not in _EMPTY and str(found).strip()
        )
    if len(getters) == 1:
        return getters[0]

    def first(value: Raw) -> Raw:
        for get in getters:
            found = get(value)
            if found not in _EMPTY and not (isinstance(found, str) and found.isspace()):
                return found
        return None

    return first


def _with_steps(read: Read, table: Mapping[str, Any]) -> Read:
    if (separator := table.get("split")) is not None:
        read = _then(read, lambda value: _split(value, separator))
    names = table.get("clean", [])
    for name in [names] if isinstance(names, str) else names:
        if name not in CLEANERS:
            hint = suggestion(name, CLEANERS)
            raise ValueError(f"no cleaner '{name}'; {hint}")
        read = _then(read, _each(CLEANERS[name]))
    if (cases := table.get("cases")) is not None:
        read = _then(read, _each(_renamed(cases)))
    return read


def _renamed(cases: Raw) -> Read:
    """The platform's word exchanged for ours; a word without a case stays as it is."""
    if not isinstance(cases, Mapping):
        raise ValueError(  # noqa: TRY004  # a problem of the configuration, like all others here
            f"`cases` is {cases!r}; expected {{ theirs = ours, … }}"
        )
    return lambda value: cases.get(str(value), value)


def _then(read: Read, step: Read) -> Read:
    def value_of(value: Raw) -> Raw:
        found = read(value)
        return None if found in _EMPTY else step(found)

    return value_of


def _each(clean: Read) -> Read:
    return lambda value: [clean(one) for one in value] if isinstance(value, list) else clean(value)


def _split(value: Raw, separator: str) -> list[Raw]:
    whole = value if isinstance(value, list) else [value]
    return [part.strip() for one in whole for part in str(one).split(separator) if part.strip()]


def _condition(when: Mapping[str, Any], *, columns: bool) -> Callable[[Raw], bool]:
    if not isinstance(when, Mapping) or set(when) != {"path", "in"}:
        raise ValueError(f"`when` is {when!r}; expected {{ path = …, in = […] }}")
    get = _getter(when["path"], columns=columns)
    wanted = {str(one) for one in when["in"]}

    def holds(value: Raw) -> bool:
        found = get(value)
        return any(str(one) in wanted for one in (found if isinstance(found, list) else [found]))

    return holds


def _guarded(read: Read, holds: Callable[[Raw], bool]) -> Read:
    return lambda value: read(value) if holds(value) else None
