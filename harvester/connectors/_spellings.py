"""Room: how columns are called, in French and in English, by people who never met.

In: the names of columns. Out: those that mean what is sought, the surest first. Names are compared without
case, accents, signs, spaces, or the words of `BLANK`: `codePostal`, `Code postal`, `code_postal` are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from harvester.cleaning.words import fold

BLANK = frozenset({"de", "du", "des", "d", "la", "le", "les", "l", "of", "the", "en", "a"})
"""Words of a name that tell nothing."""

NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "name": (
            "nom", "name", "titre", "title", "denomination", "raison sociale", "nom structure",
            "nom organisation", "nom organisme", "nom association", "nom lieu", "nom établissement",
            "nom entreprise", "nom initiative", "nom projet", "nom acteur", "nom site", "nom action",
            "nom évènement", "nom complet", "nom officiel", "nom usuel", "nom commercial", "enseigne",
            "intitulé", "libellé", "label", "display name", "appellation", "structure", "organisation",
            "organisme", "établissement", "association", "initiative", "projet", "lieu",
        ),
        "description": (
            "description", "description longue", "description détaillée", "présentation",
            "présentation détail", "descriptif", "description complète", "objet", "body", "content",
            "contenu", "description courte", "présentation résumé", "résumé", "summary", "abstract",
            "chapeau", "texte", "détails", "missions",
        ),
        "lat": (
            "latitude", "lat", "lattitude", "lat wgs84", "latitude wgs84", "y wgs84", "wgs84 lat",
            "y latitude", "coord y", "coordonnée y", "coordonnées y", "y lambert93", "y l93", "y",
        ),
        "lon": (
            "longitude", "lon", "lng", "long", "lon wgs84", "long wgs84", "longitude wgs84", "x wgs84",
            "wgs84 lon", "x longitude", "coord x", "coordonnée x", "coordonnées x", "x lambert93", "x l93",
            "x",
        ),
        "street": (
            "adresse", "adresse postale", "address", "street address", "street", "rue", "adresse 1",
            "adresse ligne 1", "adresse complète", "adresse lieu", "adresse structure", "adresse siège",
            "voie", "libellé voie",
        ),
        "postcode": (
            "code postal", "cp", "postcode", "postal code", "zip", "zip code", "codpost", "result postcode",
        ),
        "city": (
            "commune", "ville", "city", "town", "localité", "nom commune", "libellé commune", "com nom",
            "nom ville", "address locality", "locality", "municipality", "municipalité", "result city",
        ),
        "insee": (
            "code insee", "insee", "code commune", "code insee commune", "insee commune", "com insee",
            "insee com", "code commune insee", "depcom", "codgeo", "citycode", "result citycode",
        ),
        "department": ("code département", "code dep", "dep code", "numéro département"),
        "country": ("code pays", "country code", "pays", "country", "address country"),
        "homepage": (
            "site web", "site internet", "website", "homepage", "site", "url site", "url site web",
            "lien site", "site web url", "page web", "adresse web", "adresse internet", "primary url",
            "lien internet", "url", "web", "lien", "link",
        ),
        "page": ("permalink", "url fiche", "lien fiche", "page url", "html url", "fiche"),
        "image": (
            "image", "image url", "url image", "photo", "url photo", "photo url", "picture", "visuel",
            "illustration", "vignette", "logo",
        ),
        "email": (
            "email", "courriel", "mail", "e mail", "adresse mail", "adresse e mail", "adresse courriel",
            "adresse email", "contact email", "contact mail", "mél",
        ),
        "telephone": (
            "téléphone", "tel", "phone", "numéro téléphone", "n téléphone", "telephone fixe", "phone number",
            "contact téléphone",
        ),
        "keywords": (
            "mots clés", "mot clé", "keywords", "tags", "tag", "catégories", "catégorie", "categories",
            "category", "thématiques", "thématique", "thèmes", "thème", "types", "type", "type structure",
            "type lieu", "activités", "activité", "services", "domaines", "domaine", "secteur", "rubrique",
            "famille", "typologie",
        ),
        "registration": (
            "siret", "siren", "rna", "numéro siret", "n siret", "code siret", "siret siège", "numéro rna",
            "n rna", "id rna", "numéro siren",
        ),
        "founded": ("année création", "date création structure", "date fondation", "founding date"),
        "created": ("created at", "created", "date création fiche", "créé le", "date ajout", "date saisie"),
        "modified": (
            "date maj", "dernière maj", "date mise à jour", "dernière mise à jour", "updated at", "modified",
            "updated", "last update", "last modified", "date modification", "modifié le", "maj",
        ),
        "start": (
            "start date", "date début", "start", "starts at", "begins on", "début", "dtstart",
            "date début évènement", "date start", "firstdate begin",
        ),
        "end": (
            "end date", "date fin", "end", "ends at", "ends on", "fin", "dtend", "date fin évènement",
            "date end", "lastdate end",
        ),
    }
)  # fmt: skip
"""Names of the columns of an item field, the surest first."""

IDENTIFIERS = (
    "id", "identifiant", "uuid", "guid", "identifier", "ref", "référence", "siret", "numéro siret", "rna",
    "numéro rna", "siren", "slug", "clé", "key", "code", "osm id", "gml id", "numéro",
    "objectid", "fid", "gid",
)  # fmt: skip
"""Names of identifiers; the last ones are numbers that an export may give anew each time."""

PARTS = frozenset({"id", "identifiant", "uuid", "siret"})
"""Words that begin or end the name of an identifier: `id_lieu`, `structure_uuid`."""

GIVEN_NAMES = ("prénom", "prénoms", "first name", "given name", "civilité", "date naissance")
"""Beside one of them, a column called `nom` holds family names."""

PERSONS = (
    *GIVEN_NAMES, "nom prénom", "last name", "family name", "nom contact", "prénom contact",
    "nom responsable", "responsable", "référent", "nom référent", "président", "nom président", "contact",
    "nom médiateur",
)  # fmt: skip
"""Columns that tell of persons: never mapped."""

WRAPPED = frozenset({"attributes", "properties", "fields", "data", "node"})
"""Objects that APIs wrap their fields in."""

PLACED = frozenset(
    {"address", "adresse", "geo", "geolocation", "location", "localisation", "coordinates", "coordonnees"}
    | {"position", "lieu", "place", "point", "geopoint"}
)
"""Objects that hold where something is."""

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=4096)
def parts(column: str) -> tuple[str, ...]:
    """The words of a column's name that tell something, folded."""
    words = fold(_HUMP.sub(" ", column)).split()
    return tuple(word for word in words if word not in BLANK) or tuple(words)


def word(column: str) -> str:
    """A column's name as it is compared."""
    return "".join(parts(column))


def ranked(columns: Iterable[str], names: Iterable[str], *, placed: bool = False) -> list[str]:
    """The columns that are called by one of `names`, in the order of `names`.

    The objects a column lies in do not count: those that wrap, and with `placed` those that tell a place.
    """
    ranks = {word(name): rank for rank, name in reversed(list(enumerate(names)))}
    found = {column: min(_ranks(column, ranks, placed=placed), default=None) for column in columns}
    known = {column: rank for column, rank in found.items() if rank is not None}
    return sorted(known, key=lambda column: known[column])


def _ranks(column: str, ranks: Mapping[str, int], *, placed: bool) -> list[int]:
    return [ranks[name] for name in (word(column), _inside(column, placed=placed)) if name in ranks]


def _inside(column: str, *, placed: bool) -> str:
    left, boxes = list(parts(column)), WRAPPED | PLACED if placed else WRAPPED
    while len(left) > 1 and left[0] in boxes:
        del left[0]
    return "".join(left)
