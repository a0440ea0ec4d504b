"""Room: a mapping (data) compiled once -> a mapper: Record -> Item and findings.

The mapping is the allow-list: what is not mapped is not kept. Fields met but neither mapped nor
ignored, and categories nobody aligned, are counted for the run. The mapper never fetches, never
writes triples and never decides whether an item is good enough; a record without a name is the
one thing it refuses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from harvester import items
from harvester.cleaning import place, text
from harvester.errors import RecordError, suggestion
from harvester.items import Field, FieldType
from harvester.mapping import concepts, typed
from harvester.mapping.rules import DEPENDENT_KEYS, Rule, rule
from harvester.model import Finding, Item, Only, Raw, Record, Severity, Source


@dataclass(slots=True)
class Coverage:
    """What a run met and did not use: top-level fields, and categories by alignment."""

    unmapped: Counter[str] = field(default_factory=Counter)
    unaligned: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Coverage) -> None:
        """Count what another met too."""
        self.unmapped.update(other.unmapped)
        self.unaligned.update(other.unaligned)

    def taken(self) -> Coverage:
        """What was counted so far, counting from zero again."""
        counted = Coverage(self.unmapped.copy(), self.unaligned.copy())
        self.unmapped.clear()
        self.unaligned.clear()
        return counted


@dataclass(frozen=True, slots=True)
class _Step:
    field: Field
    rule: Rule
    typed: typed.Typed


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the entries of one mapping are compiled for: a kind, and how its paths are read."""

    source: Source
    kind: str
    known: Mapping[str, Field]
    columns: bool
    coverage: Coverage


_Wanted = Callable[[Raw], bool]


@dataclass(frozen=True, slots=True)
class Mapper:
    """A compiled mapping; `coverage` counts for one run.

    `known` are the top-level fields that are mapped or ignored, `needed` those without which a record is
    another.
    """

    source: Source
    coverage: Coverage
    steps: tuple[_Step, ...]
    known: frozenset[str]
    wanted: _Wanted
    needed: frozenset[str] = frozenset()

    def wants(self, record: Record) -> bool:
        """False when `only` leaves this record out (it is then *ignored*)."""
        return self.wanted(record.value)

    def heads(self, field: str) -> frozenset[str]:
        """The top-level fields of a record that fill an item field; empty when it is not mapped."""
        return frozenset().union(*(step.rule.heads for step in self.steps if step.field.name == field))

    def page(self, record: Record) -> str | None:
        """The page of a record, where its author can mend it, when nothing else of it can be used."""
        steps = [step for step in self.steps if step.field.name == "page"]
        page: str | None = _values(steps, record.value, None, []).get("page")
        return page

    def item(self, record: Record) -> tuple[Item, list[Finding]]:
        """The item of a record, and what cleaning has to say about it.

        Raises:
            RecordError: the record has no name, or is of a kind that is none of ours (a person, for one).
        """
        findings: list[Finding] = []
        values = _values(self.steps, record.value, self.source.crs, findings)
        for name in record.value:
            if name not in self.known:
                self.coverage.unmapped[name] += 1
        if "name" not in values:
            raise RecordError("no name; give it a title at the source", field="name")
        kind = values.pop("kind", None)
        if kind is None:
            _refuse_unknown_kind(findings)
            kind = self.source.kind
        own = items.fields(kind)
        self.coverage.unmapped.update(name for name in values if name not in own)
        return Item(
            kind, record.ref, {name: value for name, value in values.items() if name in own}
        ), findings


def _refuse_unknown_kind(findings: Sequence[Finding]) -> None:
    """A record that says it is of another kind is not taken for one of its source's kind."""
    for finding in findings:
        if (finding.code, finding.field) == ("clean", "kind"):
            raise RecordError(str(finding.value), field="kind")


def _values(
    steps: Sequence[_Step], raw_record: Raw, crs: str | None, findings: list[Finding]
) -> dict[str, Any]:
    """The typed values of a record or of a part of one, in the order of the steps."""
    values: dict[str, Any] = {}
    for step in steps:
        raw = step.rule.read(raw_record)
        if raw is None or raw == "":
            continue
        try:
            value = step.typed(raw, findings)
        except ValueError as error:
            findings.append(Finding(Severity.WARNING, "clean", step.field.name, str(error)))
            continue
        if value is not None and value != ():
            values[step.field.name] = value
    _point(values, crs, findings)
    return values


