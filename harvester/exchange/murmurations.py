"""Room: records -> profiles that a Murmurations index takes: one document each, and the list of them.

The schema is `organizations_schema-v1.0.0`; only what it is for is told: groups, projects, organisations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from harvester.exchange.choice import Chosen
from harvester.exchange.pieces import document, filled
from harvester.outline import label

SCHEMA = "organizations_schema-v1.0.0"
KINDS = frozenset({"initiative", "project", "organisation", "group", "ecosystem", "participatory-list"})
_PART_OF = "https://schema.org/isBasedOn"
_LONGEST_NAME, _LONGEST_TAG, _MOST_TAGS = 200, 100, 100
_WEB = ("http://", "https://")


def index(base: str, title: str, found: Iterable[Chosen]) -> Iterator[bytes]:
    """The list of profiles, as an index is told of them: the address of each, and when it last changed."""
    nodes = (
        {
            "profile_url": where(base, one),
            "name": one.outline.first("name"),
            "linked_schemas": [SCHEMA],
            "last_updated": int(one.changed.timestamp()),
            **one.told(),
        }
        for one in found
        if one.outline.kind in KINDS
    )
    return document({"source": title}, "data", nodes)


def where(base: str, one: Chosen) -> str:
    """The address of the profile of a record."""
    return f"{base}export/murmurations/{one.outline.source}/{quote(one.outline.ref, safe='-._~/')}"


def profile(one: Chosen) -> dict[str, Any]:
    """One profile; `licence` and `credit` are ours, the schema allows more than it names."""
    told = one.outline
    tags = [label(each) for name in ("theme", "type") for each in told.texts.get(name, ())]
    tags += told.texts.get("keywords", ())
    country = told.first("country") or ""
    return filled(
        {
            "linked_schemas": [SCHEMA],
            "name": (told.first("name") or told.ref)[:_LONGEST_NAME],
            "primary_url": _web(told.first("homepage")) or _web(told.first("page")) or told.iri,
            "unique_id": told.iri,
            "tags": list(dict.fromkeys(tag[:_LONGEST_TAG] for tag in tags))[:_MOST_TAGS],
            "urls": [{"name": one.rights.title, "url": url} for url in _urls(one)],
            "description": told.first("description"),
            "full_address": _address(one),
            "country_iso_3166": country.upper() if len(country) == 2 else None,
            "geolocation": None if told.lat is None else {"lat": told.lat, "lon": told.lon},
            "image": _web(told.first("image")),
            "telephone": told.first("telephone"),
            "relationships": [
                {"predicate_url": _PART_OF, "object_url": url} for url in told.texts.get("page", ())
            ],
            **one.told(),
        }
    )


def _urls(one: Chosen) -> list[str]:
    """The page at the partner, and ours."""
    pages = (url for url in (one.outline.first("page"), one.outline.iri) if _web(url))
    return list(dict.fromkeys(filter(None, pages)))


def _address(one: Chosen) -> str:
    told = one.outline
    city = " ".join(filter(None, (told.first("postcode"), told.first("city"))))
    return ", ".join(filter(None, (told.first("street"), city, told.first("country"))))


def _web(address: str | None) -> str | None:
    return address if address and address.startswith(_WEB) else None
