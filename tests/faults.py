"""Room: nights of a small federation, the accidents of each drawn from a seed, and what must hold after them.

In: a federation and partners on loopback. Out: nothing, or an assertion that names the seed and the night.
Two partners: gardens in a table, read whole, and papers in a repository, read by their changes. Each night
their listings change, an accident befalls whoever reads them, and then a night without one makes it good.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import killed
import pyoxigraph as ox
import struck
from conftest import ROOT
from struck import Accident, Errand

from harvester import iri
from harvester.fetch import RawStore
from harvester.harvest.diary import swept
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.model import Outcome
from harvester.triplestore import Checkpoints

START = datetime(2026, 11, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
LONGEST_S = 120
"""A process of a night that takes longer hangs; the machine may be busy."""

MOST_ABSENT = 4
"""So many records gone at once are never held."""

CALLS = 150_000
"""About so many calls a process of a night makes."""

GARDENS, PAPERS = "/jardins.json", "/depot"
SOURCES = """
[source.jardins]
title = "Jardins"
connector = "table"
url = "{here}/jardins.json"
licence = "etalab-2.0"
map = {{ ref = "id", name = "nom", description = "texte", insee = "code" }}
{same}
[source.papiers]
title = "Papiers"
connector = "oai_pmh"
url = "{here}/depot"
licence = "etalab-2.0"
kind = "document"
full_every = "3d"
{same}
"""
SAME = 'allow_private = true\ndelay = "0s"\nattempts = 1\ntimeout = "5s"\ngrace = "2d"\n'
OAI = '<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{}</OAI-PMH>'
DC = 'xmlns:o="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:d="http://purl.org/dc/elements/1.1/"'

KNOWN = re.compile(
    r"ledger\.sqlite(-wal|-shm)?|published\.json|writer\.lock|locks/\w+\.lock|hosts/[^/]+"
    r"|raw/[0-9a-f]{2}/[0-9a-f]{64}\.zst|runs/\w+/\d+\.(json|jsonl\.zst)"
    r"|oxigraph/[^/]+|checkpoints/(current|redactions|\d{8}/[^/]+)|index/(current|\d{8}\.sqlite)"
)
"""Every file that a store holds when nothing is left over."""


@dataclass
class Listing:
    """What one partner lists: the version of each record, when it last changed, and how often each was removed."""

    prefix: str
    tombstones: bool
    versions: dict[str, int] = field(default_factory=dict)
    stamps: dict[str, datetime] = field(default_factory=dict)
    buried: dict[str, datetime] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    removed: dict[str, int] = field(default_factory=dict)

    def add(self, ref: str, at: datetime) -> None:
        """Put a record in, or a new version of it."""
        self.versions[ref] = self.versions.get(ref, 0) + 1
        self.stamps[ref] = at
        self.absent.discard(ref)
        self.buried.pop(ref, None)

    def remove(self, ref: str, at: datetime, *, told: bool) -> None:
        """Take a record out; `told` leaves a tombstone."""
        self.absent.add(ref)
        self.removed[ref] = self.removed.get(ref, 0) + 1
        if told:
            self.buried[ref] = at

    def listed(self) -> Mapping[str, int]:
        """What it holds now."""
        return {ref: version for ref, version in self.versions.items() if ref not in self.absent}

    def change(self, dice: Random, at: datetime) -> None:
        """What people did to it in a day."""
        there = sorted(self.listed())
        for ref in dice.sample(there, min(3, len(there))):
            self.add(ref, at)
        for _ in range(dice.randrange(3)):
            self.add(f"{self.prefix}{len(self.versions)}", at)
        if self.absent and dice.random() < 0.4:
            self.add(dice.choice(sorted(self.absent)), at)
        if len(self.absent) < MOST_ABSENT and dice.random() < 0.7:
            self.remove(dice.choice(there), at, told=self.tombstones and dice.random() < 0.5)


class World:
    """The two partners, as they are tonight."""

    def __init__(self, partners: Any, dice: Random) -> None:
        self.partners = partners
        self.dice = dice
        self.clock = START
        self.listings = {
            "jardins": Listing("j", tombstones=False),
            "papiers": Listing("oai:p:", tombstones=True),
        }
        for name, count in (("jardins", 24), ("papiers", 12)):
            for number in range(count):
                self.listings[name].add(f"{self.listings[name].prefix}{number}", START)
        partners.serve(GARDENS, lambda _asked: self._gardens(), "application/json")
        partners.serve(PAPERS, self._papers, "text/xml")

    def pass_a_day(self) -> None:
        """A day goes by; its changes are made at noon."""
        self.clock += DAY
        for listing in self.listings.values():
            listing.change(self.dice, self.clock - DAY / 2)

    def _gardens(self) -> bytes:
        told = [
            {"id": ref, "nom": f"Jardin {ref}", "texte": text(version), "code": "34010"}
            for ref, version in self.listings["jardins"].listed().items()
        ]
        return json.dumps(told, ensure_ascii=False).encode()

    def _papers(self, asked: str) -> bytes:
        said = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
        if said["verb"] == "Identify":
            return OAI.format("<Identify><granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify>").encode()
        since = datetime.fromisoformat(said.get("from", "1970-01-01T00:00:00Z"))
        papers = self.listings["papiers"]
        told = [
            _paper(ref, version) for ref, version in papers.listed().items() if papers.stamps[ref] >= since
        ]
        told += [_tombstone(ref) for ref, at in papers.buried.items() if at >= since]
        found = f"<ListRecords>{''.join(told)}</ListRecords>" if told else '<error code="noRecordsMatch"/>'
        return OAI.format(found).encode()


def text(version: int) -> str:
    return f"Un texte, version {version}."


def _paper(ref: str, version: int) -> str:
    return (
        f"<record><header><identifier>{ref}</identifier><datestamp>2026-01-01</datestamp></header>"
        f"<metadata><o:dc {DC}><d:title>Rapport {ref}</d:title><d:description>{text(version)}</d:description>"
        "</o:dc></metadata></record>"
    )


def _tombstone(ref: str) -> str:
    return f'<record><header status="deleted"><identifier>{ref}</identifier></header></record>'


class Nursery:
    """Forks the processes of nights from one that has loaded the product; use it in a `with` block."""

    def __enter__(self) -> Self:
        self._listener = Listener(None, "AF_UNIX")
        command = [sys.executable, str(ROOT / "tests/struck.py"), str(self._listener.address)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(command, env=environment)
        self._control = self._listener.accept()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._control.close()
        self._process.wait()
        self._listener.close()

    def child(self, errand: Errand, act: str = "night") -> Child:
        """A process that does an errand."""
        self._control.send((act, errand))
        pipe = self._listener.accept()
        return Child(pipe, pipe.recv())


class Child:
    """One process of a night."""

    def __init__(self, pipe: Connection, pid: int) -> None:
        self._pipe, self._pid = pipe, pid

    def told(self) -> Any:
        """What it tells next; None when it died before.

        Raises:
            AssertionError: it hangs.
        """
        try:
            if self._pipe.poll(LONGEST_S):
                return self._pipe.recv()
        except (EOFError, ConnectionResetError):
            return None
        self.kill()
        raise AssertionError(f"process {self._pid} hangs")

    def end(self) -> Any:
        """What it told at last, once it is no more; a server is told to stop."""
        with suppress(BrokenPipeError):
            self._pipe.send("end")
        last = None
        while (told := self.told()) is not None:
            last = told
        self._pipe.close()
        return last

    def kill(self) -> None:
        """SIGKILL, whatever it does."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)


