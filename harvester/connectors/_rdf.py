"""Room: things that a partner publishes as RDF → what a connector yields of them.

In: things, and what else the partner describes. Out: records whose fields are ours (`profile.adopt`), a
tombstone for what the partner says is gone; nothing for persons, nor for what is no record. Reads no bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from harvester.items import KINDS
from harvester.model import IRI, Gone, Listed, Record
from harvester.profile import adoption
from harvester.profile.adopt import adopted
from harvester.rdf import Thing

ACCEPT = (
    "text/turtle, application/n-triples, application/ld+json;q=0.9, application/trig;q=0.9, "
    "application/n-quads;q=0.9, application/rdf+xml;q=0.8, */*;q=0.1"
)

TOMBSTONE = "as:Tombstone"
FORMER = "https://www.w3.org/ns/activitystreams#formerType"


class Adopting(BaseModel):
    """What may be said of any source whose things are adopted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: Mapping[str, str] = Field(
        default_factory=dict,
        description="Kind by class, a prefixed name or an IRI, where a class means something else here.",
    )
    page: str | None = Field(
        None,
        description="Address of a record's page, when it names none: {iri} and {ref} are its own, encoded; "
        "{class} is the last word of its class.",
    )

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: Mapping[str, str]) -> Mapping[str, str]:
        for name, kind in kinds.items():
            prefixed(name)
            if kind not in KINDS:
                raise ValueError(f"no kind '{kind}'; known: {', '.join(KINDS)}")
        return kinds


def prefixed(name: str) -> str:
    """The name of a class as it is; raises ValueError when it has no prefix. "" is that of no class."""
    if name and ":" not in name:
        raise ValueError(f"the class '{name}' has no prefix; write 'pair:{name}', or its whole IRI")
    return name


def root(address: str) -> str:
    """The scheme and host of an address, with the slash that ends them: how IRIs of a partner begin.

    "" for what is no address: an IRI may be any text.
    """
    try:
        parts = urlsplit(address)
    except ValueError:  # "http://[" and the like
        return ""
    return f"{parts.scheme}://{parts.netloc}/" if parts.netloc else ""


@dataclass(frozen=True, slots=True)
class Adopter:
    """Turns the things of a source into records; `beside` is what else it describes, by IRI."""

    namespace: str
    language: str | None
    options: Adopting
    beside: Mapping[IRI, Thing]

    def listed(self, thing: Thing) -> Listed | None:
        """What to yield of a thing; None for what is no record.

        A person is None too: a rejection without a ref would leave it open what the listing holds.
        """
        if adoption.person(thing.classes):
            return None
        if TOMBSTONE in map(adoption.short, thing.classes):
            return self._gone(thing)
        one = adopted(
            thing,
            namespace=self.namespace,
            language=self.language,
            beside=self.beside,
            kinds=self.options.kinds,
        )
        return self._shown(one, thing) if isinstance(one, Record) else one

    def _gone(self, thing: Thing) -> Gone | None:
        """The tombstone of a thing that was no person."""
        was = [IRI(str(one)) for one in thing.said.get(IRI(FORMER), ())]
        if thing.iri is None or adoption.personal(thing.iri) or adoption.person(was):
            return None
        return Gone(thing.iri.removeprefix(self.namespace) or thing.iri)

    def _shown(self, record: Record, thing: Thing) -> Record:
        """The record with the page that people see, where its IRI stands for one."""
        if self.options.page is None or thing.iri is None or record.value.get("page") != thing.iri:
            return record
        known = {"{iri}": thing.iri, "{ref}": record.ref, "{class}": _word(thing)}
        page = re.sub(
            r"\{(?:iri|ref|class)\}", lambda found: quote(known[found[0]], safe=""), self.options.page
        )
        return Record(record.ref, {**record.value, "page": page})


def _word(thing: Thing) -> str:
    """The last word of the first class; "" for a thing of no class."""
    return re.split(r"[/#:]", thing.classes[0])[-1] if thing.classes else ""
