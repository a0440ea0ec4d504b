"""Room: a published record as dumps write it: its triples, its outline, whose it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from harvester import outline
from harvester.ledger import Ledger
from harvester.ledger.live import live
from harvester.model import IRI
from harvester.rights import Rights


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: its triples as published and parsed, its outline."""

    rights: Rights
    record: IRI
    triples: bytes
    quads: Sequence[ox.Quad]
    said: outline.Said
    outline: outline.Outline


def entry(of: Rights, triples: bytes) -> Entry:
    """One record, parsed once for all forms."""
    record, quads = outline.subject(triples), outline.parsed(triples)
    said = outline.said(quads)
    return Entry(of, record, triples, quads, said, outline.outline(of.base, record, said))


def entries(ledger: Ledger, of: Rights) -> Iterator[Entry]:
    """The published records of a source by ref, read as they are asked for."""
    return (entry(of, one.triples) for one in live(ledger, of.source))
