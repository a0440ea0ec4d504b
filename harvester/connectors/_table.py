"""Room: one file of rows, of any kind that we know → rows, and rows → records.

In: a kept answer, what the configuration says of it. Out: rows as dicts, records with their refs. Says
nothing of what a column means; asks for nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Raw
from harvester.connectors._answers import snippet
from harvester.connectors._format import Format, recognised
from harvester.connectors._geojson import flattened, is_feature
from harvester.connectors._json import Document
from harvester.connectors._rows import Rows, csv_rows, json_lines, xlsx_rows
from harvester.connectors._text import encoding
from harvester.model import Answer, Record, Rejected, Source
from harvester.model import Raw as Value

SPELLINGS: dict[str, Any] = {
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
"""How columns are called in files that nobody described: a mapping of whole column names."""

LISTS = ("features", "data", "records", "results", "elements", "items", "")
_STABLE = json.JSONEncoder(sort_keys=True, ensure_ascii=False)


class Identity(BaseModel):
    """What tells a row from others, and cells that hold more than they show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: tuple[str, ...] = Field(
        (), description="Columns that identify a row without a `map.ref`; all if none."
    )
    nested: tuple[str, ...] = Field((), description="Columns whose cells are JSON written as text.")


class File(Identity):
    """How a file of rows is written, when that is not recognised."""

    format: Format | None = Field(None, description="Format of the file, when it is not recognised.")
    records: str | None = Field(None, description="Dotted path to the list inside a JSON document.")
    encoding: str | None = Field(None, description="Encoding of a text file, when it is not recognised.")
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="Sign between cells of a CSV."
    )
    sheet: str | None = Field(None, description="Sheet of a workbook; the first by default.")
    header_row: int | None = Field(None, ge=1, description="Line of the header, from 1; the first not blank.")


def rows(answer: Answer, place: str, options: File, *, raw: Raw, members: dict[str, Any]) -> Rows:
    """The rows of a file, in its order; `members` gains what stands beside the list of a JSON document.

    Raises:
        SourceChanged: the file is empty, cut or no table.
    """
    kind = options.format or kind_of(answer, place, raw=raw)
    used = options.encoding or _encoding(answer, kind, raw)
    with raw.open(answer) as stream:
        if kind == "xlsx":
            yield from xlsx_rows(stream, where=place, sheet=options.sheet, header_row=options.header_row)
        elif kind == "jsonl":
            yield from json_lines(stream, where=place)
        elif kind in ("json", "geojson"):
            document = Document(stream, where=place, encoding=used)
            yield from _document_rows(document, options)
            members |= document.members
        else:
            sign = options.delimiter or ("\t" if kind == "tsv" else None)
            yield from csv_rows(
                stream, where=place, encoding=used, delimiter=sign, header_row=options.header_row
            )


def kind_of(answer: Answer, place: str, *, raw: Raw, name: str = "") -> Format:
    """What kind of file it is; `name` is the address that ends with its name, when a redirect hides it.

    Raises:
        SourceChanged: an empty file, a web page, an archive.
    """
    with raw.open(answer) as stream:
        start = stream.read(1 << 12)
    return recognised(replace(answer, url=name) if name else answer, start, where=place)


def row(value: Value) -> dict[str, Any] | Rejected:
    """One value of a JSON list as a row."""
    if is_feature(value):
        return flattened(value)
    return value if isinstance(value, dict) else Rejected(None, f"expected an object, got {value!r:.60}")


def ref_columns(source: Source) -> tuple[str, ...]:
    """Columns of `map.ref`, first non-empty wins; none when the source gives no such mapping."""
    given = source.map.get("ref")
    given = given.get("from") if isinstance(given, Mapping) else given
    return (given,) if isinstance(given, str) else tuple(given or ())


def record(row: dict[str, Any], refs: tuple[str, ...], options: Identity) -> Record | Rejected:
    """The record of a row: its ref is in the columns `refs`, or a hash of `options.key`."""
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


def _encoding(answer: Answer, kind: Format, raw: Raw) -> str:
    if kind in ("xlsx", "jsonl"):
        return "utf-8"
    with raw.open(answer) as stream:
        return encoding(stream, charset=answer.charset)


def _document_rows(document: Document, options: File) -> Rows:
    document.seek(*((options.records,) if options.records else LISTS), keyed=bool(options.records))
    yield from map(row, document.items())


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
