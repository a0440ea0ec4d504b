"""Room: item field -> predicate and object: the table by which the profile writes.

Each entry says under which predicate a field of an item stands and how its value is written.
Where a field needs more than one triple (place, address, commune), `record` does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from harvester import canonical, vocab
from harvester.mapping.typed import Tagged
from harvester.model import IRI

Write = Callable[[Any, str | None], str]
"""(value, language of the record) -> an N-Triples object."""


@cache
def full(name: str) -> IRI:
    """A prefixed name in full, by the one prefix table: `dcterms:title`."""
    prefix, _, local = name.partition(":")
    return IRI(vocab.prefixes()[prefix] + local)


@cache
def predicate(name: str) -> str:
    """A prefixed name as it stands between a subject and an object."""
    return f" <{full(name)}> "


def _text(value: Any, language: str | None) -> str:
    if isinstance(value, Tagged):
        return canonical.string(value.text, value.lang)
    return canonical.string(value, language)


def _plain(value: Any, _language: str | None) -> str:
    return canonical.string(str(value))


def _node(value: Any, _language: str | None) -> str:
    return canonical.node(value)


def _moment(value: date | datetime, _language: str | None) -> str:
    return canonical.moment(value)


def _founded(value: Any, _language: str | None) -> str:
    text = str(value)
    return canonical.typed(text, "gYear" if len(text) == 4 else "date")


FIELDS: Mapping[str, tuple[tuple[str, ...], Write]] = {
    "name": (("rdfs:label", "pair:label"), _text),
    "description": (("dcterms:description",), _text),
    "homepage": (("foaf:homepage",), _node),
    "page": (("dcterms:source",), _node),
    "image": (("foaf:depiction",), _node),
    "email": (("schema:email",), _plain),
    "telephone": (("schema:telephone",), _plain),
    "type": (("pair:hasType",), _node),
    "keywords": (("schema:keywords",), _text),
    "status": (("pair:hasStatus",), _node),
    "phase": (("archipel:phase",), _node),
    "founded": (("schema:foundingDate",), _founded),
    "created": (("dcterms:created",), _moment),
    "modified": (("dcterms:modified",), _moment),
    "origin": (("archipel:origin",), _plain),
    "start": (("schema:startDate",), _moment),
    "end": (("schema:endDate",), _moment),
    "embed": (("schema:embedUrl",), _node),
    "content": (("schema:contentUrl",), _node),
    "thumbnail": (("schema:thumbnailUrl",), _node),
    "uploaded": (("schema:uploadDate",), _moment),
}

ADDRESS: Mapping[str, str] = {
    "street": "schema:streetAddress",
    "postcode": "schema:postalCode",
    "city": "schema:addressLocality",
    "country": "schema:addressCountry",
}

CLASSES: Mapping[str, tuple[str, ...]] = {
    "initiative": ("archipel:Initiative",),
    "project": ("pair:Project",),
    "organisation": ("pair:Organization", "org:Organization"),
    "place": ("pair:Place", "archipel:ListedPlace"),
    "event": ("schema:Event", "pair:Event"),
    "resource": ("pair:Resource",),
    "video": ("schema:VideoObject", "pair:Document"),
}
