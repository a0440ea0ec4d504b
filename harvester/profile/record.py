"""Room: item -> triples of one record, as sorted canonical N-Triples.

A pure function of the item, its source and the vocabulary and territories: references are
minted, never looked up, and every subject is the record's IRI or a fragment of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from harvester import canonical, iri, vocab
from harvester.model import IRI, Finding, Item, Severity, Source
from harvester.profile.writing import ADDRESS, CLASSES, FIELDS, full, predicate
from harvester.territory import Territory

_TYPE = predicate("rdf:type")


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the records of one source; `common` are the triples that all its records share."""

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
        node = f"<{subject}>"
        values = item.values
        language = values.get("language") or self.source.language
        out = [f"{node}{tail}" for tail in self.common]
        out.append(f"{node}{predicate('dcterms:identifier')}{canonical.string(item.ref)} .")
        licence = self._licence(values, findings)
        out.append(f"{node}{predicate('dcterms:license')}<{licence}> .")
        for name, value in values.items():
            if name in FIELDS:
                predicates, write = FIELDS[name]
                for one in value if isinstance(value, tuple) else (value,):
                    written = write(one, language)
                    out += [f"{node}{predicate(p)}{written} ." for p in predicates]
        if item.kind == "video":
            out += _video(node, values, language, licence)
        out += self._themes(node, values)
        out += self._place(subject, values)
        return canonical.lines(out)

    def _licence(self, values: Mapping[str, Any], findings: list[Finding]) -> IRI:
        stated = str(values.get("licence", self.source.licence))
        if stated not in self.licences:
            findings.append(Finding(Severity.WARNING, "licence", "licence", stated))
            stated = self.source.licence
        return self.licences[stated].iri

    def _themes(self, node: str, values: Mapping[str, Any]) -> list[str]:
        """Themes as aligned; else those of its types. The top theme is materialised beside."""
        themes = values.get("theme") or [
            theme for one in values.get("type", ()) for theme in self.themes_of_types[one]
        ]
        topic, top = predicate("pair:hasTopic"), predicate("archipel:topTheme")
        return [f"{node}{topic}<{one}> ." for one in themes] + [
            f"{node}{top}<{self.tops[one]}> ." for one in themes
        ]

    def _place(self, subject: IRI, values: Mapping[str, Any]) -> list[str]:
        out: list[str] = []
        if "lat" in values:
            place = iri.fragment(subject, "lieu")
            out += [
                f"<{subject}>{predicate('pair:hasLocation')}<{place}> .",
                f"<{place}>{_TYPE}<{full('pair:Place')}> .",
                f"<{place}>{predicate('wgs:lat')}{canonical.decimal(values['lat'])} .",
                f"<{place}>{predicate('wgs:long')}{canonical.decimal(values['lon'])} .",
            ]
        written = [(name, term) for name, term in ADDRESS.items() if name in values]
        if written:
            address = iri.fragment(subject, "adresse")
            out.append(f"<{subject}>{predicate('schema:address')}<{address}> .")
            out.append(f"<{address}>{_TYPE}<{full('schema:PostalAddress')}> .")
            out += [
                f"<{address}>{predicate(term)}{canonical.string(values[name])} ." for name, term in written
            ]
        return out + self._commune(f"<{subject}>", values)

    def _commune(self, node: str, values: Mapping[str, Any]) -> list[str]:
        match = self.territory.resolve(
            insee=values.get("insee"),
            name=values.get("city"),
            postcode=values.get("postcode"),
            department=values.get("department"),
            country=values.get("country"),
            lat=values.get("lat"),
            lon=values.get("lon"),
        )
        if match is None:
            return []
        commune = match.commune
        within = [
            ("commune", commune.parent),  # of an arrondissement: Paris, Lyon, Marseille
            ("departement", commune.department),
            ("region", commune.region),
            ("epci", commune.epci),
        ]
        return [
            f"{node}{predicate('dcterms:spatial')}<{iri.territory('commune', commune.code)}> .",
            f"{node}{predicate('archipel:locationPrecision')}<{iri.concept('precisions', match.method)}> .",
            *(
                f"{node}{predicate('archipel:inTerritory')}<{iri.territory(level, code)}> ."
                for level, code in within
                if code
            ),
        ]


def writer(source: Source, base: str, territory: Territory) -> Writer:
    """A writer for the records of a source, with what does not depend on the record prepared."""
    common = [f"{_TYPE}<{full(name)}> ." for name in CLASSES[source.kind]]
    common.append(f"{predicate('dcterms:isPartOf')}<{iri.source(base, source.id)}> .")
    return Writer(
        source=source,
        base=base,
        territory=territory,
        licences=vocab.licences(),
        tops={concept.iri: concept.top or concept.iri for concept in vocab.scheme("themes").values()},
        themes_of_types={concept.iri: concept.themes for concept in vocab.scheme("types").values()},
        common=tuple(common),
    )


def marked(triples: bytes, record: IRI, name: str, since: datetime) -> bytes:
    """Published triples of a record with `archipel:{name}` (missingSince, staleSince), unless they have it.

    A record marked stale is in its source's listing, so it is no longer missing.
    """
    mark, missing = (
        f"<{record}>{predicate(f'archipel:{name}')}",
        f"<{record}>{predicate('archipel:missingSince')}",
    )
    lines = triples.decode().splitlines()
    if name == "staleSince":
        lines = [line for line in lines if not line.startswith(missing)]
    if not any(line.startswith(mark) for line in lines):
        lines.append(f"{mark}{canonical.moment(canonical.utc(since))} .")
    return canonical.lines(lines)


def _video(node: str, values: Mapping[str, Any], language: str | None, licence: IRI) -> list[str]:
    """What schema.org readers expect of a video beside our own terms."""
    write = FIELDS["name"][1]
    return [
        f"{node}{predicate('schema:name')}{write(values['name'], language)} .",
        f"{node}{predicate('schema:license')}<{licence}> .",
    ]
