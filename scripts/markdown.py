"""Room: rows of cells -> the lines of a Markdown table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, an empty one last; without rows there is no table."""
    body = [_row(cells) for cells in rows]
    if body:
        yield from (_row(head), "|" + "---|" * len(head), *body, "")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
