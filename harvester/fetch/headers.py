"""Room: what each request says about us, and to whom a secret may be told.

In: a source and an address. Out: the headers of its own that go there. Secrets are read from the
environment at this moment and nowhere kept; they go to the source's own addresses only.
"""

from __future__ import annotations

import os

import httpx

from harvester.errors import SourceRefused
from harvester.model import Secret, Source

PRODUCT = "ArchipelHarvester"
"""The name partners find in their logs and may write in their robots.txt."""

_PORTS = {"http": 80, "https": 443}


def agent(contact: str | None, version: str) -> str:
    """Our User-Agent; `contact` is an address such as `mailto:contact@example.org`."""
    return f"{PRODUCT}/{version} (+{contact})" if contact else f"{PRODUCT}/{version}"


def own_headers(source: Source, url: httpx.URL) -> dict[str, str]:
    """The source's headers that go to `url`: all of them at home, none elsewhere.

    Raises:
        SourceRefused: a secret is not in the environment, or cannot be a header.
    """
    if not _at_home(source, url):
        return {}
    return {name: _told(source, value) for name, value in source.headers.items()}


def _at_home(source: Source, url: httpx.URL) -> bool:
    homes = {_origin(httpx.URL(home)) for home in source.urls}
    upgraded = url.scheme == "https" and ("http", url.host, 80) in homes and _origin(url)[2] == 443
    return _origin(url) in homes or upgraded


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or _PORTS.get(url.scheme)


def _told(source: Source, value: str | Secret) -> str:
    if isinstance(value, str):
        return value
    secret = os.environ.get(value.env, "").strip()
    # Checked here because the HTTP library would repeat a malformed value in its error.
    if not secret or not (secret.isascii() and secret.isprintable()):
        fault = "is malformed" if secret else "is not set"
        raise SourceRefused(
            f"{source.id}: the environment variable '{value.env}' {fault}; set it where the harvester runs"
        )
    return secret
