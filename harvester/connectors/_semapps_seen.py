"""Room: recognising a SemApps server, by what it announces, or another server by one of its LDP containers.

In: what answers at an address. Out: a proposal, with the containers that hold something of a kind we know.
What holds persons, and what the server asks not to copy, is neither proposed nor counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from harvester.connectors._glances import Glances
from harvester.connectors._rdf import root
from harvester.connectors._rdf_seen import about, things
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen
from harvester.connectors._semapps_pages import CONTAINERS
from harvester.connectors._semapps_void import ACCEPT, VOID, WELL_KNOWN, Container, Server, server
from harvester.connectors._things import addresses, every
from harvester.errors import SourceChanged
from harvester.profile import adoption
from harvester.rdf import Thing

LDP = re.compile(rb"ldp|BasicContainer")
"""What a container has in it, however its context shortens names."""


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """The server that is seen, or that a container or a page naming the platform stands on."""
    announced = _announced(seen, look)
    held = None if announced else _container(seen, look)
    if announced is None and (held is not None or seen.says("semapps")):
        void = look(root(seen.url) + WELL_KNOWN, accept=ACCEPT)
        announced = _announced(void, look) if void else None
    return announced or (_alone(held) if held else None)


def _announced(seen: Seen, look: Look) -> Proposal | None:
    """A server, by the description of itself."""
    found = things(seen, look) if VOID.encode() in seen.content or b"void:" in seen.content else ()
    glances = Glances(look)
    with suppress(SourceChanged, ValueError):  # the latter for an address that is none, deep inside
        if found:
            return _proposal(server(glances.answer(seen), glances, place=seen.url), found, seen)
    return None


def _proposal(known: Server, found: Sequence[Thing], seen: Seen) -> Proposal | None:
    readable = [one for one in known.containers if one.kind({}) and not (one.person or one.closed)]
    if all(one.empty for one in readable):
        return None
    parts = [thing for thing in every(found) if known.space in addresses(thing, f"{VOID}uriSpace")]
    said = about(parts, {"void:Dataset"})
    return Proposal(
        Certainty.NAMED,
        root(seen.url),
        title=said.title,
        licence=known.licence,
        publisher=said.publisher,
        learned=[f"container {one.address}: {_held(one, found)} of kind {one.kind({})}" for one in readable],
        unknown=[
            "page: where people see a record, when its IRI shows data only",
            "skip_from: which platforms it imports from that are sources of their own",
            *(f"kinds: what does {one} hold?" for one in _strange(known)),
        ],
    )


def _held(container: Container, found: Sequence[Thing]) -> str:
    """How many things a container holds, as the server counts: private ones too."""
    part = next((one for one in every(found) if container.address in addresses(one, f"{VOID}uriSpace")), None)
    return next(iter(addresses(part, f"{VOID}entities")), "?") if part else "?"


def _strange(known: Server) -> list[str]:
    """Containers of classes that mean nothing to us."""
    left = (one for one in known.containers if not (one.person or one.closed or one.empty))
    return [one.address for one in left if not (adoption.kind(one.classes) or adoption.quiet(one.classes))]


def _container(seen: Seen, look: Look) -> Seen | None:
    """What is seen, when it is a container that holds no persons."""
    found = things(seen, look) if LDP.search(seen.content) else ()
    holds = any(not CONTAINERS.isdisjoint(thing.classes) for thing in found)
    return seen if holds and not Container(seen.url).person else None


def _alone(container: Seen) -> Proposal:
    """One container of a server that announces nothing."""
    return Proposal(
        Certainty.NAMED,
        root(container.url),
        keys={"void": False, "containers": [container.path]},
        unknown=["containers: which others does this server have?"],
    )
