"""Room: one worker process, seen from the server: started, asked, read with a deadline, killed.

See `evaluator` for what runs on the other side, and for the frames that travel between them.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

from harvester.errors import StoreError
from harvester.evaluator import frames
from harvester.triplestore.checkpoints import mark
from harvester.triplestore.turns import Ending

_GENTLE = 10
"""How much a long query yields to quick ones, as `nice` counts."""

_START_S = 60
"""Seconds within which a worker must stand ready, on the busiest machine."""

_READ = 1 << 17

Frame = tuple[bytes, bytes]


class Worker(Ending):
    """One worker process on one checkpoint; used by one thread at a time, but for `end`."""

    def __init__(self, checkpoint: Path, memory: int) -> None:
        """Start it, and wait until it is ready.

        Raises:
            StoreError: it cannot read the checkpoint.
        """
        self.checkpoint = checkpoint
        self.spent = False
        self.ended = False
        command = [sys.executable, "-m", "harvester.evaluator", str(memory)]
        self._process = subprocess.Popen(  # noqa: S603  # our own module, no shell
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            env={**os.environ, "MALLOC_ARENA_MAX": "2"},  # else threads reserve what the limit counts as used
        )  # fmt: skip
        self._held = bytearray()
        self.open(checkpoint)

    def open(self, checkpoint: Path) -> None:
        """Answer from this checkpoint from now on.

        Raises:
            StoreError: it cannot be read.
        """
        self.checkpoint = checkpoint
        try:
            self._send(frames.OPEN, str(checkpoint).encode())
            letter, said = self.frame(time.monotonic() + _START_S)
        except (TimeoutError, EOFError) as error:
            self.kill()
            raise StoreError(f"{checkpoint}: no query worker could be started ({error!r})") from error
        if letter != frames.READY:
            self.kill()
            raise StoreError(f"{checkpoint}: cannot be read ({json.loads(said)['text']})")
        self.mark = mark(checkpoint)

    def alive(self) -> bool:
        """True while the process runs."""
        return self._process.poll() is None

    def end(self) -> None:
        """Stop it from any thread, without waiting; whoever reads from it finds it dead."""
        self.spent = self.ended = True
        self._process.kill()

    def kill(self) -> None:
        """Stop it, and let go of its pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def yield_to_others(self) -> None:
        """Let quick queries go first on the processor; there is no way back."""
        self.spent = True
        if self.alive():
            os.setpriority(os.PRIO_PROCESS, self._process.pid, _GENTLE)

    def crashed(self) -> bool:
        """True when it died of a stack too deep rather than of its memory."""
        return self._process.wait() in (-signal.SIGSEGV, -signal.SIGBUS)

    def ask(self, request: Mapping[str, Any]) -> None:
        """Send a request.

        Raises:
            EOFError: the worker died.
        """
        self._send(frames.REQUEST, json.dumps(request).encode())

    def _send(self, letter: bytes, data: bytes) -> None:
        try:
            frames.send(cast("IO[bytes]", self._process.stdin), letter, data)
        except BrokenPipeError as error:
            raise EOFError from error

    def frame(self, deadline: float) -> Frame:
        """The next frame.

        Raises:
            TimeoutError: it did not come in time.
            EOFError: the worker died.
        """
        while (found := self.ready()) is None:
            self._read(deadline)
        return found

    def ready(self) -> Frame | None:
        """The next frame when it is here already."""
        size = frames.HEADER.size
        if len(self._held) < size:
            return None
        letter, length = frames.HEADER.unpack_from(self._held)
        if len(self._held) < size + length:
            return None
        data = bytes(self._held[size : size + length])
        del self._held[: size + length]
        return letter, data

    def begun(self) -> bool:
        """True when all of an answer is here already, or the second part of a long one."""
        at, parts, size = 0, 0, frames.HEADER.size
        while len(self._held) >= at + size:
            letter, length = frames.HEADER.unpack_from(self._held, at)
            at += size + length
            parts += letter == frames.DATA
            if len(self._held) >= at and (letter in (frames.END, frames.ERROR) or parts > 1):
                return True
        return False

    def fileno(self) -> int:
        """What becomes readable when there is more to `take_in`."""
        return cast("IO[bytes]", self._process.stdout).fileno()

    def _read(self, deadline: float) -> None:
        ready = select.poll()
        ready.register(self, select.POLLIN)
        if not ready.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError
        self.take_in()

    def take_in(self) -> None:
        """Read what is there; waits when nothing is.

        Raises:
            EOFError: the worker died.
        """
        data = cast("IO[bytes]", self._process.stdout).read(_READ)
        if not data:
            raise EOFError
        self._held += data
