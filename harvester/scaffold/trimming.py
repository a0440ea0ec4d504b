"""Room: the body of an answer -> a short one without personal data, for a recording.

What names persons and what counts a listing are data (`recording.toml`). Formats that cannot be read here are
refused rather than copied.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from harvester.cleaning.text import scrub
from harvester.connectors._text import encoding
from harvester.errors import RecordError

BLANKED = "…"
"""What stands for a text that nobody maps."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How much of a listing stays, and which fields of its records.

    `fields` are mapped or known, `met` are all those that records have.
    """

    records: int
    fields: Collection[str]
    met: Collection[str]


def trimmed(content: bytes, charset: str | None, keep: Keep) -> bytes:
    """The body cleaned of personal data, with the first records of its lists.

    Raises:
        RecordError: it is in no format that can be cleaned here.
    """
    if b"\0" in content[:4096] or content[:2] in (b"PK", b"\x1f\x8b"):
        raise RecordError("binary content cannot be cleaned of personal data; write this recording by hand")
    text = content.decode(encoding(io.BytesIO(content), charset=charset), "replace")
    return _written(text, keep).encode()


def headers(told: Mapping[str, str], keep: Keep) -> dict[str, str]:
    """The kept headers of an answer, as those of a listing that ends with it."""
    totals, pages = _names("listing", "totals"), _names("listing", "pages")
    found = {}
    for name, value in told.items():
        if name in totals:
            found[name] = str(min(int(value), keep.records)) if value.isdigit() else value
        elif name in pages:
            found[name] = "1"
        elif name != "link" or "next" not in value:
            found[name] = value
    return found


def _written(text: str, keep: Keep) -> str:
    start = text.lstrip()[:1]
    if start in ("{", "["):
        return _json(text, keep)
    if start == "<":
        return _markup(text, keep)
    if text.lstrip().startswith("BEGIN:VCALENDAR"):
        return _calendar(text, keep)
    if _is_table(text):
        return _table(text, keep)
    return scrub(text)[0]


def _json(text: str, keep: Keep) -> str:
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError:  # a line each
        lines = [line for line in text.splitlines() if line.strip()][: keep.records]
        return "\n".join(json.dumps(_value(orjson.loads(line), keep), ensure_ascii=False) for line in lines)
    return json.dumps(_value(whole, keep), ensure_ascii=False, indent=1)


def _value(value: Any, keep: Keep) -> Any:
    if isinstance(value, dict):
        record = len(keep.met & value.keys()) >= max(3, 0.6 * len(value))
        return {key: _member(key, one, keep, record=record) for key, one in _first(value, keep).items()}
    if isinstance(value, list):
        many = keep.records if any(isinstance(one, dict | list) for one in value) else len(value)
        return [_value(one, keep) for one in value[:many]]
    return scrub(value)[0] if isinstance(value, str) else value


def _first(value: Mapping[str, Any], keep: Keep) -> Mapping[str, Any]:
    """The first members of an object keyed by the ids of its records; any other as it is."""
    alike = len(value) > keep.records and all(isinstance(one, dict) for one in value.values())
    return dict(list(value.items())[: keep.records]) if alike else value


def _member(name: str, value: Any, keep: Keep, *, record: bool) -> Any:
    word = name.lower()
    if word in _names("personal", "keys"):
        return type(value)() if isinstance(value, str | list | dict) else None
    if record and isinstance(value, str) and value and name not in keep.fields:
        return BLANKED
    return _value(value if record else _ended(word, value, keep), keep)


def _ended(word: str, value: Any, keep: Keep) -> Any:
    """A member of the envelope of a listing, as it is when the listing ends here."""
    if word in _names("listing", "more"):
        return False
    if isinstance(value, int) and not isinstance(value, bool):
        most = {"totals": keep.records, "pages": 1}
        return min([value, *(most[name] for name in most if word in _names("listing", name))])
    return None if word in _names("listing", "next") else value


def _markup(text: str, keep: Keep) -> str:
    from bs4 import BeautifulSoup

    page = re.search(r"<html\b", text[:4096], re.IGNORECASE) is not None
    soup = BeautifulSoup(text, "lxml" if page else "xml")
    gone = soup.select(", ".join(_listed("personal", "selectors"))) if page else []
    named = soup.find_all(lambda tag: tag.name.lower().rpartition(":")[2] in _names("personal", "elements"))
    for tag in [*gone, *([] if page else named)]:
        tag.decompose()
    for parent in [] if page else soup.find_all(True):
        _shorten(parent, keep)
    return scrub(str(soup))[0]


def _shorten(parent: Any, keep: Keep) -> None:
    """Keep the first of the children that all bear one name: the entries of a list."""
    children = parent.find_all(True, recursive=False)
    for name in {child.name for child in children}:
        for child in [one for one in children if one.name == name][keep.records :]:
            child.decompose()


def _calendar(text: str, keep: Keep) -> str:
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    personal = re.compile(rf"^(?:{'|'.join(_listed('personal', 'properties'))})[;:]")
    lines = [line for line in unfolded.splitlines() if not personal.match(line)]
    return "\r\n".join(_events(lines, keep)) + "\r\n"


def _events(lines: list[str], keep: Keep) -> Iterator[str]:
    events = 0
    for line in lines:
        events += line == "BEGIN:VEVENT"
        if events <= keep.records or line == "END:VCALENDAR":
            yield scrub(line)[0]


def _is_table(text: str) -> bool:
    first, _, rest = text.partition("\n")
    return bool(rest) and any(first.count(mark) and mark in rest.partition("\n")[0] for mark in ",;\t")


def _table(text: str, keep: Keep) -> str:
    dialect = max(",;\t", key=text.partition("\n")[0].count)
    rows = list(csv.reader(io.StringIO(text), delimiter=dialect))[: keep.records + 1]
    head = rows[0]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=dialect, lineterminator="\n")
    writer.writerow(head)
    for row in rows[1:]:
        writer.writerow([_cell(name, cell, keep) for name, cell in zip(head, row, strict=False)])
    return out.getvalue()


def _cell(name: str, cell: str, keep: Keep) -> str:
    personal = name.strip().lower() in _names("personal", "keys")
    return BLANKED if cell and (personal or name not in keep.fields) else scrub(cell)[0]


@cache
def _tables() -> Mapping[str, Mapping[str, list[str]]]:
    return tomllib.loads((Path(__file__).parent / "recording.toml").read_text(encoding="utf-8"))


def _listed(table: str, name: str) -> list[str]:
    return _tables()[table][name]


@cache
def _names(table: str, name: str) -> frozenset[str]:
    return frozenset(_listed(table, name))
