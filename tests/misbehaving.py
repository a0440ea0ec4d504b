"""Room: recordings served over HTTP on loopback, and read from there by the real client.

In: tests/connectors/<name>/. Out: a partner that answers as it was recorded, or fails as it is told to; what
a reading of it came to. Each recorded host has a listener of its own, and all that was recorded names it: so
nothing leaves 127.0.0.1. What a fault does to an answer is said in `demo.faults`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from moving import Moved, Prompter, origin
from shelf import NOW, RECORDINGS

from demo import faults
from demo.conversation import Seen
from demo.reply import Reply
from demo.server import Partners
from harvester import connectors
from harvester.config import load
from harvester.connectors import Connector
from harvester.errors import SourceError, SourceUnavailable
from harvester.fetch import Client, Pace, RawStore
from harvester.model import Answer, Kept, Listed, Listing, Outcome, Record, Rejected, Source

MAX_BYTES = 1 << 20
TIMEOUT = timedelta(seconds=5)
QUESTION = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading came to: the answers that were had, what they list, or the error it ended in."""

    answers: Sequence[Answer] = ()
    listed: Sequence[Listed] = ()
    error: SourceError | None = None
    took_s: float = 0.0

    @property
    def word(self) -> Outcome:
        """How a run ends that reads this."""
        if self.error:
            return Outcome.DEFERRED if isinstance(self.error, SourceUnavailable) else Outcome.FAILED
        issues = any(isinstance(one, Rejected | Kept) for one in self.listed)
        return Outcome.DONE_ISSUES if issues else Outcome.DONE

    @property
    def named(self) -> set[str]:
        """The refs that the listing names, whatever it tells of them."""
        return {str(one.ref) for one in self.listed if isinstance(one, Record | Kept | Rejected)}

    @property
    def nameless(self) -> bool:
        """True when a line could not be told apart: such a listing makes no record missing."""
        return any(one.ref is None for one in self.listed)


class Part(StrEnum):
    """What an answer is to its reading."""

    LISTING = "listing"
    DETAIL = "detail"
    BESIDE = "beside"


