"""Room: terms of the vocabularies that only the catalogue uses, and how a thing is said in lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from harvester import canonical, vocab
from harvester.model import IRI
from harvester.profile import full

_SPACES: Mapping[str, str] = {
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "dqv": "http://www.w3.org/ns/dqv#",
    "adms": "http://www.w3.org/ns/adms#",
    "media": "https://www.iana.org/assignments/media-types/",
    "frequency": "http://publications.europa.eu/resource/authority/frequency/",
    "filetype": "http://publications.europa.eu/resource/authority/file-type/",
    "eulanguage": "http://publications.europa.eu/resource/authority/language/",
    "formats": "http://www.w3.org/ns/formats/",
}
"""Prefixes that no record uses, so that the table of the house does not have them."""

Texts = Mapping[str, str]
"""A text by language."""


def term(name: str) -> IRI:
    """A prefixed name in full, by this table or by that of the house."""
    prefix, _, local = name.partition(":")
    return IRI(_SPACES[prefix] + local) if prefix in _SPACES else full(name)


def node(address: str) -> str:
    """An IRI as an object."""
    return canonical.node(address)


def when(at: datetime) -> str:
    """A moment as an object, UTC, to the second."""
    return canonical.moment(canonical.utc(at))


def about(subject: str, *said: tuple[str, str | None]) -> Iterator[str]:
    """The lines that say of a subject, under each term, an object; nothing for None."""
    for name, value in said:
        if value is not None:
            yield f"<{subject}> <{term(name)}> {value} ."


def texts(subject: str, name: str, told: Texts) -> Iterator[str]:
    """The lines that say a text in each of its languages."""
    return about(subject, *((name, canonical.string(text, language)) for language, text in told.items()))


def typed(subject: str, *classes: str) -> Iterator[str]:
    """The lines that say of which classes a subject is."""
    return about(subject, *(("rdf:type", node(term(one))) for one in classes))


def short(address: str) -> str:
    """An IRI as the end of a fragment: `schema-name`; its last word where no prefix fits."""
    fits = [
        (len(space), prefix, space) for prefix, space in vocab.prefixes().items() if address.startswith(space)
    ]
    if not fits:
        return "".join(char if char.isalnum() else "-" for char in address.partition("://")[2]).strip("-")
    _, prefix, space = max(fits)
    return f"{prefix}-{address.removeprefix(space)}".replace("/", "-")
