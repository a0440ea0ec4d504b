"""Room: every sentence of the pages, by id and language, from `texts.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from harvester.model import Finding
from harvester.shapes import message

FILE = Path(__file__).parent / "texts.toml"


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Id -> language -> sentence; the id is the path to it in the file: `home.lead`."""
    return dict(_flat(tomllib.loads(FILE.read_text(encoding="utf-8")), ""))


def text(key: str, language: str, **values: Any) -> str:
    """The sentence of an id, its {places} filled.

    Raises:
        KeyError: no such id; a test looks for it in every page.
    """
    return texts()[key][language].format(**values)


def known(prefix: str, name: str, language: str) -> str | None:
    """The sentence `prefix.name` if there is one: for words that others may add to."""
    said = texts().get(f"{prefix}.{name}")
    return said[language] if said else None


def group(prefix: str) -> tuple[str, ...]:
    """The names under a prefix, in file order."""
    return tuple(key.removeprefix(prefix + ".") for key in texts() if key.startswith(prefix + "."))


def reason(said: str | None, language: str) -> str | None:
    """A reason of the ledger in the language of the page; as it stands when we have no words for it."""
    return said and (known("reason", said, language) or said)


def finding(one: Finding, language: str) -> str:
    """What a finding tells the author of the record, from the shapes or from our own words."""
    return known("finding", one.code, language) or message(one, language)


def _flat(table: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name, value in table.items():
        if isinstance(next(iter(value.values())), str):
            yield path + name, value
        else:
            yield from _flat(value, f"{path}{name}.")
