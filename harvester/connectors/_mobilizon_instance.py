"""Room: recognising an instance of Mobilizon, or one of its groups.

In: any page of the instance, or its NodeInfo. Out: a proposal for the events of the group whose page it is,
else of the instance. Never asks for a person: a name after an @ that is no group's is passed over.
"""

from __future__ import annotations

import re

import orjson

from harvester.connectors._mobilizon import WHOLE, question
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen, members, objects

GROUP = re.compile(r"/@([\w.-]+)(?:/events)?/?\Z")
INSTANCE = "{ config { name } }"
ONE = '{ group(preferredUsername: "%s") { name } }'


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """An instance that says its name and answers the questions of the connector."""
    software = str(members(seen, "software").get("name"))
    instance = None
    if software.lower() == "mobilizon" or seen.says("mobilizon"):
        instance = _name_of("config", INSTANCE, seen, look)
    if not instance:
        return None
    page = GROUP.search(seen.path)
    name = _name_of("group", ONE % page[1], seen, look) if page else None
    group = page[1] if page and name else None
    total, own = _counted(seen, look, group)
    return Proposal(
        Certainty.NAMED,
        f"{seen.root}/",
        title=f"{name} ({instance})" if name else instance,
        publisher=name,
        count=own,
        keys={"group": group, "kind": "event"},
        learned=[f"{total} events, with those that other instances sent"] if total and not group else [],
    )


def _name_of(what: str, query: str, seen: Seen, look: Look) -> str | None:
    """The name of the one thing that is asked for."""
    told = look(f"{seen.root}/api", accept="application/json", content=orjson.dumps({"query": query}))
    name = members(told, "data", what).get("name")
    return name if isinstance(name, str) and name else None


def _counted(seen: Seen, look: Look, group: str | None) -> tuple[int, int | None]:
    """How many events are listed, and how many are the instance's own when the first page holds them all."""
    asked = question(WHOLE, 1, group=group)
    told = look(f"{seen.root}/api", accept="application/json", content=asked)
    path = ("group", "organizedEvents") if group else ("searchEvents",)
    found = members(told, "data", *path)
    total, events = found.get("total"), objects(found.get("elements"))
    own = sum(1 for event in events if event.get("local", True))
    return (total, own if total == len(events) else None) if isinstance(total, int) else (0, None)
