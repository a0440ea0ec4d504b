"""Room: one file per platform; each speaks its platform's language and no other.

In: a declared source, a client to ask with, the raw store where answers are kept. Out: the answers,
then the records they hold. A connector never imports an RDF or HTTP library, nor another connector,
never cleans a value, never decides what is published. A file of this folder whose name has no leading
underscore is a connector: there is no list to edit.

The contract of a connector module:

    its docstring      first line: "Room: " and the platform, as a person calls it
    Options            pydantic model (extra="forbid", frozen): its own keys of `[source.ID]`, described
    LISTING            what its listing proves (`model.Listing`)
    MAPPING            item field → path, list of paths or table: its own mapping, as data
    IGNORED            top-level fields of its records known and deliberately not mapped
    COLUMNS            optional, False: True when paths are whole column names rather than JMESPath
    INCREMENTAL                    optional, False: True when `answers` heeds `client.since` (below)
    answers(source, client, raw)   all that touches the network; reads a body only to find what to ask next
    records(source, answers, raw)  a pure function of the kept answers, in the platform's order
    stated_licence(answers, raw)   optional: the licence the platform itself states, or None
    recognised(seen, look)         the source that an address holds, as a `_recognition.Proposal`, or None

`records` streams: memory does not grow with the source. It yields `Rejected` for a record it cannot
read or that the platform marks as not published, and goes on; it raises SourceChanged when an answer
does not have the expected shape. **Its normal end is the proof that the listing is complete.**
It yields `Gone` for a tombstone, and `Kept` for a record that the listing names and whose own page or
detail could not be had tonight: the last version stays, the listing is complete all the same.

Incremental reading: once the whole was read, `client.since` tells a connector that says INCREMENTAL to ask
only for what changed after that moment (it already lies a day before the last reading, so that clocks may
differ). Such a listing proves nothing about what it does not hold. The house decides when to read the whole
again: after `full_every`, and whenever the recipe is another.

An identifier that comes twice is yielded twice: the harvest keeps the first and reports the other.
Records carry values of JSON only (str, int, float, bool, None, list, dict); fields made by the
connector start with an underscore (`_page`, `_image`). The ref of a record is given by its connector,
so a MAPPING names no `ref`. `Answer.url` is the address that was asked, whatever redirects followed.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from harvester.model import Answer, Listed, Listing, Source

if TYPE_CHECKING:
    from pydantic import BaseModel

    from harvester.connectors._recognition import Look, Proposal, Seen


class Fetches(Protocol):
    """Who asks partners politely: the client of one source."""

    since: datetime | None
    """Only what changed after it is wanted; None for everything. See INCREMENTAL."""

    known: Mapping[str, Answer]
    """The answers of the last complete reading, by address: what will never change needs no asking again."""

    def get(self, url: str, *, accept: str = "*/*", conditional: bool = True) -> Answer:
        """The answer to one GET, already kept; raises SourceError when there is none to read."""

    def post(
        self, url: str, content: bytes, *, media_type: str = "application/json", accept: str = "*/*"
    ) -> Answer:
        """The answer to a question sent by POST; its address is `model.posted(url, content)`."""


class Raw(Protocol):
    """Where the bytes of kept answers are read again."""

    def open(self, answer: Answer) -> BinaryIO:
        """The body from its first byte, as a stream that may not be seekable."""

    def read(self, answer: Answer, *, limit: int = ...) -> bytes:
        """The whole body, of at most `limit` bytes."""


Answers = Callable[[Source, Fetches, Raw], Iterator[Answer]]
Records = Callable[[Source, Sequence[Answer], Raw], Iterator[Listed]]
StatedLicence = Callable[[Sequence[Answer], Raw], str | None]
Recognised = Callable[["Seen", "Look"], "Proposal | None"]


@dataclass(frozen=True, slots=True)
class Connector:
    """One platform's module, its attributes by their names in the glossary."""

    name: str
    title: str
    options: type[BaseModel]
    listing: Listing
    mapping: Mapping[str, Any]
    ignored: frozenset[str]
    columns: bool
    incremental: bool
    answers: Answers
    records: Records
    stated_licence: StatedLicence | None
    recognised: Recognised


def names() -> tuple[str, ...]:
    """The names of the connectors found in this folder, sorted."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def load(name: str) -> Connector:
    """The connector called `name`.

    Raises:
        LookupError: no file of this folder has that name; the caller suggests one of `names()`.
    """
    if name not in names():
        raise LookupError(f"no connector '{name}'; known: {', '.join(names())}")
    module = importlib.import_module(f"{__name__}.{name}")
    return Connector(
        name=name,
        title=(module.__doc__ or name).splitlines()[0].removeprefix("Room: ").rstrip("."),
        options=module.Options,
        listing=module.LISTING,
        mapping=module.MAPPING,
        ignored=module.IGNORED,
        columns=getattr(module, "COLUMNS", False),
        incremental=getattr(module, "INCREMENTAL", False),
        answers=module.answers,
        records=module.records,
        stated_licence=getattr(module, "stated_licence", None),
        recognised=getattr(module, "recognised", lambda _seen, _look: None),
    )
