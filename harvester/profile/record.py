"""Room: item -> triples of one record, as sorted canonical N-Triples.

A pure function of the item, its source and the vocabulary and territories: references are
minted, never looked up, and every subject is the record's IRI or a fragment of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from harvester import canonical, iri, vocab
from harvester.items import PLACE
from harvester.model import IRI, Finding, Item, Severity, Source
from harvester.profile.location import located
from harvester.profile.nodes import Node, Owner, commits_tails, parts, tails, video_tails
from harvester.profile.writing import DEPENDENTS, SHOWN_AS_INITIATIVES, Voice, predicate, typed_as
from harvester.territory import Territory


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the records of one source; `common` are the tails that all its records share."""

    source: Source
    base: str
    territory: Territory
    licences: Mapping[str, vocab.Licence]
    tops: Mapping[IRI, IRI]
    themes_of_types: Mapping[IRI, tuple[IRI, ...]]
    common: tuple[str, ...]

    def iri(self, ref: str) -> IRI:
        """The IRI of a record of this source."""
        return iri.record(self.base, self.source.id, ref)

    def triples(self, item: Item, findings: list[Finding]) -> bytes:
        """The triples of an item; what the writer has to remark is added to `findings`."""
        subject = self.iri(item.ref)
        values = item.values
        voice = Voice(values.get("language") or self.source.language, self.base, self.source.id)
        licence = self._licence(values, findings)
        where, remarks = located(subject, _place(values), self.territory)
        findings += remarks
        node = Node(tails(item, voice))
        node.tails += self.common
        node.tails.append(f"{predicate('dcterms:identifier')}{canonical.string(item.ref)} .")
        node.tails.append(f"{predicate('dcterms:license')}<{licence}> .")
        node.tails += self._themes(values)
        if item.kind == "video":
            node.tails += video_tails(item, voice, licence)
        elif item.kind == "commitment":
            node.tails += commits_tails(values, _commune(where))
        elif item.kind in SHOWN_AS_INITIATIVES and self.source.kind == "initiative":
            node.tails.append(typed_as("archipel:Initiative"))
        if not DEPENDENTS.keys().isdisjoint(values):
            node.parts += parts(item, Owner(subject, item.kind, licence, _commune(where), voice))
        return canonical.lines([*node.lines(subject), *where])

    def _licence(self, values: Mapping[str, Any], findings: list[Finding]) -> IRI:
        stated = str(values.get("licence", self.source.licence))
        if stated not in self.licences:
            findings.append(Finding(Severity.WARNING, "licence", "licence", stated))
            stated = self.source.licence
        return self.licences[stated].iri

    def _themes(self, values: Mapping[str, Any]) -> list[str]:
        """Themes as aligned; else those of its types. The top theme is materialised beside."""
        themes = values.get("theme") or [
            theme for one in values.get("type", ()) for theme in self.themes_of_types[one]
        ]
        topic, top = predicate("pair:hasTopic"), predicate("archipel:topTheme")
        return [f"{topic}<{one}> ." for one in themes] + [f"{top}<{self.tops[one]}> ." for one in themes]


def writer(source: Source, base: str, territory: Territory) -> Writer:
    """A writer for the records of a source, with what does not depend on the record prepared."""
    return Writer(
        source=source,
        base=base,
        territory=territory,
        licences=vocab.licences(),
        tops={concept.iri: concept.top or concept.iri for concept in vocab.scheme("themes").values()},
        themes_of_types={concept.iri: concept.themes for concept in vocab.scheme("types").values()},
        common=(f"{predicate('dcterms:isPartOf')}<{iri.source(base, source.id)}> .",),
    )


def marked(triples: bytes, record: IRI, name: str, since: datetime) -> bytes:
    """Published triples of a record with `archipel:{name}` (missingSince, staleSince), unless they have it.

    A record marked stale is in its source's listing, so it is no longer missing.
    """
    mark, missing = (
        f"<{record}>{predicate(f'archipel:{name}')}",
        f"<{record}>{predicate('archipel:missingSince')}",
    )
    lines = _lines(triples)
    if name == "staleSince":
        lines = [line for line in lines if not line.startswith(missing)]
    if not any(line.startswith(mark) for line in lines):
        lines.append(f"{mark}{canonical.moment(canonical.utc(since))} .")
    return canonical.lines(lines)


def corrected(triples: bytes, record: IRI, corrections: Sequence[str]) -> bytes:
    """The triples of a record with what we corrected in it, a sentence each."""
    if not corrections:
        return triples
    told = (f"<{record}>{predicate('archipel:correction')}{canonical.string(one)} ." for one in corrections)
    return canonical.lines([*_lines(triples), *told])


def carried(old: bytes, new: bytes, record: IRI) -> bytes:
    """The new triples of a record with what we had said of the old: since when it is missing or stale."""
    marks = tuple(f"<{record}>{predicate(f'archipel:{name}')}" for name in ("missingSince", "staleSince"))
    return canonical.lines([*_lines(new), *(line for line in _lines(old) if line.startswith(marks))])


def _lines(triples: bytes) -> list[str]:
    """One triple each: no literal holds a newline, but it may hold what else Python takes for one."""
    return triples.decode().removesuffix("\n").split("\n")


def _place(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What says where the item is: its own words, else those of its venue."""
    venue = values.get("venue")
    if not venue or any(name in values for name in PLACE):
        return values
    return {**venue.values, "covers": values.get("covers", ())}


def _commune(where: Sequence[str]) -> IRI | None:
    """The commune among the triples that locate a record."""
    leads = f"{predicate('dcterms:spatial')}<{iri.territory('commune', '')}"
    found = (line.partition(leads)[2] for line in where)
    return next((iri.territory("commune", code.removesuffix("> .")) for code in found if code), None)
