"""Room: records -> a schema.org DataFeed, which search engines, WordPress and Decidim modules read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harvester.exchange.choice import Chosen
from harvester.exchange.gogocarto import moment
from harvester.exchange.pieces import document, filled
from harvester.outline import label

TYPES: Mapping[str, str] = {
    "initiative": "Organization",
    "project": "Project",
    "organisation": "Organization",
    "group": "Organization",
    "ecosystem": "Organization",
    "participatory-list": "Organization",
    "event": "Event",
    "series": "EventSeries",
    "video": "VideoObject",
    "document": "CreativeWork",
    "resource": "CreativeWork",
    "idea": "CreativeWork",
    "need": "Demand",
    "place": "Place",
    "grant": "MonetaryGrant",
}
"""Kind -> type of schema.org; any other is a Thing."""


def data_feed(base: str, title: str, found: Iterable[Chosen]) -> Iterator[bytes]:
    """The document, in pieces."""
    envelope = {
        "@context": "https://schema.org/",
        "@type": "DataFeed",
        "@id": f"{base}export/schema.jsonld",
        "name": title,
        "url": base,
    }
    items = (
        {"@type": "DataFeedItem", "dateModified": moment(one.changed), "item": item(one)} for one in found
    )
    return document(envelope, "dataFeedElement", items)


def item(one: Chosen) -> dict[str, Any]:
    """One thing; licence and credit are those of the page that tells of it."""
    told, place = one.outline, _place(one)
    type_ = TYPES.get(told.kind, "Thing")
    dated = type_ in ("Event", "EventSeries")
    rights = one.told()
    return filled(
        {
            "@type": type_,
            "@id": told.iri,
            "name": told.first("name"),
            "description": told.first("description"),
            "url": told.first("homepage") or told.first("page") or told.iri,
            "sameAs": [page for page in told.texts.get("page", ()) if page != told.iri],
            "image": told.first("image"),
            "keywords": [*map(label, told.texts.get("theme", ())), *told.texts.get("keywords", ())],
            "email": None if dated else told.first("email"),
            "telephone": None if dated else told.first("telephone"),
            **(place if type_ == "Place" else {"location": {"@type": "Place", **place} if place else None}),
            "startDate": told.first("start"),
            "endDate": told.first("end"),
            "subjectOf": filled(
                {
                    "@type": "WebPage",
                    "url": told.iri,
                    "license": rights["licence_url"] or rights["licence"],
                    "creditText": rights["credit"],
                    "isBasedOn": told.first("page"),
                }
            ),
        }
    )


def _place(one: Chosen) -> dict[str, Any]:
    told = one.outline
    address = filled(
        {
            "streetAddress": told.first("street"),
            "postalCode": told.first("postcode"),
            "addressLocality": told.first("city"),
            "addressCountry": told.first("country"),
        }
    )
    point = {"@type": "GeoCoordinates", "latitude": told.lat, "longitude": told.lon}
    return filled(
        {
            "address": {"@type": "PostalAddress", **address} if address else None,
            "geo": None if told.lat is None else point,
        }
    )
