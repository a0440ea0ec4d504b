"""Room: the typed values of Semantic MediaWiki → values of JSON that a mapping reads.

In: one row of an `ask` answer, of any version. Out: its fields, each a list of titles, texts, numbers,
`{lat, lon}`, dates as precise as they were written. Knows no wiki; asks for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urljoin

from harvester.model import Raw as Value

FILE_NAMESPACE = 6
FILES = frozenset({"image", "files"})
"""Fields whose values are files of the wiki, even where a page writes their bare name."""

MOMENTS = frozenset({"_modified", "_created"})
"""Fields that the wiki itself fills, in UTC; dates that people write are local."""

ANOTHER = "+"
"""Between a field and its number, where several properties fill one field: `needs+1`."""

_FILE = re.compile(r"(?:file|image|fichier|datei|archivo)\s*:\s*", re.IGNORECASE)
_FILE_NAME = re.compile(r"[^/<>\[\]|]+\.[A-Za-z0-9]{2,5}")
_UNIX = re.compile(r"-?\d{1,12}", re.ASCII)
_PARTS = ("year", "month", "day", "hour", "minute", "second")


def fields(row: Mapping[str, Any], types: Mapping[str, str], api: str) -> dict[str, list[Value]]:
    """The fields of a row that say something; the values of a field come in the order of its properties.

    `types` are the type ids of the printouts by label, empty from wikis that do not tell them.
    """
    printouts = row.get("printouts")
    found: dict[str, list[Value]] = {}
    for label, values in (printouts if isinstance(printouts, dict) else {}).items():
        field = label.partition(ANOTHER)[0]
        kept = [
            value
            for one in (values if isinstance(values, list) else [values])
            if (value := _value(one, types.get(label, ""), field, api)) not in (None, "")
        ]
        if kept:
            found[field] = [*found.get(field, []), *kept]
    return found


def modified(row: Mapping[str, Any]) -> datetime | None:
    """When the page was last changed, aware UTC; None when the wiki does not tell."""
    printouts = row.get("printouts")
    said = printouts.get("_modified") if isinstance(printouts, dict) else None
    with suppress(ValueError, IndexError, TypeError):
        written = _value(said[0] if isinstance(said, list) else said, "_dat", "_modified", "")
        return datetime.fromisoformat(str(written)).astimezone(UTC)
    return None


def _value(value: Value, typeid: str, field: str, api: str) -> Value:
    if isinstance(value, dict):
        return _structured(value, field, api)
    if typeid == "_boo":
        return value in ("t", "1", "true", 1, True)
    if typeid == "_dat":
        return _moment(value) if _UNIX.fullmatch(str(value)) else value
    if field in FILES and isinstance(value, str) and "://" not in value and _FILE_NAME.fullmatch(value):
        return _file(_FILE.sub("", value, count=1), api)
    return value


def _structured(value: Mapping[str, Any], field: str, api: str) -> Value:
    if "fulltext" in value:
        return _page(value, api)
    if "raw" in value or "timestamp" in value:
        return _date(str(value.get("raw") or ""), field) or _moment(value.get("timestamp"))
    parts = {name: part for name, part in value.items() if isinstance(part, dict) and "item" in part}
    if not parts:
        return dict(value)
    told = {
        name: [_value(one, str(part.get("typeid", "")), field, api) for one in part["item"]]
        for name, part in parts.items()
    }
    return _spoken(parts, told) or told


def _page(value: Mapping[str, Any], api: str) -> str:
    """The title of a page, which is its ref; the address of a file."""
    title = str(value["fulltext"])
    if value.get("namespace") == FILE_NAMESPACE or _FILE.match(title):
        return _file(title.partition(":")[2] or title, api)
    return title


def _file(name: str, api: str) -> str:
    """Where the wiki gives a file, whatever its language and folders: `Special:FilePath`."""
    return urljoin(api, f"index.php?title=Special:FilePath/{quote(name.strip().replace(' ', '_'), safe='')}")


def _spoken(parts: Mapping[str, Mapping[str, Any]], told: Mapping[str, list[Value]]) -> Value:
    """A text with its language, from the record that SMW makes of a monolingual text."""
    by_key = {str(part.get("key")): told[name] for name, part in parts.items()}
    text, language = by_key.get("_TEXT"), by_key.get("_LCODE")
    return {"@value": text[0], "@language": language[0]} if text and language else None


def _date(raw: str, field: str) -> str | None:
    """`1/2021/3/5/12/0/0` as far as it goes: a year, a month, a day or a moment, in ISO 8601.

    The first number is the calendar: of a Julian date (2) the year alone is sure.
    """
    calendar, *told = raw.split("/")
    numbers = dict(zip(_PARTS, _numbers(told), strict=False))
    if "year" not in numbers or not 1000 <= numbers["year"] <= 9999:
        return None
    if calendar == "2" or "month" not in numbers:
        return f"{numbers['year']:04}"
    if "day" not in numbers:
        return f"{numbers['year']:04}-{numbers['month']:02}"
    with suppress(ValueError):
        at = datetime(**numbers)  # type: ignore[arg-type]  # noqa: DTZ001  # zone added where it is known
        if "hour" not in numbers:
            return at.date().isoformat()
        return at.isoformat() + ("+00:00" if field in MOMENTS else "")
    return None


def _numbers(told: list[str]) -> Iterator[int]:
    for part in told:
        if not re.fullmatch(r"-?\d{1,18}(?:\.\d+)?", part, re.ASCII):
            return
        yield int(float(part))


def _moment(value: Value) -> str | None:
    """Unix seconds; midnight sharp is what a day looks like in wikis that do not tell how precise it is."""
    with suppress(ValueError, TypeError, OverflowError, OSError):
        at = datetime.fromtimestamp(int(value), UTC)
        midnight = (at.hour, at.minute, at.second) == (0, 0, 0)
        return at.date().isoformat() if midnight else at.isoformat()
    return None
