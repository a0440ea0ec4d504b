"""Room: the commands by which a store lasts: `backup`, `restore`, `prune`, `doctor`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from harvester.cli.harvesting import publish
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
    plainly,
    say_json,
)
from harvester.config import load
from harvester.harvest import plans
from harvester.keeping import backup as backups
from harvester.keeping import restore as restores
from harvester.keeping import retention
from harvester.keeping.examination import examined
from harvester.keeping.patient import Health, Patient
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.triplestore import FileLock


def backup(
    folder: Annotated[Path, typer.Argument(help="a new or empty folder, on another disk if you can")],
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Copy all that is needed to make this instance again, while it runs."""
    with house(config, store, verbose=verbose) as opened, out.status("copying"):
        instance = backups.Instance(config, opened.federation.base, opened.layout, opened.ledger)
        made = backups.backup(instance, folder, datetime.now(UTC))
    size = sum(held.size for held in made.files.values())
    if json:
        say_json({"folder": str(folder), "files": len(made.files), "bytes": size, "missing": made.missing})
        return
    out.print(f"{folder}: {len(made.files)} files, {size / 1e6:.1f} MB, up to run {made.run}", markup=False)
    if made.missing:
        out.print(f"{len(made.missing)} answers were gone; `harvester doctor` looks at them", markup=False)


def restore(  # noqa: PLR0913, PLR0917  # each is an option of the command
    folder: Annotated[Path, typer.Argument(help="a backup")],
    suppressions: Annotated[
        Path | None,
        typer.Option("--suppressions", help="what is withdrawn today: suppressions.jsonl of a newer backup"),
    ] = None,
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Make an instance again from a backup, in an empty store, and publish it."""
    with plainly(store, verbose=verbose), out.status("restoring"):
        made = restores.checked(folder)
        restores.refuse_occupied(Layout(store))
        unlike = restores.put_back_written(folder, made, config)
        configuration = load(config)
        usable, _ = plans(configuration)
        with FileLock(Layout(store).writer_lock), FileLock(Layout(store).source_lock(retention.LOCK)):
            restoring = restores.Restoring(folder, made, Layout(store), configuration.federation, usable)
            withdrawn = restoring.run(suppressions)
    with house(config, store, verbose=verbose) as opened, out.status("publishing"):
        publish(opened)
    if json:
        say_json({"run": made.run, "made_at": made.made_at, "withdrawn": withdrawn, "unlike": unlike})
        return
    out.print(f"restored as of {made.made_at}, up to run {made.run}", markup=False)
    if withdrawn:
        out.print(f"withdrawn on the way: {withdrawn}", markup=False)
    for path in unlike:
        out.print(f"{path}: left as it was; the backup holds another", markup=False)


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would go, drop nothing")] = False,
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Forget answers, records of runs and runs that are older than they are kept."""
    with house(config, store, verbose=verbose) as opened:
        freed = retention.prune(
            opened.ledger, opened.layout, opened.federation, datetime.now(UTC), dry=dry_run
        )
        if json:
            say_json(asdict(freed))
        else:
            out.print(f"{'would forget' if dry_run else 'forgotten'}: {freed}", markup=False)


def doctor(
    deep: Annotated[bool, typer.Option("--deep", help="look at every answer and every triple")] = False,
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Look the store over: mend what can be mended, explain the rest. 1 when something needs a person."""
    with plainly(store, verbose=verbose):
        configuration = load(config)
        usable, problems = plans(configuration)
        layout, federation = Layout(store), configuration.federation

        def published(ledger: Ledger) -> None:
            publish(House(config, federation, usable, problems, layout, ledger, verbose))

        patient = Patient(layout, federation, usable, datetime.now(UTC), published, deep)
        found = []
        for one in examined(patient):
            found.append(one)
            if not json:
                out.print(f"{one.state:<8} {one.about}: {one.text}", style=_STYLES[one.state], markup=False)
    sound = all(one.state != Health.WRONG for one in found)
    if json:
        say_json({"sound": sound, "found": [asdict(one) for one in found]})
    raise typer.Exit(DONE if sound else FAILED)


_STYLES = {Health.GOOD: "dim", Health.MENDED: "green", Health.TOLD: "yellow", Health.WRONG: "red"}
