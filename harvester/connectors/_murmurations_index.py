"""Room: recognising an index of Murmurations, and how many profiles of a schema it holds.

In: an answer of the index, or a page that names Murmurations. Out: a proposal for the schema and country that
the address names. Reads no profile.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from harvester.connectors._recognition import Certainty, Look, Proposal, Seen, members, objects

DEFAULT = "organizations_schema-v1.0.0"
"""The schema that is read unless told otherwise."""

ORGANISATIONS = ("organizations_schema", "karte_von_morgen")
PERSONS = "people_schema"

MOST = 10
"""Schemas counted: the first nodes of an index may name many."""

_API = re.compile(r"(?P<root>.*/v2)/(?:ping|nodes|get-nodes|export)/?")


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """An index, by an address of its API or its name on a page; it must count profiles."""
    api = _API.fullmatch(seen.path)
    if not api and not seen.says("murmurations"):
        return None
    root = seen.root + (api["root"] if api else "/v2")
    said = {name: one[-1] for name, one in parse_qs(urlsplit(seen.url).query).items()}
    country = next(iter(re.findall("^[A-Z]{2}$", said.get("country", "").upper())), None)
    counted = _counted(root, _schemas(seen, said.get("schema", PERSONS)), country, look)
    if not counted:
        return None
    schema = next((name for name, count in counted.items() if count), next(iter(counted)))
    return Proposal(
        Certainty.NAMED,
        root,
        title=seen.title,
        count=counted[schema],
        keys=_keys(schema, country),
        learned=[f"schema {name}: {count} profiles" for name, count in counted.items()],
        unknown=[]
        if country
        else ["countries or bounds: without them, profiles of the whole world are read"],
    )


def _keys(schema: str, country: str | None) -> dict[str, Any]:
    said = {
        "schemas": [schema] if schema != DEFAULT else None,
        "countries": [country] if country else None,
        "kind": "organisation" if schema.startswith(ORGANISATIONS) else None,
    }
    return {name: one for name, one in said.items() if one}


def _schemas(seen: Seen, given: str) -> list[str]:
    """The schema given; else the one read by default, then those of the nodes seen. None of persons."""
    nodes = objects(members(seen).get("data"))
    linked = [one for node in nodes for one in _texts(node.get("linked_schemas"))]
    found = dict.fromkeys([DEFAULT, *(one for one in linked if not one.startswith(PERSONS))])
    return list(found)[:MOST] if given.startswith(PERSONS) else [given]


def _texts(values: Any) -> list[str]:
    return [one for one in values if isinstance(one, str)] if isinstance(values, list) else []


def _counted(root: str, schemas: Sequence[str], country: str | None, look: Look) -> dict[str, int]:
    """The profiles of each schema; none when no index answers."""
    found: dict[str, int] = {}
    for schema in schemas:
        said = {"schema": schema, "status": "posted", "page_size": "1"}
        told = members(look(f"{root}/nodes?{urlencode(said | ({'country': country} if country else {}))}"))
        if not isinstance(told.get("data"), list):
            return found
        found[schema] = _number(told)
    return found


def _number(told: Mapping[str, Any]) -> int:
    """The results that a search declares; one that finds nothing says nothing else."""
    meta = told.get("meta")
    count = meta.get("number_of_results") if isinstance(meta, dict) else None
    return count if isinstance(count, int) else len(told["data"])
