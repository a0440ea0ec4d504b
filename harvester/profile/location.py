"""Room: what an item says of where it is -> triples of its point, address, commune and territories.

A pure function of the item and the territories. Whatever contradicts the commune that is written, or leaves
it open, becomes a finding: no choice is silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harvester import iri
from harvester.model import IRI, Finding, Severity
from harvester.profile.nodes import address_tails, point_tails
from harvester.profile.writing import predicate, typed_as
from harvester.territory import Area, Match, Territory, Written, key_of

_ASKED_FOR = frozenset({"departement", "region", "epci"})
"""Levels by which records are asked for: one that covers such a territory is in it."""


def located(subject: IRI, values: Mapping[str, Any], territory: Territory) -> tuple[list[str], list[Finding]]:
    """The triples that locate a record, in no order, and what is to be remarked.

    The point stays as it was given, `#lieu`, and the address, `#adresse`, whatever the commune is.
    """
    resolution = territory.resolution(**written(values))
    covered, unknown = _covered(values.get("covers", ()), territory)
    areas = [*_areas_of(resolution.match, territory), *covered]
    out = [*_point(subject, values), *_address(subject, values), *_within(subject, areas)]
    if resolution.match:
        method = iri.concept("precisions", resolution.match.method)
        out.append(f"<{subject}>{predicate('archipel:locationPrecision')}<{method}> .")
    findings = [Finding(Severity.WARNING, one.code, one.field, one.value) for one in resolution.doubts]
    return out, findings + [Finding(Severity.WARNING, "covers-unknown", "covers", one) for one in unknown]


def written(values: Mapping[str, Any]) -> Written:
    """What the values of an item say of its place, as the resolver asks for it."""
    return Written(
        insee=values.get("insee"),
        name=values.get("city"),
        postcode=values.get("postcode"),
        department=values.get("department"),
        street=values.get("street"),
        country=values.get("country"),
        lat=values.get("lat"),
        lon=values.get("lon"),
    )


def _areas_of(match: Match | None, territory: Territory) -> list[Area]:
    """The commune; in a divided city the commune and its arrondissement."""
    if match is None:
        return []
    found = [territory.area(*key_of(match.commune))]
    if match.commune.parent:
        found.insert(0, territory.area("commune", match.commune.parent))
    return [area for area in found if area]


def _covered(covers: Sequence[str], territory: Territory) -> tuple[list[Area], list[str]]:
    """The territories covered, and what is written of none; a commune may be told by an old code."""
    areas: list[Area] = []
    unknown: list[str] = []
    for written in covers:
        level, _, code = written.rpartition("/")
        if level in ("", "commune"):
            commune = territory.by_code(code)
            found = _areas_of(Match(commune, "code"), territory) if commune else []
        else:
            area = territory.area(level, code)
            found = [area] if area else []
        areas += found
        if not found:
            unknown.append(written)
    return areas, unknown


def _within(subject: IRI, areas: Sequence[Area]) -> Iterator[str]:
    """The territories of a record, and all they lie in, materialised: property paths are slow at scale."""
    for area in areas:
        yield f"<{subject}>{predicate('dcterms:spatial')}<{iri.territory(*area.key)}> ."
        own = (area.key,) if area.key.level in _ASKED_FOR else ()
        for key in (*own, *area.within):
            yield f"<{subject}>{predicate('archipel:inTerritory')}<{iri.territory(*key)}> ."


def _point(subject: IRI, values: Mapping[str, Any]) -> list[str]:
    tails = point_tails(values)
    return _part(subject, "pair:hasLocation", "lieu", [typed_as("pair:Place"), *tails]) if tails else []


def _address(subject: IRI, values: Mapping[str, Any]) -> list[str]:
    tails = address_tails(values)
    return _part(subject, "schema:address", "adresse", tails) if tails else []


def _part(subject: IRI, leads: str, name: str, tails: Sequence[str]) -> list[str]:
    """A part of which a record has one only, under a plain name."""
    part = iri.fragment(subject, name)
    return [f"<{subject}>{predicate(leads)}<{part}> .", *(f"<{part}>{tail}" for tail in tails)]
