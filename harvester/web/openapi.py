"""Room: the API described in OpenAPI, made from its routes, the table of item fields and the texts.

Routes come in, a document goes out. What is checked of a parameter is what is said of it here: both come from
the same model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fastapi.openapi.utils import get_openapi

from harvester import items, vocab
from harvester.items import FieldType
from harvester.web import api
from harvester.web.features import fields
from harvester.web.texts import text

_SCHEMAS = Path(__file__).parent / "api_schemas.json"

_ANSWERS: Mapping[str, tuple[str, str]] = {
    "records": ("application/json", "Answer"),
    "records-geojson": ("application/geo+json", "FeatureCollection"),
    "records-source-ref": ("application/json", "One"),
    "sources": ("application/json", "Sources"),
}
"""Route -> media type and schema of its answer."""

_PROBLEMS: Mapping[str, tuple[str, ...]] = {
    "records": ("400", "410", "503"),
    "records-geojson": ("400", "410", "503"),
    "records-source-ref": ("404", "410", "503"),
    "sources": ("503",),
}


def document(title: str, base: str, sources: Sequence[str]) -> Mapping[str, Any]:
    """The description, in English; `sources` are those that may be asked for."""
    told = get_openapi(
        title=f"{title} API",
        version=api.VERSION,
        summary=text("api.lead", "en"),
        description=f"{text('api.version', 'en', version=api.VERSION)}\n\n{text('api.follow', 'en')}",
        routes=api.router.routes,
        servers=[{"url": base.rstrip("/")}],
        license_info={"name": "each record says its own"},
    )
    for path, methods in told["paths"].items():
        _describe(name(path), methods["get"], {"source": sources, "exclude_source": sources})
    return {**told, "components": {"schemas": _schemas()}}


def name(path: str) -> str:
    """The name of a route in the texts: `/api/records/{source}/{ref}` is `records-source-ref`."""
    parts = path.removeprefix("/api/").replace(".", "/").split("/")
    return "-".join(part.strip("{}") for part in parts)


def _describe(route: str, operation: dict[str, Any], known: Mapping[str, Sequence[str]]) -> None:
    known = {**known, "theme": sorted(vocab.scheme("themes")), "kind": [*items.KINDS]}
    operation["summary"], operation["operationId"] = text(f"api-route.{route}", "en"), route
    operation.pop("description", None)
    for parameter in operation.get("parameters", ()):
        parameter["description"] = text(f"api-parameter.{parameter['name']}", "en")
        parameter["schema"] = plain = _plain(parameter["schema"])
        if "items" in plain and parameter["name"] in known:
            plain["items"] = {"type": "string", "enum": known[parameter["name"]]}
    media, schema = _ANSWERS[route]
    operation["responses"] = {"200": _response("200", media, schema)} | {
        status: _response(status, "application/problem+json", "Problem") for status in _PROBLEMS[route]
    }


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter is there or not there: null is no value of it."""
    kept = {
        key: value for key, value in schema.items() if key not in ("anyOf", "title") and value is not None
    }
    kinds = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return {**kinds[0], **kept} if kinds else kept


def _response(status: str, media: str, schema: str) -> dict[str, Any]:
    content = {media: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": text(f"api-status.{status}", "en"), "content": content}


@cache
def _schemas() -> Mapping[str, Any]:
    told = json.loads(_SCHEMAS.read_text(encoding="utf-8"))
    record = {
        "type": "object",
        "required": ["id", "source", "ref", "kind", "kinds", "licence", "credit", "change", "changed"],
        "properties": dict(_properties()),
    }
    one = {"allOf": [{"$ref": "#/components/schemas/Record"}, {"required": ["api"]}]}
    return {**told, "Record": record, "One": one}


def _properties() -> Iterator[tuple[str, Any]]:
    """The fields of a record, as the table of item fields has them."""
    yield "id", {"type": "string", "format": "uri", "description": "its IRI: its page, and its RDF"}
    yield "source", {"type": "string"}
    yield "ref", {"type": "string", "description": "its identifier in its source"}
    yield "kind", {"enum": [*items.KINDS, None], "description": "the kind that says most"}
    yield "kinds", {"type": "array", "items": {"enum": [*items.KINDS]}}
    for field in fields():
        one = dict(_TYPES.get(field.type, {"type": "string"}))
        yield (
            field.name,
            {"description": field.doc} | ({"type": "array", "items": one} if field.many else one),
        )
    yield "point", _object("degrees WGS 84", lat={"type": "number"}, lon={"type": "number"})
    parts = ("street", "postcode", "city", "country")
    yield "address", _object("as the partner writes it", **{part: {"type": "string"} for part in parts})
    yield "territories", {"type": "array", "items": {"$ref": "#/components/schemas/Territory"}}
    yield "licence", {"$ref": "#/components/schemas/Licence"}
    yield "credit", {"type": "string", "description": "the line to show where the record is shown"}
    yield "missing_since", {"type": "string", "description": "since when its source does not list it"}
    yield "stale_since", {"type": "string", "description": "since when its newest version is refused"}
    corrections = {"type": "array", "items": {"type": "string"}}
    yield "corrections", {**corrections, "description": "what we corrected in it, by whom, when and why"}
    yield "change", {"type": "integer", "description": "the number of its last change"}
    yield "changed", {"type": "string", "format": "date-time"}


def _object(said: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "description": said, "properties": properties}


_TYPES: Mapping[FieldType, Mapping[str, Any]] = {
    FieldType.CONCEPT: {"$ref": "#/components/schemas/Concept"},
    FieldType.NUMBER: {"type": "number"},
    FieldType.FLAG: {"type": "boolean"},
}
