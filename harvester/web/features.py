"""Room: the published triples of a record -> what the API says of it, as plain JSON data.

The names are those of item fields (docs/reference/items.md); licence and credit stand on each record.
Dependents are left to RDF, to which every record leads. No choice of records is made here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import pyoxigraph as ox

from harvester import iri, items, territory, vocab
from harvester.index import Entry
from harvester.index.keys import kinds
from harvester.items import FieldType
from harvester.profile import credit, full
from harvester.profile.writing import ADDRESS, FIELDS
from harvester.web import words

Told = dict[str, Any]

_LATE = {"missing_since": "archipel:missingSince", "stale_since": "archipel:staleSince"}
_TERRITORY = f"{iri.ROOT}territoire/"


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells records in a language; `sources` are the descriptions of the ledger."""

    base: str
    language: str
    sources: Mapping[str, Mapping[str, Any]]

    def record(self, entry: Entry, triples: bytes) -> Told:
        """One record."""
        address = iri.record(self.base, entry.source, entry.ref)
        said, parts = _said(triples, address)
        known = kinds(frozenset(one.value for one in said.get(full("rdf:type"), ())))
        told: Told = {"id": address, "source": entry.source, "ref": entry.ref}
        told |= {"kind": known[0] if known else None, "kinds": list(known)}
        told |= dict(self._fields(said)) | dict(_place(parts)) | dict(self._territories(said))
        told |= self._licence(said, entry.source)
        told |= {name: _one(said, term) for name, term in _LATE.items() if full(term) in said}
        if ours := said.get(full("archipel:correction")):
            told["corrections"] = [one.value for one in ours]
        return told | {"change": entry.change, "changed": entry.at.isoformat()}

    def feature(self, told: Told) -> Told:
        """The same as a GeoJSON feature (RFC 7946), without geometry when the place is not known."""
        point = told.get("point")
        geometry = point and {"type": "Point", "coordinates": [point["lon"], point["lat"]]}
        properties = {name: value for name, value in told.items() if name not in ("id", "point")}
        return {"type": "Feature", "id": told["id"], "geometry": geometry, "properties": properties}

    def left(self, entry: Entry, reason: str) -> Told:
        """What is told of a record that left, or is not any more what was asked."""
        address = iri.record(self.base, entry.source, entry.ref)
        told = {"id": address, "source": entry.source, "ref": entry.ref, "reason": reason}
        return told | {"change": entry.change, "changed": entry.at.isoformat()}

    def _fields(self, said: _Said) -> Iterator[tuple[str, Any]]:
        terms = _terms()
        for term, told in said.items():
            if (field := terms.get(term)) is None:
                continue
            values = [self._value(one, field.type) for one in _in_order(told, self.language)]
            yield field.name, values if field.many else values[0]

    def _value(self, one: _Term, kind: FieldType) -> Any:
        if kind is FieldType.CONCEPT:
            return {"id": one.value, "label": _label(one.value, self.language)}
        if kind is FieldType.NUMBER:
            return float(one.value)
        return one.value == "true" if kind is FieldType.FLAG else one.value

    def _territories(self, said: _Said) -> Iterator[tuple[str, list[Told]]]:
        found = [
            one.value
            for term in ("dcterms:spatial", "archipel:inTerritory")
            for one in said.get(full(term), ())
        ]
        told = [_area(one) for one in dict.fromkeys(found) if one.startswith(_TERRITORY)]
        if told:
            yield "territories", told

    def _licence(self, said: _Said, source: str) -> Told:
        """The licence of the record itself, its own or its source's, and the credit line."""
        described = self.sources[source]
        stated = {one.value for one in said.get(full("dcterms:license"), ())}
        own = next((one for one in vocab.licences().values() if one.iri in stated), None)
        licence = own or vocab.licences()[described["licence"]]
        told = {
            "id": licence.iri,
            "notation": licence.notation,
            "url": described.get("permission") or licence.url,
        }
        return {"licence": told, "credit": credit({**described, "licence": licence.notation})}


_Term = ox.NamedNode | ox.Literal
_Said = Mapping[str, Sequence[_Term]]


def _said(triples: bytes, address: str) -> tuple[_Said, Mapping[str, _Said]]:
    """What is said of the record, and of each of its fragments."""
    found: dict[str, dict[str, list[_Term]]] = {"": {}}
    own = found[""]
    for quad in ox.parse(triples, format=ox.RdfFormat.N_TRIPLES):
        subject, term, value, _ = quad
        if not isinstance(subject, ox.NamedNode) or not isinstance(value, _Term):
            continue  # nothing without a name is published
        name = subject.value
        about = own if name == address else found.setdefault(name.rpartition("#")[2], {})
        about.setdefault(term.value, []).append(value)
    return found.pop("", {}), found


def _place(parts: Mapping[str, _Said]) -> Iterator[tuple[str, Told]]:
    point = parts.get("lieu", {})
    if full("wgs:lat") in point and full("wgs:long") in point:
        lat, lon = _one(point, "wgs:lat"), _one(point, "wgs:long")
        yield "point", {"lat": float(lat or 0), "lon": float(lon or 0)}
    address = parts.get("adresse", {})
    if told := {name: _one(address, term) for name, term in ADDRESS.items() if full(term) in address}:
        yield "address", told


def _one(said: _Said, term: str) -> str | None:
    return next((one.value for one in said.get(full(term), ())), None)


def _in_order(values: Sequence[_Term], language: str) -> list[_Term]:
    """The values in the language asked for first."""
    if len(values) == 1:
        return [*values]
    return sorted(values, key=lambda one: getattr(one, "language", None) != language)


@lru_cache(maxsize=8192)
def _label(address: str, language: str) -> str:
    return words.label(address, language)


@lru_cache(maxsize=65536)
def _area(address: str) -> Told:
    level, _, code = address.removeprefix(_TERRITORY).partition("/")
    found = territory.load().area(level, code)
    return {"id": address, "level": level, "code": code, "name": found.name if found else code}


def fields() -> list[items.Field]:
    """The item fields that a record may show, in the order of their table."""
    return list(_terms().values())


@cache
def _terms() -> Mapping[str, items.Field]:
    """Predicate -> the field of a record it tells, in the order of the table of fields."""
    predicates = {"theme": "pair:hasTopic"} | {name: terms[0] for name, (terms, _) in FIELDS.items()}
    own = [
        field
        for name, field in items.FIELDS.items()
        if name in predicates and name not in ("support", "skill")
    ]
    return {full(predicates[field.name]): field for field in own}