class Play:
    """The nights of one seed."""

    def __init__(self, federation: Any, partners: Any, nursery: Nursery, seed: int) -> None:
        self.federation = federation
        self.layout: Layout = federation.layout
        self.nursery = nursery
        self.seed = seed
        self.dice = Random(seed)
        self.world = World(partners, self.dice)
        self.log = federation.config.with_name("said.log")
        federation.declare(SOURCES.format(here=partners.url, same=SAME))

    def nights(self, count: int) -> None:
        """Play nights.

        Raises:
            AssertionError: something does not hold; a note says what befell until then.
        """
        names = drawn(self.seed, count)
        for number, name in enumerate(names, 1):
            self.world.pass_a_day()
            try:
                ACCIDENTS[name](self)
                self.world.partners.behave()
                self.make_good()
            except AssertionError as error:
                error.add_note(f"seed {self.seed}, {count} nights: {' · '.join(names[:number])}")
                raise

    def child(
        self, *, act: str = "night", sources: Sequence[str] = ("jardins", "papiers"), **said: Any
    ) -> Child:
        """A process of tonight."""
        said.setdefault("now", self.world.clock)
        errand = Errand(self.federation.config, self.layout.root, self.log, tuple(sources), **said)
        return self.nursery.child(errand, act)

    def one(self) -> str:
        return self.dice.choice(("jardins", "papiers"))

    def make_good(self) -> None:
        """The next start: every source succeeds, everything its partner lists is published as it is."""
        told = self.child(now=self.world.clock + timedelta(hours=1)).end()
        assert told is not None, f"the next start died: {self.log.read_text()[-3000:]}"
        assert [one for one in told if not Outcome(one[1]).succeeded] == []
        ledger = self.federation.ledger()
        for source, listing in self.world.listings.items():
            assert lost(ledger, source, listing) == {}
            assert wrongly_withdrawn(ledger, source, listing) == {}
        ledger.close()

    def settled(self, anew: Path) -> None:
        """At the end: the store equals the rebuild from the ledger, readers see it, nothing is left over."""
        held = self.federation.dump()
        assert held == self.federation.dump(Layout(anew))
        checkpoint = Checkpoints(self.layout.checkpoints).current()
        assert checkpoint is not None
        assert held == read(checkpoint)
        late = datetime.now(UTC) + DAY
        RawStore(self.layout.raw).sweep(late)
        swept(self.layout.runs, late)
        files = [path.relative_to(self.layout.root) for path in self.layout.root.rglob("*") if path.is_file()]
        assert [str(path) for path in files if not KNOWN.fullmatch(str(path))] == []


