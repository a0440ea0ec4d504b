"""Room: an address -> the sources it holds, as the connectors recognise them.

Each connector found looks at what answers; the surest speaks first. Knows no platform itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from harvester import connectors
from harvester.connectors import Connector
from harvester.connectors._recognition import Look, Proposal, Seen


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a connector proposes to read."""

    connector: Connector
    proposal: Proposal


def recognised(seen: Seen, look: Look) -> list[Recognised]:
    """What connectors recognise in what answers at an address, the surest first; may be empty."""
    found = []
    for name in connectors.names():
        connector = connectors.load(name)
        proposal = connector.recognised(seen, look)
        if proposal is not None:
            found.append(Recognised(connector, proposal))
    return sorted(found, key=lambda one: -one.proposal.certainty)
