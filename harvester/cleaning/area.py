"""Room: a territory as a mapping names it in, its level and code out, as `level/code`.

Codes of régions and départements collide (76 is Occitanie and Seine-Maritime), so a code alone is
only ever a commune. Nothing here knows whether the territory exists: that is the territory's work.
"""

from __future__ import annotations

import re

from harvester.cleaning import place
from harvester.cleaning.blank import given, shown

_CODES = {
    "region": re.compile(r"\d{2,3}", re.ASCII),
    "departement": re.compile(r"\d{2,3}|2[AB]", re.ASCII),
    "epci": re.compile(r"\d{9}", re.ASCII),
}


def area(value: object) -> str | None:
    """`commune/34172`, `departement/34`, `region/76` or `epci/243400017`; None when nothing is said.

    Raises:
        ValueError: if it is neither an INSEE code of a commune nor a level with a code.
    """
    written = given(value)
    if written is None:
        return None
    level, slash, code = written.rpartition("/")
    if not slash or level == "commune":
        return f"commune/{place.insee(code)}"
    if level not in _CODES or not _CODES[level].fullmatch(code.upper()):
        raise ValueError(
            f"{shown(value)} is no territory; expected '34172', 'departement/34', 'region/76' or "
            f"'epci/243400017'"
        )
    return f"{level}/{code.upper()}"
