"""Room: whose turn it is: places at the query workers, given out so that nobody takes them all.

Of the askers who wait, the one with the fewest queries under way comes first, then the one who came
first. Some places are left for quick queries: one that lasts must find room among those that may.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Generic, Protocol, TypeVar

from harvester.errors import QueryError

QUICK_S = 0.5
"""Seconds after which a query counts as a long one."""

PATIENCE_S = 5
"""Seconds that an asker whose long query found no room has to wait while there is none."""

WAITING = 64
"""Queries that wait at most, in all; one asker has no more than half of them."""

TOO_LONG = "there are too many long queries already; try again later, or make it quicker"

Place = TypeVar("Place")


class Asker:
    """One who asks, and may leave at any time: what is under way for them ends then.

    `name` tells askers apart, for fairness only.
    """

    def __init__(self, name: str = "house") -> None:
        self.name = name
        self.left = False
        self._lock = Lock()
        self._ending: Ending | None = None

    def leave(self) -> None:
        """End what is under way; nothing happens when nothing is."""
        with self._lock:  # held until it has ended: what ends must not be lent to another meanwhile
            self.left = True
            if self._ending:
                self._ending.end()

    def until(self, end: Ending) -> None:
        """What is to be ended when the asker leaves, at once when that has happened; replaces what was."""
        with self._lock:
            self._ending = end
            if self.left:
                end.end()

    def done(self) -> None:
        """Nothing is under way any more."""
        with self._lock:
            self._ending = None


class Ending(Protocol):
    """What can be ended from another thread."""

    def end(self) -> None:
        """End it; doing it twice does nothing more."""


@dataclass(eq=False, slots=True)
class Waiting(Generic[Place]):
    """One in the line; `wake` is called, from any thread, when there is a place or no sense in waiting.

    `given` is the place, in a tuple because a place may be None.
    """

    asker: Asker
    wake: Callable[[], None]
    given: tuple[Place] | None = None

    def end(self) -> None:
        """There is no sense in waiting any more."""
        self.wake()


@dataclass
class Turns(Generic[Place]):
    """The places of one pool. Safe to call from any thread.

    `each` is how many an asker may hold, `long` how many long queries there may be.
    """

    places: list[Place]
    each: int
    long: int
    _lock: Lock = field(default_factory=Lock)
    _waiting: list[Waiting[Place]] = field(default_factory=list)
    _held: Counter[str] = field(default_factory=Counter)
    _lasting: int = 0
    _refused: dict[str, float] = field(default_factory=dict)

    def take(self, asker: Asker, deadline: float) -> Place:
        """A place, as soon as there is one for this asker.

        Raises:
            QueryError: 429 too many wait, or none came free in time; 499 the asker has left.
        """
        ready = Event()
        mine = self.line_up(asker, ready.set)
        ready.wait(max(0.0, deadline - time.monotonic()))
        return self.collect(mine)

    def line_up(self, asker: Asker, wake: Callable[[], None]) -> Waiting[Place]:
        """Stand in the line; whoever does must `collect`.

        Raises:
            QueryError: 429 too many wait.
        """
        mine: Waiting[Place] = Waiting(asker, wake)
        with self._lock:
            self._refuse_crowd(asker)
            self._waiting.append(mine)
            self._serve()
        asker.until(mine)
        return mine

    def collect(self, mine: Waiting[Place]) -> Place:
        """The place that was given; without one, the line is left.

        Raises:
            QueryError: 429 none came free in time; 499 the asker has left.
        """
        mine.asker.done()
        with self._lock:
            if mine.given:
                return mine.given[0]
            self._waiting.remove(mine)
        if mine.asker.left:
            raise QueryError("the asker has left", status=499, kind="left")
        raise QueryError("every worker is busy; try again later", status=429, kind="busy")

    def _refuse_crowd(self, asker: Asker) -> None:
        own = sum(1 for one in self._waiting if one.asker.name == asker.name)
        if len(self._waiting) >= WAITING or own >= WAITING // 2:
            raise QueryError("too many queries are waiting; try again later", status=429, kind="busy")
        if self._lasting >= self.long and self._refused.get(asker.name, 0) > time.monotonic():
            raise QueryError(TOO_LONG, status=429, kind="busy")

    def _serve(self) -> None:
        """Give the free places to those who are first; only they wake up."""
        while self.places and (first := self._first()):
            self._waiting.remove(first)
            self._held[first.asker.name] += 1
            first.given = (self.places.pop(),)
            first.wake()

    def _first(self) -> Waiting[Place] | None:
        """Who is next among those who may have a place."""
        may = [one for one in self._waiting if not one.asker.left and self._held[one.asker.name] < self.each]
        return min(may, key=lambda one: self._held[one.asker.name], default=None)

    def last(self, asker: Asker) -> None:
        """Count a query that has become a long one.

        Raises:
            QueryError: 429 there are enough of them; the asker is not heard for a while.
        """
        with self._lock:
            if self._lasting < self.long:
                self._lasting += 1
                return
            now = time.monotonic()
            self._refused = {name: until for name, until in self._refused.items() if until > now}
            self._refused[asker.name] = now + PATIENCE_S
        raise QueryError(TOO_LONG, status=429, kind="busy")

    def leave(self, asker: Asker, *, lasted: bool) -> None:
        """The asker holds the place no longer."""
        with self._lock:
            self._lasting -= lasted
            self._held[asker.name] -= 1
            if not self._held[asker.name]:
                del self._held[asker.name]
            self._serve()

    def give(self, place: Place) -> None:
        """A place is free, for whoever is next."""
        with self._lock:
            self.places.append(place)
            self._serve()

    def withdraw(self) -> list[Place]:
        """The places that are free now: none of them is given out any more."""
        with self._lock:
            free, self.places = self.places, []
            return free
