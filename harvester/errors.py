"""Room: every error the harvester raises, grouped by what happens next.

HarvesterError
  ConfigError          carries every problem found; a faulty source fails alone, a bad file refuses to start
  SourceError          this source's run ends; the others go on; nothing published changes
    SourceUnavailable    deferred: the next round tries again (time-out, 5xx, 429)
    SourceRefused        failed: 401, 403, robots, licence gone: a person must act
    SourceChanged        failed: the answer no longer has the expected shape: a person must act
    GuardHeld            held: found versus expected; published data kept until a person has looked
  RecordError          this record is skipped and reported; the run goes on
  StoreError           changes are not applied yet; the ledger keeps them
    DiskError            the disk refuses: full, not writable, failing; nothing committed is lost
    MirrorError          the remote mirror does not take what changed: it is behind, and brought up later
  QueryError           the asker's fault or limit; carries the HTTP status

A message reads *where: who: what is wrong; what to do*, on one line, with the offending value.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class HarvesterError(Exception):
    """Root of the tree; its text is fit to be shown to a person as it is."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known one, or all of them."""
    names = sorted(known)
    near = get_close_matches(word, names, 1)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(names)}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a configuration file.

    `line` counts from 1, 0 when the problem has no line; `source` is the id of the faulty
    source, or None when the whole file is at fault.
    """

    file: str
    line: int
    source: str | None
    text: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        who = f"source '{self.source}': " if self.source else ""
        return f"{where}: {who}{self.text}"


class ConfigError(HarvesterError):
    """The configuration cannot be used; `problems` holds all of them, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SourceError(HarvesterError):
    """This source's run ends here; what is published stays as it is."""


class SourceUnavailable(SourceError):
    """The partner cannot answer now; the next round tries again. Outcome: deferred."""


class SourceRefused(SourceError):
    """The partner says no (401, 403, robots.txt, address guard). Outcome: failed."""


class SourceChanged(SourceError):
    """The answer no longer has the expected shape. Outcome: failed."""


class GuardHeld(SourceError):
    """A guard refused to publish: found versus expected. Outcome: held."""


class RecordError(HarvesterError):
    """This record is skipped and reported; the run goes on. `field` is the item field at fault."""

    def __init__(self, text: str, *, field: str = "record") -> None:
        self.field = field
        super().__init__(text)


class StoreError(HarvesterError):
    """Changes could not be applied or the store cannot be opened; the ledger keeps them."""


class DiskError(StoreError):
    """The disk under the store refuses: full, not writable, failing; nothing committed is lost."""


class MirrorError(StoreError):
    """The remote mirror cannot be asked or does not take what changed; it is brought up later."""


_REMEDIES = (
    ((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free some space on this disk"),
    ((errno.EACCES, errno.EPERM, errno.EROFS), "let the user who runs the harvester write there"),
    ((errno.ENOTDIR, errno.EISDIR, errno.EEXIST), "move away what stands there"),
)


def disk_error(error: OSError, where: object = None) -> DiskError:
    """What the disk refuses under the store, in one line; `where` when the system does not name the file."""
    path, why = error.filename or where or "the disk", error.strerror or " ".join(str(error).split())
    number = errno.ENOSPC if "No space left" in why else error.errno  # the engine of the store gives none
    remedy = next((text for numbers, text in _REMEDIES if number in numbers), "look at this disk")
    return DiskError(f"{path}: {why}; nothing committed is lost; {remedy}, then run it again")


class QueryError(HarvesterError):
    """A query that cannot be answered; `status` is the HTTP status to answer with.

    `more` is what a program may want to know beside the kind: the line and column of a syntax error.
    """

    def __init__(
        self, text: str, *, status: int, kind: str, more: Mapping[str, str | int] | None = None
    ) -> None:
        self.status = status
        self.kind = kind
        self.more = more or {}
        super().__init__(text)
