"""Room: Opendatasoft portals (Explore API 2.1), one dataset read by its export.

In: a portal and the identifier of a dataset. Out: one record per row, by field name. The export has no limit
of 10,000 rows, and is checked against the count that the portal gives. Never asks for more than public data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from pydantic import Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, snippet, where
from harvester.connectors._json import Document
from harvester.connectors._opendatasoft_portal import CATALOGUE, DATASET, recognised
from harvester.connectors._table import SPELLINGS, Identity, record, ref_columns, row
from harvester.errors import SourceChanged, SourceUnavailable
from harvester.model import Answer, Listing, Record, Rejected, Source
from harvester.model import Raw as Value

__all__ = [
    "COLUMNS",
    "IGNORED",
    "LISTING",
    "MAPPING",
    "Options",
    "answers",
    "recognised",
    "records",
    "stated_licence",
]

LISTING = Listing.FULL
COLUMNS = True

MAPPING: dict[str, Any] = SPELLINGS | {
    "lat": [*SPELLINGS["lat"], "_lat"],
    "lon": [*SPELLINGS["lon"], "_lon"],
}

IGNORED: frozenset[str] = frozenset()

PAIR = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*")


class Options(Identity):
    """What may be said of a dataset besides its address: the page of the dataset, or the portal."""

    dataset: str | None = Field(
        None, description="Identifier of the dataset, when the address is the portal."
    )
    where: str | None = Field(None, description="Which rows, in ODSQL: `departement = '34'`.")
    select: str | None = Field(None, description="Which fields, in ODSQL; all by default.")


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:  # noqa: ARG001  they name no others
    """The dataset, how many rows there are, then all of them."""
    for url in _addresses(source):
        yield client.get(url, accept="application/json")


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Rows in the portal's order, with `_lat` and `_lon` from their first point.

    Raises:
        SourceChanged: no dataset, no rows, an error among the rows, a list that does not close.
        SourceUnavailable: fewer rows than the portal counts: it changed meanwhile, or cut its export.
    """
    about, counted, export = (asked(answers, url, source) for url in _addresses(source))
    points = _points(_dataset(about, source, raw), where(about, source))
    total = _total(counted, source, raw)
    options, refs, count = Options(**source.options), ref_columns(source), 0
    place = where(export, source)
    with raw.open(export) as stream:
        for value in Document(stream, where=place).seek("").items():
            if isinstance(value, dict) and "error_code" in value:
                said = snippet(str(value.get("message") or value["error_code"]))
                raise SourceChanged(f"{place}: it tells an error among its rows, {said}; ask the portal")
            count += 1
            one = row(value)
            yield one if isinstance(one, Rejected) else record(_located(one, points), refs, options)
    if count < total:
        raise SourceUnavailable(f"{place}: {count} rows of the {total} it counts; the next round tries again")


def stated_licence(answers: Sequence[Answer], raw: Raw) -> str | None:
    """The licence of the dataset: its address, else its name; None when the portal says nothing."""
    for answer in answers[:1]:
        metas = _dataset(answer, None, raw).get("metas")
        default = metas.get("default") if isinstance(metas, dict) else None
        if isinstance(default, dict) and (said := default.get("license_url") or default.get("license")):
            return str(said)
    return None


def _addresses(source: Source) -> tuple[str, str, str]:
    """Of the dataset, of its count, of its export."""
    options = Options(**source.options)
    parts = urlsplit(source.url)
    found = DATASET.search(parts.path)
    dataset = options.dataset or (found[1] if found else None)
    if dataset is None:
        raise SourceChanged(
            f"opendatasoft '{source.id}': {source.url}: no dataset in the address; set `dataset`"
        )
    root = f"{parts.scheme}://{parts.netloc}{CATALOGUE}/{quote(dataset, safe='@')}"
    rows = {"where": options.where} if options.where else {}
    some = {"select": options.select} if options.select else {}
    tail = f"?{urlencode(rows | some)}" if rows or some else ""
    return root, f"{root}/records?{urlencode(rows | {'limit': 1})}", f"{root}/exports/json{tail}"


def _dataset(answer: Answer, source: Source | None, raw: Raw) -> Mapping[str, Any]:
    value = _whole(answer, source, raw)
    if not isinstance(value, dict) or not isinstance(value.get("fields"), list):
        raise SourceChanged(f"{where(answer, source)}: no dataset with `fields`; check `dataset`")
    return value


def _total(answer: Answer, source: Source, raw: Raw) -> int:
    value = _whole(answer, source, raw)
    total = value.get("total_count") if isinstance(value, dict) else None
    if not isinstance(total, int):
        raise SourceChanged(
            f"{where(answer, source)}: no `total_count`, got {snippet(str(value))}; check `where`"
        )
    return total


def _whole(answer: Answer, source: Source | None, raw: Raw) -> Value:
    with raw.open(answer) as stream:
        return Document(stream, where=where(answer, source)).whole()


def _points(dataset: Mapping[str, Any], place: str) -> tuple[str, ...]:
    """The names of the fields that hold a point, points before shapes."""
    fields = [one for one in dataset["fields"] if isinstance(one, dict) and one.get("name")]
    if not fields:
        raise SourceChanged(f"{place}: the dataset has no fields; it holds no rows, or they are not public")
    return tuple(
        str(one["name"])
        for kind in ("geo_point_2d", "geo_shape")
        for one in fields
        if one.get("type") == kind
    )


def _located(row: dict[str, Any], points: Sequence[str]) -> dict[str, Any]:
    found = next((pair for name in points if (pair := _pair(row.get(name)))), None)
    return row | {"_lat": found[0], "_lon": found[1]} if found else row


def _pair(value: Value) -> tuple[Value, Value] | None:
    """Latitude and longitude of a point, as versions 1, 2.1 and CSV write it, or of a GeoJSON feature."""
    if isinstance(value, str) and (found := PAIR.fullmatch(value)):
        return found[1], found[2]
    if isinstance(value, list) and len(value) == 2:
        return value[0], value[1]
    if not isinstance(value, dict):
        return None
    if "lat" in value and "lon" in value:
        return value["lat"], value["lon"]
    geometry = value.get("geometry", value)
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        pair = geometry.get("coordinates")
        return (pair[1], pair[0]) if isinstance(pair, list) and len(pair) > 1 else None
    return None
