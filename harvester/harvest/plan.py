"""Room: a configuration -> the sources that can run, and every problem of those that cannot.

What `config` cannot judge is judged here: the connector exists, its options and the mapping read
well, the kind is known. A faulty source fails alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harvester import connectors, items
from harvester.config import Configuration, SourceTable, shape_problems
from harvester.connectors import Connector
from harvester.errors import Problem, suggestion
from harvester.harvest import corrections
from harvester.mapping import Mapper, compile_mapping
from harvester.mapping.origins import origins
from harvester.model import Source
from harvester.profile import description

_Found = tuple[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Plan:
    """A source that can run, with its connector."""

    source: Source
    connector: Connector

    def mapper(self) -> Mapper:
        """A fresh mapper, its coverage counters at zero."""
        return _compiled(self.source, self.connector)[0]

    def described(self) -> dict[str, Any]:
        """What the ledger keeps of it: its declaration, what its listing proves, what fills each field."""
        own = {"listing": self.connector.listing, "fields": origins(self.connector.mapping, self.source)}
        return {**description(self.source), **own}


def plans(configuration: Configuration) -> tuple[Mapping[str, Plan], tuple[Problem, ...]]:
    """The runnable sources by id, disabled ones included, and all problems in file order."""
    usable: dict[str, Plan] = {}
    problems = list(configuration.problems)
    for source in configuration.sources.values():
        wrong = [*_problems(source), *_renaming_problems(source, configuration)]
        problems += [configuration.problem(source.id, key, text) for key, text in wrong]
        if not wrong:
            usable[source.id] = plan(source)
            problems += corrections.problems(source)
    return usable, tuple(sorted(problems, key=lambda problem: problem.line))


def _renaming_problems(source: Source, configuration: Configuration) -> Iterator[_Found]:
    for old in source.was:
        if old in configuration.sources:
            yield ("was",), f"was names '{old}', a source of this file; take its table out"


def plan(source: Source) -> Plan:
    """The plan of a source already found to be without problems."""
    return Plan(source, connectors.load(source.connector))


def _problems(source: Source) -> Iterator[_Found]:
    if source.kind not in items.KINDS:
        yield ("kind",), f"no kind '{source.kind}'; {suggestion(source.kind, items.KINDS)}"
        return
    known = items.fields(source.kind)
    for name in source.drop:
        if name not in known:
            yield ("drop",), f"drop names no item field '{name}'; {suggestion(name, known)}"
    try:
        connector = connectors.load(source.connector)
    except LookupError:
        yield (
            ("connector",),
            f"no connector '{source.connector}'; {suggestion(source.connector, connectors.names())}",
        )
        return
    yield from _option_problems(source, connector)
    for field, text in _compiled(source, connector)[1]:
        key = (field,) if field == "only" else ("map", field)
        yield key, f"{field}: {text}" if field not in text else text


def _option_problems(source: Source, connector: Connector) -> Iterator[_Found]:
    known = [*SourceTable.model_fields, *connector.options.model_fields]
    for key, text in shape_problems(connector.options, source.options):
        if key and key[-1] not in known:
            yield key, f"unknown key '{key[-1]}'; {suggestion(key[-1], known)}"
        else:
            yield key, text


def _compiled(source: Source, connector: Connector) -> tuple[Mapper, list[tuple[str, str]]]:
    return compile_mapping(source, connector.mapping, ignored=connector.ignored, columns=connector.columns)
