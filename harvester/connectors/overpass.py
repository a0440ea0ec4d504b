"""Room: Overpass, what OpenStreetMap holds of a kind (shared gardens, book boxes, repair cafés).

In: a query in Overpass QL, or a few tags and an area. Out: one record per element, with its tags. What ran
out of time or memory is told at HTTP 200: it is an error here. Never keeps who mapped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, snippet, where
from harvester.connectors._json import Document
from harvester.connectors._overpass import Options, content
from harvester.connectors._overpass_seen import recognised
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.model import Answer, Listing, Record, Rejected, Source, posted
from harvester.model import Raw as Value

__all__ = [
    "COLUMNS",
    "IGNORED",
    "INCREMENTAL",
    "LISTING",
    "MAPPING",
    "Options",
    "answers",
    "recognised",
    "records",
    "stated_licence",
]

LISTING = Listing.FULL
INCREMENTAL = True
COLUMNS = True

MAPPING: dict[str, Any] = {
    "name": ["name:fr", "name", "official_name", "alt_name"],
    "description": ["description:fr", "description"],
    "lat": "lat",
    "lon": "lon",
    "street": {"from": ["addr:housenumber", "addr:street"], "join": " "},
    "postcode": ["addr:postcode", "contact:postcode"],
    "city": ["addr:city", "contact:city"],
    "insee": "ref:INSEE",
    "country": "addr:country",
    "homepage": ["contact:website", "website", "url"],
    "page": "_page",
    "image": "image",
    "email": ["contact:email", "email"],
    "telephone": ["contact:phone", "phone"],
    "registration": ["ref:FR:RNA", "ref:FR:SIRET", "ref:FR:SIREN"],
    "keywords": "_tags",
    "type": {
        "from": "_tags",
        "cases": {
            "garden:type=community": "jardin-partage",
            "landuse=allotments": "jardin-partage",
            "amenity=public_bookcase": "troc-don",
            "amenity=give_box": "troc-don",
            "amenity=coworking_space": "tiers-lieu",
            "leisure=hackerspace": "fablab",
            "repair=assisted_self_service": "reparation",
            "service:bicycle:diy=yes": "velo",
            "shop=second_hand": "friperie",
            "community_supported_agriculture=yes": "amap",
            "recycling:organic=yes": "compostage",
            "leisure=garden": "",
            "amenity=recycling": "",
        },
    },
    "founded": "start_date",
    "modified": "_timestamp",
    "derived_from": "_page",
}

IGNORED = frozenset(
    {"_type", "_id", "amenity", "leisure", "shop", "office", "club", "craft", "landuse", "garden:type"}
    | {
        "opening_hours",
        "wheelchair",
        "source",
        "operator",
        "operator:type",
        "brand",
        "access",
        "fee",
        "wikidata",
    }
    | {
        "type",
        "wikipedia",
        "check_date",
        "addr:housenumber",
        "addr:street",
        "level",
        "capacity",
        "layer",
        "building",
    }
)

KINDS = (
    "amenity", "leisure", "shop", "office", "club", "craft", "landuse", "garden:type", "repair", "organic",
    "bulk_purchase", "service:bicycle:diy", "community_supported_agriculture", "recycling:organic",
)  # fmt: skip
"""Tags that say what an element is: `_tags` holds theirs as `key=value`."""

PRIVATE = frozenset({"contact:mobile", "mobile", "note", "fixme", "owner", "contact:person"})
"""Mobile numbers, persons, words between mappers: dropped before anything is hashed or kept."""

LICENCE = re.compile(r"\bODbL\b")
TYPES = ("node", "way", "relation")
EMPTY = re.compile(r"runtime error|timed out|out of memory|rate_limited|too busy", re.IGNORECASE)


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:  # noqa: ARG001  one answer holds all
    """The one answer that holds every element; of `tags`, those changed only when wanted."""
    yield client.post(
        source.url,
        content(Options(**source.options), client.since),
        media_type="application/x-www-form-urlencoded",
        accept="application/json",
    )


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Elements in the order of the answer.

    Raises:
        SourceChanged: not JSON, cut, no list of elements, or a remark that tells a fault of the query.
        SourceUnavailable: the server ran out of time, memory or places.
    """
    changes = next((one for one in answers if one.url.startswith(f"{source.url}#")), None)
    answer = changes or asked(answers, posted(source.url, content(Options(**source.options), None)), source)
    place = where(answer, source)
    with raw.open(answer) as stream:
        start = stream.read(1 << 14).decode("utf-8", "replace")
    if start.lstrip().startswith("<") and EMPTY.search(start):
        raise SourceUnavailable(
            f"{place}: the server is too busy, it answers a page; the next round tries again"
        )
    with raw.open(answer) as stream:
        document = Document(stream, where=place).seek("elements")
        for element in document.items():
            yield _record(element)
    _heed(document.members.get("remark"), place)


def stated_licence(answers: Sequence[Answer], raw: Raw) -> str | None:
    """ODbL, as every answer says of the data of OpenStreetMap; None when it does not."""
    for answer in answers:
        with raw.open(answer) as stream:
            told = Document(stream, where=where(answer)).seek("elements").members.get("osm3s")
        if isinstance(told, dict) and LICENCE.search(str(told.get("copyright"))):
            return "ODbL-1.0"
    return None


def _heed(remark: Value, place: str) -> None:
    """A remark means that elements are lacking, whatever else the answer holds."""
    if not remark:
        return
    if EMPTY.search(str(remark)):
        raise SourceUnavailable(f"{place}: {snippet(str(remark))}; the next round tries again")
    raise SourceChanged(f"{place}: it remarks {snippet(str(remark))}; correct the query")


def _record(element: Value) -> Record | Rejected:
    if not isinstance(element, dict) or element.get("type") not in TYPES or not element.get("id"):
        return Rejected(None, f"expected an element with 'type' and 'id', got {element!r:.60}")
    ref = f"{element['type']}/{element['id']}"
    tags = element.get("tags")
    if not isinstance(tags, Mapping) or not tags:
        return Rejected(ref, "an element without tags: end the query with `out center meta;`, not with `>;`")
    position = center if isinstance(center := element.get("center"), dict) else element
    made = {
        "_type": element["type"],
        "_id": element["id"],
        "_page": f"https://www.openstreetmap.org/{ref}",
        "_timestamp": element.get("timestamp"),
        "_tags": [f"{key}={tags[key]}" for key in KINDS if key in tags],
        "lat": position.get("lat"),
        "lon": position.get("lon"),
    }
    kept = {key: value for key, value in tags.items() if key not in PRIVATE}
    return Record(ref, kept | {key: value for key, value in made.items() if value not in (None, [])})
