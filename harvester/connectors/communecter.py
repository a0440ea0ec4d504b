"""Room: Communecter, the organisations, projects and events of its territories and networks.

In: the public API of one platform, paged and unsorted. Out: its elements, projects and events completed by
a detail each. Never asks for persons, never reads links: they hold the names of members and followers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import replay, snippet, where
from harvester.connectors._communecter_elements import ELEMENTS, PAGE, Element, listing, recognised
from harvester.connectors._details import details, told
from harvester.connectors._json import Document
from harvester.errors import RecordError, SourceChanged
from harvester.model import Answer, Kept, Listing, Record, Rejected, Source
from harvester.model import Raw as Value

__all__ = ["IGNORED", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL

_OF_ORGANISATIONS = {"path": '"@type"', "in": ["Organization"]}

MAPPING: dict[str, Any] = {
    "kind": "_kind",
    "name": "name",
    "description": {"from": ["shortDescription", "description"], "join": "\n\n"},
    "lat": ["geo.latitude", "geoPosition.coordinates[1]"],
    "lon": ["geo.longitude", "geoPosition.coordinates[0]"],
    "street": "address.streetAddress",
    "postcode": "address.postalCode",
    "city": "address.addressLocality",
    "insee": "address.codeInsee",
    "country": "address.addressCountry",
    "homepage": "url.website",
    "page": ["url.communecter", "_page"],
    "image": "image",
    "email": "email",
    "telephone": ["phone.fixe[0]", "phone.fixe"],
    "keywords": "tags",
    "actor_type": {
        "from": "typeCommunecter",
        "cases": {
            "NGO": "associations-collectifs",
            "Group": "associations-collectifs",
            "LocalBusiness": "professionnels",
            "Cooperative": "professionnels",
            "GovernmentOrganization": "elus-institutions",
        },
        "when": _OF_ORGANISATIONS,
    },
    "legal_form": {
        "from": "typeCommunecter",
        "cases": {"NGO": "association-1901", "Group": "collectif-informel", "Cooperative": "cooperative"},
        "when": {"path": "typeCommunecter", "in": ["NGO", "Group", "Cooperative"]},
    },
    "start": ["startDate.sec", "startDate"],
    "end": ["endDate.sec", "endDate"],
    "origin": "source.key",
}

IGNORED = frozenset({"@type", "@id", "@context", "id", "slug", "socialNetwork", "allDay", "typeCommunecter"})

PRIVATE = frozenset({"links", "creator", "author", "contacts", "parent", "organizer", "invitedBy"})
"""Persons, or what may name one: dropped before anything is hashed or kept."""

KINDS: Mapping[str, str] = {"project": "project", "event": "event", "poi": "resource"}
ORGANISATIONS: Mapping[str, str] = {"Group": "group"}
"""Kinds by type of element, and of organisation where its type says more than that it is one."""

DETAILED = frozenset({"project", "event", "poi"})
"""Elements whose list leaves out descriptions and tags."""

MOST_PAGES = 10_000


class Options(BaseModel):
    """What may be said of a Communecter source besides its address, the root of the platform."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    elements: tuple[Element, ...] = Field(
        ELEMENTS, min_length=1, description="Types of elements that are read."
    )
    network: str | None = Field(None, description="Label of the network whose elements are read (`key`).")
    tags: tuple[str, ...] = Field((), description="An element is kept if it has any of these tags.")
    insee: str | None = Field(None, description="INSEE code of the commune whose elements are read.")
    size: int = Field(PAGE, ge=1, le=PAGE, description="Elements asked for in a page.")
    details: bool = Field(
        default=True, description="Ask for each project and event alone: descriptions and tags are there."
    )


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """Per type: its pages, then the details of what they list."""
    options = Options(**source.options)
    ask = partial(client.get, accept="application/json")
    for element in options.elements:
        listed: dict[str, None] = {}
        for answer, entities in _pages(source, element, ask, raw):
            yield answer
            listed |= dict.fromkeys(entities)
        if options.details and element in DETAILED:
            yield from details((_detail(source, element, ref) for ref in listed), client)


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected | Kept]:
    """Elements type by type, in the platform's order, which is none: one may come on two pages.

    Raises:
        SourceChanged: a page is not one of entities, or comes twice.
    """
    options = Options(**source.options)
    kept = {answer.url: answer for answer in reversed(answers)}
    for element in options.elements:
        completed = options.details and element in DETAILED
        for _, entities in _pages(source, element, replay(answers, source), raw):
            for ref, entity in entities.items():
                try:
                    url = _detail(source, element, ref)
                    whole = _completed(ref, entity, kept.get(url), raw) if completed else entity
                    yield _record(ref, whole, element, url)
                except RecordError as error:
                    yield Kept(ref, str(error))


def _pages(
    source: Source, element: str, ask: Callable[[str], Answer], raw: Raw
) -> Iterator[tuple[Answer, Mapping[str, Value]]]:
    """Pages to the empty one. `meta.next` is always there and forgets the network: it is not followed."""
    index, before = 0, None
    for _ in range(MOST_PAGES):
        answer = ask(_list(source, element, index))
        place = where(answer, source)
        entities = _entities(answer, place, raw)
        if entities and entities.keys() == before:
            raise SourceChanged(f"{place}: the same page came twice; the platform ignores `index`")
        yield answer, entities
        if not entities:
            return
        index, before = index + len(entities), entities.keys()
    raise SourceChanged(f"{place}: no end after {MOST_PAGES} pages; ask the platform")


def _entities(answer: Answer, place: str, raw: Raw) -> Mapping[str, Value]:
    """Elements by their identifier; PHP writes an empty object as a list."""
    with raw.open(answer) as stream:
        page = Document(stream, where=place).whole()
    entities = page.get("entities") if isinstance(page, dict) else None
    if entities == []:
        return {}
    if not isinstance(entities, dict):
        raise SourceChanged(f"{place}: expected entities, got {snippet(str(page))}; ask the platform")
    return entities


def _root(source: Source) -> str:
    return source.url.partition("/api")[0].rstrip("/")


def _list(source: Source, element: str, index: int) -> str:
    options = Options(**source.options)
    return listing(_root(source), element, options.model_dump(), size=options.size, index=index)


def _detail(source: Source, element: str, ref: str) -> str:
    return f"{_root(source)}/api/{element}/get/id/{quote(ref, safe='')}"


def _completed(ref: str, entity: Value, detail: Answer | None, raw: Raw) -> Value:
    entities = told(detail, raw).get("entities")
    found = entities.get(ref) if isinstance(entities, dict) else None
    if not isinstance(found, dict):
        raise RecordError("its detail does not hold it")
    return {**entity, **found} if isinstance(entity, dict) else found


def _record(ref: str, entity: Value, element: str, page: str) -> Record | Rejected:
    if not isinstance(entity, dict):
        return Rejected(ref, f"expected an element, got {entity!r:.60}")
    if entity.get("@type") == "Person":
        return Rejected(ref, "a person: never harvested")
    kept = {name: value for name, value in entity.items() if name not in PRIVATE}
    kind = KINDS.get(element) or ORGANISATIONS.get(str(entity.get("typeCommunecter")), "organisation")
    return Record(ref, kept | {"_kind": kind, "_page": page})
