"""Room: the command that writes what is published into files: `export`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from harvester import dumps
from harvester.cli.house import CONFIG, STORE, Config, House, Json, Store, Verbose, house, out, say_json, stop
from harvester.dumps import File
from harvester.dumps.making import Making, begun
from harvester.errors import suggestion


def export(  # noqa: PLR0913, PLR0917  # each is an option of the command
    sources: Annotated[
        list[str] | None, typer.Argument(help="ids of sources; all that are published when none is given")
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="nquads, turtle, jsonld, csv, geojson")] = "nquads",
    to: Annotated[Path, typer.Option("--to", help="the folder to write to")] = Path(),
    config: Config = CONFIG,
    store: Store = STORE,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write what is published of sources into files, one each, with licence and credit in every record."""
    if format_ not in dumps.forms():
        stop(f"--format is '{format_}'; {suggestion(format_, dumps.forms())}")
    with house(config, store, verbose=verbose) as opened:
        work = begun(opened.layout, opened.federation, opened.ledger)
        chosen = _chosen(opened, work, sources or [])
        written = {source: _written(work, source, format_, to) for source in chosen}
        if json:
            files = [{"source": source, **asdict(file)} for source, file in written.items()]
            say_json({"folder": str(to), "files": files})
        for source, file in ({} if json else written).items():
            credit = work.rights[source].credit()
            out.print(f"{to / file.name}: {file.size:,} bytes, sha256 {file.sha256} ({credit})", markup=False)


def _chosen(opened: House, work: Making, names: list[str]) -> list[str]:
    """The sources asked for; one that is not published ends the command."""
    for name in names:
        if name not in work.rights:
            opened.chosen([name])  # an unknown name is told as such
            stop(f"{name}: nothing of it is published; `harvester status`")
    return names or sorted(work.rights)


def _written(work: Making, source: str, form: str, to: Path) -> File:
    """One file, moved to its place once it is whole."""
    to.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".export-", dir=to) as folder:
        file = dumps.export(work, source, dumps.forms()[form], Path(folder))
        (Path(folder) / file.name).replace(to / file.name)
    return file
