"""Run as a program: the command line, killed with SIGKILL when a step of a withdrawal has done its work.

`python tests/withdrawn.py STEP ARGUMENTS…`: the product runs as it is; one of its functions is wrapped here so
that the process dies after it, as it would by a power cut.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from harvester import cli
from harvester.cli import withdrawing
from harvester.harvest import withdrawal
from harvester.harvest.diary import Diary
from harvester.publish import publication

STEPS = {
    "order": withdrawing,
    "drop_answers": withdrawal,
    "forget": withdrawal,
    "hush_summaries": withdrawal,
    "rewrite": Diary,
    "rewrite_records": withdrawal,
    "_renew": publication,
    "publish_anew": withdrawal,
    "write_ledger_anew": withdrawal,
    "drop_leftovers": withdrawal,
}
"""Each step, and where it is called from."""


def few_territories(*_: Any) -> bytes:
    """Nothing but one commune: all of them take ten seconds to load, and a withdrawal loads them again."""
    return b'<https://w3id.org/archipel/territoire/commune/34010> <http://rdf.insee.fr/def/geo#codeINSEE> "34010" .\n'


def dies_after(room: Any, name: str) -> None:
    """Die when this function has done its work."""
    step = getattr(room, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        step(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(room, name, wrapped)


def main() -> None:
    """Die on the way."""
    publication.territory_triples = few_territories
    step = sys.argv.pop(1)
    dies_after(STEPS[step], step)
    cli.main()


if __name__ == "__main__":
    main()
