"""Room: a pattern of a shape -> what is wrong with it in the dialect that both engines share.

Python's `re` (pyshacl) and Rust's `regex` (shacl) must accept it and mean the same by it: no
look-around, no back-reference, and nothing that makes Python try for ever.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import Any

import pyoxigraph as ox

_FLAGS = frozenset("im")
"""pyshacl knows no other."""

_ESCAPED = re.compile(r"\\[^0-9kZ]")
_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")
_NOT_IN_RUST = (
    (re.compile(r"\(\?(=|!|<=|<!)"), "looks around"),
    (re.compile(r"\\[1-9]|\\k|\(\?P="), "refers back to a group"),
    (re.compile(r"\(\?>|[*+?}]\+"), "never gives back what it took"),
    (re.compile(r"\(\?\("), "depends on a group"),
    (re.compile(r"\\Z"), "says \\Z, which is $"),
)
_NESTED = re.compile(r"[*+]\)[*+]")


def faults(pattern: str, flags: str = "") -> Iterator[str]:
    """What is wrong, each as the end of a sentence about the pattern; nothing when it is sound."""
    unknown = sorted(set(flags) - _FLAGS)
    if unknown:
        yield f"has the flags '{''.join(unknown)}', which not both engines know; keep to i and m"
        return
    refused = _refused_by_python(pattern) or _not_in_rust(pattern) or _refused_by_rust(pattern)
    if refused:
        yield f"{refused}; write it without"
    elif _NESTED.search(_bones(pattern)):
        yield "repeats what is already repeated, which can take Python for ever; repeat once"


def _refused_by_python(pattern: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        return f"is refused by Python ({error})"
    return ""


def _not_in_rust(pattern: str) -> str:
    bones = _bones(pattern)
    return next((f"{told}, which Rust refuses" for sign, told in _NOT_IN_RUST if sign.search(bones)), "")


def _bones(pattern: str) -> str:
    """The pattern without escaped characters and classes, so that only its signs are left."""
    return _CLASS.sub("x", _ESCAPED.sub("x", pattern))


def _refused_by_rust(pattern: str) -> str:
    engine = _rust()
    if engine is None:
        return ""
    one = "<x:s> <{0}targetClass> <x:c> ; <{0}pattern> {1} ."
    try:
        engine.Shapes.from_turtle(one.format("http://www.w3.org/ns/shacl#", ox.Literal(pattern)))
    except ValueError as error:
        return f"is refused by Rust ({str(error).rsplit('error: ', 1)[-1].strip()})"
    return ""


@cache
def _rust() -> Any:
    if not find_spec("shacl"):
        return None
    import shacl

    return shacl
