"""Room: item field -> predicate and object: the tables by which the profile writes.

Each entry says under which predicate a field of an item stands and how its value is written.
Where a field needs more than one triple (place, themes, dependents), `record` and `nodes` do it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from harvester import canonical, iri, vocab
from harvester.mapping.typed import Reference, Tagged
from harvester.model import IRI


@dataclass(frozen=True, slots=True)
class Voice:
    """What is needed to write a value: the language of the record, and where its source's refs are minted."""

    language: str | None
    base: str
    source: str


Write = Callable[[Any, Voice], str]
"""(value, voice) -> an N-Triples object."""


@cache
def full(name: str) -> IRI:
    """A prefixed name in full, by the one prefix table: `dcterms:title`."""
    prefix, _, local = name.partition(":")
    return IRI(vocab.prefixes()[prefix] + local)


@cache
def predicate(name: str) -> str:
    """A prefixed name as it stands between a subject and an object."""
    return f" <{full(name)}> "


@cache
def typed_as(name: str) -> str:
    """` rdf:type <class> .`, what follows a subject to say its class."""
    return f"{predicate('rdf:type')}<{full(name)}> ."


def _text(value: Any, voice: Voice) -> str:
    if isinstance(value, Tagged):
        return canonical.string(value.text, value.lang)
    return canonical.string(value, voice.language)


def _plain(value: Any, _voice: Voice) -> str:
    return canonical.string(str(value))


def _node(value: Any, _voice: Voice) -> str:
    return canonical.node(value)


def _moment(value: date | datetime, _voice: Voice) -> str:
    return canonical.moment(value)


def _founded(value: Any, _voice: Voice) -> str:
    text = str(value)
    return canonical.typed(text, "gYear" if len(text) == 4 else "date")


def _number(value: Any, _voice: Voice) -> str:
    return canonical.decimal(value)


def _flag(value: Any, _voice: Voice) -> str:
    return canonical.boolean(bool(value))


def _reference(value: Reference, voice: Voice) -> str:
    """A ref is minted, never looked up; an IRI stays what it is."""
    return canonical.node(value.name if value.absolute else iri.record(voice.base, voice.source, value.name))


FIELDS: Mapping[str, tuple[tuple[str, ...], Write]] = {
    "name": (("rdfs:label", "pair:label"), _text),
    "description": (("dcterms:description",), _text),
    "slogan": (("schema:slogan",), _text),
    "homepage": (("foaf:homepage",), _node),
    "page": (("dcterms:source",), _node),
    "image": (("foaf:depiction",), _node),
    "email": (("schema:email",), _plain),
    "telephone": (("schema:telephone",), _plain),
    "type": (("pair:hasType",), _node),
    "keywords": (("schema:keywords",), _text),
    "status": (("pair:hasStatus",), _node),
    "phase": (("archipel:phase",), _node),
    "actor_type": (("archipel:actorType",), _node),
    "objective": (("archipel:objective",), _node),
    "promise": (("archipel:promise",), _node),
    "boundary": (("archipel:planetaryBoundary",), _node),
    "sdg": (("archipel:sdg",), _node),
    "challenge": (("pair:hasChallenge",), _node),
    "maturity": (("archipel:maturity",), _node),
    "legal_form": (("archipel:legalForm",), _node),
    "scope": (("archipel:scope",), _node),
    "decision_mode": (("archipel:decisionMode",), _node),
    "funding": (("archipel:fundingType",), _node),
    "territory_type": (("archipel:territoryType",), _node),
    "purpose": (("org:purpose",), _text),
    "award": (("schema:award",), _text),
    "certification": (("schema:hasCertification",), _text),
    "registration": (("org:identifier",), _plain),
    "founded": (("schema:foundingDate",), _founded),
    "partner_of": (("pair:partnerOf",), _reference),
    "supported_by": (("pair:supportedBy",), _reference),
    "part_of": (("pair:partOf",), _reference),
    "has_part": (("pair:hasPart",), _reference),
    "inspired_by": (("pair:inspiredBy",), _reference),
    "used_by": (("pair:usedBy",), _reference),
    "uses": (("pair:uses",), _reference),
    "related": (("dcterms:relation",), _reference),
    "involves": (("pair:involves",), _reference),
    "based_on": (("pair:basedOn",), _reference),
    "documented_by": (("pair:documentedBy",), _reference),
    "about": (("schema:about",), _reference),
    "references": (("dcterms:references",), _reference),
    "sub_organisation_of": (("org:subOrganizationOf",), _reference),
    "derived_from": (("prov:wasDerivedFrom",), _reference),
    "licence_family": (("archipel:licenseFamily",), _plain),
    "created": (("dcterms:created",), _moment),
    "modified": (("dcterms:modified",), _moment),
    "origin": (("archipel:origin",), _plain),
    "start": (("schema:startDate",), _moment),
    "end": (("schema:endDate",), _moment),
    "due": (("pair:dueDate",), _moment),
    "attendance": (("schema:eventAttendanceMode",), _node),
    "free": (("schema:isAccessibleForFree",), _flag),
    "super_event": (("schema:superEvent",), _reference),
    "embed": (("schema:embedUrl",), _node),
    "content": (("schema:contentUrl",), _node),
    "issued": (("dcterms:issued",), _founded),
    "thumbnail": (("schema:thumbnailUrl",), _node),
    "uploaded": (("schema:uploadDate",), _moment),
    "duration": (("schema:duration",), _plain),
    "support": (("pair:hasType",), _node),
    "skill": (("pair:hasType",), _node),
    "commits": (("archipel:commits",), _reference),
    "measure": (("archipel:measure",), _node),
    "level": (("archipel:level",), _node),
    "election": (("archipel:election",), _node),
    "criterion": (("archipel:criterion",), _node),
    "rating": (("schema:ratingValue",), _number),
    "self_assessed": (("archipel:selfAssessed",), _flag),
    "measured": (("schema:measuredProperty",), _node),
    "value": (("schema:value",), _number),
    "unit": (("schema:unitText",), _plain),
    "date": (("schema:observationDate",), _moment),
    "period": (("schema:observationPeriod",), _plain),
    "member": (("pair:membershipActor",), _reference),
}

