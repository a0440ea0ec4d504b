"""Room: the commands that harvest: `check`, `run`, `rebuild`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from harvester.cli.house import (
    CONFIG,
    DONE,
    FAILED,
    MISUSED,
    STORE,
    Config,
    House,
    Json,
    Store,
    Verbose,
    err,
    house,
    out,
    say_json,
    stop,
)
from harvester.errors import StoreError
from harvester.harvest import Asked, Children, From, Report, harvest_round
from harvester.harvest.children import Told
from harvester.keeping.alarming import alarm
from harvester.keeping.retention import prune_when_due
from harvester.mirror import mirrored
from harvester.model import Outcome, Source
from harvester.publish import Publication, published
from harvester.triplestore import FileLock

_WAIT_S = 120

Ended = Callable[[Report], None]


def check(
    config: Config = CONFIG, store: Store = STORE, json: Json = False, verbose: Verbose = False
) -> None:  # options
    """Check the configuration: every problem at once, with its line."""
    with house(config, store, verbose=verbose) as opened:
        if json:
            say_json(
                {
                    "problems": [asdict(problem) for problem in opened.problems],
                    "sources": sorted(opened.plans),
                }
            )
        else:
            for problem in opened.problems:
                out.print(str(problem), markup=False)
            n, wrong = len(opened.plans), len(opened.problems)
            out.print(f"{config.name}: sources that can run: {n}; problems: {wrong}")
        raise typer.Exit(MISUSED if opened.problems else DONE)


def run(  # noqa: PLR0913, PLR0917  # each is an option of the command
    sources: Annotated[
        list[str] | None, typer.Argument(help="ids of sources; all enabled ones when none is given")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="work everything out, write nothing")] = False,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="read only the first N records")] = None,
    origin: Annotated[
        From | None, typer.Option("--from", help="start from what is kept of the last run, ask nobody")
    ] = None,
    of: Annotated[int | None, typer.Option("--of", help="with --from: of this run, by its number")] = None,
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Harvest sources now, and publish what changed."""
    if of is not None and (origin is None or len(sources or []) != 1):
        stop("--of needs --from, and one source")
    asked = Asked(dry=dry_run, limit=limit, origin=origin, of=of)
    with house(config, store, verbose=verbose) as opened:
        chosen = [plan.source for plan in opened.chosen(sources or [])]
        for problem in opened.problems:
            err.print(str(problem), markup=False)
        reports = harvested(opened, chosen, asked, quiet=json)
        if not dry_run:
            publish(opened)
            _keep(opened, quiet=json)
        if json:
            say_json({"runs": [_told(report) for report in reports]})
        for line in () if json else chain.from_iterable(_effects(report) for report in reports):
            out.print(line, markup=False)
        faulty = any(problem.source not in opened.plans for problem in opened.problems if problem.source)
        failed = (faulty and not sources) or any(not report.outcome.succeeded for report in reports)
        raise typer.Exit(FAILED if failed else DONE)


def _told(report: Report) -> dict[str, Any]:
    effect = [[*key, before, after] for key, (before, after) in sorted(report.effect.items())]
    return {**asdict(report), "effect": effect}


def _effects(report: Report) -> Iterator[str]:
    """What a dry run would gain and lose in findings, one line each."""
    for (severity, code, name), (before, after) in sorted(report.effect.items()):
        if before != after:
            where = f" ({name})" if name else ""
            yield f"{report.source:<24} {severity} {code}{where}: {before} → {after}"


def _keep(opened: House, *, quiet: bool) -> None:
    """Forget what is too old, and tell what needs a person; the runs ended as they ended."""
    now, enabled = datetime.now(UTC), [plan.source.id for plan in opened.chosen([])]
    try:
        freed = prune_when_due(opened.ledger, opened.layout, opened.federation, now)
        alarm(opened.ledger, opened.layout, opened.federation, enabled, now)
    except (StoreError, OSError) as error:
        err.print(f"the store could not be kept: {error}", markup=False)
        return
    if freed and not quiet:
        err.print(f"forgotten: {freed}", markup=False, style="dim")


