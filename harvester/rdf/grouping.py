"""Room: statements -> things: what has no name of its own is put inside what points to it.

Blank nodes never leave. A shared one is copied into each thing that points to it; a circle is cut where
it closes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NewType

from harvester.model import IRI
from harvester.rdf.thing import Left, Literal, Thing, Value

Node = NewType("Node", str)
"""A subject or an object: an IRI, or `_:` and the label of a blank node."""

DEEPEST = 12
"""Levels of things inside things; SemApps writes four."""

MOST = 1000
"""Things inside one thing, copies counted: shared blank nodes could multiply without end."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE, _FIRST, _REST, _NIL = _RDF + "type", _RDF + "first", _RDF + "rest", _RDF + "nil"

_LDP, _HYDRA = "http://www.w3.org/ns/ldp#", "http://www.w3.org/ns/hydra/core#"
_FOAF, _DCAT = "http://xmlns.com/foaf/0.1/", "http://www.w3.org/ns/dcat#"
_TREE, _VOID = "https://w3id.org/tree#", "http://rdfs.org/ns/void#"
_SCHEMAS = ("http://schema.org/", "https://schema.org/")

_LISTING = frozenset(
    {
        _LDP + "contains",
        _HYDRA + "member",
        _TREE + "member",
        _TREE + "relation",
        *(_DCAT + name for name in ("dataset", "catalog", "service", "record")),
        _FOAF + "primaryTopic",
        *(
            ns + name
            for ns in _SCHEMAS
            for name in ("mainEntity", "itemListElement", "item", "dataFeedElement")
        ),
    }
)
"""Predicates that lead from a listing or a page to what it is about, never to a part of it."""

_SCHEMA_PAGES = (
    "WebPage", "AboutPage", "CollectionPage", "ContactPage", "FAQPage", "ItemPage", "ProfilePage",
    "SearchResultsPage", "WebSite", "ItemList", "ListItem", "BreadcrumbList", "DataFeed", "DataFeedItem",
)  # fmt: skip
PAGES = frozenset(
    {
        *(ns + name for ns in _SCHEMAS for name in _SCHEMA_PAGES),
        *(_LDP + name for name in ("Container", "BasicContainer", "DirectContainer", "IndirectContainer")),
        *(_HYDRA + name for name in ("Collection", "PagedCollection", "PartialCollectionView")),
        *(_FOAF + name for name in ("Document", "PersonalProfileDocument")),
        *(_DCAT + name for name in ("Catalog", "CatalogRecord", "Dataset", "Distribution")),
        *(_VOID + name for name in ("Dataset", "DatasetDescription")),
        *(_TREE + name for name in ("Collection", "Node")),
        "https://w3id.org/ldes#EventStream",
        "http://www.w3.org/2002/07/owl#Ontology",
    }
)  # fmt: skip
"""Classes of listings and pages: the fragments of their address stand beside them, not inside."""


@dataclass(slots=True)
class Graph:
    """What a document says, by node, in its order."""

    about: dict[Node, dict[IRI, dict[Node | Literal, None]]] = field(default_factory=dict)
    left: dict[Node, list[Left]] = field(default_factory=dict)

    def say(self, subject: Node, predicate: IRI, value: Node | Literal) -> None:
        """Add a statement; said twice it counts once."""
        self.about.setdefault(subject, {}).setdefault(predicate, {})[value] = None

    def leave(self, subject: Node, left: Left) -> None:
        """Note a statement that is left out."""
        self.about.setdefault(subject, {})
        self.left.setdefault(subject, []).append(left)

    def classes(self, node: Node) -> tuple[IRI, ...]:
        """The classes of a node, those that have a name."""
        types = self.about[node].get(IRI(_TYPE), {})
        return tuple(IRI(one) for one in types if not isinstance(one, Literal) and not _nameless(one))

    def leads(self, node: Node) -> Iterator[Node]:
        """The described nodes that a node leads to and may hold."""
        page = self.is_page(node)
        for predicate, values in self.about[node].items():
            if predicate not in _LISTING:
                yield from (
                    one
                    for one in values
                    if not isinstance(one, Literal) and one in self.about and (_nameless(one) or not page)
                )

    def is_page(self, node: Node) -> bool:
        """True for a listing or a page, which is about things rather than being one."""
        return not PAGES.isdisjoint(self.classes(node))


