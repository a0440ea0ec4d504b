"""Room: the triples of one record -> its outline: what a format that has no triples can hold of it.

In: published triples. Out: plain texts by field, a point, territories, the licence. It reads what the
profile wrote, guesses nothing, and looks only at the record, its place and its address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pyoxigraph as ox

from harvester import iri, vocab
from harvester.model import IRI
from harvester.profile import full
from harvester.profile.writing import CLASSES

FIELDS: Mapping[str, str] = {
    "name": "rdfs:label",
    "description": "dcterms:description",
    "homepage": "foaf:homepage",
    "page": "dcterms:source",
    "image": "foaf:depiction",
    "email": "schema:email",
    "telephone": "schema:telephone",
    "theme": "pair:hasTopic",
    "type": "pair:hasType",
    "keywords": "schema:keywords",
    "start": "schema:startDate",
    "end": "schema:endDate",
    "created": "dcterms:created",
    "modified": "dcterms:modified",
    "origin": "archipel:origin",
    "missing_since": "archipel:missingSince",
}
"""Field -> the property of the record that holds it."""

ADDRESS: Mapping[str, str] = {
    "street": "schema:streetAddress",
    "postcode": "schema:postalCode",
    "city": "schema:addressLocality",
    "country": "schema:addressCountry",
}
"""Field -> the property of the address that holds it."""

_TERRITORY = iri.ROOT + "territoire/"
_PLACED = ("dcterms:spatial", "archipel:inTerritory")

Said = Mapping[str, Mapping[str, Sequence[str]]]
"""Subject -> predicate -> the texts or IRIs said, in the order of the triples."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One record in plain fields.

    `texts` holds what was said by field, absent fields left out; `lat` and `lon` are degrees WGS 84, None
    without a point; `territories` are `level/code`, the commune first; `licence` is the record's own, None
    when it states none that we know.
    """

    iri: IRI
    source: str
    ref: str
    kind: str
    texts: Mapping[str, Sequence[str]]
    lat: float | None
    lon: float | None
    territories: Sequence[str]
    licence: vocab.Licence | None

    def first(self, field: str) -> str | None:
        """The first text of a field."""
        return next(iter(self.texts.get(field, ())), None)

    def territory(self, level: str) -> str | None:
        """The code of the first territory of a level."""
        found = (one.partition("/")[2] for one in self.territories if one.startswith(f"{level}/"))
        return next(found, None)


def subject(triples: bytes) -> IRI:
    """The IRI of the record that sorted triples are about."""
    return IRI(triples[1 : triples.index(b">")].partition(b"#")[0].decode())


def said(quads: Sequence[ox.Quad]) -> Said:
    """What parsed triples say."""
    found: dict[str, dict[str, list[str]]] = {}
    for quad in quads:
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode | ox.Literal):
            about = found.setdefault(quad.subject.value, {})
            about.setdefault(quad.predicate.value, []).append(quad.object.value)
    return found


def outline(base: str, record: IRI, told: Said) -> Outline:
    """The outline of a record minted under `base`."""
    own, address = told[record], told.get(iri.fragment(record, "adresse"), {})
    point = told.get(iri.fragment(record, "lieu"), {})
    source, ref = iri.record_of(base, record) or ("", record)
    known = _licences()
    texts = _texts(own, FIELDS) | _texts(address, ADDRESS)
    lat, lon = (point.get(full(term), ()) for term in ("wgs:lat", "wgs:long"))
    return Outline(
        record,
        source,
        ref,
        _kind(own.get(full("rdf:type"), ())),
        texts,
        float(lat[0]) if lat and lon else None,
        float(lon[0]) if lat and lon else None,
        _territories(own),
        next((known[one] for one in own.get(full("dcterms:license"), ()) if one in known), None),
    )


def of(base: str, triples: bytes) -> Outline:
    """The outline of a record, from its triples as published."""
    return outline(base, subject(triples), said(parsed(triples)))


def parsed(triples: bytes) -> Sequence[ox.Quad]:
    """Triples as published, as terms."""
    return list(ox.parse(triples, format=ox.RdfFormat.N_TRIPLES))


def label(concept: str, language: str = "fr") -> str:
    """The label of a theme or of a type; the last part of the IRI of any other."""
    labels = _labels().get(concept, {})
    return labels.get(language) or next(iter(labels.values()), concept.rpartition("/")[2])


def _texts(about: Mapping[str, Sequence[str]], fields: Mapping[str, str]) -> dict[str, Sequence[str]]:
    found = {name: about.get(full(term), ()) for name, term in fields.items()}
    return {name: values for name, values in found.items() if values}


def _territories(own: Mapping[str, Sequence[str]]) -> list[str]:
    areas = (one for term in _PLACED for one in own.get(full(term), ()))
    return list(dict.fromkeys(one.removeprefix(_TERRITORY) for one in areas if one.startswith(_TERRITORY)))


def _kind(classes: Sequence[str]) -> str:
    """The kind whose classes a record has all, the one with most of them; initiatives are often more."""
    held = set(classes)
    fitting = [name for name, wanted in _kinds().items() if wanted <= held]
    return max(fitting, key=lambda name: (name != "initiative", len(_kinds()[name])), default="initiative")


@cache
def _kinds() -> Mapping[str, frozenset[str]]:
    return {kind: frozenset(map(full, names)) for kind, names in CLASSES.items()}


@cache
def _licences() -> Mapping[str, vocab.Licence]:
    return {licence.iri: licence for licence in vocab.licences().values()}


@cache
def _labels() -> Mapping[str, Mapping[str, str]]:
    schemes = (vocab.scheme(name).values() for name in ("themes", "types"))
    return {concept.iri: concept.labels for scheme in schemes for concept in scheme}
