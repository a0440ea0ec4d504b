"""Room: a table and the model of its shape -> what is wrong with it, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from harvester.config.lines import Path as KeyPath
from harvester.errors import suggestion


def shape_problems(model: type[BaseModel], table: object) -> list[tuple[KeyPath, str]]:
    """What pydantic has against a table, in our words: (key path, text)."""
    try:
        model.model_validate(table)
    except ValidationError as errors:
        return [_said(model, dict(error)) for error in errors.errors()]
    return []


def _said(model: type[BaseModel], error: Mapping[str, Any]) -> tuple[KeyPath, str]:
    key = tuple(
        str(part) for part in error["loc"] if isinstance(part, str) and not part.startswith("function-")
    )
    name = key[-1] if key else ""
    if error["type"] == "missing":
        return key, f"no '{name}'; add `{name} = …`"
    if error["type"] == "extra_forbidden":
        return key, f"unknown key '{name}'; {suggestion(name, model.model_fields)}"
    reason = error["msg"].removeprefix("Value error, ")
    return key, f"{name} is {error['input']!r}: {reason}"
