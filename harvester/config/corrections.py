"""Room: `corrections/SOURCE.csv`, beside the federation's file -> corrections, with every problem found.

A faulty line is a problem with its number, never a stop: the others hold. What needs the item fields to be
judged is checked by the harvest.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from harvester.errors import Problem, suggestion
from harvester.model import Correction

FOLDER = "corrections"
COLUMNS = ("ref", "field", "value seen", "value", "who", "when", "why")
_NEEDED = ("ref", "field", "who", "when", "why")


def corrections(folder: Path, source: str) -> tuple[tuple[Correction, ...], list[Problem]]:
    """The corrections of a source, in the order of its file, and what is wrong there; none without a file."""
    path, name = folder / FOLDER / f"{source}.csv", f"{FOLDER}/{source}.csv"
    if not path.is_file():
        return (), []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return (), [Problem(name, 0, None, f"cannot be read ({error}); save it as CSV, UTF-8")]
    found: list[Correction] = []
    problems: list[Problem] = []
    for line, one in _lines(text, name):
        if isinstance(one, str):
            problems.append(Problem(name, line, None, one))
        elif twice := next(
            (before for before in found if (before.ref, before.field) == (one.ref, one.field)), None
        ):
            text = f"'{one.field}' of record '{one.ref}' is corrected on line {twice.line} already; keep one"
            problems.append(Problem(name, line, None, text))
        else:
            found.append(one)
    return tuple(found), problems


def strays(folder: Path, sources: Collection[str]) -> list[Problem]:
    """The files of no source."""
    files = sorted((folder / FOLDER).glob("*.csv"))
    return [
        Problem(
            f"{FOLDER}/{file.name}", 0, None, f"no source '{file.stem}'; {suggestion(file.stem, sources)}"
        )
        for file in files
        if file.stem not in sources
    ]


def written(path: Path) -> Mapping[str, float]:
    """When the federation's file and the corrections beside it were last written; only of those there are."""
    files = [path, *(path.parent / FOLDER).glob("*.csv")]
    return {str(file): file.stat().st_mtime for file in files if file.is_file()}


def _lines(text: str, name: str) -> Iterator[tuple[int, Correction | str]]:
    """Each line that says something: a correction, or what is wrong with it."""
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [cell.strip() for cell in next(rows, [])]
        if sorted(header) != sorted(COLUMNS):
            yield 1, f"its columns are {', '.join(header) or 'none'}; expected {', '.join(COLUMNS)}"
            return
        for row in rows:
            if any(cell.strip() for cell in row):
                yield rows.line_num, _correction(name, rows.line_num, header, row)
    except csv.Error as error:
        yield rows.line_num, f"not CSV ({error}); what follows is not read"


def _correction(name: str, line: int, header: Sequence[str], row: Sequence[str]) -> Correction | str:
    if len(row) != len(header):
        return f"has {len(row)} cells, {len(header)} expected; quote cells that hold the separator"
    told = {column: cell.strip() for column, cell in zip(header, row, strict=True)}
    if missing := next((column for column in _NEEDED if not told[column]), None):
        return f"'{missing}' is empty; fill it in"
    if told["value seen"] == told["value"]:
        return f"'value seen' and 'value' are both '{told['value']}'; nothing is corrected"
    try:
        when = date.fromisoformat(told["when"])
    except ValueError:
        return f"'when' is '{told['when']}'; expected a date such as 2026-11-22"
    return Correction(
        file=name,
        line=line,
        ref=told["ref"],
        field=told["field"],
        seen=told["value seen"],
        value=told["value"],
        who=told["who"],
        when=when,
        why=told["why"],
    )
