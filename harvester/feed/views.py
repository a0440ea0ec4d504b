"""Room: the pages of the feed: which changes stand on which, which are full, which lead to which.

A page holds the changes of a range of numbers, a section leads to the pages of a range, the root to the
sections. A range is full once the ledger is past it: then its page is what it will always be. The changes of
one source stand on pages of their own, by the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from harvester.ledger import Ledger
from harvester.ledger.tables import changes

PAGE = 250
"""Numbers of a page: about a megabyte of triples at most."""

SECTION = 100 * PAGE
"""Numbers of a section."""


@dataclass(frozen=True, slots=True)
class View:
    """The feed up to a position: of all sources, or of one."""

    ledger: Ledger
    source: str | None
    position: int

    def sections(self) -> Sequence[int]:
        """The sections that hold a change, by number from 0."""
        return self._ranges(SECTION, 1, self.position)

    def pages(self, section: int) -> Sequence[int]:
        """The pages of a section that hold a change, by number from 0."""
        return self._ranges(PAGE, section * SECTION + 1, min((section + 1) * SECTION, self.position))

    def all_pages(self) -> Sequence[int]:
        """Every page that holds a change."""
        return self._ranges(PAGE, 1, self.position)

    def full(self, number: int, size: int) -> bool:
        """True for a page or section that will not change any more."""
        return (number + 1) * size <= self.position

    def _ranges(self, size: int, first: int, last: int) -> Sequence[int]:
        """The numbers of the ranges of a size that hold a change between two changes, both included."""
        if self.source is None:
            return range((first - 1) // size, (last - 1) // size + 1) if last >= first else ()
        number = (changes.c.id - 1) // size
        mine = (changes.c.source == self.source) & changes.c.id.between(first, last)
        with self.ledger.reading() as connection:
            return list(connection.scalars(select(number).where(mine).distinct().order_by(number)))


def view(ledger: Ledger, source: str | None = None) -> View:
    """The feed as it stands."""
    return View(ledger, source, ledger.position())
