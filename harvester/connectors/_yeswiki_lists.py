"""Room: the labels behind the keys of YesWiki list fields.

In: form definitions and lists as the wiki answers them, in their old and new structures. Out: field name
→ key → label. Never asks for anything; what it does not recognise it leaves without labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from harvester.model import Raw as Value

Labels = Mapping[str, Mapping[str, str]]
"""Field name → key → label."""

KINDS = frozenset({"liste", "radio", "checkbox"})
"""Kinds of template lines whose second cell names a list; `listefiche` and its like name a form."""

FIELD_NAME = 6
"""Cell of a template line that may end the field's name, after its kind and its list."""


def list_names(form: bytes) -> tuple[str, ...]:
    """The lists a form definition names and whose labels it does not carry itself."""
    definition = _definition(form)
    carried = _carried(definition)
    return tuple(name for field, name in _list_fields(definition) if field not in carried)


def labels(forms: Sequence[bytes], lists: Mapping[str, bytes]) -> Labels:
    """Labels of every list field of `forms`; `lists` are the answers by list name."""
    known: dict[str, Mapping[str, str]] = {}
    for definition in map(_definition, forms):
        for field, name in _list_fields(definition):
            if name in lists:
                known[field] = _list(_loaded(lists[name]), name)
        known |= _carried(definition)
    return known


def labelled(value: Value, names: Mapping[str, str]) -> list[str]:
    """Labels of a choice, in its order; a key that the list does not know stays as it is."""
    keys = value if isinstance(value, list) else str(value or "").split(",")
    return [names.get(key, key) for key in (str(key).strip() for key in keys) if key]


def _loaded(body: bytes) -> Value:
    """The JSON of a small answer; None when there is none to read after the text before it."""
    start = re.search(rb"[{\[]", body)
    try:
        return orjson.loads(body[start.start() :]) if start else None
    except orjson.JSONDecodeError:
        return None


def _definition(body: bytes) -> Mapping[str, Any]:
    """One form; the API answers the form itself, or an object keyed by its number."""
    loaded = _loaded(body)
    if isinstance(loaded, dict) and not {"template", "bn_template", "prepared"} & loaded.keys():
        loaded = next((value for value in loaded.values() if isinstance(value, dict)), None)
    return loaded if isinstance(loaded, dict) else {}


def _carried(definition: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    """Labels that the definition carries itself: `prepared` fields with their options."""
    prepared = definition.get("prepared")
    fields = list(prepared.values()) if isinstance(prepared, dict) else prepared
    known = [field for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []
    found = [field for field in known if isinstance(field.get("options"), dict)]
    return {
        str(field["propertyname"]): {str(key): str(label) for key, label in field["options"].items()}
        for field in found
        if field.get("propertyname")
    }


def _list_fields(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Field name and list name of each template line that offers a list."""
    for cells in _lines(definition.get("template") or definition.get("bn_template") or ()):
        kind, name, *_ = [*cells, "", ""]
        if kind in KINDS and name:
            suffix = cells[FIELD_NAME].strip() if len(cells) > FIELD_NAME else ""
            yield f"{kind}{name}{suffix}", name


def _lines(template: Value) -> Iterator[list[str]]:
    if isinstance(template, str):
        yield from (line.split("***") for line in template.splitlines())
    elif isinstance(template, list | tuple):
        yield from ([str(cell) for cell in line] for line in template if isinstance(line, list))


def _list(loaded: Value, name: str) -> dict[str, str]:
    """Key → label of one list: `label` object (old) or tree of `nodes` (since 2024)."""
    found = loaded.get(name, loaded) if isinstance(loaded, dict) else {}
    if not isinstance(found, dict):
        return {}
    old = found.get("label")
    if isinstance(old, dict):
        return {str(key): str(label) for key, label in old.items()}
    return dict(_nodes(found.get("nodes")))


def _nodes(nodes: Value) -> Iterator[tuple[str, str]]:
    for node in nodes if isinstance(nodes, list) else ():
        if isinstance(node, dict) and "id" in node:
            yield str(node["id"]), str(node.get("label", node["id"]))
            yield from _nodes(node.get("children"))
