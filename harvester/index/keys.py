"""Room: the published triples of a record -> the keys by which it is found.

Canonical N-Triples come in, words and a point go out. Only the lines that tell a key are looked at: a first
publication indexes every record there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from harvester import iri, vocab
from harvester.items import KINDS
from harvester.profile import full
from harvester.profile.writing import CLASSES


@dataclass(frozen=True, slots=True)
class Keys:
    """What a record may be asked for by: words in order, each once, and a point (degrees WGS 84)."""

    words: tuple[str, ...]
    lat: float | None = None
    lon: float | None = None


def keys(triples: bytes, base: str) -> Keys:
    """The keys of a record minted under `base`; what it points at among our records is a key too."""
    words: dict[str, None] = {}
    classes: set[str] = set()
    point: dict[str, float] = {}
    told, ours = _told(), f"<{base}id/".encode()
    for line in triples.splitlines():
        subject, predicate, value = line.split(b" ", 2)
        key = told.get(predicate)
        if value.startswith(ours) and (record := _bare(value)) != _bare(subject):
            words[f"to/{record[len(ours) :].decode()}"] = None
        if key is None:
            continue
        if key in _POINT and subject.endswith(b"#lieu>"):
            point[key] = float(value.split(b'"')[1])
        elif key == "class" and b"#" not in subject:
            classes.add(value[1:-3].decode())
        elif key in _STARTS and b"#" not in subject and (word := _word(key, value[1:-3].decode())):
            words[word] = None
    named = {f"kind/{kind}": None for kind in kinds(frozenset(classes))}
    whole = len(point) == len(_POINT)
    return Keys((*named, *words), point["lat"] if whole else None, point["lon"] if whole else None)


@cache
def kinds(classes: frozenset[str]) -> tuple[str, ...]:
    """The kinds that a thing of these classes is, the one that says most first."""
    held = {kind: {full(one) for one in CLASSES[kind]} for kind in KINDS}
    fits = [kind for kind, wanted in held.items() if wanted <= classes]
    return tuple(sorted(fits, key=lambda kind: (-len(held[kind]), kind == "initiative", kind)))


def _bare(node: bytes) -> bytes:
    """The record of a node, itself or a fragment of it, without what follows."""
    return node.partition(b">")[0].partition(b"#")[0]


def _word(key: str, address: str) -> str | None:
    """The word of a theme or a territory of ours; None for what others mint."""
    start = _STARTS[key]
    return f"{key}/{address.removeprefix(start)}" if address.startswith(start) else None


_STARTS = {"theme": f"{vocab.BASE}themes/", "territory": f"{iri.ROOT}territoire/"}
_POINT = ("lat", "lon")

_TERMS: Mapping[str, str] = {
    "rdf:type": "class",
    "pair:hasTopic": "theme",
    "archipel:topTheme": "theme",
    "dcterms:spatial": "territory",
    "archipel:inTerritory": "territory",
    "wgs:lat": "lat",
    "wgs:long": "lon",
}
"""Predicate -> the key it tells."""


@cache
def _told() -> Mapping[bytes, str]:
    return {f"<{full(term)}>".encode(): key for term, key in _TERMS.items()}
