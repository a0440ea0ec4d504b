"""Room: GoGoCarto, maps of initiatives (Près de chez nous, Transiscope, Colibris…).

In: the public API of one map, `/api/elements.json`, whole in one document. Out: its elements.
Reads the full and compact answers of 2018 and 2021; never asks for more than public fields, never keeps
contributions or votes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, where
from harvester.connectors._geojson import flattened, is_feature
from harvester.connectors._gogocarto_map import recognised
from harvester.connectors._json import Document
from harvester.errors import SourceChanged
from harvester.model import Answer, Listing, Record, Rejected, Source
from harvester.model import Raw as Value

__all__ = ["IGNORED", "LISTING", "MAPPING", "Options", "answers", "recognised", "records", "stated_licence"]

LISTING = Listing.FULL

MAPPING: dict[str, Any] = {
    "name": ["name", "title"],
    "description": {
        "from": ["abstract", "description", "commitment", "descriptionMore", "description_more"],
        "join": "\n\n",
    },
    "lat": ["geo.latitude", "latitude", "lat"],
    "lon": ["geo.longitude", "longitude", "lon", "lng", "long"],
    "street": "address.streetAddress",
    "postcode": "address.postalCode",
    "city": "address.addressLocality",
    "country": "address.addressCountry",
    "homepage": ["website", "site", "urls[0]"],
    "image": ["image", "images[0]"],
    "email": "email",
    "telephone": "telephone",
    "keywords": "categories",
    "created": "createdAt",
    "modified": "updatedAt",
    "origin": "sourceKey",
    "page": "_page",
}

IGNORED = frozenset(
    {"id", "status", "moderationState", "openHours", "openhours", "openHoursMoreInfos"}
    | {"openhours_more_infos", "stamps", "files", "searchScore"}
)

PRIVATE = frozenset(
    {"contributions", "pendingContribution", "modifiedElement", "reports", "votes", "subscriberEmails"}
    | {"nonDuplicates", "userOwnerEmail", "user", "password"}
)
"""About the people who wrote, not about the place: dropped before anything is hashed or kept."""

HIDDEN = ("private", "hidden")

UNPUBLISHED = {
    -6: "duplicate",
    -5: "a version waiting for approval",
    -4: "deleted",
    -3: "refused",
    -2: "refused",
}
"""Statuses that the map itself does not show; the public API stops at -1."""

LISTS = ("data", "elements", "features", "")


class Options(BaseModel):
    """What may be said of a GoGoCarto source besides its address, the root of the map."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: tuple[int, ...] = Field((), description="Category ids: an element is kept if it has any.")
    exclude_external: bool = Field(
        default=False, description="Leave out elements that the map itself imported from elsewhere."
    )
    bounds: tuple[float, float, float, float] | None = Field(
        None, description="West, south, east, north, in degrees: only elements inside."
    )
    page: str = Field(
        "{root}/map#/fiche/-/{id}",
        description="Address of an element's page; {root} is the map, {id} the element. Older maps: "
        "'{root}/annuaire#/fiche/-/{id}'.",
    )


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:  # noqa: ARG001  one page: no body is read
    """The one answer that holds every element."""
    yield client.get(_address(source), accept="application/json")


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Elements in the map's order, compact rows written out as full elements.

    Raises:
        SourceChanged: not JSON, cut, or without a list of elements.
    """
    answer = asked(answers, _address(source), source)
    page = Options(**source.options).page.replace("{root}", _root(source))
    with raw.open(answer) as stream:
        document = Document(stream, where=where(answer, source)).seek(*LISTS)
        shape = document.members.get("mapping")
        for value in document.items():
            yield _record(_element(value, shape), page)


def stated_licence(answers: Sequence[Answer], raw: Raw) -> str | None:
    """The licence in the envelope, a URL as the map writes it; None when the map says nothing (2018)."""
    for answer in answers:
        with raw.open(answer) as stream:
            licence = Document(stream, where=where(answer)).seek(*LISTS).members.get("licence")
        if isinstance(licence, str) and licence.strip():
            return licence.strip()
    return None


def _address(source: Source) -> str:
    options = Options(**source.options)
    # any non-empty value excludes, even "false": the parameter is given or is not there
    query = {
        "categories": ",".join(map(str, options.categories)),
        "excludeExternal": "1" if options.exclude_external else "",
        "bounds": ",".join(f"{degrees:g}" for degrees in options.bounds or ()),
    }
    given = "&".join(f"{name}={value}" for name, value in query.items() if value)
    return f"{_root(source)}/api/elements.json" + (f"?{given}" if given else "")


def _root(source: Source) -> str:
    return source.url.partition("/api/elements")[0].rstrip("/")


def _element(value: Value, shape: Value) -> Value:
    """The element that a compact row or a GeoJSON feature stands for; anything else as it is."""
    if isinstance(value, list):
        return _from_row(value, shape)
    return flattened(value) if is_feature(value) else value


def _from_row(row: list[Value], shape: Value) -> dict[str, Value]:
    """2018: id, name, lat, lon, options; since 2021 the second cell is a list, named by the envelope."""
    ref, cell, lat, lon, options = [*row, None, None, None, None, None][:5]
    fields = cell if isinstance(cell, list) else [cell]
    names = shape[1] if isinstance(shape, list) and len(shape) > 1 else ["name"]
    if len(fields) != len(names):
        raise SourceChanged(f"gogocarto: row '{ref}' has {len(fields)} fields, the envelope names {names!r}")
    element = {"id": ref, **dict(zip(names, fields, strict=True)), "optionValues": options}
    element["geo"] = {"latitude": lat, "longitude": lon}
    return element | dict(zip(("status", "moderationState"), row[5:], strict=False))


def _record(element: Value, page: str) -> Record | Rejected:
    if not isinstance(element, dict):
        return Rejected(None, f"expected an element, got {element!r:.60}")
    ref = element.get("id")
    if ref is None or ref == "":
        return Rejected(None, f"no 'id'; name '{element.get('name', '')}'")
    status = element.get("status")
    if isinstance(status, int) and status < -1:
        return Rejected(str(ref), f"status {status}: {UNPUBLISHED.get(status, 'not public')} on the map")
    for key in PRIVATE.intersection(element):
        del element[key]
    if element.get("email") in HIDDEN:
        del element["email"]
    element["_page"] = page.replace("{id}", str(ref))
    return Record(str(ref), element)
