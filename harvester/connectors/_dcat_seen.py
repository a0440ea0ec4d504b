"""Room: recognising a DCAT catalogue, by its address or by a page that links to it.

In: what answers at an address. Out: a proposal, with how many datasets it declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from posixpath import commonprefix

from harvester.connectors._answers import number
from harvester.connectors._dcat_pages import BEFORE, CATALOGUE, HYDRA, LISTS, NEXT, TOTAL
from harvester.connectors._rdf import ACCEPT
from harvester.connectors._rdf_file import FORMS
from harvester.connectors._rdf_seen import about, things
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen
from harvester.connectors._things import addresses, every, text
from harvester.profile.adoption import short
from harvester.rdf import Thing

WRITTEN = re.compile(rb"www\.w3\.org/ns/dcat#")
FIRST = (f"{HYDRA}first", f"{HYDRA}firstPage")
HOLDS = ("dcat:Dataset", "dcat:DatasetSeries", "dcat:DataService")

LINKS = ", ".join(
    [
        *(f'link[rel~=alternate][type="{one}"][href*=catalog]' for one in FORMS.values()),
        *(f'a[href$="/catalog.{one}"]' for one in ("ttl", "xml", "rdf", "jsonld", "nt")),
    ]
)
"""How portals link to their catalogue."""


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A catalogue, or the one that a page links to."""
    found = _catalogue(seen, look)
    linked = seen.links(LINKS) if found is None else []
    catalogue = look(linked[0], accept=ACCEPT) if linked else None
    behind = _catalogue(catalogue, look) if catalogue else None
    return found or (behind and replace(behind, certainty=Certainty.READABLE))


def _catalogue(seen: Seen, look: Look) -> Proposal | None:
    """The catalogue that a page is the first of, or another one of."""
    found = list(every(things(seen, look))) if WRITTEN.search(seen.content) else []
    if not any(CATALOGUE in map(short, one.classes) for one in found):
        return None
    said, held = about(found, {CATALOGUE}), _held(found)
    later = _addresses(found, BEFORE)
    paged = bool(later or _addresses(found, NEXT))
    totals = [one for thing in found if (one := number(text(thing, *TOTAL))) is not None]
    first = (_addresses(found, FIRST) or later) if later else [seen.url]
    return Proposal(
        Certainty.SHAPE,
        first[0],
        title=said.title,
        licence=said.licence,
        publisher=said.publisher,
        count=max(totals, default=None if paged else len(held)),
        keys=_namespace(held, seen.root),
        learned=[f"class {name}: {n} on this page" for name, n in _counted(found) if n],
    )


def _addresses(found: Iterable[Thing], terms: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(at for one in found for at in addresses(one, *terms)))


def _held(found: Iterable[Thing]) -> list[str]:
    """What the catalogue lists, and what it describes without listing it."""
    described = (one.iri for one in found if one.iri and not {*map(short, one.classes)}.isdisjoint(HOLDS))
    return list(dict.fromkeys([*_addresses(found, LISTS), *described]))


def _namespace(held: list[str], host: str) -> dict[str, str]:
    """The option `namespace`, when the datasets have more in common than the host of their catalogue."""
    common = commonprefix([one for one in held if one.startswith(("http://", "https://"))])
    folder = common.rpartition("/")[0] + "/"
    return {"namespace": folder} if len(held) > 1 and folder.count("/") > 2 and folder != f"{host}/" else {}


def _counted(found: Iterable[Thing]) -> list[tuple[str, int]]:
    return [(name, sum(name in map(short, one.classes) for one in found)) for name in HOLDS]
