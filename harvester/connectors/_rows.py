"""Room: CSV, Excel and JSON Lines → one dict per row, by column name.

In: an open stream. Out: dicts, and `Rejected` with its line number for a row that cannot be read; the rest
goes on. Raises SourceChanged when there is no table at all. Keeps one row in memory, and for Excel the
shared texts of the workbook.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, BinaryIO
from zipfile import BadZipFile

import orjson

from harvester.connectors._answers import snippet
from harvester.errors import SourceChanged
from harvester.model import Raw as Value
from harvester.model import Rejected

Rows = Iterator[dict[str, Any] | Rejected]

DELIMITERS = (";", ",", "\t", "|")
LONGEST_LINE = 1 << 20
MOST_LINES = 200
"""Lines one quoted cell may span: a quote left open costs its own line, not the rest of the file."""

SPOOLED = 1 << 24

DAMAGED = (BadZipFile, LookupError, ValueError, SyntaxError, EOFError, NotImplementedError, zlib.error)
"""What the readers of workbooks raise for a zip, or XML inside it, that is not what it should be."""

ERROR = frozenset({"error", "errors"})
BESIDE = frozenset({"code", "status", "message", "detail"})
"""What APIs answer at HTTP 200 instead of rows, and what they say beside it."""


def csv_rows(
    stream: BinaryIO,
    *,
    where: str,
    encoding: str,
    delimiter: str | None = None,
    header_row: int | None = None,
) -> Rows:
    """Rows of a CSV or TSV text; blank rows are passed over. `header_row` counts lines from 1.

    Raises:
        SourceChanged: no header, or one column only.
    """
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    lines = _Lines(text)
    head = _head(lines, header_row)
    used = delimiter or max(DELIMITERS, key=lambda sign: len(_cells([head], sign) or ()))
    names = _names(_cells([head], used) or (), where)
    while cells := lines.next(used, len(names)):
        if isinstance(cells, Rejected):
            yield cells
        elif any(cell.strip() for cell in cells):
            yield dict(zip(names, cells, strict=True))


def xlsx_rows(
    stream: BinaryIO, *, where: str, sheet: str | None = None, header_row: int | None = None
) -> Rows:
    """Rows of one sheet, the first by default; dates as ISO 8601 text, formulas as their last value.

    Raises:
        SourceChanged: not a workbook, no such sheet, no header.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    with tempfile.SpooledTemporaryFile(max_size=SPOOLED) as seekable:  # a zip is read from its end
        shutil.copyfileobj(stream, seekable)
        try:
            book = load_workbook(seekable, read_only=True, data_only=True)
        except (*DAMAGED, InvalidFileException) as error:
            raise SourceChanged(f"{where}: not a readable workbook ({error}); check the address") from error
        if sheet and sheet not in book.sheetnames:
            raise SourceChanged(f"{where}: no sheet '{sheet}'; the workbook has {', '.join(book.sheetnames)}")
        try:
            found = book[sheet] if sheet else book.worksheets[0]
            yield from _sheet_rows(found.iter_rows(values_only=True), where, header_row)
        except DAMAGED as error:
            raise SourceChanged(f"{where}: the workbook is damaged ({error}); ask the partner") from error
        book.close()


def json_lines(stream: BinaryIO, *, where: str) -> Rows:
    """One JSON object per line; blank lines are passed over.

    Raises:
        SourceChanged: a line that tells an error instead of a row.
    """
    for number, line in enumerate(iter(partial(stream.readline, LONGEST_LINE), b""), 1):
        text = line.strip().removeprefix(b"\xef\xbb\xbf")
        if not text:
            continue
        row = _object(text, number)
        if not isinstance(row, Rejected) and _is_error(row):
            said = snippet(text.decode("utf-8", "replace"))
            raise SourceChanged(f"{where}: it tells an error instead of rows, {said}; check the address")
        yield row


def _is_error(row: Mapping[str, Any]) -> bool:
    return not row.keys().isdisjoint(ERROR) and row.keys() <= ERROR | BESIDE


class _Lines:
    """Lines of a CSV text with one place to go back to: a quote that never closes is read again as lines."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.number = 0
        self._ahead: list[str] = []
        self._text = text

    def line(self) -> str:
        """The next line with its end; empty at the end of the text."""
        self.number += 1
        return self._ahead.pop(0) if self._ahead else self._text.readline(LONGEST_LINE)

    def next(self, delimiter: str, width: int) -> list[str] | Rejected | None:
        """The cells of the next row, padded to nothing; None at the end."""
        lines = [self.line()]
        if not lines[0]:
            return None
        first = self.number
        cells = _cells(lines, delimiter)
        while cells is None and sum(line.count('"') for line in lines) % 2 and len(lines) < MOST_LINES:
            lines.append(self.line())
            if not lines[-1]:
                break
            cells = _cells(lines, delimiter)
        if cells is None:
            self._back(lines[1:], first)
            return Rejected(None, f"line {first}: bad quoting near {snippet(lines[0])}")
        return _fitted(cells, width) or Rejected(None, f"line {first}: {len(cells)} cells, {width} expected")

    def _back(self, lines: list[str], number: int) -> None:
        self._ahead = [line for line in lines if line] + self._ahead
        self.number = number


def _cells(lines: Sequence[str], delimiter: str) -> list[str] | None:
    """The cells of one row written over `lines`; None when it does not end there."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _fitted(cells: list[str], width: int) -> list[str] | None:
    """Exactly `width` cells: empty ones in excess go, a blank line is a blank row."""
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if not cells:
        return [""] * width
    return cells if len(cells) == width else None


def _head(lines: _Lines, header_row: int | None) -> str:
    line = lines.line()
    while line and (lines.number < header_row if header_row else not line.strip()):
        line = lines.line()
    return line


def _names(cells: Sequence[Any], where: str) -> list[str]:
    """Column names, trimmed; one that comes twice is numbered, one without a name called by its place."""
    if len(cells) < 2:
        raise SourceChanged(
            f"{where}: no table with a header, starts with {snippet(str(cells))}; set `delimiter`"
        )
    names: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = str(cell if cell is not None else "").strip().removeprefix("\ufeff") or f"column {place}"
        names.append(f"{name} ({place})" if name in names else name)
    return names


def _sheet_rows(rows: Iterator[tuple[Any, ...]], where: str, header_row: int | None) -> Rows:
    skipped = range(1, header_row) if header_row else ()
    for _ in zip(skipped, rows, strict=False):
        pass
    head = next((row for row in rows if any(cell is not None for cell in row)), ())
    names = _names(_trimmed(head), where)
    for row in rows:
        cells = [_plain(cell) for cell in row[: len(names)]]
        if any(cell not in (None, "") for cell in cells):
            yield dict(zip(names, cells + [None] * (len(names) - len(cells)), strict=True))


def _trimmed(cells: Sequence[Any]) -> list[Any]:
    kept = list(cells)
    while kept and kept[-1] is None:
        kept.pop()
    return kept


def _plain(cell: Value) -> Value:
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, timedelta) else cell


def _object(text: bytes, number: int) -> dict[str, Any] | Rejected:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return Rejected(None, f"line {number}: not JSON ({error})")
    return (
        found
        if isinstance(found, dict)
        else Rejected(None, f"line {number}: expected an object, got {found!r:.60}")
    )
