"""Room: items -> nodes: what is said of a thing, and the dependents that hang on it.

A node has no name until it is written: a dependent's fragment is the hash of its content, so that it
is the same each night whatever its place in a list. No blank node is ever made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from harvester import canonical, items, vocab
from harvester.model import IRI, Item
from harvester.profile.writing import (
    ADDRESS,
    AMOUNTS,
    CLASSES,
    DEPENDENTS,
    FIELDS,
    ROLES,
    Voice,
    Write,
    full,
    predicate,
    typed_as,
)

_HASH_BYTES = 6  # of the dependents of one record, told apart by their content


@dataclass(slots=True)
class Node:
    """What is said of one thing: the tails of its triples, and its parts by predicate and noun."""

    tails: list[str]
    parts: list[tuple[str, str, Node]] = field(default_factory=list)

    def lines(self, subject: IRI) -> Iterator[str]:
        """The triples of the node under its name, and those of its parts under names made from it."""
        yield from map(f"<{subject}>".__add__, self.tails)
        joint = "-" if "#" in subject else "#"
        for leads, noun, part in self.parts:
            name = IRI(f"{subject}{joint}{noun}-{part.digest()}")
            yield f"<{subject}>{leads}<{name}> ."
            yield from part.lines(name)

    def digest(self) -> str:
        """The hash of the content, hexadecimal; nothing of the name goes into it."""
        parts = (f"{leads}{noun}-{part.digest()}" for leads, noun, part in self.parts)
        content = "\n".join(sorted({*self.tails, *parts}))
        return blake2b(content.encode(), digest_size=_HASH_BYTES).hexdigest()


@dataclass(frozen=True, slots=True)
class Owner:
    """The record that dependents belong to, as far as what they say depends on it."""

    subject: IRI
    kind: str
    licence: IRI
    commune: IRI | None
    voice: Voice


def tails(item: Item, voice: Voice) -> list[str]:
    """What the tables say of an item, each ` predicate object .`; classes and materialised terms included."""
    out = list(_classes(item.kind))
    written = _written()
    implied = _implied(item.kind)
    for name, value in item.values.items():
        if name in written:
            predicates, write = written[name]
            for one in value if isinstance(value, tuple) else (value,):
                told = write(one, voice)
                out += [f"{each}{told} ." for each in predicates]
        if name in implied:
            more = implied[name]
            for one in value if isinstance(value, tuple) else (value,):
                out += more.get(one, ())
    if item.kind in ROLES and "role" in item.values:
        out.append(f"{predicate(ROLES[item.kind])}<{item.values['role']}> .")
    return out


def parts(item: Item, owner: Owner) -> Iterator[tuple[str, str, Node]]:
    """The dependents of an item, each with the predicate that leads to it and the noun of its fragment."""
    for name in DEPENDENTS.keys() & item.values.keys():
        leads, noun = DEPENDENTS[name]
        held = item.values[name]
        for one in held if isinstance(held, tuple) else (held,):
            yield predicate(leads), noun, dependent(one, owner)
    for name in AMOUNTS.keys() & item.values.keys():
        leads, noun = AMOUNTS[name]
        yield predicate(leads), noun, _money(item.values[name], item.values.get("currency", "EUR"))


def dependent(item: Item, owner: Owner) -> Node:
    """The node of a dependent."""
    node = Node(tails(item, owner.voice), list(parts(item, owner)))
    if proper := _PROPER.get(item.kind):
        node.tails += proper(item, owner)
    if item.kind == "place":
        node.tails = [tail for tail in node.tails if tail != typed_as("archipel:ListedPlace")]
    if address := address_tails(item.values):
        node.parts.append((predicate("schema:address"), "adresse", Node(address)))
    return node


def point_tails(values: Mapping[str, Any]) -> list[str]:
    """Latitude and longitude of a place, when they are known."""
    if "lat" not in values:
        return []
    return [
        f"{predicate('wgs:lat')}{canonical.decimal(values['lat'])} .",
        f"{predicate('wgs:long')}{canonical.decimal(values['lon'])} .",
    ]


def address_tails(values: Mapping[str, Any]) -> list[str]:
    """The schema:PostalAddress of a place, when any part of it is known."""
    said = [
        f"{predicate(term)}{canonical.string(values[name])} ."
        for name, term in ADDRESS.items()
        if name in values
    ]
    return [typed_as("schema:PostalAddress"), *said] if said else []


def video_tails(item: Item, voice: Voice, licence: IRI) -> list[str]:
    """What schema.org readers expect of a video beside our own terms."""
    name = item.values["name"]
    named = (FIELDS["name"][1](one, voice) for one in (name if isinstance(name, tuple) else (name,)))
    return [
        *(f"{predicate('schema:name')}{one} ." for one in named),
        f"{predicate('schema:license')}<{licence}> .",
    ]


def commits_tails(values: Mapping[str, Any], committed: IRI | None) -> list[str]:
    """Who commits: what the item names itself, else the commune or the list it belongs to."""
    return (
        [f"{predicate('archipel:commits')}<{committed}> ."] if committed and "commits" not in values else []
    )


def _committed(item: Item, owner: Owner) -> list[str]:
    return commits_tails(item.values, owner.subject if owner.kind == "participatory-list" else owner.commune)


_PROPER: Mapping[str, Callable[[Item, Owner], list[str]]] = {
    "place": lambda item, _owner: point_tails(item.values),
    "video": lambda item, owner: video_tails(item, owner.voice, owner.licence),
    "membership": lambda _item, owner: [f"{predicate('pair:membershipOrganization')}<{owner.subject}> ."],
    "commitment": _committed,
}
"""What a dependent of a kind says beside the tables."""


def _money(amount: Any, currency: str) -> Node:
    return Node(
        [
            typed_as("schema:MonetaryAmount"),
            f"{predicate('schema:value')}{canonical.decimal(amount)} .",
            f"{predicate('schema:currency')}{canonical.string(str(currency).upper())} .",
        ]
    )


@lru_cache(maxsize=32)
def _classes(kind: str) -> tuple[str, ...]:
    return tuple(map(typed_as, CLASSES[kind]))


@lru_cache(maxsize=1)
def _written() -> Mapping[str, tuple[tuple[str, ...], Write]]:
    return {name: (tuple(map(predicate, terms)), write) for name, (terms, write) in FIELDS.items()}


@lru_cache(maxsize=32)
def _implied(kind: str) -> Mapping[str, Mapping[IRI, tuple[str, ...]]]:
    """What a concept says beside itself: class of a type, framework of a criterion, status of an event."""
    implied = {
        "type": {
            concept.iri: tuple(f"{predicate('rdf:type')}<{one}> ." for one in concept.classes)
            for concept in vocab.scheme("types").values()
        }
    }
    if kind == "assessment":
        implied["criterion"] = {
            concept.iri: (f"{predicate('archipel:framework')}<{vocab.BASE}{name}> .",)
            for name in items.FIELDS["criterion"].schemes
            for concept in vocab.scheme(name).values()
        }
    if kind in items.FIELDS["attendance"].kinds:
        schema = full("schema:")
        implied["status"] = {
            concept.iri: tuple(
                f"{predicate('schema:eventStatus')}<{one}> ."
                for one in concept.exact
                if one.startswith(schema)
            )
            for concept in vocab.scheme("statuts").values()
        }
    return implied
