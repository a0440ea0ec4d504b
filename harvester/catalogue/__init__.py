"""Room: the federation as a catalogue: DCAT for portals, VoID for programs that follow links.

In: the descriptions of sources, the manifests of dumps, the ledger's book-keeping. Out: triples, no blank
node. It counts nothing itself: what it tells was counted when the dumps were made.
"""

from harvester.catalogue.datasets import dcat, periodicity
from harvester.catalogue.state import State, Told, state
from harvester.catalogue.void import void

__all__ = ["State", "Told", "dcat", "periodicity", "state", "void"]
