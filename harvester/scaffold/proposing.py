"""Room: what a connector recognised -> a `[source.…]` table, as a person would write it.

Out goes TOML that harvests as it is, with what was learned and what a person must still say in comments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from harvester import vocab
from harvester.cleaning.words import fold
from harvester.connectors._recognition import Proposal
from harvester.scaffold.recognition import Recognised

_MARGIN = 0.9
"""The share of the records counted today under which a run is held: `expect.min_records`."""

_LONGEST_ID = 40
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def identifier(recognised: Recognised, taken: Collection[str]) -> str:
    """An id for the source, of its title or else its host, that no other source has."""
    words = fold(recognised.proposal.title or "") or fold(_host(recognised.proposal).removeprefix("www."))
    base = re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:_LONGEST_ID].strip("-") or recognised.connector.name
    numbered = (f"{base}-{n}" for n in range(2, len(taken) + 3))
    return next(name for name in (base, *numbered) if name not in taken)


def table(recognised: Recognised, name: str, *, allow_private: bool = False) -> str:
    """The table of a source called `name`, comments included, ending in a newline."""
    proposal = recognised.proposal
    lines = [*_comments(recognised), f"[source.{_key(name)}]"]
    top, tables = _keys(recognised, allow_private=allow_private)
    lines += [f"{key} = {value(one)}" for key, one in top.items()]
    for key, members in tables.items():
        lines += ["", f"[source.{_key(name)}.{key}]"]
        lines += [f"{_key(one)} = {value(said)}" for one, said in members.items()]
    return "\n".join([*lines, *_unknown(proposal)]) + "\n"


def value(raw: Any) -> str:
    """A value as TOML writes it on one line."""
    if isinstance(raw, Mapping):
        members = ", ".join(f"{_key(key)} = {value(one)}" for key, one in raw.items())
        return f"{{ {members} }}"
    if isinstance(raw, list | tuple):
        return f"[{', '.join(map(value, raw))}]"
    if isinstance(raw, bool | int | float):
        return json.dumps(raw)
    return json.dumps(str(raw), ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else value(name)


def _host(proposal: Proposal) -> str:
    url = proposal.url if isinstance(proposal.url, str) else proposal.url[0]
    return urlsplit(url).hostname or ""


def _comments(recognised: Recognised) -> Iterator[str]:
    counted = f", {recognised.proposal.count:,} records" if recognised.proposal.count is not None else ""
    yield f"# {recognised.connector.title}{counted}"
    yield from (f"# {_line(sentence)}" for sentence in recognised.proposal.learned)


def _keys(
    recognised: Recognised, *, allow_private: bool
) -> tuple[dict[str, Any], dict[str, Mapping[str, Any]]]:
    """The keys of the table itself, and those that are tables of their own."""
    proposal = recognised.proposal
    stated = vocab.licence_of(proposal.licence) if proposal.licence else None
    found: dict[str, Any] = {
        "title": _line(proposal.title) if proposal.title else _host(proposal),
        "connector": recognised.connector.name,
        "url": proposal.url,
        "licence": stated or "unknown",
        "publisher": {"name": _line(proposal.publisher)} if proposal.publisher else None,
        "expect": {"min_records": int(proposal.count * _MARGIN)} if proposal.count else None,
        "allow_private": True if allow_private else None,
        **proposal.keys,
    }
    said = {key: one for key, one in found.items() if one is not None}
    apart = {key: one for key, one in said.items() if key in ("map", "fields") and one}
    return {key: one for key, one in said.items() if key not in ("map", "fields")}, apart


def _unknown(proposal: Proposal) -> Sequence[str]:
    """What a person must still say."""
    licence = (
        f"licence: the source states '{_line(proposal.licence)}', which our scheme does not know"
        if proposal.licence
        else "licence: none is stated; ask the publisher"
    )
    known = proposal.licence and vocab.licence_of(proposal.licence)
    open_ends = [
        *([] if known else [f"{licence} (unknown: harvested, not published)"]),
        *([] if proposal.publisher else ["publisher: who publishes this?"]),
        *([] if proposal.title else ["title: the address does not say its name"]),
        *(
            []
            if proposal.count is not None
            else ["expect.min_records: how many records are there, at least?"]
        ),
        *proposal.unknown,
    ]
    return [f"# to say: {_line(one)}" for one in open_ends]


def _line(text: str) -> str:
    return " ".join(text.split())
