"""Room: the founding documents as examples: TOML files in, raw records and what becomes of them out.

Each file of `tests/founding/` is one source that a platform could publish from one of the documents
that the federation starts from; README.md there lists what they must be able to say, row by row. The
records go the product's own way: mapping, profile. Nothing is judged here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harvester import canonical, profile, territory
from harvester.mapping import Coverage, Mapper, compile_mapping
from harvester.model import Finding, Item, Publisher, Record, Source
from harvester.profile.adopt import MAPPING

FOLDER = Path(__file__).parent / "founding"


@dataclass(frozen=True, slots=True)
class Example:
    """A raw record of one of the documents, and what must become of it.

    `rows` are those of README.md. `expects` are paths of prefixed predicates from the record, each
    with the object it must lead to, if any; `counts`, how many objects a path must lead to. `warns` are
    the codes of the findings that it deserves, `rejects` those of the violations that keep it out. Of the
    fields `unmapped` and `refused` (by cleaning) nothing is kept, and the texts `never` are found nowhere in
    what is written. In an `illustration` the document gives the kind of thing and we made up the instance.
    """

    source: Source
    rows: tuple[int, ...]
    thing: str
    record: Record
    expects: tuple[str, ...]
    counts: Mapping[str, int]
    warns: frozenset[str]
    rejects: frozenset[str]
    unmapped: frozenset[str]
    refused: frozenset[str]
    never: tuple[str, ...]
    illustration: bool

    @property
    def name(self) -> str:
        """`source/ref`, as README.md and the tests name it."""
        return f"{self.source.id}/{self.record.ref}"


@dataclass(frozen=True, slots=True)
class Told:
    """What mapping and profile made of an example; `triples` are canonical N-Triples."""

    item: Item
    findings: tuple[Finding, ...]
    coverage: Coverage
    triples: bytes


@cache
def examples() -> tuple[Example, ...]:
    """All the examples, in the order of the files and of each file."""
    return tuple(one for path in sorted(FOLDER.glob("*.toml")) for one in _read(path))


def sources() -> Mapping[str, Source]:
    """The sources that the examples are of, by id."""
    return {one.source.id: one.source for one in examples()}


def told(example: Example, base: str) -> Told:
    """An example mapped and written, under `base`. Raises RecordError when the mapping refuses it."""
    mapper = _mapper(example.source.id)
    item, findings = mapper.item(example.record)
    triples = _writer(example.source.id, base).triples(item, findings)
    return Told(item, tuple(findings), mapper.coverage.taken(), triples)


def ntriples_by_source(base: str) -> dict[str, bytes]:
    """The triples of all the examples that nothing keeps out: source id -> canonical N-Triples."""
    kept: dict[str, list[bytes]] = {}
    for example in examples():
        if not example.rejects:
            kept.setdefault(example.source.id, []).append(told(example, base).triples)
    return {source: canonical.lines(b"".join(parts).decode().splitlines()) for source, parts in kept.items()}


def _read(path: Path) -> list[Example]:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    source = _source(document["source"])
    return [_example(source, one) for one in document["example"]]


def _source(table: Mapping[str, Any]) -> Source:
    return Source(
        id=table["id"],
        title=table["title"],
        connector="table",
        urls=(table["site"],),
        licence=table["licence"],
        publisher=Publisher(table["publisher"]),
        language=table["language"],
        map=table.get("map", {}),
    )


def _example(source: Source, table: Mapping[str, Any]) -> Example:
    ref = table["ref"]
    value = {"ref": ref, "kind": table["kind"], "page": source.url + quote(ref), **table["value"]}
    return Example(
        source=source,
        rows=tuple(table["rows"]),
        thing=table["thing"],
        record=Record(ref, value),
        expects=tuple(table.get("expects", ())),
        counts=table.get("counts", {}),
        warns=frozenset(table.get("warns", ())),
        rejects=frozenset(table.get("rejects", ())),
        unmapped=frozenset(table.get("unmapped", ())),
        refused=frozenset(table.get("refused", ())),
        never=tuple(table.get("never", ())),
        illustration=table.get("illustration", False),
    )


@cache
def _mapper(source: str) -> Mapper:
    """The mapper of a source that uses our own field names; its `map` says where it does not."""
    mapper, problems = compile_mapping(sources()[source], {"ref": "ref", **MAPPING})
    assert problems == [], problems
    return mapper


@cache
def _writer(source: str, base: str) -> profile.Writer:
    return profile.writer(sources()[source], base, territory.load())
