"""Room: recognising a Decidim, and what its spaces hold.

In: any page of the site. Out: a proposal, with its spaces and their components. Reads no content; asks what
a harvest asks first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from harvester.connectors import _decidim_queries as queries
from harvester.connectors._decidim_queries import BASIC, COMPONENTS, SPACES, Schema
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen, members, objects

Space = Literal["participatoryProcesses", "assemblies", "conferences", "initiatives"]

DEFAULT: tuple[Space, ...] = ("participatoryProcesses", "assemblies")
"""Kinds of spaces that are read unless told otherwise."""

MOST = 20
"""Components told: a site may have hundreds."""

Spaces = Mapping[str, Sequence[Mapping[str, Any]]]
"""What a site lists, by kind of space."""


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A site, by its name on any page; its API must list spaces."""
    if not seen.says("decidim"):
        return None
    spaces = _spaces(f"{seen.root}/api", look)
    if not spaces:
        return None
    home = seen if seen.path in ("", "/") else look(f"{seen.root}/") or seen
    components = list(_components(spaces))
    more = [f"and {len(components) - MOST} other components"] if len(components) > MOST else []
    return Proposal(
        Certainty.NAMED,
        seen.root,
        title=home.title,
        licence=home.licence,
        keys=_kinds(spaces),
        learned=[*(f"{kind}: {len(one)} spaces" for kind, one in spaces.items()), *components[:MOST], *more],
    )


def _spaces(api: str, look: Look) -> Spaces:
    """What the site lists; nothing when it is no Decidim."""

    def told(query: str) -> Seen | None:
        return look(api, accept="application/json", content=queries.body(query))

    known = _schema(told(queries.INTROSPECTION))
    asked = {kind: told(queries.spaces(known, kind)) for kind in SPACES if kind in known.get("Query", {})}
    return {kind: objects(one) for kind, answer in asked.items() if (one := _list(answer, kind)) is not None}


def _schema(told: Seen | None) -> Schema:
    """The schema that a site tells, or what all sites have when it hides its own; empty for no GraphQL."""
    try:
        return queries.schema(told.json["data"]["__schema"]) if told else {}
    except (AttributeError, KeyError, TypeError):  # it tells something else
        return BASIC if objects(members(told).get("errors")) else {}


def _list(answer: Seen | None, kind: str) -> list[Any] | None:
    found = members(answer, "data").get(kind)
    return found if isinstance(found, list) else None


def _kinds(spaces: Spaces) -> dict[str, Any]:
    """The kinds of spaces to read, when they are not those read by default."""
    held = [kind for kind, one in spaces.items() if one]
    return {"spaces": held} if held and not set(held) <= set(DEFAULT) else {}


def _components(spaces: Spaces) -> Iterator[str]:
    """The components that can be read, number first."""
    listed = (component for space in spaces.values() for one in space for component in _inside(one))
    for component in listed:
        if component.get("__typename") in COMPONENTS and component.get("id"):
            address = component.get("url") or ""
            yield f"component {component['id']}: {component['__typename']} {address}".strip()


def _inside(space: Mapping[str, Any]) -> list[dict[str, Any]]:
    return objects(space.get("components"))
