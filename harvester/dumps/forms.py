"""Room: the forms of dumps: how a record is written in each of them.

In: entries. Out: bytes. Each form has a head, a body for each record and a tail, so that files of several
sources are put together without reading records again. Every record carries its licence, its source and,
in every form but the two of triples, its credit; there the head of each source says it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import orjson
import pyoxigraph as ox

from harvester import canonical, iri, vocab
from harvester.dumps.entries import Entry
from harvester.dumps.spreadsheets import neutral
from harvester.outline import label
from harvester.profile import full
from harvester.rights import Rights

VERSION = 1
"""Raised when a form is written otherwise: every dump is made anew."""

COLUMNS = (
    "iri", "source", "ref", "kind", "name", "description", "lat", "lon", "street", "postcode", "city",
    "country", "commune", "departement", "region", "epci", "theme", "type", "keywords", "homepage", "page",
    "image", "email", "telephone", "start", "end", "created", "modified", "missing_since", "origin",
    "licence", "licence_url", "credit",
)  # fmt: skip
"""The columns of the CSV, and the properties of a GeoJSON feature but the point."""

_LEVELS = ("commune", "departement", "region", "epci")
_CONCEPTS = ("theme", "type")
_MANY = " | "

Body = Callable[[Entry], bytes]


def _nobody(_rights: Rights) -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class Form:
    """One form: its name, the end of its file names, its media type; `opening` tells whose records follow."""

    name: str
    extension: str
    media_type: str
    body: Body
    opening: Callable[[Rights], bytes] = _nobody
    head: bytes = b""
    between: bytes = b""
    tail: bytes = b""


def cells(entry: Entry) -> dict[str, Any]:
    """A record in plain columns; concepts by their French label, several values in one."""
    one, rights = entry.outline, entry.rights
    texts = {name: list(values) for name, values in one.texts.items()}
    texts |= {name: list(map(label, texts.get(name, ()))) for name in _CONCEPTS}
    told: dict[str, Any] = {name: _MANY.join(values) for name, values in texts.items()}
    told |= {"iri": one.iri, "source": one.source, "ref": one.ref, "kind": one.kind}
    told |= {"name": one.first("name") or "", "lat": one.lat, "lon": one.lon}
    told |= {level: one.territory(level) for level in _LEVELS}
    told |= rights.told(one.licence)
    return {name: told.get(name) for name in COLUMNS}


def _quads(entry: Entry) -> bytes:
    return canonical.in_graph(entry.triples, iri.source_graph(entry.rights.base, entry.rights.source))


def _whose_quads(rights: Rights) -> bytes:
    return canonical.in_graph(rights.lines(), iri.graph(rights.base, "prov"))


def _turtle(quads: Iterable[ox.Quad]) -> bytes:
    """Turtle without the lines of prefixes, which stand once at the head."""
    written = ox.serialize(
        (quad.triple for quad in quads), format=ox.RdfFormat.TURTLE, prefixes=dict(vocab.prefixes())
    )
    assert written is not None
    return written[written.rindex(b"@prefix ") :].partition(b"\n")[2]


def _whose_turtle(rights: Rights) -> bytes:
    return _turtle(ox.parse(rights.lines(), format=ox.RdfFormat.N_TRIPLES))


def _prefixes() -> bytes:
    return "".join(f"@prefix {name}: <{space}> .\n" for name, space in vocab.prefixes().items()).encode()


def _jsonld(entry: Entry) -> bytes:
    """One line: a document of its own, with the prefixes it uses and the credit of its source."""
    source = iri.source(entry.rights.base, entry.rights.source)
    nodes: dict[str, dict[str, Any]] = {}
    used: dict[str, str] = {}
    for quad in entry.quads:
        node = nodes.setdefault(_id(quad.subject), {"@id": _id(quad.subject)})
        name, value = _key(quad.predicate.value, used), _value(quad.object, used)
        if name == "rdf:type":
            node.setdefault("@type", []).append(_key(value["@id"], used))
        else:
            node.setdefault(name, []).append(value)
    used.pop("rdf", None)
    credited = {"@id": source, _key(full("schema:creditText"), used): entry.rights.credit()}
    return orjson.dumps({"@context": used, "@graph": [*nodes.values(), credited]}) + b"\n"


def _id(node: Any) -> str:
    return str(node.value)


def _key(address: str, used: dict[str, str]) -> str:
    """An IRI by a prefix of the house, which is noted as used."""
    name, prefix = _prefixed(address)
    if prefix:
        used[prefix] = vocab.prefixes()[prefix]
    return name


@lru_cache(maxsize=4096)
def _prefixed(address: str) -> tuple[str, str | None]:
    """An IRI and the prefix that it is written with; None when none fits."""
    for cut in (address.rfind("#"), address.rfind("/")):
        prefix = _by_space().get(address[: cut + 1])
        if prefix and address[cut + 1 :].isidentifier():
            return f"{prefix}:{address[cut + 1 :]}", prefix
    return address, None


def _value(term: Any, used: dict[str, str]) -> dict[str, str]:
    if isinstance(term, ox.NamedNode):
        return {"@id": term.value}
    if term.language:
        return {"@value": term.value, "@language": term.language}
    if term.datatype.value == canonical.XSD + "string":
        return {"@value": term.value}
    return {"@value": term.value, "@type": _key(term.datatype.value, used)}


@cache
def _by_space() -> Mapping[str, str]:
    return {space: prefix for prefix, space in vocab.prefixes().items()}


def _row(values: Iterable[Any]) -> bytes:
    out = io.StringIO()
    told = ("" if value is None else neutral(value) if isinstance(value, str) else value for value in values)
    csv.writer(out, lineterminator="\r\n").writerow(told)
    return out.getvalue().encode()


def _feature(entry: Entry) -> bytes:
    told = {name: value for name, value in cells(entry).items() if value not in (None, "")}
    lat, lon = told.pop("lat", None), told.pop("lon", None)
    point = None if lat is None else {"type": "Point", "coordinates": [lon, lat]}
    return orjson.dumps({"type": "Feature", "id": told.pop("iri"), "geometry": point, "properties": told})


_OPENING, _CLOSING = b'{"type":"FeatureCollection","features":[\n', b"\n]}\n"


@cache
def forms() -> Mapping[str, Form]:
    """Every form, by name."""
    known = (
        Form("nquads", "nq", "application/n-quads", _quads, _whose_quads),
        Form("turtle", "ttl", "text/turtle", lambda one: _turtle(one.quads), _whose_turtle, _prefixes()),
        Form("jsonld", "jsonl", "application/x-ndjson", _jsonld),
        Form("csv", "csv", "text/csv", lambda one: _row(cells(one).values()), head=_row(COLUMNS)),
        Form("geojson", "geojson", "application/geo+json", _feature, _nobody, _OPENING, b",\n", _CLOSING),
    )
    return {form.name: form for form in known}
