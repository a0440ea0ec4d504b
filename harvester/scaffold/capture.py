"""Room: a declared source -> a recording for the tests: its first records, trimmed, without personal data.

Out goes a folder as those of `tests/connectors/`. It is read back before it is written, so that what it holds
and whether its listing closes is said.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from harvester.errors import RecordError, SourceChanged, SourceError
from harvester.harvest import Plan
from harvester.model import Answer, Record
from harvester.scaffold.looking import Looking
from harvester.scaffold.preview import first_answers
from harvester.scaffold.proposing import value
from harvester.scaffold.trimming import Keep, headers, trimmed

_BEYOND = 10
"""Answers asked for after the records wanted, so that a short listing closes."""

_SOURCE = """# Recording: {title}

Captured on {day} from {url} ({licence}); trimmed, personal data and texts that nobody maps taken out.

| file | answer |
|---|---|
{rows}
"""


@dataclass(frozen=True, slots=True)
class Captured:
    """A recording: labels and bodies by address; `closed` says why its listing does not end."""

    plan: Plan
    answers: Mapping[str, tuple[dict[str, Any], bytes]]
    records: int
    closed: str | None
    day: str


@dataclass(frozen=True, slots=True)
class _Bodies:
    """Bodies by digest, read as a raw store is."""

    held: Mapping[str, bytes]

    def open(self, answer: Answer) -> BinaryIO:
        return io.BytesIO(self.held[answer.url])

    def read(self, answer: Answer, *, limit: int = 1 << 28) -> bytes:
        return self.held[answer.url][:limit]


def captured(plan: Plan, look: Looking, wanted: int) -> Captured:
    """A recording of the first `wanted` records.

    Raises:
        SourceError: the source cannot be read.
        SourceChanged: an answer cannot be cleaned of personal data.
    """
    kept, listed, _ = first_answers(plan, look, wanted, beyond=_BEYOND)
    records = [one for one in listed if isinstance(one, Record)]
    keep = Keep(wanted, plan.mapper().known, frozenset().union(*(one.value.keys() for one in records)))
    bodies: dict[str, bytes] = {}
    for answer in kept:
        try:
            bodies[answer.url] = trimmed(look.raw.read(answer), answer.charset, keep)
        except RecordError as error:
            raise SourceChanged(f"{plan.source.id}: {answer.url}: {error}") from error
    found, why = _read_back(plan, kept, _Bodies(bodies))
    answers = {one.url: (_label(one, number, keep), bodies[one.url]) for number, one in enumerate(kept, 1)}
    day = kept[0].fetched_at.date().isoformat()
    return Captured(plan, answers, found, why, day)


def write(captured: Captured, folder: Path) -> None:
    """Write the recording into a new folder."""
    folder.mkdir(parents=True)
    source = captured.plan.source
    for label, body in captured.answers.values():
        (folder / label["file"]).write_bytes(body)
    labels = {url: label for url, (label, _) in captured.answers.items()}
    _text(folder / "answers.json", json.dumps(labels, ensure_ascii=False, indent=2))
    _text(folder / "source.toml", "\n".join(_table(captured.plan)))
    rows = "\n".join(f"| {label['file']} | `{url}` |" for url, label in labels.items())
    said = {"title": source.title, "url": source.url, "licence": source.licence, "day": captured.day}
    _text(folder / "SOURCE.md", _SOURCE.format(rows=rows, **said).rstrip())


def told(captured: Captured) -> Iterator[str]:
    """What a person should know of the recording."""
    if captured.closed:
        yield f"its listing does not close by itself: {captured.closed}"
    for url, (label, body) in captured.answers.items():
        yield f"{label['file']:<12} {len(body):>8,} bytes  {url}"


def _read_back(plan: Plan, kept: Sequence[Answer], bodies: _Bodies) -> tuple[int, str | None]:
    """How many records the recording holds, and why its listing does not end."""
    found = 0
    try:
        for one in plan.connector.records(plan.source, kept, bodies):
            found += isinstance(one, Record)
    except SourceError as error:
        return found, str(error)
    return found, None


def _label(answer: Answer, number: int, keep: Keep) -> dict[str, Any]:
    kind = answer.media_type.rpartition("/")[2].rpartition("+")[2] or "txt"
    label: dict[str, Any] = {
        "file": f"{number:02}.{kind}",
        "media_type": answer.media_type,
        "charset": "utf-8",
    }
    return label | ({"headers": told} if (told := headers(answer.headers, keep)) else {})


def _table(plan: Plan) -> Iterator[str]:
    source = plan.source
    url = source.url if len(source.urls) == 1 else list(source.urls)
    said = {"title": source.title, "connector": source.connector, "url": url, "licence": source.licence}
    said |= {"permission": source.permission} if source.permission else {}
    said |= {"kind": source.kind, **source.options}
    yield "[source.recorded]"
    yield from (f"{key} = {value(one)}" for key, one in said.items())
    if source.map:
        yield "\n[source.recorded.map]"
        yield from (f"{key} = {value(one)}" for key, one in source.map.items())


def _text(file: Path, content: str) -> None:
    file.write_text(f"{content}\n", encoding="utf-8")
