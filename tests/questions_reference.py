"""Room: the same questions answered in Python, from the ledger's own triples: what SPARQL must agree with.

In come the triples of all published records, the links, and the ledger; out go rows of text, in no order. No
query is read or run here, and nothing is asked of the store.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import product

import pyoxigraph as ox

from harvester import iri, shapes, territory, vocab
from harvester.ledger import Ledger
from harvester.profile import credit, full
from harvester.profile.writing import FIELDS

Row = tuple[str | None, ...]

HERAULT, OCCITANIE = iri.territory("departement", "34"), iri.territory("region", "76")
XSD_DATE = "http://www.w3.org/2001/XMLSchema#date"


class Data:
    """Triples by subject and by predicate; a value is text, whatever it is."""

    def __init__(self, ntriples: bytes, ledger: Ledger, base: str) -> None:
        self.ledger = ledger
        self.base = base
        self.said: dict[str, dict[str, list[ox.NamedNode | ox.Literal]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for quad in ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES):
            self.said[quad.subject.value][quad.predicate.value].append(quad.object)

    def all(self, subject: str, term: str) -> list[str]:
        """The values of a property (prefixed name) of a subject; may be empty."""
        return [one.value for one in self.said.get(subject, {}).get(full(term), ())]

    def one(self, subject: str, term: str) -> str | None:
        """Its first value."""
        return next(iter(self.all(subject, term)), None)

    def pairs(self, term: str) -> Iterator[tuple[str, str]]:
        """(subject, value) of a property."""
        for subject in list(self.said):
            for value in self.all(subject, term):
                yield subject, value

    def of(self, kind: str) -> list[str]:
        """The subjects of a class."""
        return [subject for subject, value in self.pairs("rdf:type") if value == full(kind)]

    def initiatives(self, *within: str) -> list[str]:
        """Records marked as initiatives that are in all these territories."""
        return [
            one
            for one in self.of("archipel:Initiative")
            if set(within) <= set(self.all(one, "archipel:inTerritory"))
        ]

    def places(self, subject: str) -> str:
        """The names of the territories of a record, sorted."""
        return "|".join(sorted(_area(one) for one in set(self.all(subject, "dcterms:spatial"))))

    def title(self, source: str) -> str:
        """The title of a source, by IRI."""
        return str(self.ledger.sources()[source.rpartition("/")[2]]["title"])


def _area(address: str) -> str:
    level, code = address.split("/")[-2:]
    found = territory.load().area(level, code)
    assert found is not None
    return found.name


def _label(address: str) -> str:
    scheme, name = address.split("/")[-2:]
    return vocab.scheme("odd" if scheme == "sdg" else scheme)[name].labels["fr"]


def _counted(found: Mapping[str, set[str]]) -> list[Row]:
    return [(one, _label(one), str(len(members))) for one, members in found.items()]


def in_a_commune(data: Data) -> list[Row]:
    commune = iri.territory("commune", "34123")
    rows = ((one, source) for one in data.initiatives() for source in data.all(one, "dcterms:isPartOf"))
    return [
        (one, data.one(one, "rdfs:label"), source, data.title(source))
        for one, source in rows
        if commune in data.all(one, "dcterms:spatial")
    ]


def of_a_theme_in_a_region(data: Data) -> list[Row]:
    theme = iri.concept("themes", "alimentation")
    found = (one for one in data.initiatives(OCCITANIE) if theme in data.all(one, "pair:hasTopic"))
    return [(one, data.one(one, "rdfs:label"), data.places(one)) for one in found]


def by_theme_in_a_department(data: Data) -> list[Row]:
    found: dict[str, set[str]] = defaultdict(set)
    for one in data.initiatives(HERAULT):
        for theme in data.all(one, "pair:hasTopic"):
            found[theme].add(one)
    return _counted(found)


def events_in_a_department(data: Data) -> list[Row]:
    return [row for row in events(data) if HERAULT in data.all(str(row[0]), "archipel:inTerritory")]


def events(data: Data) -> list[Row]:
    cancelled = "http://schema.org/EventCancelled"
    return [
        (one, data.one(one, "rdfs:label"), start.value)
        for one in data.of("schema:Event")
        for start in data.said[one][full("schema:startDate")]
        if _to_come(start) and cancelled not in data.all(one, "schema:eventStatus")
    ]


def _to_come(start: ox.NamedNode | ox.Literal) -> bool:
    now = datetime.now(UTC)
    assert isinstance(start, ox.Literal)
    if start.datatype.value == XSD_DATE:
        return start.value >= now.date().isoformat()
    return datetime.fromisoformat(start.value) >= now


def in_a_rectangle(data: Data) -> list[Row]:
    rows: list[Row] = []
    for one in data.initiatives():
        for place in data.all(one, "pair:hasLocation"):
            lat, lon = data.one(place, "wgs:lat"), data.one(place, "wgs:long")
            if lat and lon and 43.5 < float(lat) < 43.7 and 3.7 < float(lon) < 4.0:
                rows.append((one, data.one(one, "rdfs:label"), lat, lon))
    return rows


def by_goal(data: Data) -> list[Row]:
    goals: dict[str, set[str]] = defaultdict(set)
    for quad in ox.parse(vocab.ntriples(), format=ox.RdfFormat.N_TRIPLES):
        if quad.predicate.value == full("skos:closeMatch") and quad.object.value.startswith(full("sdg:")):
            goals[quad.subject.value].add(quad.object.value)
    found: dict[str, set[str]] = defaultdict(set)
    for one in data.initiatives():
        stated = set(data.all(one, "archipel:sdg"))
        for goal in stated.union(*(goals[theme] for theme in data.all(one, "pair:hasTopic"))):
            found[goal].add(one)
    return _counted(found)


def seeking_funding(data: Data) -> list[Row]:
    funding = iri.concept("besoins", "financement")
    return [
        (one, data.one(one, "rdfs:label"), need, data.one(need, "rdfs:label"))
        for one, need in data.pairs("pair:needs")
        if HERAULT in data.all(one, "archipel:inTerritory") and funding in data.all(need, "pair:hasType")
    ]


def videos_of_a_boundary(data: Data) -> list[Row]:
    boundary = iri.concept("limites-planetaires", "acidification-oceans")
    permission = iri.concept("licences", "permission")
    shown = {*((video, one) for one, video in data.pairs("pair:documentedBy")), *data.pairs("schema:about")}
    acting = {one for one, value in data.pairs("archipel:planetaryBoundary") if value == boundary}
    rows: set[Row] = set()
    for video in data.of("schema:VideoObject"):
        told = (video, data.one(video, "schema:name"), data.one(video, "schema:license"))
        linked = {one for other, one in shown if other == video}
        found = linked if video in acting else linked & acting
        if told[2] != permission:
            rows |= {(*told, one) for one in found or ({None} if video in acting else set())}
    return sorted(rows, key=str)


def duplicates(data: Data) -> list[Row]:
    told = {*data.pairs("skos:closeMatch"), *data.pairs("owl:sameAs")}
    rows: set[Row] = set()
    for pair in told:
        ends = [(data.one(one, "dcterms:isPartOf"), one, data.one(one, "rdfs:label")) for one in pair]
        if all(source for source, *_ in ends) and ends[0][0] != ends[1][0]:
            (s1, a, n1), (s2, b, n2) = sorted(ends, key=str)
            rows.add((a, n1, s1, b, n2, s2))
    return sorted(rows, key=str)


def committed(data: Data) -> list[Row]:
    found: dict[str, set[str]] = defaultdict(set)
    for one, who in data.pairs("archipel:commits"):
        if who.startswith(iri.territory("commune", "")):
            found[who] |= set(data.all(one, "archipel:measure"))
    return [(who, _area(who), str(len(measures))) for who, measures in found.items() if measures]


def self_assessed(data: Data) -> list[Row]:
    told = {*data.pairs("archipel:assessment"), *((about, one) for one, about in data.pairs("schema:about"))}
    lists = set(data.of("archipel:ParticipatoryList"))
    return [
        (one, data.one(one, "rdfs:label"), data.places(one), criterion, _label(criterion), rating)
        for one, assessment in told
        if one in lists and data.one(assessment, "archipel:selfAssessed") == "true"
        for criterion, rating in product(
            data.all(assessment, "archipel:criterion"), data.all(assessment, "schema:ratingValue")
        )
        if "/boussole-" in criterion
    ]


def provenance(data: Data) -> list[Row]:
    rows: list[Row] = []
    for source, told in data.ledger.sources().items():
        runs = data.ledger.runs(source)
        confirmed = next((run for run in runs if run.outcome in ("done", "done-issues", "unchanged")), None)
        read = next((run for run in runs if "kept" in run.counts), None)
        rows.append((
            iri.source(data.base, source), told["title"], vocab.licences()[told["licence"]].iri, credit(told),
            _time(confirmed), _time(read), *(str(read.counts[n]) if read else None for n in ("kept", "rejected")),
        ))  # fmt: skip
    return rows


def _time(run: object) -> str | None:
    return run and run.ended_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def troubles(data: Data) -> list[Row]:
    found: Counter[tuple[str, str, str | None, str]] = Counter()
    for source in data.ledger.sources():
        for (severity, code, field), times in data.ledger.finding_counts(source).items():
            term = next(iter(FIELDS[field][0]), None) if field in FIELDS else None
            found[source, field, shapes.paths().get(code) or (term and full(term)), severity] += times
    return [
        (iri.source(data.base, source), data.title(source), field, path, full(f"sh:{severity}"), str(times))
        for (source, field, path, severity), times in found.items()
    ]


def partners(data: Data) -> list[Row]:
    told = {tuple(sorted(pair)) for pair in data.pairs("pair:partnerOf") if pair[0] != pair[1]}
    rows = ((a, data.one(a, "rdfs:label"), b, data.one(b, "rdfs:label")) for a, b in told)
    return [row for row in rows if row[1] and row[3]]


def phases(data: Data) -> list[Row]:
    found: dict[str, set[str]] = defaultdict(set)
    for one in data.initiatives(OCCITANIE):
        for phase in data.all(one, "archipel:phase"):
            found[phase].add(data.one(one, "archipel:cluster") or one)
    return _counted(found)


def by_source(data: Data) -> list[Row]:
    counts = Counter(source for _one, source in data.pairs("dcterms:isPartOf"))
    return [(source, data.title(source), str(n)) for source, n in counts.items()]


def in_rennes(data: Data) -> list[Row]:
    rennes = iri.territory("commune", "35238")
    return [
        (one, data.one(one, "rdfs:label"), data.one(one, "dcterms:source"))
        for one, area in data.pairs("dcterms:spatial")
        if area == rennes
    ]


def by_theme(data: Data) -> list[Row]:
    counts = Counter(theme for _one, theme in data.pairs("archipel:topTheme"))
    return [(theme, _label(theme), str(n)) for theme, n in counts.items()]


ANSWERS: Mapping[int, Callable[[Data], Sequence[Row]]] = {
    1: in_a_commune, 2: of_a_theme_in_a_region, 3: by_theme_in_a_department, 4: events_in_a_department,
    5: in_a_rectangle, 6: by_goal, 7: seeking_funding, 8: videos_of_a_boundary, 9: duplicates, 10: committed,
    11: self_assessed, 12: provenance, 13: troubles, 14: partners, 15: phases, 16: by_source, 17: in_rennes,
    19: by_theme, 20: events,
}  # fmt: skip
"""Question -> its answer; the one that gives any hundred records has none."""
