"""Room: questions in GraphQL that a Decidim of any age understands.

In: what the site says of its own schema. Out: the text of each question, with the fields that are wanted
and that this site has. A site that hides its schema is asked for what every version since 0.23 has. Names
and accounts of persons are in no question.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harvester.model import Raw as Value

INTROSPECTION = (
    "{ __schema { types { name fields { name args { name } "
    "type { name ofType { name ofType { name ofType { name } } } } } } } }"
)

_TOLD = ("id", "title", "createdAt", "updatedAt", "publishedAt", "taxonomies", "category", "scope")
_SPACE = (*_TOLD, "slug", "shortDescription", "description", "startDate", "endDate", "heroImage", "url")
_PLACED = (*_TOLD, "address", "coordinates")
_HELD = ("location", "typeOfMeeting", "withdrawn", "isWithdrawn")

WANTED: Mapping[str, Sequence[str]] = {
    "ParticipatoryProcess": _SPACE,
    "Assembly": (*_SPACE, "purposeOfAction"),
    "Conference": (*_SPACE, "slogan", "location"),
    "Initiative": (*_SPACE, "state"),
    "Proposal": (*_PLACED, "body", "state", "withdrawn"),
    "Meeting": (*_PLACED, *_HELD, "description", "startTime", "endTime", "url"),
    "Budget": ("id", "projects"),
    # the amount alone of all fields is not in camel case
    "Project": (*_PLACED, "description", "budget_amount", "selected"),
    "TranslatedField": ("translations",),
    "LocalizedString": ("locale", "text"),
    "Coordinates": ("latitude", "longitude"),
}
"""Fields asked for by type, where the site has them; of a type that is not named here, its name."""

SPACES: Mapping[str, tuple[str, str]] = {
    "participatoryProcesses": ("ParticipatoryProcess", "processes"),
    "assemblies": ("Assembly", "assemblies"),
    "conferences": ("Conference", "conferences"),
    "initiatives": ("Initiative", "initiatives"),
}
"""Lists of spaces: the type of their members, and the first word of their addresses."""

COMPONENTS: Mapping[str, tuple[str, str]] = {
    "Proposals": ("proposals", "Proposal"),
    "Meetings": ("meetings", "Meeting"),
    "Budgets": ("budgets", "Budget"),
}
"""Types of components: their list, and the type of its members."""


@dataclass(frozen=True, slots=True)
class Named:
    """A field of a type: the name of its own type, and of its arguments."""

    type: str
    args: frozenset[str] = frozenset()


Schema = Mapping[str, Mapping[str, Named]]
"""Types that have fields, by name."""


def _basic(*fields: str) -> dict[str, Named]:
    texts = ("title", "shortDescription", "description", "body")
    types = dict.fromkeys(texts, "TranslatedField") | {"coordinates": "Coordinates", "projects": "Project"}
    return {field: Named(types.get(field, "String")) for field in fields}


_SPACES_BASIC = _basic("id", "slug", "title", "shortDescription", "description")
BASIC: Schema = {
    "Query": {name: Named(SPACES[name][0]) for name in ("participatoryProcesses", "assemblies")},
    "ParticipatoryProcess": _SPACES_BASIC | _basic("startDate", "endDate"),
    "Assembly": _SPACES_BASIC,
    "Proposals": {"proposals": Named("ProposalConnection", frozenset({"order"}))},
    "Meetings": {"meetings": Named("MeetingConnection")},
    "Budgets": {"budgets": Named("BudgetConnection")},
    "Proposal": _basic("id", "title", "body", "state", "address", "coordinates", "createdAt", "updatedAt"),
    "Meeting": _basic("id", "title", "description", "startTime", "endTime", "address", "coordinates"),
    "Budget": _basic("id", "projects"),
    "Project": _basic("id", "title", "description", "selected", "createdAt", "updatedAt"),
    "TranslatedField": {"translations": Named("LocalizedString")},
    "LocalizedString": _basic("locale", "text"),
    "Coordinates": _basic("latitude", "longitude"),
}
"""What every version since 0.23 has: asked of a site that hides its schema."""


_HIDDEN = {"id": Named("ID")}
"""What is taken for granted of a type that a site does not tell of."""


def schema(told: Mapping[str, Any]) -> Schema:
    """The types of a site from its answer to `INTROSPECTION`."""
    return {
        str(one["name"]): {str(field["name"]): _named(field) for field in one["fields"]}
        for one in told["types"]
        if one.get("fields")
    }


def _named(field: Mapping[str, Any]) -> Named:
    kind = field["type"]
    while kind and not kind.get("name"):  # a list of, or never null
        kind = kind.get("ofType")
    return Named(str((kind or {}).get("name")), frozenset(one["name"] for one in field.get("args") or ()))


def spaces(known: Schema, collection: str) -> str:
    """The question for the spaces of one collection and the components of each."""
    components = " ".join(("__typename", *_own(known, "ComponentInterface", ("id", "url"))))
    inside = selection(known, SPACES[collection][0])
    return f"{{ {collection} {{ {inside} components {{ {components} }} }} }}"


def component(known: Schema, kind: str, ref: str, *, first: int, after: str | None) -> str:
    """The question for one page of one component, by number where the list can be ordered."""
    field, node = COMPONENTS[kind]
    said = {"first": str(first)} | ({"after": json.dumps(after)} if after else {})
    if "order" in known.get(kind, {}).get(field, Named("")).args:
        said["order"] = '{id: "asc"}'
    args = ", ".join(f"{name}: {value}" for name, value in said.items())
    page = f"pageInfo {{ hasNextPage endCursor }} edges {{ node {{ {selection(known, node)} }} }}"
    return f"{{ component(id: {json.dumps(ref)}) {{ id ... on {kind} {{ {field}({args}) {{ {page} }} }} }} }}"


def selection(known: Schema, name: str) -> str:
    """The fields wanted of a type and what is wanted inside them, as far as the site has them."""
    told, has = [], known.get(name, _HIDDEN)
    for field in _own(known, name, WANTED.get(name, ("name",))):
        inner = selection(known, has[field].type) if has[field].type in known else None
        if inner is None:
            told.append(field)
        elif inner:
            told.append(f"{field} {{ {inner} }}")
    return " ".join(told)


def _own(known: Schema, name: str, wanted: Iterable[str]) -> list[str]:
    """Those of `wanted` that the type has; its identifier is taken for granted where the type is hidden."""
    has = known.get(name, _HIDDEN)
    return [field for field in wanted if field in has]


def body(query: str) -> bytes:
    """What is sent by POST to ask a question."""
    return json.dumps({"query": query}).encode()


def plain(value: Value) -> Value:
    """Translated fields as texts with their language; blank ones are nothing. All else as it is."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("translations"), list):
        told = (one for one in value["translations"] if isinstance(one, dict))
        return [_text(one) for one in told if str(one.get("text") or "").strip()]
    return {key: plain(one) for key, one in value.items()}


def _text(translation: Mapping[str, Any]) -> Value:
    locale, text = translation.get("locale"), translation["text"]
    return {"@value": text, "@language": locale} if locale else text
