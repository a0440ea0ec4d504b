"""Room: what a maintainer is helped with before a source is harvested.

In: an address, or a declared source. Out: a proposed `[source.…]` table, a preview, a recording for the
tests, an alignment. Nothing here touches the ledger or the triple store.
"""
