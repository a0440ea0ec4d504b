"""Room: a sitemap (sitemaps.org, protocol 0.9), plain or gzipped → the addresses that it lists.

In: a kept answer. Out: addresses of pages, or of further sitemaps when it is an index; SourceChanged when it
is no sitemap, or is cut. Reads no date of change: most are those of the build. Asks for nothing.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harvester.connectors import Raw
from harvester.connectors._answers import snippet
from harvester.connectors._xml import child, local
from harvester.errors import SourceChanged
from harvester.model import Answer

LARGEST = 64 << 20
"""Bytes of one sitemap, unpacked; the protocol allows 50 MB."""

MOST = 100_000
"""Addresses of one sitemap; the protocol allows 50,000."""

GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Sitemap:
    """The addresses of one sitemap, in its order, each once; `index` when they are those of sitemaps."""

    index: bool
    addresses: tuple[str, ...]


def sitemap(answer: Answer, raw: Raw, *, where: str) -> Sitemap:
    """What a sitemap lists; it may be empty.

    Raises:
        SourceChanged: no sitemap, cut, or larger than the protocol allows twice over.
    """
    if answer.size > LARGEST:
        raise SourceChanged(f"{where}: {answer.size} bytes, {LARGEST} at most; check the address")
    return listed(raw.read(answer, limit=LARGEST), where=where)


def listed(packed: bytes, *, where: str) -> Sitemap:
    """What the bytes of a sitemap list, gzipped or not.

    Raises:
        SourceChanged: as `sitemap` does.
    """
    content = _unpacked(packed, where)
    if b"<urlset" not in content[:4096] and b"sitemapindex" not in content[:4096]:
        start = content[:200].decode("utf-8", "replace")
        what = snippet(start) if start.strip() else "an empty answer"
        raise SourceChanged(f"{where}: expected a sitemap, got {what}; check the address")
    found: dict[str, None] = {}
    index = False
    for root, address in _addresses(content, where):
        index = root == "sitemapindex"
        found[address] = None
        if len(found) > MOST:
            raise SourceChanged(f"{where}: more than {MOST} addresses; give one of its sitemaps")
    return Sitemap(index, tuple(found))


def _unpacked(content: bytes, where: str) -> bytes:
    if not content.startswith(GZIP):
        return content
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            unpacked = stream.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceChanged(f"{where}: the gzipped sitemap is cut or damaged ({error})") from error
    if len(unpacked) > LARGEST:
        raise SourceChanged(f"{where}: more than {LARGEST} bytes unpacked; check the address")
    return unpacked


def _addresses(content: bytes, where: str) -> Iterator[tuple[str, str]]:
    """The root and the address of each entry; images and videos have addresses too, which are not theirs."""
    from lxml import etree  # type: ignore[import-untyped]  # it comes without types

    options: dict[str, Any] = {"resolve_entities": False, "no_network": True, "huge_tree": False}
    try:
        for _, entry in etree.iterparse(
            io.BytesIO(content.lstrip()), tag=("{*}url", "{*}sitemap"), **options
        ):
            loc = child(entry, "loc")
            if loc is not None and (address := "".join((loc.text or "").split())):
                yield ("sitemapindex" if local(entry) == "sitemap" else "urlset"), address
            entry.clear()
    except etree.XMLSyntaxError as error:
        raise SourceChanged(
            f"{where}: the sitemap is cut or malformed ({error}); published data kept"
        ) from error
