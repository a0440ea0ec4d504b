"""Room: the shape of sources.toml -> a JSON Schema (draft 7) for editors, and its types in words.

The pydantic tables and each connector's Options say almost everything; the words that only the vocabulary
and the items know (kinds, licences, fields) are put in here as enumerations.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, TypeAdapter

from harvester import connectors, items, vocab
from harvester.cleaning import CLEANERS
from harvester.config import tables

Schema = dict[str, Any]

_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "object": "table",
    "array": "list",
}
_DURATION = TypeAdapter(tables.Duration).json_schema()["pattern"]
_PATHS: Schema = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_WHEN: Schema = {
    "type": "object",
    "required": ["path", "in"],
    "additionalProperties": False,
    "properties": {"path": {"type": "string"}, "in": {"type": "array"}},
}
_ENTRY_TABLE: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "from": _PATHS,
        "join": {"type": "string"},
        "split": {"type": "string"},
        "clean": {
            "anyOf": [
                {"enum": list(CLEANERS)},
                {"type": "array", "items": {"enum": list(CLEANERS)}},
            ]
        },
        "cases": {"type": "object"},
        "const": {},
        "align": {"enum": list(vocab.alignments())},
        "lang": {"type": "string"},
        "when": _WHEN,
    },
}


def sources_schema(comment: str) -> Schema:
    """The schema of the whole file; `comment` says who made it."""
    source = _clean(tables.SourceTable.model_json_schema())
    federation = _clean(tables.FederationTable.model_json_schema())
    defs = source.pop("$defs") | federation.pop("$defs")
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": comment,
        "title": "sources.toml of Archipel",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "federation": federation,
            "source": {
                "type": "object",
                "propertyNames": {"pattern": "^[a-z0-9][a-z0-9-]*$"},
                "additionalProperties": _with_connectors(source),
            },
        },
        "$defs": {**defs, "Entry": _entry()},
    }


def properties(model: type[BaseModel]) -> Schema:
    """The schema of each key of a table; one address may stand without its list."""
    own: Schema = _clean(model.model_json_schema())["properties"]
    if model is tables.SourceTable:
        own["url"] = {"anyOf": [{"type": "string"}, own["url"]], "description": own["url"]["description"]}
    return own


def shape_of(schema: Mapping[str, Any]) -> str:
    """The type of a value, in words."""
    if "$ref" in schema or "properties" in schema:
        return "table"
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(shape_of(one) for one in schema["anyOf"] if one.get("type") != "null")
    if schema.get("pattern") == _DURATION:
        return "duration"
    if schema["type"] == "array" and "type" in schema.get("items", {}):
        return f"list of {shape_of(schema['items'])}"
    return _WORDS[schema["type"]]


def _with_connectors(source: Schema) -> Schema:
    """The table of a source: words of the house, then what each connector adds."""
    own: Schema = source["properties"]
    own |= properties(tables.SourceTable)
    own["connector"]["enum"] = list(connectors.names())
    own["kind"]["enum"] = list(items.KINDS)
    own["licence"]["enum"] = sorted(vocab.licences())
    own["drop"]["items"]["enum"] = list(items.FIELDS)
    own["map"] = {
        "type": "object",
        "description": own["map"]["description"],
        "propertyNames": {"enum": list(items.FIELDS)},
        "additionalProperties": {"$ref": "#/$defs/Entry"},
    }
    return {**source, "allOf": [_when(name, list(own)) for name in connectors.names()]}


def _when(name: str, keys: list[str]) -> Schema:
    """What a source may and must say when `name` is its connector."""
    options = connectors.load(name).options
    said = _clean(options.model_json_schema())
    if options.model_config.get("coerce_numbers_to_str"):
        said = _with_numbers(said)
    return {
        "if": {"properties": {"connector": {"const": name}}, "required": ["connector"]},
        "then": {
            "properties": said["properties"],
            "required": said.get("required", []),
            "propertyNames": {"enum": [*keys, *said["properties"]]},
        },
    }


def _entry() -> Schema:
    """One entry of a mapping: a path, a list of paths, a table, or the table of dependents."""
    return {"anyOf": [*_PATHS["anyOf"], _ENTRY_TABLE, _dependents()]}


def _dependents() -> Schema:
    """The entry of a field that holds items."""
    return {
        "type": "object",
        "required": ["each", "map"],
        "additionalProperties": False,
        "properties": {
            "each": {"anyOf": [*_PATHS["anyOf"], _ENTRY_TABLE]},
            "map": {
                "type": "object",
                "propertyNames": {"enum": list(items.FIELDS)},
                "additionalProperties": {"$ref": "#/$defs/Entry"},
            },
            "when": _WHEN,
        },
    }


def _clean(schema: Any) -> Any:
    """Without the titles pydantic makes up, and with durations written as people write them."""
    if isinstance(schema, list):
        return [_clean(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _clean(one) for key, one in schema.items() if not (key == "title" and isinstance(one, str))}
    if kept.get("pattern") == _DURATION and "default" in kept:
        kept["default"] = f"{_seconds(kept['default'])}s"
    return kept


def _seconds(iso: str) -> int:
    return int(TypeAdapter(timedelta).validate_python(iso).total_seconds())


def _with_numbers(schema: Any) -> Any:
    """The same, with numbers allowed where the model makes text of them."""
    if isinstance(schema, list):
        return [_with_numbers(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _with_numbers(one) for key, one in schema.items()}
    return {**kept, "type": ["string", "number"]} if kept.get("type") == "string" else kept