def rebuild(
    mirror: Annotated[bool, typer.Option("--mirror", help="only the mirror, also beside a server")] = False,
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Make the triple store anew from the ledger, and its mirror if there is one."""
    with house(config, store, verbose=verbose) as opened:
        if mirror:
            _mirror_anew(opened)
            if json:
                say_json({"change": opened.ledger.position()})
            return
        lock = FileLock(opened.layout.writer_lock)
        if not lock.acquire():
            stop(f"{lock.path}: held by another process; stop the server first")
        with lock_held(lock), out.status("rebuilding the triple store from the ledger"):
            shutil.rmtree(opened.layout.oxigraph, ignore_errors=True)
            shutil.rmtree(opened.layout.index, ignore_errors=True)
            _refresh(opened)
        position = opened.ledger.position()
        if json:
            say_json({"change": position})
        else:
            out.print(f"rebuilt up to change {position}")
        if opened.federation.mirror:
            _mirror_anew(opened)


def publish(opened: House) -> None:
    """Publish the ledger: do it, or wait until the server that holds the store has done it."""
    lock = FileLock(opened.layout.writer_lock)
    wanted, deadline = opened.ledger.last_run(), time.monotonic() + _WAIT_S
    while not lock.acquire():
        if published(opened.layout)["run"] >= wanted:
            return
        if time.monotonic() > deadline:
            stop(f"{lock.path}: the server has not published for {_WAIT_S} s; look at its log", code=FAILED)
        time.sleep(0.2)
    with lock_held(lock):
        _refresh(opened)
    _mirror(opened)


def _mirror(opened: House) -> None:
    """Bring the mirror up; one that is behind is told, and keeps no run from having ended well."""
    at = opened.federation.mirror
    done = mirrored(at, opened.layout, opened.federation, opened.ledger) if at else None
    if done and done.trouble:
        err.print(done.trouble, markup=False, style="yellow")


def _mirror_anew(opened: House) -> None:
    at = opened.federation.mirror
    if at is None:
        stop("no mirror is configured; say `triplestore = { query = …, update = …, graph_store = … }`")
    done = mirrored(at, opened.layout, opened.federation, opened.ledger, anew=True)
    if done is None:
        stop("the mirror is being brought up by another process, or nothing is published yet", code=FAILED)
    if done.trouble:
        stop(done.trouble, code=FAILED)
    err.print(f"mirror made anew up to change {done.change}", markup=False, style="dim")


@contextmanager
def lock_held(lock: FileLock) -> Iterator[None]:
    """Let go of an acquired lock at the end."""
    try:
        yield
    finally:
        lock.release()


def _refresh(opened: House) -> None:
    publication = Publication(opened.layout, opened.federation, opened.ledger)
    try:
        publication.refresh()
    finally:
        publication.close()


def harvested(opened: House, sources: Sequence[Source], asked: Asked, *, quiet: bool) -> list[Report]:
    """Run sources side by side, showing how they go."""
    reports = []
    with progress([source.id for source in sources], quiet=quiet) as (told, ended):
        pool = Children(told=told, verbose=opened.verbose)
        try:
            for report in harvest_round(pool, sources, opened.federation, opened.layout, asked):
                ended(report)
                reports.append(report)
        finally:
            pool.shutdown(cancel_futures=True)
    return reports


@contextmanager
def progress(names: Sequence[str], *, quiet: bool = False) -> Iterator[tuple[Told, Ended]]:
    """Show runs as they go: bars while a terminal looks on, and a line for each run that ended."""
    bars = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(), console=err, transient=True, disable=quiet or not err.is_terminal,
    )  # fmt: skip
    running: dict[str, TaskID] = {}
    with bars:
        whole = bars.add_task("sources", total=len(names), said="", visible=False)

        def told(source: str, records: int) -> None:
            if source not in running:
                running[source] = bars.add_task(source, total=None, said="")
            bars.update(running[source], said=f"{records:,} records")
            bars.update(whole, visible=True)

        def ended(report: Report) -> None:
            if report.source in running:
                bars.remove_task(running.pop(report.source))
            bars.update(whole, advance=1)
            if not running and bars.tasks[0].finished:
                bars.reset(whole, visible=False)  # until another night
            if not quiet:
                bars.console.print(sentence(report), style=_STYLES.get(report.outcome, ""), markup=False)

        yield told, ended


_STYLES = {
    Outcome.FAILED: "red",
    Outcome.HELD: "yellow",
    Outcome.DEFERRED: "yellow",
    Outcome.UNCHANGED: "dim",
}


def sentence(report: Report) -> str:
    """One line for one run; a message that already names its source is not prefixed again."""
    text = report.message.removeprefix(f"{report.source}: ")
    return f"{report.source:<24} {report.outcome:<12} {text}"
