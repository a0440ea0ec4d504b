"""Room: the command line: arguments in, one call, text out, exit code.

Exit codes: 0 done, 1 a source failed or is held, 2 wrong use or configuration.
"""

from __future__ import annotations

import typer

from harvester.cli import asking, deciding, exporting, harvesting, keeping, serving, sourcing, withdrawing

app = typer.Typer(
    help="Archipel: harvest citizen and transition initiatives into one linked-data federation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for command in (
    serving.up, harvesting.run, serving.serve, serving.schedule, harvesting.check, asking.status, asking.why,
    asking.report, deciding.release, deciding.discard, withdrawing.withdraw, withdrawing.reinstate,
    asking.query, harvesting.rebuild, keeping.prune, keeping.backup, keeping.restore, keeping.doctor,
    asking.territory, exporting.export,
):  # fmt: skip
    app.command()(command)
sourcing.app.command()(deciding.remove)
app.add_typer(sourcing.app, name="source")


def main() -> None:
    """The console script `harvester`."""
    app()
