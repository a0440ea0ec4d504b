"""Room: records -> the JSON that a GoGoCarto map imports as an external source.

The shape is that of GoGoCarto's own public elements, so that its import knows most fields by their names.
`id` is the IRI of the record and never changes; `updatedAt` changes only with what is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from harvester.canonical import utc
from harvester.exchange.choice import Chosen
from harvester.exchange.pieces import document, filled
from harvester.outline import label


def gogocarto(title: str, found: Iterable[Chosen]) -> Iterator[bytes]:
    """The document, in pieces; a map shows nothing without a point, so such records are left out."""
    envelope = {"source": title, "ontology": "gogofull"}
    return document(envelope, "data", (element(one) for one in found if one.outline.lat is not None))


def element(one: Chosen) -> dict[str, Any]:
    """One element."""
    told = one.outline
    labels = [label(each) for name in ("theme", "type") for each in told.texts.get(name, ())]
    return filled(
        {
            "id": told.iri,
            "name": told.first("name"),
            "geo": {"latitude": told.lat, "longitude": told.lon},
            "latitude": told.lat,
            "longitude": told.lon,
            "address": filled(
                {
                    "streetAddress": told.first("street"),
                    "postalCode": told.first("postcode"),
                    "addressLocality": told.first("city"),
                    "addressCountry": told.first("country"),
                }
            ),
            "sourceKey": one.rights.title,
            "source": told.source,
            "kind": told.kind,
            "categories": list(dict.fromkeys(labels)),
            "tags": list(told.texts.get("keywords", ())),
            "description": told.first("description"),
            "website": told.first("homepage"),
            "email": told.first("email"),
            "telephone": told.first("telephone"),
            "image": told.first("image"),
            "url": told.first("page") or told.iri,
            "startDate": told.first("start"),
            "endDate": told.first("end"),
            "createdAt": told.first("created"),
            "updatedAt": moment(one.changed),
            **one.told(),
        }
    )


def moment(at: datetime) -> str:
    """A time as these formats write it, to the second."""
    return utc(at).isoformat()
