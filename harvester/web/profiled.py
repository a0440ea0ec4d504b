"""Room: the whole profile as rows: classes with their properties, schemes, prefixes, versions.

Shapes, item fields, the tables by which the profile writes, and the vocabulary come in; rows of IRIs and
shapes go out, without a language: the page and docs/reference/profile.md find the words.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from harvester import items, vocab
from harvester.profile import full, writing
from harvester.web import shaped, terms, words
from harvester.web.shaped import Shape

SAMPLES = Path(__file__).parent / "samples.toml"
"""One example of each property, as Turtle writes it."""

EVERY = "record"
"""The name of the part that tells what is the same for all records."""

_BESIDE: Mapping[str, tuple[str, ...]] = {
    "ref": ("dcterms:identifier",),
    "kind": ("rdf:type",),
    "theme": ("pair:hasTopic", "archipel:topTheme"),
    "licence": ("dcterms:license",),
    "status": ("schema:eventStatus",),
    "lat": ("wgs:lat",),
    "lon": ("wgs:long",),
    "insee": ("dcterms:spatial", "archipel:inTerritory", "archipel:locationPrecision"),
    "city": ("dcterms:spatial", "archipel:inTerritory", "archipel:locationPrecision"),
    "covers": ("dcterms:spatial",),
    "criterion": ("archipel:framework",),
    "currency": ("schema:currency",),
}
"""What `record` and `nodes` of the profile write beside its tables."""


@dataclass(frozen=True, slots=True)
class Row:
    """One property of a class: what it takes (IRIs), how often, the shapes that say so, who writes it.

    `most` is None without limit; `sample` is a value in Turtle, None when there is none.
    """

    term: str
    takes: Sequence[str]
    least: int
    most: int | None
    shapes: Sequence[Shape]
    fields: Sequence[str]
    sample: str | None

    @property
    def types(self) -> list[str]:
        """The types of its item fields: what it takes when nothing says it better."""
        if self.term in (full("dcterms:spatial"), full("archipel:inTerritory")):
            return ["area"]  # found from fields of several types
        return list(dict.fromkeys(str(items.FIELDS[name].type) for name in self.fields))

    @property
    def cardinality(self) -> str:
        """How many values: `1..1`, `0..*`."""
        return f"{self.least}..{'*' if self.most is None else self.most}"


@dataclass(frozen=True, slots=True)
class Part:
    """What is said of one kind of item, of every record, or of a node that hangs on a record.

    `name` is the kind, `record`, or the local name of the shape; `classes` are IRIs; `whole` are the shapes
    that look at the thing itself rather than at one property.
    """

    name: str
    kind: str | None
    classes: Sequence[str]
    rows: Sequence[Row]
    whole: Sequence[Shape]


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything."""

    vocabulary: str
    shapes: str
    parts: Sequence[Part]
    schemes: Sequence[terms.Scheme]
    prefixes: Mapping[str, str]


@cache
def profile() -> Profile:
    """The profile as the folders `vocab/` and `shapes/` have it now."""
    common = [one for one in _nodes() if _common(one)]
    every = _rows(common, _fields(None), None)
    kinds = [_kind(kind, common) for kind in (*items.KINDS, *items.DEPENDENTS)]
    told = {shape for rows in (every, *(part.rows for part in kinds)) for row in rows for shape in row.shapes}
    nodes = [_node(one) for one in _nodes() if not told.issuperset(_properties([one]))]
    apart = {row.term for part in (*kinds, *nodes) for row in part.rows}  # of events, positions, addresses
    rows = [row for row in every if not _proper(row) and (row.shapes or row.term not in apart)]
    whole = [one for one in _roaming() if not one.path]
    return Profile(
        vocabulary=next(iter(terms.objects(terms.ONTOLOGY, "owl:versionInfo")), "?"),
        shapes=shaped.version() or "?",
        parts=(Part(EVERY, None, (), rows, whole), *kinds, *nodes),
        schemes=terms.schemes(),
        prefixes=vocab.prefixes(),
    )


@cache
def written() -> Mapping[str, tuple[str, ...]]:
    """Property IRI -> the item fields that write it, in the order of the items' table."""
    found: dict[str, list[str]] = {}
    for field in items.FIELDS:
        for term in _terms_of(field, None):
            found.setdefault(full(term), []).append(field)
    return {term: tuple(fields) for term, fields in found.items()}


def fields_of(address: str) -> tuple[str, ...]:
    """The item fields that write a property or hold the concepts of a scheme; the kind of item of a class."""
    home = terms.scheme(address) or terms.scheme_of(address)
    if home is not None:
        return tuple(field.name for field in items.FIELDS.values() if home.path in field.schemes)
    kinds = (kind for kind, classes in writing.CLASSES.items() if address in [full(one) for one in classes])
    return written().get(address) or tuple(f"kind = {kind}" for kind in kinds)


