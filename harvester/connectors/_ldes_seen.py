"""Room: recognising an event stream, by its own address or that of any of its pages.

In: what answers at an address. Out: a proposal for the stream's view, with what the first members are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from harvester.connectors._ldes_pages import LDES, TREE
from harvester.connectors._rdf import ACCEPT, root
from harvester.connectors._rdf_seen import about, things
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen
from harvester.connectors._things import addresses, every, same_page
from harvester.profile import adoption
from harvester.rdf import Thing

WRITTEN = re.compile(rb"w3id\.org/(?:tree|ldes)#")
STREAMS = frozenset({f"{LDES}EventStream", f"{TREE}Collection"})
VERSION_OF = "http://purl.org/dc/terms/isVersionOf"

View = tuple[str, str]
"""The IRI of a stream, "" when it has none, and the address of a first page of it."""


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A stream, or the stream of a page, that says where it begins."""
    found = _every(seen, look)
    views = list(dict.fromkeys((one.iri or "", at) for one in found for at in addresses(one, f"{TREE}view")))
    if not views:
        return None
    own = [view for view in views if same_page(view[1], seen.url)]
    own = own or [view for view in views if same_page(view[0], seen.url)]
    stream, address = (own or views)[0]
    told = _near(seen, (stream, address), look)
    said, members = about(told, STREAMS), _members(told)
    return Proposal(
        Certainty.NAMED,
        seen.url if len(own) == 1 else address,
        title=said.title,
        licence=said.licence,
        publisher=said.publisher,
        keys=_namespace(members, seen.url),
        learned=_kinds(members),
        unknown=[f"url: which view? {', '.join(at for _, at in own or views)}"]
        if len(own or views) > 1
        else [],
    )


def _every(seen: Seen | None, look: Look) -> list[Thing]:
    """All that a page describes, when it is one of a stream."""
    return list(every(things(seen, look))) if seen and WRITTEN.search(seen.content) else []


def _near(seen: Seen, view: View, look: Look) -> list[Thing]:
    """What the stream and its view say, and the page that the view leads to first when it has no members."""
    met = {seen.url.partition("#")[0]}
    near = [*_every(seen, look), *(thing for address in view for thing in _page(address, met, look))]
    if not any(addresses(one, f"{TREE}member") for one in near):
        behind = [at for one in near for at in addresses(one, f"{TREE}node")]
        near += _page(behind[0], met, look) if behind else []
    return near


def _page(address: str, met: set[str], look: Look) -> list[Thing]:
    """What a page describes that was not met before."""
    page = address.partition("#")[0]
    if page in met or not page.startswith(("http://", "https://")):
        return []
    met.add(page)
    return _every(look(page, accept=ACCEPT), look)


def _members(found: Iterable[Thing]) -> Sequence[Thing]:
    """The members that are described."""
    named = {one.iri: one for one in found if one.iri}
    listed = dict.fromkeys(at for one in named.values() for at in addresses(one, f"{TREE}member"))
    return [thing for iri, thing in named.items() if iri in listed]


def _kinds(members: Sequence[Thing]) -> list[str]:
    """The classes of the members seen that mean a kind."""
    told = Counter(one for thing in members for one in thing.classes if adoption.kind([one]))
    of = f"of the first {len(members)} members"
    return [f"class {adoption.short(one)}: {n} {of}, kind {adoption.kind([one])}" for one, n in told.items()]


def _namespace(members: Sequence[Thing], url: str) -> dict[str, str]:
    """The option `namespace`, when all things that the members are versions of have another host."""
    named = [iri for one in members for iri in (addresses(one, VERSION_OF) or [one.iri or ""])]
    roots = {root(iri) for iri in named}
    elsewhere = len(roots) == 1 and roots.isdisjoint({"", root(url)})
    return {"namespace": next(iter(roots))} if elsewhere else {}
