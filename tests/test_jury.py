"""Batches judged side by side give what one judge alone would, whatever happens to the helpers."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

from conftest import ROOT

from harvester.harvest.judging import Verdict
from harvester.harvest.jury import verdicts
from harvester.ledger import Judged
from harvester.mapping import Coverage
from harvester.model import Record, State

BATCHES = [[(Record(f"{n}-{m}", {}), b"") for m in range(250)] for n in range(8)]


@dataclass
class Judge:
    """Judges by the ref alone; away from `home` it may die, as a process without memory does."""

    home: int
    dies: bool = False

    def verdict(self, batch):
        if self.dies and os.getpid() != self.home:
            os._exit(1)
        return Verdict([Judged(one.ref, b"", State.IGNORED) for one, _ in batch], Coverage())


def judged(helpers: int, *, dies: bool = False) -> list[tuple[int, str]]:
    said = verdicts(Judge(os.getpid(), dies), BATCHES, helpers=helpers)
    return sorted((number, one.ref) for number, verdict in said for one in verdict.judged)


def main() -> None:
    """In a process with one thread, as a harvest is: nothing may be lost or judged twice."""
    alone = judged(0)
    assert len(alone) == len(set(alone)) == 2000
    assert [judged(1), judged(2), judged(2, dies=True)] == [alone] * 3


def test_helpers_change_nothing_alive_or_dead():
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    command = [sys.executable, "-c", "import test_jury; test_jury.main()"]

    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    assert (said.returncode, said.stderr) == (0, "")


def test_no_batches_give_no_verdicts():
    assert list(verdicts(Judge(os.getpid()), [], helpers=1)) == []
