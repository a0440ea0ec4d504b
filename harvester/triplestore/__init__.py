"""Room: the embedded triple store: one writer, immutable checkpoints, killable query workers.

Triples come in as N-Triples bytes with the position they bring the store to; checkpoints and
answers go out. It knows neither the ledger nor what the triples mean, and is rebuilt from the
ledger at any time.
"""

from harvester.triplestore.asking import Answering, Query
from harvester.triplestore.checkpoints import Checkpoints, Mark, mark
from harvester.triplestore.lock import FileLock, held_since
from harvester.triplestore.queries import QueryPool
from harvester.triplestore.store import TripleStore
from harvester.triplestore.turns import Asker

__all__ = [
    "Answering",
    "Asker",
    "Checkpoints",
    "FileLock",
    "Mark",
    "Query",
    "QueryPool",
    "TripleStore",
    "held_since",
    "mark",
]
