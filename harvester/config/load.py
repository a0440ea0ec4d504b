"""Room: sources.toml -> a configuration, with every problem found.

A bad file or a bad `[federation]` refuses to start; a faulty `[source]` table fails that source
only. What needs a connector to be judged (its options, its mapping) is checked by the harvest.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harvester.config.corrections import corrections, strays
from harvester.config.lines import Path as KeyPath
from harvester.config.lines import lines, nearest
from harvester.config.shape import shape_problems
from harvester.config.tables import FederationTable, SecretTable, SourceTable, TriplestoreTable
from harvester.errors import ConfigError, Problem, suggestion
from harvester.model import Expect, Federation, Only, Publisher, RemoteStore, Secret, Source

_ID = "abcdefghijklmnopqrstuvwxyz0123456789-"


@dataclass(frozen=True, slots=True)
class Configuration:
    """A loaded file: the sources that read well, and the problems of those that do not."""

    file: str
    federation: Federation
    sources: Mapping[str, Source]
    problems: tuple[Problem, ...]
    lines: Mapping[KeyPath, int] = field(default_factory=dict, repr=False)

    def problem(self, source: str, key: KeyPath, text: str) -> Problem:
        """A problem at a key of a source, with the line where it stands."""
        return Problem(self.file, nearest(self.lines, ("source", source, *key)), source, text)


def load(path: Path) -> Configuration:
    """Read and check a configuration file.

    Raises:
        ConfigError: the file cannot be read, is not TOML, or its `[federation]` is faulty.
    """
    text = _text(path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([Problem(path.name, _line_of(error, text), None, f"not TOML: {error}")]) from error
    except RecursionError as error:
        raise ConfigError([Problem(path.name, 0, None, "values nested too deeply; flatten them")]) from error
    found = lines(text)
    federation = _federation(document, path.name, found)
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    for name, table in document.get("source", {}).items():
        wrong = _source_problems(name, table)
        if wrong:
            where = [(("source", name, *key), text) for key, text in wrong]
            problems += [Problem(path.name, nearest(found, key), name, text) for key, text in where]
        else:
            corrected, faulty = corrections(path.parent, name)
            source = _source(name, SourceTable.model_validate(table), federation)
            sources[name] = replace(source, corrections=corrected)
            problems += faulty
    problems += strays(path.parent, document.get("source", {}))
    problems.sort(key=lambda problem: problem.line)
    return Configuration(path.name, federation, sources, tuple(problems), found)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        text = f"cannot be read: {error.strerror}; give the file with --config"
        raise ConfigError([Problem(str(path), 0, None, text)]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(path.name, 0, None, "not UTF-8; save the file as UTF-8")]) from error


def _line_of(error: tomllib.TOMLDecodeError, text: str) -> int:
    found = re.search(r"at line (\d+)", str(error))
    return int(found[1]) if found else len(text.splitlines())


def _federation(document: Mapping[str, Any], file: str, found: Mapping[KeyPath, int]) -> Federation:
    wrong: list[tuple[KeyPath, str]] = [
        ((key,), f"unknown table '{key}'; {suggestion(key, ('federation', 'source'))}")
        for key in document
        if key not in ("federation", "source")
    ]
    table = document.get("federation", {})
    wrong += [(("federation", *key), text) for key, text in shape_problems(FederationTable, table)]
    if wrong:
        raise ConfigError([Problem(file, nearest(found, key), None, text) for key, text in wrong])
    read = FederationTable.model_validate(table)
    return Federation(
        title=read.title,
        base=read.base,
        contact=read.contact,
        timezone=read.timezone,
        schedule=read.schedule,
        checkpoints=read.retention.checkpoints,
        keep_raw=read.retention.raw,
        keep_runs=read.retention.runs,
        webhook=_told(read.notify.webhook) if read.notify else None,
        mirror=_mirror(read.triplestore),
    )


def _mirror(said: str | TriplestoreTable) -> RemoteStore | None:
    if isinstance(said, str):
        return None
    auth = Secret(said.auth.env) if said.auth else None
    return RemoteStore(said.query, said.update, said.graph_store, auth)


def _told(value: str | SecretTable) -> str | Secret:
    return Secret(value.env) if isinstance(value, SecretTable) else value


def _source_problems(name: str, table: object) -> list[tuple[KeyPath, str]]:
    wrong: list[tuple[KeyPath, str]] = []
    if not name or set(name) - set(_ID) or name.startswith("-"):
        wrong.append(((), f"id '{name}' may hold only a-z, 0-9 and '-'; rename the table"))
    if not isinstance(table, dict):
        return [*wrong, ((), f"is {table!r}; expected a table [source.{name}]")]
    wrong += shape_problems(SourceTable, table)
    if table.get("licence") == "permission" and "permission" not in table:
        wrong.append((("licence",), 'licence "permission" needs `permission = "https://…"`; add the address'))
    return wrong


def _source(name: str, table: SourceTable, federation: Federation) -> Source:
    expect, only, publisher = table.expect, table.only, table.publisher
    return Source(
        id=name,
        title=table.title,
        connector=table.connector,
        urls=tuple(table.url),
        licence=table.licence,
        permission=table.permission,
        publisher=Publisher(publisher.name, publisher.url) if publisher else None,
        kind=table.kind,
        enabled=table.enabled,
        schedule=table.schedule or federation.schedule,
        timezone=table.timezone or federation.timezone,
        language=table.language,
        crs=table.crs,
        expect=Expect(expect.min_records, expect.max_shrink),
        grace=table.grace,
        full_every=table.full_every,
        delay=table.delay,
        timeout=table.timeout,
        attempts=table.attempts,
        max_bytes=table.max_bytes,
        allow_private=table.allow_private,
        robots_ignored=table.robots.ignore if table.robots else None,
        headers={key: _told(value) for key, value in table.headers.items()},
        only=Only(only.path, tuple(only.values)) if only else None,
        was=tuple(table.was),
        drop=tuple(table.drop),
        map=table.map,
        options=table.model_extra or {},
    )
