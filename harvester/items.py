"""Room: what an item may hold: one table of fields, for people and for machines.

docs/reference/items.md is generated from it. It says nothing of RDF (the profile does) nor of
how values are read (the mapping does).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any


class FieldType(StrEnum):
    """How a value is cleaned and what it becomes in an item."""

    TEXT = "text"
    PROSE = "prose"
    NUMBER = "number"
    FLAG = "flag"
    COORDINATE = "coordinate"
    POSTCODE = "postcode"
    INSEE = "insee"
    AREA = "area"
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
    KIND = "kind"
    REFERENCE = "reference"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class Field:
    """One item field.

    `schemes` name the concept schemes a concept may come from; `holds` is the kind of the dependents
    of an item field; no `kinds` means all.
    """

    name: str
    type: FieldType
    doc: str
    many: bool = False
    schemes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    holds: str | None = None


KINDS: Mapping[str, str] = MappingProxyType(
    {
        "initiative": "anything shown as a citizen or transition initiative (the default)",
        "project": "a project",
        "organisation": "an organisation: association, cooperative, company, public body",
        "group": "a group: local group, circle, committee",
        "ecosystem": "a network or a community of actors",
        "idea": "an idea, not yet carried by anybody",
        "task": "an action to do, under way or done",
        "resource": "a tool, a commons, a platform, a service, a method",
        "document": "a document: report, guide, article",
        "video": "a video or an interview",
        "event": "a dated event",
        "series": "events that come back under one name",
        "need": "something sought: skills, money, data, a place",
        "commitment": "what a commune or a list commits itself to",
        "participatory-list": "an electoral list built by citizens; an organisation, never its persons",
        "assessment": "the value of one criterion of one framework, about a subject",
        "observation": "a measured figure, with its unit and its period",
        "place": "a place where something is offered, or an area: district, natural park",
    }
)
"""The kinds that a record may be."""

DEPENDENTS: Mapping[str, str] = MappingProxyType(
    {
        "grant": "money asked for or received",
        "membership": "the part an organisation has in another thing, with its role",
        "post": "a post of an organisation, whoever holds it",
    }
)
"""Kinds that only exist inside an item."""

_INCOMPLETE: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "need": (("name", "support", "skill"),),
        "resource": (("name", "support"),),
        "organisation": (("name",),),
        "place": (("name", "street", "city", "lat"),),
        "video": (("name",), ("embed", "content")),
        "document": (("name",), ("page", "content", "homepage")),
        "task": (("name",),),
        "observation": (("value",), ("measured", "name")),
        "assessment": (("criterion",), ("rating", "description")),
        "commitment": (("measure",),),
        "grant": (("amount", "requested"),),
        "membership": (("member", "actor"),),
        "post": (("name", "role"),),
    }
)
"""What makes a dependent worth keeping: one field at least of each group."""

_T = FieldType
_EVENT = ("event", "series")
_DATED = (*_EVENT, "project", "task", "commitment")


def _concept(name: str, scheme: str, doc: str, *, many: bool = False, kinds: tuple[str, ...] = ()) -> Field:
    said = "concepts" if many else "a concept"
    return Field(name, _T.CONCEPT, f"{doc}: {said} of the scheme `{scheme}`", many, (scheme,), kinds)


def _reference(name: str, doc: str, *, many: bool = True, kinds: tuple[str, ...] = ()) -> Field:
    return Field(name, _T.REFERENCE, doc, many, (), kinds)


def _dependents(name: str, kind: str, doc: str, *, many: bool = True, kinds: tuple[str, ...] = ()) -> Field:
    return Field(name, _T.ITEM, doc, many, (), kinds, kind)


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        field.name: field
        for field in (
            Field("ref", _T.TEXT, "identifier inside the source, raw; required"),
            Field("kind", _T.KIND, "what the record is, when not the source's `kind`"),
            Field("name", _T.TEXT, "title, one line, 2 to 200 characters; required"),
            Field("description", _T.PROSE, "what it is, plain text, at most 5,000 characters"),
            Field("slogan", _T.TEXT, "its motto"),
            Field("lat", _T.COORDINATE, "latitude, degrees WGS 84 (or northing in the source's `crs`)"),
            Field("lon", _T.COORDINATE, "longitude, degrees WGS 84 (or easting in the source's `crs`)"),
            Field("street", _T.TEXT, "number and street"),
            Field("postcode", _T.POSTCODE, "postal code, five characters in France"),
            Field("city", _T.TEXT, "town as the partner writes it"),
            Field("department", _T.TEXT, "code of the département, helps to find the commune"),
            Field("insee", _T.INSEE, "INSEE code of the commune"),
            Field("country", _T.COUNTRY, "ISO 3166-1 alpha-2 code; France when absent"),
            Field(
                "covers",
                _T.AREA,
                "territories it covers: `34172` (a commune), `departement/34`, `region/76`, `epci/243400017`",
                many=True,
            ),
            Field("homepage", _T.URL, "its own site"),
            Field("page", _T.URL, "the page of the record at the partner, where it can be mended"),
            Field("image", _T.URL, "pictures", many=True),
            Field("email", _T.EMAIL, "generic address only (contact@…); others are not kept"),
            Field("telephone", _T.TELEPHONE, "land line only; mobile numbers are not kept"),
            _concept("theme", "themes", "what it is about", many=True),
            _concept("type", "types", "what it does", many=True),
            Field("keywords", _T.WORDS, "the partner's own words, verbatim", many=True),
            _concept("status", "statuts", "how far it is"),
            _concept("phase", "phases", "phase of its life"),
            _concept("actor_type", "types-acteurs", "who acts", many=True),
            _concept("objective", "objectifs", "what it is for", many=True),
            _concept("promise", "promesses", "what it promises to society", many=True),
            _concept("boundary", "limites-planetaires", "planetary boundaries it acts on", many=True),
            _concept("sdg", "odd", "sustainable development goals the source states", many=True),
            _concept("challenge", "defis-ademe-2021", "challenges it answers", many=True),
            _concept("maturity", "maturites", "how ready it is"),
            _concept("legal_form", "formes-juridiques", "legal form"),
            _concept("scope", "echelles", "scale at which it acts"),
            _concept("decision_mode", "decisions", "how it decides"),
            _concept("funding", "financements", "where its money comes from", many=True),
            _concept("territory_type", "types-territoires", "kind of territory"),
            Field("purpose", _T.TEXT, "missions, one each", many=True),
            Field("award", _T.TEXT, "prizes and trophies", many=True),
            Field("certification", _T.TEXT, "labels and certifications", many=True),
            Field("registration", _T.TEXT, "SIREN, SIRET or RNA number"),
            Field("founded", _T.FOUNDED, "year or date of foundation"),
            _dependents("needs", "need", "what it seeks"),
            _dependents("offers", "resource", "what it offers"),
            _dependents("partners", "organisation", "partners known by name only"),
            _dependents("supporters", "organisation", "who supports it, known by name only"),
            _dependents("memberships", "membership", "organisations that take part in it, with their role"),
            _dependents("posts", "post", "its posts"),
            _dependents("videos", "video", "videos about it"),
            _dependents("documents", "document", "documents about it"),
            _dependents("indicators", "observation", "measured figures about it"),
            _dependents("assessments", "assessment", "how it is assessed, criterion by criterion"),
            _dependents("commitments", "commitment", "what it commits itself to"),
            _dependents("tasks", "task", "its steps"),
            _dependents("grants", "grant", "money it asked for or received"),
            _reference("partner_of", "partners"),
            _reference("supported_by", "who supports it"),
            _reference("part_of", "what it is a part of"),
            _reference("has_part", "its parts"),
            _reference("inspired_by", "what it was inspired by"),
            _reference("used_by", "who uses it"),
            _reference("uses", "what it uses"),
            _reference("related", "what it is close to"),
            _reference("involves", "actors that carry it"),
            _reference("based_on", "the idea it makes real"),
            _reference("documented_by", "documents and videos about it"),
            _reference("about", "what it is about"),
            _reference("references", "what it cites"),
            _reference("sub_organisation_of", "the organisation it is a part of", many=False),
            _reference("derived_from", "IRI of the thing at the partner, when it publishes linked data"),
            Field("licence", _T.LICENCE, "notation of the licence of this record, when not the source's"),
            Field("licence_family", _T.TEXT, "licence as the partner words it, when it names a family only"),
            Field("created", _T.MOMENT, "when the partner created the record"),
            Field("modified", _T.MOMENT, "when the partner last changed the record"),
            Field("language", _T.LANGUAGE, "language tag of its texts, when not the source's"),
            Field("origin", _T.TEXT, "the platform it was first written on (loop guard)"),
            Field("start", _T.MOMENT, "when it begins; required for an event", kinds=_DATED),
            Field("end", _T.MOMENT, "when it ends", kinds=_DATED),
            Field("due", _T.MOMENT, "when it must be done", kinds=("task",)),
            _concept("attendance", "presences", "on site, on line or both", kinds=_EVENT),
            Field("free", _T.FLAG, "whether it costs nothing", kinds=_EVENT),
            _dependents("venue", "place", "where it happens", many=False, kinds=_EVENT),
            _dependents(
                "organiser", "organisation", "who organises it; never a person", many=False, kinds=_EVENT
            ),
            _reference("super_event", "the event or series it is a part of", many=False, kinds=_EVENT),
            Field("embed", _T.URL, "address of the player; this or `content` is required", kinds=("video",)),
            Field("content", _T.URL, "address of the file", kinds=("video", "document")),
            Field("issued", _T.FOUNDED, "year or date of publication", kinds=("document",)),
            Field("thumbnail", _T.URL, "preview picture", kinds=("video",)),
            Field("uploaded", _T.MOMENT, "when it was put on line", kinds=("video",)),
            Field("duration", _T.TEXT, "length, ISO 8601: `PT5M30S`", kinds=("video",)),
            _concept(
                "support", "besoins", "kind of help sought or offered", many=True, kinds=("need", "resource")
            ),
            _concept("skill", "competences-ademe", "skills sought", many=True, kinds=("need",)),
            _reference(
                "commits", "the list that commits itself, when not its commune", many=False,
                kinds=("commitment",),
            ),
            _concept("measure", "pacte-2020", "measures", many=True, kinds=("commitment",)),
            _concept("level", "niveaux", "how far it goes", kinds=("commitment",)),
            _concept("election", "elections", "the election", kinds=("participatory-list",)),
            Field(
                "criterion",
                _T.CONCEPT,
                "the criterion, which also tells the framework; `boussole-2026/autonomie` when several use "
                "the word",
                schemes=(
                    "criteres-pionniers", "boussole-2019", "boussole-2026", "criteres-entretiens",
                    "criteres-recherche-action",
                ),
                kinds=("assessment",),
            ),
            Field("rating", _T.NUMBER, "the value given", kinds=("assessment",)),
            Field("self_assessed", _T.FLAG, "whether the subject assesses itself", kinds=("assessment",)),
            _concept("measured", "mesures", "what is measured", kinds=("observation",)),
            Field("value", _T.NUMBER, "the figure", kinds=("observation",)),
            Field("unit", _T.TEXT, "its unit, in words", kinds=("observation",)),
            Field("date", _T.MOMENT, "when it was observed", kinds=("observation",)),
            Field("period", _T.TEXT, "the period it covers: `2017`, `12 jours`", kinds=("observation",)),
            Field("amount", _T.NUMBER, "whole amount", kinds=("grant",)),
            Field("requested", _T.NUMBER, "amount asked for", kinds=("grant",)),
            Field("currency", _T.TEXT, "ISO 4217 code; EUR when absent", kinds=("grant",)),
            _dependents("funder", "organisation", "who gives it", many=False, kinds=("grant",)),
            _reference("member", "the organisation that takes part", many=False, kinds=("membership",)),
            _dependents(
                "actor", "organisation", "the same, known by name only", many=False, kinds=("membership",)
            ),
            _concept("role", "roles", "its role", kinds=("membership", "post")),
        )
    }
)  # fmt: skip

REQUIRED = ("ref", "name")

PLACE = ("lat", "lon", "street", "postcode", "city", "department", "insee", "country")
"""The fields that say where a thing is."""


@cache
def fields(kind: str) -> Mapping[str, Field]:
    """The fields a kind may hold, in the order of the table."""
    own = {name: field for name, field in FIELDS.items() if not field.kinds or kind in field.kinds}
    return MappingProxyType(own)


def lacking(kind: str, values: Mapping[str, Any]) -> str | None:
    """What a dependent of this kind lacks to be worth keeping, as field names; None when it is complete."""
    for group in _INCOMPLETE.get(kind, ()):
        if not any(name in values for name in group):
            return " or ".join(group)
    return None
