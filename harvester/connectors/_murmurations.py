"""Room: a node of a Murmurations index, and the profile it points to → one record.

In: what the index says, the kept profiles. Out: a record, a tombstone, or why there is
none. Asks for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Raw
from harvester.connectors._details import told
from harvester.connectors._murmurations_index import DEFAULT, PERSONS
from harvester.errors import RecordError
from harvester.model import Answer, Gone, Kept, Listed, Record, Rejected
from harvester.model import Raw as Value

PRIVATE = frozenset({"people", "members", "leadership_tags", "first_name", "last_name", "full_name"})
"""Persons: dropped before anything is hashed or kept."""


class Options(BaseModel):
    """What may be said of a Murmurations source besides its address, the root of an index (`…/v2`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schemas: tuple[str, ...] = Field((DEFAULT,), min_length=1, description="Schemas whose profiles are read.")
    countries: tuple[str, ...] = Field((), description="ISO codes: profiles that the index places there.")
    bounds: tuple[float, float, float, float] | None = Field(
        None,
        description="West, south, east, north, in degrees: profiles inside that have no country.",
    )
    profiles: bool = Field(
        default=True, description="Read each profile; false for what the index itself holds."
    )
    page_size: int = Field(500, ge=1, le=500, description="Profiles asked for in one answer of the index.")


def wanted(node: Value, schema: str, options: Options) -> bool:
    """False for what another declared schema gave already, and for other places."""
    if not isinstance(node, dict):
        return True
    linked = node.get("linked_schemas") or ()
    if any(
        str(one).startswith(before)
        for before in options.schemas[: options.schemas.index(schema)]
        for one in linked
    ):
        return False
    if node.get("status") == "deleted" or not (options.countries or options.bounds):
        return True
    country = str(node.get("country") or "").upper()
    return country in options.countries or (not country and _inside(node.get("geolocation"), options.bounds))


def _inside(point: Value, bounds: tuple[float, float, float, float] | None) -> bool:
    if bounds is None or not isinstance(point, dict):
        return False
    west, south, east, north = bounds
    lat, lon = point.get("lat"), point.get("lon")
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        return False
    return south <= lat <= north and west <= lon <= east


def is_profile(node: Value) -> bool:
    """False for what is deleted, and for persons."""
    linked = node.get("linked_schemas") or () if isinstance(node, dict) else ()
    return isinstance(node, dict) and node.get("status") != "deleted" and not _of_person(linked)


def _of_person(linked: Sequence[Value]) -> bool:
    return any(str(one).startswith(PERSONS) for one in linked)


def record(node: Value, options: Options, kept: Mapping[str, Answer], raw: Raw) -> Listed:
    """What the listing holds of this node; `kept` are the answers by their address."""
    if not isinstance(node, dict) or not isinstance(node.get("profile_url"), str):
        return Rejected(None, f"expected a profile with its 'profile_url', got {node!r:.60}")
    ref = node["profile_url"]
    if node.get("status") == "deleted":
        return Gone(ref)
    if _of_person(node.get("linked_schemas") or ()):
        return Rejected(ref, "the profile of a person: never read")
    try:
        profile = _profile(kept.get(ref), raw) if options.profiles else {}
    except RecordError as error:
        return Kept(ref, str(error))
    said = {name: value for name, value in profile.items() if name not in PRIVATE}
    made = {"_index": _indexed(node), "_page": ref, "_relationships": _relationships(profile)}
    return Record(ref, said | {name: value for name, value in made.items() if value})


def _profile(answer: Answer | None, raw: Raw) -> Mapping[str, Any]:
    profile = told(answer, raw)
    if "linked_schemas" not in profile:  # every profile has them; an error told at HTTP 200 has not
        raise RecordError("its address answers no profile: no 'linked_schemas'")
    return profile


def _indexed(node: Mapping[str, Any]) -> dict[str, Value]:
    """What the index adds to a profile."""
    names = ("name", "primary_url", "geolocation", "locality", "country", "tags", "last_updated")
    return {name: node[name] for name in names if node.get(name) not in (None, "", [])}


def _relationships(profile: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the profile is related to, by the last word of the predicate: `memberOf` of schema.org."""
    found: dict[str, list[str]] = {}
    said = profile.get("relationships")
    for one in said if isinstance(said, list) else ():
        if isinstance(one, dict) and one.get("object_url"):
            name = str(one.get("predicate_url", "")).rstrip("/").rpartition("/")[2].rpartition("#")[2]
            found.setdefault(name, []).append(str(one["object_url"]))
    return found
