"""Room: what is published, compared with the ledger, and brought to it.

In: the ledger and the store that is published from. Out: what was different. The store is a projection:
whatever is wrong with it is mended by making it anew. Hold the writer's lock.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from harvester.errors import DiskError, StoreError
from harvester.keeping import leftovers
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Federation
from harvester.publish import Publication
from harvester.triplestore import Checkpoints


def mended(layout: Layout, federation: Federation, ledger: Ledger, *, deep: bool) -> Iterator[str]:
    """Bring what is published to the ledger; yields what was different, one sentence each.

    Raises:
        DiskError: the disk refuses.
    """
    yield from _checkpoint(layout)
    try:
        yield from _brought_up(layout, federation, ledger, deep=deep)
    except DiskError:
        raise
    except StoreError as error:
        leftovers.drop(layout.oxigraph)
        yield f"made anew from the ledger: {error}"
        yield from _brought_up(layout, federation, ledger, deep=False)


def _brought_up(layout: Layout, federation: Federation, ledger: Ledger, *, deep: bool) -> Iterator[str]:
    publication = Publication(layout, federation, ledger)
    try:
        yield from _told(publication, deep=deep)
        publication.refresh()
    finally:
        publication.close()


def _checkpoint(layout: Layout) -> Iterator[str]:
    """A checkpoint that readers cannot open is dropped; the next publication makes another."""
    current = Checkpoints(layout.checkpoints).current()
    if current is None:
        return
    try:
        ox.Store.read_only(str(current)).query("ASK {}")
    except (OSError, RuntimeError) as error:  # RuntimeError: what the engine says of damaged files
        leftovers.drop(current)
        yield f"checkpoint {current.name} could not be read ({error}); made anew"


def _told(publication: Publication, *, deep: bool) -> Iterator[str]:
    for source, (applied, newest) in sorted(publication.positions().items()):
        if applied is None:
            yield f"'{source}' was not there; loaded up to change {newest}"
        elif applied < newest:
            yield f"'{source}' was at change {applied}; brought up to {newest}"
        elif applied > newest:
            yield f"'{source}' was at change {applied}, ahead of the ledger ({newest}); loaded anew"
    if deep:
        for source in publication.reload_different():
            yield f"'{source}' said something else than the ledger; loaded anew"
