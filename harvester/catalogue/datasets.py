"""Room: the published sources -> a DCAT 3 catalogue: datasets, their files, the services that answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harvester import canonical, iri, vocab
from harvester.catalogue.quality import measurements, metrics
from harvester.catalogue.state import State, Told
from harvester.catalogue.words import Texts, about, node, term, texts, typed, when
from harvester.dumps import Bundle, File
from harvester.profile import freshness_triples, source_triples

LDES_SPECIFICATION = "https://w3id.org/ldes/specification"
SPARQL_SPECIFICATION = "http://www.w3.org/TR/sparql11-protocol/"

_FILES: Mapping[str, str] = {
    "nquads": "RDF_N_QUADS", "turtle": "RDF_TURTLE", "jsonld": "JSON_LD", "csv": "CSV", "geojson": "GEOJSON",
}  # fmt: skip
"""Form -> its concept in the list of the Publications Office of the European Union."""

_WHAT: Texts = {
    "fr": "Ce que la fédération {federation} moissonne de « {title} » : {records} fiches, décrites avec son "
    "profil, reliées aux territoires et à ses thèmes. Licence et crédit : {credit}.",
    "en": "What the federation {federation} harvests from “{title}”: {records} records, described with its "
    "profile, linked to territories and to its themes. Licence and credit: {credit}.",
}
_ALL: Texts = {
    "fr": "Les initiatives que {federation} rassemble : un jeu de données par source, avec sa licence.",
    "en": "The initiatives that {federation} gathers: one dataset per source, each under its licence.",
}
_SERVICES: Mapping[str, tuple[Texts, str]] = {
    "sparql": (
        {"fr": "Point d'accès SPARQL 1.1, en lecture", "en": "SPARQL 1.1 endpoint, read only"},
        SPARQL_SPECIFICATION,
    ),
    "changes": (
        {"fr": "Flux des changements (LDES)", "en": "Feed of changes (LDES)"},
        LDES_SPECIFICATION,
    ),
}
"""Service, which is the end of its address -> its title, what it conforms to."""


def dcat(state: State) -> bytes:
    """The catalogue and all that it lists, as sorted N-Triples."""
    datasets = (line for told in state.sources for line in _dataset(state, told))
    return canonical.lines([*_catalogue(state), *_services(state), *metrics(state), *datasets])


def contact(state: State) -> str | None:
    """The node of who answers for the federation; None when nobody is named."""
    return f"{state.catalogue}#contact" if state.federation.contact else None


def _catalogue(state: State) -> Iterator[str]:
    me, title = state.catalogue, state.federation.title
    changed = max((told.changed for told in state.sources), default=None)
    yield from typed(me, "dcat:Catalog")
    yield from texts(me, "dcterms:title", {"fr": title, "en": title})
    yield from texts(me, "dcterms:description", _filled(_ALL, federation=title))
    yield from about(
        me,
        ("dcterms:publisher", node(f"{me}#federation")),
        ("dcterms:modified", when(changed) if changed else None),
        ("foaf:homepage", node(state.base)),
        ("dcterms:language", node(term("eulanguage:FRA"))),
        ("dcat:themeTaxonomy", node(vocab.BASE + "themes")),
        *(("dcat:dataset", node(iri.source(state.base, told.id))) for told in state.sources),
        *(("dcat:service", node(state.base + name)) for name in _SERVICES),
    )
    yield from _federation(state)


def _federation(state: State) -> Iterator[str]:
    """Who publishes the catalogue, and how they are reached."""
    me, title = f"{state.catalogue}#federation", canonical.string(state.federation.title)
    yield from typed(me, "foaf:Agent", "org:Organization")
    yield from about(me, ("foaf:name", title), ("rdfs:label", title), ("foaf:homepage", node(state.base)))
    if who := contact(state):
        reached = state.federation.contact or ""
        leads = "vcard:hasEmail" if reached.startswith("mailto:") else "vcard:hasURL"
        yield from typed(who, "vcard:Kind")
        yield from about(who, ("vcard:fn", title), (leads, node(reached)))
        yield from about(state.catalogue, ("dcat:contactPoint", node(who)))


def _services(state: State) -> Iterator[str]:
    for name, (title, specification) in _SERVICES.items():
        me = state.base + name
        yield from typed(me, "dcat:DataService")
        yield from texts(me, "dcterms:title", title)
        yield from about(
            me,
            ("dcat:endpointURL", node(me)),
            ("dcat:endpointDescription", node(me)),
            ("dcterms:conformsTo", node(specification)),
            *(("dcat:servesDataset", node(iri.source(state.base, told.id))) for told in state.sources),
        )


def _dataset(state: State, told: Told) -> Iterator[str]:
    me, live = iri.source(state.base, told.id), told.counts.get("live", 0)
    permission = told.described.get("permission")
    values = {
        "federation": state.federation.title,
        "title": told.rights.title,
        "credit": told.rights.credit(),
    }
    yield from source_triples(state.base, told.id, told.described, live=live, recipe=None)
    yield from _freshness(state, told)
    yield from texts(me, "dcterms:description", _filled(_WHAT, records=str(live), **values))
    yield from about(
        me,
        ("dcterms:issued", when(told.first)),
        ("dcterms:modified", when(told.changed)),
        ("dcterms:accrualPeriodicity", node(term(f"frequency:{periodicity(told.described)}"))),
        (
            "dcterms:accessRights",
            node("http://publications.europa.eu/resource/authority/access-right/PUBLIC"),
        ),
        ("dcterms:temporal", node(f"{me}#periode")),
        ("dcat:contactPoint", (who := contact(state)) and node(who)),
        ("dcat:keyword", canonical.string(told.described.get("kind", "initiative"))),
        ("dcat:version", canonical.string(str(told.dump.position)) if told.dump else None),
        ("dcterms:rights", node(permission) if permission else None),
    )
    yield from typed(f"{me}#periode", "dcterms:PeriodOfTime")
    until = told.fresh.last_success or told.changed
    yield from about(f"{me}#periode", ("dcat:startDate", when(told.first)), ("dcat:endDate", when(until)))
    yield from _agent(me, told)
    yield from measurements(state, told)
    yield from _distributions(state, told)


def _agent(dataset: str, told: Told) -> Iterator[str]:
    """The publisher as portals want it; the title of the source stands for a publisher that is not named."""
    publisher = told.described["publisher"]
    me, name = f"{dataset}#editeur", publisher["name"] if publisher else told.rights.title
    yield from typed(me, "foaf:Agent")
    yield from about(me, ("foaf:name", canonical.string(name)))
    yield from about(dataset, ("dcterms:publisher", node(me)))


def _freshness(state: State, told: Told) -> list[str]:
    fresh = told.fresh
    since = fresh.stale_since(state.now)
    return freshness_triples(
        state.base, told.id, last_success=fresh.last_success, failures=fresh.failures, stale_since=since
    )


def _distributions(state: State, told: Told) -> Iterator[str]:
    """The files of a source, and where it is queried and followed."""
    me = iri.source(state.base, told.id)
    addresses = {"sparql": state.base + "sparql", "changes": f"{state.base}changes?source={told.id}"}
    for name, address in addresses.items():
        one = f"{me}#{name}"
        title, specification = _SERVICES[name]
        yield from _distribution(me, one, told, title)
        yield from about(
            one,
            ("dcat:accessURL", node(address)),
            ("dcat:accessService", node(state.base + name)),
            ("dcterms:conformsTo", node(specification)),
        )
    for file in told.dump.files if told.dump else ():
        assert told.dump is not None
        yield from _file(state, told, told.dump, file)


def _distribution(dataset: str, me: str, told: Told, title: Texts) -> Iterator[str]:
    licence = told.rights.licence
    yield from typed(me, "dcat:Distribution")
    yield from texts(me, "dcterms:title", title)
    yield from about(
        me,
        ("dcterms:license", node(licence.url or licence.iri)),
        ("schema:creditText", canonical.string(told.rights.credit())),
    )
    yield from about(dataset, ("dcat:distribution", node(me)))


def _file(state: State, told: Told, dump: Bundle, file: File) -> Iterator[str]:
    dataset = iri.source(state.base, told.id)
    me = f"{dataset}#{file.form}"
    yield from _distribution(dataset, me, told, {"fr": file.name, "en": file.name})
    yield from about(
        me,
        ("dcat:accessURL", node(f"{state.base}dumps/")),
        ("dcat:downloadURL", node(f"{state.base}dumps/{dump.group}/{file.name}")),
        ("dcat:mediaType", node(term("media:" + file.media_type))),
        ("dcat:compressFormat", node(term("media:application/gzip"))),
        ("dcterms:format", node(term("filetype:" + _FILES[file.form]))),
        ("dcat:byteSize", canonical.typed(str(file.size), "nonNegativeInteger")),
        ("dcterms:issued", when(dump.made_at)),
        ("dcterms:modified", when(dump.made_at)),
        ("spdx:checksum", node(f"{me}-sha256")),
    )
    yield from typed(f"{me}-sha256", "spdx:Checksum")
    yield from about(
        f"{me}-sha256",
        ("spdx:algorithm", node(term("spdx:checksumAlgorithm_sha256"))),
        ("spdx:checksumValue", canonical.typed(file.sha256.upper(), "hexBinary")),
    )


def periodicity(described: Mapping[str, object]) -> str:
    """How often a source is read, by its cron line, as a concept of the European list of frequencies."""
    fields = str(described.get("schedule", "")).split()
    if len(fields) != 5:
        return "UNKNOWN"
    month, weekday = fields[3:]
    day = fields[2]
    if month != "*" or (day != "*" and weekday != "*"):
        return "IRREG"
    if day != "*":
        return "MONTHLY" if day.isdigit() else "IRREG"
    return "DAILY" if weekday == "*" else "WEEKLY" if weekday.isalnum() else "IRREG"


def _filled(told: Texts, **values: str) -> Texts:
    return {language: text.format(**values) for language, text in told.items()}
