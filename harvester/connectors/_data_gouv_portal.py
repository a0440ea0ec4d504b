"""Room: recognising a dataset of a udata portal, and which of its files can be read.

In: the page of a dataset, the permanent address of a file, an address of the API. Out: a proposal for one
file, with what its columns most likely mean. Never repeats a person who publishes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from harvester.connectors._guess import guessed
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen, inside, members, objects, words
from harvester.connectors._table_seen import Rows, first_rows

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

LICENCES = {
    "lov2": "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
    "odc-odbl": "https://opendatacommons.org/licenses/odbl/",
    "cc-zero": "https://creativecommons.org/publicdomain/zero/1.0/",
}
"""udata's words for licences that have one version only, and their addresses."""

FORMATS = ("csv", "geojson", "xlsx", "tsv", "jsonl", "json")
"""Formats of files of rows, those that are most often a plain table first."""

TRIED = 3
"""Files looked into: a dataset may have hundreds, one a year."""

TOLD = 20

_DATASET = re.compile(r"(?<!/catalog)/datasets/(?!r/|resources/)([^/?#]+)")


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A file, or the first of a dataset that is a table; the portal must describe it."""
    wanted = UUID.search(seen.url) if "/datasets/" in seen.path else None
    named = _DATASET.search(seen.path)
    about = members(look(about_file(seen.root, wanted[0]))) if wanted else {}
    name = about.get("dataset_id") or (named[1] if named else None)
    dataset = members(look(about_dataset(seen.root, str(name)))) if name else {}
    if not isinstance(dataset.get("id"), str) or "resources" not in dataset:
        return None
    given = inside(about, "resource")
    files = [given] if given.get("id") else _readable(dataset)
    for one in files[:TRIED]:
        found = look(file(seen.root, str(one.get("id"))))
        rows = first_rows(found, name=str(one.get("url") or "")) if found else None
        if rows:
            return _proposal(seen.root, dataset, one, rows, others=[] if given else files)
    return None


def about_file(root: str, resource: str) -> str:
    """Where the portal tells of a file."""
    return f"{root}/api/2/datasets/resources/{resource}/"


def about_dataset(root: str, dataset: str) -> str:
    """Where the portal tells of a dataset."""
    return f"{root}/api/1/datasets/{dataset}/"


def file(root: str, resource: str) -> str:
    """The permanent address of a file."""
    return f"{root}/api/1/datasets/r/{resource}"


def licence(dataset: Mapping[str, Any]) -> str | None:
    """The licence of a dataset, an address or the portal's word; None when it says nothing."""
    said = dataset.get("license")
    return LICENCES.get(str(said), str(said)) if said and said != "notspecified" else None


def _readable(dataset: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The files that may be tables, by format; none of what only documents the others."""
    listed = [one for one in objects(dataset["resources"]) if one.get("type") != "documentation"]
    return [one for kind in FORMATS for one in listed if str(one.get("format")).lower() == kind]


def _proposal(
    root: str,
    dataset: Mapping[str, Any],
    one: Mapping[str, Any],
    rows: Rows,
    *,
    others: Sequence[Mapping[str, Any]],
) -> Proposal | None:
    """One file; None when its rows are persons."""
    guess = guessed(rows.first)
    choice = ["resource: which file is wanted? files that have the same columns may be listed together"]
    return (
        None
        if guess.persons
        else Proposal(
            Certainty.NAMED,
            f"{root}/",
            title=words(dataset.get("title")),
            licence=licence(dataset),
            publisher=words(inside(dataset, "organization").get("name")),
            count=rows.count,
            keys={"resource": one["id"], **guess.keys},
            learned=[*(_told(other) for other in others[:TOLD]), *guess.learned],
            unknown=[*(choice if len(others) > 1 else []), *guess.unknown],
        )
    )


def _told(one: Mapping[str, Any]) -> str:
    return f"resource {one.get('id')}: {one.get('title')}, {one.get('format')}"
