"""Room: one WordPress post, page or custom type as the REST API gives it → a record.

In: a value of a list. Out: a record without authors, with the names of its terms, its picture and its dates
in UTC where a mapping finds them; or why it is not one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harvester.model import Raw as Value
from harvester.model import Record, Rejected

DROPPED = frozenset(
    {
        "author",
        "_links",
        "_embedded",
        "guid",
        "class_list",
        "yoast_head",
        "yoast_head_json",
        "jetpack-related-posts",
    }
)
"""Persons, presentation, and what is told again under a name of ours."""

PUBLIC = frozenset({"publish", "inherit"})
UNSORTED = frozenset({"uncategorized", "uncategorised", "non classé", "non classé(e)", "non classifié(e)"})
"""How WordPress calls the category of posts that were given none, in English and in French."""

DATES = {"_created": "date_gmt", "_modified": "modified_gmt"}


def post(value: Value) -> Record | Rejected:
    """The record of one post."""
    if not isinstance(value, dict):
        return Rejected(None, f"expected a post, got {value!r:.60}")
    ref = value.get("id")
    if isinstance(ref, bool) or not isinstance(ref, int | str) or ref == "":
        return Rejected(None, f"no 'id'; page '{value.get('link', '')}'")
    if _protected(value):
        return Rejected(str(ref), "protected by a password on the site")
    status = value.get("status", "publish")
    if status not in PUBLIC:
        return Rejected(str(ref), f"status '{status}': not published on the site")
    # PHP writes an empty object as a list: `acf` and `meta` are [] on one post and {} on the next
    kept = {key: one for key, one in value.items() if key not in DROPPED and one != []}
    return Record(str(ref), kept | _terms(value) | _dates(value) | _picture(value))


def _protected(value: Mapping[str, Any]) -> bool:
    content = value.get("content")
    told = content.get("protected", False) if isinstance(content, dict) else False
    return told is not False or "post-password-required" in (value.get("class_list") or ())


def _terms(value: Mapping[str, Any]) -> dict[str, Any]:
    """`_terms`, names by taxonomy, and `_keywords`, all of them."""
    names: dict[str, list[str]] = {}
    for taxonomy, term in _named(value):
        names.setdefault(taxonomy, []).append(term)
    if not names:
        return {}
    return {"_terms": names, "_keywords": [name for taxonomy in names for name in names[taxonomy]]}


def _named(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    groups = (group for group in _embedded(value, "wp:term") if isinstance(group, list))
    for term in (term for group in groups for term in group):
        name = term.get("name") if isinstance(term, dict) else None
        if isinstance(name, str) and name.casefold() not in UNSORTED:
            yield str(term.get("taxonomy", "category")), name


def _embedded(value: Mapping[str, Any], relation: str) -> list[Any]:
    """What is embedded under a relation; an error of the site may stand among it."""
    embedded = value.get("_embedded")
    found = embedded.get(relation) if isinstance(embedded, dict) else None
    return found if isinstance(found, list) else []


def _dates(value: Mapping[str, Any]) -> dict[str, str]:
    """Dates in UTC, which WordPress writes without offset."""
    return {ours: f"{value[name]}Z" for ours, name in DATES.items() if isinstance(value.get(name), str)}


def _picture(value: Mapping[str, Any]) -> dict[str, str]:
    urls = (one.get("source_url") for one in _embedded(value, "wp:featuredmedia") if isinstance(one, dict))
    return next(({"_image": url} for url in urls if isinstance(url, str)), {})
