"""What tests of real servers share: how one is started and ended, and a night told by the command."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
from conftest import ROOT, Federation

DEADLINE_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(command, ready, *, said, **how):
    """A server, once `ready()` is true; ended with all that it started. What it says goes to the file `said`."""
    with said.open("ab") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, **how
        )
    try:
        deadline = time.monotonic() + DEADLINE_S
        while not ready():
            assert process.poll() is None, said.read_text("utf-8", "replace")
            assert time.monotonic() < deadline, said.read_text("utf-8", "replace")
            time.sleep(0.05)
        yield process
    finally:
        _end(process)


def _end(process):
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)
        raise


def answering(url):
    """True once something answers at `url`, whatever it says."""
    try:
        httpx.get(url, trust_env=False, timeout=10)
    except httpx.TransportError:
        return False
    return True


def command(federation: Federation, *words: str, within_s: int = 120):
    """What `harvester WORDS --json` answers, on the file and the store of `federation`."""
    places = ["--config", federation.config, "--store", federation.layout.root]
    ran = subprocess.run(
        [sys.executable, "-m", "harvester", *words, "--json", *places],
        capture_output=True, text=True, check=False, timeout=within_s, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ran.stdout, ran.stderr
    return json.loads(ran.stdout)


def night(federation: Federation, source: str):
    """One run of `source` by the command: its report."""
    (report,) = command(federation, "run", source)["runs"]
    return report


def told(report, *names: str):
    """The word in which a run ended, then these counts of it; a run that counted nothing fails with its message."""
    assert report["counts"], report["message"]
    return (report["outcome"], *(report["counts"][name] for name in names))
