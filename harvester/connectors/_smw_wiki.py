"""Room: recognising a Semantic MediaWiki, its categories and its properties.

In: any page of the wiki, or its `api.php`. Out: a proposal for one category, and the properties that fill the
fields of its pages. Reads no page of the wiki beyond the one given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from harvester.connectors._recognition import Certainty, Look, Proposal, Seen, inside, members, objects, words
from harvester.connectors._spellings import NAMES, ranked

PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "title": ("Titre",),
    "description": ("description", "Description"),
    "summary": ("shortDescription",),
    "image": ("Main_Picture",),
    "point": ("Coordonnées géo",),
    "theme": ("Theme", "Thème"),
    "keywords": ("Tags", "commonscategorie", "Catégories", "Communauté d'intérêt"),
    "challenge": ("challenge", "Défi auquel répond la ressource"),
    "needs": ("needs", "Richesse recherchée", "Compétences recherchée"),
    "maturity": ("Niveau de développement",),
    "licence": ("Type de licence",),
    "used_by": ("Organisations utilisatrice ou intéressée par utiliser la ressource",),
    "related": ("Autre commun proche",),
    "files": ("Cloud / Fichiers",),
    "grant": ("Montant Aide souhaitée (en Euro) à l'Appel à Communs Sobriété et Résilience",),
    "url": ("url",),
}
"""Field of a record → the properties that fill it, on the ADEME wiki."""

WORDS: Mapping[str, Sequence[str]] = {
    "title": NAMES["name"],
    "description": NAMES["description"],
    "image": NAMES["image"],
    "point": ("coordonnées géo", "coordonnées", "coordinates", "géolocalisation", "geolocation", "location"),
    "theme": ("thème", "theme", "thématique", "domaine", "secteur"),
    "keywords": ("mots clés", "keywords", "tags"),
    "url": NAMES["homepage"],
}
"""How other wikis may call theirs, the surest first."""

ABOUT = "?action=query&meta=siteinfo&siprop=general%7Cextensions%7Crightsinfo&format=json"
CATEGORIES = "?action=query&list=allcategories&acprop=size%7Chidden&acmin=1&aclimit=500&format=json"
BROWSE = (
    "?action=smwbrowse&browse=property&params=%7B%22limit%22%3A200%2C%22search%22%3A%22*%22%7D&format=json"
)

MOST = 20
"""Categories and properties told: a wiki may have hundreds."""

EVERY_PAGE = "[[Modification date::+]]"

_OWN = re.compile(
    r'"wgCanonicalNamespace":\s*"Category",.{0,2000}?"wgTitle":\s*("(?:[^"\\]|\\.)*")', re.DOTALL
)
"""What a page says of itself to its scripts."""


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A wiki whose API names the extension; the category of the page given, or else its largest one."""
    api = _api(seen)
    about = members(look(api + ABOUT), "query") if api else {}
    extensions = [str(one.get("name")).replace(" ", "") for one in objects(about.get("extensions"))]
    if not api or "SemanticMediaWiki" not in extensions:
        return None
    rights = inside(about, "rightsinfo")
    sizes = dict(_categories(look(api + CATEGORIES)))
    category = _own(seen) or next(iter(sizes), None)
    labels = list(_labels(look(api + BROWSE)))
    return Proposal(
        Certainty.NAMED,
        api,
        title=words(inside(about, "general").get("sitename")),
        licence=words(rights.get("url")) or words(rights.get("text")),
        count=sizes.get(category or ""),
        keys={"query": f"[[Category:{category}]]" if category else EVERY_PAGE} | _properties(labels),
        learned=[
            *(f"category {name}: {pages} pages" for name, pages in list(sizes.items())[:MOST]),
            *([f"properties: {', '.join(labels[:MOST])}"] if labels else []),
        ],
        unknown=["query: which pages are wanted, and `kind`: what they are, when they are no initiatives"],
    )


def _api(seen: Seen) -> str | None:
    """The address of `api.php`: the one given, or the one that a page of a MediaWiki names."""
    if seen.path.endswith("/api.php"):
        return seen.url.partition("?")[0]
    edits = seen.links('link[rel="EditURI" i][href*="api.php"]')
    return edits[0].partition("?")[0] if edits else None


def _categories(told: Seen | None) -> Iterator[tuple[str, int]]:
    """Categories that readers see and the pages in each, the largest first."""
    listed = objects(members(told, "query").get("allcategories"))
    counted = [one for one in listed if isinstance(one.get("pages"), int)]
    shown = [one for one in counted if one.get("hidden") in (None, False)]  # "" when it is hidden
    for one in sorted(shown, key=lambda one: -one["pages"]):
        yield str(one.get("*") or one.get("category")), one["pages"]


def _own(seen: Seen) -> str | None:
    """The category whose page was given."""
    found = _OWN.search(seen.text) if seen.soup else None
    try:
        return str(orjson.loads(found[1])) if found else None
    except orjson.JSONDecodeError:
        return None


def _labels(told: Seen | None) -> Iterator[str]:
    """The properties that people of the wiki made."""
    for key, one in members(told, "query").items():
        if isinstance(one, dict) and isinstance(one.get("label"), str) and not key.startswith("_"):
            yield one["label"]


def _properties(labels: Sequence[str]) -> dict[str, Any]:
    """The table of properties, when the wiki does not use the names of the ADEME wiki only."""
    found: dict[str, list[str]] = {}
    for field, names in PROPERTIES.items():
        theirs = [name for name in names if name in labels]
        found[field] = theirs or ranked(labels, WORDS.get(field, ()))[:1]
    told = {field: names[0] if len(names) == 1 else names for field, names in found.items() if names}
    known = all({*names} <= {*PROPERTIES[field]} for field, names in found.items())
    return {} if known else {"properties": told}
