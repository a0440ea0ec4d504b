"""Room: the parameters of the API -> what is asked of the index; each one checked, none ignored.

A request comes in; out goes what is wanted, from where and how many. Whatever cannot be is refused with its
name and its value, all of it at once.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from harvester import territory, vocab
from harvester.index import Asked, Box, Cursor
from harvester.items import KINDS

MISTAKEN = "mistaken"
"""The type of what we find wrong ourselves, beyond the form of a value."""

MOST = 1000
USUAL = 100

_CODE = r"^[0-9][0-9AB][0-9]{3}$"
_NUMBER = r"-?[0-9]{1,3}(\.[0-9]{1,9})?"
_BOX = f"^{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}$"
_LEVELS = ("arrondissement", "commune", "departement", "epci", "region")


def _written_out(said: str) -> str:
    """A number is no time, whatever it may be taken for."""
    if isinstance(said, str) and "T" not in said.upper():
        raise ValueError(said)
    return said


class Parameters(BaseModel):
    """What `/api/records` may be asked; several values of one parameter widen, several parameters narrow."""

    model_config = ConfigDict(extra="forbid")

    bbox: str | None = Field(None, pattern=_BOX)
    insee: list[Annotated[str, Field(pattern=_CODE)]] = Field([], max_length=50)
    territory: list[Annotated[str, Field(max_length=60)]] = Field([], max_length=50)
    theme: list[Annotated[str, Field(max_length=100)]] = Field([], max_length=50)
    kind: list[Annotated[str, Field(max_length=100)]] = Field([], max_length=50)
    source: list[Annotated[str, Field(max_length=100)]] = Field([], max_length=50)
    exclude_source: list[Annotated[str, Field(max_length=100)]] = Field([], max_length=50)
    since: Annotated[AwareDatetime | None, BeforeValidator(_written_out)] = None
    cursor: str | None = Field(None, max_length=200)
    limit: int = Field(USUAL, ge=1, le=MOST)
    lang: Literal["fr", "en"] | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted, from where, how many at most."""

    asked: Asked
    start: Cursor | datetime | None
    limit: int


class _Faults(list[dict[str, Any]]):
    """What is wrong with the parameters, as the framework tells of it."""

    def add(self, name: str, value: Any, expected: str) -> None:
        self.append({"type": MISTAKEN, "loc": ("query", name), "msg": expected, "input": value})


def wish(request: Request, said: Annotated[Parameters, Query()]) -> Wish:
    """What a request wants.

    Raises:
        RequestValidationError: with everything that is wrong.
    """
    faults = _Faults()
    sources = request.app.state.serving.ledger.sources()
    for name, values in (("source", said.source), ("exclude_source", said.exclude_source)):
        _known(faults, name, values, sources)
    groups = [
        [f"kind/{one}" for one in _known(faults, "kind", said.kind, KINDS)],
        [f"theme/{one}" for one in _themes(faults, said.theme)],
        _places(faults, "insee", said.insee, _commune)
        + _places(faults, "territory", said.territory, _territory),
    ]
    start = _start(faults, said)
    asked = Asked(
        words=tuple(tuple(group) for group in groups if group),
        sources=tuple(said.source),
        not_sources=tuple(said.exclude_source),
        box=_box(faults, said.bbox) if said.bbox else None,
    )
    if faults:
        raise RequestValidationError(faults)
    return Wish(asked, start, said.limit)


def written(cursor: Cursor) -> str:
    """A cursor as it stands in an address; opaque to who uses it."""
    told = json.dumps([cursor.position, cursor.after, cursor.following], separators=(",", ":"))
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def read(text: str) -> Cursor:
    """A cursor that we wrote.

    Raises:
        ValueError: it is none of ours.
    """
    try:
        told = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        position, after, following = told
    except (binascii.Error, UnicodeError, TypeError) as error:
        raise ValueError(text) from error
    if not all(type(one) is int and 0 <= one < 1 << 62 for one in (position, after)):
        raise ValueError(text)
    return Cursor(position, after, bool(following))


def _start(faults: _Faults, said: Parameters) -> Cursor | datetime | None:
    if said.cursor is None:
        return said.since
    if said.since is not None:
        faults.add(
            "since", said.since.isoformat(), "nothing beside a cursor, which goes on from where it was given"
        )
    try:
        return read(said.cursor)
    except ValueError:
        faults.add("cursor", said.cursor, "a cursor that this API gave, as it gave it")
        return None


def _box(faults: _Faults, text: str) -> Box | None:
    west, south, east, north = (float(one) for one in text.split(","))
    if abs(west) > 180 or abs(east) > 180 or not -90 <= south <= north <= 90:
        faults.add("bbox", text, "west,south,east,north in degrees WGS 84, south not above north")
        return None
    return Box(west, south, east, north)


def _known(faults: _Faults, name: str, values: Sequence[str], known: Collection[str]) -> Sequence[str]:
    for one in values:
        if one not in known:
            near = get_close_matches(one, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(sorted(known))}"
            faults.add(name, one, hint)
    return values


def _themes(faults: _Faults, values: Sequence[str]) -> list[str]:
    known = vocab.scheme("themes")
    return [
        known[one].iri.rpartition("/")[2] for one in _known(faults, "theme", values, known) if one in known
    ]


def _places(
    faults: _Faults, name: str, values: Sequence[str], word: Callable[[str], str | None]
) -> list[str]:
    found = {one: word(one) for one in values}
    expected = (
        "the INSEE code of a commune" if name == "insee" else f"LEVEL/CODE, LEVEL one of {', '.join(_LEVELS)}"
    )
    for one in (one for one, told in found.items() if told is None):
        faults.add(name, one, expected)
    return [told for told in found.values() if told]


def _commune(code: str) -> str | None:
    found = territory.load().by_code(code)
    key = territory.key_of(found) if found else None
    return f"territory/{key.level}/{key.code}" if key else None


def _territory(said: str) -> str | None:
    level, _, code = said.partition("/")
    found = territory.load().area(level, code) if level in _LEVELS and code else None
    return f"territory/{said}" if found else None
