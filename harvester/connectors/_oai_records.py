"""Room: one record of an OAI-PMH answer → one value, whatever its metadata format.

In: a `record` element. Out: its metadata by local name, each a list of texts, or of objects where the format
nests; a tombstone when it is deleted. Persons are dropped before anything is hashed or kept.
"""

from __future__ import annotations

from typing import Any

from harvester.connectors._xml import Element, child, children, local, text
from harvester.model import Gone, Record, Rejected
from harvester.model import Raw as Value

PRIVATE = frozenset({"creator", "contributor", "author", "rightsHolder", "mediator", "name", "agent"})
"""Who wrote, contributed or holds rights: most often persons, and nothing tells when not."""

SPOKEN = frozenset({"title", "description", "abstract"})
"""Elements whose language is kept."""

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"


def record(element: Element) -> Record | Gone | Rejected:
    """What the list holds of this record."""
    header = child(element, "header")
    ref = text(child(header, "identifier"))
    if header is None or not ref:
        return Rejected(None, "a record whose header has no identifier")
    if header.get("status") == "deleted":
        return Gone(ref)
    metadata = child(element, "metadata")
    told = next(iter(metadata), None) if metadata is not None else None
    if told is None:
        return Rejected(ref, "it has no metadata in this format")
    found = _fields(told)
    page = next(
        (one for one in _texts(found.get("identifier")) if one.startswith(("http://", "https://"))), None
    )
    made = {
        "_datestamp": text(child(header, "datestamp")),
        "_sets": [text(one) for one in children(header, "setSpec")],
        "_page": page,
    }
    return Record(ref, found | {name: value for name, value in made.items() if value})


def _fields(element: Element) -> dict[str, Any]:
    """Child elements by local name, in order; persons and what is empty left out."""
    found: dict[str, Any] = {}
    for one in element:
        name = local(one)
        if name and name not in PRIVATE and (value := _value(one, name)) not in ("", {}):
            found.setdefault(name, []).append(value)
    return found


def _value(element: Element, name: str) -> Value:
    if len(element):
        return _fields(element)
    said = text(element) or element.get(RESOURCE, "")
    language = element.get(LANGUAGE)
    return {"@value": said, "@language": language} if said and language and name in SPOKEN else said


def _texts(values: Value) -> list[str]:
    return [one for one in values or () if isinstance(one, str)]
