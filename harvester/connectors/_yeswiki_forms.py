"""Room: recognising a YesWiki, and which of its forms hold entries.

In: any page of the wiki, or an address of its API. Out: a proposal for the forms that are not empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harvester.connectors._recognition import Certainty, Look, Proposal, Seen

MOST = 20
"""Forms counted: a wiki with more of them is for a person to choose from."""


def recognised(seen: Seen, look: Look) -> Proposal | None:
    """A wiki, by the hints of its pages or the fields of its entries; its API must answer."""
    entries = [one for one in _listed(seen.json) if "id_fiche" in one or "bf_titre" in one]
    if not entries and not seen.says("yeswiki"):
        return None
    root = seen.url.partition("?")[0]
    forms = _forms(root, look)
    if not forms:
        return None
    counted = {number: _count(root, number, look) for number in forms}
    filled = [number for number, n in counted.items() if n]
    return Proposal(
        Certainty.NAMED,
        root,
        title=seen.title,
        count=sum(counted.values()),
        keys={"form": filled[0] if len(filled) == 1 else filled or list(forms)},
        learned=[f"form {number}: {forms[number]}, {n} entries" for number, n in counted.items()],
        unknown=["form: forms of different kinds read better as one source each, with its `kind`"]
        if len(filled) > 1
        else [],
    )


def _forms(root: str, look: Look) -> dict[str, str]:
    """Names of the forms by number; none when the API does not answer."""
    told = look(f"{root}?api/forms", accept="application/json")
    found = (one for one in _listed(told.json if told else None) if "bn_id_nature" in one)
    named = ((str(one["bn_id_nature"]), str(one.get("bn_label_nature", ""))) for one in found)
    return dict(list(named)[:MOST])


def _count(root: str, form: str, look: Look) -> int:
    told = look(f"{root}?api/forms/{form}/entries&fields=id_fiche", accept="application/json")
    return sum(1 for _ in _listed(told.json if told else None))


def _listed(found: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list, or of an object keyed by their id."""
    values = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    yield from (one for one in values if isinstance(one, dict))
