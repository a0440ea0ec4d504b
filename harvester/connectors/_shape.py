"""Room: parts of a record that ought to be objects or lists, whatever the platform put there.

In: a value. Out: the object or the list that it is, else an empty one: a part of another shape says nothing,
and its record stays. Never turns a value into another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harvester.model import Raw as Value


def mapping(value: Value) -> Mapping[str, Any]:
    """The object that `value` is; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def sequence(value: Value) -> Sequence[Any]:
    """The list that `value` is; an empty one for anything else."""
    return value if isinstance(value, list) else []
