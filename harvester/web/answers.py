"""Room: the first rows of an answer, as a table that a person reads."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import cast

import pyoxigraph as ox

from harvester.triplestore import Answering, Asker, Query, QueryPool
from harvester.web.statements import Value

ROWS = 1000
"""Rows shown on a page; the whole answer is a link away."""

BYTES = 8 << 20
"""Bytes read for a page, whatever the rows hold; bounds the memory of this process."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer to look at: rows, or yes or no, or triples as text; `cut` when there is more."""

    variables: Sequence[str] = ()
    rows: Sequence[Sequence[Value]] = ()
    yes: bool | None = None
    text: str | None = None
    cut: bool = False


def shown(pool: QueryPool, query: Query, asker: Asker) -> Shown:
    """Ask, and read as much of the answer as a page holds.

    Raises:
        QueryError: see `QueryPool.ask`.
        StoreError: no worker can be started.
    """
    answering = pool.ask(query, asker)
    lines, cut = _first_lines(answering)
    if answering.format != "tsv":
        return Shown(text=b"\n".join(lines).decode(), cut=cut)
    results = ox.parse_query_results(b"\n".join(lines) + b"\n", ox.QueryResultsFormat.TSV)
    if isinstance(results, ox.QueryBoolean):
        return Shown(yes=bool(results))
    assert isinstance(results, ox.QuerySolutions)
    names = [variable.value for variable in results.variables]
    return Shown(names, [[_cell(solution[name]) for name in names] for solution in results], cut=cut)


def _first_lines(answering: Answering) -> tuple[list[bytes], bool]:
    """The first whole lines of an answer, a header included, and whether there are more."""
    held, ended = bytearray(), False
    with ExitStack() as stack:
        if not answering.whole:
            stack.enter_context(closing(cast("Generator[bytes]", answering.chunks)))
        for chunk in answering.chunks:
            held += chunk
            if held.count(b"\n") > ROWS + 1 or len(held) > BYTES:
                break
        else:
            ended = True
    lines = bytes(held).split(b"\n")
    if not (ended and lines[-1]):  # what follows the last end of line is nothing, or part of a line
        lines.pop()
    return lines[: ROWS + 1], len(lines) > ROWS + 1 or not ended


def _cell(term: object) -> Value:
    if isinstance(term, ox.NamedNode):
        return Value(term.value, term.value)
    if isinstance(term, ox.Literal):
        return Value(term.value, lang=term.language)
    return Value("" if term is None else str(term))
