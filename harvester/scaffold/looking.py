"""Room: looking at addresses that nobody declared yet, as politely as a harvest.

In: an address. Out: what answers there, the same to every connector that looks. Robots, pace, guard and
caps of the client hold; nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from harvester import __version__
from harvester.connectors._recognition import Seen
from harvester.errors import SourceError
from harvester.fetch import Client, Pace, RawStore, agent
from harvester.model import Source

LARGEST = 1 << 26
"""Bytes of one answer that is looked at: some maps and tables come whole in one document."""

DELAY = timedelta(seconds=0.5)
"""Between two addresses: a person is waiting, and a platform is asked a dozen times at most."""

_RDF = "application/ld+json, text/turtle;q=0.9"

MOST = 60
"""Addresses looked at for one `source add`: no platform needs a third of it."""


@dataclass
class Looking:
    """What was looked at so far; `refusals` says why an address did not answer."""

    client: Client
    raw: RawStore
    seen: dict[str, Seen | None] = field(default_factory=dict)
    refusals: dict[str, SourceError] = field(default_factory=dict)

    def first(self, url: str) -> Seen:
        """What answers at the address that a person gave.

        Raises:
            SourceError: why it cannot be read.
        """
        found = self(url) or self(url, accept=_RDF)  # linked data servers may refuse to choose
        if found is None:
            raise self.refusals[url]
        return found

    def __call__(self, url: str, *, accept: str = "*/*", content: bytes | None = None) -> Seen | None:
        """What answers at `url`; None when nothing can be read there."""
        key = f"{url}#{accept}#{content!r}"
        if key not in self.seen:
            self.seen[key] = self._looked(url, accept, content) if len(self.seen) < MOST else None
        return self.seen[key]

    def _looked(self, url: str, accept: str, content: bytes | None) -> Seen | None:
        try:
            answer = (
                self.client.get(url, accept=accept)
                if content is None
                else self.client.post(url, content, accept=accept)
            )
        except SourceError as error:
            self.refusals.setdefault(url, error)
            return None
        with self.raw.open(answer) as stream:
            body = stream.read(LARGEST)
        return Seen(url, body, answer.media_type, answer.charset, answer.headers)


@contextmanager
def looking(
    *, contact: str | None, source: Source | None = None, allow_private: bool = False
) -> Iterator[Looking]:
    """Look around as `source` says, or as a stranger: one try an address, half a second between two."""
    stranger = Source(
        id="source add",
        title="",
        connector="",
        urls=("",),
        licence="unknown",
        delay=DELAY,
        attempts=1,
        max_bytes=LARGEST,
        allow_private=allow_private,
    )
    with TemporaryDirectory(prefix="archipel-") as folder:
        raw, pace = RawStore(Path(folder) / "raw"), Pace(Path(folder) / "hosts")
        name = agent(contact, __version__)
        with Client(source or stranger, raw, agent=name, pace=pace) as client:
            yield Looking(client, raw)
