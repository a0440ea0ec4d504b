"""Room: the Link header of an answer (RFC 8288): licence, where it comes from, context, other formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from harvester.web.negotiation import GRAPHS
from harvester.web.pages import Visit

CONTEXT = "http://www.w3.org/ns/json-ld#context"

Link = tuple[str | None, str]
"""Where it leads (None for nowhere, then it is not told), and the relation, with what follows it."""


def header(links: Iterable[Link]) -> str:
    """The value of a Link header; empty without links."""
    told = ((quote(url, safe="/:?#[]@!$&()*+,;=%~"), relation) for url, relation in links if url)
    return ", ".join(f"<{url}>; rel={relation}" for url, relation in told)


def formats(visit: Visit) -> Iterator[Link]:
    """The other formats of this very address, and the context of those who read it as JSON."""
    yield f"{visit.base}vocab/context.jsonld", f'"{CONTEXT}"; type="application/ld+json"'
    for name, types in GRAPHS.items():
        yield visit.formatted(name), f'"alternate"; type="{types[0]}"'
