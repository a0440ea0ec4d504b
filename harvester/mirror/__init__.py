"""Room: what is published, mirrored to a triple store on another machine, by standard protocols only.

In: the ledger and the current checkpoint. Out: the same graphs over there, and a note of how far it has come.
It never reads back what the other store made of a literal, and never keeps local publication waiting.
"""

from harvester.mirror.follower import Follower
from harvester.mirror.mirror import Mirror, mirrored
from harvester.mirror.note import Note, note

__all__ = ["Follower", "Mirror", "Note", "mirrored", "note"]
