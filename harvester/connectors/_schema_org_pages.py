"""Room: the pages of a site, one after the other → records, each said once.

In: their answers. Out: what they describe, adopted; for pages that cannot be read, the records that they
would have. Asks for nothing; what a page says is read in `_schema_org`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import orjson

from harvester.connectors import Raw
from harvester.connectors._answers import where
from harvester.connectors._html import Page, page
from harvester.connectors._schema_org import Said, json_ld, microdata
from harvester.errors import SourceChanged
from harvester.model import Answer, Kept, Record, Rejected, Source
from harvester.profile import adoption
from harvester.profile.adopt import adopted

MOST_ENDINGS = 8
"""Ways in which refs end after the address of their page: with more, they do not follow from it."""


@dataclass(slots=True)
class Reading:
    """What was read so far: refs and a hash of what they say, how refs end, pages that failed."""

    source: Source
    kinds: Mapping[str, str]
    end: str
    known: dict[str, bytes] = field(default_factory=dict)
    endings: dict[str, None] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def page(self, address: str, answer: Answer | None, raw: Raw) -> Iterator[Record | Rejected]:
        """What one page describes; one that cannot be read is remembered."""
        if answer is None:
            self._fail(address, "its page did not answer")
            return
        try:
            at = page(answer, raw, where=where(answer), end=self.end)
        except SourceChanged as error:
            self._fail(address, f"its page cannot be read: {error}")
            return
        said = json_ld(at)
        found = self._adopted(said, at)
        if not any(isinstance(one, Record) for one in found):
            found += self._adopted(microdata(at), at)
        for reason in said.bad:
            self._fail(address, f"{address}: {reason}")
        yield from self._new(found, address)

    def unread(self) -> Iterator[Kept]:
        """The records that pages which failed would have, told by how refs of other pages end."""
        endings = list(self.endings) if 0 < len(self.endings) <= MOST_ENDINGS else [""]
        for address, reason in self.failed.items():
            for ending in endings:
                ref = self._ref(address) + ending
                if ref not in self.known:
                    yield Kept(ref, reason)

    def _fail(self, address: str, reason: str) -> None:
        self.failed.setdefault(address, reason)
        self.reasons.append(reason)

    def _adopted(self, said: Said, at: Page) -> list[Record | Rejected]:
        beside = {thing.iri: thing for thing in said.things if thing.iri}
        found: list[Record | Rejected] = []
        for thing in said.things:
            if adoption.person(thing.classes):  # the author of every page of a blog
                continue
            one = adopted(
                thing,
                namespace=self._namespace,
                language=self.source.language,
                beside=beside,
                kinds=self.kinds,
            )
            if isinstance(one, Record):
                found.append(_shown(one, at, thing.iri, said))
            elif one:
                found.append(one)
        return found

    def _new(self, found: Sequence[Record | Rejected], address: str) -> Iterator[Record | Rejected]:
        """What no page said before in the same words: publishers are described on every page."""
        start = self._ref(address)
        for one in found:
            if isinstance(one, Rejected):
                yield one
                continue
            told = orjson.dumps(one.value, option=orjson.OPT_SORT_KEYS)
            if self.known.get(one.ref) == (hashed := _hash(told)):
                continue
            self.known.setdefault(one.ref, hashed)
            if one.ref.partition("#")[0] == start:
                self.endings[one.ref.removeprefix(start)] = None
            yield one

    @property
    def _namespace(self) -> str:
        parts = urlsplit(self.source.url)
        return f"{parts.scheme}://{parts.netloc}/"

    def _ref(self, address: str) -> str:
        return address.removeprefix(self._namespace) or address


def _shown(record: Record, at: Page, iri: str | None, said: Said) -> Record:
    """The record with the page it stands in; a name that we gave to its thing is no IRI of the site's."""
    value = dict(record.value)
    if str(value.get("page", "")).partition("#")[0] == at.address:
        value["page"] = at.address
    if iri in said.named:
        value["derived_from"] = [one for one in value["derived_from"] if one != iri]
    return Record(record.ref, {name: one for name, one in value.items() if one != []})


def _hash(told: bytes) -> bytes:
    return hashlib.blake2b(told, digest_size=16).digest()
