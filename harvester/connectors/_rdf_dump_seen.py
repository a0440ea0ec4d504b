"""Room: recognising a file of linked data, a description that leads to dumps, or a page that links to one.

In: what answers at an address. Out: a proposal, with the classes of the things and what we make of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from harvester.connectors._glances import Glances
from harvester.connectors._rdf import Adopter, Adopting, root
from harvester.connectors._rdf_file import FORMS, written_as
from harvester.connectors._rdf_seen import about, form, things
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen
from harvester.connectors._things import addresses
from harvester.model import Record
from harvester.profile import adoption
from harvester.rdf import Thing

DUMP = "http://rdfs.org/ns/void#dataDump"
DATASETS = frozenset({"void:Dataset", "dcat:Dataset", "schema:Dataset", "dcat:Catalog"})

SUFFIXES = ("ttl", "trig", "nt", "nq", "rdf", "jsonld", "ttl.gz", "nt.gz", "nq.gz")
LINKS = ", ".join(
    [
        *(f'link[rel~=alternate][type="{one}"][href]' for one in FORMS.values()),
        *(f'a[href$=".{one}"]' for one in SUFFIXES),
    ]
)
"""Where a page leads to files of linked data."""

TOLD = 30
"""Classes that are told, those with most things first."""


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """RDF, or what leads to it."""
    found = things(seen, look)
    dumps = list(dict.fromkeys(one for thing in found for one in addresses(thing, DUMP)))
    if not dumps:
        return _dump(seen, found) or _linked(seen, look)
    first = look(dumps[0])
    dump = _dump(first, things(first, look)) if first else None
    said = about(found, DATASETS)
    return dump and replace(
        dump,
        url=dumps[0] if len(dumps) == 1 else dumps,
        title=said.title or dump.title,
        licence=said.licence or dump.licence,
        publisher=said.publisher or dump.publisher,
        count=dump.count if len(dumps) == 1 else None,
    )


def _linked(seen: Seen, look: Look) -> Proposal | None:
    """The first file that a page links to."""
    files = seen.links(LINKS)
    first = look(files[0]) if files else None
    found = _dump(first, things(first, look)) if first else None
    return found and replace(
        found,
        certainty=Certainty.READABLE,
        title=found.title or seen.title,
        licence=found.licence or seen.licence,
        learned=[*found.learned, *(f"also linked: {url}" for url in files[1:])],
    )


def _dump(seen: Seen, found: Sequence[Thing]) -> Proposal | None:
    """A file that describes at least one record."""
    beside = {thing.iri: thing for thing in found if thing.iri}
    adopter = Adopter(root(seen.url), None, Adopting(), beside)
    ours = [thing for thing in found if isinstance(adopter.listed(thing), Record)]
    if not ours:
        return None
    said = about(found, DATASETS)
    return Proposal(
        Certainty.FORMAT,
        seen.url,
        title=said.title,
        licence=said.licence,
        publisher=said.publisher,
        count=len({thing.iri or id(thing) for thing in ours}),
        keys=_written(seen) | _namespace(ours, seen),
        learned=[f"class {name}: {n} of kind {kind}" for (name, kind), n in _counted(ours)],
        unknown=list(_unknown(found)),
    )


def _written(seen: Seen) -> dict[str, Any]:
    """The option `format`, when neither the label nor the name tells."""
    return {} if written_as(Glances().answer(seen)) else {"format": form(seen)}


def _namespace(ours: Sequence[Thing], seen: Seen) -> dict[str, Any]:
    """The option `namespace`, when all records have the IRIs of one other host."""
    roots = {root(thing.iri or "") for thing in ours}
    elsewhere = len(roots) == 1 and roots.isdisjoint({"", root(seen.url)})
    return {"namespace": next(iter(roots))} if elsewhere else {}


def _counted(ours: Sequence[Thing]) -> list[tuple[tuple[str, str], int]]:
    """How many things there are of each class that means a kind."""
    told = ((adoption.short(one), adoption.kind([one])) for thing in ours for one in thing.classes)
    return Counter((name, kind) for name, kind in told if kind).most_common(TOLD)


def _unknown(found: Sequence[Thing]) -> Iterator[str]:
    """Classes that mean nothing to us, of things that have a name of their own."""
    named = (thing.classes for thing in found if thing.iri and not adoption.quiet(thing.classes))
    strange = Counter(adoption.short(classes[0]) for classes in named if classes and _is_strange(classes))
    for name, n in strange.most_common(TOLD):
        yield f"kinds: class '{name}' means nothing to us; things of it: {n}"


def _is_strange(classes: Sequence[Any]) -> bool:
    return adoption.kind(classes) is None and adoption.person(classes) is None
