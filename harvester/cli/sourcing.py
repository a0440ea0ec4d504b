"""Room: the commands that help a maintainer declare a source: `source add|preview|capture|align`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from harvester import logs
from harvester.cli.house import (
    CONFIG,
    FAILED,
    STORE,
    Config,
    Json,
    Store,
    Verbose,
    err,
    house,
    out,
    say_json,
    stop,
)
from harvester.config import Configuration, load
from harvester.errors import ConfigError, HarvesterError, SourceError
from harvester.harvest import plans
from harvester.model import Severity
from harvester.scaffold import aligning, capture, proposing
from harvester.scaffold import preview as previewing
from harvester.scaffold.looking import looking
from harvester.scaffold.preview import Preview, Previewed
from harvester.scaffold.recognition import Recognised, recognised
from harvester.shapes import message

app = typer.Typer(
    help="Declare a source: recognise it, preview it, record it, align it.", no_args_is_help=True
)

_SHOWN = 100
"""Characters of a value shown."""

Private = Annotated[bool, typer.Option("--allow-private", help="the address is private or on this machine")]


@app.command()
def add(  # noqa: PLR0913, PLR0917  # each is an option of the command
    url: Annotated[str, typer.Argument(help="home page, API, feed, file or endpoint of a partner")],
    name: Annotated[str | None, typer.Option("--id", help="id of the source; made of its title")] = None,
    connector: Annotated[
        str | None, typer.Option("--connector", help="propose for this connector, not for the surest")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="append the table without asking")] = False,
    allow_private: Private = False,
    config: Config = CONFIG,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Recognise the platform at an address, and propose its table."""
    logs.to_stderr(verbose=verbose)
    configuration = _configuration(config)
    contact = configuration.federation.contact if configuration else None
    with _told(), looking(contact=contact, allow_private=allow_private) as look:
        found = recognised(look.first(url), look)
    chosen = next((one for one in found if connector in (None, one.connector.name)), None)
    if chosen is None:
        others = ", ".join(one.connector.name for one in found)
        stop(
            f"{url}: not recognised{f' by {connector}; {others} could' if others else ''}; {_ELSE}",
            code=FAILED,
        )
    taken = configuration.sources if configuration else ()
    source = name or proposing.identifier(chosen, taken)
    table = proposing.table(chosen, source, allow_private=allow_private)
    if json:
        say_json({"id": source, "table": table, **_proposed(found)})
    else:
        out.print(table, markup=False, end="")
        for other in found:
            if other is not chosen:
                err.print(f"also readable: --connector {other.connector.name}", markup=False)
    if write or (not json and _confirmed(f"append to {config}?")):
        _append(config, source, table)
        err.print(f"{config}: '{source}' added; next: harvester source preview {source}", markup=False)


_ELSE = (
    "docs/howto/add-a-source.md says what each connector reads; `html` and `json_api` read most of the rest"
)


def _proposed(found: list[Recognised]) -> dict[str, Any]:
    best = found[0].proposal
    return {
        "connectors": [one.connector.name for one in found],
        "learned": list(best.learned),
        "unknown": list(best.unknown),
    }


