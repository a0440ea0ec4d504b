"""Room: what became of a record, told from the ledger to the person who looks for it.

In comes what a person has at hand: the IRI of a record, the address of its page at the partner, or
"SOURCE REF"; out come stories, one for each record that fits. It asks nobody else and writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import product
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row, select

from harvester import iri
from harvester.cleaning import web
from harvester.ledger.exits import Exit
from harvester.ledger.ledger import Ledger
from harvester.ledger.stories import Story, source_exits, story, told
from harvester.ledger.tables import records

_MOST = 20
"""Records told of one page: some partners give all of theirs the same."""


def why(
    ledger: Ledger, asked: str, *, base: str, declared: Collection[str] | None = None
) -> tuple[Story, ...]:
    """The stories of the records that `asked` names, sorted by source and ref; empty when never seen.

    `asked` is a record IRI under `base` (a fragment or a query does no harm), the address of a page at the
    partner (with or without scheme, `www.` and last slash), or a source id and a ref. `declared` are the
    sources of the configuration; without it nothing is said of one that left the file.
    """
    asked = asked.strip()
    ours = (iri.record_of(base, one.partition("?")[0]) for one in variants(asked))
    named = next(filter(None, ours), None) or _two_words(asked)
    if named:
        return tuple(filter(None, [story(ledger, *named, declared=declared)]))
    return tuple(told(ledger, row, declared) for row in _rows_of_page(ledger, asked))


def of_host(
    ledger: Ledger, asked: str, *, declared: Collection[str] | None = None
) -> Mapping[str, tuple[Exit, ...]]:
    """The sources read from the host of a page, with what keeps each from being fresh; may be empty."""
    host = _host(asked)
    return {
        source: source_exits(ledger, source, described, declared)
        for source, described in ledger.sources().items()
        if host and host in {_host(url) for url in described["urls"]}
    }


def variants(address: str) -> tuple[str, ...]:
    """The address as asked, then as a partner may write it: scheme, `www.` and last slash do not count."""
    try:
        cleaned = web.url(address) or address
    except ValueError:
        return (address,)
    _, _, rest = cleaned.partition("://")
    bare = rest.removesuffix("/").removeprefix("www.")
    written = product(("https", "http"), ("", "www."), ("", "/"))
    return tuple(
        dict.fromkeys([address, cleaned, *(f"{scheme}://{www}{bare}{end}" for scheme, www, end in written)])
    )


def _two_words(asked: str) -> tuple[str, str] | None:
    source, space, ref = asked.partition(" ")
    return (source, ref.strip()) if space and "://" not in source else None


def _rows_of_page(ledger: Ledger, page: str) -> list[Row[Any]]:
    """The records of a page; of the page without its fragment when there is none with it."""
    for asked in dict.fromkeys((page, page.partition("#")[0])):
        query = select(records).where(records.c.page.in_(variants(asked)))
        with ledger.reading() as connection:
            rows = list(connection.execute(query.order_by(records.c.source, records.c.ref).limit(_MOST)))
        if rows:
            return rows
    return []


def _host(address: str) -> str | None:
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname
    except ValueError:
        return None
    return host and host.removeprefix("www.")
