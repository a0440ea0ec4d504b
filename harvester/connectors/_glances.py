"""Room: what is looked at → answers, as the readers of kept ones take them.

In: a way to look. Out: answers whose bytes can be read again. What a connector recognises is read by the same
code that will harvest it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO

from harvester.connectors._recognition import Look, Seen
from harvester.errors import SourceChanged
from harvester.model import Answer


def nowhere(url: str, *, accept: str = "*/*", content: bytes | None = None) -> Seen | None:
    """Look at nothing."""


@dataclass(frozen=True, slots=True)
class Glances:
    """Who asks and who keeps, while something is being recognised."""

    look: Look = nowhere
    bodies: dict[str, bytes] = field(default_factory=dict)

    def answer(self, seen: Seen) -> Answer:
        """What answered, as an answer of a run."""
        self.bodies[seen.url] = seen.content
        return Answer(
            url=seen.url,
            status=200,
            body="",
            media_type=seen.media_type,
            charset=seen.charset,
            etag=None,
            last_modified=None,
            fetched_at=datetime.fromtimestamp(0, UTC),
            size=len(seen.content),
            headers=seen.headers,
        )

    def ask(self, url: str, *, accept: str = "*/*") -> Answer:
        """The answer at another address.

        Raises:
            SourceChanged: nothing answers there.
        """
        seen = self.look(url, accept=accept)
        if seen is None:
            raise SourceChanged(f"{url}: nothing answers")
        return self.answer(seen)

    def open(self, answer: Answer) -> BinaryIO:
        """The bytes from the first one."""
        return io.BytesIO(self.bodies[answer.url])

    def read(self, answer: Answer, *, limit: int = 1 << 24) -> bytes:
        """The bytes, of at most `limit`."""
        return self.bodies[answer.url][:limit]
