"""Room: the territories of France -> triples, each by its level and code. None is part of a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from operator import itemgetter

from harvester import canonical, iri
from harvester.profile.writing import predicate, typed_as
from harvester.territory import Area, Commune, Territory

CLASSES: Mapping[str, str] = {
    "region": "igeo:Region",
    "departement": "igeo:Departement",
    "epci": "igeo:Intercommunalite",
    "commune": "igeo:Commune",
    "arrondissement": "igeo:ArrondissementMunicipal",
    "commune-deleguee": "igeo:CommuneDeleguee",
    "commune-associee": "igeo:CommuneAssociee",
}
"""The class of each level, in the vocabulary of INSEE."""

_INSEE_COMMUNE = "http://id.insee.fr/geo/commune/"  # the IRIs of public data before 2024, still everywhere


def territory_triples(territory: Territory) -> bytes:
    """Every territory with its name, code and surroundings, as sorted N-Triples."""
    subjects = {f"<{iri.territory(*area.key)}>": area for area in territory.areas()}
    lines = (
        f"{subject}{tail}\n"
        for subject, area in sorted(subjects.items(), key=itemgetter(0))
        for tail in sorted(_tails(area))
    )
    return "".join(lines).encode()


def _tails(area: Area) -> Iterator[str]:
    yield typed_as(CLASSES[area.key.level])
    yield f"{predicate('rdfs:label')}{canonical.string(area.name, 'fr')} ."
    yield f"{predicate('igeo:codeINSEE')}{canonical.string(area.key.code)} ."
    if area.part_of:
        yield f"{predicate('igeo:subdivisionDirecteDe')}<{iri.territory(*area.part_of)}> ."
    for key in area.within:
        yield f"{predicate('archipel:inTerritory')}<{iri.territory(*key)}> ."
    if area.commune:
        yield from _commune_tails(area.commune)


def _commune_tails(commune: Commune) -> Iterator[str]:
    for postcode in commune.postcodes:
        yield f"{predicate('schema:postalCode')}{canonical.string(postcode)} ."
    if commune.population is not None:
        yield f"{predicate('archipel:population')}{canonical.integer(commune.population)} ."
    if commune.parent:
        return  # its point in the tables is that of its city
    yield f"{predicate('skos:closeMatch')}<{_INSEE_COMMUNE}{commune.code}> ."
    if commune.lat is not None:
        yield f"{predicate('wgs:lat')}{canonical.decimal(Decimal(str(commune.lat)))} ."
        yield f"{predicate('wgs:long')}{canonical.decimal(Decimal(str(commune.lon)))} ."
