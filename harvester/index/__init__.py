"""Room: the index, by which published records are found: by kind, theme, territory, place, time.

The ledger comes in, up to the position that the checkpoint shows; a file of keys goes out, which readers see
whole. It holds no text of a record: what an answer says is read from the ledger, by the number of a version.
"""

from harvester.index.asking import Cursor, Entry, Part, entry, part
from harvester.index.bringing import Index
from harvester.index.filters import Asked, Box
from harvester.index.tables import words

__all__ = ["Asked", "Box", "Cursor", "Entry", "Index", "Part", "entry", "part", "words"]
