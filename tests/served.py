"""A recording served over HTTP on loopback, its hosts replaced by neutral addresses in every body."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from shelf import RECORDINGS

from demo.conversation import HOST, Listener, Seen
from demo.reply import Reply
from harvester.model import posted


@dataclass
class Site:
    """One recorded host: bodies by what follows the host in their address, as `model.posted` writes it."""

    bodies: Mapping[str, tuple[bytes, Mapping[str, Any]]]
    stopping: threading.Event = field(default_factory=threading.Event)
    requests: list[Seen] = field(default_factory=list)

    def reply(self, path: str) -> Reply:
        address, mark, content = path.partition("#")
        found = self.bodies.get(posted(address, content.encode()) if mark else address)
        if found is None:
            return Reply(status=404, body=b"no such address\n")
        body, label = found
        return Reply(
            status=label.get("status", 200),
            body=body,
            media_type=label.get("media_type", "application/json"),
            charset=label.get("charset"),
            headers=label.get("headers", {}),
        )

    def keep(self, seen: Seen) -> None:
        self.requests.append(seen)

    def misbehave(self, path: str, fault: str, *, times: int | None = None) -> None:
        raise NotImplementedError(f"{path}: {fault} {times}; faults are served by misbehaving.py")

    def behave(self) -> None:
        pass


@dataclass(frozen=True)
class Served:
    """A recording on loopback: where each recorded host is, and how addresses are written there."""

    hosts: Mapping[str, str]

    def address(self, recorded: str) -> str:
        for theirs, ours in self.hosts.items():
            recorded = recorded.replace(theirs, ours).replace(_slashed(theirs), _slashed(ours))
        return recorded


@contextmanager
def served(name: str, *files: str) -> Iterator[Served]:
    """Serve the recording of a connector: what these files of its folder list as answers."""
    folder = RECORDINGS / name
    answers: dict[str, Any] = {}
    for file in files or ("answers.json",):
        answers |= json.loads((folder / file).read_text(encoding="utf-8"))
    sites: dict[str, dict[str, tuple[bytes, Mapping[str, Any]]]] = {}
    for url in answers:
        sites.setdefault(_host(url), {})
    with ExitStack() as stack:
        places = {host: stack.enter_context(_listening(Site(bodies))) for host, bodies in sites.items()}
        said = Served(dict(sorted(places.items(), key=lambda pair: -len(pair[0]))))
        for url, label in answers.items():
            body = (folder / label["file"]).read_bytes()
            headers = {key: said.address(text) for key, text in label.get("headers", {}).items()}
            rewritten = said.address(body.decode("latin-1")).encode("latin-1")
            sites[_host(url)][url.removeprefix(_host(url))] = (rewritten, {**label, "headers": headers})
        yield said


@contextmanager
def _listening(site: Site) -> Iterator[str]:
    server = Listener(site, 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        site.stopping.set()
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join()


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _slashed(text: str) -> str:
    """As JSON writers that escape slashes write it."""
    return text.replace("/", r"\/")
