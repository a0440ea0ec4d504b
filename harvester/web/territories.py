"""Room: territories as pages and as linked data: one, a level, all levels.

The published graph is asked, so that a page tells what everybody can query; before anything is published
there is nothing to tell yet, and the page says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from fastapi import APIRouter
from fastapi.responses import Response

from harvester import iri, territory, vocab
from harvester.cleaning.words import fold
from harvester.errors import QueryError
from harvester.profile import full
from harvester.triplestore import Query
from harvester.web import statements, texts, words
from harvester.web.graphs import constructed
from harvester.web.linked import Topic, linked, unknown, unpublished
from harvester.web.pages import Visit, Visiting
from harvester.web.statements import Line, Value
from harvester.web.terms import TERRITORY
from harvester.web.usage import Asked, Usage

T = TypeVar("T")

LISTED = 2500
"""Territories of one level on a page; the communes are more, and stand on the pages of their départements."""

_TOLD_APART = frozenset({"rdfs:label", "pair:label", "skos:prefLabel", "igeo:nom"})
_NAME = re.compile(r"[a-z-]+/[0-9A-Za-z-]+")

_ABOUT = "CONSTRUCT {{ <{area}> ?p ?o }} WHERE {{ GRAPH <{graph}> {{ <{area}> ?p ?o }} }}"
_AROUND = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX igeo: <http://rdf.insee.fr/def/geo#>
PREFIX archipel: <https://w3id.org/archipel/ns#>
SELECT DISTINCT ?role ?area ?label {{ GRAPH <{graph}> {{
  {{ <{area}> igeo:subdivisionDirecteDe+ ?area BIND("above" AS ?role) }}
  UNION {{ <{area}> ?to ?area . ?area a ?class BIND("beside" AS ?role) }}
  UNION {{ {inside} BIND("inside" AS ?role) }}
  OPTIONAL {{ ?area rdfs:label ?label }}
}} }}
"""
_DIRECTLY = """
  {{ ?area igeo:subdivisionDirecteDe <{area}> }}
  UNION {{ ?area a igeo:Intercommunalite ; archipel:inTerritory <{area}> }}
"""
_IN_EPCI = "?area archipel:inTerritory <{area}>"  # of which nothing is a direct subdivision
_LEVELS = """
SELECT ?class (COUNT(?area) AS ?n) (SAMPLE(?area) AS ?one)
{{ GRAPH <{graph}> {{ ?area a ?class }} }} GROUP BY ?class
"""
_LEVEL = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?area ?label {{ GRAPH <{graph}> {{ ?area a <{kind}> OPTIONAL {{ ?area rdfs:label ?label }} }} }}
"""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Level:
    """Territories of one level: its name in IRIs, their class, how many there are."""

    name: str
    kind: str
    count: int


@router.get("/vocab/territoire")
@router.get("/vocab/territoire/")
def levels(visit: Visiting) -> Response:
    """Every level, with how many territories it has."""
    found = _when_published(lambda: _levels(visit))
    told = {"levels": found, "areas": None, "level": None}
    return linked(visit, Topic(None, b"", _licence()), "territories.html", lambda: told)


@router.get("/vocab/territoire/{level}")
@router.get("/vocab/territoire/{level}/")
def one_level(visit: Visiting, level: str) -> Response:
    """The territories of one level, by name, where they fit on a page."""
    found = _when_published(lambda: _levels(visit))
    here = next((one for one in found or () if one.name == level), None)
    if found is not None and here is None:
        return unknown(visit, f"territoire/{level}", [f"territoire/{one.name}" for one in found])
    areas = _areas(_rows(visit, _LEVEL, kind=here.kind)) if here and here.count <= LISTED else None
    told = {"levels": found, "areas": areas, "level": here}
    return linked(visit, Topic(None, b"", _licence()), "territories.html", lambda: told)


@router.get("/vocab/territoire/{level}/{code}")
def one_territory(visit: Visiting, level: str, code: str) -> Response:
    """One territory: what is above it, inside it, and the records located there."""
    name = f"{level}/{code}"
    address = iri.territory(level, code)
    where = {"graph": iri.graph(visit.base, "territoire"), "area": address}
    if not _NAME.fullmatch(name):
        return unknown(visit, f"territoire/{name}")
    triples = _when_published(lambda: constructed(visit, _ABOUT.format(**where)))
    if triples is None:
        return unpublished(visit)
    if not triples:
        return _absent(visit, level, code)

    def told() -> Mapping[str, Any]:
        asked = Asked(address)
        inside = (_IN_EPCI if level == "epci" else _DIRECTLY).format(area=address)
        around = _rows(visit, _AROUND, area=address, inside=inside)
        return {
            "title": _title(triples) or code,
            "level": level,
            "lines": list(_named(statements.about(triples), around, visit.language)),
            "above": [_value(row) for row in around if row["role"]["value"] == "above"],
            "inside": _by_level(_areas(row for row in around if row["role"]["value"] == "inside")),
            "asked": asked,
            "uses": cast("Usage", visit.request.app.state.usage).uses(asked),
        }

    return linked(visit, Topic(address, triples, _licence()), "territory.html", told)


def _absent(visit: Visit, level: str, code: str) -> Response:
    """404, with the territory that replaced a code of old."""
    now = territory.load().by_code(code) if level.startswith("commune") else None
    if now is None or now.code == code:
        return unknown(visit, f"territoire/{level}/{code}", _level_named(level))
    text = visit.say("territory.now", code=code, name=now.name)
    return unknown(visit, f"territoire/{level}/{code}", [f"territoire/commune/{now.code}"], detail=text)


def _level_named(level: str) -> list[str]:
    return [f"territoire/{level}"] if level in texts.group("level") else []


def _levels(visit: Visit) -> list[Level]:
    """The levels there are, the widest first."""
    rows = ((row["one"]["value"], row) for row in _rows(visit, _LEVELS) if "one" in row)
    found = [
        Level(_level_of(one), row["class"]["value"], int(row["n"]["value"]))
        for one, row in rows
        if one.startswith(TERRITORY)
    ]
    return sorted(found, key=lambda one: one.count)


def _rows(visit: Visit, query: str, **where: str) -> list[Mapping[str, Any]]:
    text = query.format(graph=iri.graph(visit.base, "territoire"), **where)
    body = b"".join(visit.serving.pool.ask(Query(text)).chunks)
    rows: list[Mapping[str, Any]] = json.loads(body)["results"]["bindings"]
    return rows


def _named(said: statements.About, around: Sequence[Mapping[str, Any]], language: str) -> Iterator[Line]:
    """What is said of a territory, other territories by the names they are published under."""
    names = {row["area"]["value"]: _value(row) for row in around}
    for line in statements.lines(said, language, elsewhere=_TOLD_APART):
        yield replace(line, values=[names.get(one.href or "", one) for one in line.values])


def _areas(rows: Iterable[Mapping[str, Any]]) -> list[Value]:
    """Territories by name."""
    return sorted((_value(row) for row in rows), key=lambda one: fold(one.text))


def _by_level(areas: Sequence[Value]) -> list[tuple[str, list[Value]]]:
    """Territories by level, the level with the fewest first."""
    found: dict[str, list[Value]] = {}
    for one in areas:
        found.setdefault(_level_of(one.href or ""), []).append(one)
    return sorted(found.items(), key=lambda one: len(one[1]))


def _value(row: Mapping[str, Any]) -> Value:
    address = row["area"]["value"]
    return Value(row["label"]["value"] if "label" in row else words.short(address), address)


def _title(triples: bytes) -> str | None:
    label = statements.first_text(statements.about(triples), full("rdfs:label"))
    return label.text if label else None


def _level_of(address: str) -> str:
    return address.removeprefix(TERRITORY).partition("/")[0]


def _when_published(asked: Callable[[], T]) -> T | None:
    """What the store answers; None when there is none to ask yet.

    Raises:
        QueryError: any other refusal.
    """
    try:
        return asked()
    except QueryError as error:
        if error.kind != "starting":
            raise
        return None


def _licence() -> str | None:
    """Codes and names are those of INSEE, under the Licence Ouverte."""
    return vocab.licences()["etalab-2.0"].url
