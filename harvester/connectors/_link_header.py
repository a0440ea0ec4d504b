"""Room: the Link header, where an answer says what is beside it (RFC 8288).

In: the header as received, a relation. Out: the address that has this relation. Asks nothing.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

_PARAMETER = r"""\s*;\s*([^\s=;,]+)(?:\s*=\s*(?:"([^"]*)"|([^\s;,"]*)))?"""
_ONE = re.compile(_PARAMETER)
_LINK = re.compile(f"<([^<>]*)>((?:{_PARAMETER})*)")
_LONGEST = 8192


def linked(header: str | None, relation: str, *, base: str) -> str | None:
    """The absolute address of the first link with this relation; None when there is none.

    `base` is the address that answered; the relations of a link may be several, in any case. What is no
    address is given as it is written: there is a link, and whoever follows it is told.
    """
    for link in _LINK.finditer((header or "")[:_LONGEST]):
        for name, quoted, bare in _ONE.findall(link[2]):
            if name.lower() == "rel" and relation.lower() in (quoted or bare).lower().split():
                return _absolute(base, str(link[1]).strip())
    return None


def _absolute(base: str, written: str) -> str:
    try:
        return urljoin(base, written)
    except ValueError:  # "http://[" and the like
        return written
