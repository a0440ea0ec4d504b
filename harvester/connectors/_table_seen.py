"""Room: recognising a file of rows, a shared spreadsheet, or the page that links to a file.

In: what answers at an address. Out: its first rows, and a proposal with what its columns most likely mean.
A list inside an envelope, linked data and a list of persons are not recognised.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from harvester.connectors._format import SUFFIXES
from harvester.connectors._glances import Glances
from harvester.connectors._guess import guessed
from harvester.connectors._link_header import linked
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen
from harvester.connectors._spreadsheets import exported
from harvester.connectors._table import File, kind_of, rows
from harvester.errors import SourceChanged

FIRST = 1000
"""Rows that are guessed from."""

TOLD = 40
"""Columns that are told."""

GOOD = 0.8
"""The share of the lines of a text that must be rows: prose has commas too."""

OTHERS = re.compile(r"\s*(?:<|@prefix|@base|prefix |base |_:|BEGIN:|---|#)", re.IGNORECASE)
"""How texts begin that are no tables: markup, RDF, calendars, Markdown."""


FILES = frozenset(SUFFIXES) - {"json", "jsonld"}
"""Suffixes that mean rows wherever they are linked; JSON may be anything."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The first rows of a file; `count` is how many there are, None when it could not be read to its end."""

    first: Sequence[dict[str, Any]]
    count: int | None


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A file of rows, or a page that leads to one."""
    if seen.soup is None or seen.json is not None:
        return _file(seen)
    if exported(seen.url) != seen.url:
        found = _file(look(exported(seen.url)))
        return found and replace(found, url=seen.url, title=seen.title or found.title)
    files = [url for url in seen.links("a[href]") if _path(url).rpartition(".")[2].lower() in FILES]
    found = _file(look(files[0])) if files else None
    return found and replace(
        found,
        certainty=Certainty.READABLE,
        title=seen.title or found.title,
        licence=seen.licence,
        learned=[*found.learned, *(f"also linked: {url}" for url in files[1:])],
    )


def first_rows(seen: Seen, *, name: str = "") -> Rows | None:
    """The rows of a file; None when it is none. `name` is its address where a redirect hides it."""
    glances = Glances()
    answer = glances.answer(seen)
    first: list[dict[str, Any]] = []
    good, faulty, whole = 0, 0, False
    with suppress(SourceChanged):
        options = File(format=kind_of(answer, seen.url, raw=glances, name=name))
        for row in rows(answer, seen.url, options, raw=glances, members={}):
            good, faulty = (good + 1, faulty) if isinstance(row, dict) else (good, faulty + 1)
            if isinstance(row, dict) and len(first) < FIRST:
                first.append(row)
        whole = True
    if not first or good < GOOD * (good + faulty):
        return None
    return Rows(first, good if whole else None)


def _file(seen: Seen | None) -> Proposal | None:
    read = None if seen is None or _is_other(seen) else first_rows(seen)
    if seen is None or read is None or seen.headers.get("x-total-count", str(read.count)) != str(read.count):
        return None
    columns = list(dict.fromkeys(name for row in read.first for name in row))
    guess = guessed(read.first)
    if guess.persons or any(name.startswith("@") for name in columns):
        return None
    return Proposal(
        Certainty.FORMAT,
        seen.url,
        title=_stem(seen.url),
        count=read.count,
        keys=guess.keys,
        learned=[f"columns: {', '.join(columns[:TOLD])}{', …' if columns[TOLD:] else ''}", *guess.learned],
        unknown=guess.unknown,
    )


def _is_other(seen: Seen) -> bool:
    """True for a page, a list inside an envelope, a part of a list, a text of another kind."""
    if isinstance(seen.json, dict):
        return seen.json.get("type") != "FeatureCollection"
    paged = linked(seen.headers.get("link"), "next", base=seen.url) is not None
    return paged or OTHERS.match(seen.text) is not None


def _stem(url: str) -> str | None:
    """The name of a file without its suffix, as words."""
    name = unquote(_path(url).rpartition("/")[2]).rpartition(".")[0]
    return re.sub(r"[-_]+", " ", name).strip() or None


def _path(url: str) -> str:
    """An address without its query and fragment, were it none at all."""
    return re.split("[?#]", url)[0]
