"""Room: records -> what VoID tells of them: classes, properties, links to the datasets of others.

Subjects belong to one record each, so that counts of records add up; what is counted is data, kept beside
the dump it was counted with.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from harvester.model import IRI
from harvester.outline import Said
from harvester.profile import full

SOME = 3
"""Example resources kept of each source."""

Linked = tuple[str, str]
"""(predicate, name of the target)"""


@dataclass(slots=True)
class Partitions:
    """What was counted so far.

    `classes` counts subjects, `properties` triples, `holders` the subjects that have a property; `inside`
    counts, for (class, property), triples of subjects of that class; `links` counts triples by (property,
    target); `places` counts records that have a commune.
    """

    records: int = 0
    triples: int = 0
    subjects: int = 0
    places: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    properties: Counter[str] = field(default_factory=Counter)
    holders: Counter[str] = field(default_factory=Counter)
    described: Counter[str] = field(default_factory=Counter)
    inside: Counter[tuple[str, str]] = field(default_factory=Counter)
    links: Counter[Linked] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def take(self, record: IRI, said: Said, quads: Sequence[ox.Quad]) -> None:
        """Count one record: what it says, and the terms of that."""
        self.records += 1
        if len(self.examples) < SOME:
            self.examples.append(record)
        own = said[record]
        self.described.update(own.keys())
        self.places += any("/commune/" in one for one in own.get(full("dcterms:spatial"), ()))
        for about in said.values():
            self._subject(about)
        self.links.update(_links(quads))

    def add(self, other: Partitions) -> None:
        """Count what another source has."""
        for name in ("records", "triples", "subjects", "places"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))
        self.examples += other.examples[:1]

    def plain(self) -> dict[str, Any]:
        """As JSON; `read` makes it again."""
        told = {
            name: getattr(self, name) for name in ("records", "triples", "subjects", "places", "examples")
        }
        counted = {name: sorted(getattr(self, name).items()) for name in _COUNTERS}
        return told | counted

    def _subject(self, about: Mapping[str, Sequence[str]]) -> None:
        self.subjects += 1
        classes = list(about.get(full("rdf:type"), ()))
        self.classes.update(classes)
        self.holders.update(about.keys())
        for term, values in about.items():
            count = len(values)
            self.triples += count
            self.properties[term] += count
            for one in classes:
                self.inside[one, term] += count


_COUNTERS = ("classes", "properties", "holders", "described", "inside", "links")


def read(told: Mapping[str, Any]) -> Partitions:
    """Partitions from what `plain` made of them."""
    found = Partitions(*(told[name] for name in ("records", "triples", "subjects", "places")))
    found.examples = list(told["examples"])
    for name in _COUNTERS:
        pairs = ((tuple(key) if isinstance(key, list) else key, count) for key, count in told[name])
        getattr(found, name).update(dict(pairs))
    return found


def _links(quads: Sequence[ox.Quad]) -> Iterator[Linked]:
    for quad in quads:
        said, term = quad.object, quad.predicate.value
        if isinstance(said, ox.NamedNode) and term != full("rdf:type") and (name := target(said.value)):
            yield term, name


def target(address: str) -> str | None:
    """The name of the dataset that an IRI belongs to; None for ours and for those that we do not know."""
    return next((name for space, name in _spaces() if address.startswith(space)), None)


@cache
def targets() -> Mapping[str, Mapping[str, str]]:
    """The datasets that records link to, by name: space and title."""
    file = Path(__file__).with_name("targets.toml")
    found: Mapping[str, Mapping[str, str]] = tomllib.loads(file.read_text(encoding="utf-8"))["target"]
    return found


@cache
def _spaces() -> tuple[tuple[str, str], ...]:
    return tuple((told["space"], name) for name, told in targets().items())
