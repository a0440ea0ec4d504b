"""Room: what every command opens first: the configuration, the store's layout, the ledger; and how it speaks.

Options shared by all commands are defined here once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from harvester import logs, shapes
from harvester.config import load
from harvester.errors import DiskError, HarvesterError, Problem, disk_error, suggestion
from harvester.harvest import Plan, plans
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Federation

DONE, FAILED, MISUSED = 0, 1, 2

Config = Annotated[Path, typer.Option("--config", help="the federation's file", envvar="HARVESTER_CONFIG")]
Store = Annotated[Path, typer.Option("--store", help="where everything is kept", envvar="HARVESTER_STORE")]
Json = Annotated[bool, typer.Option("--json", help="answer as JSON, for programs")]
Verbose = Annotated[bool, typer.Option("--verbose", help="log more")]

CONFIG, STORE = Path("sources.toml"), Path("store")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class House:
    """A configuration and its store, opened."""

    config: Path
    federation: Federation
    plans: Mapping[str, Plan]
    problems: Sequence[Problem]
    layout: Layout
    ledger: Ledger
    verbose: bool

    def chosen(self, names: Sequence[str]) -> list[Plan]:
        """The plans of these sources, or of all enabled ones; an unknown name ends the command."""
        for name in names:
            if name not in self.plans:
                wrong = [str(problem) for problem in self.problems if problem.source == name]
                stop(*(wrong or [f"no source '{name}'; {suggestion(name, self.plans)}"]))
        return [self.plans[name] for name in names] or [
            plan for plan in self.plans.values() if plan.source.enabled
        ]


@contextmanager
def house(config: Path, store: Path, *, verbose: bool = False) -> Iterator[House]:
    """Open the house; whatever is wrong with it is said in one line each, and ends the command."""
    with plainly(store, verbose=verbose):
        shapes.refuse_faults()
        configuration = load(config)
        usable, problems = plans(configuration)
        layout = Layout(store)
        ledger = Ledger.open(layout.ledger, base=configuration.federation.base)
        try:
            yield House(config, configuration.federation, usable, problems, layout, ledger, verbose)
        finally:
            ledger.close()


@contextmanager
def plainly(store: Path, *, verbose: bool = False) -> Iterator[None]:
    """Whatever is wrong with a store or its configuration is said in one line each, and ends the command."""
    logs.to_stderr(verbose=verbose)
    try:
        yield
    except DiskError as error:
        stop(str(error), code=FAILED)
    except HarvesterError as error:
        stop(*str(error).splitlines())
    except BrokenPipeError:  # who reads our answer has had enough
        raise
    except OSError as error:
        stop(str(disk_error(error, store)), code=FAILED)


def stop(*lines: str, code: int = MISUSED) -> NoReturn:
    """Say what is wrong, and end the command."""
    for line in lines:
        err.print(line, markup=False)
    raise typer.Exit(code)


def say_json(value: Any) -> None:
    """Answer a program."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")
