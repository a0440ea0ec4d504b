"""Room: one value said of a thing -> what an item field takes of it, or None.

A field may be sure of a value (a concept of its scheme, a reference) or merely able to hold it; nothing is
cleaned here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from harvester import vocab
from harvester.cleaning import area
from harvester.items import Field, FieldType
from harvester.mapping.typed import SPOKEN
from harvester.model import IRI, Raw
from harvester.profile import adoption
from harvester.profile.adoption import listed, short
from harvester.rdf import Literal, Thing

_WEB = ("http://", "https://")
_NO_REFERENCE = ("mailto:", "tel:", "data:", "javascript:", "geo:")
_NOT_OF_THE_WEB = re.compile(r"[a-z]+:(?!//)", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asker:
    """What is the same for a whole record: its IRI, whose IRIs are refs, and what else is described."""

    iri: IRI | None
    namespace: str
    beside: Mapping[IRI, Thing]

    def ref(self, iri: str) -> str:
        """A thing of the namespace by its ref, any other by its IRI."""
        return iri.removeprefix(self.namespace) or iri

    def person(self, iri: IRI) -> bool:
        """True for the IRI of a person, as far as it can be known."""
        described = self.beside.get(iri)
        return adoption.personal(iri) or bool(described and adoption.person(described.classes))

    def own_host(self, address: str) -> bool:
        """True when an address is on the host of the thing, or the thing has no name but it."""
        try:
            return self.iri is None or urlsplit(address).netloc == urlsplit(self.iri).netloc
        except ValueError:  # "http://[" and the like
            return False


@dataclass(frozen=True, slots=True)
class Offer:
    """A value that a field is offered, with the path that it stands under."""

    field: Field
    value: Literal | IRI
    path: str
    asker: Asker

    @property
    def text(self) -> str:
        """The value as a text."""
        return self.value.text.strip() if isinstance(self.value, Literal) else str(self.value)

    @property
    def is_iri(self) -> bool:
        """True for an IRI, also when it was written as a text."""
        return not isinstance(self.value, Literal) or self.text.startswith(_WEB)


def taken(offer: Offer, *, sure: bool) -> Raw:
    """What the field takes; None when it takes nothing, or when it should be `sure` and is not."""
    take = _TAKE.get(offer.field.type, _text)
    return take(offer, sure) if offer.text else None


def spoken(value: Literal) -> Raw:
    """A text, with its language when it says it."""
    return {"@value": value.text, "@language": value.language} if value.language else value.text


def name(thing: Thing) -> Literal | None:
    """What a thing is called, by the best term it has."""
    said = {short(predicate): values for predicate, values in thing.said.items()}
    named = (value for term in adoption.NAMES for value in said.get(term, ()) if isinstance(value, Literal))
    return next(named, None)


def address(thing: Thing) -> str | None:
    """Where a thing is to be seen: a picture's file, a document's page, else its own IRI."""
    said = {short(predicate): values for predicate, values in thing.said.items()}
    for term in adoption.known()["reading"]["addresses"]:
        for value in said.get(term, ()):
            if not isinstance(value, Thing):
                return value.text if isinstance(value, Literal) else value
    return thing.iri


def _concept(offer: Offer, sure: bool) -> Raw:
    concept = adoption.concepts(offer.field.schemes).get(adoption.ours(offer.text))
    return concept or (None if sure else offer.text)


def _reference(offer: Offer, _sure: bool) -> Raw:
    if not offer.is_iri or offer.text.startswith(_NO_REFERENCE):
        return None
    if offer.field.name == "derived_from":
        return offer.text if offer.text.startswith(_WEB) else None
    return offer.asker.ref(offer.text)


def _site(offer: Offer, _sure: bool) -> Raw:
    """An address; a term that may mean both is the page on the partner's own host, and the site elsewhere."""
    if _NOT_OF_THE_WEB.match(offer.text):
        return None
    if offer.path in listed("own_host") and (offer.field.name == "page") != offer.asker.own_host(offer.text):
        return None
    return offer.text


def _area(offer: Offer, _sure: bool) -> Raw:
    named = adoption.territory(offer.text)
    try:
        return area.area(named) if named else None
    except ValueError:
        return None


def _licence(offer: Offer, sure: bool) -> Raw:
    known = adoption.licences().get(adoption.ours(offer.text)) or vocab.licence_of(offer.text)
    return known or (offer.text if offer.is_iri and not sure else None)


def _contact(offer: Offer, _sure: bool) -> Raw:
    return offer.text.removeprefix("mailto:").removeprefix("tel:")


def _language(offer: Offer, _sure: bool) -> Raw:
    return offer.text if _LANGUAGE.fullmatch(offer.text) else None


def _dependent(offer: Offer, sure: bool) -> Raw:
    """A mere text names a dependent where it can be no person."""
    named = offer.field.name in listed("named") and isinstance(offer.value, Literal) and not offer.is_iri
    return {"name": spoken(offer.value)} if named and not sure else None  # type: ignore[arg-type]  # `named` says so


def _text(offer: Offer, _sure: bool) -> Raw:
    if not isinstance(offer.value, Literal):
        return None
    return spoken(offer.value) if offer.field.name in SPOKEN else offer.text


_TAKE: Mapping[FieldType, Callable[[Offer, bool], Raw]] = {
    FieldType.CONCEPT: _concept,
    FieldType.REFERENCE: _reference,
    FieldType.URL: _site,
    FieldType.AREA: _area,
    FieldType.LICENCE: _licence,
    FieldType.EMAIL: _contact,
    FieldType.TELEPHONE: _contact,
    FieldType.LANGUAGE: _language,
    FieldType.ITEM: _dependent,
}
"""Field type → how it takes a value; all others take the text of a literal."""
