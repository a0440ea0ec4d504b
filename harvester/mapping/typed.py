"""Room: raw value -> the typed value of an item field.

Chooses the cleaner of each field type and applies it to one value or to many. A value the
cleaner refuses raises ValueError (the mapper makes it a finding); an empty one is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from harvester.cleaning import number, place, text, web, when, words
from harvester.items import Field, FieldType
from harvester.model import Finding, Raw, Severity

Typed = Callable[[Raw, list[Finding]], Any]


@dataclass(frozen=True, slots=True)
class Tagged:
    """A text whose mapping says its language, different from the record's."""

    text: str
    lang: str


_CLEAN: Mapping[FieldType, Callable[[Raw], Any]] = {
    FieldType.TEXT: text.text,
    FieldType.COORDINATE: number.decimal,
    FieldType.POSTCODE: place.postcode,
    FieldType.INSEE: place.insee,
    FieldType.COUNTRY: place.country,
    FieldType.URL: web.url,
    FieldType.EMAIL: web.email,
    FieldType.TELEPHONE: web.telephone,
    FieldType.FOUNDED: when.founded,
    FieldType.LICENCE: text.text,
    FieldType.LANGUAGE: text.text,
}


def of(field: Field, zone: ZoneInfo, *, lang: str | None = None) -> Typed:
    """The function that types this field; `zone` is given to times that have no offset."""
    if field.type is FieldType.PROSE:
        return _tagged(_prose(field.name), lang)
    if field.type is FieldType.WORDS:
        return lambda raw, _findings: words.words(raw)
    if field.type is FieldType.MOMENT:
        return _one(lambda raw: when.date_or_datetime(raw, zone=zone))
    clean = _CLEAN[field.type]
    return _many(clean) if field.many else _tagged(_one(clean), lang)


def _one(clean: Callable[[Raw], Any]) -> Typed:
    """The first value of a list that cleaning leaves something of."""

    def typed(raw: Raw, _findings: list[Finding]) -> Any:
        if not isinstance(raw, list):
            return clean(raw)
        return next((value for one in raw if (value := clean(one)) is not None), None)

    return typed


def _many(clean: Callable[[Raw], Any]) -> Typed:
    def typed(raw: Raw, _findings: list[Finding]) -> Any:
        cleaned = (clean(one) for one in (raw if isinstance(raw, list) else [raw]))
        return tuple(dict.fromkeys(value for value in cleaned if value is not None))

    return typed


def _prose(name: str) -> Typed:
    """Prose, scrubbed of e-mails and telephone numbers; the finding never repeats them."""

    def typed(raw: Raw, findings: list[Finding]) -> Any:
        cleaned = text.prose("\n\n".join(map(str, raw)) if isinstance(raw, list) else raw)
        if cleaned is None:
            return None
        kept, scrubbed = text.scrub(cleaned)
        if scrubbed:
            findings.append(Finding(Severity.INFO, "contact-scrubbed", name))
        return kept or None

    return typed


def _tagged(typed: Typed, lang: str | None) -> Typed:
    if lang is None:
        return typed

    def tag(raw: Raw, findings: list[Finding]) -> Any:
        value = typed(raw, findings)
        return None if value is None else Tagged(value, lang)

    return tag