def compile_mapping(
    source: Source, own: Mapping[str, Any], *, ignored: frozenset[str] = frozenset(), columns: bool = False
) -> tuple[Mapper, list[tuple[str, str]]]:
    """Compile a connector's own mapping overlaid with the source's.

    Returns the mapper and the problems found, as (field, what is wrong): all of them, not the
    first only; a field with a problem is left out of the mapper.
    """
    merged = {**own, **source.map}
    known = items.FIELDS if "kind" in merged else items.fields(source.kind)
    scope = _Scope(source, source.kind, known, columns, Coverage())
    wished = {
        name: entry
        for name, entry in merged.items()
        if name != "ref" and name not in source.drop and (name in known or name in source.map)
    }
    steps, problems = _steps(wished, scope)
    only, only_head = _only(source.only, columns=columns, problems=problems)
    needed = only_head.union(*(step.rule.heads for step in steps))
    heads = ignored | needed | _ref_heads(own, source)
    return Mapper(source, scope.coverage, steps, heads, only, needed), problems


def _steps(wished: Mapping[str, Raw], scope: _Scope) -> tuple[tuple[_Step, ...], list[tuple[str, str]]]:
    """The entries compiled, in the order of the item table, and the problems of those that cannot be."""
    steps: list[_Step] = []
    problems: list[tuple[str, str]] = []
    for name, entry in wished.items():
        try:
            steps.append(_step(name, entry, scope))
        except (ValueError, LookupError) as error:
            problems.append((name, str(error.args[0])))
    order = list(scope.known)
    return tuple(sorted(steps, key=lambda step: order.index(step.field.name))), problems


def _step(name: str, entry: Raw, scope: _Scope) -> _Step:
    if name not in scope.known:
        hint = suggestion(name, scope.known)
        raise ValueError(f"no item field '{name}' for kind '{scope.kind}'; {hint}")
    field_ = scope.known[name]
    if field_.type is FieldType.ITEM:
        return _dependents(field_, entry, scope)
    compiled = rule(entry, columns=scope.columns)
    if field_.type is FieldType.CONCEPT:
        return _Step(field_, compiled, concepts.of(field_, compiled, entry, scope.coverage.unaligned))
    return _Step(field_, compiled, typed.of(field_, ZoneInfo(scope.source.timezone), lang=compiled.lang))


def _dependents(field_: Field, entry: Raw, scope: _Scope) -> _Step:
    """An entry `{ each = …, map = { … } }`: one dependent for each value found by `each`."""
    if not isinstance(entry, Mapping) or not {"each", "map"} <= entry.keys() <= set(DEPENDENT_KEYS):
        raise ValueError(
            f"`{field_.name}` is {entry!r}; expected {{ each = PATH, map = {{ field = PATH, … }} }}"
        )
    kind, each = str(field_.holds), entry["each"]
    whole = {**(each if isinstance(each, Mapping) else {"from": each}), "when": entry.get("when")}
    found = rule(whole, columns=scope.columns)
    inner = _Scope(scope.source, kind, items.fields(kind), scope.columns and each == "@", scope.coverage)
    steps, problems = _steps(entry["map"], inner)
    if problems:
        raise ValueError("; ".join(f"{name}: {text}" for name, text in problems))
    if each == "@":
        found = replace(found, heads=found.heads.union(*(step.rule.heads for step in steps)))

    def dependents(raw: Raw, findings: list[Finding]) -> Raw:
        kept: list[Item] = []
        for one in raw if isinstance(raw, list) else [raw]:
            values = _values(steps, one, scope.source.crs, findings)
            lacking = items.lacking(kind, values)
            if values and lacking:
                findings.append(Finding(Severity.WARNING, "dependent-incomplete", field_.name, lacking))
            elif values:
                kept.append(Item(kind, "", values))
        return tuple(kept) if field_.many else next(iter(kept), None)

    return _Step(field_, found, dependents)


def _only(
    only: Only | None, *, columns: bool, problems: list[tuple[str, str]]
) -> tuple[_Wanted, frozenset[str]]:
    if only is None:
        return (lambda _value: True), frozenset()
    try:
        compiled = rule({"const": True, "when": {"path": only.path, "in": only.values}}, columns=columns)
    except ValueError as error:
        problems.append(("only", str(error)))
        return (lambda _value: True), frozenset()
    return (lambda value: compiled.read(value) is not None), compiled.heads


def _ref_heads(own: Mapping[str, Any], source: Source) -> frozenset[str]:
    ref = source.map.get("ref", own.get("ref", []))
    return frozenset([ref] if isinstance(ref, str) else ref)


def _point(values: dict[str, Any], crs: str | None, findings: list[Finding]) -> None:
    """Make lat and lon one checked WGS 84 point, or take both out with a finding."""
    lat, lon = values.pop("lat", None), values.pop("lon", None)
    if lat is None or lon is None:
        return
    try:
        point = place.project(lon, lat, crs) if crs else place.point(lat, lon)
    except ValueError as error:
        findings.append(Finding(Severity.WARNING, "point", "lat", text.text(str(error))))
        return
    if point is None:
        return
    if turned := place.swapped(point.lat, point.lon):
        findings.append(Finding(Severity.INFO, "axes-swapped", "lat", f"{point.lat}, {point.lon}"))
        point = turned
    values["lat"], values["lon"] = point.lat, point.lon
