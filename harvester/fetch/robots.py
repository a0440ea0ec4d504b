"""Room: robots.txt, asked once per host and kept for the run.

In: a way to read a robots.txt, and addresses. Out: whether we may ask for one, and how slowly.
Never makes a request itself: the client does, with its own guard, pace and patience.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx
from protego import Protego

from harvester.fetch.headers import PRODUCT

_LONGEST_DELAY_S = 30.0  # a typing error in a robots.txt must not make a night last a week


class Robots:
    """The rules of every host met in this run.

    `read` takes the address of a robots.txt and gives its text, empty when the host has none.
    """

    def __init__(self, read: Callable[[httpx.URL], str]) -> None:
        self._read = read
        self._rules: dict[httpx.URL, Protego] = {}

    def allows(self, url: httpx.URL) -> bool:
        """True when the host lets us ask for `url`; raises what reading its rules raises."""
        return bool(self._rules_for(url).can_fetch(str(url), PRODUCT))

    def delay_s(self, url: httpx.URL) -> float:
        """Seconds the host asks for between two requests, 30 at most; 0 when it asks for none."""
        rules = self._rules.get(address(url))
        asked = rules.crawl_delay(PRODUCT) if rules else None
        return min(float(asked or 0), _LONGEST_DELAY_S)

    def _rules_for(self, url: httpx.URL) -> Protego:
        where = address(url)
        if where not in self._rules:
            self._rules[where] = Protego.parse(self._read(where))
        return self._rules[where]


def address(url: httpx.URL) -> httpx.URL:
    """Where the robots.txt that rules `url` is (RFC 9309 2.3)."""
    return url.copy_with(raw_path=b"/robots.txt", userinfo=b"", fragment=None)
