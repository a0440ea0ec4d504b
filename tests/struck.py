"""Room: what one process of a night does, and the accident that befalls it on the way.

In: an errand, and a pipe to tell how it went. The product runs as it is: an accident is laid into it before,
or limits what the system gives it. Run as a program, `python tests/struck.py ADDRESS` is a nursery: it loads
the product once and forks a child for each errand it hears, since some errands are not survived.
"""

from __future__ import annotations

import errno
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

import killed
from lxml.etree import Element

from harvester import connectors, territory, vocab
from harvester.cli import harvesting
from harvester.cli.house import House
from harvester.config import load
from harvester.harvest import Harvest, plans
from harvester.layout import Layout
from harvester.ledger import Ledger
from harvester.publish import Publisher
from harvester.shapes import Checker
from harvester.triplestore import FileLock

WAIT_S = 30
"""How long a command waits for the server that holds the store."""

RAISED = {
    "io": OSError(errno.EIO, "Input/output error"),
    "full": OSError(errno.ENOSPC, "No space left on device"),
    "memory": MemoryError(),
    "ours": RuntimeError("our own fault, injected"),
    "interrupt": KeyboardInterrupt(),
}
"""What may be raised anywhere."""


@dataclass(frozen=True, slots=True)
class Accident:
    """What befalls a process: it is killed, or `raised` is raised, at a moment or a call; or its disk is full.

    `moment` is one of `killed`, `call` counts the calls made in this process, `room` is the size (bytes) that
    no file may outgrow.
    """

    moment: str | None = None
    call: int | None = None
    raised: str | None = None
    room: int | None = None


NONE = Accident()
MOMENTS = {**killed.HARVESTING, **killed.PUBLISHING}


@dataclass(frozen=True, slots=True)
class Errand:
    """One process of a night: the sources it harvests at a time of its clock, what it publishes then."""

    config: Path
    store: Path
    log: Path
    sources: tuple[str, ...]
    now: datetime
    accident: Accident = NONE


def night(errand: Errand, pipe: Connection) -> None:
    """Harvest and publish as the command `run` does; tells [(source, outcome, message)] and how far it came."""
    _quietly(errand.log)
    told: list[tuple[str, str, str]] = []
    with _opened(errand) as opened:
        _befall(errand.accident)
        for name in errand.sources:
            plan = opened.plans[name]
            report = Harvest(
                plan, opened.federation, opened.layout, opened.ledger, now=lambda: errand.now
            ).run()
            told.append((name, report.outcome, report.message))
        harvesting._WAIT_S = WAIT_S
        harvesting.publish(opened)
    pipe.send(told)


def server(errand: Errand, pipe: Connection) -> None:
    """Publish whatever others commit, as `serve` does, until told to stop."""
    _quietly(errand.log)
    with _opened(errand) as opened:
        lock = FileLock(opened.layout.writer_lock)
        if not lock.acquire():
            pipe.send("locked")
            return
        _befall(errand.accident)
        publisher = Publisher(opened.layout, opened.federation, opened.ledger, lambda _made: None)
        publisher.start()
        pipe.send("serving")
        pipe.recv()
        publisher.stop()
        lock.release()
        pipe.send("stopped")


def warm() -> None:
    """Load what every child needs, so that children forked from here need not."""
    territory.load().fingerprint()
    vocab.ntriples()
    Checker()
    for name in ("table", "oai_pmh"):
        connectors.load(name)
    root = Element("warm")
    root.text = "and lxml"


@contextmanager
def _opened(errand: Errand) -> Iterator[House]:
    configuration = load(errand.config)
    usable, problems = plans(configuration)
    assert not problems, [str(problem) for problem in problems]
    layout = Layout(errand.store)
    ledger = Ledger.open(layout.ledger, base=configuration.federation.base)
    yield House(errand.config, configuration.federation, usable, problems, layout, ledger, verbose=False)
    ledger.close()


def _quietly(log: Path) -> None:
    """What a child says goes into a file: a dying one says much."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(file, stream)


def _befall(accident: Accident) -> None:
    fate = _raising(accident.raised) if accident.raised else killed.die
    if accident.moment is not None:
        MOMENTS[accident.moment](fate)
    if accident.call is not None:
        _count_calls(accident.call, fate)
    if accident.room is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (accident.room, resource.RLIM_INFINITY))


def _raising(name: str) -> killed.Fate:
    def fate(*_arguments: Any, **_named: Any) -> None:
        raise RAISED[name]

    return fate


def _count_calls(number: int, fate: killed.Fate) -> None:
    """The fate at this call, of Python or of the system, of whatever thread."""
    left = number

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal left
        if event in ("call", "c_call"):
            left -= 1
            if left == 0:
                fate()

    threading.setprofile(count)
    sys.setprofile(count)


ACTS = {"night": night, "server": server}


def main() -> None:
    """Fork a child for each errand, until nobody asks any more."""
    warm()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    address = sys.argv[1]
    with Client(address, "AF_UNIX") as control:
        while True:
            try:
                act, errand = control.recv()
            except EOFError:
                return
            if os.fork() == 0:
                control.close()
                _child(address, act, errand)


def _child(address: str, act: str, errand: Errand) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pipe = Client(address, "AF_UNIX")
    pipe.send(os.getpid())
    try:
        ACTS[act](errand, pipe)
    except BaseException:  # noqa: BLE001  # whatever was raised into it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
