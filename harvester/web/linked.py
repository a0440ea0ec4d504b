"""Room: one page of the vocabulary: HTML for a browser, the very triples it tells for a program.

What is shared by all of them stands here: the links of the answer, and what is said of a name that the
vocabulary does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.responses import Response

from harvester.web import terms
from harvester.web.graphs import asked_format, graph
from harvester.web.links import Link, formats, header
from harvester.web.negotiation import GRAPHS, wants_html
from harvester.web.pages import VARY, Visit, page
from harvester.web.problems import absent, problem

Told = Callable[[], Mapping[str, Any]]
"""What a template needs; called for a page only."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a page is about: its IRI (None for a page that is only itself), its triples.

    The licence is the one given, else that of the IRI or of its scheme, else that of the vocabulary.
    """

    address: str | None
    triples: bytes
    licence: str | None = None


def linked(visit: Visit, topic: Topic, template: str, told: Told) -> Response:
    """A page about a topic, or its triples."""
    name = asked_format(visit)
    headers = {"Link": header([*_links(topic), *formats(visit)])}
    if name != "html":
        return graph(visit, name, topic.triples, headers)
    return page(visit, template, headers=headers, address=topic.address, formats=GRAPHS, **told())


def unknown(visit: Visit, name: str, near: Sequence[str] = (), detail: str | None = None) -> Response:
    """404 for a name that the vocabulary does not have; `near` are paths under `vocab/` that resemble it."""
    text = detail or visit.say("problem.no-concept", name=name)
    if wants_html(visit.accept):
        return page(visit, "vocabulary-absent.html", status=404, detail=text, near=near)
    said = f"{text} {visit.say('vocabulary.near')} {', '.join(near)} ?" if near else text
    answer = problem(404, said, kind="no-concept", base=visit.base)
    answer.headers.update(VARY)
    return answer


def unpublished(visit: Visit) -> Response:
    """503 for what only a published store can tell."""
    return absent(visit, 503, visit.say("territory.unpublished"), kind="store")


def _links(topic: Topic) -> Iterator[Link]:
    """The licence, and what the page is about."""
    yield topic.licence or _licence(topic.address), '"license"'
    yield topic.address, '"describes"'


def _licence(address: str | None) -> str:
    home = terms.scheme_of(address) if address else None
    owners = (address, home.address if home else None, terms.ONTOLOGY)
    return next(each for one in owners if one for each in terms.objects(one, "dcterms:license"))
