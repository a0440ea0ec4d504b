"""Room: tables, in CSV, TSV, Excel, JSON, JSON Lines and GeoJSON files.

In: one file or several (open data, exports, spreadsheets). Out: one record per row, by column name.
Says nothing of what a column means: that is the mapping's. Never turns a cell into another value.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, snippet, where
from harvester.connectors._format import Format, recognised
from harvester.connectors._geojson import flattened, is_feature
from harvester.connectors._json import Document
from harvester.connectors._rows import Rows, csv_rows, json_lines, xlsx_rows
from harvester.connectors._text import encoding
from harvester.errors import SourceChanged
from harvester.model import Answer, Listing, Record, Rejected, Source
from harvester.model import Raw as Value

LISTING = Listing.FULL
COLUMNS = True

MAPPING: dict[str, Any] = {
    "name": ["name", "nom", "Nom", "NOM", "titre", "Titre", "title"],
    "description": ["description", "Description", "presentation", "Présentation"],
    "lat": ["lat", "latitude", "Latitude", "lattitude", "y"],
    "lon": ["lon", "lng", "long", "longitude", "Longitude", "x"],
    "street": ["adresse", "Adresse", "rue", "street", "address"],
    "postcode": ["code_postal", "Code postal", "codepostal", "cp", "CP", "postcode"],
    "city": ["commune", "Commune", "ville", "Ville", "city"],
    "insee": ["code_insee", "code_commune", "insee", "codeinsee"],
    "homepage": ["site_web", "Site web", "Site internet", "siteweb", "site", "url", "website"],
}

IGNORED: frozenset[str] = frozenset()

LISTS = ("features", "data", "records", "results", "elements", "items", "")
_STABLE = json.JSONEncoder(sort_keys=True, ensure_ascii=False)

TOTALS = ("total_count", "nhits", "total")
"""Members in which open data portals declare how many rows there are, pages not asked included."""


class Options(BaseModel):
    """What may be said of a table besides its address or addresses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Format | None = Field(None, description="Format of the file, when it is not recognised.")
    records: str | None = Field(None, description="Dotted path to the list inside a JSON document.")
    encoding: str | None = Field(None, description="Encoding of a text file, when it is not recognised.")
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="Sign between cells of a CSV."
    )
    sheet: str | None = Field(None, description="Sheet of a workbook; the first by default.")
    header_row: int | None = Field(None, ge=1, description="Line of the header, from 1; the first not blank.")
    key: tuple[str, ...] = Field(
        (), description="Columns that identify a row without a `map.ref`; all if none."
    )
    nested: tuple[str, ...] = Field((), description="Columns whose cells are JSON written as text.")


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:  # noqa: ARG001  files name no others
    """One answer per declared address, in order."""
    for url in source.urls:
        yield client.get(url)


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Rows, file by file, in their order.

    Raises:
        SourceChanged: a file is empty, cut, not a table, or holds fewer rows than it declares.
    """
    options = Options(**source.options)
    refs = _ref_columns(source)
    count, documents = 0, []
    for url in source.urls:
        answer = asked(answers, url, source)
        document: dict[str, Any] = {}
        for row in _rows(answer, where(answer, source), options, raw=raw, members=document):
            count += 1
            yield row if isinstance(row, Rejected) else _record(row, refs, options)
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


def _rows(answer: Answer, place: str, options: Options, *, raw: Raw, members: dict[str, Any]) -> Rows:
    with raw.open(answer) as stream:
        start = stream.read(1 << 12)
    kind = options.format or recognised(answer, start, where=place)
    used = options.encoding or _encoding(answer, kind, raw)
    with raw.open(answer) as stream:
        if kind == "xlsx":
            yield from xlsx_rows(stream, where=place, sheet=options.sheet, header_row=options.header_row)
        elif kind == "jsonl":
            yield from json_lines(stream)
        elif kind in ("json", "geojson"):
            document = Document(stream, where=place, encoding=used)
            yield from _document_rows(document, options)
            members |= document.members
        else:
            sign = options.delimiter or ("\t" if kind == "tsv" else None)
            yield from csv_rows(
                stream, where=place, encoding=used, delimiter=sign, header_row=options.header_row
            )


def _encoding(answer: Answer, kind: Format, raw: Raw) -> str:
    if kind in ("xlsx", "jsonl"):
        return "utf-8"
    with raw.open(answer) as stream:
        return encoding(stream, charset=answer.charset)


def _document_rows(document: Document, options: Options) -> Rows:
    document.seek(*((options.records,) if options.records else LISTS), keyed=bool(options.records))
    yield from map(_row, document.items())


def _row(value: Value) -> dict[str, Any] | Rejected:
    if is_feature(value):
        return flattened(value)
    return value if isinstance(value, dict) else Rejected(None, f"expected an object, got {value!r:.60}")


def _ref_columns(source: Source) -> tuple[str, ...]:
    """Columns of `map.ref`, first non-empty wins; none when the source gives no such mapping."""
    given = source.map.get("ref")
    given = given.get("from") if isinstance(given, Mapping) else given
    return (given,) if isinstance(given, str) else tuple(given or ())


def _record(row: dict[str, Any], refs: tuple[str, ...], options: Options) -> Record | Rejected:
    ref = _named(row, refs) if refs else _hashed(row, options.key)
    if ref is None:
        sought = ", ".join(f"'{column}'" for column in refs or options.key)
        return Rejected(
            None, f"nothing in {sought} to identify {snippet(json.dumps(row, ensure_ascii=False))}"
        )
    for column in options.nested:
        try:
            row[column] = orjson.loads(row[column]) if isinstance(row.get(column), str) else row.get(column)
        except orjson.JSONDecodeError:
            return Rejected(ref, f"column '{column}' is not JSON: {snippet(row[column])}")
    return Record(ref, row)


def _named(row: Mapping[str, Any], columns: tuple[str, ...]) -> str | None:
    values = (str(row[column]).strip() for column in columns if row.get(column) is not None)
    return next((value for value in values if value), None)


def _hashed(row: Mapping[str, Any], columns: tuple[str, ...]) -> str | None:
    """16 hex digits from the values of `columns`, or of the whole row: stable while they are."""
    values = {column: row.get(column) for column in columns or row}
    if all(value in (None, "") for value in values.values()):
        return None
    text = _STABLE.encode(values)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
