"""Room: what may run, and what the engine would answer wrongly, told before it is asked.

A query comes in as text; out goes what to ask the engine instead, or a refusal that says how to write it.
Each fault of the engine is written up in docs/explanation/what-the-engine-gets-wrong.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from harvester.errors import QueryError
from harvester.triplestore import lexer
from harvester.triplestore.outline import CallsService, Outline, TooDeep, Unread, Zero, outline

LONGEST_QUERY = 1 << 20
"""Bytes; longer ones are refused before a worker sees them."""

_REMEMBERED = 1 << 14
"""Characters of a query; what was found in longer ones is not kept."""

FAULTS = {
    "graph-subselect": "a subselect inside GRAPH ?g is evaluated over all graphs and leaves ?g unbound; "
    "write the GRAPH inside the subselect: SELECT ?g … { GRAPH ?g { … } } GROUP BY ?g",
    "graph-unbound": "VALUES or another GRAPH alone inside GRAPH ?g leaves ?g unbound; "
    "move it out of the braces of GRAPH ?g, or join it with a triple pattern",
    "graph-minus": "MINUS inside GRAPH ?g takes ?g for a shared variable, although nothing else is shared; "
    "leave the MINUS out, or write FILTER NOT EXISTS",
    "labelled-node": "BNODE with an argument gives the same node in every solution; write BNODE()",
    "zero-length": "the path may have length zero, and its constant {constant} is nowhere in the graph: the "
    "engine leaves out the solution in which both ends are that constant; write BIND, or take + for *",
}
"""Fault of the engine -> what is wrong and how to write the query."""

_RISKY = re.compile(
    r"SERVICE|GROUP_CONCAT|BNODE|GRAPH(?:[ \t\r\n]|#[^\r\n]*)*[?$]|\\[uU]|\?(?!\w)", re.IGNORECASE
)
_STARS = re.compile(
    r"(?<![\w:.%\\?$@-])SELECT\s+(?:DISTINCT\s+|REDUCED\s+)?\*|\(\s*(?:DISTINCT\s+)?\*\s*\)", re.IGNORECASE
)
_AT = re.compile(r"\bat (\d+):(\d+)")
_LITERAL = re.compile(r"""["'+\-.\d]|(?:true|false)$""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Probe:
    """A yes-or-no question to ask first; unless its answer is `expected`, the query has this fault."""

    ask: str
    expected: bool
    fault: str
    constant: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A query that may be asked, after its probes; of the union of all graphs unless it names others."""

    text: str
    probes: tuple[Probe, ...] = ()
    names_dataset: bool = False


def checked(text: str) -> Checked:
    """What to ask for a query.

    Raises:
        QueryError: 413 too long, 403 an update or SERVICE, 400 cannot be followed, 501 the engine is known
            to answer it wrongly.
    """
    if len(text) > LONGEST_QUERY or len(text.encode("utf-8", "replace")) > LONGEST_QUERY:
        raise QueryError(f"the query is longer than {LONGEST_QUERY} bytes", status=413, kind="too-long")
    if lexer.is_update(text):
        raise QueryError("this endpoint is read-only; updates are refused", status=403, kind="update")
    if not _may_be_faulty(text):
        return Checked(text, names_dataset=_names_dataset(text))
    return _remembered(text) if len(text) <= _REMEMBERED else _looked_at(text)


def _may_be_faulty(text: str) -> bool:
    """False when nothing that is looked for can be there: most queries."""
    return _RISKY.search(text) is not None or "*" in _STARS.sub("", text)


def _looked_at(text: str) -> Checked:
    try:
        found = outline(text)
    except CallsService as error:
        raise _service() from error
    except TooDeep as error:
        raise too_complex() from error
    except Unread as error:
        if any("SERVICE" in lexer.words(one) for one in (text, lexer.decoded(text))):
            raise _service() from error
        raise syntax_error(text, error.at) from error
    for fault in found.faults:
        raise fault_error(fault)
    probes = tuple(_zero(found, zero) for zero in dict.fromkeys(found.zeros))
    if found.selecting:
        probes += (_one_graph(text, found),)
    return Checked(_rewritten(text, found), probes, names_dataset=bool(found.dataset))


def _names_dataset(text: str) -> bool:
    return "FROM" in text.upper() and "FROM" in lexer.words(text)


_remembered = lru_cache(maxsize=512)(_looked_at)


def fault_error(fault: str, constant: str = "") -> QueryError:
    """The refusal of a query that the engine is known to answer wrongly."""
    text = FAULTS[fault].replace("{constant}", constant)
    return QueryError(text, status=501, kind="wrong-answer", more={"fault": fault})


def syntax_error(text: str, at: int | None = None, said: str = "") -> QueryError:
    """The refusal of a query that does not follow the grammar, with the place, from 1, and what stands there.

    The engine often only says that the end is not right: what cannot be followed first, or is not
    declared, is more helpful.
    """
    at = _misplaced(text) if at is None else at
    if at is None:
        where = _AT.search(said)
        told = {"line": int(where[1]), "column": int(where[2])} if where else None
        return QueryError(said, status=400, kind="syntax", more=told)
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    found = lexer.token(text, at)
    what = "the query ends too early" if found.kind == "end" else f"'{found.text[:40]}' is not expected here"
    if found.kind == "name":
        what += f", or its prefix is not declared ('{found.text.partition(':')[0]}:')"
    more = {"line": line, "column": column}
    return QueryError(f"{line}:{column}: {what}", status=400, kind="syntax", more=more)


def _misplaced(text: str) -> int | None:
    """Where the first token stands that cannot be followed, or the first name without its prefix declared."""
    try:
        prologue = outline(text).prologue
    except Unread as error:
        return error.at
    declared = {name.text for name in _names(prologue)}
    used = (name for name in _names(text) if name.start >= len(prologue))
    return next((name.start for name in used if f"{name.text.partition(':')[0]}:" not in declared), None)


def _names(text: str) -> Iterator[lexer.Token]:
    return (one for one in _tokens(text) if one.kind == "name")


def _tokens(text: str) -> Iterator[lexer.Token]:
    found = lexer.token(text, 0)
    while found.kind != "end":
        yield found
        found = lexer.token(text, found.start + len(found.text))


def too_complex() -> QueryError:
    """The refusal of a query that is too much for the stack of the engine, or for ours."""
    text = "the query is nested too deep, or has too many parts; write it more simply, or ask it in parts"
    return QueryError(text, status=400, kind="too-complex")


def _service() -> QueryError:
    return QueryError(
        "SERVICE is refused here; run federated queries on your side", status=403, kind="service"
    )


def _rewritten(text: str, found: Outline) -> str:
    """GROUP_CONCAT gives a plain literal (section 18.5.1.7), also of values of one language: made so."""
    inserts = [one for start, end in found.concatenations for one in ((start, "STR("), (end, ")"))]
    for at, insert in sorted(inserts, reverse=True):
        text = text[:at] + insert + text[at:]
    return text


def _one_graph(text: str, found: Outline) -> Probe:
    """With one graph only, and nothing said of its name, a subselect inside GRAPH ?g is answered well."""
    for name, start, end in found.selecting:
        outside = (one for one in _tokens(text) if not start <= one.start < end)
        if any(one.text in (f"?{name}", f"${name}", "*") for one in outside):
            raise fault_error("graph-subselect")
    ask = f"ASK {' '.join(found.dataset)} {{ GRAPH ?a {{}} GRAPH ?b {{}} FILTER(!sameTerm(?a, ?b)) }}"
    return Probe(f"{found.prologue} {ask}", expected=False, fault="graph-subselect")


def _zero(found: Outline, zero: Zero) -> Probe:
    """Is the constant a node of the graph? In a graph that varies: is there one of which it is no node?"""
    known = " UNION ".join(_known(zero.constants))
    dataset = " ".join(found.dataset)
    if zero.graph == "?":
        body = f"GRAPH ?g {{}} FILTER NOT EXISTS {{ GRAPH ?g {{ {known} }} }}"
        ask = f"{found.prologue} ASK {dataset} {{ {body} }}"
        return Probe(ask, expected=False, fault="zero-length", constant=zero.constants[0])
    body = f"GRAPH {zero.graph} {{ {known} }}" if zero.graph else known
    ask = f"{found.prologue} ASK {dataset} {{ {body} }}"
    return Probe(ask, expected=True, fault="zero-length", constant=zero.constants[0])


def _known(constants: tuple[str, ...]) -> Iterator[str]:
    """Patterns of which one matches unless the solution of length zero would be missing."""
    first = constants[0]
    yield f"{{ ?s ?p {first} }}"
    if not _LITERAL.match(first):
        yield f"{{ {first} ?p ?o }}"
    if len(constants) == 2:
        yield f"{{ FILTER(!sameTerm({first}, {constants[1]})) }}"
