"""Room: the commands by which a person decides: `release`, `discard`, `source remove`."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from harvester.cli.harvesting import harvested, publish
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
from harvester.errors import suggestion
from harvester.harvest import Asked
from harvester.harvest.closing import closed
from harvester.harvest.diary import Diary
from harvester.ledger.decisions import decide, held
from harvester.model import Action, Decision

Source = Annotated[str, typer.Argument(help="id of a source")]
Reason = Annotated[str, typer.Option("--reason", help="why, in one sentence; it is public")]
By = Annotated[str | None, typer.Option("--by", help="who decides; the user of this machine when not said")]


def release(  # noqa: PLR0913, PLR0917  # each is an option of the command
    source: Source,
    reason: Reason,
    by: By = None,
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Let a held run through: what it read is judged against what is published now."""
    with house(config, store, verbose=verbose) as opened:
        plan, run = opened.chosen([source])[0], _held(opened, source)
        if not Diary(opened.layout.runs, source).holds(run.id):
            stop(f"{source}: what run {run.id} read is not kept any more; run it again", code=FAILED)
        asked = Asked(release=_decision(Action.RELEASE, source, reason, by, run=run.id))
        reports = harvested(opened, [plan.source], asked, quiet=json)
        publish(opened)
        if json:
            say_json({"source": source, "outcome": reports[0].outcome, "message": reports[0].message})
        raise typer.Exit(DONE if reports[0].outcome.succeeded else FAILED)


def discard(  # noqa: PLR0913, PLR0917  # each is an option of the command
    source: Source,
    reason: Reason,
    by: By = None,
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Throw a held run away: what is published stays, the next night reads again."""
    with house(config, store, verbose=verbose) as opened:
        run = _held(opened, source)
        decide(opened.ledger, _decision(Action.DISCARD, source, reason, by, run=run.id))
        Diary(opened.layout.runs, source).forget(run.id)
        if json:
            say_json({"source": source, "discarded": run.id})
        else:
            out.print(f"{source}: run {run.id} discarded; published data kept", markup=False)


def remove(  # noqa: PLR0913, PLR0917  # each is an option of the command
    source: Source,
    reason: Reason,
    by: By = None,
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Withdraw everything of a source that is no longer in the file."""
    with house(config, store, verbose=verbose) as opened:
        known = opened.ledger.sources()
        if source not in known:
            stop(f"no source '{source}' was ever harvested; {suggestion(source, known)}")
        if source in opened.plans or any(problem.source == source for problem in opened.problems):
            stop(
                f"{config.name}: source '{source}' is declared; take its table out first, "
                "or it would be harvested again"
            )
        now = datetime.now(UTC)
        tally = closed(opened.ledger, _decision(Action.REMOVE, source, reason, by), now)
        opened.ledger.describe(source, {**known[source], "enabled": False, "closed": reason}, now)
        publish(opened)
        if json:
            say_json({"source": source, "withdrawn": tally.withdrawn})
        else:
            out.print(f"{source}: {tally.withdrawn} records withdrawn", markup=False)


def _held(opened: House, source: str) -> Any:
    run = held(opened.ledger, source)
    if run is None:
        opened.chosen([source])  # an unknown name is told as such
        stop(f"{source}: no run is held; `harvester status` shows where each source stands", code=FAILED)
    return run


def _decision(
    action: Action, source: str, reason: str, by: str | None, *, run: int | None = None
) -> Decision:
    if not reason.strip():
        stop("--reason is empty; say why in one sentence, it is public")
    return Decision(action, source, by or getpass.getuser(), reason.strip(), datetime.now(UTC), run=run)