@app.command()
def preview(  # noqa: PLR0913, PLR0917  # each is an option of the command
    source: Annotated[str, typer.Argument(help="id of a source")],
    records: Annotated[int, typer.Option("--records", min=1, max=1000, help="how many records")] = 20,
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show the first records of a source as items, with findings and mapping coverage; store nothing."""
    with house(config, store, verbose=verbose) as opened, _told():
        plan = opened.chosen([source])[0]
        with looking(contact=opened.federation.contact, source=plan.source) as look:
            shown = previewing.preview(plan, opened.federation.base, look, records)
        if json:
            say_json(_previewed(shown))
        else:
            for line in _lines(shown):
                out.print(line, markup=False)
        good = sum(one.item is not None for one in shown.records)
        raise typer.Exit(0 if good else FAILED)


@app.command("capture")
def capture_(  # noqa: PLR0913, PLR0917  # each is an option of the command
    source: Annotated[str, typer.Argument(help="id of a source")],
    to: Annotated[Path, typer.Option("--to", help="a folder that does not exist yet")],
    records: Annotated[int, typer.Option("--records", min=1, max=100, help="how many records")] = 5,
    config: Config = CONFIG,
    store: Store = STORE,
    verbose: Verbose = False,
) -> None:
    """Record a source for the tests: its first records, trimmed, without personal data."""
    with house(config, store, verbose=verbose) as opened, _told():
        plan = opened.chosen([source])[0]
        if to.exists():
            stop(f"{to}: exists; give a folder that does not")
        with looking(contact=opened.federation.contact, source=plan.source) as look:
            captured = capture.captured(plan, look, records)
        capture.write(captured, to)
        for line in capture.told(captured):
            out.print(line, markup=False)
        out.print(
            f"{to}: {len(captured.answers)} answers, {captured.records} records; read them before you commit"
        )


@app.command()
def align(  # noqa: PLR0913, PLR0917  # each is an option of the command
    source: Annotated[str, typer.Argument(help="id of a source")],
    accept: Annotated[
        float | None,
        typer.Option("--accept", min=50, max=100, help="take the nearest from this score, ask nothing"),
    ] = None,
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """List categories nobody aligned, with the concepts nearest to them; write those confirmed."""
    with house(config, store, verbose=verbose) as opened:
        plan = opened.chosen([source])[0]
        open_ends = aligning.unaligned(opened.ledger, opened.layout, plan)
        if json:
            say_json({"source": source, "categories": [asdict(one) for one in open_ends]})
            return
        chosen = dict(_chosen(open_ends, accept))
        for line in aligning.written(chosen, plan) if chosen else ():
            out.print(line, markup=False)
        if not open_ends:
            out.print(f"{source}: every category met in the last run is aligned")


def _chosen(
    open_ends: list[aligning.Unaligned], accept: float | None
) -> Iterator[tuple[aligning.Unaligned, Any]]:
    """The concept confirmed for each category; those left out stay unaligned."""
    for one in open_ends:
        label = f" {one.label}" if one.label else ""
        out.print(f"{one.category}{label} ({one.records} records, {one.field})", markup=False)
        for number, near in enumerate(one.nearest, 1):
            out.print(f"  {number}  {near.name:<40} {near.label}  {near.score:.0f} %", markup=False)
        if accept is not None and one.nearest and one.nearest[0].score >= accept:
            yield one, one.nearest[0]
        elif accept is None and one.nearest and err.is_terminal:
            answer = typer.prompt(
                "number of the concept, or nothing to leave it", default="", show_default=False
            )
            if answer.isdigit() and 0 < int(answer) <= len(one.nearest):
                yield one, one.nearest[int(answer) - 1]


def _configuration(config: Path) -> Configuration | None:
    if not config.exists():
        return None
    try:
        return load(config)
    except ConfigError as error:
        stop(*str(error).splitlines())


@contextmanager
def _told() -> Iterator[None]:
    """What a partner answered is said in one line, and ends the command."""
    try:
        yield
    except SourceError as error:
        stop(str(error), code=FAILED)
    except HarvesterError as error:
        stop(*str(error).splitlines())


def _confirmed(question: str) -> bool:
    return err.is_terminal and typer.confirm(question, default=False, err=True)


def _append(config: Path, source: str, table: str) -> None:
    """Append a table to the file, unless the file would not be good with it."""
    before = config.read_text(encoding="utf-8") if config.exists() else ""
    with TemporaryDirectory(dir=config.parent, prefix=".source-add-") as folder:
        draft = Path(folder) / config.name
        draft.write_text(f"{before.rstrip()}\n\n{table}" if before.strip() else table, encoding="utf-8")
        try:
            problems = [one for one in plans(load(draft))[1] if one.source == source]
        except ConfigError as error:
            stop(*str(error).splitlines())
        if problems:
            stop(*(str(problem) for problem in problems))
        draft.replace(config)


def _previewed(shown: Preview) -> dict[str, Any]:
    return {
        "records": [
            {
                "ref": one.ref,
                "kind": one.item.kind if one.item else None,
                "item": dict(one.item.values) if one.item else None,
                "findings": [asdict(finding) for finding in one.findings],
                "reason": one.reason,
            }
            for one in shown.records
        ],
        "whole": shown.whole,
        "unmapped": dict(shown.coverage.unmapped),
        "unaligned": [[*key, n] for key, n in shown.coverage.unaligned.items()],
    }


def _lines(shown: Preview) -> Iterator[str]:
    for one in shown.records:
        yield f"{one.ref or '(no ref)'}{f'  {one.item.kind}' if one.item else ''}"
        yield from _told_record(one)
    read, good = len(shown.records), sum(one.item is not None for one in shown.records)
    rest = "the whole listing" if shown.whole else "the listing goes on"
    yield f"\n{read} records read, {good} of them items; {rest}"
    for name, n in shown.coverage.unmapped.most_common():
        yield f"not mapped: {name} (in {n})"
    for (scheme, category), n in shown.coverage.unaligned.most_common():
        yield f"not aligned: {category} (in {n}, {scheme})"


def _told_record(one: Previewed) -> Iterator[str]:
    if one.reason:
        yield f"  refused: {one.reason}"
    for name, value in one.item.values.items() if one.item else ():
        text = " ".join(_text(value).split())
        yield f"  {name:<14} {text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}"
    for finding in one.findings:
        mark = "!" if finding.severity is Severity.VIOLATION else "?"
        yield f"  {mark} {message(finding)}"


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return " · ".join(_text(one) for one in value)
    return str(getattr(value, "text", value))
