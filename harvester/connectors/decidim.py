"""Room: Decidim, the participatory processes and assemblies of a site, their proposals, meetings, budgets.

In: the GraphQL API of one site: its schema, then its spaces, then each component page by page. Out: what
they hold, each with its kind. Part of an answer may be missing where the site says why. Never asks for
persons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import replay, whole
from harvester.connectors._decidim_queries import body, plain
from harvester.connectors._decidim_site import DEFAULT, Space, recognised
from harvester.connectors._decidim_walk import Found, Site, Wish, readings
from harvester.model import Answer, Listing, Record, Rejected, Source, posted
from harvester.model import Raw as Value

__all__ = ["IGNORED", "LISTING", "MAPPING", "Options", "answers", "recognised", "records"]

LISTING = Listing.FULL

MAPPING: dict[str, Any] = {
    "kind": "_kind",
    "name": "title",
    "slogan": "slogan",
    "description": ["body", "description", "shortDescription"],
    "purpose": "purposeOfAction",
    "lat": "coordinates.latitude",
    "lon": "coordinates.longitude",
    "street": "address",
    "page": "_page",
    "image": "_image",
    "keywords": "_keywords",
    "part_of": "_space",
    "status": {"const": "annule", "when": {"path": "_withdrawn", "in": ["True"]}},
    "created": "createdAt",
    "modified": "updatedAt",
    "start": ["startTime", "startDate"],
    "end": ["endTime", "endDate"],
    "attendance": {
        "from": "typeOfMeeting",
        "cases": {"in_person": "offline", "online": "online", "hybrid": "mixed"},
    },
    "venue": {
        "each": "_venue",
        "map": {
            "name": "location",
            "street": "address",
            "lat": "coordinates.latitude",
            "lon": "coordinates.longitude",
        },
    },
}

IGNORED = frozenset(
    {"id", "slug", "url", "publishedAt", "heroImage", "state", "selected", "budget_amount", "taxonomies"}
    | {"category", "scope", "withdrawn", "isWithdrawn"}
)

GROUPS = ("taxonomies", "category", "scope")
PLACE = ("location", "address", "coordinates")

KINDS: Mapping[str, tuple[str, str]] = {
    "ParticipatoryProcess": ("process", "project"),
    "Assembly": ("assembly", "group"),
    "Conference": ("conference", "event"),
    "Initiative": ("initiative", "initiative"),
    "Proposal": ("proposal", "idea"),
    "Meeting": ("meeting", "event"),
    "Project": ("project", "project"),
}
"""Types of Decidim: the word before their number in a ref, and their kind."""

Content = Literal["spaces", "proposals", "meetings", "projects"]


class Options(BaseModel):
    """What may be said of a Decidim source besides its address, the root of the site."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    spaces: tuple[Space, ...] = Field(DEFAULT, min_length=1, description="Kinds of spaces that are read.")
    contents: tuple[Content, ...] = Field(
        ("spaces", "proposals", "meetings", "projects"),
        min_length=1,
        description="What becomes a record: the spaces themselves, and what their components hold.",
    )
    components: tuple[str, ...] = Field(
        (), description="Only these components, by the number after `/f/` in their addresses; all if none."
    )
    page_size: int = Field(
        50, ge=1, le=100, description="Things in a page; lower it if the site finds a question too complex."
    )


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """The schema of the site, its spaces, then each component page by page."""
    api, wish = _api(source), _wish(source)

    def ask(query: str) -> Answer:
        return client.post(api, body(query), accept="application/json")

    for reading in readings(Site(source, wish, ask, raw)):
        yield reading.answer


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Record | Rejected]:
    """Spaces, then what their components hold, in the order of the site.

    What failed inside an answer is rejected without a ref: the others go on, and nothing is taken for
    missing tonight.

    Raises:
        SourceChanged: an answer is none of GraphQL, tells errors only, or its pages do not end.
    """
    api, wish, kept = _api(source), _wish(source), replay(answers, source)

    def ask(query: str) -> Answer:
        return kept(posted(api, body(query)))

    for reading in readings(Site(source, wish, ask, raw)):
        yield from (_record(one, wish.root) for one in reading.found)
        yield from (Rejected(None, fault) for fault in reading.faults)


def _root(source: Source) -> str:
    return source.url.rstrip("/").removesuffix("/api")


def _api(source: Source) -> str:
    return f"{_root(source)}/api"


def _wish(source: Source) -> Wish:
    return Wish(root=_root(source), **Options(**source.options).model_dump())


def _record(found: Found, root: str) -> Record | Rejected:
    node, kind = found.node, KINDS[found.type][1]
    ref = _ref(found.type, str(node["id"]))
    if found.type == "Proposal" and (node.get("withdrawn") or node.get("state") == "withdrawn"):
        return Rejected(ref, "withdrawn by its author")
    value = {name: plain(one) for name, one in node.items() if one is not None and name != "components"}
    # where an event is held is its venue
    venue = {name: value.pop(name) for name in PLACE if kind == "event" and name in value}
    image = node.get("heroImage")
    made = {
        "_kind": kind,
        "_page": found.page,
        "_space": _ref(*found.space) if found.space else None,
        "_image": whole(f"{root}/", image) if image else None,
        "_keywords": [name for group in GROUPS for name in _names(value.get(group))],
        "_withdrawn": bool(node.get("withdrawn") or node.get("isWithdrawn")),
        "_venue": venue,
    }
    return Record(ref, value | {name: one for name, one in made.items() if one})


def _ref(kind: str, number: str) -> str:
    return f"{KINDS[kind][0]}-{number}"


def _names(told: Value) -> list[Value]:
    """The names of one category or of several, in every language."""
    groups = told if isinstance(told, list) else [told]
    names = [one.get("name") for one in groups if isinstance(one, dict)]
    return [text for name in names if name for text in (name if isinstance(name, list) else [name])]
