"""Room: the command line as it is registered -> the lines of its reference page.

Help, options and defaults are read from the commands themselves; nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer

from harvester import cli
from scripts.markdown import table

_EXIT_CODES = (
    (0, "done"),
    (1, "a source failed, was deferred or is held; or the question could not be answered"),
    (2, "wrong use, or a configuration that cannot be used"),
)


def commands() -> Iterator[str]:
    """The page, line by line, in the order of `harvester --help`."""
    yield "`harvester COMMAND --help` says the same. Exit codes:\n"
    yield from table(("code", "meaning"), ((str(code), text) for code, text in _EXIT_CODES))
    yield from _group(cli.app, typer.main.get_command(cli.app), "")


def _group(app: typer.Typer, group: Any, before: str) -> Iterator[str]:
    """The commands of a group, then those of the groups in it."""
    for registered in app.registered_commands:
        called: Any = registered.callback
        name = registered.name or called.__name__
        yield from _command(
            f"{before}{name}", group.commands[name], get_type_hints(called, include_extras=False)
        )
    for inner in app.registered_groups:
        assert inner.typer_instance is not None
        yield from _group(inner.typer_instance, group.commands[inner.name], f"{before}{inner.name} ")


def _command(name: str, command: Any, hints: Mapping[str, Any]) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    usage = " ".join([f"harvester {name}", *map(_placeholder, arguments), "[OPTIONS]"])
    yield f"## {name}\n"
    yield f"{command.help}\n"
    yield f"```\n{usage}\n```\n"
    rows = ((_called(one, hints[one.name]), _value(one), _meaning(one)) for one in command.params)
    yield from table(("argument or option", "default", "meaning"), rows)


def _placeholder(argument: Any) -> str:
    name = argument.name.upper() + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _called(parameter: Any, hint: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`"
    return f"`{parameter.opts[0]}`" if parameter.is_flag else f"`{parameter.opts[0]} {_kind(hint)}`"


def _kind(hint: Any) -> str:
    """What stands after an option: its choices, or a word for its type."""
    types = [one for one in (get_args(hint) or (hint,)) if one is not type(None)]
    if issubclass(types[0], StrEnum):
        return "|".join(types[0])
    return {int: "N", Path: "PATH"}.get(types[0], "TEXT")


def _value(parameter: Any) -> str:
    if parameter.default is None or parameter.default is False or parameter.required:
        return ""
    return f"`{parameter.default}`"


def _meaning(parameter: Any) -> str:
    variable = parameter.envvar
    return (parameter.help or "") + (f"; also by the variable `{variable}`" if variable else "")
