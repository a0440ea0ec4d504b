"""Room: recognising the index of a directory, or a page that links to it.

In: what answers at an address. Out: the names of the files that an index lists, and a proposal.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin

import yaml

from harvester.connectors._markdown import sheet
from harvester.connectors._recognition import Certainty, Look, Proposal, Seen
from harvester.model import Raw as Value

README = "README.md"

ABOUT = (README, "LICENSE.md", "LICENCE.md", "CHANGELOG.md")
"""Files that are about a directory."""

MARKDOWN, JSON = (".md", ".markdown"), ".json"

TOLD = 20
"""Folders that are told, the fullest first."""


def outside(name: str) -> bool:
    """True for a name that leaves the directory, or is none."""
    return name.startswith("/") or "://" in name or ".." in name.split("/") or not name.strip()


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """An index, given or linked by a page."""
    linked = seen.links('a[href$="index.json"], link[href$="index.json"]')
    index = look(linked[0]) if linked else seen
    names = _listed(index.json) if index else []
    files = [name for name in names if posixpath.basename(name) not in ABOUT]
    if index is None or not files:
        return None
    about = _readme(index, names, look)
    folders = Counter(posixpath.dirname(name) for name in files)
    return Proposal(
        Certainty.SHAPE,
        index.url,
        title=_text(about, "title", "title_h1") or seen.title,
        licence=_text(about, "licence", "license") or seen.licence,
        count=len(files),
        learned=[f"folder {folder or '.'}: {n} files" for folder, n in folders.most_common(TOLD)],
        unknown=["kind: what its sheets are, when they are no initiatives"],
    )


def _listed(document: Value) -> Sequence[str]:
    """The names that an index lists; empty for anything else."""
    names = document.get("files") if isinstance(document, dict) else document
    if not isinstance(names, list) or not all(isinstance(name, str) and not outside(name) for name in names):
        return []
    known = sum(name.lower().endswith((*MARKDOWN, JSON)) for name in names)
    return names if 2 * known > len(names) else []


def _readme(index: Seen, names: Sequence[str], look: Look) -> dict[str, Any]:
    """What the directory says of itself, when its index names such a file."""
    told = look(urljoin(index.url, README)) if README in names else None
    with suppress(yaml.YAMLError):
        return sheet(told.text, told.url) if told else {}
    return {}


def _text(about: dict[str, Any], *names: str) -> str | None:
    return next((str(about[name]) for name in names if about.get(name)), None)
