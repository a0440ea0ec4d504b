"""Room: recognising a Communecter, and how many elements of each type it lists.

In: a page of the platform, or an address of its API. Out: a proposal for the network, tags or commune that
the address names. Reads no element: it counts them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from harvester.connectors._recognition import Certainty, Look, Proposal, Seen, members

Element = Literal["organization", "project", "event", "poi"]

ELEMENTS: tuple[Element, ...] = ("organization", "project", "event")
"""Types of elements that visitors may read."""

PAGE = 500
"""Elements in a page, at most."""

SELECTIONS = {"network": "key", "tags": "tags", "insee": "insee"}
"""Options that select elements, and their names in the API."""

_API = re.compile(r"(?P<root>.*?)/api/(?:organization|project|event|poi)/get(?P<pairs>/.*)?")


def listing(root: str, element: str, options: Mapping[str, Any], *, size: int = PAGE, index: int = 0) -> str:
    """The address of a page of elements of one type; a selection of several is a sequence."""
    said = {theirs: options.get(ours) for ours, theirs in SELECTIONS.items()}
    asked = {name: one if isinstance(one, str) else ",".join(one) for name, one in said.items() if one}
    query = urlencode({**asked, "limit": size, "index": index}, quote_via=quote, safe=",")
    return f"{root}/api/{element}/get?{query}"


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A platform, by its name on a page or by an address of its API; its lists must answer."""
    api = _API.fullmatch(seen.path)
    if not api and not seen.says("communecter"):
        return None
    root = f"{seen.root}{api['root']}" if api else seen.root
    options = _selected(seen, api["pairs"] or "") if api else {}
    counted: dict[str, int | None] = {ELEMENTS[0]: _count(listing(root, ELEMENTS[0], options), look)}
    if counted[ELEMENTS[0]] is None:
        return None
    counted |= {element: _count(listing(root, element, options), look) for element in ELEMENTS[1:]}
    home = look(f"{root}/") if api else seen
    names = [name for name in (home.title if home else None, options.get("network")) if name]
    return Proposal(
        Certainty.NAMED,
        root,
        title=", ".join(names) or None,
        count=_total(list(counted.values())),
        keys=options | _elements(counted),
        learned=[f"{element}: {_said(n)} elements" for element, n in counted.items() if n is not None],
        unknown=() if options else ["network, tags or insee: without one, the whole platform is read"],
    )


def _selected(seen: Seen, pairs: str) -> dict[str, Any]:
    """What the address selects, in its query or in pairs of its path (`/key/LABEL/limit/50`)."""
    parts = [unquote(part) for part in pairs.strip("/").split("/")]
    said = dict(zip(parts[::2], parts[1::2], strict=False)) | dict(parse_qsl(urlsplit(seen.url).query))
    found = {ours: said[theirs] for ours, theirs in SELECTIONS.items() if said.get(theirs)}
    return found | ({"tags": found["tags"].split(",")} if "tags" in found else {})


def _count(url: str, look: Look) -> int | None:
    """Elements in a page; None when it is none. PHP writes an empty object as a list."""
    told = members(look(url, accept="application/json"))
    entities = told.get("entities")
    return len(entities) if "meta" in told and isinstance(entities, dict | list) else None


def _total(counts: Sequence[int | None]) -> int | None:
    """How many elements there are; None where a page is full, and more may follow."""
    known = [count for count in counts if count is not None]
    return None if any(count >= PAGE for count in known) else sum(known)


def _elements(counted: Mapping[str, int | None]) -> dict[str, Any]:
    """The types to read, when they are not those read by default."""
    held = [element for element, count in counted.items() if count]
    return {"elements": held} if held and len(held) < len(counted) else {}


def _said(count: int) -> str:
    return f"{count} or more" if count >= PAGE else str(count)
