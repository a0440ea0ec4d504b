"""Room: a value as the platform gave it in, a clean value out, one concern per module.

Pure and fast, without RDF or network. None means that nothing usable was said; a cleaner that refuses
what was said raises `ValueError` with the offending value and what is expected, and never repeats
personal data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from harvester.cleaning import area, flag, number, place, text, web, when, words

Cleaner = Callable[[object], object | None]
"""A value in; a clean value, None or `ValueError` out."""


def _keywords(value: object) -> tuple[str, ...] | None:
    return words.words(value) or None


CLEANERS: Mapping[str, Cleaner] = MappingProxyType(
    {
        "text": text.text,
        "html": text.prose,
        "prose": text.prose,
        "url": web.url,
        "email": web.email,
        "telephone": web.telephone,
        "decimal": number.decimal,
        "integer": number.integer,
        "flag": flag.flag,
        "area": area.area,
        "point": place.pair,
        "postcode": place.postcode,
        "insee": place.insee,
        "country": place.country,
        "date": when.day,
        "founded": when.founded,
        "words": _keywords,
    }
)
"""The cleaners by the name a mapping calls them (`clean = "html"`)."""
