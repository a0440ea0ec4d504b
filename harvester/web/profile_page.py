"""Room: the whole profile on one page: what `profiled` has, in the words of the visitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from harvester import items, vocab
from harvester.web import profiled, shapes_page, terms, words
from harvester.web.linked import Topic, linked
from harvester.web.pages import Visiting
from harvester.web.vocabulary import definitions, entries

router = APIRouter()


@router.get("/vocab/profile")
@router.get("/vocab/profile/")
def whole_profile(visit: Visiting) -> Response:
    """Classes with their properties, schemes with their concepts, prefixes; as RDF, vocabulary and shapes."""

    def told() -> Mapping[str, Any]:
        return {
            "profile": profiled.profile(),
            "items": items.KINDS,
            "schemes": [(one, entries(terms.tree(one.members), visit.language)) for one in terms.schemes()],
            "label": lambda address: words.label(address, visit.language),
            "predicate": lambda address: words.predicate_label(address, visit.language),
            "short": words.short,
            "definitions": lambda address: definitions(address, visit.language),
        }

    return linked(visit, Topic(None, vocab.ntriples() + shapes_page.ntriples()), "profile.html", told)
