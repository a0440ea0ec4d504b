"""Room: raw value -> the typed value of an item field.

Chooses the cleaner of each field type and applies it to one value or to many. A value the
cleaner refuses raises ValueError (the mapper makes it a finding); an empty one is None. A text may come
with its language, as JSON-LD writes it: `{"@value": "Garden", "@language": "en"}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from harvester.cleaning import area, flag, number, place, text, web, when, words
from harvester.cleaning.blank import given
from harvester.errors import suggestion
from harvester.items import KINDS, Field, FieldType
from harvester.model import Finding, Raw, Severity

Typed = Callable[[Raw, list[Finding]], Any]

SPOKEN = frozenset({"name", "description", "slogan", "keywords", "purpose", "award", "certification"})
"""Fields that are said in a language, and may be said in several. Of others the text alone is kept."""

PLAIN = frozenset({"street", "city", "origin", "unit", "period", "licence_family"})
"""Texts in no language. People write contacts into them too, which are scrubbed as in all others."""

_HALF = re.compile("[\ud800-\udfff]")
_LANGUAGE = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tagged:
    """A text whose language is known, and may be another than the record's."""

    text: str
    lang: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Another thing that a record names: a ref of its own source, or an absolute IRI."""

    name: str

    @property
    def absolute(self) -> bool:
        """True for an IRI, which stays as it is; a ref is minted by the profile."""
        return self.name.startswith(("http://", "https://"))


def _reference(value: Raw) -> Reference | None:
    name = given(value)
    if name and name.startswith(("http://", "https://")):
        name = web.url(name)
    if name and _HALF.search(name):
        raise ValueError("half a surrogate pair cannot be part of a ref")
    return Reference(name) if name else None


def _kind(value: Raw) -> str | None:
    kind = text.text(value)
    if kind is not None and kind not in KINDS:
        raise ValueError(f"no kind '{kind}'; {suggestion(kind, KINDS)}")
    return kind


def _language(value: Raw) -> str | None:
    """A language tag (RFC 5646) in lower case."""
    written = text.text(value)
    if written is None:
        return None
    tag = written.replace("_", "-").lower()
    if not _LANGUAGE.fullmatch(tag):
        raise ValueError(f"'{written}' is no language tag; 'fr' or 'oc' is expected")
    return tag


_CLEAN: Mapping[FieldType, Callable[[Raw], Any]] = {
    FieldType.TEXT: text.text,
    FieldType.NUMBER: number.decimal,
    FieldType.FLAG: flag.flag,
    FieldType.AREA: area.area,
    FieldType.KIND: _kind,
    FieldType.REFERENCE: _reference,
    FieldType.COORDINATE: number.decimal,
    FieldType.POSTCODE: place.postcode,
    FieldType.INSEE: place.insee,
    FieldType.COUNTRY: place.country,
    FieldType.URL: web.url,
    FieldType.EMAIL: web.email,
    FieldType.TELEPHONE: web.telephone,
    FieldType.FOUNDED: when.founded,
    FieldType.LICENCE: text.text,
    FieldType.LANGUAGE: _language,
}


def of(field: Field, zone: ZoneInfo, *, lang: str | None = None) -> Typed:
    """The function that types this field; `zone` is given to times that have no offset.

    Raises:
        ValueError: `lang` is no language tag, or the field is not said in a language.
    """
    if field.name in SPOKEN:
        return _spoken(field, _language(lang))
    if lang is not None:
        raise ValueError(f"'{field.name}' is not said in a language; take `lang` out")
    if field.type is FieldType.MOMENT:
        return _one(lambda raw: when.date_or_datetime(raw, zone=zone))
    clean = _CLEAN[field.type]
    if field.many:
        return _many(clean, field.name)
    return _scrubbed(_one(clean), field.name) if field.name in PLAIN else _one(clean)


def _one(clean: Callable[[Raw], Any]) -> Typed:
    """The first value of a list that cleaning leaves something of."""

    def typed(raw: Raw, _findings: list[Finding]) -> Any:
        if not isinstance(raw, list):
            return clean(_said(raw))
        return next((value for one in raw if (value := clean(_said(one))) is not None), None)

    return typed


def _many(clean: Callable[[Raw], Any], name: str) -> Typed:
    """The values that cleaning leaves something of; one it refuses takes no other with it."""

    def typed(raw: Raw, findings: list[Finding]) -> Any:
        found: dict[Any, None] = {}
        for one in raw if isinstance(raw, list) else [raw]:
            try:
                value = clean(_said(one))
            except ValueError as error:
                findings.append(Finding(Severity.WARNING, "clean", name, str(error)))
                continue
            if value is not None:
                found[value] = None
        return tuple(found)

    return typed


def _scrubbed(typed: Typed, name: str) -> Typed:
    """A text without e-mails and telephone numbers; the finding never repeats them."""

    def scrubbed(raw: Raw, findings: list[Finding]) -> Any:
        said = typed(raw, findings)
        return None if said is None else next(_without_contacts([said], name, findings), None)

    return scrubbed


def _without_contacts(texts: Iterable[str], name: str, findings: list[Finding]) -> Iterator[str]:
    for one in texts:
        kept, scrubbed = text.scrub(one)
        if scrubbed:
            findings.append(Finding(Severity.INFO, "contact-scrubbed", name))
        if kept:
            yield kept


def _said(raw: Raw) -> Raw:
    """The value itself, when it comes with its language or its datatype."""
    return raw["@value"] if isinstance(raw, dict) and "@value" in raw else raw


_Texts = Callable[[Raw, list[Finding]], Iterable[str]]
"""What is said in one language, as written -> its clean texts."""


def _spoken(field: Field, lang: str | None) -> Typed:
    """Texts, each with the language it comes with, else `lang`, else none.

    A field that holds one text holds one in each language: alone, or as a tuple when there are several.
    """
    clean = _texts(field)

    def typed(raw: Raw, findings: list[Finding]) -> Any:
        if not isinstance(raw, list | dict):  # most texts: one, without a word of its language
            texts = tuple(_tagged(one, lang) for one in clean(raw, findings))
            return texts if field.many else next(iter(texts), None)
        spoken = ((tag, one) for tag, said in _by_language(raw, lang) for one in clean(said, findings))
        return _held(field, spoken)

    return typed


def _held(field: Field, spoken: Iterable[tuple[str | None, str]]) -> Any:
    """What the field holds of texts with their language."""
    if field.many:
        return tuple(dict.fromkeys(_tagged(one, tag) for tag, one in spoken))
    first: dict[str | None, str] = {}
    for tag, one in spoken:
        first.setdefault(tag, one)
    held = tuple(_tagged(one, tag) for tag, one in first.items())
    return held if len(held) > 1 else next(iter(held), None)


def _tagged(said: str, tag: str | None) -> str | Tagged:
    return said if tag is None else Tagged(said, tag)


def _by_language(raw: Raw, lang: str | None) -> Iterator[tuple[str | None, Raw]]:
    """What is said in each language, in the order in which the languages come; one value or a list."""
    if not isinstance(raw, list) or not any(isinstance(one, dict) and "@language" in one for one in raw):
        tag = raw.get("@language") if isinstance(raw, dict) else None
        yield _known(tag, lang), [_said(one) for one in raw] if isinstance(raw, list) else _said(raw)
        return
    by_language: dict[str | None, list[Raw]] = {}
    for one in raw:
        tag = one.get("@language") if isinstance(one, dict) else None
        by_language.setdefault(_known(tag, lang), []).append(_said(one))
    yield from by_language.items()


def _known(tag: Raw, otherwise: str | None) -> str | None:
    """The language that a text comes with; one that is no tag would spoil the triples, and is not kept."""
    try:
        return _language(tag) or otherwise
    except ValueError:
        return otherwise


def _texts(field: Field) -> _Texts:
    """A title keeps a contact that stands in it, and the shapes refuse it: its author must word it again."""
    readers: Mapping[FieldType, Callable[[Raw], Iterable[str]]] = {
        FieldType.WORDS: words.words,
        FieldType.PROSE: _prose,
    }
    read = readers.get(field.type, _lines)
    if field.name == "name":
        return lambda raw, _findings: read(raw)
    return lambda raw, findings: _without_contacts(read(raw), field.name, findings)


def _lines(raw: Raw) -> Iterator[str]:
    for one in raw if isinstance(raw, list) else [raw]:
        if (line := text.text(one)) is not None:
            yield line


def _prose(raw: Raw) -> Iterator[str]:
    said = text.prose("\n\n".join(map(str, raw)) if isinstance(raw, list) else raw)
    if said is not None:
        yield said
