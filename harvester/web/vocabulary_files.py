"""Room: what stands in the vocabulary beside triples: the JSON-LD context, the prefixes, what has changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response

from harvester import vocab
from harvester.web.linked import unknown
from harvester.web.negotiation import HTML, Offers, preferred
from harvester.web.pages import VARY, Visit, Visiting, page
from harvester.web.problems import unacceptable

PREFIXES: Offers = {"json": ("application/json",), "toml": ("application/toml",)}
CHANGES: Offers = {"markdown": ("text/markdown",)}

_FOLDERS = {"vocabulary": vocab.folder, "shapes": vocab.shapes_folder}
_CODE = re.compile(r"`([^`]+)`")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Block:
    """A heading (`h2`), a paragraph (`p`) or a list (`ul`); each text is cut into words and code, in turn."""

    kind: str
    texts: Sequence[Sequence[str]]


@router.get("/vocab/context.jsonld")
def context() -> Response:
    """The JSON-LD context of the profile, for whoever writes or reads our data as JSON."""
    return Response((vocab.folder() / "context.jsonld").read_bytes(), media_type="application/ld+json")


@router.get("/vocab/prefixes")
@router.get("/vocab/prefixes/")
def prefixes(visit: Visiting) -> Response:
    """The one prefix table."""
    name = _asked(visit, PREFIXES)
    if name == "html":
        return page(visit, "prefixes.html", prefixes=vocab.prefixes(), formats=PREFIXES)
    if name == "toml":
        return _plain((vocab.folder() / "prefixes.toml").read_text(encoding="utf-8"), PREFIXES[name][0])
    if name is None:
        return unacceptable(visit, ", ".join(PREFIXES))
    return _plain(json.dumps(dict(vocab.prefixes()), indent=1), PREFIXES[name][0])


@router.get("/vocab/changes/{what}")
def changes(visit: Visiting, what: str) -> Response:
    """What has changed in the vocabulary or in the shapes, version by version."""
    if what not in _FOLDERS:
        return unknown(visit, f"changes/{what}", [f"changes/{one}" for one in _FOLDERS])
    text = (_FOLDERS[what]() / "CHANGELOG.md").read_text(encoding="utf-8")
    name = _asked(visit, CHANGES)
    if name is None:
        return unacceptable(visit, ", ".join(CHANGES))
    if name == "html":
        return page(visit, "changes.html", what=what, blocks=list(blocks(text)), formats=CHANGES)
    return _plain(text, "text/markdown")


def blocks(markdown: str) -> Iterator[Block]:
    """The parts of a changelog below its title, as people write them there: headings, text, lists."""
    for part in re.split(r"\n\s*\n", markdown.strip()):
        lines = part.strip().splitlines()
        if lines[0].startswith("## "):
            yield Block("h2", [_CODE.split(lines.pop(0).removeprefix("## "))])
        if lines and lines[0].startswith("- "):
            yield Block("ul", [_CODE.split(item) for item in _items(lines)])
        elif lines and not lines[0].startswith("# "):
            yield Block("p", [_CODE.split(" ".join(lines))])


def _items(lines: Sequence[str]) -> list[str]:
    """The items of a list; a line that begins none goes on with the one before."""
    joined = "\n".join(line.strip() for line in lines)
    return [item.replace("\n", " ").removeprefix("- ") for item in re.split(r"\n(?=- )", joined)]


def _asked(visit: Visit, offers: Offers) -> str | None:
    """The name of the format asked for, `html` included; None when none of these will do."""
    known = {**offers, **HTML}
    if asked := visit.request.query_params.get("format"):
        return asked if asked in known else None
    return preferred(visit.accept, known)


def _plain(text: str, media: str) -> Response:
    return Response(text, media_type=f"{media}; charset=utf-8", headers=VARY)
