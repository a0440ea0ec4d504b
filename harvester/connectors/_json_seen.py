"""Room: recognising any list of objects in JSON, and what it hints at: its fields, its pages, its details.

In: an answer in JSON. Out: a proposal, the least sure of all: what knows the platform reads it better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from harvester.connectors._guess import Guess, guessed
from harvester.connectors._guess_ref import identifies, unlike
from harvester.connectors._json_hints import PLACES, declared, paging
from harvester.connectors._json_leaves import leaves, listed, point
from harvester.connectors._query import with_query
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen
from harvester.model import Raw as Value

FIRST = 1000
"""Records that are guessed from."""

TOLD = 40
"""Fields that are told."""

SELF = ("links.self", "_links.self.href", "self", "href", "url", "uri", '"@id"')
"""Where a record says its own address in the API."""

INSIDE = ("data", "record", "result", "item")
"""Where its own answer may hold it."""

THIN = frozenset({"name", "homepage", "keywords", "created", "modified", "page"})
"""A list that tells no more than these of its records leaves the rest to their own answers."""


@dataclass(frozen=True, slots=True)
class _Detail:
    """A record's own answer: where it is, as options, and what it holds, by path; empty without one."""

    options: Mapping[str, str] = field(default_factory=dict)
    leaves: Mapping[str, Value] = field(default_factory=dict)


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A list of objects, wherever it is in its document."""
    found = listed(seen.json)
    if found is None or _is_error(seen.json):
        return None
    path, values = found
    rows = [_fields(value, seen) for value in values[:FIRST]]
    in_list = guessed(rows)
    detail = _detail(seen, values[0], in_list, look)
    whole = {**rows[0], **detail.leaves}
    guess = guessed([whole]) if detail.leaves else in_list
    if guess.persons:
        return None
    turning = paging(seen, values, look)
    ref = _ref(in_list, rows)
    records = {"records": path} if path else {}
    kind = {"kind": guess.kind} if guess.kind else {}
    total = declared(seen, turning.get("total"))
    return Proposal(
        Certainty.READABLE,
        _first(seen.url, turning),
        title=_said(seen.json, "title", "name"),
        licence=_said(seen.json, "licence", "license"),
        count=total if total is not None or "paginator" in turning else len(values),
        keys={
            **kind,
            **records,
            **ref,
            **turning,
            **detail.options,
            "map": {**point(whole), **_map(guess, whole, seen)},
        },
        learned=[f"fields: {', '.join([*whole][:TOLD])}{', …' if len(whole) > TOLD else ''}", *guess.learned],
        unknown=[*_open(guess, ref, turning, total, len(values))],
    )


def _open(
    guess: Guess, ref: Mapping[str, str], turning: Mapping[str, Any], total: int | None, count: int
) -> Iterator[str]:
    """What a person must say."""
    yield from (sentence for sentence in guess.unknown if not sentence.startswith("map.ref"))
    if not ref:
        yield "ref: no field identifies a record by its name"
    if "paginator" not in turning and total is not None and total > count:
        yield f"paginator: {count} records of {total} are here; how are the others asked for?"


def _is_error(document: Value) -> bool:
    return isinstance(document, dict) and bool(document.get("error") or document.get("errors"))


def _fields(value: Mapping[str, Any], seen: Seen) -> dict[str, Value]:
    """The values of a record by path, without its own address in this API."""
    return {path: one for path, one in leaves(value) if not _is_own(one, seen)}


def _is_own(value: Value, seen: Seen) -> bool:
    if not isinstance(value, str) or not value.startswith(("/", "http://", "https://")):
        return False
    return value.startswith((seen.path, f"{seen.root}{seen.path}")) and seen.path.strip("/") != ""


def _detail(seen: Seen, value: Mapping[str, Any], guess: Guess, look: Look) -> _Detail:
    """A record's own answer, when the list tells little and says where it is."""
    own = dict(leaves(value))
    path = next((one for one in SELF if _is_near(own.get(one), seen)), None)
    if path is None or not guess.map.keys() <= THIN:
        return _Detail()
    told = look(urljoin(seen.url, own[path]), accept="application/json")
    document = told.json if told and isinstance(told.json, dict) else {}
    place = next((one for one in INSIDE if isinstance(document.get(one), dict)), None)
    inner = dict(leaves(document[place] if place else document))
    if not guessed([inner]).map.keys() - guess.map.keys():
        return _Detail()
    return _Detail({"detail": f"{{{path}}}", **({"detail_record": place} if place else {})}, inner)


def _is_near(value: Value, seen: Seen) -> bool:
    with suppress(ValueError):  # "http://[" and the like
        return isinstance(value, str) and urljoin(seen.url, value).startswith(f"{seen.root}/")
    return False


def _map(guess: Guess, record: Mapping[str, Value], seen: Seen) -> dict[str, Any]:
    """The mapping that is guessed; an address on the same host is the record's page, not its own site."""
    found = dict(guess.map) if "lat" in guess.map else {**guess.map, **point(record)}
    site = found.get("homepage")
    if isinstance(site, str) and str(record.get(site)).startswith(f"{seen.root}/"):
        return {"page" if name == "homepage" else name: one for name, one in found.items()}
    return found


def _ref(guess: Guess, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The path to the identifier: the one that is called so, else an address or name unlike all others."""
    named = guess.map.get("name")
    likely = (guess.ref, *SELF, "link", "permalink", named if isinstance(named, str) else None)
    found = next((path for path in likely if path and unlike(path, rows, identifies)), None)
    return {"ref": found} if found else {}


def _first(url: str, turning: Mapping[str, Any]) -> str:
    """The address without what says which page it is, where pages are turned by number."""
    if turning.get("paginator") not in PLACES.values() or not urlsplit(url).query:
        return url
    return with_query(url, {}, without=PLACES)


def _said(document: Value, *names: str) -> str | None:
    """A text that stands beside the list."""
    told = (document.get(name) for name in names) if isinstance(document, dict) else ()
    return next((one for one in told if isinstance(one, str) and one.strip()), None)