ROLES: Mapping[str, str] = {"membership": "pair:membershipRole", "post": "org:role"}
"""The predicate of the field `role`, which is not the same for all kinds."""

ADDRESS: Mapping[str, str] = {
    "street": "schema:streetAddress",
    "postcode": "schema:postalCode",
    "city": "schema:addressLocality",
    "country": "schema:addressCountry",
}

DEPENDENTS: Mapping[str, tuple[str, str]] = {
    "needs": ("pair:needs", "besoin"),
    "offers": ("pair:offers", "offre"),
    "partners": ("pair:partnerOf", "partenaire"),
    "supporters": ("pair:supportedBy", "soutien"),
    "memberships": ("pair:organizationOfMembership", "adhesion"),
    "posts": ("org:hasPost", "poste"),
    "videos": ("pair:documentedBy", "video"),
    "documents": ("pair:documentedBy", "document"),
    "indicators": ("archipel:indicator", "observation"),
    "assessments": ("archipel:assessment", "evaluation"),
    "commitments": ("archipel:commitment", "engagement"),
    "tasks": ("pair:hasPart", "tache"),
    "grants": ("schema:funding", "financement"),
    "venue": ("schema:location", "salle"),
    "organiser": ("schema:organizer", "organisateur"),
    "funder": ("schema:funder", "financeur"),
    "actor": ("pair:membershipActor", "membre"),
}
"""Fields that hold dependents: the predicate that leads to them, and the noun of their fragment."""

AMOUNTS: Mapping[str, tuple[str, str]] = {
    "amount": ("schema:amount", "montant"),
    "requested": ("archipel:requestedAmount", "demande"),
}
"""Fields written as a schema:MonetaryAmount of their own."""

CLASSES: Mapping[str, tuple[str, ...]] = {
    "initiative": ("archipel:Initiative",),
    "project": ("pair:Project",),
    "organisation": ("pair:Organization", "org:Organization"),
    "group": ("pair:Group",),
    "ecosystem": ("pair:Ecosystem",),
    "idea": ("pair:Idea",),
    "task": ("pair:Task",),
    "resource": ("pair:Resource",),
    "document": ("pair:Document",),
    "video": ("schema:VideoObject", "pair:Document"),
    "event": ("schema:Event", "pair:Event"),
    "series": ("schema:EventSeries",),
    "need": ("archipel:Need", "pair:Resource", "schema:Demand"),
    "commitment": ("archipel:Commitment",),
    "participatory-list": ("archipel:ParticipatoryList", "pair:Group", "org:Organization"),
    "assessment": ("archipel:Assessment", "schema:Rating"),
    "observation": ("schema:Observation",),
    "place": ("pair:Place", "archipel:ListedPlace"),
    "grant": ("schema:MonetaryGrant",),
    "membership": ("pair:MembershipAssociation",),
    "post": ("org:Post",),
}

SHOWN_AS_INITIATIVES = frozenset({"project", "organisation", "group", "ecosystem"})
"""Kinds that are initiatives too when their source lists initiatives and only says more of some."""
