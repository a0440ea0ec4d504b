"""Room: the example queries, one file each, with their titles in comments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "examples"

_TITLE = re.compile(r"^# title-(\w+): (.+)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """A query that works as it stands; `titles` by language."""

    name: str
    titles: dict[str, str]
    query: str


@cache
def examples() -> tuple[Example, ...]:
    """The examples, by file name."""
    return tuple(_example(file) for file in sorted(FOLDER.glob("*.rq")))


def _example(file: Path) -> Example:
    text = file.read_text(encoding="utf-8")
    return Example(file.stem, dict(_TITLE.findall(text)), _TITLE.sub("", text).strip() + "\n")
