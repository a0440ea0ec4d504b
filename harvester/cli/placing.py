"""Room: what `territory` answers: the territories a person names, and how records were located.

In come words, or the ledger and a source; out go plain rows for the command to print. It resolves as the
harvest does, and never guesses.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any, get_args

from harvester import iri
from harvester.cleaning.words import fold
from harvester.ledger import Ledger
from harvester.territory import LEVELS, Area, Doubt, Method, Resolution, Territory, key_of

_POINT = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*[,;]\s*(-?\d+(?:\.\d+)?)\s*")
_CODE = re.compile(r"\s*(?:(?P<level>[a-z-]+)/)?(?P<code>\d[\dABab]\d*|\d+)\s*")
_NAME_POSTCODE = re.compile(r"(?P<name>.*?)\s*\b(?P<postcode>\d{5})\b\s*(?P<rest>.*)")
_PRECISION = re.compile((iri.concept("precisions", "") + "([a-z-]+)>").encode())

METHODS: tuple[Method, ...] = get_args(Method)

ODD = ("commune-disagrees", "point-far-from-commune", "commune-ambiguous", "insee-unknown", "covers-unknown")
"""Findings about where a record is."""


@dataclass(frozen=True, slots=True)
class Found:
    """The territories a person may mean; method and doubts when words or a point were resolved to one."""

    areas: Sequence[Area]
    method: Method | None = None
    doubts: Sequence[Doubt] = ()

    @property
    def ambiguous(self) -> bool:
        """True when several territories of one level bear the name."""
        levels = Counter(area.key.level for area in self.areas)
        return any(n > 1 for n in levels.values())


def found(asked: str, known: Territory) -> Found:
    """The territories of a point, a code, `level/code`, a name with its postcode, or a name; may be none.

    A code that no territory bears, now or before, is looked for among the postcodes.
    """
    if point := _POINT.fullmatch(asked):
        return _resolved(known.resolution(lat=float(point[1]), lon=float(point[2])), known)
    if code := _CODE.fullmatch(asked):
        return _coded(code["level"], code["code"].upper(), known)
    if parts := _NAME_POSTCODE.fullmatch(asked):
        name = f"{parts['name']} {parts['rest']}".strip()
        resolved = _resolved(known.resolution(name=name, postcode=parts["postcode"]), known)
        return resolved if resolved.areas else Found(known.areas_of_name(name))
    return (
        _resolved(known.resolution(name=asked), known) if "(" in asked else Found(known.areas_of_name(asked))
    )


def _coded(level: str | None, code: str, known: Territory) -> Found:
    """Codes of several levels are the same; one that no commune bears any more leads to its successor."""
    areas = [area for area in known.areas_of_code(code) if level in (None, area.key.level)]
    if level in (None, "commune") and not any(area.commune for area in areas):
        successor = _resolved(known.resolution(insee=code), known)
        areas = [*successor.areas, *areas] if successor.method == "code" else areas
    if areas or level:
        return Found(areas, "code" if areas else None)
    served = (known.area(*key_of(commune)) for commune in known.served(code))
    return Found([area for area in served if area], "postcode")


def _resolved(resolution: Resolution, known: Territory) -> Found:
    match = resolution.match
    area = known.area(*key_of(match.commune)) if match else None
    return Found([area], match.method, resolution.doubts) if match and area else Found([])


def advice(asked: str, known: Territory) -> str:
    """What to try when nothing was found."""
    if _POINT.fullmatch(asked):
        return "the point is not in France, or 15 km from the centre of any commune; is it LAT,LON?"
    if _CODE.fullmatch(asked):
        return f"no territory bears this code; levels are {', '.join(LEVELS)}"
    name = fold(re.sub(r"[\d(].*", "", asked))
    near = get_close_matches(name, (one for one in known.names() if one[:1] == name[:1]), n=1)
    if not near or near == [name]:
        return "no territory can be told for sure; give a commune with its postcode, or a point"
    return f"no territory can be told for sure; did you mean '{known.areas_of_name(near[0])[0].name}'?"


def told(area: Area, known: Territory) -> dict[str, Any]:
    """A territory as JSON data: level, code, name, IRI, what it lies in; a commune with all that is known."""
    around = (known.area(*key) for key in area.within)
    more = asdict(area.commune) if area.commune else {}
    return {
        "level": area.key.level,
        "code": area.key.code,
        "name": area.name,
        "iri": iri.territory(*area.key),
        "within": [{"level": one.key.level, "code": one.key.code, "name": one.name} for one in around if one],
        **{name: more[name] for name in ("postcodes", "population", "lat", "lon") if more},
    }


def lines(found: Found, known: Territory) -> Iterator[str]:
    """Two lines a territory: what it is and where, then its IRI; then what speaks against it."""
    for area in found.areas:
        said = told(area, known)
        how = f", {found.method}" if found.method else ""
        around = ", ".join(f"{one['level']} {one['code']} {one['name']}" for one in said["within"])
        yield f"{said['code']} {said['name']} ({said['level']}{how}){': ' if around else ''}{around}"
        yield f"  {said['iri']}"
    yield from (f"  {doubt.code}: {doubt.value}" for doubt in found.doubts)


def located(ledger: Ledger, source: str) -> dict[str, Any]:
    """How the published records of a source were located: records by method, none, and what is odd."""
    _, payloads = ledger.published(source)
    counted = Counter(_method(triples) for triples in payloads)
    odd: Counter[str] = Counter()
    for (_, code, _), n in ledger.finding_counts(source).items():
        odd[code] += n
    return {
        "id": source,
        "records": counted.total(),
        "methods": {method: counted[method] for method in METHODS if counted[method]},
        "none": counted[None],
        "findings": {code: odd[code] for code in ODD if odd[code]},
    }


def _method(triples: bytes) -> str | None:
    stated = _PRECISION.search(triples)
    return stated[1].decode() if stated else None


def cells(row: Mapping[str, Any]) -> list[str]:
    """A row of `located` as a person reads it: shares of the records by method, then numbers of findings."""
    records = row["records"] or 1
    shares = [row["methods"].get(method, 0) for method in METHODS] + [row["none"]]
    odd = [str(row["findings"].get(code, "")) for code in ODD]
    return [row["id"], str(row["records"]), *(f"{n / records:.0%}" if n else "" for n in shares), *odd]
