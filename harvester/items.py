"""Room: what an item may hold: one table of fields, for people and for machines.

docs/reference/items.md is generated from it. It says nothing of RDF (the profile does) nor of
how values are read (the mapping does).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class FieldType(StrEnum):
    """How a value is cleaned and what it becomes in an item."""

    TEXT = "text"
    PROSE = "prose"
    COORDINATE = "coordinate"
    POSTCODE = "postcode"
    INSEE = "insee"
    COUNTRY = "country"
    URL = "url"
    EMAIL = "email"
    TELEPHONE = "telephone"
    CONCEPT = "concept"
    WORDS = "words"
    MOMENT = "moment"
    FOUNDED = "founded"
    LICENCE = "licence"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Field:
    """One item field: `scheme` names the concept scheme of a concept; no `kinds` means all."""

    name: str
    type: FieldType
    doc: str
    many: bool = False
    scheme: str | None = None
    kinds: tuple[str, ...] = ()


KINDS: Mapping[str, str] = MappingProxyType(
    {
        "initiative": "anything shown as a citizen or transition initiative (the default)",
        "project": "a project",
        "organisation": "an organisation: association, cooperative, company, public body",
        "place": "a place where something is offered",
        "event": "a dated event",
        "resource": "a tool, a commons, a platform, a document",
        "video": "a video or an interview",
    }
)

_T = FieldType

FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        field.name: field
        for field in (
            Field("ref", _T.TEXT, "identifier inside the source, raw; required"),
            Field("name", _T.TEXT, "title, one line, 2 to 200 characters; required"),
            Field("description", _T.PROSE, "what it is, plain text, at most 5,000 characters"),
            Field("lat", _T.COORDINATE, "latitude, degrees WGS 84 (or northing in the source's `crs`)"),
            Field("lon", _T.COORDINATE, "longitude, degrees WGS 84 (or easting in the source's `crs`)"),
            Field("street", _T.TEXT, "number and street"),
            Field("postcode", _T.POSTCODE, "postal code, five characters in France"),
            Field("city", _T.TEXT, "town as the partner writes it"),
            Field("department", _T.TEXT, "code of the département, helps to find the commune"),
            Field("insee", _T.INSEE, "INSEE code of the commune"),
            Field("country", _T.COUNTRY, "ISO 3166-1 alpha-2 code; France when absent"),
            Field("homepage", _T.URL, "its own site"),
            Field("page", _T.URL, "the page of the record at the partner, where it can be mended"),
            Field("image", _T.URL, "pictures", many=True),
            Field("email", _T.EMAIL, "generic address only (contact@…); others are not kept"),
            Field("telephone", _T.TELEPHONE, "land line only; mobile numbers are not kept"),
            Field("theme", _T.CONCEPT, "concepts of the scheme `themes`", many=True, scheme="themes"),
            Field("type", _T.CONCEPT, "concepts of the scheme `types`", many=True, scheme="types"),
            Field("keywords", _T.WORDS, "the partner's own words, verbatim", many=True),
            Field("status", _T.CONCEPT, "a concept of the scheme `statuts`", scheme="statuts"),
            Field("phase", _T.CONCEPT, "a concept of the scheme `phases`", scheme="phases"),
            Field("founded", _T.FOUNDED, "year or date of foundation"),
            Field("licence", _T.LICENCE, "notation of the licence of this record, when not the source's"),
            Field("created", _T.MOMENT, "when the partner created the record"),
            Field("modified", _T.MOMENT, "when the partner last changed the record"),
            Field("language", _T.LANGUAGE, "language tag of its texts, when not the source's"),
            Field("origin", _T.TEXT, "the platform it was first written on (loop guard)"),
            Field("start", _T.MOMENT, "when it begins; required", kinds=("event",)),
            Field("end", _T.MOMENT, "when it ends", kinds=("event",)),
            Field("embed", _T.URL, "address of the player; this or `content` is required", kinds=("video",)),
            Field("content", _T.URL, "address of the file", kinds=("video",)),
            Field("thumbnail", _T.URL, "preview picture", kinds=("video",)),
            Field("uploaded", _T.MOMENT, "when it was put on line", kinds=("video",)),
        )
    }
)

REQUIRED = ("ref", "name")


def fields(kind: str) -> Mapping[str, Field]:
    """The fields a kind may hold, in the order of the table."""
    return {name: field for name, field in FIELDS.items() if not field.kinds or kind in field.kinds}
