"""Room: recorded addresses, moved to a server on loopback and back.

In: texts that name the recorded hosts, and where each of them is served now. Out: the same texts naming
those, and the recorded questions that questions of here stand for. Sends nothing.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shelf import Shelf

from harvester.model import Answer, posted

GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Moved:
    """Where each recorded origin is served: `https://carte.example.org` → `http://127.0.0.1:40001`."""

    origins: Mapping[str, str]

    def here(self, text: bytes) -> bytes:
        """A text in which the recorded hosts are those of here, however their addresses are written."""
        for origin, here in self.origins.items():
            text = _replaced(text, urlsplit(origin).netloc, "https?", here)
        return text

    def back(self, text: bytes) -> bytes:
        """A text in which the hosts of here are the recorded ones again."""
        for origin, here in self.origins.items():
            text = _replaced(text, urlsplit(here).netloc, "http", origin)
        return text

    def url(self, url: str) -> str:
        """An address of here for a recorded one."""
        return self.here(url.encode()).decode()

    def body(self, body: bytes) -> bytes:
        """A body whose text is moved; packed again when it was packed."""
        if body.startswith(GZIP):
            return gzip.compress(self.here(gzip.decompress(body)), mtime=0)
        return self.here(body)


class Prompter(Shelf):
    """Plays a walk once, and learns which recorded question each question of here stands for.

    A question sent by POST is known by a hash of its words, which are others when they name a host.
    `bodies` are the recorded ones, moved, by the moved address of their recorded question.
    """

    def __init__(self, bodies: Mapping[str, bytes], moved: Moved) -> None:
        super().__init__(bodies)
        self.questions: dict[str, str] = {}
        self._moved = moved

    def post(
        self, url: str, content: bytes, *, media_type: str = "application/json", accept: str = "*/*"
    ) -> Answer:
        asked, recorded = posted(url, content), self._moved.back(content)
        self.questions[asked] = posted(self._moved.back(url.encode()).decode(), recorded)
        self.bodies[asked] = self.bodies.get(posted(url, recorded), b"")
        return super().post(url, content, media_type=media_type, accept=accept)


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _replaced(text: bytes, host: str, schemes: str, there: str) -> bytes:
    """A text in which the addresses of a host are those of another origin; slashes stay as they were."""
    scheme, netloc = (part.encode() for part in urlsplit(there)[:2])
    address = rf"(?:{schemes}(:|%3[aA]))?((?:\\?/|%2[fF]){{2}}){re.escape(host)}(?![\w.:-])"
    return re.sub(
        address.encode(),
        lambda found: (scheme + found[1] if found[1] else b"") + found[2] + netloc,
        text,
    )
