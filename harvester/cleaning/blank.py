"""Room: is there anything in this value?

A value as a platform gave it comes in; its stripped text goes out, or None when it says nothing
("", "private", "n/a"). It never judges what the text means.
"""

from __future__ import annotations

from decimal import Decimal

BLANK = frozenset(
    {
        "", "-", "--", "---", ".", "/", "?", "[]", "{}",
        "private", "hidden", "n/a", "n.a.", "null", "none", "nan", "undefined",
        "non renseigné", "non renseigne", "non communiqué", "non communique", "privé",
    }
)  # fmt: skip
"""What platforms write when they write nothing, in lower case."""

_LONGEST = max(map(len, BLANK))
_SHOWN = 80

MOST = 2000
"""Characters of an address, a town, a number, a date; who writes more wants something else of its reader."""


def given(value: object, *, most: int = MOST) -> str | None:
    """What a value says, stripped; None when it says nothing.

    A whole float is written as an integer, because spreadsheets turn 33000 into 33000.0.

    Raises:
        ValueError: if the value is neither one text nor one number, or of more than `most` characters.
    """
    if isinstance(value, str):
        stripped = value.strip()
        if len(stripped) > most:
            raise ValueError(f"{shown(stripped[:_SHOWN])} has {len(stripped)} characters; {most} at most")
        return None if len(stripped) <= _LONGEST and stripped.casefold() in BLANK else stripped
    if value is None or value in ([], {}, ()):
        return None
    return _figure(value)


def shown(value: object) -> str:
    """The value quoted for a message, on one line, cut at 80 characters."""
    quoted = repr(value)
    return quoted if len(quoted) <= _SHOWN else f"{quoted[:_SHOWN]}…"


def _figure(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        what = type(value).__name__
        raise ValueError(  # noqa: TRY004  # one error for every refusal, which the caller makes a finding
            f"{shown(value)} is a {what}; one text or one number is expected"
        )
    if value != value:  # noqa: PLR0124  # only NaN differs from itself
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
