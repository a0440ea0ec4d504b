"""Room: a mapping (data) compiled once -> a mapper: Record -> Item and findings.

The mapping is the allow-list: what is not mapped is not kept. Fields met but neither mapped nor
ignored, and categories nobody aligned, are counted for the run. The mapper never fetches, never
writes triples and never decides whether an item is good enough; a record without a name is the
one thing it refuses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from harvester import items, vocab
from harvester.cleaning import place, text
from harvester.errors import RecordError, suggestion
from harvester.items import Field, FieldType
from harvester.mapping import typed
from harvester.mapping.rules import Rule, rule
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


_Wanted = Callable[[Raw], bool]


@dataclass(frozen=True, slots=True)
class Mapper:
    """A compiled mapping; `coverage` counts for one run."""

    source: Source
    coverage: Coverage
    steps: tuple[_Step, ...]
    known: frozenset[str]
    wanted: _Wanted

    def wants(self, record: Record) -> bool:
        """False when `only` leaves this record out (it is then *ignored*)."""
        return self.wanted(record.value)

    def item(self, record: Record) -> tuple[Item, list[Finding]]:
        """The item of a record, and what cleaning has to say about it.

        Raises:
            RecordError: the record has no name; whoever asked knows which record.
        """
        values: dict[str, Any] = {}
        findings: list[Finding] = []
        for step in self.steps:
            raw = step.rule.read(record.value)
            if raw is None or raw == "":
                continue
            try:
                value = step.typed(raw, findings)
            except ValueError as error:
                findings.append(Finding(Severity.WARNING, "clean", step.field.name, str(error)))
                continue
            if value is not None and value != ():
                values[step.field.name] = value
        self._count(record.value)
        if "name" not in values:
            raise RecordError("no name; give it a title at the source")
        _point(values, self.source.crs, findings)
        return Item(self.source.kind, record.ref, values), findings

    def _count(self, value: Mapping[str, Any]) -> None:
        for name in value:
            if name not in self.known:
                self.coverage.unmapped[name] += 1


def compile_mapping(
    source: Source, own: Mapping[str, Any], *, ignored: frozenset[str] = frozenset(), columns: bool = False
) -> tuple[Mapper, list[tuple[str, str]]]:
    """Compile a connector's own mapping overlaid with the source's.

    Returns the mapper and the problems found, as (field, what is wrong): all of them, not the
    first only; a field with a problem is left out of the mapper.
    """
    known = items.fields(source.kind)
    steps: list[_Step] = []
    problems: list[tuple[str, str]] = []
    coverage = Coverage()
    for name, entry in {**own, **source.map}.items():
        if name == "ref" or name in source.drop or (name not in known and name not in source.map):
            continue
        try:
            steps.append(_step(name, entry, source, columns=columns, coverage=coverage))
        except (ValueError, LookupError) as error:
            problems.append((name, str(error.args[0])))
    order = list(known)
    steps.sort(key=lambda step: order.index(step.field.name))
    only, only_head = _only(source.only, columns=columns, problems=problems)
    heads = ignored.union(*(step.rule.heads for step in steps), _ref_heads(own, source), only_head)
    return Mapper(source, coverage, tuple(steps), heads, only), problems


def _step(name: str, entry: Raw, source: Source, *, columns: bool, coverage: Coverage) -> _Step:
    known = items.fields(source.kind)
    if name not in known:
        hint = suggestion(name, known)
        raise ValueError(f"no item field '{name}' for kind '{source.kind}'; {hint}")
    compiled = rule(entry, columns=columns)
    field_ = known[name]
    if field_.type is FieldType.CONCEPT:
        typer = _concepts(field_, compiled, entry, coverage)
    else:
        typer = typed.of(field_, ZoneInfo(source.timezone), lang=compiled.lang)
    return _Step(field_, compiled, typer)


def _concepts(field_: Field, compiled: Rule, entry: Raw, coverage: Coverage) -> typed.Typed:
    """Categories -> concepts of the field's scheme; what is not aligned is counted, never guessed."""
    scheme = vocab.scheme(str(field_.scheme))
    prefix = next(iter(scheme.values())).iri.rsplit("/", 1)[0] + "/"
    if compiled.align:
        table: Mapping[str, tuple[str, ...]] = vocab.alignment(compiled.align)
    else:
        table = {name: (concept.iri,) for name, concept in scheme.items()}
    _check_const(field_, entry, table)

    def concepts(raw: Raw, _findings: list[Finding]) -> Raw:
        found: dict[str, None] = {}
        for one in raw if isinstance(raw, list) else [raw]:
            key = str(one).strip()
            if key and key in table:
                found.update(dict.fromkeys(iri for iri in table[key] if iri.startswith(prefix)))
            elif key:
                coverage.unaligned[(compiled.align or str(field_.scheme), key)] += 1
        return tuple(found) if field_.many else next(iter(found), None)

    return concepts


def _check_const(field_: Field, entry: Raw, table: Mapping[str, Any]) -> None:
    const = entry.get("const") if isinstance(entry, Mapping) else None
    for one in const if isinstance(const, list) else [const]:
        if one is not None and str(one) not in table:
            hint = suggestion(str(one), table)
            raise ValueError(f"no concept '{one}' in the scheme '{field_.scheme}'; {hint}")


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
