"""Room: the recorded partners, served over HTTP on loopback.

What comes in: a folder of partners and the faults a test asks for. What goes out: the answers a partner
would give, good or bad, and the list of what was asked. Never leaves 127.0.0.1, never outlives `stop`.

    python demo/server.py --port 8018
"""

from __future__ import annotations

import argparse
import hashlib
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

sys.path.append(str(Path(__file__).resolve().parents[1]))  # run as a script, only `demo/` itself is known

from demo import faults, sites
from demo.conversation import HOST, Listener, Seen
from demo.reply import Reply

HERE = Path(__file__).resolve().parent
REQUESTS_KEPT = 10_000

Content = bytes | Callable[[str], bytes]


class Partners:
    """Every partner of a folder, served under `/<partner>/…`; one listening socket while started.

    Args:
        root: the folder of partners.
        port: 0 takes a free one.

    Attributes:
        requests: what was asked, oldest first, the last 10,000; control requests are left out.
    """

    def __init__(self, root: Path, *, port: int = 0) -> None:
        self.requests: list[Seen] = []
        self.stopping = threading.Event()
        self._root = root
        self._port = port
        self._lock = threading.Lock()
        self._faults: dict[str, tuple[str, int | None]] = {}
        self._served: dict[str, tuple[Content, str]] = {}
        self._replies: dict[str, Reply] = {}
        self._server: Listener | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the partners answer, without a final slash; only while started."""
        if self._server is None:
            raise RuntimeError("partners: not started; call start() first")
        return f"http://{HOST}:{self._server.server_port}"

    def start(self) -> Self:
        """Listens and answers from a thread of its own.

        Raises:
            OSError: if the port is taken.
        """
        self.stopping.clear()
        self._server = Listener(self, self._port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="partners")
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends every sleep and connection, and returns when no thread is left; may be called twice."""
        self.stopping.set()
        if self._server and self._thread:
            self._server.shutdown()
            self._server.hang_up()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def misbehave(self, path: str, fault: str, *, times: int | None = None) -> None:
        """Makes `path` (query string included; a final `*` means "and all below") fail.

        A question sent by POST may be named alone, as `answer` says; its path alone means all of them.
        `fault` is written as `demo.faults.faulty` says; `times` is how many requests meet it, None for
        all. A new fault of the same path replaces the old one.

        Raises:
            demo.faults.UnknownFault: if the fault, or how often, cannot be understood.
        """
        faults.check(fault)
        if times is not None and times < 1:
            raise faults.UnknownFault(f"partners: times is '{times}'; give 1 or more, or None for all")
        with self._lock:
            self._faults[path] = (fault, times)

    def behave(self) -> None:
        """Forgets every fault."""
        with self._lock:
            self._faults.clear()

    def serve(self, path: str, content: Content, media_type: str) -> None:
        """Answers `path` with these bytes, or with what a function of the path asked for returns.

        A question sent by POST is the path, a `#` and the body: so a function may answer each its own.

        A path without a query string answers whatever the query; served paths come before recorded ones.
        """
        self._served[path] = (content, media_type)

    def answer(self, path: str, reply: Reply) -> None:
        """Gives this reply to `path`; it comes before all that is served or recorded.

        A question sent by POST is named by its path, a `#` and `digest` of its body.
        """
        self._replies[path] = reply

    def reply(self, path: str) -> Reply:
        """The reply to one request for `path` (with `#` and the body of a POST); counts down its fault."""
        fault = self._fault(path)
        return faults.faulty(path, fault, self._good) if fault else self._good(path)

    def keep(self, seen: Seen) -> None:
        """Adds one request to `requests`."""
        with self._lock:
            self.requests.append(seen)
            del self.requests[:-REQUESTS_KEPT]

    def _good(self, path: str) -> Reply:
        ready = next((self._replies[name] for name in _names(path) if name in self._replies), None)
        if ready:
            return ready
        bare = path.partition("#")[0]
        served = self._served.get(path) or self._served.get(bare) or self._served.get(bare.partition("?")[0])
        if served:
            content, media_type = served
            return Reply(body=content(path) if callable(content) else content, media_type=media_type)
        if path == "/robots.txt":
            return Reply(body=sites.robots(self._root).encode())
        if "#" in path:
            return Reply(status=405)
        return sites.reply(self._root, path) or Reply(status=404, body=b"no such address\n")

    def _fault(self, path: str) -> str | None:
        with self._lock:
            met = next((asked for asked in _patterns(path) if asked in self._faults), None)
            if met is None:
                return None
            fault, times = self._faults.pop(met)
            if times is None or times > 1:
                self._faults[met] = (fault, times and times - 1)
            return fault


def digest(body: str) -> str:
    """16 hexadecimal digits of the body of a POST, by which its question is named."""
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def _names(path: str) -> Iterable[str]:
    """The names of one request: as it is, of its question when it is a POST, of its path alone."""
    bare, _, body = path.partition("#")
    return (path, f"{bare}#{digest(body)}", bare)


def _patterns(path: str) -> Iterable[str]:
    """The names of a request, then every `prefix*` it falls under, longest first."""
    bare = path.partition("#")[0]
    return [*_names(path), *(f"{bare[:end]}*" for end in range(len(bare), -1, -1))]


def main() -> None:
    """Serves until interrupted."""
    parser = argparse.ArgumentParser(description="The recorded partners, served over HTTP on loopback.")
    parser.add_argument("--port", type=int, default=8018)
    parser.add_argument("--root", type=Path, default=HERE / "partners", help="the folder of partners")
    asked = parser.parse_args()
    done = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: done.set())
    with Partners(asked.root, port=asked.port) as partners:
        print(f"{len(sites.partners(asked.root))} recorded partners at {partners.url}/", flush=True)
        done.wait()


if __name__ == "__main__":
    main()
