"""Room: recognising a portal made with Opendatasoft, and one of its datasets.

In: the page of a dataset, an address of the API, or the portal. Out: a proposal for one dataset, with what
its fields most likely mean. Reads its first rows only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from harvester.connectors._guess import guessed
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen, inside, members, objects, words

CATALOGUE = "/api/explore/v2.1/catalog/datasets"

DATASET = re.compile(r"/(?:explore/(?:embed/)?dataset|catalog/datasets)/([^/?#]+)")
OLD = re.compile(r"/api/(?:records|datasets)/1\.0/")
"""Version 1, which names the dataset in its query."""

FIRST = 100
"""Rows that are guessed from, and datasets of a portal: the most that one answer holds."""

TOLD = 20
"""Datasets of a portal that are told."""


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """The dataset that the address names, or else the first of a portal; the catalogue must describe it."""
    asked = dict(parse_qsl(urlsplit(seen.url).query))
    name = _named(seen.path, asked)
    if name is None and not seen.says("opendatasoft"):
        return None
    datasets = [one for one in _datasets(seen.root + CATALOGUE, name, look) if _describes(one)]
    if not datasets:
        return None
    rows = {"where": asked["where"]} if name and asked.get("where") else {}
    found = _proposal(seen.root, datasets[0], rows, look)
    if found is None or name:
        return found
    return replace(
        found,
        learned=[*(f"dataset {_told(one)}" for one in datasets[:TOLD]), *found.learned],
        unknown=["url: which dataset is wanted? this is the first of the portal", *found.unknown],
    )


def _named(path: str, asked: Mapping[str, str]) -> str | None:
    """The dataset that an address names."""
    found = DATASET.search(path)
    return unquote(found[1]) if found else asked.get("dataset") if OLD.search(path) else None


def _datasets(catalogue: str, name: str | None, look: Look) -> list[dict[str, Any]]:
    """What the portal says of one dataset, or of its first ones."""
    if name:
        return [members(look(f"{catalogue}/{quote(name, safe='@')}"))]
    return objects(members(look(f"{catalogue}?limit={FIRST}")).get("results"))


def _describes(about: Mapping[str, Any]) -> bool:
    """True for a dataset that holds rows."""
    return isinstance(about.get("dataset_id"), str) and bool(objects(about.get("fields")))


def _proposal(root: str, about: Mapping[str, Any], rows: Mapping[str, str], look: Look) -> Proposal | None:
    """One dataset; None when its rows are persons."""
    name, said = about["dataset_id"], inside(about, "metas", "default")
    query = urlencode({**rows, "limit": FIRST})
    told = members(look(f"{root}{CATALOGUE}/{quote(name, safe='@')}/records?{query}"))
    columns = [str(one.get("name")) for one in objects(about["fields"])]
    guess = guessed(objects(told.get("results")), columns)
    count = told.get("total_count")
    if guess.persons:
        return None
    return Proposal(
        Certainty.NAMED,
        f"{root}/explore/dataset/{quote(name, safe='@')}/",
        title=words(said.get("title")),
        licence=words(said.get("license_url")) or words(said.get("license")),
        publisher=words(said.get("publisher")),
        count=count if isinstance(count, int) else None,
        keys={**rows, **guess.keys},
        learned=[f"fields: {', '.join(columns)}", *guess.learned],
        unknown=guess.unknown,
    )


def _told(about: Mapping[str, Any]) -> str:
    said = inside(about, "metas", "default")
    return f"{about['dataset_id']}: {said.get('title')}, {said.get('records_count')} rows"
