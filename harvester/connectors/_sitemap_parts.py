"""Room: a sitemap → its parts, pages that are most likely alike, and an expression for each.

In: the addresses that it lists. Out: for an index, sitemaps that differ by a number; else pages by their
first folder. Leaves out addresses of other sites; asks for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from harvester.connectors._html import same_site
from harvester.connectors._sitemap import Sitemap

SPECIAL = re.compile(r"[.+?*^$()\[\]{}|\\]")
NUMBERED = re.compile(r"(.*?)\d*((?:\.xml)?(?:\.gz)?)")
FLAT = "://[^/]+/[^/]*/?$"
"""Pages that stand in no folder."""


@dataclass(frozen=True, slots=True)
class Part:
    """Pages that are alike: an expression for them, or for their sitemaps, and their addresses."""

    pattern: str
    addresses: Sequence[str]


def parts(found: Sitemap, url: str) -> list[Part]:
    """The parts of the sitemap at `url`: of an index in its order, of pages the fullest first."""
    alike: dict[str, list[str]] = {}
    for address in ours(found.addresses, url):
        alike.setdefault(_numbered(address) if found.index else _folder(address), []).append(address)
    ordered = [Part(pattern, addresses) for pattern, addresses in alike.items()]
    return ordered if found.index else sorted(ordered, key=lambda part: -len(part.addresses))


def ours(addresses: Iterable[str], url: str) -> list[str]:
    """The addresses that are on the site of `url`, whole."""
    found = []
    for address in addresses:
        with suppress(ValueError):  # "http://[" and the like
            whole = urljoin(url, address)
            found += [whole] if same_site(whole, url) else []
    return found


def _numbered(address: str) -> str:
    found = NUMBERED.fullmatch(address.rpartition("/")[2])
    stem, ending = found.groups() if found else ("", "")
    return f"/{SPECIAL.sub(_escaped, stem)}\\d*{SPECIAL.sub(_escaped, ending)}$"


def _folder(address: str) -> str:
    first, inside, rest = urlsplit(address).path.strip("/").partition("/")
    return f"/{SPECIAL.sub(_escaped, first)}/" if inside and rest else FLAT


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"
