"""Room: the commands that stay: `up`, `serve`, `schedule`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harvester.cli.harvesting import progress
from harvester.cli.house import CONFIG, FAILED, STORE, Config, House, Store, Verbose, err, house, out, stop
from harvester.dumps import Keeper
from harvester.harvest import Children, Report
from harvester.mirror import Follower
from harvester.publish import Publisher
from harvester.schedule import Clock
from harvester.triplestore import Checkpoints, FileLock, QueryPool

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

DEMO = Path(__file__).parents[2] / "demo"
DEMO_PORT = 8018

Host = Annotated[str, typer.Option("--host", help="address to listen on")]
AccessLog = Annotated[
    bool,
    typer.Option("--access-log/--no-access-log", help="a line for each request, telling nothing of who asks"),
]
Proxy = Annotated[
    str | None,
    typer.Option(
        "--behind", help="address of a reverse proxy, whose X-Forwarded-For is believed; else nobody's is"
    ),
]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="port to listen on")]


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the server listens, what it writes down, and the proxy that it believes."""

    host: str
    port: int
    access_log: bool
    behind: str | None


def up(  # noqa: PLR0913, PLR0917  # each is an option of the command
    demo: Annotated[
        bool, typer.Option("--demo", help="with the recorded partners of demo/, without any network")
    ] = False,
    demo_port: Annotated[
        int, typer.Option("--demo-port", min=1, max=65535, help="port of the recorded partners")
    ] = DEMO_PORT,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    access_log: AccessLog = False,
    behind: Proxy = None,
    config: Config = CONFIG,
    store: Store = STORE,
    verbose: Verbose = False,
) -> None:
    """Serve, harvest what is due, and go on night after night."""
    _leave_in_order()
    with ExitStack() as stack:
        if demo:
            stack.enter_context(_recorded_partners(demo_port))
            config, store = _demo_config(store / "demo", demo_port), store / "demo"
        opened = stack.enter_context(house(config, store, verbose=verbose))
        _stay(opened, Listening(host, port, access_log, behind), harvest=True)


def serve(  # noqa: PLR0913, PLR0917  # each is an option of the command
    host: Host = "127.0.0.1",
    port: Port = 8000,
    access_log: AccessLog = False,
    behind: Proxy = None,
    config: Config = CONFIG,
    store: Store = STORE,
    verbose: Verbose = False,
) -> None:
    """Serve what is held and publish what others harvest, without harvesting."""
    _leave_in_order()
    with house(config, store, verbose=verbose) as opened:
        _stay(opened, Listening(host, port, access_log, behind), harvest=False)


def schedule(config: Config = CONFIG, store: Store = STORE, verbose: Verbose = False) -> None:
    """Harvest what is due, night after night, without serving."""
    _leave_in_order()
    with (
        house(config, store, verbose=verbose) as opened,
        _publishing(opened, lambda _path: None),
        _ticking(opened, {}),
    ):
        Event().wait()


def _leave_in_order() -> None:
    """Make SIGINT and SIGTERM unwind every `with`, so that children end and the store is closed."""

    def leave(*_: object) -> None:
        raise SystemExit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)


def _stay(opened: House, listen: Listening, *, harvest: bool) -> None:
    import uvicorn

    from harvester.web import Serving, create_app

    host, port = listen.host, listen.port
    address = f"http://{host}:{port}/"
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        stop(f"{address}: cannot listen there ({error.strerror}); choose another --port", code=FAILED)
    running: dict[str, int] = {}
    pool = QueryPool(Checkpoints(opened.layout.checkpoints).current(), workers=(os.cpu_count() or 1) + 3)
    with ExitStack() as stack:
        stack.callback(pool.close)
        stack.enter_context(_publishing(opened, pool.swap))
        clock = stack.enter_context(_ticking(opened, running)) if harvest else None
        serving = Serving(
            federation=opened.federation,
            ledger=opened.ledger,
            pool=pool,
            layout=opened.layout,
            next_run=clock.next_run if clock else lambda _source: None,
            running=lambda: dict(running),
            problems=clock.problems if clock else lambda: opened.problems,
            configured=clock.configured if clock else lambda: [*opened.plans],
            access_log=listen.access_log,
        )
        out.print(f"{opened.federation.title}: {address}   (sources: /sources, SPARQL: /sparql)")
        uvicorn.Server(server_config(create_app(serving), listen)).run(sockets=[listening])


