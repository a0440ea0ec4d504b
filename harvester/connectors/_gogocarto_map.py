"""Room: recognising a GoGoCarto map, and what it says of itself.

In: a page of the map, or an address of its API. Out: a proposal with its licence, its size and its widest
categories.
"""

from __future__ import annotations

from collections.abc import Iterator

from harvester.connectors._recognition import Certainty, Look, Proposal, Seen
from harvester.model import Raw as Value


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A map, by its page or by any address of its API."""
    api = isinstance(seen.json, dict) and str(seen.json.get("ontology", "")).startswith("gogo")
    if not api and not seen.says("gogocarto"):
        return None
    root = seen.url.partition("/api/")[0].rstrip("/") if api else seen.root
    elements = seen if api else look(f"{root}/api/elements.json?limit=1")
    if elements is None or not isinstance(elements.json, dict) or "data" not in elements.json:
        return None
    told = look(f"{root}/api/project-info.json")
    project = told.json if told and isinstance(told.json, dict) else {}
    taxonomy = look(f"{root}/api/taxonomy.json")
    return Proposal(
        Certainty.NAMED,
        root,
        title=project.get("name"),
        licence=elements.json.get("licence"),
        count=project.get("dataSize"),
        learned=[f"category {option}" for option in _options(taxonomy.json if taxonomy else None)],
    )


def _options(taxonomy: Value) -> Iterator[str]:
    """The categories of a taxonomy, `id name`, the widest first."""
    groups = taxonomy if isinstance(taxonomy, list) else [taxonomy]
    found = [one for group in groups if isinstance(group, dict) for one in group.get("options", [])]
    yield from (f"{one.get('id')} {one.get('name')}" for one in found if isinstance(one, dict))
