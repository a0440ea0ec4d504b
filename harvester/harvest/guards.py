"""Room: the guards: what looks like an accident is held until a person has looked.

In: what was read of a listing and what it is about to do. Out: nothing, or GuardHeld with found versus
expected. Growth is never held, only told.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from harvester import vocab
from harvester.connectors import Connector
from harvester.errors import GuardHeld, SourceChanged
from harvester.fetch import RawStore
from harvester.harvest.reading import Sums
from harvester.ledger import Outlook
from harvester.model import Answer, Source

_FEW = 5
"""So many missing records are never suspicious, whatever share they are."""

_MANY = 100
"""A source that doubles by fewer new records than this is not worth a word."""


def heed_licence(source: Source, connector: Connector, answers: Sequence[Answer], raw: RawStore) -> None:
    """A licence stated by the source that is not the declared one holds the run."""
    stated = connector.stated_licence(answers, raw) if connector.stated_licence else None
    if stated and vocab.licence_of(stated) not in (None, source.licence):
        raise GuardHeld(
            f"{source.id}: the source states the licence '{stated}', sources.toml declares "
            f"'{source.licence}'; correct `licence` or ask the publisher"
        )


def heed_size(source: Source, sums: Sums) -> None:
    """A listing of fewer records than expected holds the run; an empty one has failed."""
    found = sums.read - sums.nameless
    if found < source.expect.min_records:
        error = GuardHeld if found else SourceChanged
        raise error(
            f"{source.id}: {found} records found, {source.expect.min_records} expected at least "
            f"(expect.min_records); published data kept; {_remedy(source) if found else _LOOK}"
        )


def heed_losses(source: Source, outlook: Outlook) -> None:
    """More missing records than `max_shrink` allows hold the run."""
    allowed = Fraction(str(source.expect.max_shrink)) * outlook.live  # 29 % of 100 are 29, not a little less
    if outlook.gone > _FEW and outlook.gone > allowed:
        renamed = ""
        if outlook.renamed:
            before, after = outlook.renamed[0]
            n = len(outlook.renamed)
            renamed = f"; {n} of them stand in the listing under another ref ('{before}' is now '{after}')"
        raise GuardHeld(
            f"{source.id}: {outlook.gone} of {outlook.live} published records are missing, "
            f"{source.expect.max_shrink:.0%} allowed (expect.max_shrink){renamed}; published data kept; "
            f"{_remedy(source)}"
        )


def growth(outlook: Outlook) -> str | None:
    """What to say of a source that at least doubled; None for any other."""
    if outlook.live and outlook.new >= max(_MANY, outlook.live):
        return f"grew by {outlook.new} records, {outlook.live} were published"
    return None


_LOOK = "look at the source"


def _remedy(source: Source) -> str:
    return (
        f"look at the source, then `harvester release {source.id} --reason …` to accept, "
        f"or `harvester discard {source.id} --reason …`"
    )
