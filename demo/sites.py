"""Room: the recorded partners on disk.

What comes in: a folder of partners, each with a `site.toml` saying which address answers with which file.
What goes out: the reply to an address, or None; and robots.txt. Reads at each request, so that a file
changed on disk changes the answer; never writes, never speaks HTTP.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from demo.reply import Reply


@dataclass(frozen=True, slots=True)
class Address:
    """One `[[answer]]` table: `path` (query string included) -> a file, or a folder when it ends in `/`."""

    path: str
    file: Path
    media_type: str
    charset: str | None
    date: datetime

    def file_at(self, path: str) -> Path | None:
        """The file that answers `path`; None when there is none, or when it would leave the folder."""
        if path == self.path and self.file.is_file():
            return self.file
        if not self.path.endswith("/") or not path.startswith(self.path):
            return None
        file = (self.file / path.removeprefix(self.path)).resolve()
        return file if file.is_relative_to(self.file.resolve()) and file.is_file() else None


def reply(root: Path, path: str) -> Reply | None:
    """The recorded reply to `path`, which starts with `/<partner>/`; None when the address is unknown."""
    partner, _, rest = path.lstrip("/").partition("/")
    for address in addresses(root, partner):
        file = address.file_at(f"/{rest}")
        if file:
            return Reply(
                body=file.read_bytes(),
                media_type=address.media_type,
                charset=address.charset,
                date=address.date,
            )
    return None


def addresses(root: Path, partner: str) -> tuple[Address, ...]:
    """The addresses of one partner, in the order of its `site.toml`; empty when it is not a partner."""
    file = root / partner / "site.toml"
    if partner not in partners(root):
        return ()
    return tuple(_addresses(file, _site(file, file.stat().st_mtime_ns)))


def partners(root: Path) -> tuple[str, ...]:
    """The partners of `root`, sorted: its folders that hold a `site.toml`."""
    return tuple(sorted(file.parent.name for file in root.glob("*/site.toml")))


def robots(root: Path) -> str:
    """One robots.txt for the host: everything is allowed but what the partners disallow."""
    lines = [
        f"Disallow: /{partner}{path}" for partner in partners(root) for path in _disallowed(root, partner)
    ]
    return "\n".join(["User-agent: *", *lines, "Allow: /", ""])


def _disallowed(root: Path, partner: str) -> tuple[str, ...]:
    file = root / partner / "site.toml"
    return tuple(_site(file, file.stat().st_mtime_ns).get("disallow", ()))


def _addresses(file: Path, site: Mapping[str, Any]) -> Iterator[Address]:
    for answer in site["answer"]:
        date: datetime = answer.get("date", site["date"])
        yield Address(
            path=answer["path"],
            file=file.parent / answer["file"],
            media_type=answer["media_type"],
            charset=answer.get("charset"),
            date=date.astimezone(UTC),
        )


@lru_cache(maxsize=64)
def _site(file: Path, changed_ns: int) -> Mapping[str, Any]:
    """The file as data; `changed_ns` is there to forget it when the file changes."""
    del changed_ns
    return tomllib.loads(file.read_text(encoding="utf-8"))
