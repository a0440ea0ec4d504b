"""Room: what needs a person is told, once when it begins and once when it is over.

In: the ledger, the disk, who is to be told. Out: messages. A message that is not accepted is sent again the
next time; nothing waits for it, no run ends otherwise because of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from harvester import __version__, iri
from harvester.fetch import agent
from harvester.keeping.disk import disk
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.ledger.alarms import HOUSE, Alarm, remember, told
from harvester.ledger.decisions import held
from harvester.ledger.freshness import freshness
from harvester.model import Federation, Outcome
from harvester.triplestore import FileLock

LOCK = "-alarms"
"""The lock of whoever tells; no source may be named so."""

NIGHTS = 3
"""So many nights in a row a source may fail before somebody is told."""

_GOOD = "good"

_TEXTS: Mapping[str, tuple[str, str]] = {
    Alarm.HELD: (
        "{title}: the run is held until a person decides. {message}",
        "{title} : la collecte attend une décision. {message}",
    ),
    Alarm.FAILING: (
        "{title}: failing for {nights} nights. {message}",
        "{title} : en échec depuis {nights} nuits. {message}",
    ),
    Alarm.STALE: (
        "{title}: what is published may be old, nothing was read since {last}. {message}",
        "{title} : les données publiées sont peut-être anciennes, rien lu depuis le {last}. {message}",
    ),
    Alarm.DISK: (
        "{title}: the disk is nearly full, {free} GB left",
        "{title} : le disque est presque plein, il reste {free} Go",
    ),
    _GOOD: ("{title}: good again", "{title} : tout est rentré dans l’ordre"),
}
"""What a message says, in English and in French."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a source, or the house, stands: the alarms that are on, and what a message about them tells."""

    title: str
    alarms: Collection[Alarm]
    facts: Mapping[str, Any]


def alarm(
    ledger: Ledger, layout: Layout, federation: Federation, sources: Collection[str], now: datetime
) -> int:
    """Tell what began and what is over among these sources and in the house; returns how many messages."""
    lock = FileLock(layout.source_lock(LOCK))
    if federation.webhook is None or not lock.acquire():
        return 0
    try:
        return _Telling(ledger, layout, federation, now).told(sources)
    finally:
        lock.release()


def standing(ledger: Ledger, source: str, described: Mapping[str, Any], now: datetime) -> Standing:
    """How a source stands at `now`; `described` is its description in the ledger."""
    fresh, nights = freshness(ledger, source, described), _nights(ledger, source, described)
    found = {
        Alarm.HELD: held(ledger, source) is not None,
        Alarm.FAILING: nights >= NIGHTS,
        Alarm.STALE: fresh.stale_since(now) is not None,
    }
    message = fresh.trouble.message if fresh.trouble else ""
    last = f"{fresh.last_success:%Y-%m-%d}" if fresh.last_success else "…"
    facts = {"message": message, "nights": nights, "last": last}
    return Standing(described["title"], [name for name, on in found.items() if on], facts)


@dataclass(frozen=True, slots=True)
class _Telling:
    """Once round all that may need a person; hold `LOCK` around it."""

    ledger: Ledger
    layout: Layout
    federation: Federation
    now: datetime

    def told(self, sources: Collection[str]) -> int:
        """Tell of the house and of these sources; a message that is refused ends it, until next time."""
        known, described, messages = told(self.ledger), self.ledger.sources(), 0
        for source in known.keys() - {HOUSE, *sources}:  # harvested no more: nobody waits for it
            remember(self.ledger, source, (), self.now)
        for source in [HOUSE, *sorted(one for one in sources if one in described)]:
            was = known.get(source, {}).keys()
            stands = (
                standing(self.ledger, source, described[source], self.now)
                if source
                else self._house(was=Alarm.DISK in was)
            )
            sent = self._changes(source, stands, was)
            if sent is None:
                break
            messages += sent
        return messages

    def _house(self, *, was: bool) -> Standing:
        found = disk(self.layout.root)
        on = [Alarm.DISK] if found.nearly_full(was=was) else []
        return Standing(self.federation.title, on, {"free": f"{found.free / 1e9:.1f}"})

    def _changes(self, source: str, stands: Standing, was: Collection[Alarm]) -> int | None:
        """Tell what is new of one of them; how many messages that took, None when one was refused."""
        heard = [name for name in stands.alarms if name in was]
        fresh = [name for name in stands.alarms if name not in was]
        over = bool(was) and not stands.alarms
        if over and not self._sent(source, _GOOD, stands):
            return None
        for name in fresh:
            if not self._sent(source, name, stands):
                return None
            heard.append(name)
            remember(self.ledger, source, heard, self.now)
        if set(was) != set(heard):
            remember(self.ledger, source, heard, self.now)
        return len(fresh) + over

    def _sent(self, source: str, name: str, stands: Standing) -> bool:
        from harvester.fetch.notify import sent

        assert self.federation.webhook is not None
        name_of_ours = agent(self.federation.contact, __version__)
        refused = sent(self.federation.webhook, self._message(source, name, stands), agent=name_of_ours)
        if refused:
            log = structlog.get_logger()
            log.warning("nobody could be told, the next round tries again", alarm=name, reason=refused)
        return refused is None

    def _message(self, source: str, name: str, stands: Standing) -> dict[str, Any]:
        """Facts for programs, a sentence for people; `text` is what chat servers show."""
        english, french = (text.format(title=stands.title, **stands.facts).strip() for text in _TEXTS[name])
        page = iri.source(self.federation.base, source) if source else self.federation.base
        return {
            "federation": self.federation.title,
            "source": source or None,
            "alarm": name,
            "at": self.now.isoformat(),
            "page": page,
            "text": f"{english} {page}",
            "text_fr": f"{french} {page}",
        }


def _nights(ledger: Ledger, source: str, described: Mapping[str, Any]) -> int:
    """On how many nights in a row, up to the last, a source could not be read."""
    zone = ZoneInfo(described.get("timezone", "UTC"))
    ended_badly = takewhile(lambda run: not Outcome(run.outcome).succeeded, ledger.runs(source))
    unread = [run for run in ended_badly if run.outcome != Outcome.HELD]
    return len({run.started_at.astimezone(zone).date() for run in unread})