def server_config(app: ASGIApp, listen: Listening) -> uvicorn.Config:
    """How it is served; of what a proxy says only who asks is wanted, from the one that is believed."""
    import uvicorn

    believed: dict[str, Any] = {
        "proxy_headers": listen.behind is not None,
        "forwarded_allow_ips": listen.behind,
    }
    return uvicorn.Config(app, log_level="warning", access_log=False, **believed)


@contextmanager
def _publishing(opened: House, swapped: Callable[[Path], None]) -> Iterator[None]:
    """Hold the writer's lock and publish in the background."""
    lock = FileLock(opened.layout.writer_lock)
    if not lock.acquire():
        stop(f"{lock.path}: another server works on this store; stop it, or give another --store")
    publisher = Publisher(opened.layout, opened.federation, opened.ledger, swapped)
    publisher.start()
    try:
        with _dumping(opened), _mirroring(opened):
            yield
    finally:
        publisher.stop()
        lock.release()


@contextmanager
def _dumping(opened: House) -> Iterator[None]:
    """Have dumps made in the background, in a process that ends with this one."""
    pool = Children(1, verbose=opened.verbose)
    keeper = Keeper(opened.layout, opened.federation, opened.ledger, pool)
    keeper.start()
    try:
        yield
    finally:
        keeper.stop()


@contextmanager
def _mirroring(opened: House) -> Iterator[None]:
    """Follow with the mirror in the background, if there is one."""
    at = opened.federation.mirror
    follower = Follower(at, opened.layout, opened.federation, opened.ledger) if at else None
    try:
        if follower:
            follower.start()
        yield
    finally:
        if follower:
            follower.stop()


@contextmanager
def _ticking(opened: House, running: dict[str, int]) -> Iterator[Clock]:
    """Run the clock in the background; `running` tells who is being harvested, records read so far."""
    names = [plan.source.id for plan in opened.plans.values() if plan.source.enabled]
    with progress(names) as (told, ended):

        def heard(source: str, records: int) -> None:
            running[source] = records
            told(source, records)

        def over(report: Report) -> None:
            running.pop(report.source, None)
            ended(report)

        pool = Children(told=heard, verbose=opened.verbose)
        clock = Clock(opened.config, opened.layout, opened.ledger, pool, over)
        clock.start()
        try:
            yield clock
        finally:
            clock.stop()
            pool.shutdown(cancel_futures=True)


def _demo_config(store: Path, port: int) -> Path:
    """The demo's file; on another port than its own, a copy that says so."""
    if port == DEMO_PORT:
        return DEMO / "sources.toml"
    moved = store / "sources.toml"
    moved.parent.mkdir(parents=True, exist_ok=True)
    text = (DEMO / "sources.toml").read_text(encoding="utf-8")
    moved.write_text(text.replace(f"127.0.0.1:{DEMO_PORT}/", f"127.0.0.1:{port}/"), encoding="utf-8")
    return moved


@contextmanager
def _recorded_partners(port: int) -> Iterator[None]:
    """The partners of demo/, served on loopback by a process of their own."""
    if not DEMO.is_dir():
        stop(f"{DEMO}: not there; --demo needs a checkout of the project, not the installed package alone")
    command = [sys.executable, str(DEMO / "server.py"), "--port", str(port)]
    partners = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own script
    first = partners.stdout.readline() if partners.stdout else ""
    if not first:
        stop(
            f"127.0.0.1:{port}: the recorded partners cannot listen there; choose another --demo-port",
            code=FAILED,
        )
    err.print(f"recorded partners: http://127.0.0.1:{port}/", style="dim")
    try:
        yield
    finally:
        partners.terminate()
        partners.wait()
