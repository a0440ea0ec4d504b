"""Room: recognising a server of Overpass, or the answer of one to a query.

In: the address of a query, or a page of the server. Out: a proposal for that query, or for a few tags: what
is looked for is for a person to say. Asks no query.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from harvester.connectors._overpass import FORMAT
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen, members, objects

LICENCE = "ODbL-1.0"
"""Of all that OpenStreetMap holds."""

PUBLISHER = "OpenStreetMap"

ALWAYS = {"kind": "place", "schedule": "0 3 * * 0", "timeout": "200s"}
"""Once a week, because the servers are shared by everybody; longer than they may take."""

FIRST = ("leisure=garden+garden:type=community", "amenity=public_bookcase", "amenity=give_box")
"""Tags to begin with: shared gardens, book boxes, give boxes."""

STATUS = "/api/status"


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """An answer with its query in its address, or a server by its name on a page; it must tell its status."""
    if "osm3s" in members(seen):
        return _query(seen)
    if not seen.path.endswith(STATUS) and not seen.says("overpass api"):
        return None
    root = seen.url.partition(STATUS)[0] if seen.path.endswith(STATUS) else seen.root
    status = look(root + STATUS)
    if status is None or "Rate limit:" not in status.text:
        return None
    return _proposal(
        f"{root}/api/interpreter",
        {"tags": list(FIRST), "area": "FR"},
        title=seen.title,
        unknown=["tags and area, or query: what is looked for, and where; these tags are a beginning"],
    )


def _query(seen: Seen) -> Proposal | None:
    """The query that was asked; only its address tells it."""
    query = parse_qs(urlsplit(seen.url).query).get("data", [""])[0]
    if not FORMAT.search(query):
        return None
    tagged = [one for one in objects(members(seen).get("elements")) if one.get("tags")]
    unplaced = ["query: end it with `out center meta;`, or ways and relations are nowhere"]
    return _proposal(
        seen.url.partition("?")[0],
        {"query": query},
        count=len(tagged),
        unknown=() if "center" in query else unplaced,
    )


def _proposal(url: str, keys: dict[str, Any], **said: Any) -> Proposal:
    return Proposal(Certainty.NAMED, url, licence=LICENCE, publisher=PUBLISHER, keys=ALWAYS | keys, **said)
