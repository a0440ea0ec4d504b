"""Room: the commands that answer: `status`, `why`, `report`, `query`, `territory`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from harvester import territory as territories
from harvester.cli import placing, telling
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
from harvester.ledger.decisions import held
from harvester.ledger.freshness import freshness
from harvester.ledger.why import of_host
from harvester.ledger.why import why as stories
from harvester.mirror import note
from harvester.model import State
from harvester.schedule import trigger
from harvester.triplestore import Checkpoints, Query, QueryPool


def status(
    config: Config = CONFIG, store: Store = STORE, json: Json = False, verbose: Verbose = False
) -> None:
    """Where each source stands: last outcome, last success, next run, records."""
    with house(config, store, verbose=verbose) as opened:
        rows = _status(opened)
        if json:
            say_json({"sources": [telling.plain(row) for row in rows], "mirror": _mirror(opened)})
            return
        table = Table(box=None, pad_edge=False)
        shown = [name for name, always in _SHOWN.items() if always or any(row[name] for row in rows)]
        for name in shown:
            table.add_column(name.replace("_", " "), overflow="fold")
        for row in rows:
            table.add_row(*(telling.cell(row[name]) for name in shown))
        out.print(table)
        if mirror := _mirror(opened):
            out.print(telling.mirror(mirror), markup=False)


def _mirror(opened: House) -> dict[str, Any] | None:
    """How the mirror stands; None without one."""
    if opened.federation.mirror is None:
        return None
    told = note(opened.layout)
    return telling.plain(
        {
            "change": told.change,
            "behind": told.behind(opened.ledger.position()),
            "at": told.at,
            "since": told.since,
            "trouble": told.trouble,
        }
    )


def why(
    asked: Annotated[list[str], typer.Argument(help="IRI of a record, address of a page, or SOURCE REF")],
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """What became of a record, step by step, and what to do about it."""
    with house(config, store, verbose=verbose) as opened:
        said, declared = " ".join(asked), telling.declared(opened)
        found = stories(opened.ledger, said, base=opened.federation.base, declared=declared)
        if json:
            say_json([asdict(story) for story in found])
        for story in () if json else found:
            out.print("\n".join(telling.story(story)), markup=False)
        if not found:
            near = telling.unseen(of_host(opened.ledger, said, declared=declared))
            stop(f"'{said}': never seen in any listing; {near}", code=FAILED)


def report(  # noqa: PLR0913, PLR0917  # each is an option of the command
    source: Annotated[str, typer.Argument(help="id of a source")],
    finding: Annotated[
        str | None, typer.Option("--finding", help="only the records with this finding")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="how many records")] = 20,
    offset: Annotated[int, typer.Option("--offset", min=0, help="after so many records")] = 0,
    language: Annotated[str, typer.Option("--language", help="fr or en")] = "en",
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """What the authors of a source's records have to mend, the first things first; the load we caused."""
    from harvester.web.reported import Part
    from harvester.web.reported import report as reported

    if language not in telling.LANGUAGES:
        stop(f"--language is '{language}'; known: {', '.join(telling.LANGUAGES)}")
    with house(config, store, verbose=verbose) as opened:
        part, base = Part(source, finding, limit, offset), opened.federation.base
        told = reported(opened.ledger, base, part, now=datetime.now(UTC), public=False)
        if told is None:
            opened.chosen([source])  # an unknown name is told as such
            stop(f"{source}: not harvested yet; `harvester run {source}`", code=FAILED)
        if json:
            say_json(told.plain())
        else:
            out.print("\n".join(telling.report(told, language)), markup=False)


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
    counts, now = opened.ledger.counts(), datetime.now(UTC)
    described = opened.ledger.sources()
    rows: list[dict[str, object]] = []
    for source in sorted({*described, *opened.plans}):
        last = next(iter(opened.ledger.runs(source, limit=1)), None)
        fresh = freshness(opened.ledger, source, described.get(source, {}))
        stale_since = fresh.stale_since(now)
        plan, count = opened.plans.get(source), counts.get(source, {})
        due = trigger(plan.source) if plan and plan.source.enabled else None
        rows.append(
            {
                "id": source,
                "last_outcome": last and last.outcome,
                "cause": last and last.cause,
                "message": last and last.message,
                "last_run_at": last and last.started_at.isoformat(),
                "last_success": fresh.last_success,
                "stale_since": stale_since,
                "failures": fresh.failures,
                "next_run": due and last and due.get_next_fire_time(None, last.started_at),
                "published": count.get("live", 0),
                "held": held(opened.ledger, source) is not None,
                "orphaned": source not in telling.declared(opened),
                "closed": described.get(source, {}).get("closed"),
                **{state: count.get(state, 0) for state in State if state is not State.PUBLISHED},
            }
        )
    return rows


_SHOWN = {
    "id": True, "last_outcome": True, "published": True, "missing": True, "past": False, "rejected": True,
    "last_success": True, "stale_since": False, "closed": False, "message": True,
}  # fmt: skip
"""What `status` shows of each source on a terminal, always or where there is any; `--json` tells it all."""
