"""Room: the shapes' files -> one Turtle document, and what each shape says to people.

Messages are read from the shapes graph by shape IRI, never from an engine, so that both engines
speak alike. Nothing is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from harvester import iri, vocab
from harvester.model import Finding

SH = "http://www.w3.org/ns/shacl#"


def shape_files() -> Sequence[Path]:
    """The shapes' files, in a fixed order."""
    return sorted(vocab.shapes_folder().glob("*.ttl"))


@cache
def shapes_turtle() -> str:
    """All the shapes as one Turtle document."""
    return "\n".join(path.read_text(encoding="utf-8") for path in shape_files())


@cache
def messages() -> Mapping[str, Mapping[str, str]]:
    """What each shape tells the author of a record: local name of the shape -> language -> text."""
    import pyoxigraph as ox

    found: dict[str, dict[str, str]] = {}
    for quad in _store().quads_for_pattern(None, ox.NamedNode(SH + "message"), None):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
            name = local(quad.subject.value)
            found.setdefault(name, {})[quad.object.language or "en"] = quad.object.value
    return found


def message(finding: Finding, language: str = "en") -> str:
    """What a finding tells the author of the record; the code when its shape has no message."""
    said = messages().get(finding.code, {})
    return said.get(language) or said.get("en") or finding.code


@cache
def paths() -> Mapping[str, str]:
    """The property each shape looks at: local name of the shape -> IRI; longer paths are absent."""
    import pyoxigraph as ox

    quads = _store().quads_for_pattern(None, ox.NamedNode(SH + "path"), None)
    return {
        local(quad.subject.value): quad.object.value
        for quad in quads
        if isinstance(quad.object, ox.NamedNode)
    }


@cache
def concealing() -> frozenset[str]:
    """Shapes whose findings never repeat the value, because it may hold a contact."""
    import pyoxigraph as ox

    quads = _store().quads_for_pattern(None, ox.NamedNode(iri.term("concealsValue")), None)
    return frozenset(local(quad.subject.value) for quad in quads if quad.object.value == "true")


def local(name: str) -> str:
    """The last part of an IRI."""
    return name.rsplit("#", 1)[-1].rsplit("/", 1)[-1]


@cache
def _store() -> Any:
    import pyoxigraph as ox

    store = ox.Store()
    store.bulk_load(shapes_turtle(), format=ox.RdfFormat.TURTLE)
    return store