def lost(ledger: Ledger, source: str, listing: Listing) -> dict[str, str]:
    """The records that their partner lists and that are not published as it has them."""
    found = {ref: ledger.triples(source, ref) for ref in listing.listed()}
    return {
        ref: f"version {version}: {(found[ref] or b'nothing').decode()}"
        for ref, version in listing.listed().items()
        if text(version).encode() not in (found[ref] or b"")
    }


def wrongly_withdrawn(ledger: Ledger, source: str, listing: Listing) -> dict[str, int]:
    """The records that were withdrawn more often than their partner removed them."""
    gone = {
        ref: sum(change.operation == "withdraw" for change in ledger.history(source, ref))
        for ref in listing.versions
    }
    return {ref: count for ref, count in gone.items() if count > listing.removed.get(ref, 0)}


def read(checkpoint: Path) -> bytes:
    """The canonical dump of a checkpoint, as a reader opens it."""
    store = ox.Store.read_only(str(checkpoint))
    quads = store.dump(format=ox.RdfFormat.N_QUADS) or b""
    away = f"<{iri.graph('http://localhost:8000/', 'territoire')}> .\n".encode()
    return b"".join(sorted(line for line in quads.splitlines(keepends=True) if not line.endswith(away)))


# The accidents


def quiet(play: Play) -> None:
    """Nothing happens."""
    _alone(play)


