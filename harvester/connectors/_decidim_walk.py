"""Room: the way through a Decidim: schema, spaces, then each component page by page.

In: what is wished of a site, a way to ask it. Out: one reading per answer: what it holds, and what it
could not tell. One question per component, so that a closed one spoils no other; data that come with
errors are taken, because a proposal without coordinates is enough to make one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harvester.connectors import Raw
from harvester.connectors import _decidim_queries as queries
from harvester.connectors._answers import snippet, where
from harvester.connectors._decidim_queries import BASIC, COMPONENTS, SPACES, Schema
from harvester.connectors._json import Document
from harvester.errors import SourceChanged
from harvester.model import Answer, Source
from harvester.model import Raw as Value

CLOSED = frozenset({"NO_OBJECT_PERMISSION", "NO_FIELD_PERMISSION", "PERMISSION_NOT_SET_ERROR", "NOT_FOUND"})
"""Errors that say that something is not public: it is not listed, and spoils nothing else."""

CONTENTS: Mapping[str, str] = {"Proposals": "proposals", "Meetings": "meetings", "Budgets": "projects"}
"""What a type of component holds, by the word of the option `contents`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is read of a site, from its root."""

    root: str
    spaces: Sequence[str]
    contents: Sequence[str]
    components: Sequence[str]
    page_size: int


@dataclass(frozen=True, slots=True)
class Found:
    """One thing of a type as the site tells it, its page, and the type and number of the space it is in."""

    type: str
    node: Mapping[str, Any]
    page: str
    space: tuple[str, str] | None = None


@dataclass(slots=True)
class Reading:
    """One answer: what it holds, and what it could not tell."""

    answer: Answer
    place: str
    data: Mapping[str, Any]
    errors: Sequence[Mapping[str, Any]]
    found: list[Found] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def listed(self, values: Value, what: str, *path: str | int) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """The objects of a list at `path`, with their places; why others are not there is noted."""
        if not isinstance(values, list):
            self.lack(what, *path)
            return
        for place, value in enumerate(values):
            if isinstance(value, dict):
                yield place, value
            else:
                self.lack(what, *path, place)

    def lack(self, what: str, *path: str | int) -> None:
        """Note why nothing is at `path`, unless it is said not to be public, or nothing is said."""
        for error in self.errors:
            said, code = error.get("path"), (error.get("extensions") or {}).get("code")
            if code not in CLOSED and (said is None or said[: len(path)] == list(path)):
                self.faults.append(f"{self.place}: {what}: {snippet(str(error.get('message')))}")
                return

    def number(self, node: Mapping[str, Any], what: str) -> str:
        """The number of something, as text."""
        if node.get("id") in (None, ""):
            raise SourceChanged(f"{self.place}: {what} without 'id'; ask the site")
        return str(node["id"])

    def refusal(self, what: str) -> SourceChanged:
        """The error of an answer that cannot be gone on from."""
        told = "; ".join(str(error.get("message")) for error in self.errors) or str(self.data)
        remedy = "lower `page_size`" if "complexity" in told else "ask the site"
        return SourceChanged(f"{self.place}: {what}: {snippet(told)}; {remedy}")


@dataclass(frozen=True, slots=True)
class Site:
    """A site that is asked, or whose kept answers are gone through again."""

    source: Source
    wish: Wish
    ask: Callable[[str], Answer]
    raw: Raw

    def read(self, query: str) -> Reading:
        """The answer to one question.

        Raises:
            SourceChanged: not JSON, or neither data nor errors.
        """
        answer = self.ask(query)
        place = where(answer, self.source)
        with self.raw.open(answer) as stream:
            told = Document(stream, where=place).whole()
        data, errors = (told.get("data"), told.get("errors")) if isinstance(told, dict) else (None, None)
        said = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
        if not isinstance(data, dict) and not said:
            raise SourceChanged(
                f"{place}: expected an answer of GraphQL, got {snippet(str(told))}; ask the site"
            )
        return Reading(answer, place, data if isinstance(data, dict) else {}, said)


def readings(site: Site) -> Iterator[Reading]:
    """The readings of a whole site, in order.

    Raises:
        SourceChanged: no JSON, no schema, errors without any data, no list of spaces, pages that do not end.
    """
    first = site.read(queries.INTROSPECTION)
    known = _schema(first)
    yield first
    components: list[_Component] = []
    for collection in site.wish.spaces:
        if collection in known.get("Query", {}):
            reading = site.read(queries.spaces(known, collection))
            components += _spaces(reading, collection, site.wish)
            yield reading
    for component in components:
        yield from _pages(site, known, component)


@dataclass(frozen=True, slots=True)
class _Component:
    kind: str
    ref: str
    address: str
    space: tuple[str, str] | None


def _schema(first: Reading) -> Schema:
    """The schema that a site tells; what all sites have, when it hides its own."""
    told = first.data.get("__schema")
    if isinstance(told, dict):
        try:
            return queries.schema(told)
        except (AttributeError, KeyError, TypeError) as error:
            raise first.refusal("a schema that is none") from error
    if first.errors:
        return BASIC
    raise first.refusal("no schema")


def _spaces(reading: Reading, collection: str, wish: Wish) -> list[_Component]:
    """Note the spaces of one collection; their components that are wished for."""
    kind, path = SPACES[collection]
    if not isinstance(reading.data.get(collection), list):
        raise reading.refusal(f"no '{collection}'")
    components = []
    for place, node in reading.listed(reading.data[collection], kind, collection):
        number = reading.number(node, kind)
        page = str(node.get("url") or f"{wish.root}/{path}/{node.get('slug') or number}")
        space = (kind, number) if "spaces" in wish.contents else None
        if space:
            reading.found.append(Found(kind, node, page))
        told = reading.listed(
            node.get("components"), f"components of {page}", collection, place, "components"
        )
        for _, component in told:
            ref = reading.number(component, "component")
            address = str(component.get("url") or f"{page}/f/{ref}").rstrip("/")
            components.append(_Component(str(component.get("__typename")), ref, address, space))
    return [one for one in components if _wished(one, wish)]


def _wished(component: _Component, wish: Wish) -> bool:
    return CONTENTS.get(component.kind) in wish.contents and (
        not wish.components or component.ref in wish.components
    )


def _pages(site: Site, known: Schema, component: _Component) -> Iterator[Reading]:
    """The pages of one component; one that is closed or fails is a reading without anything."""
    cursor: str | None = None
    seen: set[str | None] = {None}
    while True:
        size = site.wish.page_size
        reading = site.read(queries.component(known, component.kind, component.ref, first=size, after=cursor))
        if not reading.data and not any(error.get("path") for error in reading.errors):
            raise reading.refusal("no data")
        told = _own(reading, component).get(COMPONENTS[component.kind][0])
        if isinstance(told, dict):
            reading.found += _nodes(reading, told, component)
        else:
            reading.lack(f"component {component.address}", "component")
        yield reading
        cursor = _after(reading, told) if isinstance(told, dict) else None
        if cursor is None:
            return
        if cursor in seen:
            raise SourceChanged(f"{reading.place}: the pages of {component.address} do not end; ask the site")
        seen.add(cursor)


def _own(reading: Reading, component: _Component) -> Mapping[str, Any]:
    """What the answer tells of this component; a cache may answer what was asked before."""
    found = reading.data.get("component") or {}
    known = isinstance(found, dict) and found.get("id", component.ref) == component.ref
    if not known or (reading.data and "component" not in reading.data):
        raise reading.refusal(f"component '{component.ref}' was asked for")
    return found


def _nodes(reading: Reading, told: Mapping[str, Any], component: _Component) -> Iterator[Found]:
    name, kind = COMPONENTS[component.kind]
    what, path = f"{kind} of {component.address}", ("component", name, "edges")
    for place, edge in reading.listed(told.get("edges"), what, *path):
        node = edge.get("node")
        if not isinstance(node, dict):
            reading.lack(what, *path, place, "node")
        elif kind == "Budget":
            yield from _projects(reading, node, component, (*path, place, "node", "projects"))
        else:
            page = node.get("url") or f"{component.address}/{name}/{reading.number(node, what)}"
            yield Found(kind, node, page, component.space)


def _projects(
    reading: Reading, budget: Mapping[str, Any], component: _Component, path: Sequence[str | int]
) -> Iterator[Found]:
    """The projects of one budget, which are not paged."""
    what = f"projects of {component.address}"
    base = f"{component.address}/budgets/{reading.number(budget, what)}/projects"
    for _, project in reading.listed(budget.get("projects"), what, *path):
        yield Found("Project", project, f"{base}/{reading.number(project, what)}", component.space)


def _after(reading: Reading, told: Mapping[str, Any]) -> str | None:
    """The cursor of the next page; None at the end."""
    page = told.get("pageInfo")
    if not isinstance(page, dict) or not isinstance(page.get("hasNextPage"), bool):
        raise SourceChanged(f"{reading.place}: no 'pageInfo', found {snippet(str(told))}; ask the site")
    if not page["hasNextPage"]:
        return None
    if not page.get("endCursor"):
        raise SourceChanged(f"{reading.place}: a next page without a cursor; ask the site")
    return str(page["endCursor"])
