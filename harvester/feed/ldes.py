"""Room: the pages of the feed -> a Linked Data Event Stream, as lines of N-Quads.

A version says of itself, in no graph, of what record it is one, since when, and what happened; what it says
of the record stands in a graph named after it. Where a format has no graphs, the version itself says it
(`flat`). Every node is an address; no blank node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harvester import canonical, iri
from harvester.feed.timeline import Timeline
from harvester.feed.versions import Version, versions
from harvester.feed.views import PAGE, SECTION, View
from harvester.model import IRI
from harvester.profile import full

TREE, LDES = "https://w3id.org/tree#", "https://w3id.org/ldes#"
ACTIVITY = "https://www.w3.org/ns/activitystreams#"
TIME, SEQUENCE, OF = full("prov:generatedAtTime"), full("schema:position"), full("dcterms:isVersionOf")
POLL_S = 3600
"""How often, in seconds, it is worth asking again: sources are harvested once a night."""

OPERATIONS: Mapping[str, str] = {"create": "Create", "update": "Update", "withdraw": "Delete"}

_TYPE = full("rdf:type")


@dataclass(frozen=True, slots=True)
class Feed:
    """One view of the feed, and where its pages stand."""

    base: str
    title: str
    view: View
    timeline: Timeline

    @property
    def stream(self) -> IRI:
        """The event stream."""
        return iri.stream(self.base, self.view.source)

    @property
    def root(self) -> str:
        """The address of its first page."""
        return self.stream.partition("#")[0]

    def address(self, kind: str, number: int) -> str:
        """The address of a section or a page: `sections` or `pages`."""
        asked = f"?source={self.view.source}" if self.view.source else ""
        return f"{self.base}changes/{kind}/{number}{asked}"


def root_lines(feed: Feed) -> bytes:
    """What the stream is, how it is read, what is kept, and where its sections are."""
    leads = (_relation(feed, feed.root, "sections", number, SECTION) for number in feed.view.sections())
    return canonical.lines([*_stream(feed), *_conservation(feed), *(line for one in leads for line in one)])


def section_lines(feed: Feed, section: int) -> bytes:
    """The pages of a section."""
    me = feed.address("sections", section)
    leads = (_relation(feed, me, "pages", number, PAGE) for number in feed.view.pages(section))
    return canonical.lines([*_node(feed, me, section, SECTION), *(line for one in leads for line in one)])


def page_lines(feed: Feed, page: int, *, flat: bool = False) -> bytes:
    """The versions of a page; `flat` without graphs."""
    me = feed.address("pages", page)
    told = versions(feed.base, feed.view, feed.timeline, page * PAGE + 1, (page + 1) * PAGE)
    members = (line for one in told for line in _member(feed, one, flat=flat))
    return canonical.lines([*_node(feed, me, page, PAGE), *members])


def _stream(feed: Feed) -> Iterator[str]:
    me = feed.stream
    yield _line(me, _TYPE, _node_of(LDES + "EventStream"))
    yield _line(me, full("dcterms:title"), canonical.string(feed.title))
    yield _line(me, TREE + "view", _node_of(feed.root))
    for name, path in (("timestampPath", TIME), ("sequencePath", SEQUENCE), ("versionOfPath", OF)):
        yield _line(me, LDES + name, _node_of(path))
    yield _line(me, LDES + "versionDeletePath", _node_of(_TYPE))
    for name in OPERATIONS.values():
        yield _line(me, f"{LDES}version{name}Object", _node_of(ACTIVITY + name))


def _conservation(feed: Feed) -> Iterator[str]:
    """The retention policy: the last version of every record, and every deletion, for ever."""
    view, policy = f"{feed.root}#vue", f"{feed.root}#conservation"
    yield _line(feed.root, _TYPE, _node_of(TREE + "Node"))
    yield _line(feed.root, TREE + "viewDescription", _node_of(view))
    yield _line(feed.root, LDES + "pollingInterval", canonical.integer(POLL_S))
    yield _line(view, _TYPE, _node_of(TREE + "ViewDescription"))
    yield _line(view, full("dcat:servesDataset"), _node_of(feed.stream))
    yield _line(view, full("dcat:endpointURL"), _node_of(feed.root))
    yield _line(view, LDES + "retentionPolicy", _node_of(policy))
    yield _line(policy, _TYPE, _node_of(LDES + "RetentionPolicy"))
    yield _line(policy, LDES + "versionAmount", canonical.integer(1))


def _node(feed: Feed, me: str, number: int, size: int) -> Iterator[str]:
    yield _line(me, _TYPE, _node_of(TREE + "Node"))
    yield _line(me, full("dcterms:isPartOf"), _node_of(feed.root))
    if feed.view.full(number, size):
        yield _line(me, LDES + "immutable", canonical.boolean(True))


def _relation(feed: Feed, me: str, kind: str, number: int, size: int) -> Iterator[str]:
    """The relations that lead to a node: no member there is older than its first, nor newer than its last."""
    bounds = {"GreaterThanOrEqualTo": number * size + 1}
    if feed.view.full(number, size):
        bounds["LessThanOrEqualTo"] = (number + 1) * size
    for name, change in bounds.items():
        relation = f"{me}#{kind}-{number}-{name}"
        yield _line(me, TREE + "relation", _node_of(relation))
        yield _line(relation, _TYPE, _node_of(f"{TREE}{name}Relation"))
        yield _line(relation, TREE + "node", _node_of(feed.address(kind, number)))
        yield _line(relation, TREE + "path", _node_of(TIME))
        yield _line(relation, TREE + "value", canonical.moment(feed.timeline.at(change)))


def _member(feed: Feed, one: Version, *, flat: bool) -> Iterator[str]:
    me = iri.version(feed.base, one.change)
    yield _line(feed.stream, TREE + "member", _node_of(me))
    yield _line(me, _TYPE, _node_of(ACTIVITY + OPERATIONS[one.operation]))
    yield _line(me, OF, _node_of(one.record))
    yield _line(me, TIME, canonical.moment(one.at))
    yield _line(me, SEQUENCE, canonical.integer(one.change))
    if one.triples is not None:
        yield _line(me, full("schema:creditText"), canonical.string(one.rights.credit()))
        said = _as_version(one, me) if flat else canonical.in_graph(one.triples, me)
        yield from said.decode().removesuffix("\n").split("\n")


def _as_version(one: Version, me: IRI) -> bytes:
    """What a version says of its record, said of the version itself; fragments go with it."""
    assert one.triples is not None
    record, version = f"<{one.record}".encode(), f"<{me}".encode()
    lines = one.triples.replace(record + b"#", version + b"#").split(b"\n")
    whole = record + b">"
    return b"\n".join(version + line[len(record) :] if line.startswith(whole) else line for line in lines)


def _line(subject: str, predicate: str, value: str) -> str:
    return f"<{subject}> <{predicate}> {value} ."


def _node_of(address: str) -> str:
    return canonical.node(address)
