"""Room: DCAT catalogues, what open data portals say of their datasets (udata, CKAN, GeoNetwork).

In: a catalogue in RDF, paged by Hydra or whole. Out: one record per dataset and per data service, its fields
ours already (`profile.adopt`), its files as documents. Opens no file, follows no other catalogue, never reads
who is to be contacted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import replay
from harvester.connectors._dcat_listing import Found
from harvester.connectors._dcat_pages import CATALOGUE, check, page, pages
from harvester.connectors._dcat_records import identified
from harvester.connectors._dcat_seen import recognised
from harvester.connectors._rdf import ACCEPT, Adopter, Adopting, root
from harvester.connectors._things import licence, reader, steady
from harvester.model import Answer, Kept, Listed, Listing, Record, Source
from harvester.profile import adopt
from harvester.profile.adoption import short

__all__ = [
    "IGNORED",
    "KINDS",
    "LISTING",
    "MAPPING",
    "Options",
    "answers",
    "recognised",
    "records",
    "stated_licence",
]

LISTING = Listing.FULL

KINDS: Mapping[str, str] = {
    "dcat:Dataset": "document",
    "dcat:DatasetSeries": "document",
    "dcat:DataService": "resource",
}
"""What we make of what a catalogue holds; `kinds` may say otherwise."""

_EUROPE = "http://publications.europa.eu/resource/authority/licence/"
LICENCES = {
    _EUROPE + "CC0": "CC0-1.0",
    _EUROPE + "CC_BY_4_0": "CC-BY-4.0",
    _EUROPE + "CC_BYSA_4_0": "CC-BY-SA-4.0",
    _EUROPE + "ODC_BL": "ODbL-1.0",
}
UNSAID = dict.fromkeys(("License Not Specified", "notspecified", "Licence non spécifiée"))
"""What portals write where nobody chose a licence."""

FIELDS = (
    *("kind", "name", "description", "covers", "homepage", "page", "image", "theme", "type", "keywords"),
    *("documents", "part_of", "has_part", "related", "references", "derived_from", "created", "modified"),
    *("issued", "language"),
)
MAPPING: dict[str, Any] = {
    **{name: adopt.MAPPING[name] for name in FIELDS},
    "licence": {"from": "licence", "cases": LICENCES},
    "licence_family": {
        "from": ["licence_family", '"dcterms:license"', '"dcterms:rights"'],
        "cases": UNSAID,
    },
}

_OF_FILES = (
    *("dcterms:format", "dcterms:license", "dcterms:rights", "dcterms:accessRights", "dcterms:temporal"),
    *("dcat:mediaType", "dcat:byteSize", "dcat:accessService", "dcat:compressFormat", "dcat:packageFormat"),
    *("adms:status", "http://spdx.org/rdf/terms#checksum", "http://data.europa.eu/r5r/availability"),
    *("http://data.europa.eu/r5r/applicableLegislation", "http://data.europa.eu/r5r/hvdCategory"),
)
IGNORED = frozenset(
    {
        *("dcterms:accessRights", "dcterms:accrualPeriodicity", "dcterms:provenance", "dcterms:temporal"),
        *("dcat:endpointDescription", "dcat:temporalResolution", "dcat:spatialResolutionInMeters"),
        *("dcat:version", "owl:versionInfo", "adms:identifier", "adms:status", "adms:versionNotes"),
        *("http://data.europa.eu/r5r/applicableLegislation", "http://data.europa.eu/r5r/hvdCategory"),
        *(f"dcat:distribution/{term}" for term in _OF_FILES),
    }
)


class Options(Adopting):
    """What may be said of a catalogue besides its address."""

    namespace: str | None = Field(
        None,
        pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$",
        description="How the IRIs of its datasets begin: refs are what follows; by default as its address.",
    )
    most_pages: int = Field(
        10_000, ge=1, le=1_000_000, description="Pages after which the catalogue is taken to have no end."
    )


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """The pages of the catalogue, those of its first address first."""
    options, ask = _options(source), partial(client.get, accept=ACCEPT)
    reading = reader(source, raw, ask)
    for one in pages(source, ask, reading, most=options.most_pages):
        yield from (*reading.beside, one.answer)
        reading.beside.clear()


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Listed]:
    """Datasets and services page by page, each where it is described for the last time.

    Raises:
        SourceChanged: an answer is no catalogue, pages lead in a circle, or there is less than declared.
        SourceUnavailable: there is less than declared, and the catalogue changed while it was read.
    """
    options, ask = _options(source), replay(answers, source)
    reading = reader(source, raw, ask)
    found = Found(options.kinds)
    urls: list[str] = []
    totals: list[int | None] = []
    for one in pages(source, ask, reading, most=options.most_pages):
        found.take(one)
        urls.append(one.answer.url)
        totals.append(one.total)
    check(source, found.count, len(found.services), totals)
    adopter = Adopter(options.namespace or root(source.url), source.language, options, {})
    for url in urls:
        here = page(ask(url), source, reading)
        for thing in found.things(here):
            told = replace(adopter, beside=here.named).listed(steady(identified(thing, adopter.namespace)))
            if told:
                yield _shown(told, made=thing.iri is None)
    for name in found.missing:
        yield Kept(
            name.removeprefix(adopter.namespace) or name, "the catalogue lists it without describing it"
        )


def stated_licence(answers: Sequence[Answer], raw: Raw) -> str | None:
    """The licence that the catalogue states of itself, an address or words; None when it states none."""
    return licence(answers, raw, of=lambda thing: CATALOGUE in map(short, thing.classes))


def _options(source: Source) -> Options:
    options = Options(**source.options)
    own = {short(name): kind for name, kind in options.kinds.items()}
    return options.model_copy(update={"kinds": {**KINDS, **own}})


def _shown(listed: Listed, *, made: bool) -> Listed:
    """A record without the name that we made for it, and without words for a licence that is known."""
    if not isinstance(listed, Record):
        return listed
    value = dict(listed.value)
    if "licence" in value:
        value = {
            name: one for name, one in value.items() if name not in ("dcterms:license", "dcterms:rights")
        }
    if made and not listed.ref.startswith(("http://", "https://")):
        names = value.pop("derived_from")
        if value.get("page") == names[0]:
            del value["page"]
    return Record(listed.ref, value)
