"""Room: what is said of a thing -> values of item fields, as a mapping may read them.

Each statement goes to the first field that its term may fill and that can hold its value; what no field takes
stays under the name of its term. Nothing is cleaned here, and nothing is lost without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from harvester import items
from harvester.items import FieldType
from harvester.mapping.typed import SPOKEN
from harvester.model import IRI, Raw
from harvester.profile import adoption
from harvester.profile.adoption import PLACE, Candidate, listed, short
from harvester.profile.fitting import Asker, Offer, address, name, spoken, taken
from harvester.rdf import Literal, Thing, Value

_CODE = re.compile(r".*/territoire/(?:commune|arrondissement)/([0-9AB]+)", re.ASCII)
_DIVIDED = ("751", "693", "132")
"""How the codes of arrondissements begin: Paris, Lyon, Marseille."""

Found = tuple[int, str, Raw]
"""The rank of the term that said it (0 is the best), its path for people, and the value."""


@dataclass(slots=True)
class Reading:
    """What was found in one thing, by field; what no field takes, by path; the places already entered.

    A dependent (`inner`) holds of dependents those that only its kind has, as the mapping does.
    """

    asker: Asker
    kind: str
    inner: bool = False
    found: dict[str, list[Found]] = field(default_factory=dict)
    rest: dict[str, list[Raw]] = field(default_factory=dict)
    entered: set[str] = field(default_factory=set)

    def read(self, thing: Thing, within: str = "", shown: str = "") -> None:
        """Take what is said of a thing; `within` is the path that leads to it, `shown` the one for people."""
        for predicate, values in thing.said.items():
            term = short(predicate)
            if not adoption.ignored(term):
                for value in values:
                    self._take(value, within + term, shown + term)
        for left in thing.left:
            term = short(left.predicate) if left.predicate else ""
            self._note(f"{shown}{term} ({left.reason})")

    def values(self, language: str | None) -> dict[str, Raw]:
        """The values by field; `language` is that of texts that do not say theirs beside others that do."""
        stated = self.found.get("language", [(0, "", language)])[0][2]
        told = ((one, self._settled(one, found, stated)) for one, found in self.found.items())
        return {one: raw for one, raw in told if raw is not None}

    def others(self) -> dict[str, Raw]:
        """What no field takes, by path. To be asked after the values, which leave some behind."""
        return {path: _one_or_all(raws) for path, raws in self.rest.items()}

    def _note(self, what: str) -> None:
        self.rest.setdefault(what, []).append(1)

    def _leave(self, path: str, value: Value) -> None:
        self.rest.setdefault(path, []).append(_plain(value))

    def _candidates(self, path: str) -> tuple[Candidate, ...]:
        candidates = adoption.readings(self.kind).get(path, ())
        if not self.inner:
            return candidates
        return tuple(one for one in candidates if one.field.holds is None or one.field.kinds)

    def _take(self, value: Value, path: str, shown: str) -> None:
        if isinstance(value, Literal) and not value.text.strip():
            return  # says nothing
        place = _is_place(path)
        if not isinstance(value, Literal | Thing):
            described = self.asker.beside.get(value)
            if place and described:
                value = described
            elif self._leads_to_things(path) and self.asker.person(value):
                self._note(f"{shown} (a person, left out)")
                return
        if isinstance(value, Thing):
            self._take_thing(value, path, shown)
        elif not self._fill(value, path, shown):
            self._leave(shown, value)

    def _leads_to_things(self, path: str) -> bool:
        return any(one.field.type in (FieldType.REFERENCE, FieldType.ITEM) for one in self._candidates(path))

    def _take_thing(self, thing: Thing, path: str, shown: str) -> None:
        if adoption.person(thing.classes):
            self._note(f"{shown} (a person, left out)")
        elif holder := self._holder(thing, path):
            self._add(holder, shown, self._dependent(thing, str(holder.field.holds), shown))
        elif _is_place(path) and shown not in self.entered:
            self.entered.add(shown)
            self.read(thing, PLACE, f"{shown}/")
        elif path in adoption.branches(self.kind):
            self.read(thing, f"{path}/", f"{shown}/")
        elif not self._fill_by_name(thing, path, shown):
            self._leave(shown, thing)

    def _holder(self, thing: Thing, path: str) -> Candidate | None:
        """The field of dependents that a thing without a name of its own belongs in."""
        kind = adoption.kind(thing.classes)
        place = _is_place(path)
        fitting: list[Candidate] = []
        for one in self._candidates(path):
            holds = one.field.holds
            if holds is None or (place and not one.own and name(thing) is None):
                continue
            if kind == holds:
                return one
            if adoption.fits(kind, holds):
                fitting.append(one)
        return fitting[0] if fitting else None

    def _dependent(self, thing: Thing, kind: str, shown: str) -> Raw:
        inner = Reading(self.asker, kind, inner=True)
        inner.read(thing)
        values = inner.values(None)
        for path, raws in inner.rest.items():
            self.rest.setdefault(f"{shown}/{path}", []).extend(raws)
        return values

    def _fill_by_name(self, thing: Thing, path: str, shown: str) -> bool:
        """Where no field holds a thing: its address, or its name."""
        for one in self._candidates(path):
            if one.field.type is FieldType.URL and (where := address(thing)):
                self._add(one, shown, where)
                return True
        called = name(thing)
        return called is not None and self._fill(called, path, shown)

    def _fill(self, value: Literal | IRI, path: str, shown: str) -> bool:
        """Give a value to the first field that is sure of it, else to the first that can hold it."""
        for sure in (True, False):
            for one in self._candidates(path):
                raw = taken(Offer(one.field, value, path, self.asker), sure=sure)
                if raw is not None:
                    self._add(one, shown, raw)
                    return True
        return False

    def _add(self, candidate: Candidate, shown: str, raw: Raw) -> None:
        self.found.setdefault(candidate.field.name, []).append((candidate.rank, shown, raw))

    def _settled(self, field_name: str, found: list[Found], language: str | None) -> Raw:
        """The value of a field: all that was found, or the best and the rest left behind."""
        field_ = items.FIELDS[field_name]
        ranked = sorted(found, key=lambda one: one[0])
        if field_name in SPOKEN:
            ranked = _in_languages(ranked, language)
        if field_name in listed("joined"):
            return _one_or_all(_without_repetition(ranked))
        if field_.many:
            return _one_or_all(_distinct(raw for _, _, raw in ranked))
        kept = [ranked[0]]
        for rank, path, raw in ranked[1:]:
            if any(raw == one[2] for one in kept):
                continue
            if field_.type is FieldType.ITEM or not _stands_beside(
                rank, raw, kept, said=field_name in SPOKEN
            ):
                self.rest.setdefault(path, []).append(raw)
            else:
                kept.append((rank, path, raw))
        return _one_or_all([raw for _, _, raw in kept])


def located(reading: Reading, thing: Thing) -> None:
    """Undo what our profile materialises of a place, so that it is found again in the same way.

    A commune that was found by its code is given as a code; one found in another way will be found again
    from the same words, and only covered.
    """
    said = {short(predicate): values for predicate, values in thing.said.items()}
    method = _last(said.get("archipel:locationPrecision", ()))
    if method == "code":
        codes = [found[1] for one in said.get("dcterms:spatial", ()) if (found := _CODE.fullmatch(str(one)))]
        if code := _nearest_to(reading, codes):
            reading.found["insee"] = [(0, "dcterms:spatial", code)]
            covers = [one for one in reading.found.pop("covers", []) if one[2] != f"commune/{code}"]
            if covers:
                reading.found["covers"] = covers
    elif method == "name-department":
        departments = [one for one in said.get("archipel:inTerritory", ()) if "/departement/" in str(one)]
        if departments:
            reading.found["department"] = [(0, "archipel:inTerritory", _last(departments))]


@lru_cache(maxsize=65536)
def _is_place(path: str) -> bool:
    """True for a path that leads to a place or an address."""
    return path.rpartition("/")[2] in listed("places")


def _nearest_to(reading: Reading, codes: list[str]) -> str | None:
    """The code that goes with the postcode; in a divided city the one of the arrondissement."""
    postcode = str(reading.found.get("postcode", [(0, "", "")])[0][2])
    return max(codes, key=lambda code: (code[:2] == postcode[:2], code.startswith(_DIVIDED)), default=None)


def _last(values: Iterable[Value]) -> str | None:
    """The last part of the first IRI."""
    return next((one.rpartition("/")[2] for one in values if not isinstance(one, Literal | Thing)), None)


def _in_languages(found: list[Found], language: str | None) -> list[Found]:
    """Texts beside others that say their language get the one they are in."""
    if language is None or not any(isinstance(raw, dict) for _, _, raw in found):
        return found
    return [
        (rank, path, raw if isinstance(raw, dict) else {"@value": raw, "@language": language})
        for rank, path, raw in found
    ]


def _stands_beside(rank: int, raw: Raw, kept: list[Found], *, said: bool) -> bool:
    """True for what the best term says too, and for a text in a language that no better term has."""
    if said:
        return all(_language(raw) != _language(one[2]) for one in kept)
    return rank == kept[0][0]


def _language(raw: Raw) -> str | None:
    return str(raw["@language"]).lower() if isinstance(raw, dict) else None


def _without_repetition(found: list[Found]) -> list[Raw]:
    """Texts to be put together, without those that another in the same language holds."""
    raws = _distinct(raw for _, _, raw in found)
    return [
        raw
        for raw in raws
        if not any(
            _said(raw) in _said(other) and _language(raw) == _language(other) and raw is not other
            for other in raws
        )
    ]


def _said(raw: Raw) -> str:
    return str(raw["@value"] if isinstance(raw, dict) else raw).strip()


def _distinct(raws: Iterable[Raw]) -> list[Raw]:
    return list({repr(raw): raw for raw in raws}.values())


def _one_or_all(raws: list[Raw]) -> Raw:
    if not raws:
        return None
    return raws[0] if len(raws) == 1 else raws


def _plain(value: Value) -> Raw:
    """A value as JSON, for whoever maps a term that we do not know."""
    if isinstance(value, Literal):
        return spoken(value)
    if not isinstance(value, Thing):
        return value
    return dict(_members(value))


def _members(thing: Thing) -> Iterator[tuple[str, Raw]]:
    if thing.iri:
        yield "@id", thing.iri
    if thing.classes:
        yield "@type", _one_or_all([short(one) for one in thing.classes])
    for predicate, values in thing.said.items():
        if not adoption.ignored(short(predicate)):
            yield short(predicate), _one_or_all([_plain(one) for one in values])
