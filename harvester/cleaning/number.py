"""Room: a number as written in, an exact number out.

Decimal commas, spaces between thousands and texts are understood; units are not. It never goes
through binary floating point.
"""

from __future__ import annotations

import re
from decimal import Decimal

from harvester.cleaning.blank import given, shown

DIGITS = 7
"""Digits kept after the decimal point."""

_STEP = Decimal(1).scaleb(-DIGITS)
_LARGEST = 15  # whole digits: beyond, the value is an identifier or noise, not a measure
_SPACES = re.compile(r"\s")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


def decimal(value: object) -> Decimal | None:
    """The number, rounded to 7 digits after the decimal point; None when nothing is said.

    Raises:
        ValueError: if the value is not one finite number below 10^15.
    """
    if type(value) is Decimal and value.is_finite() and value.adjusted() < _LARGEST:
        return value.quantize(_STEP) if _exponent(value) < -DIGITS else value
    written = given(value)
    if written is None:
        return None
    bare = _pointed(_SPACES.sub("", written))
    number = Decimal(bare) if _NUMBER.fullmatch(bare) else None
    if number is None or number.adjusted() >= _LARGEST:
        raise ValueError(f"{shown(value)} is not a number; digits with one point or comma are expected")
    return number.quantize(_STEP) if _exponent(number) < -DIGITS else number


def integer(value: object) -> int | None:
    """The whole number; None when nothing is said.

    Raises:
        ValueError: if the value is not one whole number.
    """
    number = decimal(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise ValueError(f"{shown(value)} is not a whole number; digits without a fraction are expected")
    return int(number)


def _pointed(bare: str) -> str:
    if "," in bare and "." in bare:
        thousands = "." if bare.rindex(",") > bare.rindex(".") else ","
        bare = bare.replace(thousands, "")
    return bare.replace(",", ".")


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
