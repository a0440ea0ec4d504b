"""Room: tables, in CSV, TSV, Excel, JSON, JSON Lines and GeoJSON files, and shared spreadsheets.

In: one file or several (open data, exports, spreadsheets). Out: one record per row, by column name.
Says nothing of what a column means: that is the mapping's. Never turns a cell into another value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, distinct, where
from harvester.connectors._spreadsheets import exported
from harvester.connectors._table import SPELLINGS, File, record, ref_columns, rows
from harvester.connectors._table_seen import recognised
from harvester.errors import SourceChanged
from harvester.model import Answer, Listing, Record, Rejected, Source

__all__ = ["COLUMNS", "IGNORED", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL
COLUMNS = True

MAPPING: dict[str, Any] = SPELLINGS

IGNORED: frozenset[str] = frozenset()

TOTALS = ("total_count", "nhits", "total")
"""Members in which open data portals declare how many rows there are, pages not asked included."""


class Options(File):
    """What may be said of a table besides its address or addresses."""


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:  # noqa: ARG001  files name no others
    """One answer per declared address, in order."""
    for url in source.urls:
        yield client.get(exported(url))


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Rows, file by file, in their order.

    Raises:
        SourceChanged: a file is empty, cut, not a table, that of another address, or holds fewer rows than
            it declares.
    """
    distinct(answers, source)
    options = Options(**source.options)
    refs = ref_columns(source)
    count, documents = 0, []
    for url in source.urls:
        answer = asked(answers, exported(url), source)
        document: dict[str, Any] = {}
        for row in rows(answer, where(answer, source), options, raw=raw, members=document):
            count += 1
            yield row if isinstance(row, Rejected) else record(row, refs, options)
        documents.append(document)
    _check_total(source, count, documents)


def _check_total(source: Source, count: int, documents: Sequence[Mapping[str, Any]]) -> None:
    """Several addresses may be the pages of one list: together they reach the total that each declares."""
    said = [
        document[name] for document in documents for name in TOTALS if isinstance(document.get(name), int)
    ]
    if said and count < max(said):
        raise SourceChanged(
            f"table '{source.id}': {source.url}: {count} rows of the {max(said)} it declares; "
            "ask for the whole export"
        )
