"""Room: the published sources -> a VoID description: how much there is of what, and what it links to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harvester import canonical, iri, vocab
from harvester.catalogue.datasets import contact
from harvester.catalogue.state import State, Told
from harvester.catalogue.words import about, node, short, term, texts, typed
from harvester.dumps.partitions import Partitions, read, targets

FEATURES = ("N-Quads", "Turtle", "JSON-LD", "N-Triples", "RDF_XML")


def void(state: State) -> bytes:
    """The description of all that is published, and of each source, as sorted N-Triples."""
    counted = {told.id: read(told.dump.void) for told in state.sources if told.dump}
    lines = [*_document(state), *_whole(state, counted)]
    for told in state.sources:
        lines += _source(state, told, counted.get(told.id, Partitions()))
    return canonical.lines([*lines, *_targets(state)])


def _document(state: State) -> Iterator[str]:
    me = state.base + ".well-known/void"
    yield from typed(me, "void:DatasetDescription")
    yield from about(me, ("foaf:primaryTopic", node(iri.whole(state.base))))


def _whole(state: State, counted: Mapping[str, Partitions]) -> Iterator[str]:
    """Everything published, as one dataset: the sources are its parts."""
    me, title, everything = iri.whole(state.base), state.federation.title, Partitions()
    for one in counted.values():
        everything.add(one)
    yield from texts(me, "dcterms:title", {"fr": title, "en": title})
    yield from about(
        me,
        ("foaf:homepage", node(state.base)),
        ("dcterms:publisher", node(f"{state.catalogue}#federation")),
        ("dcat:contactPoint", (who := contact(state)) and node(who)),
        ("void:uriSpace", canonical.string(f"{state.base}id/")),
        *(("void:subset", node(iri.source(state.base, told.id))) for told in state.sources),
        *(("void:dataDump", node(_dump(state, one.group, one.name))) for one in state.whole),
        *(("dcterms:license", node(told.rights.licence.iri)) for told in state.sources),
    )
    yield from _figures(state, me, everything)
    for (class_, property_), count in everything.inside.items():
        part = f"{me}-{short(class_)}"
        inner = f"{part}-{short(property_)}"
        yield from about(part, ("void:propertyPartition", node(inner)))
        yield from about(
            inner, ("void:property", node(property_)), ("void:triples", canonical.integer(count))
        )


def _source(state: State, told: Told, counted: Partitions) -> Iterator[str]:
    me = iri.source(state.base, told.id)
    yield from about(
        me,
        ("dcterms:title", canonical.string(told.rights.title)),
        ("dcterms:license", node(told.rights.licence.iri)),
        ("schema:creditText", canonical.string(told.rights.credit())),
        ("dcterms:publisher", node(f"{me}#editeur")),
        ("archipel:graph", node(iri.source_graph(state.base, told.id))),
        ("void:uriSpace", canonical.string(f"{state.base}id/{told.id}/")),
        ("void:dataDump", node(_dump(state, "sources", told.id)) if told.dump else None),
    )
    yield from _figures(state, me, counted)
    for (property_, name), count in counted.links.items():
        link = f"{me}#liens-{name}-{short(property_)}"
        yield from typed(link, "void:Linkset")
        yield from about(
            link,
            ("void:subjectsTarget", node(me)),
            ("void:objectsTarget", node(_target(state, name))),
            ("void:linkPredicate", node(property_)),
            ("void:triples", canonical.integer(count)),
        )
        yield from about(me, ("void:subset", node(link)))


def _figures(state: State, me: str, counted: Partitions) -> Iterator[str]:
    """How much a dataset holds, its partitions, how it is had."""
    joint = "-" if "#" in me else "#"
    yield from typed(me, "void:Dataset")
    yield from about(
        me,
        ("void:sparqlEndpoint", node(state.base + "sparql")),
        ("void:triples", canonical.integer(counted.triples)),
        ("void:entities", canonical.integer(counted.records)),
        ("void:distinctSubjects", canonical.integer(counted.subjects)),
        ("void:classes", canonical.integer(len(counted.classes))),
        ("void:properties", canonical.integer(len(counted.properties))),
        *(("void:vocabulary", node(space)) for space in _vocabularies(counted)),
        *(("void:feature", node(term(f"formats:{name}"))) for name in FEATURES),
        *(("void:exampleResource", node(one)) for one in counted.examples),
    )
    for class_, count in counted.classes.items():
        part = f"{me}{joint}{short(class_)}"
        yield from about(me, ("void:classPartition", node(part)))
        yield from about(part, ("void:class", node(class_)), ("void:entities", canonical.integer(count)))
    for property_, count in counted.properties.items():
        part = f"{me}{joint}propriete-{short(property_)}"
        yield from about(me, ("void:propertyPartition", node(part)))
        yield from about(
            part,
            ("void:property", node(property_)),
            ("void:triples", canonical.integer(count)),
            ("void:distinctSubjects", canonical.integer(counted.holders[property_])),
        )


def _targets(state: State) -> Iterator[str]:
    """The datasets of others that records link to."""
    for name, told in targets().items():
        me = _target(state, name)
        yield from typed(me, "void:Dataset")
        yield from about(
            me,
            ("dcterms:title", canonical.string(told["title"])),
            ("void:uriSpace", canonical.string(told["space"])),
        )


def _vocabularies(counted: Partitions) -> list[str]:
    """The namespaces that classes and properties are of, by our prefixes."""
    used = [*counted.classes, *counted.properties]
    return [space for space in vocab.prefixes().values() if any(one.startswith(space) for one in used)]


def _target(state: State, name: str) -> str:
    return f"{state.catalogue}#cible-{name}"


def _dump(state: State, group: str, name: str) -> str:
    return f"{state.base}dumps/{group}/{name}.nq.gz"
