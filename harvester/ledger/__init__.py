"""Room: the ledger: what we hold, what changed, who said so; the truth of the house."""

from harvester.ledger.draft import Draft, Judged, Listed, Outlook, Tally
from harvester.ledger.ledger import Ledger, NetChange
from harvester.ledger.packing import Packed, pack

__all__ = ["Draft", "Judged", "Ledger", "Listed", "NetChange", "Outlook", "Packed", "Tally", "pack"]
