"""Room: uMap, maps drawn by hand on OpenStreetMap, and the layers they export (uMap, GeoJSON, KML).

In: the address of a map, or of one or several of its exports. Out: one record per feature, with the name of
its layer. What only draws the map (styles, tiles) is passed over. Never follows a layer to another site.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, distinct, where
from harvester.connectors._geojson import centre, flattened, is_feature, positions
from harvester.connectors._json import Document
from harvester.connectors._kml import placemarks
from harvester.connectors._umap_map import MAP, OPTIONS, exported, layer_name, recognised, remote
from harvester.connectors._xml import root
from harvester.errors import SourceChanged
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

MAPPING: dict[str, Any] = {
    "name": ["name", "nom", "Name", "Nom", "title", "titre"],
    "description": ["description", "Description", "presentation"],
    "lat": "lat",
    "lon": "lon",
    "street": ["address", "adresse", "Adresse"],
    "postcode": ["code_postal", "Code postal", "postcode", "cp"],
    "city": ["ville", "Ville", "commune", "Commune", "city"],
    "homepage": ["site", "Site", "site_web", "website", "url", "lien", "_link"],
    "page": "_page",
    "image": ["image", "photo", "_image"],
    "email": ["email", "mail", "contact"],
    "telephone": ["phoneNumber", "telephone", "Téléphone", "phone"],
    "keywords": "_layer",
}
COLUMNS = True

IGNORED = frozenset({"id", "color", "iconUrl", "styleUrl", "stroke", "fill", "marker-color", "marker-symbol"})

LINK = re.compile(r"\[\[\s*(https?://[^\s\]|]+)")
IMAGE = re.compile(r"\{\{\s*(https?://[^\s{}|]+)\s*(?:\|[^{}]*)?\}\}")


class Options(BaseModel):
    """What may be said of a uMap source besides its address or addresses: a map, or files it exports."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layers: tuple[str, ...] = Field((), description="Names of the layers that are read; all by default.")
    key: tuple[str, ...] = Field(
        (), description="Properties that identify a feature, for maps whose features have no identifier."
    )


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:  # noqa: ARG001  files name no others
    """One answer per declared address, in order: the export of a map, or the file itself."""
    for url in source.urls:
        yield client.get(exported(url))


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Features layer by layer, in the order of the map.

    Raises:
        SourceChanged: an answer is no map, no list of features and no KML, is cut, or is that of another
            address.
    """
    distinct(answers, source)
    options = Options(**source.options)
    for url in source.urls:
        answer = asked(answers, exported(url), source)
        with raw.open(answer) as stream:
            start = stream.read(1 << 12).lstrip(b"\xef\xbb\xbf \t\r\n")
        if start.startswith(b"PK"):
            raise SourceChanged(f"{where(answer, source)}: a zip archive (KMZ?); give the KML inside it")
        if start.startswith(b"<") and b"<kml" in start:
            found = placemarks(root(answer, source, raw, names=("kml",)))
        else:
            found = _features(answer, source, raw)
        for value in found:
            if not options.layers or value.get("_layer") in options.layers:
                yield _record(value, options, MAP.fullmatch(url))


def stated_licence(answers: Sequence[Answer], raw: Raw) -> str | None:
    """The licence that the author of the map chose, a URL or its name; None when none was."""
    for answer in answers:
        with raw.open(answer) as stream:
            if not stream.read(1 << 12).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
                continue
        with raw.open(answer) as stream:
            document = Document(stream, where=where(answer)).seek("layers", "features")
        properties = document.members.get("properties")
        licence = properties.get("licence") if isinstance(properties, dict) else None
        if isinstance(licence, dict) and (licence.get("url") or licence.get("name")):
            return str(licence.get("url") or licence["name"])
    return None


def _features(answer: Answer, source: Source, raw: Raw) -> Iterator[dict[str, Any]]:
    """Features of a map, or of one layer; a layer that lies elsewhere is `{"_elsewhere": address}`."""
    with raw.open(answer) as stream:
        document = Document(stream, where=where(answer, source)).seek("layers", "features")
        name: str | None = None
        for value in document.items():
            if is_feature(value):
                name = _name_of_file(answer, raw) if name is None else name
                yield _flat(value, name)
            elif isinstance(value, dict) and isinstance(value.get("features"), list):
                yield from ({"_uri": document.members.get("uri"), **one} for one in _layer(value))
            else:
                raise SourceChanged(
                    f"{where(answer, source)}: expected features, got {value!r:.60}; check the address"
                )


def _name_of_file(answer: Answer, raw: Raw) -> str:
    """The name of a file's one layer, which may stand after its features."""
    with raw.open(answer) as stream:
        document = Document(stream, where=where(answer)).seek("features")
        for _ in document.items():
            pass
    return layer_name(document.members)


def _layer(layer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    name = layer_name(layer)
    if elsewhere := remote(layer):
        yield {"_elsewhere": elsewhere, "_layer": name}
    for feature in layer["features"]:
        yield _flat(feature, name) if is_feature(feature) else {"_layer": name, "_faulty": f"{feature!r:.60}"}


def _flat(feature: Mapping[str, Any], layer: str) -> dict[str, Any]:
    """Properties side by side; of a line or an area, the middle of the box around it."""
    row = {key: value for key, value in flattened(feature).items() if key not in (*OPTIONS, "lon", "lat")}
    found = row | centre(list(positions(feature.get("geometry")))) | {"_layer": layer}
    return {key: value for key, value in found.items() if value not in (None, "")}


def _record(value: dict[str, Any], options: Options, page: re.Match[str] | None) -> Record | Rejected:
    if "_faulty" in value:
        return Rejected(None, f"expected a feature, got {value['_faulty']}")
    if "_elsewhere" in value:
        return Rejected(
            value["_elsewhere"] or "layer",
            "a layer that lies elsewhere: declare it as a source, or name the `layers`",
        )
    ref = _ref(value, options)
    text = str(value.get("description") or "")
    made = {
        name: found[1] for name, sign in (("_link", LINK), ("_image", IMAGE)) if (found := sign.search(text))
    }
    shown = page[0] if page else value.pop("_uri", None)
    if isinstance(shown, str) and MAP.fullmatch(shown):
        opened = f"?feature={quote(str(value['id']))}" if value.get("id") else ""
        made["_page"] = f"{shown.partition('?')[0].partition('#')[0]}{opened}"
    return Record(ref, {name: one for name, one in value.items() if name != "_uri"} | made)


def _ref(value: Mapping[str, Any], options: Options) -> str:
    """The identifier of a feature; without one, its key, else its layer, name and place."""
    told: Value = value.get("id")
    if options.key or told in (None, ""):
        names = options.key or ("_layer", "name", "lon", "lat")
        parts = "\x1f".join(str(value.get(name, "")) for name in names)
        return hashlib.sha256(parts.encode()).hexdigest()[:20]
    return str(told)
