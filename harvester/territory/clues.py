"""Room: what a record writes of its place in, clues in their one form out, each with the field it came from.

Nothing is looked up here: whether such a commune exists is the resolver's question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harvester.cleaning import place
from harvester.cleaning.town import Town, last_line, town

_NOWHERE = Town((), None, None)
_LONGEST = 60  # the longest name of a commune has 45 characters


@dataclass(frozen=True, slots=True)
class Clues:
    """The words of a place, taken apart. What is not said, or is not what it should be, is None or empty.

    `code` is shaped like an INSEE code; `names` are folded, the most precise first; `department` is as
    written, a code or a name. A field is the item field a clue was found in.
    """

    code: str | None
    names: tuple[str, ...]
    name: str
    name_field: str
    postcode: str | None
    postcode_field: str
    department: str | None
    department_field: str


def clues(
    *, insee: str | None, name: str | None, postcode: str | None, department: str | None, street: str | None
) -> Clues:
    """The clues of a place; the end of an address in `street` tells what no field of its own tells."""
    city = town(name or "")
    last = (last_line(street) if street else None) or _NOWHERE
    names, name_field = (city.names, "city") if city.names else (last.names, "street")
    written, postcode_field = _postcode(postcode, city, last)
    return Clues(
        code=_coded(place.insee, insee),
        names=names,
        name=_shown(name or "") if city.names else " ".join(last.names),
        name_field=name_field,
        postcode=written,
        postcode_field=postcode_field,
        department=_shown(department) if department else city.bracket,
        department_field="department" if department else "city",
    )


def _shown(written: str) -> str:
    """What of it may be repeated in a finding: what follows a comma, or is long, may be about a person."""
    return written.split(",", maxsplit=1)[0].strip()[:_LONGEST]


def _postcode(written: str | None, city: Town, last: Town) -> tuple[str | None, str]:
    """The postcode of its own field, else the one beside the town, else the one that ends the address."""
    if own := _coded(place.postcode, written):
        return own, "postcode"
    return (city.postcode, "city") if city.postcode else (last.postcode, "street")


def _coded(clean: Callable[[object], str | None], written: str | None) -> str | None:
    """A code in its one form; None when it is not one, because the other words may still decide."""
    try:
        return clean(written)
    except ValueError:
        return None