def _terms_of(field: str, kind: str | None) -> Iterator[str]:
    """The properties that a field is written under, as prefixed names; of one kind of item, or of all."""
    if field in writing.FIELDS:
        yield from writing.FIELDS[field][0]
    for table in (writing.DEPENDENTS, writing.AMOUNTS):
        if field in table:
            yield table[field][0]
    if field in writing.ADDRESS:
        yield writing.ADDRESS[field]
    if field == "role":
        yield from (term for name, term in writing.ROLES.items() if kind in (None, name))
    yield from _BESIDE.get(field, ())


def _nodes() -> list[Shape]:
    return [one for one in shaped.all_shapes().values() if one.path is None and one.parts]


def _common(node: Shape) -> bool:
    """True for a shape of every record: aimed at most kinds, or at whatever says a property."""
    aimed = [kind for kind in items.KINDS if ("targetClass", full(writing.CLASSES[kind][0])) in node.targets]
    parts = ("targetSubjectsOf", full("dcterms:isPartOf")) in node.targets
    sayers = bool(node.targets) and {kind for kind, _ in node.targets} == {"targetSubjectsOf"}
    return parts or sayers or 2 * len(aimed) > len(items.KINDS)


def _fields(kind: str | None) -> list[items.Field]:
    """The fields that a kind has of its own; without a kind, those of all."""
    return [one for one in items.FIELDS.values() if (kind in one.kinds if kind else not one.kinds)]


def _proper(row: Row) -> bool:
    """True for a property that only some kinds have, though the shape of every record looks at it."""
    return bool(row.fields) and all(items.FIELDS[name].kinds for name in row.fields)


def _kind(kind: str, common: Sequence[Shape]) -> Part:
    classes = [full(name) for name in writing.CLASSES[kind]]
    aimed = [one for one in shaped.aimed_at(classes) if one not in common]
    whole = [one for one in aimed if not one.parts or "or" in one.constraints]
    rows = [_typed(row, classes) for row in _rows(aimed, _fields(kind), kind, common)]
    return Part(kind, kind, classes, rows, whole)


def _typed(row: Row, classes: Sequence[str]) -> Row:
    """The row of rdf:type of a kind, with its own class for an example; other rows as they are."""
    return replace(row, sample=words.short(classes[0])) if row.term == full("rdf:type") else row


def _node(node: Shape) -> Part:
    classes = [one for kind, one in node.targets if kind == "targetClass"]
    return Part(node.name, None, classes, _rows([node], (), None), ())


def _roaming() -> list[Shape]:
    """The property shapes that aim for themselves, at whatever says a property."""
    return [one for one in shaped.all_shapes().values() if one.path is not None and one.targets]


def _properties(nodes: Iterable[Shape]) -> list[Shape]:
    """The property shapes of node shapes, each once."""
    found = (shaped.all_shapes().get(part) for node in nodes for part in node.parts)
    return list(dict.fromkeys(one for one in found if one and one.path))


def _rows(
    nodes: Iterable[Shape], fields: Iterable[items.Field], kind: str | None, common: Iterable[Shape] = ()
) -> list[Row]:
    """The properties that shapes look at or fields write, in the order of the fields, others last.

    What the shapes of every record (`common`), or those that are part of no node, say of them is told too.
    """
    writers: dict[str, list[str]] = {}
    for field in fields:
        for term in _terms_of(field.name, kind):
            writers.setdefault(full(term), []).append(field.name)
    own = _properties(nodes)
    every = list(dict.fromkeys([*own, *_properties(common), *_roaming()]))
    wanted = dict.fromkeys([*(str(one.path) for one in own), *writers])
    found = [_row(term, [one for one in every if one.path == term], writers.get(term, ())) for term in wanted]
    order = {name: i for i, name in enumerate(items.FIELDS)}
    return sorted(found, key=lambda row: min((order[name] for name in row.fields), default=len(order)))


def _row(term: str, found: Sequence[Shape], writers: Sequence[str]) -> Row:
    limits = [one.most for one in found if one.most is not None]
    fields = writers or written().get(term, ())
    taken = [each for one in found for each in shaped.takes(one)]
    return Row(
        term=term,
        takes=list(dict.fromkeys(taken)) or _range(term, fields),
        least=max((one.least for one in found), default=0),
        most=min(limits, default=None),
        shapes=found,
        fields=fields,
        sample=samples().get(term),
    )


def _range(term: str, fields: Sequence[str]) -> list[str]:
    """What a property takes when no shape says: by its item fields, else by the vocabulary."""
    told = [items.FIELDS[name] for name in fields]
    homes = [vocab.BASE + scheme for field in told for scheme in field.schemes]
    held = [full(writing.CLASSES[field.holds][0]) for field in told if field.holds]
    return list(dict.fromkeys([*homes, *held])) or terms.objects(term, "rdfs:range")


@cache
def samples() -> Mapping[str, str]:
    """Property IRI -> one value of it, in Turtle."""
    told = tomllib.loads(SAMPLES.read_text(encoding="utf-8"))
    return {full(f"{prefix}:{name}"): text for prefix, table in told.items() for name, text in table.items()}
