"""Room: a table and the model of its shape -> what is wrong with it, in our words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from harvester.config.lines import Path as KeyPath
from harvester.errors import suggestion

_USER = re.compile(r"//[^/\s'\"]*@")
"""A user and password in an address."""


def shape_problems(model: type[BaseModel], table: object) -> list[tuple[KeyPath, str]]:
    """What pydantic has against a table, in our words: (key path, text)."""
    try:
        model.model_validate(table)
    except ValidationError as errors:
        return [_said(model, dict(error)) for error in errors.errors() if not _beside_the_point(dict(error))]
    return []


def _beside_the_point(error: Mapping[str, Any]) -> bool:
    """Where a word or a table may stand, and a table does: what is wrong in it tells more."""
    return error["type"] == "literal_error" and isinstance(error["input"], dict)


def _said(model: type[BaseModel], error: Mapping[str, Any]) -> tuple[KeyPath, str]:
    key = tuple(
        str(part) for part in error["loc"] if isinstance(part, str) and not part.startswith("function-")
    )
    name = key[-1] if key else ""
    if error["type"] == "missing":
        return key, f"no '{name}'; add `{name} = …`"
    if error["type"] == "extra_forbidden":
        return key, f"unknown key '{name}'; {suggestion(name, model.model_fields)}"
    if error["type"] == "model_type":  # not shown: it may be a secret that was to be named only
        return key, f"{name} is not a table; write `{name} = {{ … }}`"
    reason = error["msg"].removeprefix("Value error, ")
    return key, f"{name} is {_USER.sub('//…@', repr(error['input']))}: {reason}"
