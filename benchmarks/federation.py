"""Room: a synthetic federation, seeded: several maps, an agenda, videos, lists and commitments.

In: how many initiatives and over how many maps. Out: each source as a maintainer would declare it, with the
listing its partner shows, and the links found between their records. What the maps hold is drawn by
`elements`; the fields that questions ask about are added here, each with its own chance. Never a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import orjson

from benchmarks.elements import Map, Town
from harvester import canonical, iri, vocab
from harvester.model import Expect, Publisher, Source
from harvester.profile import full

Row = dict[str, Any]

OTHERS = ("agenda", "videos", "pacte", "listes")
"""The sources that are no maps."""

_CATEGORIES = {"from": "categoriesFull[].id", "align": "presdecheznous"}
_MAP = {
    "theme": _CATEGORIES,
    "type": _CATEGORIES,
    "phase": "phase",
    "sdg": "odd",
    "boundary": "limites",
    "partner_of": "partenaires",
    "needs": {"each": "besoins", "map": {"name": "titre", "support": "genre"}},
    "videos": {"each": "videos", "map": {"name": "titre", "embed": "url"}},
}
_WHERE = {"city": "ville", "postcode": "cp", "lat": "lat", "lon": "lon"}
_TITLED = {"name": "titre", "page": "page"}
_EVENT = {**_TITLED, **_WHERE, "start": "debut", "end": "fin", "theme": "theme"}
_VIDEO = {**_TITLED, "embed": "lecteur", "boundary": "limites", "theme": "theme"}
_COMMITMENT = {**_TITLED, **_WHERE, "measure": "mesures"}
_RATINGS = {"criterion": "critere", "rating": "note", "self_assessed": "soi"}
_LIST = {**_TITLED, **_WHERE, "election": "election", "assessments": {"each": "notes", "map": _RATINGS}}


class Listing(NamedTuple):
    """A source, and what its partner answers: address below the root of the partner, body."""

    source: Source
    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Atlas:
    """A synthetic federation: `initiatives` spread over `maps` sources; the other sources keep proportion."""

    drawn: Map
    initiatives: int
    maps: int
    today: date

    def listings(self, url: str) -> Iterator[Listing]:
        """Every source with its listing; `url` is where the partner answers."""
        for number in range(self.maps):
            rows = self._initiatives(number)
            body = {"licence": "https://opendatacommons.org/licenses/odbl/summary/", "data": rows}
            source = _source(f"carte-{number:03}", "gogocarto", f"{url}/carte-{number:03}", _MAP)
            yield Listing(source, f"/{source.id}/api/elements.json", orjson.dumps(body))
        for name, (kind, mapping, count, row) in zip(OTHERS, self._others(), strict=True):
            source = _source(name, "table", f"{url}/{name}.json", {"ref": "id", **mapping}, kind=kind)
            rows = [row(self._random(name, str(number)), number) for number in range(count)]
            yield Listing(source, f"/{name}.json", orjson.dumps(rows))

    def links(self, base: str) -> bytes:
        """One initiative in ten is close to one of another map, and both are of one cluster; as N-Triples."""
        lines: list[str] = []
        for first, second in pairwise(range(0, self.initiatives, 10)):
            pair = [self._iri(base, first), self._iri(base, second + 1)]
            cluster = f"{base}cluster/{uuid5(NAMESPACE_URL, min(pair))}"
            lines.append(f"<{pair[0]}> <{full('skos:closeMatch')}> <{pair[1]}> .")
            lines += [f"<{one}> <{full('archipel:cluster')}> <{cluster}> ." for one in pair]
        return canonical.lines(lines)

    def _iri(self, base: str, number: int) -> str:
        number %= self.initiatives
        return iri.record(base, f"carte-{number % self.maps:03}", self.drawn.element(number)["id"])

    def _initiatives(self, number: int) -> list[Row]:
        """Every so many of the map's elements; partners are others of the same source."""
        rows = [self.drawn.element(one) for one in range(number, self.initiatives, self.maps)]
        refs = [row["id"] for row in rows]
        return [row | self._more(row["id"], refs) for row in rows]

    def _more(self, ref: str, refs: Sequence[str]) -> Row:
        drawn = self._random("more", ref)
        needs = [{"titre": f"Besoin {n} de {ref}", "genre": _one(drawn, "besoins")} for n in (1, 2)]
        chances = {
            "phase": (0.6, _one(drawn, "phases")),
            "odd": (0.1, drawn.sample(_ids("odd"), 2)),
            "limites": (0.05, [_one(drawn, "limites-planetaires")]),
            "besoins": (0.2, needs),
            "partenaires": (0.1, [one for one in drawn.choices(refs, k=3) if one != ref]),
            "videos": (0.03, [{"titre": f"Film {ref}", "url": f"https://videos.example.org/{ref}"}]),
        }
        return {name: value for name, (chance, value) in chances.items() if drawn.random() < chance}

    def _others(self) -> Iterator[tuple[str, Mapping[str, Any], int, Callable[[Random, int], Row]]]:
        """Kind, mapping, number and rows of the other sources."""
        yield "event", _EVENT, self.initiatives // 10, self._event
        yield "video", _VIDEO, self.initiatives // 30, self._video
        yield "commitment", _COMMITMENT, self.initiatives // 15, self._commitment
        yield "participatory-list", _LIST, self.initiatives // 75, self._list

    def _event(self, drawn: Random, number: int) -> Row:
        """Half of them to come; half of them with an hour."""
        day = self.today + timedelta(days=drawn.randint(-200, 200))
        hour = datetime(day.year, day.month, day.day, drawn.randint(8, 20), tzinfo=UTC)
        start = hour.isoformat() if drawn.random() < 0.5 else day.isoformat()
        said = {"debut": start, "theme": _one(drawn, "themes")}
        return _titled("Rencontre", number) | self._where(drawn) | said

    def _video(self, drawn: Random, number: int) -> Row:
        limits = [_one(drawn, "limites-planetaires")]
        player = {"lecteur": f"https://videos.example.org/embed/{number}"}
        return _titled("Vidéo", number) | player | {"limites": limits, "theme": _one(drawn, "themes")}

    def _commitment(self, drawn: Random, number: int) -> Row:
        measures = drawn.sample(_ids("pacte-2020"), drawn.randint(10, 30))
        return _titled("Engagement", number) | self._where(drawn) | {"mesures": measures}

    def _list(self, drawn: Random, number: int) -> Row:
        scheme = drawn.choice(("boussole-2019", "boussole-2026"))
        notes = [
            {"critere": f"{scheme}/{one}", "note": drawn.randint(0, 10), "soi": drawn.random() < 0.8}
            for one in _ids(scheme)
        ]
        election = {"election": _one(drawn, "elections")}
        return _titled("Liste participative", number) | self._where(drawn) | election | {"notes": notes}

    def _where(self, drawn: Random) -> Row:
        town: Town = drawn.choices(self.drawn.towns, cum_weights=self.drawn.weights)[0]
        return {"ville": town.name, "cp": town.postcode, "lat": town.lat, "lon": town.lon}

    def _random(self, *seeds: str) -> Random:
        return Random("/".join((str(self.drawn.seed), *seeds)))


def _titled(noun: str, number: int) -> Row:
    return {"id": str(number), "titre": f"{noun} n° {number}", "page": f"https://fiches.example.org/{number}"}


def _source(
    name: str, connector: str, url: str, mapping: Mapping[str, Any], *, kind: str = "initiative"
) -> Source:
    return Source(
        id=name,
        title=f"Source de synthèse « {name} »",
        connector=connector,
        urls=(url,),
        licence="ODbL-1.0",
        publisher=Publisher("Un partenaire de synthèse"),
        kind=kind,
        language="fr",
        expect=Expect(min_records=1),
        delay=timedelta(0),
        allow_private=True,
        map=mapping,
    )


def _one(drawn: Random, scheme: str) -> str:
    return drawn.choice(_ids(scheme))


@cache
def _ids(scheme: str) -> Sequence[str]:
    """The ids of the concepts of a scheme, each once, sorted."""
    return sorted({one.iri.rpartition("/")[2] for one in vocab.scheme(scheme).values() if not one.deprecated})