def grouped(graph: Graph) -> Iterator[Thing]:
    """The things of a document, in its order."""
    fragments = _fragments(graph)
    heads = _heads(graph, fragments)
    for node in graph.about:
        if node in heads:
            yield _Whole(graph, fragments).thing(node, ())


def _fragments(graph: Graph) -> set[Node]:
    """The named nodes that are parts: fragments of a node that leads to them."""
    owned: dict[Node, set[Node]] = {}
    for node in graph.about:
        owner = Node(node.partition("#")[0])
        if owner != node and owner in graph.about:
            owned.setdefault(owner, set()).add(node)
    return {one for owner, names in owned.items() for one in _within(graph, [owner], names) if one in names}


def _within(graph: Graph, heads: Iterable[Node], fragments: set[Node]) -> set[Node]:
    """The heads, and what stands inside them."""
    found = set(heads)
    ahead = list(found)
    while ahead:
        for one in graph.leads(ahead.pop()):
            if one not in found and (_nameless(one) or one in fragments):
                found.add(one)
                ahead.append(one)
    return found


def _heads(graph: Graph, fragments: set[Node]) -> set[Node]:
    """The nodes that stand inside no other: named ones, and blank ones that nothing leads to."""
    heads = {node for node in graph.about if not _nameless(node) and node not in fragments}
    inside = _within(graph, heads, fragments)
    loose = [node for node in graph.about if node not in inside]
    pointed = {one for node in loose for one in graph.leads(node) if one != node}
    for node in [*(one for one in loose if one not in pointed), *loose]:
        if node not in inside:
            heads.add(node)
            inside |= _within(graph, [node], fragments)
    return heads


@dataclass(slots=True)
class _Whole:
    """Puts one thing together; `parts` counts the things inside it."""

    graph: Graph
    fragments: set[Node]
    parts: int = 0

    def thing(self, node: Node, path: tuple[Node, ...]) -> Thing:
        """A node with all that stands inside it; `path` are the nodes around it."""
        around = (*path, node)
        left = list(self.graph.left.get(node, ()))
        said: dict[IRI, tuple[Value, ...]] = {}
        for predicate, objects in self.graph.about[node].items():
            if predicate != _TYPE:
                values = tuple(
                    value for one in objects for value in self._values(one, predicate, around, left)
                )
                if values:
                    said[predicate] = values
        name = None if _nameless(node) else IRI(node)
        return Thing(name, self.graph.classes(node), said, tuple(left))

    def _values(
        self, one: Node | Literal, predicate: IRI, around: tuple[Node, ...], left: list[Left]
    ) -> Iterator[Value]:
        if isinstance(one, Literal):
            yield one
        elif self._is_part(one, predicate, around):
            if len(around) >= DEEPEST or self.parts >= MOST:
                left.append(Left(predicate, "nested too deep or too wide"))
            elif _FIRST in self.graph.about[one]:
                for member in self._members(one):
                    yield from self._values(member, predicate, (*around, one), left)
            else:
                self.parts += 1
                yield self.thing(one, around)
        elif not _nameless(one) and one != _NIL:
            yield IRI(one)

    def _is_part(self, one: Node, predicate: IRI, around: tuple[Node, ...]) -> bool:
        return (
            one in self.graph.about
            and (_nameless(one) or (one in self.fragments and not self.graph.is_page(around[-1])))
            and one not in around
            and predicate not in _LISTING
        )

    def _members(self, head: Node) -> Iterator[Node | Literal]:
        """The members of an RDF list; a list that closes on itself ends where it began."""
        at: Node | Literal | None = head
        seen: set[Node] = set()
        while isinstance(at, str) and at not in seen and at in self.graph.about:
            seen.add(at)
            yield from self.graph.about[at].get(IRI(_FIRST), ())
            at = next(iter(self.graph.about[at].get(IRI(_REST), ())), None)


def _nameless(node: Node) -> bool:
    return node.startswith("_:")
