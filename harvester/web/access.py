"""Room: the access log: one line of JSON a request, on standard error, without anything of who asked.

There is no address, no user agent, no referrer, no query, no path: what is asked may tell of a person too.
"""

from __future__ import annotations

import sys

import structlog

from harvester.web.watch import Seen


def access_log() -> structlog.typing.FilteringBoundLogger:
    """A log of its own, on whatever level the others are."""
    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(0),
    )
    return logger


def written(seen: Seen) -> None:
    """Write one request down."""
    access_log().info(
        "request",
        method=seen.method,
        route=seen.route or "-",
        status=seen.status or 0,
        bytes=seen.size,
        took_ms=round(seen.took_s * 1000, 1),
        end=str(seen.end),
    )
