"""Room: yes or no as written in, a boolean out."""

from __future__ import annotations

from harvester.cleaning.blank import given, shown

_YES = frozenset({"1", "true", "yes", "y", "oui", "o", "vrai", "on", "x"})
_NO = frozenset({"0", "false", "no", "n", "non", "faux", "off"})


def flag(value: object) -> bool | None:
    """True or False; None when nothing is said.

    Raises:
        ValueError: if the value is neither a yes nor a no.
    """
    if isinstance(value, bool):
        return value
    written = given(value)
    if written is None:
        return None
    word = written.casefold()
    if word not in _YES | _NO:
        raise ValueError(f"{shown(value)} is neither yes nor no; oui, non, true, false, 1 or 0 is expected")
    return word in _YES
