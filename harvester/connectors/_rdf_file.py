"""Room: a kept answer that is RDF, gzipped or not, whatever its label says → the things that it describes.

In: the answer, the contexts kept beside it. Out: things; SourceChanged when it is no RDF, is cut, or is too
large to be held. Packed bytes are bounded by what they unpack to. Asks for nothing.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlsplit

from harvester.connectors import Raw
from harvester.connectors._answers import snippet
from harvester.errors import SourceChanged
from harvester.model import Answer
from harvester.rdf import Thing, serialisation, things

LARGEST = 256 << 20
"""Bytes of RDF of one source, unpacked: they are held in memory, beside what they say."""

GZIP = b"\x1f\x8b"
PACKED = frozenset({"application/gzip", "application/x-gzip", "application/x-gunzip"})
FORMS = {
    "turtle": "text/turtle",
    "trig": "application/trig",
    "n-triples": "application/n-triples",
    "n-quads": "application/n-quads",
    "rdf-xml": "application/rdf+xml",
    "json-ld": "application/ld+json",
}
"""How options call the serialisations → their media types."""

UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})


@dataclass(frozen=True, slots=True)
class File:
    """An answer with its bytes, unpacked, and how messages name it."""

    answer: Answer
    body: bytes
    place: str


def opened(answer: Answer, raw: Raw, *, place: str, most: int = LARGEST) -> File:
    """An answer unpacked, of at most `most` bytes.

    Raises:
        SourceChanged: empty, larger, or packed and cut or damaged.
    """
    with raw.open(answer) as stream:
        body = stream.read(most + 1)
    if body.startswith(GZIP):
        with raw.open(answer) as stream:
            body = _unpacked(stream, place, most)
    if len(body) > most:
        raise SourceChanged(f"{place}: more than {most} bytes of RDF; split it, or harvest a part of it")
    if not body.strip():
        raise SourceChanged(f"{place}: an empty answer; published data kept, ask the partner")
    return File(answer, body, place)


def described(
    file: File,
    *,
    form: str | None = None,
    contexts: Mapping[str, bytes] | None = None,
    graphs: Collection[str] | None = None,
) -> Iterator[Thing]:
    """The things that a file describes; `form` is its media type when neither label nor address tells it.

    Raises:
        SourceChanged: no RDF, or not readable as the RDF that it should be.
    """
    known = form or written_as(file.answer)
    if known is None:
        start = snippet(file.body[:200].decode("utf-8", "replace"))
        raise SourceChanged(
            f"{file.place}: '{file.answer.media_type}' starting with {start} is no RDF that we know; "
            "check the address"
        )
    stated = known + _charset(file)
    try:
        yield from things(file.body, stated, base=file.answer.url, contexts=contexts, graphs=graphs)
    except SourceChanged as error:
        raise SourceChanged(f"{file.place}: cannot be read: {error}; published data kept") from error


def written_as(answer: Answer) -> str | None:
    """The serialisation of an answer by its label, else by the end of its address, `.gz` taken off."""
    parts = urlsplit(answer.url)
    address = parts._replace(path=parts.path.removesuffix(".gz")).geturl()
    stated = "" if answer.media_type in PACKED else answer.media_type
    return serialisation(stated, address) or serialisation("", address)


def _charset(file: File) -> str:
    """A parameter of the media type; RDF is UTF-8, and where it is, labels that say otherwise are wrong."""
    label = file.answer.charset
    if label is None or label.lower() in UTF8:
        return ""
    try:
        file.body.decode()
    except UnicodeDecodeError:
        return f"; charset={label}"
    return ""


def _unpacked(stream: BinaryIO, place: str, most: int) -> bytes:
    try:
        with gzip.open(stream) as packed:
            return packed.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceChanged(
            f"{place}: the gzipped file is cut or damaged ({error}); published data kept"
        ) from error
