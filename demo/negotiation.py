"""Room: what HTTP makes of a good reply before it leaves: not modified, or compressed.

What comes in: a reply and the headers of the request. What goes out: the reply with its validators, a 304,
or its gzip. Never touches a reply that misbehaves, so that a fault is always seen whole.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from demo.reply import Reply

WORTH_COMPRESSING = 256


def negotiated(reply: Reply, asked: Mapping[str, str]) -> Reply:
    """The reply to send, given the request headers `asked` (looked up as `If-None-Match` and so on)."""
    if not reply.plain or reply.status != 200:
        return reply
    headers = {**reply.headers, **_validators(reply), "Vary": "Accept-Encoding"}
    if _unchanged(reply, asked):
        return replace(reply, status=304, body=b"", headers=headers)
    if _takes_gzip(asked.get("Accept-Encoding", "")) and reply.size >= WORTH_COMPRESSING:
        body = gzip.compress(reply.body, mtime=0)
        return replace(reply, body=body, headers={**headers, "Content-Encoding": "gzip"})
    return replace(reply, headers=headers)


def _validators(reply: Reply) -> dict[str, str]:
    date = {"Last-Modified": format_datetime(reply.date, usegmt=True)} if reply.date else {}
    return {"ETag": reply.etag, **date}


def _unchanged(reply: Reply, asked: Mapping[str, str]) -> bool:
    # RFC 9110, 13.1.3: a date is not looked at when the request also states a validator.
    tags = asked.get("If-None-Match")
    if tags is not None:
        return tags.strip() == "*" or reply.etag in (tag.strip() for tag in tags.split(","))
    since = _date(asked.get("If-Modified-Since", ""))
    return bool(since and reply.date and reply.date.replace(microsecond=0) <= since)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else None


def _takes_gzip(accepted: str) -> bool:
    offers = (offer.replace(" ", "").lower().partition(";") for offer in accepted.split(","))
    return any(name in ("gzip", "*") and weight not in ("q=0", "q=0.0") for name, _, weight in offers)
