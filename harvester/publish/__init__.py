"""Room: what leaves the house: the store brought up to the ledger, checkpoints, later dumps and feed."""

from harvester.publish.publication import Publication, published
from harvester.publish.publisher import Publisher

__all__ = ["Publication", "Publisher", "published"]
