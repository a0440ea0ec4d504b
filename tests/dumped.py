"""Run as a program: dumps made, and the process killed with SIGKILL when it comes to a step.

`python tests/dumped.py STEP CONFIG STORE`: the product runs as it is; one of its functions is replaced here by
the death of the process, as by a power cut.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from harvester import dumps
from harvester.config import load
from harvester.dumps import files, making, stock
from harvester.layout import Layout

STEPS: dict[str, tuple[Any, str]] = {
    "a record is written": (files.Packing, "add"),
    "the files are whole": (making, "_bundle"),
    "the set is in its place": (stock.json, "dump"),
    "the set counts": (stock, "sweep"),
}


def dies(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    step, config, store = sys.argv[1:]
    setattr(*STEPS[step], dies)
    dumps.make(Layout(Path(store)), load(Path(config)).federation)
