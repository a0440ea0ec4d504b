"""Room: one Markdown sheet with YAML front matter → a record value.

In: the text of a sheet and its address. Out: front matter, first heading, first quote, images, links, and
the text that is left. Renders nothing.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import yaml

from harvester.connectors._answers import whole
from harvester.model import Raw as Value

FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#[ \t]+(\S.*)$", re.MULTILINE)
QUOTE = re.compile(r"^>.*(?:\n>.*)*", re.MULTILINE)
TARGET = r"\(\s{0,20}<?([^)\s>\[]++)[^)\[]*+\)"
IMAGE = re.compile(rf"!\[[^\[\]]*+\]{TARGET}")
LINK = re.compile(rf"\[[^\[\]]*+\]{TARGET}")
EMPTY_LINK = re.compile(r"^[ \t]{0,20}\[\s{0,20}\]\([^)\n]*+\)[ \t]*$", re.MULTILINE)
BARE = re.compile(r"(?<![(\w\"'=])https?://[^\s<>)\]\"']{0,4000}[^\s<>)\]\"'.,;:!?]")
BLANK_LINES = re.compile(r"\n{3,}")


def sheet(text: str, url: str) -> dict[str, Any]:
    """Front matter fields, and title_h1, quote, body (text), links, images (lists of absolute addresses).

    What is absent is "" or []; the front matter wins over nothing: these five names are ours.

    Raises:
        yaml.YAMLError: the front matter is not a YAML mapping.
    """
    matter = FRONT_MATTER.match(text)
    front = _front(matter.group(1)) if matter else {}
    rest = (text[matter.end() :] if matter else text).replace("\r\n", "\n")
    images, rest = IMAGE.findall(rest), IMAGE.sub("", rest)
    links = [*LINK.findall(rest), *BARE.findall(LINK.sub("", rest))]
    heading, quoted = HEADING.search(rest), QUOTE.search(rest)
    return front | {
        "title_h1": heading.group(1).rstrip(" \t#") if heading else "",
        "quote": _unquoted(quoted.group()) if quoted else "",
        "body": _body(rest),
        "links": _absolute(links, url),
        "images": _absolute(images, url),
    }


def _front(text: str) -> dict[str, Any]:
    # an alias can make a few lines stand for gigabytes
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
        raise yaml.YAMLError("aliases are not read")
    loaded = yaml.safe_load(text) or {}
    if not isinstance(loaded, dict):
        raise yaml.YAMLError(f"the front matter is not a mapping: {text!r:.60}")
    return {str(key): _plain(value) for key, value in loaded.items()}


def _plain(value: Value) -> Value:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple | set) else value


def _body(text: str) -> str:
    for removed in (HEADING, QUOTE):
        text = removed.sub("", text, count=1)
    return BLANK_LINES.sub("\n\n", EMPTY_LINK.sub("", text)).strip()


def _unquoted(text: str) -> str:
    return " ".join(line.lstrip("> \t").strip() for line in text.splitlines()).strip()


def _absolute(urls: list[str], url: str) -> list[str]:
    return list(dict.fromkeys(whole(url, found) for found in urls))
