"""Room: a dataset or a service as a catalogue describes it → the thing that is adopted.

In: a thing, and what else is described. Out: the same with its files inside it, its language, licence and
territories in words that are understood. Cleans nothing, drops nothing, reads no bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from harvester.connectors._dcat_pages import DCAT
from harvester.connectors._things import address, addresses, text
from harvester.model import IRI
from harvester.profile import adoption
from harvester.rdf import Literal, Thing, Value

DCT = "http://purl.org/dc/terms/"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
TITLE, IDENTIFIER = IRI(DCT + "title"), IRI(DCT + "identifier")
LICENCE, RIGHTS = IRI(DCT + "license"), IRI(DCT + "rights")
LANGUAGE, SPATIAL, FORMAT = (IRI(DCT + name) for name in ("language", "spatial", "format"))
DISTRIBUTION = IRI(DCAT + "distribution")
FILE = (DCAT + "downloadURL", DCAT + "accessURL")

LANGUAGES: Mapping[str, str] = {
    "fre": "fr", "fra": "fr", "eng": "en", "oci": "oc", "bre": "br", "cat": "ca", "baq": "eu", "eus": "eu",
    "cos": "co", "ger": "de", "deu": "de", "spa": "es", "ita": "it", "nld": "nl", "dut": "nl", "por": "pt",
}  # fmt: skip
"""Codes of three letters, alone or at the end of an address, by their tag."""

_TAG = re.compile(r"[a-z]{2}(-[a-z]{2})?")
_ZONE = re.compile(
    r"(?:^|[/:])fr[:/](commune|arrondissement|departement|region|epci)[:/]([0-9][0-9AB][0-9]{0,7})(?:@.*)?",
    re.ASCII,
)
"""How udata names a territory: `fr:commune:34172`, alone or at the end of an address."""

_PLACES: Mapping[str, str] = {
    "commune": "http://id.insee.fr/geo/commune/",
    "arrondissement": "http://id.insee.fr/geo/arrondissementMunicipal/",
    "departement": "http://id.insee.fr/geo/departement/",
    "region": "http://id.insee.fr/geo/region/",
    "epci": "http://id.insee.fr/geo/intercommunalite/",
}
_OWL, _SKOS = "http://www.w3.org/2002/07/owl#", "http://www.w3.org/2004/02/skos/core#"
_SAME_PLACE = (_OWL + "sameAs", _SKOS + "exactMatch", _SKOS + "notation", IDENTIFIER)


def whole(thing: Thing, beside: Mapping[IRI, Thing]) -> Thing:
    """A dataset or a service with what is described of it elsewhere, in words that are understood."""
    files = [_file(one, thing, beside) for one in thing.said.get(DISTRIBUTION, ())]
    said = {**thing.said, DISTRIBUTION: tuple(files), LANGUAGE: _languages(thing)}
    said[SPATIAL] = tuple(_territory(one, beside) for one in thing.said.get(SPATIAL, ()))
    if LICENCE not in said and (licence := _licence(files)):
        said[LICENCE] = (licence,)
    for term in (LICENCE, RIGHTS):
        said[term] = tuple(map(_worded, said.get(term, ())))
    told = {term: values for term, values in said.items() if values}
    return Thing(thing.iri, thing.classes, told, thing.left)


def identified(thing: Thing, namespace: str) -> Thing:
    """A thing without an IRI by the identifier that the catalogue gives it, if it does."""
    name = text(thing, IDENTIFIER)
    if thing.iri or not name:
        return thing
    made = name if name.startswith(("http://", "https://")) else namespace + quote(name, safe="/:#")
    return Thing(IRI(made), thing.classes, thing.said, thing.left)


def _file(value: Value, dataset: Thing, beside: Mapping[IRI, Thing]) -> Value:
    """A file with a title: its own, its format, its name, or that of the dataset."""
    file = value if isinstance(value, Thing) else beside.get(IRI(str(value)))
    if file is None:
        return value
    if text(file, TITLE):
        return file
    titles = (_last(one) for term in (FORMAT, *FILE) for one in file.said.get(IRI(term), ()))
    title = next(filter(None, titles), None) or text(dataset, TITLE)
    said = {**file.said, TITLE: (Literal(title),)} if title else file.said
    return Thing(file.iri, file.classes, said, file.left)


def _licence(files: Sequence[Value]) -> Value | None:
    """The licence that all files have."""
    said = [file.said.get(LICENCE, ()) if isinstance(file, Thing) else () for file in files]
    return said[0][0] if said and said[0] and all(one == said[0] for one in said) else None


def _worded(value: Value) -> Value:
    """A licence by its address or, when it has none, by its name."""
    if not isinstance(value, Thing):
        return value
    return value.iri or Literal(text(value, RDFS + "label", TITLE) or "")


def _languages(thing: Thing) -> tuple[Value, ...]:
    """The language of the texts as a tag; none when there are several, for nothing tells which is which."""
    codes = {(_last(one) or "").lower().replace("_", "-") for one in thing.said.get(LANGUAGE, ())}
    tags = {LANGUAGES.get(code, code) for code in codes}
    return tuple(Literal(tag) for tag in tags if len(tags) == 1 and _TAG.fullmatch(tag))


def _territory(value: Value, beside: Mapping[IRI, Thing]) -> Value:
    """A territory by the IRI that INSEE gives it, when the place says its code; else as it is."""
    place = value if isinstance(value, Thing) else beside.get(IRI(str(address(value))))
    names = [address(value) or "", *(addresses(place, *_SAME_PLACE) if place else ())]
    for name in names:
        if adoption.territory(name):
            return IRI(name)
        if found := _ZONE.search(name):
            return IRI(_PLACES[found[1]] + found[2])
    return value


def _last(value: Value) -> str | None:
    """The last word of an address, or a text that is none."""
    written = address(value) or (text(value, RDFS + "label", TITLE) if isinstance(value, Thing) else None)
    if not written or "://" not in written:
        return written
    try:
        return unquote(PurePosixPath(urlsplit(written).path).name) or None
    except ValueError:  # "http://[" and the like
        return written
