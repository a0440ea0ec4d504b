"""Room: the ledger: what we hold, what changed, who said so; the truth of the house."""

from harvester.ledger.draft import Draft, Judged, Listed, Packed, Tally, pack
from harvester.ledger.ledger import Ledger, NetChange

__all__ = ["Draft", "Judged", "Ledger", "Listed", "NetChange", "Packed", "Tally", "pack"]
