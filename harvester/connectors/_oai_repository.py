"""Room: recognising a repository that speaks OAI-PMH, its sets and its formats.

In: any answer of the protocol, or a page that links to one. Out: a proposal for the set and format that the
address names. Never repeats who administers the repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

from harvester.connectors._answers import number
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen
from harvester.connectors._xml import Element, child, children, local, parsed, text

DEFAULT = "oai_dc"
"""The format that every repository has."""

MOST = 20
"""Sets told: a repository may have hundreds."""

_LINKED = re.compile(r"[?&]verb=[A-Z]|/oai(?:2|-pmh|/request)?/?(?:\?|$)", re.IGNORECASE)


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A repository, by an answer of its own or the first link to one; it must identify itself."""
    answered = _root(seen) is not None
    base = seen.url.partition("?")[0] if answered else _linked(seen)
    identity = _told(look(f"{base}?verb=Identify"), "Identify") if base else None
    if base is None or identity is None:
        return None
    asked = parse_qs(urlsplit(seen.url).query) if answered else {}
    prefixes = list(_formats(base, look))
    wished = asked.get("metadataPrefix", [DEFAULT])[0]
    prefix = wished if wished in prefixes or not prefixes else prefixes[0]
    part = asked.get("set", [None])[0]
    said = {"prefix": prefix if prefix != DEFAULT else None, "set": part}
    return Proposal(
        Certainty.NAMED if answered else Certainty.SHAPE,
        base,
        title=text(child(identity, "repositoryName")) or None,
        count=_count(base, prefix, part, look),
        keys={name: one for name, one in said.items() if one},
        learned=[*(f"prefix {one}" for one in prefixes), *_sets(base, look)],
        unknown=() if prefix == DEFAULT else [f"map: which elements of '{prefix}' are the name, the date, …"],
    )


def _root(seen: Seen) -> Element | None:
    """The root of an answer of the protocol; None for anything else."""
    found = parsed(seen.content, charset=seen.charset) if "OAI-PMH" in seen.text[:4096] else None
    return found if found is not None and local(found) == "OAI-PMH" else None


def _linked(seen: Seen) -> str | None:
    """The address that a page links to, on the same host, where questions may be asked."""
    links = seen.links("a[href], link[href]")
    own = (url for url in links if url.startswith(f"{seen.root}/") and _LINKED.search(url))
    return next((url.partition("?")[0] for url in own), None)


def _told(answer: Seen | None, name: str) -> Element | None:
    """The part of an answer that bears this name."""
    return child(_root(answer), name) if answer else None


def _formats(base: str, look: Look) -> Iterator[str]:
    told = _told(look(f"{base}?verb=ListMetadataFormats"), "ListMetadataFormats")
    yield from (text(child(one, "metadataPrefix")) for one in children(told, "metadataFormat"))


def _sets(base: str, look: Look) -> Iterator[str]:
    """The first sets, by what `set` calls them."""
    told = _told(look(f"{base}?verb=ListSets"), "ListSets")
    for one in list(children(told, "set"))[:MOST]:
        yield f"set {text(child(one, 'setSpec'))}: {text(child(one, 'setName'))}"


def _count(base: str, prefix: str, part: str | None, look: Look) -> int | None:
    """The size that the list declares, or that of a list in one piece; None when neither is told."""
    said = {"verb": "ListIdentifiers", "metadataPrefix": prefix} | ({"set": part} if part else {})
    told = _told(look(f"{base}?{urlencode(said)}"), "ListIdentifiers")
    token = child(told, "resumptionToken")
    size = number(token.get("completeListSize", "")) if token is not None else None
    if size is not None:
        return size
    headers = list(children(told, "header"))
    return len(headers) or None if token is None or not text(token) else None
