"""Room: net changes of records -> the triples that a projection must delete and insert, line by line."""

from __future__ import annotations

from collections.abc import Iterable

from harvester.ledger.ledger import NetChange


def difference(net: Iterable[NetChange]) -> tuple[list[bytes], list[bytes]]:
    """(lines to delete, lines to insert); no line is in both, as no two records share one."""
    delete: list[bytes] = []
    insert: list[bytes] = []
    for change in net:
        old = set((change.old or b"").splitlines(keepends=True))
        new = set((change.new or b"").splitlines(keepends=True))
        delete += sorted(old - new)
        insert += sorted(new - old)
    return delete, insert