def killed_at_a_moment(play: Play) -> None:
    """SIGKILL at a step of the way of the data."""
    _alone(play, Accident(moment=play.dice.choice(sorted(struck.MOMENTS))))


def killed_anywhere(play: Play) -> None:
    """SIGKILL at any call."""
    _alone(play, Accident(call=play.dice.randrange(1, CALLS)))


def raised_at_a_moment(play: Play) -> None:
    """An exception at a step of the way of the data."""
    moment, raised = play.dice.choice(sorted(struck.MOMENTS)), play.dice.choice(sorted(struck.RAISED))
    _alone(play, Accident(moment=moment, raised=raised))


def raised_anywhere(play: Play) -> None:
    """An exception at any call."""
    _alone(play, Accident(call=play.dice.randrange(1, CALLS), raised=play.dice.choice(sorted(struck.RAISED))))


def disk_full(play: Play) -> None:
    """No file may grow beyond a size."""
    _alone(play, Accident(room=play.dice.choice((0, 1 << 10, 1 << 14, 1 << 16, 1 << 18))))


def unwritable(play: Play) -> None:
    """A folder of the store cannot be written: a file stands in its place."""
    with _in_the_way(play.layout.root / play.dice.choice(("raw", "runs", "locks", "hosts", "checkpoints"))):
        _alone(play)


def clock_wrong(play: Play) -> None:
    """The clock of the machine leaps."""
    leap = play.dice.choice((-400, -1, -0.01, 0.5, 400)) * DAY
    play.child(now=play.world.clock + leap).end()


def twice(play: Play) -> None:
    """Two commands harvest at once, one of which may be killed."""
    accident = Accident(call=play.dice.randrange(1, CALLS)) if play.dice.random() < 0.5 else struck.NONE
    for child in [play.child(accident=accident), play.child(sources=[play.one()])]:
        child.end()


def served(play: Play) -> None:
    """The server publishes what a command harvests; either may be killed."""
    serving = play.child(act="server")
    serving.told()
    accident = Accident(call=play.dice.randrange(1, CALLS)) if play.dice.random() < 0.5 else struck.NONE
    child = play.child(accident=accident)
    if play.dice.random() < 0.5:
        time.sleep(play.dice.random())
        serving.kill()
    child.end()
    serving.end()


def server_struck(play: Play) -> None:
    """The server meets an accident while it publishes, and a command takes over."""
    accident = Accident(
        moment=play.dice.choice(sorted(killed.PUBLISHING)),
        raised=play.dice.choice((None, *sorted(struck.RAISED))),
    )
    serving = play.child(act="server", accident=accident)
    serving.told()
    child = play.child()
    time.sleep(play.dice.random())
    serving.kill()
    child.end()
    serving.end()


def partner_fails(play: Play) -> None:
    """A partner answers badly."""
    path = play.dice.choice((GARDENS, f"{PAPERS}*"))
    play.world.partners.misbehave(
        path, play.dice.choice(("status:500", "html", "cut", "half", "list", "torn"))
    )
    _alone(play)


ACCIDENTS: Mapping[str, Callable[[Play], None]] = {
    act.__name__: act
    for act in (
        quiet, killed_at_a_moment, killed_anywhere, raised_at_a_moment, raised_anywhere, disk_full, unwritable,
        clock_wrong, twice, served, server_struck, partner_fails,
    )
}  # fmt: skip


def drawn(seed: int, nights: int) -> list[str]:
    """What befalls each night of a seed."""
    return Random(seed).choices(sorted(ACCIDENTS), k=nights)


def _alone(play: Play, accident: Accident = struck.NONE) -> None:
    play.child(accident=accident).end()


@contextmanager
def _in_the_way(path: Path) -> Iterator[None]:
    aside = path.with_name(f"{path.name}.aside")
    there = path.exists()
    if there:
        path.rename(aside)
    path.write_text("in the way")
    try:
        yield
    finally:
        path.unlink()
        if there:
            aside.rename(path)