@dataclass
class Site:
    """One recorded partner on loopback; use it in a `with` block.

    Attributes:
        name: of the connector.
        folder: where its bodies and its table are kept meanwhile.
        source: as the recording declares it, at its addresses of here.
    """

    name: str
    folder: Path
    source: Source = field(init=False)

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        labels = json.loads((RECORDINGS / self.name / "answers.json").read_text(encoding="utf-8"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self._partners = {
            there: self._stack.enter_context(Partners(self.folder / "partners"))
            for there in sorted(set(map(origin, labels)))
        }
        self._moved = Moved({there: partners.url for there, partners in self._partners.items()})
        self.source = self._declared((RECORDINGS / self.name / "source.toml").read_bytes())
        replies = {url: self._reply(label) for url, label in labels.items()}
        questions = {url: url for url in replies} | self._learned(replies)
        self._files: dict[str, str] = {}
        for url, recorded in questions.items():
            partners = self._partners[origin(recorded)]
            partners.answer(_target(url), replies[recorded])
            self._files[partners.url + _target(url)] = labels[recorded]["file"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def connector(self) -> Connector:
        """The connector of the recording."""
        return connectors.load(self.name)

    @cached_property
    def good(self) -> Reading:
        """What a reading gives when nothing fails."""
        reading = self.read()
        assert reading.error is None, reading.error
        assert reading.named
        return reading

    @cached_property
    def parts(self) -> Mapping[str, Part]:
        """What each answer of a good reading is, by its address, in order: told by what its absence does."""
        return {answer.url: self._part(self.under("status:404", answer.url)) for answer in self.good.answers}

    @cached_property
    def chosen(self) -> tuple[str, ...]:
        """The answers to spoil: the first, the middle and the last of the listing, one or two of each other part."""
        of = {part: [url for url, one in self.parts.items() if one is part] for part in Part}
        listing, details, beside = of[Part.LISTING], of[Part.DETAIL], of[Part.BESIDE]
        picked = [
            listing[0],
            listing[len(listing) // 2],
            listing[-1],
            *details[:1],
            *details[-1:],
            *beside[-1:],
        ]
        return tuple(dict.fromkeys(picked))

    @property
    def one_of_each(self) -> list[str]:
        """The first answer of each part, that of the listing before the others."""
        first = {part: url for url, part in reversed(self.parts.items())}
        return [first[part] for part in Part if part in first]

    def file(self, url: str) -> str:
        """The file of the recording that answers `url`."""
        return self._files[self._at(url).url + _target(url)]

    def read(self, **changed: Any) -> Reading:
        """One reading by the real client; `changed` replaces fields of the source."""
        source, raw = replace(self.source, **changed), RawStore(self.folder / "raw")
        pace, began = Pace(self.folder / "hosts"), time.monotonic()
        kept: list[Answer] = []
        try:
            with Client(source, raw, agent="test", pace=pace, backoff=0.0, now=lambda: NOW) as client:
                kept += self.connector.answers(source, client, raw)
            listed = list(self.connector.records(source, kept, raw))
        except SourceError as error:
            return Reading(kept, error=error, took_s=time.monotonic() - began)
        return Reading(kept, listed, took_s=time.monotonic() - began)

    def under(self, fault: str, url: str, **changed: Any) -> Reading:
        """One reading while the answer at `url` has this fault."""
        with self.spoiled(fault, url):
            return self.read(**changed)

    @property
    def requests(self) -> list[Seen]:
        """What was asked of all its hosts since something was last forgotten, host by host."""
        return [seen for partners in self._partners.values() for seen in partners.requests]

    @contextmanager
    def spoiled(self, fault: str, url: str) -> Iterator[None]:
        """The answer at `url` has this fault inside the block."""
        partners = self._at(url)
        self.forget()
        partners.misbehave(_target(url), fault)
        try:
            yield
        finally:
            partners.behave()

    def forget(self) -> None:
        """Forget what was asked so far."""
        for partners in self._partners.values():
            partners.requests.clear()

    def met(self, url: str) -> bool:
        """True when the answer at `url` was asked for since it was last spoiled."""
        path = _target(url).partition("#")[0]
        return any(seen.path == path for seen in self._at(url).requests)

    def fits(self, fault: str, url: str) -> bool:
        """False when this fault would leave the answer at `url` as it is."""
        try:
            faults.faulty(_target(url), fault, self._at(url).reply)
        except faults.UnknownFault:
            return False
        return True

    def lost(self, reading: Reading) -> set[str]:
        """The refs that a listing taken for complete does not name any more; empty when it is not."""
        complete = self.connector.listing is Listing.FULL and not reading.nameless
        return self.good.named - reading.named if complete and reading.error is None else set()

    def before(self, url: str) -> list[str]:
        """What a cache could answer at `url`: the answer before it, and the one before it at the same path."""
        asked = list(self.parts)
        earlier = [one for one in asked[: asked.index(url)] if origin(one) == origin(url)]
        pages = [one for one in earlier if urlsplit(one).path == urlsplit(url).path]
        return list(dict.fromkeys(_target(one) for one in (*earlier[-1:], *pages[-1:])))

    def _part(self, without: Reading) -> Part:
        if without.error:
            return Part.LISTING
        kept = any(isinstance(one, Kept) for one in without.listed)
        return Part.DETAIL if kept else Part.BESIDE

    def _at(self, url: str) -> Partners:
        return next(one for one in self._partners.values() if one.url == origin(url))

    def _reply(self, label: Mapping[str, Any]) -> Reply:
        return Reply(
            status=label.get("status", 200),
            body=self._moved.body((RECORDINGS / self.name / label["file"]).read_bytes()),
            media_type=label["media_type"],
            charset=label.get("charset"),
            headers={name: self._moved.url(text) for name, text in label.get("headers", {}).items()},
        )

    def _learned(self, replies: Mapping[str, Reply]) -> Mapping[str, str]:
        """Questions sent by POST that hold an address of here, with the recorded ones in their place."""
        bodies = {self._moved.url(url): reply.body for url, reply in replies.items()}
        prompter = Prompter(bodies, self._moved)
        with suppress(SourceError):  # what else is missing shows in the good reading
            list(self.connector.answers(self.source, prompter, prompter))
        return {asked: there for asked, there in prompter.questions.items() if there in replies}

    def _declared(self, table: bytes) -> Source:
        path = self.folder / "source.toml"
        path.write_bytes(self._moved.here(table))
        return replace(
            load(path).sources["recorded"],
            allow_private=True,
            attempts=1,
            delay=timedelta(0),
            timeout=TIMEOUT,
            max_bytes=MAX_BYTES,
        )


def _target(url: str) -> str:
    """What a request line says of an address; after it the name of the question, when it is a POST."""
    path, _, fragment = url.partition("#")
    question = f"#{fragment}" if QUESTION.fullmatch(fragment) else ""
    return httpx.URL(path).raw_path.decode() + question
