"""Room: a thing that somebody publishes as RDF -> a record whose fields are ours.

What the vocabularies mean is data (`vocab/adoption.toml`). Terms nobody knows stay under their own names, so
that the mapping counts them and a source's map may use them. Persons are never adopted, nor references to
them. It reads no bytes and never mints: a thing of the namespace is named by its ref.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harvester import items
from harvester.model import IRI, Raw, Record, Rejected
from harvester.profile import adoption
from harvester.profile.adoption import short
from harvester.profile.fitting import Asker
from harvester.profile.reading import Reading, located
from harvester.rdf import Thing
from harvester.rdf.grouping import PAGES

_NAMED_ONLY = frozenset({*adoption.NAMES, "owl:sameAs", "skos:altLabel"})
"""Terms that name a thing of somebody else, for readers: it is described elsewhere."""


def mapping() -> dict[str, Any]:
    """The mapping of adopted records: each field stands under its own name, dependents with their fields."""
    plain = {name: name for name, one in items.FIELDS.items() if one.holds is None and name != "ref"}
    held = {name: one.holds for name, one in items.FIELDS.items() if one.holds is not None}
    return plain | {name: {"each": name, "map": _dependent(kind)} for name, kind in held.items()}


def _dependent(kind: str) -> dict[str, Any]:
    """The mapping of a dependent; of dependents of its own it has those that only its kind has."""
    inner: dict[str, Any] = {}
    for name, one in items.fields(kind).items():
        if one.holds is None and name not in ("ref", "kind"):
            inner[name] = name
        elif one.holds is not None and one.kinds:
            inner[name] = {"each": name, "map": _dependent(one.holds)}
    return inner


MAPPING = mapping()
"""The mapping of connectors whose records are adopted."""

IGNORED: frozenset[str] = frozenset()
"""Fields known and not mapped: none, for what is known and not kept never becomes a field."""


def adopted(
    thing: Thing,
    *,
    namespace: str,
    language: str | None = None,
    beside: Mapping[IRI, Thing] | None = None,
    kinds: Mapping[str, str] | None = None,
) -> Record | Rejected | None:
    """The record of a thing; None for what is no record: a listing, a concept, an address on its own.

    Args:
        thing: what the partner says.
        namespace: how the partner's IRIs begin. A ref is what follows; a thing that begins so is referred
            to by its ref, any other by its IRI.
        language: the language of texts that do not say theirs beside others that do.
        beside: what else the partner describes, by IRI: its places are read there, its persons known.
        kinds: kinds by class (prefixed name or IRI, "" for things of no class) that the source adds.

    A person is rejected without its ref, which could be a name.
    """
    if person := adoption.person(thing.classes):
        return Rejected(None, f"a person ({person}); persons are not harvested")
    asker = Asker(thing.iri, namespace, beside or {})
    kind = adoption.kind(thing.classes, kinds)
    if kind is None or kind not in items.KINDS:
        return _left_out(thing, kind, asker)
    reading = Reading(asker, kind)
    reading.read(thing)
    located(reading, thing)
    value = {"kind": kind, **reading.values(language)}
    name = thing.iri or _page(value)
    if name is None:
        return Rejected(None, f"{kind} without an IRI or a page of its own; nothing tells it from others")
    if name.startswith(("http://", "https://")):
        value.setdefault("page", name)
        value["derived_from"] = [name, *_listed(value.get("derived_from", []))]
    return Record(asker.ref(name), value | reading.others())


def _left_out(thing: Thing, kind: str | None, asker: Asker) -> Rejected | None:
    """Why a thing becomes no record; None when nobody would expect it to."""
    named_only = not thing.classes and {short(one) for one in thing.said} <= _NAMED_ONLY
    part = kind in items.DEPENDENTS or adoption.quiet(thing.classes)
    if part or named_only or not PAGES.isdisjoint(thing.classes):
        return None
    classes = ", ".join(map(short, thing.classes)) or "no class"
    ref = asker.ref(thing.iri) if thing.iri and not adoption.personal(thing.iri) else None
    return Rejected(ref, f"no kind for {classes}; say which in the source's `kinds`")


def _page(value: Mapping[str, Raw]) -> str | None:
    """The page of a thing without an IRI, which then names it."""
    pages = (one for one in _listed(value.get("page", [])) if str(one).startswith(("http://", "https://")))
    return next(pages, None)


def _listed(raw: Raw) -> list[Raw]:
    return raw if isinstance(raw, list) else [raw]
