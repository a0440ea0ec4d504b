"""Room: published records in the formats that partners' platforms import.

In: the ledger, and which records somebody wants. Out: documents, piece by piece, each record with its licence
and its credit. Nothing is kept, nobody is asked.
"""

from collections.abc import Callable, Iterable, Iterator

from harvester.exchange.choice import Choice, Chosen, chosen, of_record
from harvester.exchange.gogocarto import gogocarto
from harvester.exchange.murmurations import index, profile
from harvester.exchange.schema_org import data_feed

Written = Callable[[Iterable[Chosen]], Iterator[bytes]]
"""Records -> a document, in pieces."""

__all__ = ["Choice", "Chosen", "Written", "chosen", "data_feed", "gogocarto", "index", "of_record", "profile"]
