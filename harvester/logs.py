"""Room: how the harvester logs: one line an event, on standard error, in every process alike.

Answers go to standard output, so nothing else may. Whoever starts a process configures it here.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_EVERY_DAY = frozenset(("stamina.retry_scheduled",))
"""Events that concern who looks for a fault only; the run's own message tells how it ended."""


def to_stderr(*, verbose: bool) -> None:
    """Log warnings and worse, or with `verbose` everything."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr, force=True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("httpx").setLevel(logging.WARNING)

    def kept(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if not verbose and event.get("event") in _EVERY_DAY:
            raise structlog.DropEvent
        return event

    structlog.configure(
        processors=[
            kept,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # that of the moment
    )
