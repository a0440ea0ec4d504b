"""Room: RDF dumps, files of linked data in any of its syntaxes, gzipped or not.

In: one file or several, which together are one dataset. Out: one record per thing that they describe, its
fields ours already (`profile.adopt`). Follows no link. All of it is held in memory, within bounds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Literal

from pydantic import Field, field_validator

from harvester.connectors import Fetches, Raw
from harvester.connectors._answers import asked, distinct, replay, where
from harvester.connectors._rdf import ACCEPT, TOMBSTONE, Adopter, Adopting, prefixed, root
from harvester.connectors._rdf_contexts import Contexts
from harvester.connectors._rdf_dump_seen import recognised
from harvester.connectors._rdf_file import FORMS, LARGEST, File, described, opened, written_as
from harvester.connectors._things import merged, steady
from harvester.errors import SourceChanged
from harvester.model import IRI, Answer, Listed, Listing, Source
from harvester.profile import adopt
from harvester.profile.adoption import short
from harvester.rdf import Thing

__all__ = ["IGNORED", "LISTING", "MAPPING", "Options", "answers", "recognised", "records", "united"]

LISTING = Listing.FULL

MAPPING: dict[str, Any] = adopt.MAPPING

IGNORED = adopt.IGNORED

MOST = 250_000
"""Things of one source, which are held in memory: 100,000 of a dozen statements take 700 MB."""

UNNAMED = "default"
"""How `graphs` calls what is in no named graph."""


class Options(Adopting):
    """What may be said of a dump besides the addresses of its files."""

    format: Literal["turtle", "trig", "n-triples", "n-quads", "rdf-xml", "json-ld"] | None = Field(
        None, description="How the files are written, when neither their label nor their name tells."
    )
    namespace: str | None = Field(
        None,
        pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$",
        description="How the IRIs of records begin: refs are what follows, other things are no records. "
        "All things are records by default, and refs begin after the host of the first file.",
    )
    classes: tuple[str, ...] = Field(
        (), description="Things of these classes only, by prefixed name or IRI; of all by default."
    )
    graphs: tuple[str, ...] = Field(
        (),
        description='Named graphs that are read, by IRI, "default" for what is in none; all by default.',
    )
    end: str | None = Field(
        None, min_length=1, description="Text with which every file ends, where the partner writes one."
    )

    @field_validator("classes")
    @classmethod
    def _prefixed(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(short(prefixed(one)) for one in classes)

    def wants(self, thing: Thing) -> bool:
        """True for a thing that may be a record."""
        ours = self.namespace is None or (thing.iri or "").startswith(self.namespace)
        wanted = {*self.classes, TOMBSTONE}
        return ours and (not self.classes or not wanted.isdisjoint(map(short, thing.classes)))


def answers(source: Source, client: Fetches, raw: Raw) -> Iterator[Answer]:
    """One answer per declared address, in order, each followed by the contexts that it needs."""
    options = Options(**source.options)
    ask = partial(client.get, accept=ACCEPT)
    contexts = Contexts(ask, raw)
    for url in source.urls:
        answer = ask(url)
        yield answer
        if _json_ld(answer, options):
            file = opened(answer, raw, place=where(answer, source), most=_most(source))
            yield from contexts.gather(file.body, base=url)


def records(source: Source, answers: Sequence[Answer], raw: Raw) -> Iterator[Listed]:
    """Things in the order of the files; what several files say of one thing is put together.

    Raises:
        SourceChanged: a file is empty, cut, no RDF, the same as another, or all are too much to be held.
    """
    options = Options(**source.options)
    found = united(_things(source, options, answers, raw), place=f"rdf_dump '{source.id}': {source.url}")
    beside = {thing.iri: thing for thing in found if thing.iri}
    adopter = Adopter(options.namespace or root(source.url), source.language, options, beside)
    for thing in found:
        one = adopter.listed(thing) if options.wants(thing) else None
        if one:
            yield one


def _things(source: Source, options: Options, answers: Sequence[Answer], raw: Raw) -> Iterator[Thing]:
    """The things of each file."""
    form = FORMS[options.format] if options.format else None
    graphs = {"" if one == UNNAMED else one for one in options.graphs} or None
    contexts = Contexts(replay(answers, source), raw)
    left = _most(source)
    kept = {url: asked(answers, url, source) for url in source.urls}
    distinct(list(kept.values()), source)
    for url, answer in kept.items():
        file = opened(answer, raw, place=where(answer, source), most=left)
        left -= len(file.body)
        _check_end(file, options)
        if _json_ld(answer, options):
            deque(contexts.gather(file.body, base=url), maxlen=0)
        yield from described(file, form=form, contexts=contexts.given, graphs=graphs)


def _most(source: Source) -> int:
    """Bytes of all files together, unpacked."""
    return min(LARGEST, source.max_bytes)


def _json_ld(answer: Answer, options: Options) -> bool:
    return (options.format or written_as(answer)) in ("json-ld", FORMS["json-ld"])


def _check_end(file: File, options: Options) -> None:
    if options.end and not file.body.rstrip().endswith(options.end.strip().encode()):
        raise SourceChanged(f"{file.place}: does not end with '{options.end}': it is cut, or correct `end`")


def united(found: Iterable[Thing], *, place: str, most: int = MOST) -> list[Thing]:
    """Things in their order, each once, with all that the files say of it, which RDF says in no order.

    Raises:
        SourceChanged: more than `most` of them.
    """
    whole: dict[IRI | int, Thing] = {}
    for number, thing in enumerate(found):
        known = whole.get(thing.iri) if thing.iri else None
        whole[thing.iri or number] = merged(known, thing) if known else thing
        if len(whole) > most:
            raise SourceChanged(f"{place}: describes more than {most} things; harvest its files one by one")
    return [steady(thing) for thing in whole.values()]
