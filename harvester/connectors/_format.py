"""Room: what kind of table a file is.

In: its name, its media type, its first bytes. Out: one word of `Format`; SourceChanged for what is no table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from harvester.connectors._json import PAGE
from harvester.errors import SourceChanged
from harvester.model import Answer

Format = Literal["csv", "tsv", "xlsx", "json", "jsonl", "geojson"]

MEDIA_TYPES: Mapping[str, Format] = {
    "text/tab-separated-values": "tsv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/geo+json": "geojson",
    "application/json": "json",
    "application/ld+json": "json",
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
}

SUFFIXES: Mapping[str, Format] = {
    "csv": "csv",
    "tsv": "tsv",
    "xlsx": "xlsx",
    "json": "json",
    "jsonld": "json",
    "geojson": "geojson",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
}

FOREIGN: Mapping[bytes, str] = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls); ask for .xlsx or CSV",
    b"%PDF": "a PDF; ask for CSV",
    b"\x1f\x8b": "a gzip archive; give the address of the file itself",
}

TWO_OBJECTS = re.compile(r"\{[^\n]*\}[ \t\r]*\n\s*+\{")


def recognised(answer: Answer, start: bytes, *, where: str) -> Format:
    """The format of a file from its first bytes, then its name, then its media type; CSV when none tells.

    Raises:
        SourceChanged: an empty file, a web page, an archive.
    """
    text = start.decode("utf-8-sig", "replace").lstrip()
    foreign = next((what for mark, what in FOREIGN.items() if start.startswith(mark)), None)
    if not text or foreign or PAGE.match(text):
        what = foreign or f"{'an HTML page' if text else 'an empty file'}; check the address"
        raise SourceChanged(f"{where}: expected a table, got {what}")
    if start.startswith(b"PK"):
        return "xlsx"
    named = _named(answer)
    if text[0] in "{[" and named in (None, "csv", "json"):
        return "jsonl" if TWO_OBJECTS.match(text) else "json"
    return named or "csv"


def _named(answer: Answer) -> Format | None:
    suffix = urlsplit(answer.url).path.rpartition(".")[2].lower()
    return SUFFIXES.get(suffix) or MEDIA_TYPES.get(answer.media_type.partition(";")[0].strip())
