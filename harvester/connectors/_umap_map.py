"""Room: what a uMap is called, holds and allows, and recognising one.

In: the address of a map, its page, its export, a page that shows one, or a file of KML. Out: where its export
is, and a proposal. Features are the connector's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harvester.connectors._geojson import is_feature
from harvester.connectors._kml import placemarks
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen, objects
from harvester.connectors._shape import mapping
from harvester.connectors._xml import child, local, parsed, text

OPTIONS = ("_umap_options", "_storage_options", "_storage")
"""How uMap draws: a layer keeps its name there, a feature its icon."""

MAP = re.compile(r"(https?://[^/]+(?:/[a-z]{2}(?:-[A-Za-z]+)?)?)/map/(?:[^/?#]*_)?(\d+)(?:[/?#].*)?")
_KIND = "kind: what its features are, when they are no initiatives"


def exported(url: str) -> str:
    """The export of a map, for the address of its page; any other address as it is."""
    page = MAP.fullmatch(url)
    return f"{page[1]}/map/{page[2]}/download/" if page else url


def layer_name(layer: Mapping[str, Any]) -> str:
    """The name of a layer, wherever its version of uMap keeps it; "" when it has none."""
    told = (layer[key].get("name") for key in OPTIONS if isinstance(layer.get(key), dict))
    return str(next((name for name in told if name), "") or layer.get("name") or "")


def remote(layer: Mapping[str, Any]) -> str:
    """The address where the data of a layer lie, when they are not in the map; else ""."""
    told = (mapping(mapping(layer.get(key)).get("remoteData")).get("url") for key in OPTIONS)
    return "" if layer.get("features") else str(next(filter(None, told), ""))


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A map, by its page or its export; one layer of it, a KML, or the map that a page shows."""
    found = _map(seen) or _layer(seen) or _kml(seen)
    if found is not None:
        return found
    pages = (seen.url, *seen.links("iframe[src]")) if seen.soup is not None else ()
    shown = next((url for url in pages if MAP.fullmatch(url)), None)
    told = look(exported(shown)) if shown else None
    found = _map(told) if told else None
    if shown is None or found is None:
        return None
    sure = Certainty.NAMED if shown == seen.url else Certainty.READABLE
    return replace(found, certainty=sure, url=re.split("[?#]", shown)[0])


def _map(seen: Seen) -> Proposal | None:
    """The export of a map: what it holds, layer by layer."""
    document = mapping(seen.json)
    if document.get("type") != "umap":
        return None
    about = mapping(document.get("properties"))
    licence, uri = mapping(about.get("licence")), str(document.get("uri"))
    layers = objects(document.get("layers"))
    counted = {
        layer_name(layer): len(objects(layer.get("features"))) for layer in layers if not remote(layer)
    }
    elsewhere = [f"layer '{layer_name(layer)}' lies at {remote(layer)}" for layer in layers if remote(layer)]
    return Proposal(
        Certainty.NAMED,
        uri if MAP.fullmatch(uri) and uri.startswith(f"{seen.root}/") else seen.url,
        title=str(about.get("name") or "") or None,
        licence=str(licence.get("url") or licence.get("name") or "") or None,
        count=sum(counted.values()),
        keys={"layers": list(counted)} if elsewhere else {},
        learned=[f"layer '{name}': {n} features" for name, n in counted.items()],
        unknown=[_KIND, *(f"{one}: declare it as a source of its own" for one in elsewhere)],
    )


def _layer(seen: Seen) -> Proposal | None:
    """One layer, as uMap exports it: features that say how it draws them."""
    document = mapping(seen.json)
    features = [one for one in objects(document.get("features")) if is_feature(one)]
    named = layer_name(document) if not document.keys().isdisjoint(OPTIONS) else ""
    drawn = any(not mapping(one.get("properties")).keys().isdisjoint(OPTIONS) for one in features)
    if not features or not (named or drawn):
        return None
    return Proposal(Certainty.SHAPE, seen.url, title=named or None, count=len(features), unknown=[_KIND])


def _kml(seen: Seen) -> Proposal | None:
    """KML of any maker."""
    found = parsed(seen.content, charset=seen.charset) if b"<kml" in seen.content[:4096] else None
    if found is None or local(found) != "kml":
        return None
    places = list(placemarks(found))
    elsewhere = [str(one["_elsewhere"]) for one in places if "_elsewhere" in one]
    counted = Counter(str(one.get("_layer", "")) for one in places if "_elsewhere" not in one)
    document = child(found, "Document")
    return Proposal(
        Certainty.FORMAT,
        seen.url,
        title=text(child(document, "name")) or None,
        count=sum(counted.values()),
        keys={"layers": list(counted)} if elsewhere and counted else {},
        learned=[f"layer '{name}': {n} features" for name, n in counted.items()],
        unknown=[_KIND, *(f"what lies at {url} is not read: declare it as a source" for url in elsewhere)],
    )
