"""Room: the description of a source -> whose its records are, under which licence, with which credit line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harvester import canonical, iri, vocab
from harvester.ledger import Ledger
from harvester.profile import credit, full, predicate


@dataclass(frozen=True, slots=True)
class Rights:
    """Whose the records of a source are; `url` leads to the licence, or to the permission."""

    base: str
    source: str
    title: str
    licence: vocab.Licence
    url: str | None
    described: Mapping[str, Any]

    def credit(self, licence: vocab.Licence | None = None) -> str:
        """The credit line of the source, or of a record that has another licence."""
        return credit({**self.described, "licence": (licence or self.licence).notation})

    def told(self, own: vocab.Licence | None = None) -> dict[str, str | None]:
        """Notation and address of the licence of a record, and its credit line; `own` is what it states."""
        licence = own or self.licence
        url = self.url if licence == self.licence else licence.url
        return {"licence": licence.notation, "licence_url": url, "credit": self.credit(licence)}

    def lines(self) -> bytes:
        """Title, licence and credit of the source as N-Triples: no file goes without them."""
        node = f"<{iri.source(self.base, self.source)}>"
        said = {
            "rdf:type": f"<{full('dcat:Dataset')}>",
            "dcterms:title": canonical.string(self.title),
            "dcterms:license": f"<{self.licence.iri}>",
            "schema:creditText": canonical.string(self.credit()),
        }
        return canonical.lines(f"{node}{predicate(term)}{value} ." for term, value in said.items())


def rights(base: str, source: str, described: Mapping[str, Any]) -> Rights:
    """The rights of a source, from its description."""
    licence = vocab.licences()[described["licence"]]
    url = described.get("permission") or licence.url
    return Rights(base, source, described["title"], licence, url, described)


def publishable(base: str, ledger: Ledger) -> dict[str, Rights]:
    """The rights of each source that is published, by id."""
    found = (rights(base, source, told) for source, told in ledger.sources().items())
    return {one.source: one for one in found if one.licence.publishable and ledger.position(one.source)}
