"""Run as a program in a mount namespace of its own: nights on a disk that is nearly full.

`unshare --map-root-user --mount python tests/crowded.py CONFIG STORE FURNISHED OUT`: the store stands on a small
disk in memory, filled up to a few bytes before each night; what the command said of each is printed as JSON, and
the store is copied to OUT at the end.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOMS = (0, 24 << 10, 200 << 10, 600 << 10)
"""Bytes left: a night stops at another step each time."""

SIZE = 400 << 20


def night(config: Path, store: Path) -> tuple[int, str, str]:
    """One `harvester run`."""
    command = [sys.executable, "-m", "harvester", "run", "--config", str(config), "--store", str(store)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    return said.returncode, said.stdout, said.stderr


def fill(path: Path, left: int) -> None:
    """Leave so many bytes on the disk."""
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, shutil.disk_usage(path.parent).free - left))


def main() -> None:
    """Nights between a good one and a good one."""
    config, store, furnished, out = (Path(argument) for argument in sys.argv[1:5])
    shutil.rmtree(store, ignore_errors=True)
    store.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", store], check=True)
    shutil.copytree(furnished, store / "oxigraph")
    told = [night(config, store)]
    for room in ROOMS:
        fill(store / "ballast", room)
        told.append(night(config, store))
        (store / "ballast").unlink()
    told.append(night(config, store))
    shutil.copytree(store, out)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
