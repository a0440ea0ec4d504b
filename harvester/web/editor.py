"""Room: what the page of the endpoint needs for its editor: where it may load from, and nothing more.

The form works without it. All scripts and styles are our own files or those vendored beside them; this page
alone may show the small pictures that the vendored style sheet holds (`data:`); none runs written-in code.
"""

from __future__ import annotations

from collections.abc import Mapping

_GRIPS = "'sha256-zCK2EVMoPc04mRF/g5CotUvxbJPWS+8V0b+s9ptqQIk='"
"""The one style that the vendored table writes itself: for the edges by which columns are drawn wider."""

_OWN = ("script-src", "font-src", "connect-src", "form-action")
_NONE = ("default-src", "base-uri", "frame-ancestors", "object-src")

POLICY = "; ".join(
    [
        *(f"{name} 'none'" for name in _NONE),
        *(f"{name} 'self'" for name in _OWN),
        f"style-src 'self' {_GRIPS}",
        "img-src 'self' data:",
    ]
)

HEADERS: Mapping[str, str] = {"Content-Security-Policy": POLICY}
