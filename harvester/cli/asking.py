"""Room: the commands that answer: `status`, `why`, `query`, `territory`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from harvester import shapes
from harvester import territory as territories
from harvester.cli import placing
from harvester.cli.house import (
    CONFIG,
    DONE,
    FAILED,
    STORE,
    Config,
    House,
    Json,
    Store,
    Verbose,
    house,
    out,
    say_json,
    stop,
)
from harvester.errors import QueryError
from harvester.ledger.why import Story
from harvester.ledger.why import why as stories
from harvester.schedule import trigger
from harvester.triplestore import Checkpoints, Query, QueryPool


def status(
    config: Config = CONFIG, store: Store = STORE, json: Json = False, verbose: Verbose = False
) -> None:
    """Where each source stands: last outcome, last success, next run, records."""
    with house(config, store, verbose=verbose) as opened:
        rows = _status(opened)
        if json:
            say_json({"sources": rows})
            return
        table = Table(box=None, pad_edge=False)
        for name in ("source", "outcome", "published", "missing", "rejected", "last success", "message"):
            table.add_column(name, overflow="fold")
        for row in rows:
            cells = [
                row[key]
                for key in (
                    "id",
                    "last_outcome",
                    "published",
                    "missing",
                    "rejected",
                    "last_success",
                    "message",
                )
            ]
            table.add_row(*("" if cell is None else str(cell) for cell in cells))
        out.print(table)


def why(
    asked: Annotated[list[str], typer.Argument(help="IRI of a record, address of a page, or SOURCE REF")],
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """What became of a record, step by step, and what to do about it."""
    with house(config, store, verbose=verbose) as opened:
        found = stories(opened.ledger, " ".join(asked), base=opened.federation.base)
        if json:
            say_json([asdict(story) for story in found])
        for story in () if json else found:
            _tell(story)
        if not found:
            stop(
                f"'{' '.join(asked)}': never seen in any listing; look at /sources for what is harvested",
                code=FAILED,
            )


def query(
    file: Annotated[str, typer.Argument(help="a file with a SPARQL query, or - for standard input")],
    format_: Annotated[
        str, typer.Option("--format", help="csv, tsv, json, xml; turtle, ntriples, rdfxml, jsonld")
    ] = "csv",
    config: Config = CONFIG,
    store: Store = STORE,
    verbose: Verbose = False,
) -> None:
    """Ask the published data a SPARQL query."""
    with house(config, store, verbose=verbose) as opened:
        try:
            text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        except OSError as error:
            stop(f"{file}: cannot be read: {error.strerror}")
        graph = format_ if format_ in ("turtle", "ntriples", "rdfxml", "jsonld") else "turtle"
        rows = format_ if format_ in ("csv", "tsv", "json", "xml") else "csv"
        pool = QueryPool(Checkpoints(opened.layout.checkpoints).current(), workers=1)
        try:
            for chunk in pool.ask(Query(text, results=rows, graph=graph)).chunks:
                sys.stdout.buffer.write(chunk)
        except QueryError as error:
            stop(f"{file}: {error}", code=FAILED)
        finally:
            pool.close()


def territory(  # noqa: PLR0913, PLR0917  # each is an option of the command
    place: Annotated[
        str | None,
        typer.Argument(
            help="NAME POSTCODE, NAME, LAT,LON, or a code: INSEE, département, région, SIREN of an EPCI"
        ),
    ] = None,
    methods: Annotated[
        bool, typer.Option("--methods", help="how the records of each source were located, instead")
    ] = False,
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Which territory a place is, at every level, and by which method that is known."""
    if methods:
        with house(config, store, verbose=verbose) as opened:
            _show_methods(opened, json=json)
        return
    if not place or not place.strip():
        stop("name a place, a code or a point: `harvester territory 'Aniane 34150'`; or add --methods")
    known = territories.load()
    found = placing.found(place, known)
    if not found.areas:
        stop(f"'{place}': {placing.advice(place, known)}", code=FAILED)
    if json:
        rows = [placing.told(area, known) for area in found.areas]
        doubts = [asdict(doubt) for doubt in found.doubts]
        say_json({"asked": place, "method": found.method, "territories": rows, "doubts": doubts})
    else:
        out.print("\n".join(placing.lines(found, known)), markup=False)
    if found.ambiguous:
        stop(
            f"'{place}': {len(found.areas)} territories bear this name; add its postcode or its coordinates",
            code=FAILED,
        )
    raise typer.Exit(DONE)


def _show_methods(opened: House, *, json: bool) -> None:
    rows = [placing.located(opened.ledger, source) for source in sorted(opened.ledger.sources())]
    if json:
        say_json({"sources": rows})
        return
    table = Table(box=None, pad_edge=False)
    for name in ("source", "records", *placing.METHODS, "none", *placing.ODD):
        table.add_column(name, overflow="fold", justify="left" if name == "source" else "right")
    for row in rows:
        table.add_row(*placing.cells(row))
    out.print(table)


def _status(opened: House) -> list[dict[str, object]]:
    counts = opened.ledger.counts()
    rows: list[dict[str, object]] = []
    for source in sorted({*opened.ledger.sources(), *opened.plans}):
        runs = opened.ledger.runs(source)
        last = runs[0] if runs else None
        good = next((run for run in runs if run.outcome in ("done", "done-issues", "unchanged")), None)
        plan, count = opened.plans.get(source), counts.get(source, {})
        due = trigger(plan.source) if plan and plan.source.enabled else None
        rows.append(
            {
                "id": source,
                "last_outcome": last and last.outcome,
                "message": last and last.message,
                "last_run_at": last and last.started_at.isoformat(),
                "last_success": good and good.ended_at.isoformat(),
                "next_run": due and last and due.get_next_fire_time(None, last.started_at),
                "published": count.get("live", 0),
                "missing": count.get("missing", 0),
                "held": bool(last and last.outcome == "held"),
                "rejected": count.get("rejected", 0),
                "withdrawn": count.get("withdrawn", 0),
            }
        )
    return rows


def _tell(story: Story) -> None:
    out.print(f"{story.name or story.ref}  ({story.source} '{story.ref}')", markup=False)
    out.print(f"  {story.state}{', published' if story.live else ', not published'}", markup=False)
    out.print(f"  first seen {story.first_seen:%Y-%m-%d %H:%M} UTC", markup=False)
    if story.missing_since:
        out.print(f"  missing since {story.missing_since:%Y-%m-%d %H:%M} UTC", markup=False)
    if story.reason:
        out.print(f"  {story.reason}", markup=False)
    for finding in story.findings:
        value = f" (found: {finding.value})" if finding.value else ""
        out.print(f"  {finding.severity}: {shapes.message(finding)}{value}", markup=False)
    if story.page:
        out.print(f"  mend it at {story.page}", markup=False)
    for step in story.history:
        out.print(f"  change {step.change}: {step.operation} on {step.at:%Y-%m-%d %H:%M} UTC", markup=False)
