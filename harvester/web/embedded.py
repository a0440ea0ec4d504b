"""Room: a record -> what stands in its page for machines: its triples as JSON-LD, and a schema.org reading.

Triples and what the API says of the record come in, text that is safe inside a script element goes out. The
schema.org reading is for readers that know nothing else; it says nothing that the triples do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from markupsafe import Markup

from harvester.web.graphs import converted

_TYPES: Mapping[str, str] = {
    "initiative": "Project",
    "project": "Project",
    "organisation": "Organization",
    "group": "Organization",
    "ecosystem": "Organization",
    "participatory-list": "Organization",
    "document": "CreativeWork",
    "video": "VideoObject",
    "event": "Event",
    "series": "EventSeries",
    "need": "Demand",
    "assessment": "Rating",
    "observation": "Observation",
    "place": "Place",
}
"""Kind -> class of schema.org; `Thing` for the others."""

_PROPERTIES: Mapping[str, str] = {
    "name": "name",
    "description": "description",
    "slogan": "slogan",
    "homepage": "sameAs",
    "image": "image",
    "email": "email",
    "telephone": "telephone",
    "keywords": "keywords",
    "founded": "foundingDate",
    "start": "startDate",
    "end": "endDate",
    "page": "isBasedOn",
    "credit": "creditText",
}
"""What the API calls it -> property of schema.org."""

_ADDRESS: Mapping[str, str] = {
    "street": "streetAddress",
    "postcode": "postalCode",
    "city": "addressLocality",
    "country": "addressCountry",
}

_UNSAFE = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
"""What could end a script element, or the text in it; inside JSON the escape says the same."""


def triples(ntriples: bytes) -> Markup:
    """The triples of a record, to stand in a script element."""
    return safe(converted(ntriples, "jsonld").decode())


def schema(told: Mapping[str, Any]) -> Markup:
    """The schema.org reading of a record, to stand in a script element."""
    return safe(orjson.dumps(dict(_read(told))).decode())


def safe(json: str) -> Markup:
    """JSON that no browser takes for anything else."""
    return Markup(json.translate(_UNSAFE))  # noqa: S704  # what is unsafe in it is escaped just here


def _read(told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "@context", "http://schema.org/"
    yield "@id", told["id"]
    yield "@type", _TYPES.get(told["kind"], "Thing")
    yield "url", told["id"]
    yield "license", told["licence"]["url"] or told["licence"]["id"]
    yield from ((term, told[name]) for name, term in _PROPERTIES.items() if name in told)
    if themes := [one["label"] for one in told.get("theme", ())]:
        yield "about", themes
    if place := dict(_place(told)):
        yield "location", {"@type": "Place", **place}


def _place(told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if point := told.get("point"):
        yield "geo", {"@type": "GeoCoordinates", "latitude": point["lat"], "longitude": point["lon"]}
    if address := told.get("address"):
        yield "address", {"@type": "PostalAddress"} | {_ADDRESS[part]: text for part, text in address.items()}
